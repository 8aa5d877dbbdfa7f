/*
 * A request is a journey of legs: the first hop, redirects, authentication. Each leg is one round
 * trip on one connection, measured by itself; the response of the last one is the answer.
 */
#include "client/client.h"

#include "base/mem.h"
#include "client/client_auth.h"
#include "client/client_priv.h"
#include "metric/exchange_book.h"
#include "metric/systag.h"
#include "net/tls.h"
#include "proto/auth.h"
#include "proto/cookie.h"
#include "proto/error_code.h"

static int init_resolver(struct client_loop *cl)
{
    return resolver_new(cl->loop, &cl->policy->dns, &cl->resolver);
}

int client_loop_new(const struct client_loop_config *config, struct client_loop **ret_loop)
{
    struct client_loop *cl = xnew(struct client_loop);

    cl->loop = config->loop;
    cl->policy = config->policy;
    cl->responses = http_response_pool_new();
    cl->book = exchange_book_new(config->capture.keep);
    if (config->capture.keep)
        cl->capture = capture_new(&config->capture, cl->book);
    cl->measure = measure_new(config->recorder, config->tags, config->policy, cl->book);
    cl->received = xmalloc(CLIENT_RECV_BYTES);
    list_init(&cl->free_conns);
    int r = init_resolver(cl);

    if (r < 0) {
        client_loop_free(cl);
        TRY(r);
    }
    *ret_loop = cl;
    return 0;
}

void client_loop_free(struct client_loop *cl)
{
    struct list *link;

    if (!cl)
        return;
    while ((link = list_pop(&cl->free_conns))) {
        struct conn *conn = list_entry(link, struct conn, link);

        if (conn->reader)
            http1_response_fini(conn->reader);
        free(conn->reader);
        free(conn);
    }
    http1_response_fini(&cl->reader);
    for (size_t i = 0; i < CLIENT_ENCODERS; i++) {
        http1_encoder_fini(&cl->encoders[i]);
        http1_memo_fini(&cl->memos[i]);
    }
    resolver_free(cl->resolver);
    measure_free(cl->measure);
    capture_free(cl->capture);
    exchange_book_free(cl->book);
    http_response_pool_free(cl->responses);
    buf_fini(&cl->out);
    free(cl->received);
    free(cl);
}

uint64_t client_loop_n_requests(const struct client_loop *cl)
{
    return atomic_load_explicit(&cl->shared.n_requests, memory_order_relaxed);
}

uint64_t client_loop_n_failed(const struct client_loop *cl)
{
    return atomic_load_explicit(&cl->shared.n_failed, memory_order_relaxed);
}

uint64_t client_loop_n_in_flight(const struct client_loop *cl)
{
    return atomic_load_explicit(&cl->shared.n_in_flight, memory_order_relaxed);
}

void client_loop_take_exchanges(struct client_loop *cl, struct list *to)
{
    exchange_book_hand_over(cl->book, to);
}

uint64_t client_loop_n_left_out(const struct client_loop *cl)
{
    return exchange_book_left_out(cl->book);
}

struct client *client_new(struct client_loop *cl, uint64_t index)
{
    struct client *c = xnew_lines(struct client);

    c->cl = cl;
    c->lag = -1;
    if (cl->policy->locals)
        c->local = net_pool_get(cl->policy->locals, index);
    list_init(&c->conns);
    return c;
}

void client_set_origin(struct client *c, const struct sample_origin *origin)
{
    c->origin = origin;
}

void client_set_place(struct client *c, void (*fn)(void *arg, struct client_place *ret_place),
                      void *arg)
{
    c->place = fn;
    c->place_arg = arg;
}

void client_close_idle(struct client *c)
{
    struct conn *conn, *tmp;

    list_each_safe(conn, tmp, &c->conns, link)
        if (conn->n_active == 0)
            conn_close(conn);
}

void client_free(struct client *c)
{
    if (!c)
        return;
    client_close_idle(c);
    tls_sessions_free(c->sessions);
    free(c);
}

