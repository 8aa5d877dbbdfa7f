/* Streams and dialling over loopback, with client and server on one loop (stream_testing.h). */
#include "net/stream.h"

#include <sys/resource.h>
#include <unistd.h>

#include "net/net_policy.h"
#include "net/proxy.h"
#include "net/resolver.h"
#include "net/stream_testing.h"

/* ---- servers ---- */

static void serve_echo(struct stream *s, void *arg UNUSED)
{
    char buf[4096];
    ssize_t n;

    while ((n = stream_recv(s, buf, sizeof(buf), MONO_NEVER)) > 0)
        assert_int_equal(stream_send_wait(s, buf, (size_t)n, MONO_NEVER), 0);
    stream_close(s, STREAM_CLOSE);
}

static void serve_reset(struct stream *s, void *arg UNUSED)
{
    char c;

    ignored(stream_recv(s, &c, 1, MONO_NEVER) > 0);
    stream_close(s, STREAM_CLOSE_RESET);
}

static void serve_answer_and_end(struct stream *s, void *arg UNUSED)
{
    char c;

    ignored(stream_recv(s, &c, 1, MONO_NEVER) > 0);
    ignored(stream_send(s, "bye", 3));
    stream_close(s, STREAM_CLOSE);
}

static void serve_nothing(struct stream *s, void *arg UNUSED)
{
    ignored(coro_sleep_until(MONO_NEVER));
    stream_close(s, STREAM_CLOSE);
}

/* ---- many at once: what is received before its reader's turn ---- */

enum {
    N_CROWD = 24,
    CROWD_ROUNDS = 6,
    CROWD_MAX = 20000,
};

struct crowd_member {
    struct listener *ln;
    unsigned number;
};

/* Lengths around the 4 KiB that are taken early, read in pieces smaller and larger than them. */
static void crowd_round(struct stream *s, unsigned number, unsigned round)
{
    static const size_t lengths[] = {1, 100, 4095, 4096, 4097, 9000, CROWD_MAX};
    static const size_t pieces[] = {7, 64, 4096, 16384};
    size_t n = lengths[(number + round) % countof(lengths)];
    size_t piece = pieces[(number + 3 * round) % countof(pieces)];
    char *sent = xmalloc(n), *got = xmalloc(n + piece);

    for (size_t i = 0; i < n; i++)
        sent[i] = (char)(i * 31 + number * 7 + round);
    assert_int_equal(stream_send(s, sent, n), 0);
    for (size_t at = 0; at < n;) {
        ssize_t r = stream_recv(s, got + at, piece, MONO_NEVER);

        assert_true(r > 0 && (size_t)r <= piece);
        at += (size_t)r;
        assert_true(at <= n);
    }
    assert_memory_equal(sent, got, n);
    free(sent);
    free(got);
}

static void crowd_run(void *arg)
{
    const struct crowd_member *m = arg;
    struct stream *s = dial_listener(m->ln);
    uint64_t before = stream_bytes_in(s);

    for (unsigned round = 0; round < CROWD_ROUNDS; round++)
        crowd_round(s, m->number, round);
    assert_int_equal(stream_bytes_in(s) - before, stream_bytes_out(s));
    assert_true(stream_is_idle_good(s));
    stream_close(s, STREAM_CLOSE);
}

static void body_crowd(void)
{
    struct listener *ln = serve(serve_echo, loopback(0));
    struct crowd_member members[N_CROWD];
    struct coro_waitgroup group;

    coro_waitgroup_init(&group, loop);
    for (unsigned i = 0; i < N_CROWD; i++) {
        members[i] = (struct crowd_member){.ln = ln, .number = i};
        assert_int_equal(coro_waitgroup_spawn(&group, CORO_STACK_SMALL, crowd_run, &members[i]), 0);
    }
    assert_int_equal(coro_waitgroup_wait(&group), 0);
    listener_close(ln);
}

static void test_crowd(void **state UNUSED)
{
    run(body_crowd);
}

/* A reader that is cancelled in the very turn its bytes were taken early finds them later. */
struct victim {
    struct stream *s;
    struct coro *coro;
    bool was_cancelled;
    char got[8];
};

static void victim_run(void *arg)
{
    struct victim *v = arg;

    v->coro = coro_self();
    ssize_t n = stream_recv(v->s, v->got, sizeof(v->got), MONO_NEVER);

    if (n == -NET_CANCELLED) {
        v->was_cancelled = true;
        coro_uncancel(coro_self());
        n = stream_recv(v->s, v->got, sizeof(v->got), MONO_NEVER);
    }
    assert_int_equal(n, 4);
    assert_memory_equal(v->got, "ping", 4);
}

