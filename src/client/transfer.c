/*
 * One HTTP/1.1 round trip on one connection. The head and a small body leave in one piece, queued
 * for the end of the loop's turn; what comes back is received into the loop's buffer and parsed
 * before anybody else runs, so no user owns a receive buffer.
 */
#include <errno.h>

#include "base/mem.h"
#include "client/client_priv.h"
#include "loop/coro.h"
#include "net/proxy.h"
#include "proto/content.h"
#include "proto/cookie.h"
#include "proto/error_code.h"

static int fail(struct leg *leg, ssize_t status, const struct stream *s)
{
    if (s && stream_error(s)->status != NET_OK) {
        leg->error = *stream_error(s);
    } else {
        net_error_set(&leg->error, (enum net_status) - status);
    }
    leg->cancelled = -status == NET_CANCELLED;
    return -1;
}

/* The place of what is remembered of a URL. */
static size_t place_of(const struct url *u)
{
    uintptr_t key = (uintptr_t)u;

    return (key >> 5 ^ key >> 12) & (CLIENT_ENCODERS - 1);
}

/* What net/http takes off the user's headers on a redirect. */
static bool is_dropped(struct str name, unsigned drop)
{
    static const struct {
        struct str name;
        unsigned drop;
    } rows[] = {
        {{"authorization", 13}, LEG_DROP_SENSITIVE},
        {{"www-authenticate", 16}, LEG_DROP_SENSITIVE},
        {{"cookie", 6}, LEG_DROP_SENSITIVE},
        {{"cookie2", 7}, LEG_DROP_SENSITIVE},
        {{"proxy-authorization", 19}, LEG_DROP_SENSITIVE},
        {{"proxy-authenticate", 18}, LEG_DROP_SENSITIVE},
        {{"content-encoding", 16}, LEG_DROP_CONTENT},
        {{"content-language", 16}, LEG_DROP_CONTENT},
        {{"content-location", 16}, LEG_DROP_CONTENT},
        {{"content-type", 12}, LEG_DROP_CONTENT},
        {{"host", 4}, LEG_DROP_HOST},
    };

    for (size_t i = 0; i < countof(rows); i++) {
        if ((rows[i].drop & drop) && str_eq_nocase(name, rows[i].name))
            return true;
    }
    return false;
}

static void copy_kept(const struct leg *leg, struct http_header *out,
                      struct http1_request_spec *spec)
{
    size_t n = 0;

    for (size_t i = 0; i < leg->req->n_headers; i++) {
        if (!is_dropped(leg->req->headers[i].name, leg->drop))
            out[n++] = leg->req->headers[i];
    }
    spec->headers = out;
    spec->n_headers = n;
}

static struct str cookie_prefix(const struct leg *leg)
{
    if (leg->drop & LEG_DROP_SENSITIVE)
        return STR("");
    struct str given = http_header_get(leg->req->headers, leg->req->n_headers, STR("cookie"));

    return given.p ? given : STR("");
}

HOT_INLINE int put_cookie(const struct leg *leg, struct buf *cookie)
{
    const struct http_request *req = leg->req;

    if (leg->no_cookies || (!req->n_cookies && (!req->jar || cookie_jar_empty(req->jar)))) {
        return cookie_prefix(leg).n ? buf_add(cookie, cookie_prefix(leg).p, cookie_prefix(leg).n)
                                    : 0;
    }
    return cookie_header(cookie, cookie_prefix(leg), req->cookies, req->n_cookies, req->jar,
                         leg->url, clock_wall());
}

static struct str proxy_credentials(const struct client_loop *cl, const struct url *u)
{
    const struct proxy *p = proxy_for(cl->policy->proxies, PROXY_FOR_HTTP, u->host, u->port);

    return p ? p->authorization : STR("");
}

/*
 * Writes the head into cl->out. Returns 0, or -1 with leg->error: a header that cannot be sent.
 * Inlined where requests are sent, which saves 30 instructions of each.
 */