struct client_bytes client_take_bytes(struct client *c)
{
    struct client_bytes bytes = c->bytes;

    c->bytes = (struct client_bytes){0};
    return bytes;
}

void client_set_lag(struct client *c, span_ns lag)
{
    c->lag = lag;
}

/* ---- one leg ---- */

static void bump(_Atomic uint64_t *counter, int by)
{
    /* One writer: a load and a store are enough, and cheaper than a locked addition. */
    atomic_store_explicit(counter,
                          atomic_load_explicit(counter, memory_order_relaxed) + (uint64_t)by,
                          memory_order_relaxed);
}

static bool is_idempotent(struct str method)
{
    static const struct str names[] = {{"GET", 3}, {"HEAD", 4}, {"OPTIONS", 7}, {"TRACE", 5}};

    for (size_t i = 0; i < countof(names); i++) {
        if (str_eq(method, names[i]))
            return true;
    }
    return false;
}

/* A kept connection may have been closed by the server while it idled; that is nobody's fault. */
static bool may_try_again(const struct leg *leg)
{
    enum net_status s = leg->error.status;

    return leg->result < 0 && leg->reused && !leg->cancelled && s != NET_TIMEOUT &&
           !leg->first_byte && is_idempotent(leg->method);
}

static enum conn_fate fate_of(const struct leg *leg)
{
    const struct http1_response *p = leg->reader;
    bool may = leg->client->cl->policy->reuse == CLIENT_REUSE && leg->result > 0;

    return may && p->msg.keep_alive && !p->msg.is_upgrade ? CONN_KEEP : CONN_CLOSE;
}

/* Whom it was, for whoever reads the response. */
static void note_peer(struct leg *leg)
{
    const struct stream_info *info = stream_info(leg->conn->stream);
    struct http_response *r = leg_response(leg);

    memcpy(r->remote_ip, info->remote_ip, sizeof(r->remote_ip));
    r->remote_port = info->remote.port;
    r->tls_version = info->tls_version;
    r->tls_cipher = info->tls_cipher;
    leg->local_port = info->local.port;
}

/* A round trip that failed has no status, as for k6, even when a head was read; what came of the
 * body stays. */
static void set_error(struct leg *leg)
{
    struct http_response *r = leg_response(leg);

    if (!leg->error_code)
        leg->error_code = (int)leg->error.status;
    r->error_code = leg->error_code;
    r->error = http_response_keep(r, str_of(leg->error.text));
    leg->broken = (typeof(leg->broken)){r->status, r->reason, r->version, r->n_headers};
    r->status = 0;
    r->version = HTTP_VERSION_NONE;
    r->reason = STR("");
    r->n_headers = 0;
    r->has_body = r->has_body && r->body.n;
}

/* The script may have computed for long since the loop last looked at the clock. */
static mono_ns deadline_of(const struct http_request *req, mono_ns start)
{
    return req->timeout && req->timeout < MONO_NEVER - start ? start + req->timeout : MONO_NEVER;
}

static void forget_times(struct leg *leg)
{
    leg->first_byte = 0;
    leg->sending = 0;
    leg->sent = 0;
    leg->connecting = 0;
    leg->tls_handshaking = 0;
}

/* Whether anybody looks at the peer of every round trip. */
static bool tells_peer(const struct leg *leg)
{
    return !leg->req->lean || leg->url->is_tls || leg->via_proxy ||
           leg->client->cl->policy->system_tags & SYSTAG_IP;
}

/* The connection goes back, and what it carried is this leg's: nobody else has run since. */
static void give_back(struct leg *leg)
{
    struct client *c = leg->client;
    struct client_bytes before = c->bytes;
    enum conn_fate fate = fate_of(leg);

    if (unlikely(fate == CONN_CLOSE || tells_peer(leg)))
        note_peer(leg);
    conn_put(leg->conn, fate);
    if (fate == CONN_CLOSE)
        leg->conn = NULL;
    leg->bytes.sent += c->bytes.sent - before.sent;
    leg->bytes.received += c->bytes.received - before.received;
}

