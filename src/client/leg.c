/*
 * One round trip, from asking for a connection to its samples: its steps run on the loop's stack,
 * and what waits for them on the user's own. A leg whose kept connection turned out to be closed is
 * tried once more; where somebody takes the answers from the stream (stream_wait_taken), others may
 * follow it before the coroutine goes on.
 */
#include "base/mem.h"
#include "client/client_priv.h"
#include "metric/systag.h"
#include "proto/error_code.h"

/* Of what coro_set_near is told: the first ones are the user's. */
enum {
    NEAR_CONN = CORO_NEAR_MAX - 1,
    NEAR_LEG = CORO_NEAR_MAX - 2,
    TAKER_LINES = 5, /* that of the journey, and the leg's hot ones */
};

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

enum conn_fate leg_fate(const struct leg *leg)
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
void leg_set_error(struct leg *leg)
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

static mono_ns deadline_of(const struct http_request *req, mono_ns start)
{
    return req->timeout && req->timeout < MONO_NEVER - start ? start + req->timeout : MONO_NEVER;
}

void leg_forget_times(struct leg *leg)
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
    enum conn_fate fate = leg_fate(leg);

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
        leg_set_error(leg);
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

void leg_conclude(struct leg *leg)
{
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

static void conclude_step(void *arg)
{
    leg_conclude(arg);
}

static void begin_step(void *arg)
{
    struct leg *leg = arg;

    transfer_begin(leg);
    if (unlikely(leg->result))
        leg_conclude(leg);
}

static void take_step(void *arg)
{
    struct leg *leg = arg;

    transfer_take(leg);
    if (likely(leg->result))
        leg_conclude(leg);
}

static COLD void upload(struct leg *leg)
{
    transfer_upload(leg);
    coro_on_loop_stack(conclude_step, leg);
}

/* As the wait of try_leg, but the answer may be taken, and more, by the time this comes back. */
static COLD void wait_taken(struct leg *leg)
{
    struct coro *self = coro_self();

    coro_set_near(self, NEAR_CONN, leg->conn, 1);
    coro_set_near(self, NEAR_LEG, leg->taker, TAKER_LINES);
    coro_set_near_stack(self, 0);
    int r = stream_wait_taken(leg->conn->stream, leg->deadline, leg->taker);

    coro_set_near_stack(self, CORO_NEAR_STACK_LINES);
    coro_set_near(self, NEAR_CONN, NULL, 0);
    coro_set_near(self, NEAR_LEG, NULL, 0);
    if (leg->is_over)
        return;
    if (leg->result == 0 && r == 0) {
        coro_on_loop_stack(take_step, leg);
        return;
    }
    if (leg->result == 0)
        transfer_fail(leg, r);
    coro_on_loop_stack(conclude_step, leg);
}

/* One try. Its steps run on the loop's stack, and only what waits is on the user's own. */
HOT_INLINE void try_leg(struct leg *leg, bool fresh)
{
    leg->result = -1;
    leg->conn = conn_get(leg->client, leg, fresh);
    coro_on_loop_stack(likely(leg->conn != NULL) ? begin_step : conclude_step, leg);
    if (unlikely(leg->result == 0 && transfer_is_large(leg)))
        upload(leg);
    if (leg->result == 0 && leg->taker)
        wait_taken(leg);
    while (leg->result == 0) {
        int r = stream_wait_readable(leg->conn->stream, leg->deadline);

        if (likely(r == 0)) {
            coro_on_loop_stack(take_step, leg);
        } else {
            transfer_fail(leg, r);
            coro_on_loop_stack(conclude_step, leg);
        }
    }
}

static COLD void try_again(struct leg *leg)
{
    leg->error = (struct net_error){0};
    leg->head_stamp = 0;
    leg_forget_times(leg);
    try_leg(leg, true);
}

void leg_begin(struct leg *leg, mono_ns now)
{
    leg->asked = now;
    bump(&leg->client->cl->shared.n_in_flight, 1);
    if (!leg->deadline)
        leg->deadline = deadline_of(leg->req, now);
}

int leg_run(struct leg *leg)
{
    /* The script may have computed for long since the loop last looked at the clock. */
    leg_begin(leg, loop_clock(leg->client->cl->loop));
    try_leg(leg, false);
    /* Once for each leg: the second try takes a new connection, but others may have followed it. */
    while (unlikely(leg->again))
        try_again(leg);
    return leg->cancelled || leg->is_over ? CLIENT_E_CANCELLED : 0;
}
