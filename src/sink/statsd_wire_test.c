/* Deliveries to sockets of this process, on a loop whose clock is ours. */
#include "sink/statsd_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "net/listener.h"
#include "net/stream.h"

static struct loop_time_virtual clock_v;
static struct loop *loop;
static struct batch batch;
static struct push_result result;
static struct buf taken; /* by the server over TCP */

static void run_main(void *arg)
{
    (*(void (**)(void))arg)();
    loop_stop(loop);
}

static void run(void (*body)(void))
{
    loop_time_virtual_init(&clock_v, NS_PER_S);
    assert_int_equal(loop_new(&(struct loop_options){.time = &clock_v.time}, &loop), 0);
    assert_int_equal(coro_spawn(loop, CORO_STACK_LARGE, run_main, &body, NULL), 0);
    assert_int_equal(loop_run(loop), 0);
    loop_free(loop);
    batch_fini(&batch);
    buf_fini(&taken);
    taken = (struct buf){0};
}

/* n lines "m:1|c", six bytes each. */
static void fill(size_t n)
{
    batch_reset(&batch);
    for (size_t i = 0; i < n; i++) {
        buf_puts(&batch.bytes, "m:1|c\n");
        batch_end_point(&batch);
    }
}

static struct statsd_wire *wire(const char *address, size_t packet_bytes)
{
    struct statsd_wire_config config = {.packet_bytes = packet_bytes, .timeout = 5 * NS_PER_S};

    assert_int_equal(statsd_address_parse(str_of(address), &config.address), 0);
    return statsd_wire_new(&config);
}

static void deliver(struct statsd_wire *w)
{
    struct batch_view all = batch_all(&batch);

    result = (struct push_result){.outcome = PUSH_BLOCKED, .n_rejected = 0};
    statsd_wire_send(w, loop, &all, &result);
}

/* A bound UDP socket and its address as users write it. */
static int bind_udp(uint16_t port, char address[40], uint16_t *ret_port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    *ret_port = ntohs(a.sin_port);
    snprintf(address, 40, "127.0.0.1:%u", *ret_port);
    return fd;
}

static void expect_packet(int fd, const char *text)
{
    char got[2000];
    ssize_t n = recv(fd, got, sizeof(got), 0);

    assert_int_equal(n, strlen(text));
    assert_memory_equal(got, text, strlen(text));
}

static void udp(void)
{
    char address[40];
    uint16_t port;
    int fd = bind_udp(0, address, &port);
    struct statsd_wire *w = wire(address, 12);

    fill(3);
    deliver(w);
    assert_int_equal(result.outcome, PUSH_DONE);
    expect_packet(fd, "m:1|c\nm:1|c");
    expect_packet(fd, "m:1|c");
    close(fd);
    statsd_wire_free(w);
}

static void packets_arrive_over_udp(void **state UNUSED)
{
    run(udp);
}

static void udp_refused(void)
{
    char address[40];
    uint16_t port;
    int fd = bind_udp(0, address, &port);
    struct statsd_wire *w = wire(address, 1432);

    close(fd);
    fill(1);
    for (size_t i = 0; i < 3; i++) {
        deliver(w);
        assert_int_equal(result.outcome, PUSH_RETRY);
        assert_non_null(strstr(result.reason, "nobody listens there"));
        assert_non_null(strstr(result.reason, address));
    }

    fd = bind_udp(port, address, &port);
    deliver(w);
    assert_int_equal(result.outcome, PUSH_DONE);
    expect_packet(fd, "m:1|c");
    assert_int_equal(recv(fd, address, 1, 0), -1);

    /* gone again, in the middle of things */
    close(fd);
    deliver(w);
    assert_int_equal(result.outcome, PUSH_RETRY);
    statsd_wire_free(w);
}

static void a_refused_packet_is_tried_again(void **state UNUSED)
{
    run(udp_refused);
}

static void too_long(void)
{
    char address[40];
    uint16_t port;
    int fd = bind_udp(0, address, &port);
    struct statsd_wire *w = wire(address, 1432);

    batch_reset(&batch);
    for (size_t i = 0; i < 70000; i++)
        buf_putc(&batch.bytes, 'x');
    batch_end_point(&batch);
    deliver(w);
    assert_int_equal(result.outcome, PUSH_REFUSED);
    assert_non_null(strstr(result.reason, "too long"));
    close(fd);
    statsd_wire_free(w);
}

static void a_line_no_datagram_holds_is_refused(void **state UNUSED)
{
    run(too_long);
}

/* ---- Unix ---- */

static int bind_unix(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    return fd;
}

struct reader {
    int fd;
    size_t n_packets;
};