static void measure(struct leg *leg)
{
    struct client *c = leg->client;
    struct client_loop *cl = c->cl;

    if (leg->result < 0) {
        set_error(leg);
    } else {
        leg->r->error_code = error_code_of_status(leg->r->status);
    }
    struct measured measured = measure_leg(cl->measure, leg, c->origin);

    if (measured.failed)
        bump(&cl->shared.n_failed, 1);
    bump(&cl->shared.n_requests, 1);
    if (unlikely(measured.slot != NULL)) {
        if (leg->conn)
            note_peer(leg);
        capture_leg(c, leg, measured.slot);
    }
}

/* After a transfer, or without a connection for one. */
static void conclude(void *arg)
{
    struct leg *leg = arg;
    struct client_loop *cl = leg->client->cl;

    if (likely(leg->conn != NULL)) {
        transfer_end(leg);
        leg->again = may_try_again(leg);
        give_back(leg);
    } else {
        leg->again = false;
        leg->cancelled = leg->error.status == NET_CANCELLED;
        leg->ended = loop_clock(cl->loop);
    }
    if (unlikely(leg->again))
        return;
    bump(&cl->shared.n_in_flight, -1);
    if (likely(!leg->cancelled))
        measure(leg);
}

static void begin_step(void *arg)
{
    struct leg *leg = arg;

    transfer_begin(leg);
    if (unlikely(leg->result))
        conclude(leg);
}

static void take_step(void *arg)
{
    struct leg *leg = arg;

    transfer_take(leg);
    if (likely(leg->result))
        conclude(leg);
}

static COLD void upload(struct leg *leg)
{
    transfer_upload(leg);
    coro_on_loop_stack(conclude, leg);
}

/* One try. Its steps run on the loop's stack, and only what waits is on the user's own. */
HOT_INLINE void try_leg(struct leg *leg, bool fresh)
{
    leg->result = -1;
    leg->conn = conn_get(leg->client, leg, fresh);
    coro_on_loop_stack(likely(leg->conn != NULL) ? begin_step : conclude, leg);
    if (unlikely(leg->result == 0 && transfer_is_large(leg)))
        upload(leg);
    while (leg->result == 0) {
        int r = stream_wait_readable(leg->conn->stream, leg->deadline);

        if (likely(r == 0)) {
            coro_on_loop_stack(take_step, leg);
        } else {
            transfer_fail(leg, r);
            coro_on_loop_stack(conclude, leg);
        }
    }
}

static COLD void try_again(struct leg *leg)
{
    leg->error = (struct net_error){0};
    forget_times(leg);
    try_leg(leg, true);
}

/* Runs and measures a leg. Returns 0, or CLIENT_E_CANCELLED. */
HOT_INLINE int run_leg(struct leg *leg)
{
    struct client_loop *cl = leg->client->cl;

    leg->asked = loop_clock(cl->loop);
    bump(&cl->shared.n_in_flight, 1);
    if (!leg->deadline)
        leg->deadline = deadline_of(leg->req, leg->asked);
    try_leg(leg, false);
    if (unlikely(leg->again))
        try_again(leg);
    return leg->cancelled ? CLIENT_E_CANCELLED : 0;
}

/* ---- the journey ---- */

/* What few journeys need. */
struct journey_texts {
    struct buf authorization; /* of the current leg */
    struct buf referer;
    struct buf hops; /* with keeps_hops */
};

struct journey {
    const struct http_request *req;
    struct journey_texts *texts; /* NULL: not needed so far */
    int n_hops;
    struct leg leg; /* last, for the sake of its end */
};

static struct journey_texts *texts_of(struct journey *j)
{
    if (!j->texts)
        j->texts = xnew(struct journey_texts);
    return j->texts;
}