HOT_INLINE int encode_head(struct client_loop *cl, struct leg *leg)
{
    scoped(freep) struct http_header *kept = NULL;
    struct buf cookie = {0};
    bool via_proxy = leg->via_proxy;
    struct http1_request_spec spec = {
        .method = leg->method,
        .url = leg->url,
        .target = via_proxy ? HTTP1_TARGET_ABSOLUTE : HTTP1_TARGET_ORIGIN,
        .headers = leg->req->headers,
        .n_headers = leg->req->n_headers,
        .user_agent = cl->policy->user_agent,
        .authorization = leg->authorization,
        .proxy_authorization = via_proxy ? proxy_credentials(cl, leg->url) : STR(""),
        .referer = leg->referer,
        .n_body = leg->has_body ? (int64_t)leg->body.n : HTTP1_NO_BODY,
    };

    if (unlikely(leg->drop)) {
        kept = xnew_n(struct http_header, leg->req->n_headers);
        copy_kept(leg, kept, &spec);
    }
    int r = put_cookie(leg, &cookie);

    spec.cookie = buf_str(&cookie);
    buf_reset(&cl->out);
    if (r == 0)
        r = http1_encode_request(&cl->encoders[place_of(leg->url)], &spec, &cl->out);
    if (r == 0 && leg->taker)
        leg->head_stamp = http1_encode_stamp(&cl->encoders[place_of(leg->url)], &spec);
    buf_fini(&cookie);
    if (r < 0) {
        net_error_setf(&leg->error, NET_OTHER, "%s", fault_text());
    } else if (r > 0) {
        net_error_setf(&leg->error, NET_OTHER, "the request's head is too large");
    }
    return r ? -1 : 0;
}

COLD int transfer_encode(struct client_loop *cl, struct leg *leg)
{
    return encode_head(cl, leg);
}

bool transfer_is_large(const struct leg *leg)
{
    return leg->has_body && leg->body.n > CLIENT_BODY_INLINE;
}

static int queue(struct leg *leg, struct stream *s, struct str message)
{
    int r = stream_send(s, message.p, message.n);

    return unlikely(r) ? fail(leg, r, s) : 0;
}

/* Queues the head, and the body unless it is large. */
static int send_request(struct conn *conn, struct leg *leg)
{
    struct client_loop *cl = conn->client->cl;
    struct stream *s = conn->stream;

    if (leg->head_stamp) {
        struct str head = http1_encode_again(&cl->encoders[place_of(leg->url)], leg->head_stamp);

        if (likely(head.p))
            return queue(leg, s, head);
    }
    leg->via_proxy = conn->via_http_proxy;
    if (encode_head(cl, leg))
        return -1;
    if (leg->is_first && !leg->req->lean) {
        struct http_response *r = leg_response(leg);

        r->request_head = http_response_keep(r, buf_str(&cl->out));
        if (leg->has_body && leg->body.n)
            r->request_body = http_response_keep(r, leg->body);
    }
    if (leg->has_body && !transfer_is_large(leg))
        buf_put(&cl->out, leg->body.p, leg->body.n);
    return queue(leg, s, buf_str(&cl->out));
}

enum {
    SPARE_BYTES = 64 << 10,
};

static void body_start(const struct client_loop *cl, struct leg *leg)
{
    const struct http1_response *p = leg->reader;
    struct http_response *r = leg->r;
    struct body_sink *body = &leg->body_sink;
    bool none = p->status < 200 || p->status == 204 || p->status == 304;

    if (likely(p->shared)) {
        http_response_share(r, p->shared);
    } else {
        r->headers = http1_response_headers(p, &r->n_headers);
        r->reason = p->reason;
    }
    body->begun = true;
    body->keep = leg->req->body_mode == HTTP_BODY_KEEP && !none;
    r->has_body = body->keep;
    /* An answer that has been discarded cannot be shown as evidence. */
    if (unlikely(p->status >= 400))
        leg->has_spare = body->spare = !body->keep && cl->capture;
    if (!body->keep || p->msg.framing == HTTP1_FRAMING_NONE)
        return;
    struct str coding = http_header_get(r->headers, r->n_headers, STR("content-encoding"));

    if (coding.p)
        body->decoder = content_decoder_new(coding, cl->policy->decompression);
}

