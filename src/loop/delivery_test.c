/* Streams whose bytes the loop moves, over io_uring; skipped where the kernel refuses that. */
#include "loop/delivery.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "loop/test_io.h"

static struct loop *loop;

static int setup(void **state UNUSED)
{
    return loop_new(&(struct loop_options){.io = LOOP_IO_URING}, &loop);
}

static int teardown(void **state UNUSED)
{
    loop_free(loop);
    loop = NULL;
    return 0;
}

/* ---- one end of a connection, which notes what it is told ---- */

struct end {
    struct watch watch;
    struct buf got;
    ssize_t last; /* what came behind the bytes: 0 or -errno; 1: nothing yet */
    ssize_t sent; /* of the latest watch_send; -1: not told */
    unsigned events;
    unsigned n_calls;
    bool knew_end;              /* with the first bytes */
    void (*hook)(struct end *); /* called once, for the first bytes */
    struct end *other;
    int peer;
};

static void take_bytes(struct end *e)
{
    const struct watch_result *r = watch_result(loop);

    if (r->n <= 0) {
        assert_int_equal(e->last, 1); /* told once */
        e->last = r->n;
        return;
    }
    assert_int_equal(e->last, 1); /* nothing comes behind the end */
    buf_put(&e->got, r->data, (size_t)r->n);
}

static void end_ready(struct loop *l UNUSED, struct watch *w, unsigned events)
{
    struct end *e = container_of(w, struct end, watch);

    if (e->n_calls++ == 0)
        e->knew_end = events & WATCH_HANGUP;
    e->events |= events;
    if (events & WATCH_SENT)
        e->sent = watch_result(loop)->n;
    if (events & WATCH_BYTES)
        take_bytes(e);
    if (e->hook && events & WATCH_READ) {
        void (*hook)(struct end *) = e->hook;

        e->hook = NULL;
        hook(e);
    }
}

static void end_open(struct end *e, int fd, int peer)
{
    *e = (struct end){.last = 1, .sent = -1, .peer = peer};
    assert_int_equal(watch_open_stream(loop, &e->watch, fd, end_ready), 0);
    assert_true(watch_delivers(&e->watch));
}

static void pair_open(struct end *e)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    end_open(e, fds[0], fds[1]);
}

/* Over TCP, for what only that can do. */
static void tcp_open(struct end *e)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    int ln = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(ln, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(ln, 1), 0);
    assert_int_equal(getsockname(ln, (struct sockaddr *)&a, &n), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    end_open(e, fd, accept(ln, NULL, NULL));
    assert_true(e->peer >= 0);
    close(ln);
}

static void end_close(struct end *e)
{
    if (e->watch.fd >= 0)
        watch_close(loop, &e->watch);
    if (e->peer >= 0)
        close(e->peer);
    buf_fini(&e->got);
}

static void turn(void)
{
    assert_int_equal(loop_turn(loop, loop_clock(loop)), 0);
}

/* Turns until the end has so many bytes; what should come does, or the test's limit ends it. */
static void turns_until(const struct end *e, size_t n)
{
    while (e->got.len < n)
        assert_int_equal(loop_turn(loop, MONO_NEVER), 0);
}

static void turns_until_last(const struct end *e)
{
    while (e->last == 1)
        assert_int_equal(loop_turn(loop, MONO_NEVER), 0);
}

/* ---- receiving ---- */

static void test_bytes_and_then_the_end(void **state UNUSED)
{
    struct end e;

    pair_open(&e);
    assert_int_equal(write(e.peer, "hello", 5), 5);
    turns_until(&e, 5);
    assert_memory_equal(e.got.data, "hello", 5);
    assert_false(e.events & WATCH_HANGUP);
    assert_int_equal(write(e.peer, " you", 4), 4);
    close(e.peer);
    e.peer = -1;
    turns_until_last(&e);
    assert_int_equal(e.last, 0);
    assert_memory_equal(e.got.data, "hello you", 9);
    assert_true(e.events & WATCH_HANGUP);

    unsigned n = e.n_calls;

    turn();
    turn();
    assert_int_equal(e.n_calls, n);
    end_close(&e);
}

/* Who takes the bytes knows already that no more will come. */
static void test_the_end_is_known_with_the_bytes(void **state UNUSED)
{
    struct end e;

    tcp_open(&e);
    turn(); /* the receive is armed */
    assert_int_equal(write(e.peer, "bye", 3), 3);
    close(e.peer);
    e.peer = -1;
    turns_until_last(&e);
    assert_int_equal(e.got.len, 3);
    assert_true(e.knew_end);
    end_close(&e);
}