static void texts_free(struct journey_texts *t)
{
    buf_fini(&t->authorization);
    buf_fini(&t->referer);
    buf_fini(&t->hops);
    free(t);
}

static void store_cookies(const struct journey *j)
{
    const struct http_response *r = j->leg.r;

    for (size_t i = 0; i < r->n_headers; i++) {
        if (str_eq_nocase(r->headers[i].name, STR("set-cookie")))
            cookie_jar_store_header(j->req->jar, j->leg.url, r->headers[i].value, clock_wall());
    }
}

/* Another leg will follow: what this one was can be seen until something of it changes. */
static COLD void remember(struct journey *j)
{
    struct client_loop *cl = j->leg.client->cl;

    if (cl->capture)
        capture_remember(cl, &j->leg);
}

static COLD bool answer_challenge(struct journey *j)
{
    remember(j);
    return client_auth_answer(j->req, &j->leg, &texts_of(j)->authorization);
}

/* Makes the leg ready for another round trip; the connection and the response are new. */
static void next_leg(struct journey *j)
{
    struct leg *leg = &j->leg;

    struct http_response *r = leg->r;

    http_response_rewind(r);
    r->status = 0;
    r->version = HTTP_VERSION_NONE;
    r->error_code = 0;
    r->remote_ip[0] = '\0';
    r->remote_port = 0;
    r->tls_version = "";
    r->tls_cipher = "";
    leg->is_first = false;
    leg->only_expect = 0;
    leg->has_spare = false;
    forget_times(leg);
}

/* What the first try of a leg says of who we are. */
static COLD void authorize(struct journey *j)
{
    const struct url *u = j->leg.url;
    struct buf *out = &texts_of(j)->authorization;

    buf_reset(out);
    if (j->req->auth == HTTP_AUTH_NTLM)
        client_auth_ntlm_start(out);
    else if (j->req->auth == HTTP_AUTH_NONE)
        auth_basic(out, u->username, u->password);
    j->leg.authorization = buf_str(out);
    j->leg.only_expect = j->req->auth == HTTP_AUTH_NONE ? 0 : 401;
}

static COLD int run_challenged(struct journey *j)
{
    struct leg *leg = &j->leg;
    int r = 0;

    while (r == 0 && leg->r->status == 401 && answer_challenge(j)) {
        struct buf *out = &texts_of(j)->authorization;
        int only = j->req->auth == HTTP_AUTH_NTLM && client_auth_more(out) ? 401 : 0;

        next_leg(j);
        leg->only_expect = only;
        leg->authorization = buf_str(out);
        r = run_leg(leg);
        if (!only)
            break;
    }
    return r;
}

HOT_INLINE int run_authenticated(struct journey *j)
{
    bool asked_for = j->req->auth != HTTP_AUTH_NONE;

    j->leg.authorization = STR("");
    if (unlikely(asked_for || j->leg.url->has_userinfo))
        authorize(j);
    int r = run_leg(&j->leg);

    return likely(r || !asked_for) ? r : run_challenged(j);
}

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* net/http's rule: the address we came from, unless it would leak from https to http. */
static void set_referer(struct journey *j, const struct url *from, const struct url *to)
{
    struct buf *out = &texts_of(j)->referer;

    buf_reset(out);
    if (!(from->is_tls && !to->is_tls))
        buf_putstr(out, from->absolute);
    j->leg.referer = buf_str(out);
}

static void change_method(struct leg *leg, int status)
{
    if (status == 307 || status == 308)
        return;
    if (!str_eq(leg->method, STR("HEAD")))
        leg->method = STR("GET");
    leg->drop |= LEG_DROP_CONTENT;
    leg->has_body = false;
    leg->body = STR("");
}

/* The words are net/http's, which names the header before it says what is wrong with the URL. */
static void bad_location(struct leg *leg, struct str location)
{
    struct str why = str_of(fault_text());

    if (str_starts(why, STR("invalid URL: ")))
        why = str_from_index(why, STR("invalid URL: ").n);
    net_error_setf(&leg->error, NET_OTHER, "failed to parse Location header \"%.*s\": %.*s",
                   STR_ARG(location), STR_ARG(why));
    leg->error_code = 0;
    set_error(leg);
}

