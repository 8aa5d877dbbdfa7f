/* Descriptors, timers, deferred work and messages; real descriptors, and threads where it says so.
 */
#include "loop/loop.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "loop/coro.h"
#include "loop/test_io.h"

static struct loop *loop;

static int setup(void **state UNUSED)
{
    return loop_new(&(struct loop_options){.io = test_io()}, &loop);
}

static int teardown(void **state UNUSED)
{
    loop_free(loop);
    loop = NULL;
    return 0;
}

/* ---- watches and the order of a turn ---- */

struct end {
    struct watch watch;
    struct loop_deferred deferred;
    char *log;
    char name;
    struct end *close_other;
    unsigned events;
};

static void note(char *log, char c)
{
    log[strlen(log)] = c;
}

static void end_deferred(struct loop *l UNUSED, struct loop_deferred *d)
{
    note(container_of(d, struct end, deferred)->log, '!');
}

static void end_ready(struct loop *l, struct watch *w, unsigned events)
{
    struct end *e = container_of(w, struct end, watch);

    e->events |= events;
    if (!(events & WATCH_READ))
        return;
    note(e->log, e->name);
    loop_defer(l, &e->deferred);
    loop_defer(l, &e->deferred);
    if (e->close_other)
        watch_close(l, &e->close_other->watch);
}

static void end_open(struct end *e, char name, char *log, int *ret_peer)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    *e = (struct end){.name = name, .log = log};
    loop_deferred_init(&e->deferred, end_deferred);
    assert_int_equal(watch_open(loop, &e->watch, fds[0], end_ready), 0);
    *ret_peer = fds[1];
}

static void test_all_reads_come_before_deferred_work(void **state UNUSED)
{
    char log[16] = "";
    struct end a, b;
    int peer_a, peer_b;

    end_open(&a, 'a', log, &peer_a);
    end_open(&b, 'b', log, &peer_b);
    assert_int_equal(write(peer_a, "x", 1), 1);
    assert_int_equal(write(peer_b, "x", 1), 1);
    assert_int_equal(loop_turn(loop, MONO_NEVER), 0);
    assert_string_equal(log + 2, "!!");
    assert_true(strchr(log, 'a') && strchr(log, 'b'));

    /* Edge-triggered: what was not read is not reported again. */
    assert_int_equal(loop_turn(loop, loop_now(loop)), 0);
    assert_int_equal(strlen(log), 4);
    close(peer_a);
    assert_int_equal(loop_turn(loop, MONO_NEVER), 0);
    assert_true(a.events & WATCH_HANGUP);
    close(peer_b);
    watch_close(loop, &a.watch);
    watch_remove(loop, &b.watch);
    close(b.watch.fd);
}

static void test_event_of_a_closed_watch_is_dropped(void **state UNUSED)
{
    char log[16] = "";
    struct end a, b;
    int peer_a, peer_b;

    end_open(&a, 'a', log, &peer_a);
    end_open(&b, 'b', log, &peer_b);
    a.close_other = &b;
    b.close_other = &a;
    assert_int_equal(write(peer_a, "x", 1), 1);
    assert_int_equal(write(peer_b, "x", 1), 1);
    assert_int_equal(loop_turn(loop, MONO_NEVER), 0);
    assert_int_equal(strlen(log), 2); /* one reader and its deferred work */
    watch_close(loop, a.watch.fd >= 0 ? &a.watch : &b.watch);
    close(peer_a);
    close(peer_b);
}

/* A program that is being started has a copy of every descriptor for a moment. */
static void test_a_copy_elsewhere_tells_nothing(void **state UNUSED)
{
    char log[16] = "";
    struct end a;
    int peer_a;

    end_open(&a, 'a', log, &peer_a);
    int copy = dup(a.watch.fd);

    assert_true(copy >= 0);
    watch_close(loop, &a.watch);
    a.events = 0;
    assert_int_equal(write(peer_a, "x", 1), 1);
    close(peer_a);
    assert_int_equal(loop_turn(loop, loop_clock(loop)), 0);
    assert_string_equal(log, "");
    assert_int_equal(a.events, 0);
    close(copy);
}

