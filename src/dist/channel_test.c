/* Two ends of a socket pair on one loop. */
#include "dist/channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "loop/loop.h"

enum {
    TURNS_MAX = 10000,
};

struct end {
    struct channel *channel;
    unsigned n, last_kind;
    struct buf last;
    char closed[64];
};

static struct loop *loop;
static struct end ends[2];
static int fds[2];

static void on_message(void *arg, unsigned kind, struct str bytes)
{
    struct end *e = arg;

    e->n++;
    e->last_kind = kind;
    buf_reset(&e->last);
    buf_putstr(&e->last, bytes);
}

static void on_closed(void *arg, const char *why)
{
    struct end *e = arg;

    assert_string_equal(e->closed, "");
    snprintf(e->closed, sizeof(e->closed), "%s", why);
}

static void open_end(int i)
{
    const struct channel_config config = {.loop = loop,
                                          .fd = fds[i],
                                          .on_message = on_message,
                                          .on_closed = on_closed,
                                          .arg = &ends[i]};

    assert_int_equal(channel_new(&config, &ends[i].channel), 0);
}

static int begin(void **state UNUSED)
{
    memset(ends, 0, sizeof(ends));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    return loop_new(NULL, &loop);
}

static int end(void **state UNUSED)
{
    for (int i = 0; i < 2; i++) {
        channel_free(ends[i].channel);
        buf_fini(&ends[i].last);
    }
    loop_free(loop);
    return 0;
}

static void turn_until(const unsigned *n, unsigned wanted)
{
    for (int i = 0; i < TURNS_MAX && *n < wanted; i++)
        assert_int_equal(loop_turn(loop, loop_clock(loop) + NS_PER_MS), 0);
    assert_int_equal(*n, wanted);
}

static void turn_until_closed(const struct end *e)
{
    for (int i = 0; i < TURNS_MAX && !e->closed[0]; i++)
        assert_int_equal(loop_turn(loop, loop_clock(loop) + NS_PER_MS), 0);
}

static void messages_both_ways(void **state UNUSED)
{
    open_end(0);
    open_end(1);
    channel_send(ends[0].channel, 7, STR(""));
    turn_until(&ends[1].n, 1);
    assert_int_equal(ends[1].last_kind, 7);
    assert_int_equal(ends[1].last.len, 0);
    for (unsigned i = 0; i < 300; i++)
        channel_send(ends[1].channel, i & 0xff, STR("hello"));
    turn_until(&ends[0].n, 300);
    assert_int_equal(ends[0].last_kind, 299 & 0xff);
    assert_true(str_is(buf_str(&ends[0].last), "hello"));
}

/* More than a socket takes at once, in one message. */
static void a_long_message(void **state UNUSED)
{
    scoped(buf_fini) struct buf big = {0};

    open_end(0);
    open_end(1);
    for (uint32_t i = 0; i < 1 << 20; i++)
        buf_put(&big, &i, sizeof(i));
    channel_send(ends[0].channel, 1, buf_str(&big));
    assert_true(channel_waiting(ends[0].channel) > 0);
    turn_until(&ends[1].n, 1);
    assert_true(str_eq(buf_str(&ends[1].last), buf_str(&big)));
    channel_send(ends[0].channel, 2, STR("after it"));
    turn_until(&ends[1].n, 2);
    assert_int_equal(channel_waiting(ends[0].channel), 0);
}

static void the_other_end_goes(void **state UNUSED)
{
    open_end(0);
    open_end(1);
    channel_send(ends[1].channel, 1, STR("last words"));
    channel_free(take(ends[1].channel));
    turn_until_closed(&ends[0]);
    assert_int_equal(ends[0].n, 1);
    assert_string_equal(ends[0].closed, "it ended");
    channel_send(ends[0].channel, 1, STR("to nobody"));
    assert_int_equal(channel_waiting(ends[0].channel), 0);
}

static void a_message_in_pieces_and_none(void **state UNUSED)
{
    static const char good[] = {3, 0, 0, 0, 9, 'a', 'b'};

    open_end(0);
    for (size_t i = 0; i < sizeof(good); i++) {
        assert_int_equal(ends[0].n, 0);
        assert_int_equal(write(fds[1], &good[i], 1), 1);
        assert_int_equal(loop_turn(loop, loop_clock(loop) + NS_PER_MS), 0);
    }
    turn_until(&ends[0].n, 1);
    assert_int_equal(ends[0].last_kind, 9);
    assert_int_equal(write(fds[1], "\xff\xff\xff\xff\0", 5), 5);
    turn_until_closed(&ends[0]);
    assert_string_equal(ends[0].closed, "it sent what is no message");
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_both_ways, begin, end),
        cmocka_unit_test_setup_teardown(a_long_message, begin, end),
        cmocka_unit_test_setup_teardown(the_other_end_goes, begin, end),
        cmocka_unit_test_setup_teardown(a_message_in_pieces_and_none, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
