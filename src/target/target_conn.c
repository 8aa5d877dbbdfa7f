/*
 * One connection: reads requests, collects bodies, answers. Requests that come together are
 * answered together, because what is sent in a turn of the loop leaves in one system call.
 *
 * A client that repeats itself byte for byte, as load generators do, is recognised by comparing
 * with its last request; a fixed answer then goes out without the request being read at all.
 */
#include <string.h>

#include "base/mem.h"
#include "loop/loop.h"
#include "loop/wheel.h"
#include "net/stream.h"
#include "proto/http1/http1.h"
#include "proto/http1/http1_encode.h"
#include "target/target_priv.h"

enum {
    RECV_BYTES = 16 << 10,
    LAST_BYTES = 1024,    /* longest request that is remembered */
    PARTIAL_SECONDS = 60, /* for the rest of a request that has begun */
};

struct conn {
    struct exchange x;
    struct http_head head;
    struct http1_request request;
    struct buf body;
    bool in_message;
    const char *start; /* of the request, while all of it is in one piece of input; else NULL */
    struct fixed *last_fixed;
    size_t n_last;
    char last[LAST_BYTES];
    char in[RECV_BYTES];
};

static struct conn *conn_new(struct target_worker *w, struct stream *s)
{
    struct conn *c = xnew(struct conn);

    c->x.worker = w;
    c->x.stream = s;
    c->x.request = &c->request;
    c->body = BUF_INIT(TARGET_BODY_MAX);
    return c;
}

static void conn_free(struct conn *c)
{
    http1_request_fini(&c->request);
    http_head_fini(&c->head);
    buf_fini(&c->body);
    buf_fini(&c->x.out);
    arena_fini(&c->x.arena);
    free(c);
}

/* ---- fixed answers ---- */

static enum exchange_fate send_fixed(struct conn *c, struct fixed *f, size_t n)
{
    fixed_refresh(f, worker_wall(c->x.worker));
    c->x.worker->n_requests++;
    return stream_send(c->x.stream, f->data, n) ? FATE_RESET : FATE_KEEP;
}

static bool repeats_last(const struct conn *c, struct str in)
{
    return c->n_last && in.n >= c->n_last && memcmp(in.p, c->last, c->n_last) == 0;
}

/* Remembers a request that is known to get this fixed answer whenever it comes again. */
static void remember(struct conn *c, struct fixed *f, const char *end)
{
    size_t n = c->start ? (size_t)(end - c->start) : 0;

    if (n == 0 || n > LAST_BYTES)
        return;
    memcpy(c->last, c->start, n);
    c->n_last = n;
    c->last_fixed = f;
}

/* ---- answers of handlers ---- */

static void begin_exchange(struct conn *c)
{
    struct str target = c->request.target;
    size_t question = str_find(target, '?');

    /* An absolute target, as a proxy gets it: only its path is ours. */
    if (target.n && target.p[0] != '/') {
        size_t scheme = str_find_str(target, STR("://"));
        struct str rest = str_from_index(target, scheme + 3);

        target = str_from_index(rest, str_find(rest, '/'));
        question = str_find(target, '?');
    }
    c->x.path = str_from(target.p, question);
    c->x.query = str_from_index(target, question + 1);
    c->x.body = buf_str(&c->body);
    c->x.status = 200;
    c->x.reason = (struct str){0};
    c->x.n_headers = 0;
    memset(c->x.params, 0, sizeof(c->x.params));
    c->x.is_sent = false;
    c->x.has_own_type = false;
    c->x.fate = c->request.msg.keep_alive ? FATE_KEEP : FATE_CLOSE;
    buf_reset(&c->x.out);
}

static enum exchange_fate end_exchange(struct conn *c)
{
    struct exchange *x = &c->x;

    x->worker->n_requests++;
    if (!x->is_sent && answer_start(x, (int64_t)x->out.len))
        ignored((int)answer_piece(x, x->out.data, x->out.len));
    arena_reset(&x->arena);
    /* One large answer must not cost its memory for the life of the connection. */
    if (x->out.cap > 256 << 10)
        buf_fini(&x->out);
    return x->fate;
}

static void answer_bad_method(struct exchange *x)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    struct str params[EXCHANGE_PARAMS_MAX];
    scoped(buf_fini) struct buf allow = {0};
    struct route_node *node;

    for (size_t i = 0; i < countof(methods); i++) {
        if (router_find(&x->worker->router, str_of(methods[i]), x->path, params, &node) ==
            ROUTE_FOUND)
            buf_printf(&allow, "%s%s", allow.len ? ", " : "", methods[i]);
    }
    answer_header(x, "Allow", arena_str(&x->arena, buf_str(&allow)));
    answer_error(x, 405, "Method not allowed");
}

static enum exchange_fate answer(struct conn *c, const char *end)
{
    struct exchange *x = &c->x;
    struct route_node *node = NULL;

    begin_exchange(c);
    enum route_result found =
        router_find(&x->worker->router, c->request.method, x->path, x->params, &node);

