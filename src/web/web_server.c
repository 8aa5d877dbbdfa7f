/*
 * libmicrohttpd with a thread of its own and a socket of ours, so that "address in use" is said as
 * such and a free port can be asked for.
 *
 * A request is gathered whole and checked there; then its connection is suspended, and one of our
 * threads answers it and resumes the connection. An event stream is suspended whenever there is
 * nothing to send, and resumed by whoever publishes. So no connection ever waits for another one.
 */
#include "web/web_server.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"
#include "web/web_guard.h"
#include "web/web_mhd.h"
#include "web/web_place.h"
#include "web/web_stream.h"

enum {
    MAX_CONNECTIONS = 2 * WEB_LISTENERS_MAX,
    MAX_THREADS = 8,
    IDLE_TIMEOUT_S = 15,
    STREAM_BLOCK = 32 << 10, /* bytes of a stream that are taken at a time */
    FINISH_MS = 1000,        /* for answers that are on their way when the run is over */
};

struct web_server {
    struct web_server_config config;
    struct web_guard guard;
    char *token; /* "" for none */
    struct MHD_Daemon *daemon;
    pthread_t threads[MAX_THREADS];
    int n_threads;
    _Atomic unsigned n_incoming; /* requests that are not answered to the last byte */
    char address[WEB_ADDRESS_BYTES];
    struct {
        pthread_mutex_t lock;
        pthread_cond_t changed;
        struct list asked;    /* requests that wait for a thread */
        struct list sleeping; /* streams that are suspended */
        bool is_stopping;
    } shared;
};

/* A request, from its first line to its answer's last byte. */
struct incoming {
    struct web_server *server;
    struct MHD_Connection *conn;
    char *target;
    struct buf body;
    bool is_begun, is_too_large;
    struct web_request req;
    struct web_answer answer;
    bool is_answered; /* by a thread, before the connection was resumed */
    struct list link; /* in `asked` or `sleeping`; this and the next under the server's lock */
    bool is_woken;    /* a stream has more, or its end */
};

/* ---- who may call ---- */

static struct str header(struct MHD_Connection *conn, const char *name)
{
    return str_of(web_mhd.lookup_connection_value(conn, MHD_HEADER_KIND, name));
}

/* Makes the answer to one who may not call; false when he may. */
static bool is_refused(const struct incoming *in, struct web_answer *a)
{
    const struct web_caller caller = {
        .method = in->req.method,
        .path = in->req.path,
        .host = header(in->conn, MHD_HTTP_HEADER_HOST),
        .origin = header(in->conn, MHD_HTTP_HEADER_ORIGIN),
        .authorization = header(in->conn, MHD_HTTP_HEADER_AUTHORIZATION),
        .fetch_site = header(in->conn, "Sec-Fetch-Site"),
        .content_type = header(in->conn, MHD_HTTP_HEADER_CONTENT_TYPE),
        .has_body = in->req.body.n > 0,
    };

    return web_guard_refuses(&in->server->guard, &caller, a);
}

/* ---- streams ---- */

/* The stream's lock is held: nothing is done but to resume. */
static void wake_stream(void *arg)
{
    struct incoming *in = arg;
    struct web_server *s = in->server;

    pthread_mutex_lock(&s->shared.lock);
    in->is_woken = true;
    if (!list_empty(&in->link)) {
        list_remove(&in->link);
        web_mhd.resume_connection(in->conn);
    }
    pthread_mutex_unlock(&s->shared.lock);
}

/* Suspends the connection unless there is something by now; false when it is to end. */
static bool sleep_stream(struct incoming *in, bool *ret_sleeps)
{
    struct web_server *s = in->server;
    bool goes_on;

    pthread_mutex_lock(&s->shared.lock);
    goes_on = !s->shared.is_stopping;
    *ret_sleeps = goes_on && !in->is_woken;
    if (*ret_sleeps) {
        list_add_tail(&s->shared.sleeping, &in->link);
        web_mhd.suspend_connection(in->conn);
    }
    in->is_woken = false;
    pthread_mutex_unlock(&s->shared.lock);
    return goes_on;
}

