#include "sink/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "loop/coro.h"
#include "loop/loop.h"
#include "sink/push.h"

static void check_parse(const char *text, const char *host, unsigned port)
{
    struct endpoint e;

    assert_int_equal(endpoint_parse(str_of(text), 2003, &e), 0);
    assert_string_equal(e.host, host);
    assert_int_equal(e.port, port);
}

static void hosts_have_ports(void **state UNUSED)
{
    static const char *const bad[] = {"", ":2003", "a/b", "a b:1", "h:99999", "h:x"};
    struct endpoint e;

    check_parse("h", "h", 2003);
    check_parse("h:1", "h", 1);
    check_parse("[::1]:2", "::1", 2);
    check_parse("::1", "::1", 2003);
    for (size_t i = 0; i < countof(bad); i++)
        assert_int_equal(endpoint_parse(str_of(bad[i]), 2003, &e), FAULT_EXIT(104));
}

/* ---- on a loop ---- */

static struct {
    struct loop *loop;
    struct endpoint endpoint;
    struct str bytes;
    struct push_result result;
} t;

static void send_datagrams(void *arg UNUSED)
{
    endpoint_send_datagrams(&t.endpoint, t.loop, t.bytes, 10, &t.result);
    loop_stop(t.loop);
}

static void send_stream(void *arg UNUSED)
{
    endpoint_send_stream(&t.endpoint, t.loop, t.bytes, ENDPOINT_ACKNOWLEDGED, 10 * NS_PER_S,
                         &t.result);
    loop_stop(t.loop);
}

static void run(coro_fn *fn, const char *bytes)
{
    t.bytes = str_of(bytes);
    assert_int_equal(loop_new(NULL, &t.loop), 0);
    assert_int_equal(coro_spawn(t.loop, CORO_STACK_MEDIUM, fn, NULL, NULL), 0);
    assert_int_equal(loop_run(t.loop), 0);
    loop_free(t.loop);
}

/* A bound socket on a free port, to which t.endpoint leads. */
static int bound(int type)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(in);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, n), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &n), 0);
    snprintf(t.endpoint.host, sizeof(t.endpoint.host), "127.0.0.1");
    t.endpoint.port = ntohs(in.sin_port);
    return fd;
}

static void datagrams_are_cut_behind_lines(void **state UNUSED)
{
    static const char *const want[] = {"aaa\nbbb\n", "cccccccccccccc\n", "d\ne\nf"};
    char got[64];
    int fd = bound(SOCK_DGRAM);

    run(send_datagrams, "aaa\nbbb\ncccccccccccccc\nd\ne\nf");
    assert_int_equal(t.result.outcome, PUSH_DONE);
    for (size_t i = 0; i < countof(want); i++) {
        ssize_t n = recv(fd, got, sizeof(got), MSG_DONTWAIT);

        assert_int_equal(n, strlen(want[i]));
        assert_memory_equal(got, want[i], (size_t)n);
    }
    assert_true(recv(fd, got, sizeof(got), MSG_DONTWAIT) < 0);
    close(fd);
}

static void nobody_listening_is_tried_again(void **state UNUSED)
{
    close(bound(SOCK_STREAM));
    run(send_stream, "a 1 2\n");
    assert_int_equal(t.result.outcome, PUSH_RETRY);
    assert_non_null(strstr(t.result.reason, "no connection to 127.0.0.1 port"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_have_ports),
        cmocka_unit_test(datagrams_are_cut_behind_lines),
        cmocka_unit_test(nobody_listening_is_tried_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