/* Lets the socket fill up before it begins. */
static void read_late(void *arg)
{
    struct reader *r = arg;
    char waste[100];

    coro_sleep_until(loop_now(loop) + NS_PER_S);
    while (r->n_packets < 1000) {
        if (recv(r->fd, waste, sizeof(waste), 0) > 0)
            r->n_packets++;
        else if (coro_sleep_until(loop_now(loop) + NS_PER_MS) < 0)
            break;
    }
}

static void unix_datagrams(void)
{
    char dir[] = "/tmp/statsd-XXXXXX", path[40], address[60], waste;
    struct coro_waitgroup group;

    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/s", dir);
    snprintf(address, sizeof(address), "unix://%s", path);

    struct statsd_wire *w = wire(address, 5);

    fill(1000);
    deliver(w);
    assert_int_equal(result.outcome, PUSH_RETRY);
    assert_non_null(strstr(result.reason, "there is no such socket"));

    struct reader reader = {.fd = bind_unix(path)};

    deliver(w);
    assert_int_equal(result.outcome, PUSH_RETRY);
    assert_non_null(strstr(result.reason, "does not read"));
    while (recv(reader.fd, &waste, 1, 0) > 0)
        ;

    coro_waitgroup_init(&group, loop);
    assert_int_equal(coro_waitgroup_spawn(&group, CORO_STACK_LARGE, read_late, &reader), 0);
    deliver(w);
    assert_int_equal(result.outcome, PUSH_DONE);
    assert_int_equal(coro_waitgroup_wait(&group), 0);
    assert_int_equal(reader.n_packets, 1000);

    statsd_wire_free(w);
    close(reader.fd);
    unlink(path);
    rmdir(dir);
}

static void a_full_socket_is_waited_for(void **state UNUSED)
{
    run(unix_datagrams);
}

/* ---- TCP ---- */

static void serve_all(struct stream *s, void *arg UNUSED)
{
    char buf[4096];
    ssize_t n;

    while ((n = stream_recv(s, buf, sizeof(buf), MONO_NEVER)) > 0)
        buf_put(&taken, buf, (size_t)n);
    stream_close(s, STREAM_CLOSE);
}

static void serve_reset(struct stream *s, void *arg UNUSED)
{
    char c;

    ignored(stream_recv(s, &c, 1, MONO_NEVER) > 0);
    stream_close(s, STREAM_CLOSE_RESET);
}

static void serve_nothing(struct stream *s, void *arg UNUSED)
{
    coro_sleep_until(loop_now(loop) + 60 * NS_PER_S);
    stream_close(s, STREAM_CLOSE_RESET);
}

static struct statsd_wire *wire_to(listener_fn *fn, struct listener **ret_listener)
{
    struct listener_options o = {.addr = {.family = AF_INET, .ip = {127, 0, 0, 1}}, .fn = fn};
    char address[60];

    assert_int_equal(listener_open(loop, &o, ret_listener), 0);
    snprintf(address, sizeof(address), "tcp://127.0.0.1:%u", listener_addr(*ret_listener).port);
    return wire(address, 1432);
}

static void tcp(void)
{
    struct listener *ln;
    struct statsd_wire *w = wire_to(serve_all, &ln);

    fill(2000);
    for (size_t i = 1; i <= 2; i++) {
        deliver(w);
        assert_int_equal(result.outcome, PUSH_DONE);
        assert_int_equal(taken.len, i * batch.bytes.len);
    }
    assert_memory_equal(taken.data, batch.bytes.data, batch.bytes.len);
    statsd_wire_free(w);
    listener_close(ln);
}

static void a_stream_is_done_when_the_server_has_read_it(void **state UNUSED)
{
    run(tcp);
}

static void tcp_failures(void)
{
    struct listener *ln;
    struct statsd_wire *w = wire_to(serve_reset, &ln);

    fill(2000);
    deliver(w);
    assert_int_equal(result.outcome, PUSH_RETRY);
    assert_true(result.reason[0] != '\0');
    listener_close(ln);
    deliver(w);
    assert_int_equal(result.outcome, PUSH_RETRY);
    assert_non_null(strstr(result.reason, "refused"));
    statsd_wire_free(w);

    w = wire_to(serve_nothing, &ln);
    fill(1);
    deliver(w);
    assert_int_equal(result.outcome, PUSH_RETRY);
    assert_non_null(strstr(result.reason, "no acknowledgement"));
    statsd_wire_free(w);
    listener_close(ln);
}

static void a_stream_that_breaks_is_tried_again(void **state UNUSED)
{
    run(tcp_failures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_arrive_over_udp),
        cmocka_unit_test(a_refused_packet_is_tried_again),
        cmocka_unit_test(a_line_no_datagram_holds_is_refused),
        cmocka_unit_test(a_full_socket_is_waited_for),
        cmocka_unit_test(a_stream_is_done_when_the_server_has_read_it),
        cmocka_unit_test(a_stream_that_breaks_is_tried_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
