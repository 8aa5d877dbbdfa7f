#pragma once
/*
 * What the tests of the client share: a loop whose clock jumps when nothing is ready, a client on
 * it, and a server beside it that answers the n-th request it reads with the n-th row of a script.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "client/client.h"
#include "client/client_policy.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "loop/test_io.h"
#include "metric/metric.h"
#include "metric/recorder.h"
#include "metric/snapshot.h"
#include "metric/submetric.h"
#include "metric/systag.h"
#include "net/listener.h"
#include "net/stream.h"
#include "net/tls.h"
#include "proto/cookie.h"
#include "proto/http.h"
#include "proto/url.h"

/* What the server does after it has read a request and sent its answer. */
enum after {
    AFTER_KEEP,
    AFTER_CLOSE,
    AFTER_RESET,
    AFTER_HANG,     /* reads on and answers nothing */
    AFTER_DEAF,     /* reads no more, keeps the connection */
    AFTER_IDLE_FIN, /* closes when the next request arrives, unread */
};

struct answer {
    const char *text; /* NULL: none */
    size_t n_text;    /* 0: strlen */
    span_ns delay;    /* before it */
    span_ns pause;    /* after it, before what comes then */
    enum after after;
    bool early; /* after the head: the body is left unread */
};

struct fixture {
    struct loop_time_virtual time;
    struct loop *loop;
    struct listener *listener;
    struct tls_config *server_tls;
    struct metric_registry *registry;
    struct tag_pool *tags;
    struct recorder *recorder;
    struct snapshot *snapshot;
    struct client_policy *policy;
    struct client_loop *cl;
    struct client *client;
    struct status_set *expected;
    const struct answer *answers;
    size_t n_answers, n_served;
    char heads[40][2048]; /* of the requests the server read */
    size_t connections[40];
    size_t n_bodies[40]; /* bytes */
    size_t n_connections;
    uint64_t bytes_in, bytes_out; /* the server's */
    struct client_settings settings;
    struct client_capture capture;
};

static struct fixture f;

#define OK(body) "HTTP/1.1 200 OK\r\nContent-Length: " body
#define ANSWER(...)       \
    (const struct answer) \
    {                     \
        __VA_ARGS__       \
    }
#define SCRIPT(...)                                         \
    do {                                                    \
        static const struct answer rows_[] = {__VA_ARGS__}; \
                                                            \
        f.answers = rows_;                                  \
        f.n_answers = countof(rows_);                       \
        f.n_served = 0;                                     \
    } while (0)

/* ---- the server ---- */

static int serve_answer(struct stream *s, const struct answer *a)
{
    if (a->delay && coro_sleep_until(loop_clock(f.loop) + a->delay))
        return -1;
    if (a->text &&
        stream_send_wait(s, a->text, a->n_text ? a->n_text : strlen(a->text), MONO_NEVER))
        return -1;
    if (a->pause && coro_sleep_until(loop_clock(f.loop) + a->pause))
        return -1;
    return 0;
}