struct killer {
    struct stream *s;
    struct victim *victims;
    size_t n;
};

/* Wakes in the same turn as its victims, on bytes of its own. */
static void killer_run(void *arg)
{
    struct killer *k = arg;
    char buf[8];

    assert_int_equal(stream_recv(k->s, buf, sizeof(buf), MONO_NEVER), 4);
    for (size_t i = 0; i < k->n; i++)
        coro_cancel(k->victims[i].coro);
}

static void body_early_cancel(void)
{
    enum {
        N = 6
    };
    struct listener *ln = serve(serve_echo, loopback(0));
    struct victim victims[N] = {{0}};
    size_t n_cancelled = 0;
    struct killer killer = {.s = dial_listener(ln), .victims = victims, .n = N};
    struct coro_waitgroup group;

    coro_waitgroup_init(&group, loop);
    for (size_t i = 0; i < N; i++)
        victims[i].s = dial_listener(ln);
    assert_int_equal(coro_waitgroup_spawn(&group, CORO_STACK_SMALL, killer_run, &killer), 0);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(coro_waitgroup_spawn(&group, CORO_STACK_SMALL, victim_run, &victims[i]),
                         0);
    }
    assert_int_equal(coro_yield(), 0);
    assert_int_equal(stream_send(killer.s, "ping", 4), 0);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(stream_send(victims[i].s, "ping", 4), 0);
    assert_int_equal(coro_waitgroup_wait(&group), 0);
    for (size_t i = 0; i < N; i++) {
        n_cancelled += victims[i].was_cancelled;
        stream_close(victims[i].s, STREAM_CLOSE);
    }
    assert_true(n_cancelled > 0);
    stream_close(killer.s, STREAM_CLOSE);
    listener_close(ln);
}

static void test_early_cancel(void **state UNUSED)
{
    run(body_early_cancel);
}

/* ---- bytes ---- */

static void body_echo(void)
{
    struct listener *ln = serve(serve_echo, loopback(0));
    struct stream *s = dial_listener(ln);
    char buf[16];

    assert_string_equal(stream_info(s)->remote_ip, "127.0.0.1");
    assert_int_equal(stream_info(s)->remote.port, listener_addr(ln).port);
    assert_true(stream_info(s)->connect_done >= stream_info(s)->connect_start);
    assert_string_equal(stream_info(s)->tls_version, "");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(stream_send(s, "hello ", 6), 0);
        assert_int_equal(stream_send(s, "there", 5), 0);
        assert_int_equal(stream_unsent(s), 11);
        assert_int_equal(stream_sent_at(s), 0);
        recv_exactly(s, buf, 11);
        assert_memory_equal(buf, "hello there", 11);
        assert_true(stream_sent_at(s) > 0);
        assert_true(stream_received_at(s) >= stream_sent_at(s));
        assert_true(stream_is_idle_good(s));
    }
    assert_int_equal(stream_bytes_in(s), 33);
    assert_int_equal(stream_bytes_out(s), 33);
    stream_shutdown_send(s);
    assert_int_equal(stream_recv(s, buf, sizeof(buf), MONO_NEVER), 0);
    assert_false(stream_is_idle_good(s));
    stream_close(s, STREAM_CLOSE);
    assert_int_equal(listener_n_accepted(ln), 1);
    listener_close(ln);
}

static void test_echo(void **state UNUSED)
{
    run(body_echo);
}

/* Far more than the kernel buffers, so that both sides must wait for each other. */
static void pump_in(void *arg)
{
    struct stream *s = arg;
    char *data = xmalloc(8 << 20);

    for (size_t i = 0; i < 8 << 20; i++)
        data[i] = (char)(i * 2654435761U >> 24);
    assert_int_equal(stream_send_wait(s, data, 8 << 20, MONO_NEVER), 0);
    assert_int_equal(stream_unsent(s), 0);
    free(data);
}

static void body_large(void)
{
    struct listener *ln = serve(serve_echo, loopback(0));
    struct stream *s = dial_listener(ln);
    struct coro_waitgroup g;
    char buf[3000];
    size_t at = 0;

    coro_waitgroup_init(&g, loop);
    assert_int_equal(coro_waitgroup_spawn(&g, CORO_STACK_SMALL, pump_in, s), 0);
    while (at < 8 << 20) {
        ssize_t n = stream_recv(s, buf, sizeof(buf), MONO_NEVER);

        assert_true(n > 0);
        for (ssize_t i = 0; i < n; i++, at++) {
            if (buf[i] != (char)(at * 2654435761U >> 24))
                fail_msg("byte %zu", at);
        }
    }
    assert_int_equal(coro_waitgroup_wait(&g), 0);
    assert_int_equal(stream_bytes_in(s), 8 << 20);
    stream_close(s, STREAM_CLOSE);
    listener_close(ln);
}

