/*
 * One round trip and its connection: reuse, framing, codings, limits, what breaks at each phase,
 * what is counted and how long it took.
 */
#include "client/client.h"

#include "client/client_testing.h"
#include "metric/submetric.h"
#include "proto/content.h"
#include "proto/error_code.h"

#define EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

/* Lets the server see what the client did. */
static void settle(void)
{
    for (int i = 0; i < 3; i++)
        assert_int_equal(coro_sleep_until(loop_clock(f.loop) + NS_PER_MS), 0);
}

static void expect_ok(struct http_response *r, const char *body)
{
    assert_string_equal(r->error.n ? r->error.p : "", "");
    assert_int_equal(r->error_code, 0);
    assert_int_equal(r->status, 200);
    assert_true(str_is(r->body, body));
    http_response_unref(r);
}

static void expect_failure(struct http_response *r, int code, const char *text)
{
    char error[256];

    snprintf(error, sizeof(error), "%.*s", STR_ARG(r->error));
    assert_int_equal(r->status, 0);
    assert_int_equal(r->error_code, code);
    assert_non_null(strstr(error, text));
    assert_int_equal(r->n_headers, 0);
    http_response_unref(r);
}

/* ---- connections ---- */

static void body_keep_alive(void)
{
    SCRIPT({.text = HELLO}, {.text = EMPTY}, {.text = HELLO, .after = AFTER_CLOSE},
           {.text = HELLO});
    expect_ok(fetch("GET", "/a"), "hello");
    expect_ok(fetch("POST", "/b"), "");
    expect_ok(fetch("GET", "/c"), "hello");
    settle();
    expect_ok(fetch("POST", "/d"), "hello");
    assert_int_equal(f.connections[0], 1);
    assert_int_equal(f.connections[1], 1);
    assert_int_equal(f.connections[2], 1);
    assert_int_equal(f.connections[3], 2);
    assert_true(str_starts(str_of(f.heads[0]), STR("GET /a HTTP/1.1\r\nHost: one.test:")));
    assert_non_null(strstr(f.heads[0], "\r\nUser-Agent: test"));
}
TEST(keep_alive)

/* The server closes in the moment the next request leaves: nobody's fault for GET, a failure for
 * POST, which may have been carried out. */
static void body_stale_connection(void)
{
    SCRIPT({.text = EMPTY, .after = AFTER_IDLE_FIN}, {.text = HELLO, .after = AFTER_IDLE_FIN});
    expect_ok(fetch("GET", "/"), "");
    expect_ok(fetch("GET", "/again"), "hello");
    assert_int_equal(f.connections[1], 2);
    struct http_response *r = fetch("POST", "/once");

    assert_int_equal(r->status, 0);
    assert_true(r->error_code > 0);
    assert_int_equal(f.n_served, 2);
    http_response_unref(r);
    collect();
    assert_int_equal(n_requests(""), 3);
    assert_int_equal(measured("http_req_failed")->rate.trues, 1);
}
TEST(stale_connection)