static int body_fail(struct leg *leg, const char *text, int code)
{
    net_error_setf(&leg->error, NET_OTHER, "%s", text);
    leg->error_code = code;
    leg->body_sink.bad = true;
    return -1;
}

static void spare_add(struct buf *out, struct str part)
{
    size_t room = out->len < SPARE_BYTES ? SPARE_BYTES - out->len : 0;

    ignored(buf_add(out, part.p, part.n < room ? part.n : room));
}

static int body_add(struct leg *leg, struct str part)
{
    struct body_sink *body = &leg->body_sink;
    struct buf *out = http_response_body(leg->r);

    if (!body->keep) {
        if (unlikely(body->spare))
            spare_add(out, part);
        return 0;
    }
    if (body->decoder) {
        if (content_decode(body->decoder, part, out))
            return body_fail(leg, content_decoder_error(body->decoder), CONTENT_ERROR_CODE);
        return 0;
    }
    if (out->len + part.n > CLIENT_BODY_LIMIT || buf_add(out, part.p, part.n))
        return body_fail(leg, "the response body is larger than 256 MiB", 0);
    return 0;
}

/* Returns 1, or -1 with leg->error. */
static int body_end(struct leg *leg)
{
    struct body_sink *body = &leg->body_sink;

    if (body->decoder && !body->bad && content_decode_end(body->decoder))
        return body_fail(leg, content_decoder_error(body->decoder), CONTENT_ERROR_CODE);
    return 1;
}

static int protocol_error(struct leg *leg, const struct http1_response *p)
{
    struct buf text = BUF_INIT(4096);

    http1_error_text(&p->msg, &text);
    net_error_setf(&leg->error, NET_OTHER, "%s", buf_cstr(&text));
    buf_fini(&text);
    return -1;
}

/* Feeds one piece of input. Returns 1 at the end of the message, 0 for more, -1 for an error. */
static int feed(struct client_loop *cl, struct leg *leg, struct str *in)
{
    struct http1_response *p = leg->reader;
    enum http1_event event;
    struct str part;

    if (likely(http1_response_whole(p, in, &part))) {
        body_start(cl, leg);
        return part.n && body_add(leg, part) ? -1 : body_end(leg);
    }
    while ((event = http1_response_next(p, in, &part)) != HTTP1_MORE) {
        if (event == HTTP1_HEAD) {
            body_start(cl, leg);
            if (leg->body_sink.keep && p->msg.content_length > CLIENT_BODY_LIMIT)
                return body_fail(leg, "the response body is larger than 256 MiB", 0);
        }
        if (event == HTTP1_BODY && body_add(leg, part))
            return -1;
        if (event == HTTP1_END)
            return body_end(leg);
        if (event == HTTP1_ERROR)
            return protocol_error(leg, p);
    }
    return 0;
}

static int at_eof(struct leg *leg)
{
    if (http1_response_eof(leg->reader) == HTTP1_END)
        return body_end(leg);
    return protocol_error(leg, leg->reader);
}

static enum http1_expect expect_of(struct str method)
{
    return str_eq(method, STR("HEAD")) ? HTTP1_EXPECT_NO_BODY : HTTP1_EXPECT_BODY;
}

/* The answer begins: most are over when the reader has seen what came with its beginning. */
static void start_reading(struct client_loop *cl, struct leg *leg)
{
    struct http1_response *p = &cl->reader;

    http1_response_start(p, http_response_head(leg_response(leg)), expect_of(leg->method));
    if (likely(p->expect == HTTP1_EXPECT_BODY))
        p->memo = &cl->memos[place_of(leg->url)];
    leg->reader = p;
}

/* Others will use the loop's reader before this response is over. */
static void keep_reading(struct client_loop *cl, struct leg *leg)
{
    struct conn *conn = leg->conn;

    if (leg->reader != &cl->reader)
        return;
    if (!conn->reader)
        conn->reader = xnew(struct http1_response);
    http1_response_move(conn->reader, &cl->reader);
    leg->reader = conn->reader;
}