static void test_large_body_both_ways(void **state UNUSED)
{
    run(body_large);
}

static void body_queue_limit(void)
{
    struct listener *ln = serve(serve_nothing, loopback(0));
    struct stream *s = dial_listener(ln);
    char *block = xcalloc(1, 1 << 20);
    int r = 0;

    for (int i = 0; r == 0 && i < 100; i++)
        r = stream_send(s, block, 1 << 20);
    assert_int_equal(r, -NET_OTHER);
    assert_int_equal(stream_flush(s, loop_now(loop) + NS_PER_S), -NET_TIMEOUT);
    free(block);
    stream_close(s, STREAM_CLOSE_RESET);
    listener_close(ln);
}

static void test_queue_has_a_limit(void **state UNUSED)
{
    run(body_queue_limit);
}

/* ---- ends and failures ---- */

static void body_reset(void)
{
    struct listener *ln = serve(serve_reset, loopback(0));
    struct stream *s = dial_listener(ln);
    char c;

    assert_int_equal(stream_send(s, "x", 1), 0);
    assert_int_equal(stream_recv(s, &c, 1, MONO_NEVER), -NET_RESET);
    assert_string_equal(stream_error(s)->text, "read: connection reset by peer");
    assert_false(stream_is_idle_good(s));
    assert_int_equal(stream_send(s, "x", 1), 0);
    assert_int_equal(stream_flush(s, MONO_NEVER), -NET_BROKEN_PIPE);
    assert_string_equal(stream_error(s)->text, "write: broken pipe");
    stream_close(s, STREAM_CLOSE);
    listener_close(ln);
}

static void test_reset(void **state UNUSED)
{
    run(body_reset);
}

/* The answer and the end arrive in one event; both are seen. */
static void body_end_behind_bytes(void)
{
    struct listener *ln = serve(serve_answer_and_end, loopback(0));
    struct stream *s = dial_listener(ln);
    char buf[16];

    assert_int_equal(stream_send(s, "x", 1), 0);
    recv_exactly(s, buf, 3);
    assert_memory_equal(buf, "bye", 3);
    assert_int_equal(stream_recv(s, buf, sizeof(buf), MONO_NEVER), 0);
    stream_close(s, STREAM_CLOSE);
    listener_close(ln);
}

static void test_end_behind_bytes(void **state UNUSED)
{
    run(body_end_behind_bytes);
}

static void body_timeout(void)
{
    struct listener *ln = serve(serve_echo, loopback(0));
    struct stream *s = dial_listener(ln);
    mono_ns start = loop_now(loop);
    char c;

    for (int i = 1; i <= 3; i++) {
        assert_int_equal(stream_recv(s, &c, 1, start + i * NS_PER_S), -NET_TIMEOUT);
        assert_int_equal(loop_now(loop), start + i * NS_PER_S);
        assert_string_equal(stream_error(s)->text, "request timeout");
    }
    assert_int_equal(stream_send(s, "x", 1), 0);
    recv_exactly(s, &c, 1);
    stream_close(s, STREAM_CLOSE);
    listener_close(ln);
}

static void test_receive_timeout_leaves_the_stream_usable(void **state UNUSED)
{
    run(body_timeout);
}

struct recv_call {
    struct stream *stream;
    ssize_t result;
};

static void recv_one(void *arg)
{
    struct recv_call *call = arg;
    char c;

    call->result = stream_recv(call->stream, &c, 1, MONO_NEVER);
}

static void body_cancel(void)
{
    struct listener *ln = serve(serve_nothing, loopback(0));
    struct recv_call call = {.stream = dial_listener(ln)};
    struct coro_waitgroup g;

    for (int i = 0; i < 2; i++) {
        coro_waitgroup_init(&g, loop);
        assert_int_equal(coro_waitgroup_spawn(&g, CORO_STACK_SMALL, recv_one, &call), 0);
        coro_yield();
        if (i == 0) {
            coro_waitgroup_cancel(&g);
        } else {
            stream_interrupt(call.stream);
        }
        assert_int_equal(coro_waitgroup_wait(&g), 0);
        assert_int_equal(call.result, -NET_CANCELLED);
    }
    stream_close(call.stream, STREAM_CLOSE);
    listener_close(ln);
}

static void test_cancelled_receive(void **state UNUSED)
{
    run(body_cancel);
}

