/*
 * A request is a journey of legs: the first hop, redirects, authentication. Each leg is one round
 * trip on one connection, measured by itself; the response of the last one is the answer.
 */
#include "client/client.h"

#include "base/mem.h"
#include "client/client_auth.h"
#include "client/client_priv.h"
#include "metric/exchange_book.h"
#include "net/tls.h"
#include "proto/auth.h"
#include "proto/cookie.h"

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
    struct {                     /* of client_request_repeat */
        struct stream_taker taker;
        client_again_fn *again;
        void *arg;
        bool is_wanted; /* what `again` said last */
    } repeat;
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
    leg->taker = NULL; /* it repeats first legs only */
    leg->no_cookies = false;
    leg->head_stamp = 0;
    leg->only_expect = 0;
    leg->has_spare = false;
    leg_forget_times(leg);
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
        r = leg_run(leg);
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
    int r = leg_run(&j->leg);

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
    leg_set_error(leg);
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
    memset(&j->leg, 0, offsetof(struct leg, error.text));
    j->leg.error.text[0] = '\0';
    j->req = req;
    j->texts = NULL;
    j->n_hops = 0;
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

/* Frees what the journey holds, but for its response. */
static void journey_fini(struct journey *j)
{
    if (unlikely(j->leg.hops != NULL))
        capture_forget(j->leg.client->cl, &j->leg);
    url_unref(j->leg.url);
    if (unlikely(j->texts != NULL))
        texts_free(j->texts);
}

/* Gives the response of a journey that has been travelled with `result`, which it returns. */
static int arrive(struct journey *j, int result, struct http_response **ret_response)
{
    if (likely(result == 0))
        tell_journey(j);
    journey_fini(j);
    if (unlikely(result)) {
        http_response_unref(j->leg.r);
        return result;
    }
    *ret_response = j->leg.r;
    return 0;
}

int client_request(struct client *c, const struct http_request *req,
                   struct http_response **ret_response)
{
    struct journey j;

    if (c->cl->policy->gate && rate_gate_pass(c->cl->policy->gate, c->cl->loop))
        return CLIENT_E_CANCELLED;
    journey_init(&j, c, req);
    return arrive(&j, travel(&j), ret_response);
}

/* ---- the same request again ---- */

/*
 * Most of these journeys are one leg, over a connection that is there and stays. They are taken
 * from the stream's event, one after the other, while the coroutine stays parked in the first one's
 * wait: its stack is a third of the memory that a request touches, and cold when there are many.
 * Whatever is rarer (a redirect, a connection that ends, a failure) is left to the coroutine, which
 * goes on as if it had waited for this leg only.
 */
static bool is_plain(const struct client *c, const struct http_request *req)
{
    const struct client_policy *p = c->cl->policy;

    return !p->gate && p->reuse == CLIENT_REUSE && req->lean && !req->keeps_hops &&
           !req->n_cookies && req->auth == HTTP_AUTH_NONE && !req->url->has_userinfo &&
           req->body.n <= CLIENT_BODY_INLINE;
}

/* Whether nothing follows the answer but the next request. */
static bool ends_here(const struct leg *leg)
{
    return leg->result > 0 && leg_fate(leg) == CONN_KEEP && !is_redirect(leg->reader->status);
}

/* From a leg that has ended to the same one again, over its connection. */
static void renew(struct leg *leg)
{
    struct client *c = leg->client;

    leg_forget_times(leg);
    leg->resolving = 0;
    leg->lag = c->lag;
    leg->bytes = (struct client_bytes){0};
    leg->has_spare = false;
    leg->reused = true;
    leg->no_cookies = true;
    leg->deadline = 0;
    /* Nobody has computed since `again` looked at the clock. */
    leg_begin(leg, loop_now(c->cl->loop));
    leg->obtained = leg->asked;
    leg->conn->n_active++;
}

/* Sends the next request. False: the coroutine has to see to it. */
static bool go_round(struct journey *j)
{
    struct leg *leg = &j->leg;

    j->repeat.is_wanted = j->repeat.again(j->repeat.arg, leg->r);
    http_response_unref(leg->r);
    leg->r = NULL;
    if (!j->repeat.is_wanted || unlikely(!stream_is_idle_good(leg->conn->stream))) {
        leg->is_over = true;
        return false;
    }
    renew(leg);
    transfer_begin(leg);
    return likely(leg->result == 0);
}

static mono_ns repeat_take(struct stream_taker *self)
{
    struct journey *j = container_of(self, struct journey, repeat.taker);
    struct leg *leg = &j->leg;

    transfer_take(leg);
    if (leg->result == 0)
        return leg->deadline;
    if (unlikely(!ends_here(leg)))
        return 0;
    leg_conclude(leg);
    return go_round(j) ? leg->deadline : 0;
}

/*
 * One answer on the coroutine, after any number without it. As client_request; *ret_response is
 * NULL when `again` has seen the last one already.
 */
static int repeat_journey(struct journey *j, struct client *c, const struct http_request *req,
                          struct http_response **ret_response)
{
    if (!is_plain(c, req))
        return client_request(c, req, ret_response);
    journey_init(j, c, req);
    j->leg.taker = &j->repeat.taker;
    int result = travel(j);

    if (!j->leg.is_over)
        return arrive(j, result, ret_response);
    journey_fini(j);
    *ret_response = NULL;
    return 0;
}

int client_request_repeat(struct client *c, const struct http_request *req, client_again_fn *again,
                          void *arg)
{
    struct journey j;

    j.repeat = (typeof(j.repeat)){.taker = {repeat_take}, .again = again, .arg = arg};
    do {
        struct http_response *r;
        int result = repeat_journey(&j, c, req, &r);

        if (result)
            return result;
        if (!r)
            continue;
        j.repeat.is_wanted = again(arg, r);
        http_response_unref(r);
    } while (j.repeat.is_wanted);
    return 0;
}