static void test_a_reset_is_told(void **state UNUSED)
{
    struct linger now = {.l_onoff = 1};
    struct end e;

    tcp_open(&e);
    turn();
    assert_int_equal(setsockopt(e.peer, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
    close(e.peer);
    e.peer = -1;
    turns_until_last(&e);
    assert_int_equal(e.last, -ECONNRESET);
    assert_true(e.events & WATCH_ERROR);
    end_close(&e);
}

static void test_a_pause_holds_back(void **state UNUSED)
{
    struct end e;

    pair_open(&e);
    turn();
    watch_pause(loop, &e.watch);
    turn();
    assert_int_equal(write(e.peer, "later", 5), 5);
    turn();
    turn();
    assert_int_equal(e.got.len, 0);
    watch_resume(loop, &e.watch);
    turns_until(&e, 5);
    /* Before the first was cancelled: it is armed again after that. */
    watch_pause(loop, &e.watch);
    watch_resume(loop, &e.watch);
    turn();
    assert_int_equal(write(e.peer, "again", 5), 5);
    turns_until(&e, 10);
    assert_memory_equal(e.got.data, "lateragain", 10);
    end_close(&e);
}

/* From delivery to readiness and back, with bytes in every gap. */
static void leave_now(struct end *e)
{
    watch_from_stream(loop, &e->watch);
}

static void test_a_stream_leaves_and_returns(void **state UNUSED)
{
    struct end e;
    char buf[8];

    pair_open(&e);
    e.hook = leave_now;
    assert_int_equal(write(e.peer, "one", 3), 3);
    turns_until(&e, 3);
    assert_int_equal(write(e.peer, "two", 3), 3);
    while (watch_delivers(&e.watch) || !(e.events & WATCH_WRITE))
        assert_int_equal(loop_turn(loop, MONO_NEVER), 0);
    /* It was told to leave before they came; so they are in the socket. */
    assert_int_equal(e.got.len, 3);
    assert_int_equal(read(e.watch.fd, buf, sizeof(buf)), 3);
    assert_memory_equal(buf, "two", 3);
    e.events = 0;
    assert_int_equal(write(e.peer, "three", 5), 5);
    assert_int_equal(loop_turn(loop, MONO_NEVER), 0);
    assert_int_equal(e.events & (WATCH_READ | WATCH_BYTES), WATCH_READ);
    watch_to_stream(loop, &e.watch);
    assert_true(watch_delivers(&e.watch));
    turns_until(&e, 8);
    assert_memory_equal(e.got.data, "onethree", 8);
    end_close(&e);
}

/* More than all buffers of the loop hold, at once: each stream gets all of its own, in order. */
static void test_more_than_there_are_buffers(void **state UNUSED)
{
    enum {
        N = 300,
        EACH = 40000
    };
    struct end *ends = xnew_n(struct end, N);
    char *bytes = xmalloc(EACH);
    size_t n_sent[N];

    for (size_t i = 0; i < N; i++)
        pair_open(&ends[i]);
    turn();
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < EACH; k++)
            bytes[k] = (char)(k * 7 + k / 251 + i);

        ssize_t n = write(ends[i].peer, bytes, EACH);

        assert_true(n > 20000);
        n_sent[i] = (size_t)n;
    }
    for (size_t i = 0; i < N; i++) {
        turns_until(&ends[i], n_sent[i]);
        assert_int_equal(ends[i].got.len, n_sent[i]);
        for (size_t k = 0; k < n_sent[i]; k++) {
            if (ends[i].got.data[k] != (char)(k * 7 + k / 251 + i))
                fail_msg("stream %zu, byte %zu", i, k);
        }
        end_close(&ends[i]);
    }
    free(bytes);
    free(ends);
}