/* ---- dialling ---- */

static void body_refused(void)
{
    struct listener *ln = serve(serve_echo, loopback(0));
    uint16_t port = listener_addr(ln).port;
    struct stream *s = NULL;

    listener_close(ln);
    assert_int_equal(dial_to("127.0.0.1", port, &s), NET_REFUSED);
    assert_string_equal(report.error.text, "dial: connection refused");
    assert_int_equal(report.remote.port, port);
    assert_int_equal(report.connect_done, 0);
    assert_null(s);
}

static void test_refused(void **state UNUSED)
{
    run(body_refused);
}

/* A listening socket whose queue is full answers nothing more. */
struct full {
    int listening;
    int queued[4];
    uint16_t port;
};

static void full_open(struct full *f, uint16_t port)
{
    struct net_addr addr = loopback(port);
    union net_sockaddr sa;
    socklen_t n = net_addr_to_sockaddr(&addr, &sa);

    f->listening = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(f->listening, &sa.any, n), 0);
    assert_int_equal(listen(f->listening, 0), 0);
    assert_int_equal(getsockname(f->listening, &sa.any, &n), 0);
    f->port = net_addr_from_sockaddr(&sa.any).port;
    for (size_t i = 0; i < countof(f->queued); i++) {
        f->queued[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        ignored(connect(f->queued[i], &sa.any, n));
    }
}

static void full_close(struct full *f)
{
    for (size_t i = 0; i < countof(f->queued); i++)
        close(f->queued[i]);
    close(f->listening);
}

static void body_dial_timeout(void)
{
    struct full f;
    struct stream *s = NULL;
    mono_ns start = loop_now(loop);

    full_open(&f, 0);
    assert_int_equal(dial_to("127.0.0.1", f.port, &s), NET_DIAL_TIMEOUT);
    assert_string_equal(report.error.text, "dial: i/o timeout");
    assert_int_equal(loop_now(loop) - start, DIAL_TIMEOUT_DEFAULT);

    /* A request's own deadline is another failure. */
    struct dial_target t = {
        .host = STR("127.0.0.1"), .port = f.port, .deadline = loop_now(loop) + NS_PER_S};

    assert_int_equal(dial(&dialer, &t, &s, &report), NET_TIMEOUT);
    full_close(&f);
}

static void test_dial_timeout(void **state UNUSED)
{
    run(body_dial_timeout);
}

static void with_hosts(const char *lines, const struct resolver_options *with)
{
    struct resolver_options o = *with;
    char path[] = "/tmp/brunt-hosts-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, lines, strlen(lines)), strlen(lines));
    close(fd);
    o.hosts_path = path;
    o.servers = "127.0.0.1:1";
    assert_int_equal(resolver_new(loop, &o, &dialer.resolver), 0);
    unlink(path);
}

static void body_race(void)
{
    struct resolver_options o = {.select = RESOLVER_FIRST};
    struct full f;
    struct stream *s = NULL;
    mono_ns start = loop_now(loop);

    full_open(&f, 0);

    struct net_addr other = loopback(f.port);

    other.ip[3] = 2;
    struct listener *ln = serve(serve_echo, other);

    with_hosts("127.0.0.1 two.test\n127.0.0.2 two.test # the good one\n", &o);
    assert_int_equal(dial_to("TWO.test.", f.port, &s), NET_OK);
    assert_string_equal(stream_info(s)->remote_ip, "127.0.0.2");
    assert_int_equal(loop_now(loop) - start, 250 * NS_PER_MS);
    stream_close(s, STREAM_CLOSE);

    /* A refusal starts the next attempt at once. */
    full_close(&f);
    start = loop_now(loop);
    assert_int_equal(dial_to("two.test", f.port, &s), NET_OK);
    assert_int_equal(loop_now(loop) - start, 0);
    stream_close(s, STREAM_CLOSE);
    listener_close(ln);
    resolver_free(dialer.resolver);
}

static void test_attempts_race(void **state UNUSED)
{
    run(body_race);
}