/* With a scheme: "http://host/path", not "/path" or "//host/path". */
static bool is_absolute(struct str location)
{
    size_t colon = str_find(location, ':');

    return colon < location.n && colon < str_find(location, '/') && colon < str_find(location, '?');
}

/* What of the user's headers must not go along; where it does not go, it never goes again. */
static void drop_headers(struct journey *j, const struct url *to, struct str location)
{
    struct leg *leg = &j->leg;

    if (!url_may_forward_credentials(j->req->url, to))
        leg->drop |= LEG_DROP_SENSITIVE;
    if (is_absolute(location) || !str_eq(leg->url->host_port, to->host_port))
        leg->drop |= LEG_DROP_HOST;
}

static void note_hop(struct journey *j)
{
    if (j->req->keeps_hops)
        buf_printf(&texts_of(j)->hops, "%d %.*s\n", j->leg.r->status, STR_ARG(j->leg.url->display));
}

/* Points the leg at where the response sends it. False when the journey is over. */
static bool follow(struct journey *j)
{
    struct leg *leg = &j->leg;
    struct http_response *r = leg->r;
    struct str location = http_header_get(r->headers, r->n_headers, STR("location"));
    struct url *to = NULL;

    if (!is_redirect(r->status) || !location.n || leg->error.status != NET_OK)
        return false;
    if (j->n_hops >= j->req->max_redirects) {
        r->redirects_exhausted = true;
        return false;
    }
    if (url_redirect(leg->url, location, &to) < 0) {
        bad_location(leg, location);
        return false;
    }
    remember(j);
    note_hop(j);
    j->n_hops++;
    set_referer(j, leg->url, to);
    change_method(leg, r->status);
    drop_headers(j, to, location);
    url_unref(leg->url);
    leg->url = to;
    next_leg(j);
    return true;
}

HOT_INLINE int travel(struct journey *j)
{
    int r;

    do {
        r = run_authenticated(j);
        if (r)
            return r;
        if (j->req->jar)
            store_cookies(j);
    } while (unlikely(is_redirect(j->leg.r->status)) && follow(j));
    return 0;
}

static void journey_init(struct journey *j, struct client *c, const struct http_request *req)
{
    memset(j, 0, offsetof(struct journey, leg.error.text));
    j->leg.error.text[0] = '\0';
    j->req = req;
    j->leg.client = c;
    j->leg.lag = c->lag;
    j->leg.req = req;
    j->leg.url = url_ref(req->url);
    j->leg.method = req->method.n ? req->method : STR("GET");
    j->leg.body = req->body;
    j->leg.has_body = req->has_body;
    j->leg.is_first = true;
}

/* What the response tells of the whole journey. */
static void tell_journey(struct journey *j)
{
    struct http_response *r = leg_response(&j->leg);

    if (!j->req->lean)
        r->url = http_response_keep(r, j->leg.url->original);
    if (unlikely(j->n_hops))
        r->hops = http_response_keep(r, buf_str(&texts_of(j)->hops));
}

int client_request(struct client *c, const struct http_request *req,
                   struct http_response **ret_response)
{
    struct journey j;

    if (c->cl->policy->gate && rate_gate_pass(c->cl->policy->gate, c->cl->loop))
        return CLIENT_E_CANCELLED;
    journey_init(&j, c, req);
    int r = travel(&j);

    if (likely(r == 0))
        tell_journey(&j);
    if (unlikely(j.leg.hops != NULL))
        capture_forget(c->cl, &j.leg);
    url_unref(j.leg.url);
    if (unlikely(j.texts != NULL))
        texts_free(j.texts);
    if (unlikely(r)) {
        http_response_unref(j.leg.r);
        return r;
    }
    *ret_response = j.leg.r;
    return 0;
}