static void test_two_thousand(void **state UNUSED)
{
    enum {
        N = 2000
    };
    struct rlimit limit;
    struct end *ends = xnew_n(struct end, N);

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < 2 * N + 100 && limit.rlim_max >= 2 * N + 100) {
        limit.rlim_cur = 2 * N + 100;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    }
    if (limit.rlim_cur < 2 * N + 100) {
        free(ends);
        skip();
    }
    /* At first the bytes are there before the kernel is asked for them, so all come in one go. */
    for (size_t i = 0; i < N; i++) {
        pair_open(&ends[i]);
        assert_int_equal(write(ends[i].peer, &i, sizeof(i)), sizeof(i));
    }
    for (unsigned round = 1; round <= 3; round++) {
        for (size_t i = 0; i < N && round > 1; i++)
            assert_int_equal(write(ends[i].peer, &i, sizeof(i)), sizeof(i));
        for (size_t i = 0; i < N; i++)
            turns_until(&ends[i], round * sizeof(i));
    }
    for (size_t i = 0; i < N; i++) {
        size_t got;

        memcpy(&got, ends[i].got.data + 2 * sizeof(got), sizeof(got));
        assert_int_equal(got, i);
        assert_int_equal(ends[i].got.len, 3 * sizeof(got));
        end_close(&ends[i]);
    }
    free(ends);
}

/* ---- sending ---- */

struct later {
    struct loop_deferred deferred;
    struct end *end;
    const void *data;
    size_t n;
};

static void send_now(struct loop *l UNUSED, struct loop_deferred *d)
{
    struct later *s = container_of(d, struct later, deferred);

    watch_send(loop, &s->end->watch, s->data, s->n);
}

static void send_in_turn(struct end *e, const void *data, size_t n)
{
    struct later s = {.end = e, .data = data, .n = n};

    e->sent = -1;
    loop_deferred_init(&s.deferred, send_now);
    loop_defer(loop, &s.deferred);
    turn();
}

static void test_a_send_is_told_in_its_turn(void **state UNUSED)
{
    struct end e;
    char buf[8];

    pair_open(&e);
    send_in_turn(&e, "hello", 5);
    assert_int_equal(e.sent, 5);
    assert_int_equal(read(e.peer, buf, sizeof(buf)), 5);
    close(e.peer);
    e.peer = -1;
    send_in_turn(&e, "hello", 5);
    assert_int_equal(e.sent, -EPIPE);
    end_close(&e);
}

/* A peer that does not read: the part that was taken is told, then that nothing was, then room. */
static void check_partial_sends(struct end *e)
{
    enum {
        BIG = 32 << 20
    };
    char *data = xcalloc(1, BIG);
    char *sink = xmalloc(1 << 20);
    size_t n_read = 0;
    ssize_t n_sent;

    send_in_turn(e, data, BIG);
    assert_in_range(e->sent, 1, BIG - 1);
    n_sent = e->sent;
    /* Over TCP there may be a little room again by now. */
    for (int i = 0; i < 100 && e->sent != -EAGAIN; i++) {
        send_in_turn(e, data, BIG);
        n_sent += e->sent > 0 ? e->sent : 0;
    }
    assert_int_equal(e->sent, -EAGAIN);
    e->events = 0;
    watch_want_room(loop, &e->watch);
    turn();
    turn();
    assert_false(e->events & WATCH_WRITE);
    while (n_read < (size_t)n_sent) {
        ssize_t n = read(e->peer, sink, 1 << 20);

        assert_true(n > 0 || errno == EAGAIN);
        n_read += n > 0 ? (size_t)n : 0;
    }
    while (!(e->events & WATCH_WRITE))
        assert_int_equal(loop_turn(loop, MONO_NEVER), 0);
    send_in_turn(e, data, 1000);
    assert_int_equal(e->sent, 1000);
    free(data);
    free(sink);
}

static void test_partial_sends(void **state UNUSED)
{
    struct end e;

    pair_open(&e);
    check_partial_sends(&e);
    end_close(&e);
    tcp_open(&e);
    check_partial_sends(&e);
    end_close(&e);
}

/* ---- closing ---- */

/* Without the peer's help, and before anything else happens on the loop. */
static void check_peer_sees(int peer, ssize_t result, int error)
{
    struct pollfd p = {.fd = peer, .events = POLLIN};
    char c;

    turn();
    assert_int_equal(poll(&p, 1, 10000), 1);
    assert_int_equal(read(peer, &c, 1), result);
    if (result < 0)
        assert_int_equal(errno, error);
}