static void body_policy(void)
{
    struct listener *ln = serve(serve_echo, loopback(0));
    uint16_t port = listener_addr(ln).port;
    struct net_policy *p = net_policy_new();
    struct stream *s = NULL;

    assert_int_equal(net_policy_block(p, STR("*.bad.test")), 0);
    assert_int_equal(net_policy_host(p, STR("here.test"), STR("127.0.0.1")), 0);
    assert_int_equal(net_policy_host(p, STR("ten.test"), STR("10.1.2.3")), 0);
    assert_int_equal(net_policy_forbid(p, STR("10.0.0.0/8")), 0);
    dialer.policy = p;
    assert_int_equal(dial_to("x.bad.test", port, &s), NET_BLOCKED);
    assert_int_equal(dial_to("ten.test", port, &s), NET_BLACKLISTED);
    assert_int_equal(dial_to("10.9.9.9", port, &s), NET_BLACKLISTED);
    assert_string_equal(report.error.text, "ip is blacklisted");
    assert_int_equal(dial_to("nowhere.test", port, &s), NET_NO_HOST);
    assert_int_equal(dial_to("here.test", port, &s), NET_OK);
    stream_close(s, STREAM_CLOSE);
    net_policy_free(p);
    listener_close(ln);
}

static void test_policy(void **state UNUSED)
{
    run(body_policy);
}

static void body_local_address(void)
{
    struct listener *ln = serve(serve_echo, loopback(0));
    struct stream *s = NULL;
    char text[NET_ADDR_TEXT_BYTES];

    assert_true(net_addr_parse(STR("127.0.0.77"), &dialer.local));
    s = dial_listener(ln);
    assert_string_equal(net_addr_format(&stream_info(s)->local, text), "127.0.0.77");
    stream_close(s, STREAM_CLOSE);
    assert_true(net_addr_parse(STR("203.0.113.1"), &dialer.local));
    assert_int_equal(dial_to("127.0.0.1", listener_addr(ln).port, &s), NET_DIAL);
    assert_non_null(strstr(report.error.text, "cannot assign requested address"));
    listener_close(ln);
}

static void test_local_address(void **state UNUSED)
{
    run(body_local_address);
}

static void body_out_of_descriptors(void)
{
    struct rlimit old, none;
    struct stream *s = NULL;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(dial_to("127.0.0.1", 80, &s), NET_DIAL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_non_null(strstr(report.error.text, "too many open files"));
}

static void test_out_of_descriptors(void **state UNUSED)
{
    run(body_out_of_descriptors);
}

/* ---- SOCKS ---- */

static char socks_seen[64];

static void serve_socks(struct stream *s, void *arg UNUSED)
{
    char hello[4], request[5], auth[2 + 4 + 1 + 4];

    recv_exactly(s, hello, 4);
    assert_memory_equal(hello, "\5\2\0\2", 4);
    assert_int_equal(stream_send(s, "\5\2", 2), 0);
    recv_exactly(s, auth, sizeof(auth));
    assert_memory_equal(auth, "\1\4user\4pass", sizeof(auth));
    assert_int_equal(stream_send(s, "\1\0", 2), 0);
    recv_exactly(s, request, 5);
    assert_memory_equal(request, "\5\1\0\3", 4);
    recv_exactly(s, socks_seen, (size_t)request[4] + 2);
    assert_int_equal(stream_send(s, "\5\0\0\1\1\2\3\4\0\x50", 10), 0);
    serve_echo(s, NULL);
}

static void body_socks(void)
{
    struct listener *ln = serve(serve_socks, loopback(0));
    struct proxy_config *proxies;
    struct stream *s = NULL;
    char url[64];
    char c;

    snprintf(url, sizeof(url), "socks5://user:pass@127.0.0.1:%u", listener_addr(ln).port);
    assert_int_equal(proxy_config_new(url, NULL, NULL, &proxies), 0);
    dialer.proxies = proxies;
    assert_int_equal(dial_to("far.test", 0x1234, &s), NET_OK);
    assert_memory_equal(socks_seen, "far.test\x12\x34", 10);
    assert_int_equal(stream_send(s, "z", 1), 0);
    recv_exactly(s, &c, 1);
    assert_int_equal(c, 'z');
    stream_close(s, STREAM_CLOSE);
    proxy_config_free(proxies);
    listener_close(ln);
}

static void test_socks(void **state UNUSED)
{
    run(body_socks);
}

int main(void)
{
    if (!test_io_works())
        return TEST_SKIPPED;

    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crowd),
        cmocka_unit_test(test_early_cancel),
        cmocka_unit_test(test_echo),
        cmocka_unit_test(test_large_body_both_ways),
        cmocka_unit_test(test_queue_has_a_limit),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_end_behind_bytes),
        cmocka_unit_test(test_receive_timeout_leaves_the_stream_usable),
        cmocka_unit_test(test_cancelled_receive),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_dial_timeout),
        cmocka_unit_test(test_attempts_race),
        cmocka_unit_test(test_policy),
        cmocka_unit_test(test_local_address),
        cmocka_unit_test(test_out_of_descriptors),
        cmocka_unit_test(test_socks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