/* ---- timers ---- */

struct ring {
    struct timer timer;
    mono_ns fired_at;
};

static void ring_fired(struct loop *l, struct timer *t)
{
    container_of(t, struct ring, timer)->fired_at = loop_now(l);
    loop_stop(l);
}

static void check_real_timer(span_ns span)
{
    struct ring r = {0};
    mono_ns deadline = loop_clock(loop) + span;

    timer_set(loop, &r.timer, deadline, ring_fired);
    assert_int_equal(loop_run(loop), 0);
    assert_true(r.fired_at >= deadline);
}

static void test_real_timer_is_never_early(void **state UNUSED)
{
    check_real_timer(0);
    check_real_timer(30 * NS_PER_US);
    check_real_timer(1500 * NS_PER_US);
}

static void test_spinning_timer(void **state UNUSED)
{
    teardown(NULL);
    assert_int_equal(
        loop_new(&(struct loop_options){.io = test_io(), .spin = 100 * NS_PER_US}, &loop), 0);
    check_real_timer(50 * NS_PER_US);
    check_real_timer(400 * NS_PER_US);
}

static void test_timer_that_is_moved_while_it_expires(void **state UNUSED)
{
    struct ring r = {0};

    timer_set(loop, &r.timer, loop_clock(loop), ring_fired);
    timer_disarm(&r.timer);
    assert_int_equal(loop_turn(loop, loop_now(loop)), 0);
    assert_int_equal(r.fired_at, 0);
    timer_set(loop, &r.timer, loop_clock(loop) + 1000, ring_fired);
    assert_int_equal(loop_run(loop), 0);
    assert_true(r.fired_at > 0);
}

/* ---- messages ---- */

enum {
    N_SENDERS = 4,
    N_MESSAGES = 5000, /* each */
};

struct letter {
    struct message message;
    unsigned sender;
    unsigned number;
};

static unsigned n_next[N_SENDERS];
static unsigned n_letters;

static void letter_read(struct loop *l, struct message *m)
{
    struct letter *letter = container_of(m, struct letter, message);

    assert_int_equal(letter->number, n_next[letter->sender]);
    n_next[letter->sender]++;
    free(letter);
    if (++n_letters == N_SENDERS * N_MESSAGES)
        loop_stop(l);
}

static void *sender_main(void *arg)
{
    unsigned sender = *(const unsigned *)arg;

    for (unsigned i = 0; i < N_MESSAGES; i++) {
        struct letter *letter = xnew(struct letter);

        *letter = (struct letter){.message.fn = letter_read, .sender = sender, .number = i};
        loop_post(loop, &letter->message);
    }
    return NULL;
}

/* Every message arrives, each sender's in order, and none is slept over (or this hangs). */
static void test_messages_from_threads(void **state UNUSED)
{
    pthread_t threads[N_SENDERS];
    unsigned senders[N_SENDERS];

    memset(n_next, 0, sizeof(n_next));
    n_letters = 0;
    for (unsigned i = 0; i < N_SENDERS; i++) {
        senders[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, sender_main, &senders[i]), 0);
    }
    assert_int_equal(loop_run(loop), 0);
    for (size_t i = 0; i < N_SENDERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(n_letters, N_SENDERS * N_MESSAGES);
}

static void *stopper_main(void *arg UNUSED)
{
    loop_stop(loop);
    return NULL;
}

static void test_stop_from_a_thread(void **state UNUSED)
{
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, stopper_main, NULL), 0);
    assert_int_equal(loop_run(loop), 0);
    pthread_join(thread, NULL);
}

/* ---- helper threads ---- */

struct errand {
    pthread_t thread;
    int code;
    int result;
    char words[64];
};

static size_t n_errands;

static int errand_run(void *arg)
{
    struct errand *e = arg;

    e->thread = pthread_self();
    return e->code == 0 ? 0 : fault(e->code, "errand %d failed", e->code);
}