static ssize_t read_stream(void *arg, uint64_t pos UNUSED, char *to, size_t n)
{
    struct incoming *in = arg;
    bool sleeps = false;

    while (!sleeps) {
        ssize_t got = web_listener_read(in->answer.listener, to, n, wake_stream, in);

        if (got > 0)
            return got;
        if (got == WEB_LISTEN_END || !sleep_stream(in, &sleeps))
            return MHD_CONTENT_READER_END_OF_STREAM;
    }
    return 0;
}

/* ---- answers ---- */

/* The page needs nothing but its own files; names in it can never become markup. */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'";

static const struct {
    const char *name, *value;
} always[] = {
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

static void add(struct MHD_Response *r, const char *name, const char *value)
{
    ignored(web_mhd.add_response_header(r, name, value));
}

static void add_headers(struct MHD_Response *r, const struct web_answer *a)
{
    add(r, "Content-Security-Policy", a->policy ? a->policy : policy);
    for (size_t i = 0; i < countof(always); i++)
        add(r, always[i].name, always[i].value);
    add(r, MHD_HTTP_HEADER_CACHE_CONTROL, a->etag ? "no-cache" : "no-store");
    if (a->etag) {
        add(r, MHD_HTTP_HEADER_ETAG, a->etag);
        add(r, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    }
    if (a->content_type)
        add(r, MHD_HTTP_HEADER_CONTENT_TYPE, a->content_type);
    if (a->allow[0])
        add(r, MHD_HTTP_HEADER_ALLOW, a->allow);
    if (a->is_gzip)
        add(r, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    if (a->status == 401)
        add(r, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    if (a->filename[0]) {
        char value[sizeof(a->filename) + 32];

        snprintf(value, sizeof(value), "attachment; filename=\"%s\"", a->filename);
        add(r, "Content-Disposition", value);
    }
}

static struct MHD_Response *make_response(struct incoming *in)
{
    struct web_answer *a = &in->answer;
    size_t n;

    if (a->listener) {
        return web_mhd.create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream,
                                                     in, NULL);
    }
    if (a->fixed) {
        /* MHD does not write there, whatever its prototype says. */
        const union {
            const void *fixed;
            void *buffer;
        } bytes = {a->fixed};

        return web_mhd.create_response_from_buffer(a->n_fixed, bytes.buffer,
                                                   MHD_RESPMEM_PERSISTENT);
    }
    char *data = buf_take(&a->body, &n);
    struct MHD_Response *r = web_mhd.create_response_from_buffer(n, data, MHD_RESPMEM_MUST_FREE);

    if (!r)
        free(data);
    return r;
}

static enum MHD_Result send_answer(struct incoming *in)
{
    struct MHD_Response *r = make_response(in);

    if (!r)
        return MHD_NO;
    add_headers(r, &in->answer);
    enum MHD_Result result = web_mhd.queue_response(in->conn, in->answer.status, r);

    web_mhd.destroy_response(r);
    return result;
}

/* ---- requests ---- */

static void answer(struct incoming *in)
{
    const struct web_server_config *config = &in->server->config;

    if (!config->answer(config->arg, &in->req, &in->answer))
        web_answer_error(&in->answer, 503, "Unavailable", "the test is over");
}

/* One of our threads: answers until the server stops and nobody waits. */
static void *serve(void *arg)
{
    struct web_server *s = arg;

    /* On Linux this is of the calling thread alone. */
    if (s->config.niceness)
        ignored(setpriority(PRIO_PROCESS, (id_t)gettid(), s->config.niceness));
    pthread_mutex_lock(&s->shared.lock);
    for (;;) {
        while (list_empty(&s->shared.asked) && !s->shared.is_stopping)
            pthread_cond_wait(&s->shared.changed, &s->shared.lock);
        if (list_empty(&s->shared.asked))
            break;
        struct incoming *in = list_entry(s->shared.asked.next, struct incoming, link);

        list_remove(&in->link);
        pthread_mutex_unlock(&s->shared.lock);
        answer(in);
        pthread_mutex_lock(&s->shared.lock);
        in->is_answered = true;
        web_mhd.resume_connection(in->conn);
    }
    pthread_mutex_unlock(&s->shared.lock);
    fault_clear();
    return NULL;
}

/* Gives it to a thread; false when there are none any more. */
static bool hand_over(struct incoming *in)
{
    struct web_server *s = in->server;
    bool is_taken;

    pthread_mutex_lock(&s->shared.lock);
    is_taken = !s->shared.is_stopping;
    if (is_taken) {
        web_mhd.suspend_connection(in->conn);
        list_add_tail(&s->shared.asked, &in->link);
        pthread_cond_signal(&s->shared.changed);
    }
    pthread_mutex_unlock(&s->shared.lock);
    return is_taken;
}

static void fill_request(struct incoming *in, const char *method, const char *path)
{
    in->req = (struct web_request){
        .method = str_of(strcmp(method, "HEAD") == 0 ? "GET" : method),
        .path = str_of(path),
        .target = str_of(in->target),
        .body = buf_str(&in->body),
        .accept = header(in->conn, MHD_HTTP_HEADER_ACCEPT),
        .accept_encoding = header(in->conn, MHD_HTTP_HEADER_ACCEPT_ENCODING),
        .if_none_match = header(in->conn, MHD_HTTP_HEADER_IF_NONE_MATCH),
    };
}

/* A request is whole: it is refused, or somebody answers it and we are called again. */
static enum MHD_Result on_whole(struct incoming *in, const char *method, const char *path)
{
    fill_request(in, method, path);
    if (in->is_too_large)
        web_answer_error(&in->answer, 413, "Content too large", "the body is larger than 64 KiB");
    else if (!is_refused(in, &in->answer)) {
        if (hand_over(in))
            return MHD_YES;
        web_answer_error(&in->answer, 503, "Unavailable", "the test is over");
    }
    return send_answer(in);
}

/* The first that is heard of a request: what it asks for, before anything is decoded. */
static void *on_target(void *arg, const char *target, struct MHD_Connection *conn)
{
    struct web_server *s = arg;
    struct incoming *in = xnew(struct incoming);

    atomic_fetch_add(&s->n_incoming, 1);
    in->server = s;
    in->conn = conn;
    in->target = xstrdup(target);
    in->body.limit = WEB_BODY_LIMIT;
    list_init(&in->link);
    return in;
}

static enum MHD_Result on_request(void *arg UNUSED, struct MHD_Connection *conn UNUSED,
                                  const char *path, const char *method, const char *version UNUSED,
                                  const char *data, size_t *n_data, void **ref)
{
    struct incoming *in = *ref;

    if (in->is_answered)
        return send_answer(in);
    if (!in->is_begun) {
        in->is_begun = true;
        return MHD_YES;
    }
    if (*n_data) {
        if (!in->is_too_large && buf_add(&in->body, data, *n_data))
            in->is_too_large = true;
        *n_data = 0;
        return MHD_YES;
    }
    return on_whole(in, method, path);
}

static void on_completed(void *arg, struct MHD_Connection *conn UNUSED, void **ref,
                         enum MHD_RequestTerminationCode why UNUSED)
{
    struct web_server *s = arg;
    struct incoming *in = *ref;

    if (!in)
        return;
    web_answer_fini(&in->answer);
    buf_fini(&in->body);
    free(in->target);
    free(in);
    *ref = NULL;
    atomic_fetch_sub(&s->n_incoming, 1);
}

/* ---- listening ---- */

static const char *token_option(const struct web_server *s)
{
    const char *given = s->config.token_option;

    return given ? given : "--address-token (or BRUNT_ADDRESS_TOKEN)";
}

/* 128 bits, as text that needs no escapes in an URL. */
static int make_token(struct web_server *s)
{
    unsigned char random[16];
    char text[2 * sizeof(random)];

    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return fault(-EIO, "cannot make a token: no random numbers: %m");
    hex_write(random, sizeof(random), text);
    free(s->token);
    s->token = xstrndup(text, sizeof(text));
    s->guard.token = s->token;
    return 0;
}

/* An address that others can reach needs a token. */
static int check_reach(struct web_server *s, const struct web_place *p)
{
    if (s->config.is_public || s->config.is_open || s->token[0] || web_place_is_loopback(p))
        return 0;
    if (s->config.makes_token)
        return make_token(s);
    return fault(FAULT_EXIT(104),
                 "%s '%s' can be reached from other machines: give %s, or a loopback address",
                 p->option, p->address, token_option(s));
}

static int listen_there(struct web_server *s, int *ret_fd)
{
    struct web_place place = {0};

    TRY(web_place_find(s->config.address, s->config.option ? s->config.option : "--address",
                       &place));
    TRY(check_reach(s, &place));
    TRY(web_place_listen(&place, MAX_CONNECTIONS, ret_fd));
    web_socket_name(*ret_fd, s->address);
    return 0;
}

static int start_threads(struct web_server *s)
{
    int n = s->config.n_threads ? s->config.n_threads : 1;

    for (; s->n_threads < n && s->n_threads < MAX_THREADS; s->n_threads++) {
        if (pthread_create(&s->threads[s->n_threads], NULL, serve, s))
            return fault(-EAGAIN, "cannot start a thread that answers HTTP");
    }
    return 0;
}

static int start_daemon(struct web_server *s, int fd)
{
    s->daemon = web_mhd.start_daemon(
        MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
        on_request, s, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)MAX_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_URI_LOG_CALLBACK, on_target, s,
        MHD_OPTION_END);
    if (s->daemon)
        return 0;
    close(fd);
    return fault(-EIO, "cannot start the thread that serves HTTP");
}

static int open_server(struct web_server *s)
{
    int fd = -1;

    TRY(web_mhd_load());
    TRY(listen_there(s, &fd));
    TRY(start_daemon(s, fd));
    TRY(start_threads(s));
    return 0;
}

static enum web_policy policy_of(const struct web_server_config *config)
{
    if (config->is_public)
        return WEB_POLICY_PUBLIC;
    return config->is_open ? WEB_POLICY_OPEN : WEB_POLICY_LOCAL;
}

int web_server_new(const struct web_server_config *config, struct web_server **ret_server)
{
    struct web_server *s = xnew(struct web_server);

    s->config = *config;
    s->token = xstrdup(config->token ? config->token : "");
    s->guard = (struct web_guard){
        .policy = policy_of(config),
        .token = s->token,
        .option = token_option(s),
        .has_open_files = config->has_open_files,
        .gets_change = config->gets_change,
    };
    pthread_mutex_init(&s->shared.lock, NULL);
    pthread_cond_init(&s->shared.changed, NULL);
    list_init(&s->shared.asked);
    list_init(&s->shared.sleeping);
    int r = open_server(s);

    if (r < 0) {
        web_server_free(s);
        TRY(r);
    }
    *ret_server = s;
    return 0;
}

/* Whoever asked for the end of the run is to hear that it was done. */
static void let_finish(const struct web_server *s)
{
    const struct timespec step = {.tv_nsec = NS_PER_MS};

    for (int ms = 0; ms < FINISH_MS && atomic_load(&s->n_incoming); ms++)
        nanosleep(&step, NULL);
}

/* No connection may be suspended when the daemon stops. */
static void stop(struct web_server *s)
{
    struct incoming *in, *next;

    pthread_mutex_lock(&s->shared.lock);
    s->shared.is_stopping = true;
    list_each_safe(in, next, &s->shared.sleeping, link) {
        list_remove(&in->link);
        web_mhd.resume_connection(in->conn);
    }
    pthread_cond_broadcast(&s->shared.changed);
    pthread_mutex_unlock(&s->shared.lock);
    for (int i = 0; i < s->n_threads; i++)
        pthread_join(s->threads[i], NULL);
}

void web_server_free(struct web_server *s)
{
    if (!s)
        return;
    stop(s);
    if (s->daemon) {
        let_finish(s);
        web_mhd.stop_daemon(s->daemon);
    }
    pthread_cond_destroy(&s->shared.changed);
    pthread_mutex_destroy(&s->shared.lock);
    free(s->token);
    free(s);
}

const char *web_server_address(const struct web_server *s)
{
    return s->address;
}

const char *web_server_token(const struct web_server *s)
{
    return s->token;
}
