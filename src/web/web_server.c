/*
 * libmicrohttpd with a thread of its own and a socket of ours, so that "address in use" is said as
 * such and a free port can be asked for. A request is gathered whole, checked and handed over.
 */
#include "web/web_server.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "web/web_mhd.h"

enum {
    MAX_CONNECTIONS = 64,
    IDLE_TIMEOUT_S = 15,
    FINISH_MS = 1000, /* for answers that are on their way when the run is over */
};

struct web_server {
    struct web_server_config config;
    char *token; /* "" for none */
    struct MHD_Daemon *daemon;
    _Atomic unsigned n_incoming; /* requests that are not answered to the last byte */
    char address[INET6_ADDRSTRLEN + 16];
};

/* A request while it comes in. */
struct incoming {
    struct buf body;
    bool is_too_large;
};

/* ---- who may call ---- */

static struct str host_of(struct str host_port)
{
    size_t at;

    if (host_port.n && host_port.p[0] == '[') {
        at = str_find(host_port, ']');
        return str_from(host_port.p + 1, at < host_port.n ? at - 1 : 0);
    }
    return str_from(host_port.p, str_find(host_port, ':'));
}

static bool is_ipv4_loopback(struct str host)
{
    uint64_t n;
    struct str rest = host, part;
    int n_parts = 0;

    while (str_split(&rest, '.', &part)) {
        if (part.n > 3 || !str_u64(part, &n) || n > 255 || (n_parts == 0 && n != 127))
            return false;
        n_parts++;
    }
    return n_parts == 4;
}

bool web_is_loopback_name(struct str host_port)
{
    struct str host = host_of(host_port);

    return str_eq_nocase(host, STR("localhost")) || str_is(host, "::1") || is_ipv4_loopback(host);
}

bool web_is_loopback_origin(struct str origin)
{
    static const char *const schemes[] = {"http://", "https://"};

    for (size_t i = 0; i < countof(schemes); i++) {
        if (str_starts_nocase(origin, str_of(schemes[i])))
            return web_is_loopback_name(str_from_index(origin, strlen(schemes[i])));
    }
    return false;
}

/* In a time that tells nothing of where they differ. */
static bool is_token(const char *token, struct str given)
{
    size_t n = strlen(token);
    unsigned char differs = given.n != n;

    for (size_t i = 0; i < given.n; i++)
        differs |= (unsigned char)(given.p[i] ^ token[n ? i % n : 0]);
    return !differs;
}

static struct str header(struct MHD_Connection *conn, const char *name)
{
    return str_of(web_mhd.lookup_connection_value(conn, MHD_HEADER_KIND, name));
}

/* Makes the answer to one who may not call; false when he may. */
static bool is_refused(const struct web_server *s, struct MHD_Connection *conn,
                       struct web_answer *a)
{
    struct str given = header(conn, MHD_HTTP_HEADER_AUTHORIZATION);
    struct str origin = header(conn, MHD_HTTP_HEADER_ORIGIN);

    if (s->config.is_public)
        return false;
    if (s->token[0]) {
        bool has_scheme = str_starts_nocase(given, STR("Bearer "));

        if (has_scheme && is_token(s->token, str_trim(str_from_index(given, 7))))
            return false;
        web_answer_error(a, 401, "Unauthorized",
                         "this needs the header Authorization: Bearer "
                         "TOKEN, with the token of --address-token");
        return true;
    }
    if (!web_is_loopback_name(header(conn, MHD_HTTP_HEADER_HOST))) {
        web_answer_error(a, 403, "Forbidden", "the Host header names no loopback address");
        return true;
    }
    if (origin.n && !web_is_loopback_origin(origin)) {
        web_answer_error(a, 403, "Forbidden", "pages of other origins may not call this");
        return true;
    }
    return false;
}

/* ---- requests ---- */

static enum MHD_Result send_answer(struct MHD_Connection *conn, struct web_answer *a)
{
    size_t n;
    char *data = buf_take(&a->body, &n);
    struct MHD_Response *r = web_mhd.create_response_from_buffer(n, data, MHD_RESPMEM_MUST_FREE);
    enum MHD_Result result;