static void errand_main(void *arg)
{
    struct errand *e = arg;

    e->result = loop_offload(loop, errand_run, e);
    strncpy(e->words, fault_text(), sizeof(e->words) - 1);
    if (--n_errands == 0)
        loop_stop(loop);
}

static void test_offload(void **state UNUSED)
{
    struct errand errands[20] = {0};
    struct coro *c;

    n_errands = countof(errands);
    for (size_t i = 0; i < countof(errands); i++) {
        errands[i].code = i % 2 ? -(int)i : 0;
        assert_int_equal(coro_spawn(loop, CORO_STACK_SMALL, errand_main, &errands[i], &c), 0);
        if (i == 3)
            coro_cancel(c); /* an errand is always finished */
    }
    assert_int_equal(loop_run(loop), 0);
    for (size_t i = 0; i < countof(errands); i++) {
        char words[64] = "";

        if (i % 2)
            snprintf(words, sizeof(words), "errand -%zu failed", i);
        assert_int_equal(errands[i].result, errands[i].code);
        assert_string_equal(errands[i].words, words);
        assert_false(pthread_equal(errands[i].thread, pthread_self()));
    }
}

static void test_stats_add_up(void **state UNUSED)
{
    struct loop_stats s;
    mono_ns start = loop_clock(loop);

    check_real_timer(2 * NS_PER_MS);
    loop_stats(loop, &s);
    assert_true(s.turns > 0);
    assert_true(s.waiting >= NS_PER_MS);
    assert_true(s.busy + s.waiting <= loop_clock(loop) - start + NS_PER_S);
    assert_true(s.max_turn <= s.busy);
}

/* Each bucket begins where the one before it ends, up to turns of hours. */
static void test_turn_buckets(void **state UNUSED)
{
    for (unsigned i = 0; i + 1 < LOOP_TURN_BUCKETS; i++) {
        assert_int_equal(loop_turn_bucket(loop_turn_of(i)), i);
        assert_int_equal(loop_turn_bucket(loop_turn_of(i + 1) - 1), i);
        assert_true(loop_turn_of(i) < loop_turn_of(i + 1));
    }
    assert_true(loop_turn_of(LOOP_TURN_BUCKETS) > 3600 * NS_PER_S);
    assert_int_equal(loop_turn_bucket(-5), 0);
    assert_int_equal(loop_turn_bucket(INT64_MAX), LOOP_TURN_BUCKETS - 1);
}

static void test_lag_is_counted(void **state UNUSED)
{
    struct ring late = {0}, later = {0}, never = {0};
    struct loop_stats s;
    uint64_t n = 0;
    mono_ns now = loop_clock(loop);

    /* Two in one turn: the latest counts. */
    timer_set(loop, &late.timer, now - 10 * NS_PER_MS, ring_fired);
    timer_set(loop, &later.timer, now - 6 * NS_PER_S, ring_fired);
    timer_set(loop, &never.timer, now + 3600 * NS_PER_S, ring_fired);
    assert_int_equal(loop_turn(loop, now), 0);
    assert_int_equal(loop_turn(loop, now), 0);
    timer_clear(&never.timer);
    loop_stats(loop, &s);
    for (unsigned i = 0; i < LOOP_TURN_BUCKETS; i++) {
        n += s.turns_by_lag[i];
        if (s.turns_by_lag[i])
            assert_in_range(i, loop_turn_bucket(6 * NS_PER_S), LOOP_TURN_BUCKETS - 1);
    }
    assert_int_equal(n, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    if (!test_io_works())
        return TEST_SKIPPED;

    const struct CMUnitTest tests[] = {
        TEST(test_all_reads_come_before_deferred_work),
        TEST(test_event_of_a_closed_watch_is_dropped),
        TEST(test_a_copy_elsewhere_tells_nothing),
        TEST(test_real_timer_is_never_early),
        TEST(test_spinning_timer),
        TEST(test_timer_that_is_moved_while_it_expires),
        TEST(test_messages_from_threads),
        TEST(test_stop_from_a_thread),
        TEST(test_offload),
        TEST(test_stats_add_up),
        TEST(test_turn_buckets),
        TEST(test_lag_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