/* One piece of the response, or its end. Returns as feed. */
static int take_piece(struct client_loop *cl, struct leg *leg, size_t n)
{
    struct str in = str_from(cl->received, n);

    if (!leg->reader)
        start_reading(cl, leg);
    if (n == 0)
        return at_eof(leg);
    leg->ended = stream_received_at(leg->conn->stream);
    if (!leg->first_byte)
        leg->first_byte = leg->ended;
    int done = feed(cl, leg, &in);

    /* Bytes after the answer were not asked for; the connection is out of step. */
    if (done == 1 && in.n)
        leg->reader->msg.keep_alive = false;
    return done;
}

void transfer_take(struct leg *leg)
{
    struct client_loop *cl = leg->client->cl;
    struct stream *s = leg->conn->stream;

    do {
        ssize_t n = stream_recv_now(s, cl->received, CLIENT_RECV_BYTES);

        if (n == STREAM_AGAIN) {
            keep_reading(cl, leg);
            return;
        }
        leg->result = n < 0 ? fail(leg, n, s) : take_piece(cl, leg, (size_t)n);
    } while (leg->result == 0);
}

void transfer_fail(struct leg *leg, int status)
{
    leg->result = fail(leg, status, leg->conn->stream);
}

/*
 * A large body leaves on a coroutine of its own, because its answer may come before its end: a
 * server that refuses it need not read it. A failed send wakes the reader, which tells why.
 */
struct upload {
    const struct leg *leg;
    bool whole;
    mono_ns started; /* when the kernel was given its first byte */
};

static void upload_run(void *arg)
{
    struct upload *u = arg;
    const struct leg *leg = u->leg;
    struct stream *s = leg->conn->stream;

    /* The head goes first: each further piece is a start of its own to the stream. */
    if (coro_yield())
        return;
    u->started = stream_send_started_at(s);
    u->whole = stream_send_wait(s, leg->body.p, leg->body.n, leg->deadline) == 0;
}

COLD void transfer_upload(struct leg *leg)
{
    struct client_loop *cl = leg->client->cl;
    struct upload upload = {.leg = leg};
    struct coro_waitgroup group;

    coro_waitgroup_init(&group, cl->loop);
    if (coro_waitgroup_spawn(&group, CORO_STACK_SMALL, upload_run, &upload)) {
        net_error_setf(&leg->error, NET_OTHER, "%s", fault_text());
        leg->result = -1;
        return;
    }
    while (leg->result == 0) {
        int r = stream_wait_readable(leg->conn->stream, leg->deadline);

        if (r < 0)
            transfer_fail(leg, r);
        else
            transfer_take(leg);
    }
    keep_reading(cl, leg);
    coro_waitgroup_cancel(&group);
    ignored(coro_waitgroup_wait(&group));
    leg->sending = upload.started;
    leg->sent = upload.whole ? stream_sent_at(leg->conn->stream) : 0;
    if (!upload.whole && leg->reader)
        leg->reader->msg.keep_alive = false;
}

void transfer_begin(struct leg *leg)
{
    leg->reader = NULL;
    leg->body_sink = (struct body_sink){0};
    leg->result = send_request(leg->conn, leg);
    /* A server may have spoken first; that makes no edge any more. */
    if (leg->result == 0 && unlikely(stream_may_have_input(leg->conn->stream)))
        transfer_take(leg);
}

/* The buffer of the body no longer moves. */
static void finish_response(struct leg *leg)
{
    struct http_response *r = leg->r;

    r->status = leg->reader->status;
    r->version = leg->reader->msg.version;
    if (r->has_body)
        r->body = buf_str(http_response_body(r));
}

void transfer_end(struct leg *leg)
{
    const struct stream *s = leg->conn->stream;

    if (likely(!leg->sending)) {
        leg->sending = stream_send_started_at(s);
        leg->sent = stream_sent_at(s);
    }
    /* What ended without a byte (a close, a failure) ended now, and not when the last byte came. */
    if (leg->result < 0 || leg->reader->msg.framing == HTTP1_FRAMING_CLOSE)
        leg->ended = loop_now(leg->client->cl->loop);
    content_decoder_free(leg->body_sink.decoder);
    if (leg->body_sink.begun)
        finish_response(leg);
}