static void body_connection_close(void)
{
    SCRIPT({.text = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
           {.text = "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"}, {.text = EMPTY "junk"},
           {.text = EMPTY});
    for (int i = 0; i < 4; i++)
        expect_ok(fetch("GET", "/"), "");
    assert_int_equal(f.n_connections, 4);
}
TEST(connection_close)

static void body_new_each(void)
{
    SCRIPT({.text = EMPTY}, {.text = EMPTY});
    expect_ok(fetch("GET", "/"), "");
    expect_ok(fetch("GET", "/"), "");
    settle();
    assert_int_equal(f.n_connections, 2);
    assert_int_equal(listener_n_open(f.listener), 0);
}

static void test_new_each(void **s UNUSED)
{
    prepare();
    f.settings.no_connection_reuse = true;
    run_prepared(body_new_each);
}

static void fetch_child(void *arg UNUSED)
{
    expect_ok(fetch("GET", "/"), "");
}

static void fetch_at_once(size_t n)
{
    struct coro_waitgroup g;

    coro_waitgroup_init(&g, f.loop);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(coro_waitgroup_spawn(&g, CORO_STACK_SMALL, fetch_child, NULL), 0);
    assert_int_equal(coro_waitgroup_wait(&g), 0);
}

static void body_idle_limit(void)
{
    SCRIPT({.text = EMPTY, .delay = NS_PER_MS}, {.text = EMPTY, .delay = NS_PER_MS},
           {.text = EMPTY, .delay = NS_PER_MS}, {.text = EMPTY, .delay = NS_PER_MS},
           {.text = EMPTY, .delay = NS_PER_MS});
    fetch_at_once(5);
    settle();
    assert_int_equal(f.n_connections, 5);
    assert_int_equal(listener_n_open(f.listener), 2);
}

static void test_idle_limit_per_host(void **s UNUSED)
{
    prepare();
    f.settings.max_idle_per_host = 2;
    run_prepared(body_idle_limit);
}

static void test_idle_limit_in_all(void **s UNUSED)
{
    prepare();
    f.settings.max_idle = 2;
    run_prepared(body_idle_limit);
}

static void body_close_idle(void)
{
    SCRIPT({.text = EMPTY}, {.text = EMPTY});
    expect_ok(fetch("GET", "/"), "");
    client_close_idle(f.client);
    settle();
    assert_int_equal(listener_n_open(f.listener), 0);
    expect_ok(fetch("GET", "/"), "");
    assert_int_equal(f.n_connections, 2);
}
TEST(close_idle)

/* ---- messages ---- */

static void body_framing(void)
{
    SCRIPT(
        {.text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" HELLO},
        {.text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0"
                 "\r\nX-Trailer: 1\r\n\r\n"},
        {.text = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"},
        {.text = "HTTP/1.1 200 OK\r\n\r\nhello", .after = AFTER_CLOSE});
    expect_ok(fetch("GET", "/"), "hello");
    expect_ok(fetch("GET", "/"), "hello");
    struct http_response *r = fetch("HEAD", "/");

    assert_true(r->has_body);
    expect_ok(r, "");
    assert_int_equal(f.n_connections, 1);
    expect_ok(fetch("GET", "/"), "hello");
}
TEST(framing)

static void body_no_body(void)
{
    SCRIPT({.text = "HTTP/1.1 204 No Content\r\n\r\n"},
           {.text = "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"},
           {.text = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone"}, {.text = HELLO});
    struct http_response *r = fetch("GET", "/");

    assert_int_equal(r->status, 204);
    assert_false(r->has_body);
    http_response_unref(r);
    r = fetch("GET", "/");
    assert_int_equal(r->status, 304);
    assert_false(r->has_body);
    http_response_unref(r);
    r = fetch("GET", "/");
    assert_int_equal(r->status, 404);
    assert_int_equal(r->error_code, 1404);
    assert_int_equal(r->error.n, 0);
    assert_true(str_is(r->body, "gone"));
    http_response_unref(r);

    struct url *u = url_at("http", "one.test", "/");
    struct http_request req = request_to("GET", u);

    req.body_mode = HTTP_BODY_DISCARD;
    r = send_request(&req);
    assert_int_equal(r->status, 200);
    assert_false(r->has_body);
    assert_int_equal(r->body.n, 0);
    http_response_unref(r);
    url_unref(u);
    assert_int_equal(f.n_connections, 1);
}
TEST(no_body)

static void body_broken(void)
{
    SCRIPT({.text = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", .after = AFTER_CLOSE},
           {.text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
            .after = AFTER_CLOSE},
           {.after = AFTER_CLOSE}, {.after = AFTER_RESET},
           {.text = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
            .pause = NS_PER_MS,
            .after = AFTER_RESET},
           {.text = "\001\002garbage\r\n\r\n", .after = AFTER_CLOSE},
           {.text = "HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n", .after = AFTER_CLOSE});
    struct http_response *r = fetch("GET", "/");

    assert_true(str_is(r->body, "half"));
    assert_true(r->has_body);
    expect_failure(r, 1000, "unexpected EOF");
    expect_failure(fetch("GET", "/"), 1000, "unexpected EOF");
    expect_failure(fetch("GET", "/"), 1000, "EOF");
    expect_failure(fetch("GET", "/"), 1220, "reset");
    expect_failure(fetch("GET", "/"), 1220, "reset");
    expect_failure(fetch("GET", "/"), 1000, "malformed HTTP response");
    expect_failure(fetch("GET", "/"), 1000, "Content-Length");
    settle();
    assert_int_equal(f.n_connections, 7);
    assert_int_equal(listener_n_open(f.listener), 0);
    assert_int_equal(client_loop_n_requests(f.cl), 7);
    assert_int_equal(client_loop_n_failed(f.cl), 7);
}
TEST(broken)

static void body_huge_announced(void)
{
    SCRIPT({.text = "HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\nx", .after = AFTER_HANG},
           {.text = EMPTY});
    mono_ns start = loop_clock(f.loop);

    expect_failure(fetch("GET", "/"), 1000, "256 MiB");
    assert_true(loop_clock(f.loop) - start < NS_PER_S);
    settle();
    assert_int_equal(listener_n_open(f.listener), 0);
    expect_ok(fetch("GET", "/"), "");
}
TEST(huge_announced)

static void body_endless_head(void)
{
    static char head[400 << 10];
    static struct answer row;

    memset(head, 'x', sizeof(head));
    snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nX: ");
    head[20] = 'x';
    row = (struct answer){.text = head, .n_text = sizeof(head), .after = AFTER_HANG};
    f.answers = &row;
    f.n_answers = 1;
    struct http_response *r = fetch("GET", "/");

    assert_int_equal(r->status, 0);
    assert_int_equal(r->error_code, 1000);
    http_response_unref(r);
}
TEST(endless_head)

/* ---- codings ---- */

static void answer_coded(enum content_coding coding, bool corrupt)
{
    static struct answer row;
    struct buf body = {0}, text = {0};
    char plain[5000];

    for (size_t i = 0; i < sizeof(plain); i++)
        plain[i] = (char)('a' + i % 17);
    assert_int_equal(content_encode(coding, str_from(plain, sizeof(plain)), &body), 0);
    if (corrupt)
        memset(body.data + body.len / 2, 0xaa, body.len - body.len / 2);
    buf_printf(&text, "HTTP/1.1 200 OK\r\nContent-Encoding: %.*s\r\nContent-Length: %zu\r\n\r\n",
               STR_ARG(content_coding_name(coding)), body.len);
    buf_putstr(&text, buf_str(&body));
    row = (struct answer){.text = text.data, .n_text = text.len};
    f.answers = &row;
    f.n_answers = 1;
    f.n_served = 0;
    struct http_response *r = fetch("GET", "/");

    if (corrupt) {
        expect_failure(r, 1701, "error decompressing response body");
    } else {
        assert_true(str_eq(r->body, str_from(plain, sizeof(plain))));
        assert_int_equal(r->status, 200);
        http_response_unref(r);
    }
    buf_fini(&body);
    buf_fini(&text);
}

static void body_codings(void)
{
    for (int i = 0; i < N_CONTENT_CODINGS; i++)
        answer_coded((enum content_coding)i, false);
    assert_int_equal(f.n_connections, 1);
    for (int i = 0; i < N_CONTENT_CODINGS; i++)
        answer_coded((enum content_coding)i, true);
    collect();
    assert_int_equal(n_requests("{error_code:1701,status:0}"), N_CONTENT_CODINGS);
    assert_int_equal(n_requests("{status:200}"), N_CONTENT_CODINGS);
}
TEST(codings)

static void body_unknown_coding(void)
{
    SCRIPT({.text = "HTTP/1.1 200 OK\r\nContent-Encoding: x-own\r\nContent-Length: 3\r\n\r\nabc"});
    expect_ok(fetch("GET", "/"), "abc");
}
TEST(unknown_coding)

/* ---- uploads ---- */

enum {
    UPLOAD_BYTES = 12 << 20
};

static struct http_response *upload(size_t n, span_ns timeout)
{
    struct url *u = url_at("http", "one.test", "/up");
    struct http_request req = request_to("POST", u);
    char *body = xcalloc(1, n);

    req.body = str_from(body, n);
    req.has_body = true;
    req.timeout = timeout;
    struct http_response *r = send_request(&req);

    free(body);
    url_unref(u);
    return r;
}

/* Without a time limit: the clock would jump to it whenever the kernel takes its time. */
static void body_uploads(void)
{
    SCRIPT({.text = EMPTY}, {.text = EMPTY}, {.text = EMPTY}, {.text = EMPTY});
    expect_ok(upload(0, 0), "");
    expect_ok(upload(16 << 10, 0), "");
    expect_ok(upload((16 << 10) + 1, 0), "");
    expect_ok(upload(UPLOAD_BYTES, 0), "");
    assert_int_equal(f.n_bodies[0], 0);
    assert_non_null(strstr(f.heads[0], "Content-Length: 0"));
    assert_int_equal(f.n_bodies[1], 16 << 10);
    assert_int_equal(f.n_bodies[2], (16 << 10) + 1);
    assert_int_equal(f.n_bodies[3], UPLOAD_BYTES);
    assert_int_equal(f.n_connections, 1);
}
TEST(uploads)

#define REFUSED "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"

/* The server answers a large body without reading it. */
static void body_refused_upload(void)
{
    SCRIPT({.text = REFUSED, .early = true, .after = AFTER_DEAF},
           {.text = REFUSED, .early = true, .delay = 100 * NS_PER_MS, .after = AFTER_DEAF},
           {.text = EMPTY});
    for (int i = 0; i < 2; i++) {
        mono_ns start = loop_clock(f.loop);
        struct http_response *r = upload(UPLOAD_BYTES, 30 * NS_PER_S);

        assert_int_equal(r->status, 413);
        assert_true(str_is(r->body, "no"));
        assert_true(loop_clock(f.loop) - start < NS_PER_S);
        assert_true(r->timings.duration ==
                    r->timings.sending + r->timings.waiting + r->timings.receiving);
        if (i == 1)
            assert_true(r->timings.sending >= 99 * NS_PER_MS);
        http_response_unref(r);
    }
    /* The connection is in the middle of a body. */
    expect_ok(fetch("GET", "/"), "");
    assert_int_equal(f.connections[2], 3);
}
TEST(refused_upload)

static void body_stuck_upload(void)
{
    SCRIPT({.early = true, .after = AFTER_DEAF});
    struct http_response *r = upload(UPLOAD_BYTES, 2 * NS_PER_S);

    assert_true(r->timings.sending > 1900 * NS_PER_MS);
    assert_int_equal(r->timings.waiting, 0);
    expect_failure(r, 1050, "request timeout");
}
TEST(stuck_upload)

static void body_reset_upload(void)
{
    SCRIPT({.early = true, .after = AFTER_RESET});
    struct http_response *r = upload(UPLOAD_BYTES, 2 * NS_PER_S);

    assert_int_equal(r->status, 0);
    assert_in_range(r->error_code, 1200, 1220);
    http_response_unref(r);
}
TEST(reset_upload)

/* ---- time ---- */

static struct http_response *fetch_within(const char *path, span_ns timeout)
{
    struct url *u = url_at("http", "one.test", path);
    struct http_request req = request_to("GET", u);

    req.timeout = timeout;
    struct http_response *r = send_request(&req);

    url_unref(u);
    return r;
}

static void expect_about(span_ns is, span_ns should)
{
    assert_in_range(is, should, should + 5 * NS_PER_MS);
}

static void body_timings(void)
{
    SCRIPT({.text = HELLO, .delay = 30 * NS_PER_MS},
           {.text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
            .delay = 20 * NS_PER_MS,
            .pause = 50 * NS_PER_MS,
            .after = AFTER_CLOSE},
           {.text = "HTTP/1.1 200 OK\r\n\r\nhello", .pause = 70 * NS_PER_MS, .after = AFTER_CLOSE});
    struct http_response *r = fetch("GET", "/");

    expect_about(r->timings.waiting, 30 * NS_PER_MS);
    expect_about(r->timings.receiving, 0);
    expect_about(r->timings.duration, 30 * NS_PER_MS);
    http_response_unref(r);
    r = fetch("GET", "/");
    assert_int_equal(r->timings.connecting, 0);
    expect_about(r->timings.waiting, 20 * NS_PER_MS);
    /* It ended when the server closed, not when the last byte came. */
    expect_about(r->timings.receiving, 50 * NS_PER_MS);
    http_response_unref(r);
    r = fetch("GET", "/");
    assert_int_equal(r->status, 200);
    expect_about(r->timings.receiving, 70 * NS_PER_MS);
    http_response_unref(r);
    collect();
    assert_int_equal(measured("http_req_waiting")->trend.count, 3);
    assert_int_equal(measured("http_req_duration")->trend.count, 3);
}
TEST(timings)

static void body_timeouts(void)
{
    SCRIPT({.after = AFTER_HANG}, {.text = "HTTP/1.1 200 OK\r\n", .after = AFTER_HANG},
           {.text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", .after = AFTER_HANG},
           {.text = EMPTY});
    for (int i = 0; i < 3; i++) {
        mono_ns start = loop_clock(f.loop);
        struct http_response *r = fetch_within("/", 2 * NS_PER_S);

        expect_about(loop_clock(f.loop) - start, 2 * NS_PER_S);
        expect_about(r->timings.duration, 2 * NS_PER_S);
        expect_failure(r, 1050, "request timeout");
    }
    expect_ok(fetch("GET", "/"), "");
    settle();
    assert_int_equal(f.n_connections, 4);
    assert_int_equal(listener_n_open(f.listener), 1);
}
TEST(timeouts)

/* What the script computed before the request does not count against it. */
static void body_late_clock(void)
{
    SCRIPT({.text = EMPTY, .delay = NS_PER_MS});
    f.time.now += 10 * NS_PER_S;
    struct http_response *r = fetch_within("/", NS_PER_S);

    expect_ok(r, "");
}
TEST(late_clock)

static void body_refused(void)
{
    struct url *u = NULL;

    assert_int_equal(url_parse(STR("http://dead.test/"), NULL, &u), 0);
    struct http_request req = request_to("GET", u);

    expect_failure(send_request(&req), 1212, "connection refused");
    url_unref(u);
    collect();
    assert_int_equal(n_requests("{error_code:1212}"), 1);
    assert_int_equal(n_requests("{error:dial: connection refused,status:0}"), 1);
}
TEST(refused)

/* ---- cancelling ---- */

struct victim {
    struct coro *coro;
    const char *scheme;
    size_t n_body;
    int result;
    bool done;
};

static void victim_run(void *arg)
{
    struct victim *v = arg;
    struct url *u = url_at(v->scheme, "one.test", "/");
    struct http_request req = request_to(v->n_body ? "POST" : "GET", u);
    struct http_response *r = NULL;
    char *body = xcalloc(1, v->n_body + 1);

    req.body = str_from(body, v->n_body);
    req.has_body = v->n_body > 0;
    v->result = client_request(f.client, &req, &r);
    assert_null(r);
    free(body);
    url_unref(u);
    v->done = true;
}

static void cancel_at(const char *scheme, size_t n_body, span_ns after)
{
    struct victim v = {.scheme = scheme, .n_body = n_body};

    assert_int_equal(coro_spawn(f.loop, CORO_STACK_SMALL, victim_run, &v, &v.coro), 0);
    if (after)
        assert_int_equal(coro_sleep_until(loop_clock(f.loop) + after), 0);
    coro_cancel(v.coro);
    settle();
    assert_true(v.done);
    assert_int_equal(v.result, CLIENT_E_CANCELLED);
    /* A server that does not read does not see that we are gone. */
    assert_int_equal(listener_n_open(f.listener), n_body > 0);
}

static void body_cancel(void)
{
    SCRIPT({.after = AFTER_HANG}, {.text = "HTTP/1.1 200", .after = AFTER_HANG},
           {.text = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel", .after = AFTER_HANG},
           {.early = true, .after = AFTER_DEAF});
    cancel_at("http", 0, 0);         /* before it starts */
    cancel_at("http", 0, NS_PER_MS); /* waiting for the head, in the head, in the body */
    cancel_at("http", 0, NS_PER_MS);
    cancel_at("http", 0, NS_PER_MS);
    cancel_at("http", UPLOAD_BYTES, NS_PER_MS);
    assert_int_equal(client_loop_n_requests(f.cl), 0);
    collect();
    assert_int_equal(n_requests(""), 0);
}

static void serve_silence(struct stream *s, void *arg UNUSED)
{
    char c[512];

    while (stream_recv(s, c, sizeof(c), MONO_NEVER) > 0)
        ;
    stream_close(s, STREAM_CLOSE);
}

/* In the middle of connecting and of the TLS handshake. */
static void body_cancel_handshake(void)
{
    struct listener_options o = {.addr = {.family = AF_INET, .ip = {127, 0, 0, 1}},
                                 .fn = serve_silence};

    listener_close(f.listener);
    assert_int_equal(listener_open(f.loop, &o, &f.listener), 0);
    cancel_at("https", 0, 0);
    cancel_at("https", 0, NS_PER_MS);
    collect();
    assert_int_equal(n_requests(""), 0);
}

static void test_cancel(void **s UNUSED)
{
    run(body_cancel);
    run(body_cancel_handshake);
}

/* ---- accounts ---- */

static void body_bytes(void)
{
    SCRIPT({.text = HELLO}, {.text = EMPTY},
           {.text = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", .after = AFTER_CLOSE},
           {.text = EMPTY});
    expect_ok(fetch("GET", "/"), "hello");
    expect_ok(upload(100000, 0), "");
    expect_failure(fetch("GET", "/"), 1000, "EOF");
    struct client_bytes first = client_take_bytes(f.client);

    expect_ok(fetch("GET", "/"), "");
    client_close_idle(f.client);
    settle();
    struct client_bytes second = client_take_bytes(f.client);

    assert_true(first.sent > 100000);
    assert_int_equal(first.sent + second.sent, f.bytes_in);
    assert_int_equal(first.received + second.received, f.bytes_out);
    assert_int_equal(client_take_bytes(f.client).sent, 0);
    collect();
    assert_true(measured("http_req_data_sent")->counter.sum == (double)f.bytes_in);
    assert_true(measured("http_req_data_received")->counter.sum == (double)f.bytes_out);
    assert_true(measured("http_req_data_sent{method:PUT}")->counter.sum +
                    measured("http_req_data_sent{method:POST}")->counter.sum >
                100000);
}
TEST(bytes)

static void body_samples(void)
{
    SCRIPT({.text = HELLO}, {.text = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"},
           {.text = HELLO}, {.text = HELLO});
    struct url *u = url_at("http", "one.test", "/s");
    struct http_request req = request_to("GET", u);
    char tags[256];

    http_response_unref(send_request(&req));
    http_response_unref(send_request(&req));
    req.name = STR("named");
    req.tags = tagset_add(f.tags, tagset_empty(f.tags), STR("mine"), STR("1"));
    http_response_unref(send_request(&req));
    req.expected = NULL;
    http_response_unref(send_request(&req));
    collect();
    snprintf(tags, sizeof(tags), "{name:%.*s,method:GET,status:200,proto:HTTP/1.1}",
             STR_ARG(u->display));
    assert_int_equal(n_requests(tags), 1);
    assert_int_equal(n_requests("{status:404,error_code:1404,expected_response:false}"), 1);
    assert_int_equal(n_requests("{name:named,url:named,mine:1}"), 2);
    assert_int_equal(n_requests("{name:named,expected_response:true}"), 1);
    assert_int_equal(measured("http_req_failed")->rate.total, 3);
    assert_int_equal(measured("http_req_failed")->rate.trues, 1);
    assert_int_equal(measured("http_req_blocked")->trend.count, 4);
    url_unref(u);
}
TEST(samples)

/* What the status calls a failure is one at once; the rest waits for the script. */
static void body_judged_later(void)
{
    SCRIPT({.text = HELLO}, {.text = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"});
    struct url *u = url_at("http", "one.test", "/s");
    struct http_request req = request_to("GET", u);

    req.judged_later = true;
    http_response_unref(send_request(&req));
    http_response_unref(send_request(&req));
    collect();
    assert_int_equal(measured("http_reqs")->counter.sum, 2);
    assert_int_equal(measured("http_req_failed")->rate.total, 1);
    assert_int_equal(measured("http_req_failed")->rate.trues, 1);
    assert_int_equal(n_requests("{status:404,expected_response:false}"), 1);
    url_unref(u);
}
TEST(judged_later)

/* The other way round: what failed waits for its text, and is kept as a failure all the same. */
static void body_blamed_later(void)
{
    SCRIPT({.text = HELLO}, {.text = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"},
           {.text = "HTTP/1.1 2", .after = AFTER_CLOSE});
    struct url *u = url_at("http", "one.test", "/s");
    struct http_request req = request_to("GET", u);

    req.blamed_later = true;
    http_response_unref(send_request(&req));
    http_response_unref(send_request(&req));
    http_response_unref(send_request(&req));
    collect();
    assert_int_equal(measured("http_reqs")->counter.sum, 3);
    assert_int_equal(measured("http_req_failed")->rate.total, 2);
    assert_int_equal(measured("http_req_failed")->rate.trues, 1); /* where there is no status */
    assert_int_equal(n_requests("{status:200,expected_response:true}"), 1);
    assert_int_equal(n_requests("{status:404,expected_response:false}"), 0);
    url_unref(u);
}
TEST(blamed_later)

static struct http_response *get_path(const char *path, const char *name)
{
    struct url *u = url_at("http", "one.test", path);
    struct http_request req = request_to("GET", u);

    req.name = str_of(name);
    struct http_response *r = send_request(&req);

    url_unref(u);
    return r;
}

/* More addresses than are remembered, one of them named by the script. */
static void body_groups(void)
{
    char path[64];

    for (int i = 0; i < 30; i++) {
        snprintf(path, sizeof(path), "/users/%d?page=%d", i, i);
        expect_ok(get_path(path, i == 7 ? "mine" : NULL), "");
    }
    expect_ok(get_path("/users/1", NULL), "");
    expect_ok(get_path("/files/a/b", NULL), "");
    collect();
    char tags[128];
    struct url *u = url_at("http", "one.test", "/users/{id}");

    snprintf(tags, sizeof(tags), "{name:%.*s}", STR_ARG(u->display));
    assert_int_equal(n_requests(tags), 30);
    snprintf(tags, sizeof(tags), "{url:%.*s}", STR_ARG(u->display));
    assert_int_equal(n_requests(tags), 30);
    assert_int_equal(n_requests("{name:mine}"), 1);
    url_unref(u);
    u = url_at("http", "one.test", "/files/**");
    snprintf(tags, sizeof(tags), "{name:%.*s}", STR_ARG(u->display));
    assert_int_equal(n_requests(tags), 1);
    url_unref(u);
}

static void test_groups(void **s UNUSED)
{
    static const char *const patterns[] = {"/files/**"};
    static struct answer answers[32];

    for (size_t i = 0; i < countof(answers); i++)
        answers[i] = (struct answer){.text = EMPTY};
    prepare();
    f.settings.group_urls = true;
    f.settings.url_patterns = patterns;
    f.settings.n_url_patterns = 1;
    f.answers = answers;
    f.n_answers = countof(answers);
    run_prepared(body_groups);
}

static void body_tls(void)
{
    SCRIPT({.text = HELLO}, {.text = EMPTY});
    struct url *u = url_at("https", "one.test", "/");
    struct http_request req = request_to("GET", u);
    struct http_response *r = send_request(&req);

    assert_string_equal(r->tls_version, "tls1.3");
    expect_ok(r, "hello");
    r = send_request(&req);
    assert_int_equal(r->timings.tls_handshaking, 0);
    expect_ok(r, "");
    assert_int_equal(f.n_connections, 1);
    collect();
    assert_int_equal(n_requests("{tls_version:tls1.3}"), 2);
    url_unref(u);
}

static void test_tls(void **s UNUSED)
{
    prepare();
    assert_int_equal(tls_server_self_signed("one.test", &f.server_tls, NULL), 0);
    run_prepared(body_tls);
}

/* A request may do without a look at the certificate; its connection is for the like of it alone.
 */
static void body_unverified(void)
{
    SCRIPT({.text = HELLO}, {.text = EMPTY});
    struct url *u = url_at("https", "one.test", "/");
    struct http_request req = request_to("GET", u);
    struct http_response *r = send_request(&req);

    assert_int_equal(r->status, 0);
    assert_int_equal(r->error_code, ERROR_CODE_X509_UNKNOWN_AUTHORITY);
    http_response_unref(r);
    req.insecure = true;
    expect_ok(send_request(&req), "hello");
    expect_ok(send_request(&req), "");
    req.insecure = false;
    r = send_request(&req);
    assert_int_equal(r->status, 0);
    http_response_unref(r);
    url_unref(u);
}

static void test_unverified(void **s UNUSED)
{
    prepare();
    f.settings.tls_insecure = false;
    assert_int_equal(tls_server_self_signed("one.test", &f.server_tls, NULL), 0);
    run_prepared(body_unverified);
}

/* ---- the gate ---- */

static void body_rate(void)
{
    SCRIPT({.text = EMPTY}, {.text = EMPTY}, {.text = EMPTY}, {.text = EMPTY});
    mono_ns start = loop_clock(f.loop);

    for (int i = 0; i < 4; i++)
        expect_ok(fetch("GET", "/"), "");
    expect_about(loop_clock(f.loop) - start, 300 * NS_PER_MS);
}

static void test_rate(void **s UNUSED)
{
    prepare();
    f.settings.rps = 10;
    run_prepared(body_rate);
}

int main(void)
{
    if (!test_io_works())
        return TEST_SKIPPED;

    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_stale_connection),
        cmocka_unit_test(test_connection_close),
        cmocka_unit_test(test_new_each),
        cmocka_unit_test(test_idle_limit_per_host),
        cmocka_unit_test(test_idle_limit_in_all),
        cmocka_unit_test(test_close_idle),
        cmocka_unit_test(test_framing),
        cmocka_unit_test(test_no_body),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_huge_announced),
        cmocka_unit_test(test_endless_head),
        cmocka_unit_test(test_codings),
        cmocka_unit_test(test_unknown_coding),
        cmocka_unit_test(test_uploads),
        cmocka_unit_test(test_refused_upload),
        cmocka_unit_test(test_stuck_upload),
        cmocka_unit_test(test_reset_upload),
        cmocka_unit_test(test_timings),
        cmocka_unit_test(test_timeouts),
        cmocka_unit_test(test_late_clock),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_judged_later),
        cmocka_unit_test(test_blamed_later),
        cmocka_unit_test(test_judged_later),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_tls),
        cmocka_unit_test(test_unverified),
        cmocka_unit_test(test_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