    if (!r) {
        free(data);
        return MHD_NO;
    }
    if (a->content_type)
        ignored(web_mhd.add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, a->content_type));
    if (a->allow[0])
        ignored(web_mhd.add_response_header(r, MHD_HTTP_HEADER_ALLOW, a->allow));
    if (a->status == 401)
        ignored(web_mhd.add_response_header(r, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer"));
    ignored(web_mhd.add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"));
    ignored(web_mhd.add_response_header(r, "X-Content-Type-Options", "nosniff"));
    result = web_mhd.queue_response(conn, a->status, r);
    web_mhd.destroy_response(r);
    return result;
}

static enum MHD_Result answer(struct web_server *s, struct MHD_Connection *conn,
                              const struct incoming *in, const char *method, const char *path)
{
    struct web_request req = {.method = str_of(method),
                              .path = str_of(path),
                              .body = buf_str(&in->body),
                              .accept = header(conn, MHD_HTTP_HEADER_ACCEPT)};
    struct web_answer a = {0};

    if (in->is_too_large)
        web_answer_error(&a, 413, "Content too large", "the body is larger than 64 KiB");
    else if (!is_refused(s, conn, &a) && !s->config.answer(s->config.arg, &req, &a))
        web_answer_error(&a, 503, "Unavailable", "the test is over");
    return send_answer(conn, &a);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *conn, const char *path,
                                  const char *method, const char *version UNUSED, const char *data,
                                  size_t *n_data, void **ref)
{
    struct web_server *s = arg;
    struct incoming *in = *ref;

    if (!in) {
        atomic_fetch_add(&s->n_incoming, 1);
        in = *ref = xnew(struct incoming);
        in->body.limit = WEB_BODY_LIMIT;
        return MHD_YES;
    }
    if (*n_data) {
        if (!in->is_too_large && buf_add(&in->body, data, *n_data))
            in->is_too_large = true;
        *n_data = 0;
        return MHD_YES;
    }
    return answer(s, conn, in, method, path);
}

static void on_completed(void *arg, struct MHD_Connection *conn UNUSED, void **ref,
                         enum MHD_RequestTerminationCode why UNUSED)
{
    struct web_server *s = arg;
    struct incoming *in = *ref;

    if (!in)
        return;
    buf_fini(&in->body);
    free(in);
    *ref = NULL;
    atomic_fetch_sub(&s->n_incoming, 1);
}

/* ---- listening ---- */

/* Copies host and port out of "HOST:PORT"; the host may be empty. */
static int split(const char *option, const char *address, char *ret_host, size_t n_host,
                 char *ret_port, size_t n_port)
{
    struct str text = str_of(address), host = host_of(text);
    const char *colon = strrchr(address, ':');
    uint64_t port;

    if (!colon || colon != host.p + host.n + (address[0] == '[') ||
        !str_u64(str_of(colon + 1), &port) || port > 65535 || host.n >= n_host)
        return fault(FAULT_EXIT(104),
                     "%s '%s': an address is written as HOST:PORT, such as localhost:6565", option,
                     address);
    snprintf(ret_host, n_host, "%.*s", STR_ARG(host));
    snprintf(ret_port, n_port, "%u", (unsigned)port);
    return 0;
}

static bool is_loopback(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr) >> 24 == 127;
    return a->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr);
}

static int open_socket(const struct addrinfo *a, const char *option, const char *address)
{
    int one = 1;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return fault(-errno, "%s: cannot listen at %s: %m", option, address);
    ignored(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
    if (bind(fd, a->ai_addr, a->ai_addrlen) < 0 || listen(fd, MAX_CONNECTIONS) < 0) {
        int r = fault(-errno, "%s: cannot listen at %s: %m", option, address);

        close(fd);
        return r;
    }
    return fd;
}

static void note_address(struct web_server *s, int fd)
{
    struct sockaddr_storage storage;
    struct sockaddr *sa = (struct sockaddr *)&storage;
    socklen_t n = sizeof(storage);
    char host[INET6_ADDRSTRLEN] = "", port[8] = "";

    if (getsockname(fd, sa, &n) == 0)
        ignored(getnameinfo(sa, n, host, sizeof(host), port, sizeof(port),
                            NI_NUMERICHOST | NI_NUMERICSERV));
    snprintf(s->address, sizeof(s->address), strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

static int listen_at(struct web_server *s, int *ret_fd)
{
    const char *address = s->config.address;
    const char *option = s->config.option ? s->config.option : "--address";
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
    char host[256], port[8];
    int r;

    TRY(split(option, address, host, sizeof(host), port, sizeof(port)));
    /* "localhost" is ::1 first on some machines, and clients that try one address try the other. */
    if (!host[0] || strcmp(host, "localhost") == 0)
        snprintf(host, sizeof(host), "127.0.0.1");
    r = getaddrinfo(host, port, &hints, &found);
    if (r)
        return fault(FAULT_EXIT(104), "%s '%s': %s", option, address, gai_strerror(r));
    if (!s->config.is_public && !s->token[0] && !is_loopback(found->ai_addr)) {
        r = fault(FAULT_EXIT(104),
                  "--address '%s' can be reached from other machines: give --address-token (or "
                  "BRUNT_ADDRESS_TOKEN), or a loopback address",
                  address);
    } else {
        r = open_socket(found, option, address);
    }
    freeaddrinfo(found);
    if (r >= 0)
        *ret_fd = r;
    return r < 0 ? r : 0;
}

int web_server_new(const struct web_server_config *config, struct web_server **ret_server)
{
    struct web_server *s = xnew(struct web_server);
    int fd = -1;

    s->config = *config;
    s->token = xstrdup(config->token ? config->token : "");
    int r = web_mhd_load();

    if (r == 0)
        r = listen_at(s, &fd);
    if (r == 0) {
        note_address(s, fd);
        s->daemon = web_mhd.start_daemon(
            MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request, s,
            MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS,
            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S, MHD_OPTION_NOTIFY_COMPLETED,
            on_completed, s, MHD_OPTION_END);
        if (!s->daemon) {
            close(fd);
            r = fault(-EIO, "cannot start the thread that serves HTTP");
        }
    }
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

void web_server_free(struct web_server *s)
{
    if (!s)
        return;
    if (s->daemon) {
        let_finish(s);
        web_mhd.stop_daemon(s->daemon);
    }
    free(s->token);
    free(s);
}

const char *web_server_address(const struct web_server *s)
{
    return s->address;
}