/* Reads a request into f.heads; false at the end of the connection. */
static bool serve_read(struct stream *s, size_t connection)
{
    struct buf in = BUF_INIT(64 << 20);
    char part[16384];
    size_t end;

    while ((end = str_find_str(buf_str(&in), STR("\r\n\r\n"))) == in.len) {
        ssize_t n = stream_recv(s, part, sizeof(part), MONO_NEVER);

        if (n <= 0) {
            buf_fini(&in);
            return false;
        }
        buf_put(&in, part, (size_t)n);
    }
    size_t at = f.n_served++;

    assert_true(at < countof(f.heads) && at < f.n_answers);
    snprintf(f.heads[at], sizeof(f.heads[at]), "%.*s", (int)end, in.data);
    f.connections[at] = connection;
    const char *length = strstr(f.heads[at], "Content-Length: ");
    size_t n_body = length ? strtoul(length + 16, NULL, 10) : 0;
    size_t got = in.len - end - 4;

    buf_fini(&in);
    while (got < n_body && !f.answers[at].early) {
        ssize_t n = stream_recv(s, part, sizeof(part), MONO_NEVER);

        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    f.n_bodies[at] = got;
    return true;
}

static bool serve_after(struct stream *s, enum after after)
{
    char c[4096];

    switch (after) {
    case AFTER_HANG:
        while (stream_recv(s, c, sizeof(c), MONO_NEVER) > 0)
            ;
        return false;
    case AFTER_DEAF:
        ignored(coro_sleep_until(MONO_NEVER));
        return false;
    case AFTER_IDLE_FIN:
        ignored(stream_recv(s, c, 1, MONO_NEVER) > 0);
        return false;
    case AFTER_KEEP:
        return true;
    default:
        return false;
    }
}

static void serve(struct stream *s, void *arg UNUSED)
{
    size_t connection = ++f.n_connections;
    enum after after = AFTER_KEEP;

    while (after == AFTER_KEEP && serve_read(s, connection)) {
        const struct answer *a = &f.answers[f.n_served - 1];

        after = a->after;
        if (serve_answer(s, a) || !serve_after(s, after))
            break;
    }
    f.bytes_in += stream_bytes_in(s);
    f.bytes_out += stream_bytes_out(s);
    stream_close(s, after == AFTER_RESET ? STREAM_CLOSE_RESET : STREAM_CLOSE);
}

/* ---- the client ---- */

static struct url *url_at(const char *scheme, const char *host, const char *path)
{
    struct url *u = NULL;
    char text[512];

    snprintf(text, sizeof(text), "%s://%s:%u%s", scheme, host, listener_addr(f.listener).port,
             path);
    assert_int_equal(url_parse(str_of(text), NULL, &u), 0);
    return u;
}

static struct http_request request_to(const char *method, struct url *u)
{
    return (struct http_request){.method = str_of(method),
                                 .url = u,
                                 .timeout = 60 * NS_PER_S,
                                 .max_redirects = 10,
                                 .tags = tagset_empty(f.tags),
                                 .expected = f.expected};
}

static struct http_response *send_request(const struct http_request *req)
{
    struct http_response *r = NULL;

    assert_int_equal(client_request(f.client, req, &r), 0);
    assert_non_null(r);
    return r;
}

/* Sends and drops the reference to the URL. */
UNUSED static struct http_response *fetch(const char *method, const char *path)
{
    struct url *u = url_at("http", "one.test", path);
    struct http_request req = request_to(method, u);
    struct http_response *r = send_request(&req);

    url_unref(u);
    return r;
}

/* ---- what was measured ---- */

UNUSED static void collect(void)
{
    snapshot_tick_begin(f.snapshot);
    struct interval *iv = recorder_swap(f.recorder);

    if (iv)
        snapshot_merge(f.snapshot, iv);
    snapshot_tick_end(f.snapshot, loop_clock(f.loop));
}

/* The total of "metric{tags}". */
UNUSED static const struct value *measured(const char *name)
{
    struct submetric_name parsed;
    struct snap_metric *m = NULL;

    assert_int_equal(submetric_parse(str_of(name), &parsed), 0);
    assert_int_equal(snapshot_submetric(f.snapshot, &parsed, str_of(name), &m), 0);
    return &m->total;
}

UNUSED static uint64_t n_requests(const char *tags)
{
    char name[512];

    snprintf(name, sizeof(name), "http_reqs%s", tags);
    return measured(name)->counter.n;
}

/* ---- around it ---- */

static void open_client(void)
{
    assert_int_equal(client_policy_new(&f.settings, &f.policy), 0);
    struct client_loop_config config = {.loop = f.loop,
                                        .policy = f.policy,
                                        .recorder = f.recorder,
                                        .tags = f.tags,
                                        .capture = f.capture};

    assert_int_equal(client_loop_new(&config, &f.cl), 0);
    f.client = client_new(f.cl, 0);
}

static void close_client(void)
{
    client_free(f.client);
    client_loop_free(f.cl);
    client_policy_free(f.policy);
    f.client = NULL;
    f.cl = NULL;
    f.policy = NULL;
}

static void open_listener(void)
{
    struct listener_options o = {
        .addr = {.family = AF_INET, .ip = {127, 0, 0, 1}}, .fn = serve, .tls = f.server_tls};

    assert_int_equal(listener_open(f.loop, &o, &f.listener), 0);
}

static void run_main(void *arg)
{
    void (*body)(void) = *(void (**)(void))arg;

    open_listener();
    open_client();
    body();
    close_client();
    listener_close(f.listener);
    loop_stop(f.loop);
}

static const struct client_pair test_hosts[] = {{"one.test", "127.0.0.1"},
                                                {"two.test", "127.0.0.1"},
                                                {"sub.one.test", "127.0.0.1"},
                                                {"dead.test", "127.0.0.1:1"}};

static const struct client_settings test_settings = {.user_agent = "test",
                                                     .hosts = test_hosts,
                                                     .n_hosts = countof(test_hosts),
                                                     .dns_ttl = NS_PER_S,
                                                     .tls_insecure = true};

static void prepare(void)
{
    /* Keeping exchanges changes nothing of what is tested, and is tested by it. */
    f = (struct fixture){.settings = test_settings, .capture = {.keep = 3, .body_bytes = 4096}};
    f.settings.system_tags = systag_default;
    f.registry = metric_registry_new();
    f.tags = tag_pool_new();
    f.recorder = recorder_new(
        &(struct recorder_config){.registry = f.registry, .pool = f.tags, .source = 0});
    f.snapshot = snapshot_new(&(struct snapshot_config){.registry = f.registry});
    f.expected = xcalloc(1, sizeof(*f.expected) + sizeof(f.expected->range[0]));
    f.expected->n = 1;
    f.expected->range[0].min = 200;
    f.expected->range[0].max = 399;
}

static void run_prepared(void (*body)(void))
{
    loop_time_virtual_init(&f.time, NS_PER_S);
    assert_int_equal(
        loop_new(&(struct loop_options){.io = test_io(), .time = &f.time.time}, &f.loop), 0);
    assert_int_equal(coro_spawn(f.loop, CORO_STACK_LARGE, run_main, &body, NULL), 0);
    assert_int_equal(loop_run(f.loop), 0);
    loop_free(f.loop);
    snapshot_free(f.snapshot);
    recorder_free(f.recorder);
    tag_pool_free(f.tags);
    metric_registry_free(f.registry);
    tls_config_unref(f.server_tls);
    free(f.expected);
}

UNUSED static void run(void (*body)(void))
{
    prepare();
    run_prepared(body);
}

/* Makes a cmocka test of body_NAME, which runs on a coroutine of the loop. */
#define TEST(name)                           \
    static void test_##name(void **s UNUSED) \
    {                                        \
        run(body_##name);                    \
    }
