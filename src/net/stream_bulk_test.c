/* Streams that carry much, and those that carry much and little in turn. */
#include <stdint.h>

#include "net/stream.h"
#include "net/stream_testing.h"

/*
 * A peer that sends faster than we read is held up, whoever receives: what it has sent and we have
 * not read lies in the kernel, which keeps some megabytes of it at most, and in a bounded part
 * here.
 */
enum {
    FLOOD = 48 << 20,
};

static size_t n_flooded;

static void serve_flood(struct stream *s, void *arg UNUSED)
{
    static char block[64 << 10];

    for (n_flooded = 0; n_flooded < FLOOD; n_flooded += sizeof(block)) {
        memset(block, (int)(n_flooded / sizeof(block)), sizeof(block));
        if (stream_send_wait(s, block, sizeof(block), MONO_NEVER) < 0)
            break;
    }
    stream_close(s, STREAM_CLOSE);
}

static void body_flood(void)
{
    struct listener *ln = serve(serve_flood, loopback(0));
    struct stream *s = dial_listener(ln);
    char buf[4096];
    size_t before;

    /* Until it stands still; time passes only when nobody has anything to do. */
    do {
        before = n_flooded;
        assert_int_equal(coro_sleep_until(loop_now(loop) + NS_PER_S), 0);
    } while (n_flooded > before);
    assert_in_range(n_flooded, 1, FLOOD - 1);
    assert_false(stream_is_idle_good(s));
    for (size_t at = 0; at < FLOOD;) {
        ssize_t n = stream_recv(s, buf, sizeof(buf), MONO_NEVER);

        assert_true(n > 0);
        assert_int_equal((unsigned char)buf[0], (at >> 16) & 255);
        assert_int_equal((unsigned char)buf[n - 1], ((at + (size_t)n - 1) >> 16) & 255);
        at += (size_t)n;
    }
    assert_int_equal(stream_recv(s, buf, sizeof(buf), MONO_NEVER), 0);
    assert_int_equal(stream_bytes_in(s), FLOOD);
    stream_close(s, STREAM_CLOSE);
    listener_close(ln);
}

static void test_a_sender_is_held_up(void **state UNUSED)
{
    run(body_flood);
}

/*
 * Large and small answers in turn on one connection, with pauses in which nobody reads: the loop
 * delivers, leaves it to us, and delivers again, and no byte is lost or comes twice.
 */
static void serve_sizes(struct stream *s, void *arg UNUSED)
{
    uint32_t ask;
    char *data = xmalloc(1 << 20);
    uint64_t n_sent = 0;

    while (stream_recv(s, &ask, sizeof(ask), MONO_NEVER) == sizeof(ask)) {
        for (uint32_t i = 0; i < ask; i++)
            data[i] = (char)((n_sent + i) * 2654435761U >> 24);
        n_sent += ask;
        assert_int_equal(stream_send_wait(s, data, ask, MONO_NEVER), 0);
    }
    free(data);
    stream_close(s, STREAM_CLOSE);
}

static void ask_for(struct stream *s, uint32_t n, uint64_t *at)
{
    static char buf[32 << 10];

    assert_int_equal(stream_send(s, &n, sizeof(n)), 0);
    if (n % 3 == 0)
        assert_int_equal(coro_sleep_until(loop_now(loop) + NS_PER_MS), 0);
    for (uint64_t end = *at + n; *at < end;) {
        ssize_t got = stream_recv(s, buf, sizeof(buf), MONO_NEVER);

        assert_true(got > 0);
        for (ssize_t i = 0; i < got; i++, ++*at) {
            if (buf[i] != (char)(*at * 2654435761U >> 24))
                fail_msg("byte %llu", (unsigned long long)*at);
        }
        assert_true(*at <= end);
    }
    assert_true(stream_is_idle_good(s));
}

static void body_sizes(void)
{
    static const uint32_t large[] = {1 << 20, 300000, 16384, 16383, 100000, 1 << 20};
    struct listener *ln = serve(serve_sizes, loopback(0));
    struct stream *s = dial_listener(ln);
    uint64_t at = 0;

    for (size_t i = 0; i < countof(large); i++) {
        ask_for(s, large[i], &at);
        /* Few enough to stay as it is, or enough for a change. */
        for (uint32_t k = 0; k < (i % 2 ? 5 : 25); k++)
            ask_for(s, 100 + k, &at);
    }
    assert_int_equal(stream_bytes_in(s), at);
    stream_close(s, STREAM_CLOSE);
    listener_close(ln);
}

static void test_large_and_small_in_turn(void **state UNUSED)
{
    run(body_sizes);
}

/*
 * Small sends, one a turn, to a peer that does not read: the last that finds room is taken in part
 * or not at all, and what is left of it outlives the turn whose memory it lay in.
 */
enum {
    LINE = 1000,     /* bytes of a small send */
    LINES_MORE = 50, /* after the socket is full */
};

static size_t n_lines_read;

static void fill_line(char line[LINE], size_t i)
{
    for (size_t k = 0; k < LINE; k++)
        line[k] = (char)((i * LINE + k) * 2654435761U >> 23);
}

static void serve_lines(struct stream *s, void *arg UNUSED)
{
    char line[LINE], want[LINE];

    assert_int_equal(coro_sleep_until(loop_now(loop) + NS_PER_S), 0);
    for (;;) {
        ssize_t n = stream_recv(s, line, 1, MONO_NEVER);

        if (n == 0)
            break;
        assert_int_equal(n, 1);
        recv_exactly(s, line + 1, LINE - 1);
        fill_line(want, n_lines_read++);
        assert_memory_equal(line, want, LINE);
    }
    stream_close(s, STREAM_CLOSE);
}

static void body_lines(void)
{
    struct listener *ln = serve(serve_lines, loopback(0));
    struct stream *s = dial_listener(ln);
    char line[LINE];
    size_t n = 0, more = 0;

    n_lines_read = 0;
    while (more < LINES_MORE) {
        fill_line(line, n++);
        assert_int_equal(stream_send(s, line, LINE), 0);
        /* Others use the memory of a turn that is over. */
        assert_int_equal(coro_yield(), 0);
        more += stream_unsent(s) > 0;
    }
    assert_int_equal(stream_flush(s, MONO_NEVER), 0);
    assert_int_equal(stream_bytes_out(s), n * LINE);
    stream_shutdown_send(s);
    assert_int_equal(stream_recv(s, line, 1, MONO_NEVER), 0);
    assert_int_equal(n_lines_read, n);
    stream_close(s, STREAM_CLOSE);
    listener_close(ln);
}

static void test_small_sends_outlive_their_turn(void **state UNUSED)
{
    run(body_lines);
}

int main(void)
{
    if (!test_io_works())
        return TEST_SKIPPED;

    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sender_is_held_up),
        cmocka_unit_test(test_large_and_small_in_turn),
        cmocka_unit_test(test_small_sends_outlive_their_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