    if (found == ROUTE_FOUND && node->fixed.data && x->fate == FATE_KEEP) {
        bool is_head = str_is(c->request.method, "HEAD");

        if (!is_head && c->request.msg.framing == HTTP1_FRAMING_NONE)
            remember(c, &node->fixed, end);
        return send_fixed(c, &node->fixed, is_head ? node->fixed.n_head : node->fixed.n);
    }
    if (found == ROUTE_NO_PATH) {
        answer_error(x, 404, "Not found");
    } else if (found == ROUTE_NO_METHOD) {
        answer_bad_method(x);
    } else if (node->route->fn) {
        node->route->fn(x);
    } else {
        /* A fixed answer for a client that wants the connection closed. */
        fixed_refresh(&node->fixed, worker_wall(x->worker));
        answer_type(x, node->route->type ? node->route->type : "application/json");
        buf_put(&x->out, node->fixed.data + node->fixed.n_head, node->fixed.n - node->fixed.n_head);
    }
    return end_exchange(c);
}

/* ---- reading ---- */

static enum exchange_fate refuse(struct conn *c, int status, const char *text)
{
    /* A head that could not be read has no method, version or target that could be trusted. */
    struct http1_response_spec spec = {
        .status = status, .version = HTTP_1_1, .n_body = (int64_t)strlen(text)};
    scoped(buf_fini) struct buf out = {0};

    if (http1_encode_response(&spec, &out) == 0) {
        buf_puts(&out, text);
        ignored(stream_send(c->x.stream, out.data, out.len));
    }
    return FATE_CLOSE;
}

static enum exchange_fate refuse_malformed(struct conn *c)
{
    scoped(buf_fini) struct buf text = {0};

    http1_error_text(&c->request.msg, &text);
    buf_putc(&text, '\n');
    return refuse(c, http1_request_error_status(&c->request), buf_cstr(&text));
}

static enum exchange_fate take_head(struct conn *c)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

    if (c->request.msg.content_length > TARGET_BODY_MAX)
        return refuse(c, 413, "body too large\n");
    if (c->request.expect_continue)
        return stream_send(c->x.stream, go_on, sizeof(go_on) - 1) ? FATE_RESET : FATE_KEEP;
    return FATE_KEEP;
}

/* Deals with one event of the reader. *ret_more: the input is used up. */
static enum exchange_fate take_event(struct conn *c, struct str *in, bool *ret_more)
{
    struct str piece;

    switch (http1_request_next(&c->request, in, &piece)) {
    case HTTP1_MORE:
        *ret_more = true;
        c->start = NULL;
        return FATE_KEEP;
    case HTTP1_HEAD:
        return take_head(c);
    case HTTP1_BODY:
        if (buf_add(&c->body, piece.p, piece.n))
            return refuse(c, 413, "body too large\n");
        return FATE_KEEP;
    case HTTP1_END:
        c->in_message = false;
        return answer(c, in->p);
    default:
        return refuse_malformed(c);
    }
}

static void begin_message(struct conn *c, struct str in)
{
    http1_request_start(&c->request, &c->head);
    buf_reset(&c->body);
    if (c->body.cap > 256 << 10)
        buf_fini(&c->body);
    c->in_message = true;
    c->start = in.p;
}

static enum exchange_fate take_input(struct conn *c, struct str in)
{
    enum exchange_fate fate = FATE_KEEP;
    bool more = false;

    while (fate == FATE_KEEP && !more) {
        if (!c->in_message && !in.n)
            break;
        if (!c->in_message && repeats_last(c, in)) {
            in = str_from_index(in, c->n_last);
            fate = send_fixed(c, c->last_fixed, c->last_fixed->n);
            continue;
        }
        if (!c->in_message)
            begin_message(c, in);
        fate = take_event(c, &in, &more);
    }
    return fate;
}

static mono_ns deadline_of(const struct conn *c)
{
    if (!c->in_message)
        return MONO_NEVER;
    return loop_now(c->x.worker->loop) + PARTIAL_SECONDS * NS_PER_S;
}

static enum stream_close_mode conn_run(struct conn *c)
{
    enum exchange_fate fate = FATE_KEEP;

    while (fate == FATE_KEEP) {
        ssize_t n = stream_recv(c->x.stream, c->in, sizeof(c->in), deadline_of(c));

        if (n <= 0)
            return STREAM_CLOSE;
        fate = take_input(c, str_from(c->in, (size_t)n));
    }
    if (fate == FATE_RESET)
        return STREAM_CLOSE_RESET;
    ignored(stream_flush(c->x.stream, loop_now(c->x.worker->loop) + PARTIAL_SECONDS * NS_PER_S));
    return STREAM_CLOSE;
}

void target_serve(struct stream *s, void *arg)
{
    struct conn *c = conn_new(arg, s);
    enum stream_close_mode mode = conn_run(c);

    stream_close(s, mode);
    conn_free(c);
}