static void test_closing_ends_at_once(void **state UNUSED)
{
    struct linger now = {.l_onoff = 1};
    struct end e;

    tcp_open(&e);
    turn();
    watch_close(loop, &e.watch);
    check_peer_sees(e.peer, 0, 0);
    end_close(&e);
    tcp_open(&e);
    turn();
    assert_int_equal(setsockopt(e.watch.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
    watch_close(loop, &e.watch);
    check_peer_sees(e.peer, -1, ECONNRESET);
    end_close(&e);
}

/* The last socket of a loop that is freed. */
static void test_freeing_the_loop_ends_too(void **state UNUSED)
{
    struct end e;
    char c;

    tcp_open(&e);
    turn();
    watch_close(loop, &e.watch);
    loop_free(loop);

    struct pollfd p = {.fd = e.peer, .events = POLLIN};

    assert_int_equal(poll(&p, 1, 10000), 1);
    assert_int_equal(read(e.peer, &c, 1), 0);
    assert_int_equal(setup(NULL), 0);
    end_close(&e);
}

static void test_a_copy_elsewhere_tells_nothing(void **state UNUSED)
{
    struct end e;

    pair_open(&e);
    turn();

    int copy = dup(e.watch.fd);

    watch_close(loop, &e.watch);
    assert_int_equal(write(e.peer, "x", 1), 1);
    close(e.peer);
    e.peer = -1;
    turn();
    turn();
    assert_int_equal(e.n_calls, 0);
    end_close(&e);
    close(copy);
}

/* What was collected for one that is closed reaches nobody, least of all who has its place now. */
static struct end newcomer;

static void replace_other(struct end *e)
{
    if (e->other->watch.fd < 0)
        return;

    uint32_t slot = e->other->watch.slot;

    assert_int_equal(e->other->n_calls, 0);
    watch_close(loop, &e->other->watch);
    e->other->hook = NULL;
    pair_open(&newcomer);
    assert_int_equal(newcomer.watch.slot, slot);
}

static void test_an_old_completion_reaches_nobody(void **state UNUSED)
{
    struct end a, b;

    for (int i = 0; i < 5; i++) {
        pair_open(&a);
        pair_open(&b);
        a.hook = b.hook = replace_other;
        a.other = &b;
        b.other = &a;
        turn();
        assert_int_equal(write(a.peer, "old", 3), 3);
        assert_int_equal(write(b.peer, "old", 3), 3);
        turn();
        turn();
        assert_int_equal(a.n_calls + b.n_calls, 1);
        assert_int_equal(newcomer.n_calls, 0);
        assert_int_equal(write(newcomer.peer, "new", 3), 3);
        turns_until(&newcomer, 3);
        assert_memory_equal(newcomer.got.data, "new", 3);
        end_close(&newcomer);
        end_close(&a);
        end_close(&b);
    }
}

/* Closed before the kernel heard of it: the number of the descriptor is another's by then. */
static void test_a_number_that_is_used_again(void **state UNUSED)
{
    struct end a, b;
    char buf[8];
    int fds[2];

    pair_open(&a);

    int number = a.watch.fd;

    watch_close(loop, &a.watch);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    assert_int_equal(fds[0], number);
    assert_int_equal(write(fds[1], "mine", 4), 4);
    turn();
    turn();
    assert_int_equal(read(fds[0], buf, sizeof(buf)), 4); /* nobody took it */
    end_close(&a);

    /* The same for a send, which goes to the one that it was meant for. */
    end_open(&b, fds[0], fds[1]);
    turn();
    watch_send(loop, &b.watch, "last", 4);
    watch_close(loop, &b.watch);
    assert_int_equal(read(b.peer, buf, sizeof(buf)), 4);
    assert_memory_equal(buf, "last", 4);
    turn();
    assert_int_equal(b.n_calls, 0);
    end_close(&b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_bytes_and_then_the_end),
        TEST(test_the_end_is_known_with_the_bytes),
        TEST(test_a_reset_is_told),
        TEST(test_a_pause_holds_back),
        TEST(test_a_stream_leaves_and_returns),
        TEST(test_more_than_there_are_buffers),
        TEST(test_two_thousand),
        TEST(test_a_send_is_told_in_its_turn),
        TEST(test_partial_sends),
        TEST(test_closing_ends_at_once),
        TEST(test_freeing_the_loop_ends_too),
        TEST(test_a_copy_elsewhere_tells_nothing),
        TEST(test_an_old_completion_reaches_nobody),
        TEST(test_a_number_that_is_used_again),
    };

    if (!test_io_is_there(LOOP_IO_URING))
        return TEST_SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
