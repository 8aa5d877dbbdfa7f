/* Coroutines on a loop whose clock is ours: many, nested waits, cancelling, stacks. */
#include "loop/coro.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "loop/coro_context.h"
#include "loop/loop.h"
#include "loop/test_io.h"

static struct loop_time_virtual clock_v;
static struct loop *loop;

static int setup(void **state UNUSED)
{
    loop_time_virtual_init(&clock_v, NS_PER_S);
    return loop_new(&(struct loop_options){.io = test_io(), .time = &clock_v.time}, &loop);
}

static int teardown(void **state UNUSED)
{
    loop_free(loop);
    loop = NULL;
    return 0;
}

static void spawn(coro_fn *fn, void *arg, struct coro **ret)
{
    assert_int_equal(coro_spawn(loop, CORO_STACK_SMALL, fn, arg, ret), 0);
}

static void turn(void)
{
    assert_int_equal(loop_turn(loop, loop_now(loop)), 0);
}

/* ---- many ---- */

enum {
#ifdef CORO_TSAN
    N_MANY = 500, /* the sanitizer allows few fibers */
#else
    N_MANY = 10000,
#endif
    N_ROUNDS = 5,
};

struct many {
    size_t n_done;
    size_t n_broken;
};

struct one_of_many {
    struct many *all;
    uint64_t id;
};

/* Fills a stretch of its stack, sleeps, and finds it as it was. */
static void many_main(void *arg)
{
    struct one_of_many *one = arg;
    volatile uint64_t canary[64];

    for (int round = 0; round < N_ROUNDS; round++) {
        for (size_t i = 0; i < 64; i++)
            canary[i] = one->id * 1000003 + i + (uint64_t)round;
        coro_sleep_until(loop_now(loop) + (span_ns)(one->id % 97) * 1000);
        for (size_t i = 0; i < 64; i++) {
            if (canary[i] != one->id * 1000003 + i + (uint64_t)round)
                one->all->n_broken++;
        }
    }
    if (++one->all->n_done == N_MANY)
        loop_stop(loop);
}

static void test_ten_thousand(void **state UNUSED)
{
    struct many all = {0};
    struct one_of_many *ones = xnew_n(struct one_of_many, N_MANY);
    struct loop_stats stats;

    for (uint64_t i = 0; i < N_MANY; i++) {
        ones[i] = (struct one_of_many){.all = &all, .id = i};
        spawn(many_main, &ones[i], NULL);
    }
    loop_stats(loop, &stats);
    assert_int_equal(stats.n_coros, N_MANY);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(all.n_done, N_MANY);
    assert_int_equal(all.n_broken, 0);
    loop_stats(loop, &stats);
    assert_int_equal(stats.n_coros, 0);
    free(ones);
}

/* ---- wake and park ---- */

struct parker {
    struct coro *coro;
    int values[8];
    size_t n;
};

static void got(struct parker *p, int value)
{
    p->values[p->n++] = value;
}

static void park_twice(void *arg)
{
    struct parker *p = arg;

    for (int i = 0; i < 2; i++)
        got(p, coro_park());
}

static void test_first_wake_counts(void **state UNUSED)
{
    struct parker p = {0};

    spawn(park_twice, &p, &p.coro);
    assert_false(coro_wake(p.coro, 1)); /* has not started */
    turn();
    assert_int_equal(p.n, 0);
    assert_true(coro_wake(p.coro, 7));
    assert_false(coro_wake(p.coro, 8));
    turn();
    assert_int_equal(p.n, 1);
    assert_int_equal(p.values[0], 7);
    assert_true(coro_resume_now(p.coro, 9));
    assert_int_equal(p.n, 2);
    assert_int_equal(p.values[1], 9);
}

/* ---- cancelling ---- */

static void park_until_told(void *arg)
{
    struct parker *p = arg;

    got(p, coro_park());
    got(p, coro_park());
    got(p, coro_sleep_until(loop_now(loop) + NS_PER_S));
    coro_uncancel(coro_self());
    got(p, coro_park());
}

static void test_cancel(void **state UNUSED)
{
    struct parker p = {0};

    spawn(park_until_told, &p, &p.coro);
    turn();
    coro_cancel(p.coro);
    assert_true(coro_cancelled(p.coro));
    turn();
    assert_int_equal(p.n, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(p.values[i], -ECANCELED);
    assert_true(coro_wake(p.coro, 5));
    turn();
    assert_int_equal(p.n, 4);
    assert_int_equal(p.values[3], 5);
}

static void test_cancel_before_start(void **state UNUSED)
{
    struct parker p = {0};

    spawn(park_until_told, &p, &p.coro);
    coro_cancel(p.coro);
    turn();
    assert_int_equal(p.n, 3);
    assert_int_equal(p.values[0], -ECANCELED);
    assert_true(coro_resume_now(p.coro, 0));
    assert_int_equal(p.n, 4);
}

/* A loop that goes away unwinds whoever is still suspended. */
static void test_free_unwinds(void **state UNUSED)
{
    struct parker p = {0};

    spawn(park_twice, &p, &p.coro);
    turn();
    loop_free(loop);
    assert_int_equal(p.n, 2);
    assert_int_equal(p.values[1], -ECANCELED);
    setup(NULL);
}

/* ---- time ---- */

static void sleep_and_note(void *arg)
{
    mono_ns *note = arg;

    assert_int_equal(coro_sleep_until(*note), 0);
    *note = loop_now(loop);
    loop_stop(loop);
}

static void test_injected_clock_is_exact(void **state UNUSED)
{
    mono_ns note = 61 * NS_PER_S + 12345;

    spawn(sleep_and_note, &note, NULL);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(note, 61 * NS_PER_S + 12345);
    assert_int_equal(clock_v.now, note);
}

static void park_with_limit(void *arg)
{
    struct parker *p = arg;

    got(p, coro_park_until(loop_now(loop) + NS_PER_MS));
    got(p, coro_park_until(loop_now(loop) + NS_PER_MS));
    loop_stop(loop);
}

static void test_park_until(void **state UNUSED)
{
    struct parker p = {0};

    spawn(park_with_limit, &p, &p.coro);
    turn();
    coro_wake(p.coro, 3);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(p.values[0], 3);
    assert_int_equal(p.values[1], -ETIMEDOUT);
}

/* ---- groups ---- */

struct family {
    int depth;
    size_t *n_ends;
    int result;
};

static void family_main(void *arg)
{
    struct family *f = arg;

    if (f->depth == 0) {
        f->result = coro_sleep_until(loop_now(loop) + NS_PER_MS);
    } else {
        struct family children[3];
        struct coro_waitgroup g;

        coro_waitgroup_init(&g, loop);
        for (size_t i = 0; i < countof(children); i++) {
            children[i] = (struct family){.depth = f->depth - 1, .n_ends = f->n_ends};
            assert_int_equal(coro_waitgroup_spawn(&g, CORO_STACK_SMALL, family_main, &children[i]),
                             0);
        }
        f->result = coro_waitgroup_wait(&g);
        for (size_t i = 0; i < countof(children); i++)
            assert_int_equal(children[i].result, f->result);
    }
    (*f->n_ends)++;
}

static void test_groups_nest(void **state UNUSED)
{
    size_t n_ends = 0;
    struct family f = {.depth = 4, .n_ends = &n_ends};

    spawn(family_main, &f, NULL);
    while (n_ends < 121)
        assert_int_equal(loop_turn(loop, MONO_NEVER), 0);
    assert_int_equal(f.result, 0);
}

static void test_cancelled_parent_waits_for_children(void **state UNUSED)
{
    size_t n_ends = 0;
    struct family f = {.depth = 2, .n_ends = &n_ends};
    struct coro *c;

    spawn(family_main, &f, &c);
    turn();
    coro_cancel(c);
    turn();
    assert_int_equal(n_ends, 13);
    assert_int_equal(f.result, -ECANCELED);
}

/* ---- lists and places ---- */

static struct coro_waitlist list_of_waiters;

static void wait_in_list(void *arg)
{
    struct parker *p = arg;

    got(p, coro_waitlist_wait(&list_of_waiters, MONO_NEVER));
}

static void test_waitlist(void **state UNUSED)
{
    struct parker p[4] = {0};

    coro_waitlist_init(&list_of_waiters);
    for (size_t i = 0; i < countof(p); i++)
        spawn(wait_in_list, &p[i], &p[i].coro);
    turn();
    coro_cancel(p[0].coro);
    assert_int_equal(coro_waitlist_wake_one(&list_of_waiters, 4), 1);
    turn();
    assert_int_equal(p[0].values[0], -ECANCELED);
    assert_int_equal(p[1].values[0], 4);
    assert_int_equal(p[2].n, 0);
    assert_int_equal(coro_waitlist_wake_all(&list_of_waiters, 6), 2);
    turn();
    assert_int_equal(p[3].values[0], 6);
    assert_true(list_empty(&list_of_waiters.waiters));
}

static struct coro_semaphore places;
static size_t n_inside, max_inside;

static void use_place(void *arg)
{
    int *result = arg;

    *result = coro_semaphore_take(&places, MONO_NEVER);
    if (*result < 0)
        return;
    if (++n_inside > max_inside)
        max_inside = n_inside;
    ignored(coro_sleep_until(loop_now(loop) + NS_PER_MS));
    n_inside--;
    coro_semaphore_give(&places);
}

static void test_semaphore(void **state UNUSED)
{
    int results[20];
    struct coro *c[20];
    struct loop_stats stats;

    coro_semaphore_init(&places, 3);
    max_inside = 0;
    for (size_t i = 0; i < countof(results); i++)
        spawn(use_place, &results[i], &c[i]);
    turn();
    coro_cancel(c[7]);
    do {
        assert_int_equal(loop_turn(loop, MONO_NEVER), 0);
        loop_stats(loop, &stats);
    } while (stats.n_coros > 0);
    assert_int_equal(max_inside, 3);
    assert_int_equal(results[7], -ECANCELED);
    assert_int_equal(results[19], 0);
    assert_int_equal(places.n_free, 3);
}

/* ---- stacks and faults ---- */

static void use_stack(void *arg)
{
    char **ret_base = arg;
    void *base;
    size_t bytes;
    char here;

    coro_stack_bounds(coro_self(), &base, &bytes);
    assert_true((char *)base < &here && &here < (char *)base + bytes);
    assert_true(bytes > 250 << 10 && bytes < 256 << 10);
    /* All of it can be written, down to its last byte. */
    memset(base, 0x5a, bytes - (16 << 10));
    *ret_base = base;
}

static void test_stack_is_reused_and_trimmed(void **state UNUSED)
{
    char *first = NULL, *second = NULL;

    assert_int_equal(coro_spawn(loop, CORO_STACK_MEDIUM, use_stack, &first, NULL), 0);
    turn();
    assert_non_null(first);
    assert_int_equal(coro_spawn(loop, CORO_STACK_MEDIUM, use_stack, &second, NULL), 0);
#ifndef CORO_ASAN
    assert_int_equal(first[0], 0); /* what was deep has gone back to the system */
#endif
    turn();
    assert_ptr_equal(first, second);
}

static void raise_and_yield(void *arg)
{
    const char *name = arg;

    ignored(fault(-EIO, "fault of %s", name));
    coro_yield();
    assert_non_null(strstr(fault_text(), name));
}

static void test_faults_belong_to_coroutines(void **state UNUSED)
{
    char a[] = "first", b[] = "second";

    fault_clear();
    spawn(raise_and_yield, a, NULL);
    spawn(raise_and_yield, b, NULL);
    turn();
    turn();
    assert_string_equal(fault_text(), "");
}

/* ---- the loop's stack ---- */

struct visit {
    struct coro *self;
    bool outside; /* of the coroutine's own stack */
    uint64_t sum;
};

static bool lies_within(const struct coro *c, const void *p)
{
    void *base;
    size_t n;

    coro_stack_bounds(c, &base, &n);
    return (const char *)p >= (const char *)base && (const char *)p < (const char *)base + n;
}

/* Deeper than a coroutine's whole stack, so that it must be elsewhere. */
static uint64_t add_deeply(unsigned depth)
{
    volatile uint64_t room[128];

    room[depth % 128] = depth;
    return depth ? add_deeply(depth - 1) + room[depth % 128] : 0;
}

static void visit(void *arg)
{
    struct visit *v = arg;

    v->self = coro_self();
    v->outside = !lies_within(v->self, __builtin_frame_address(0));
    if (v->outside)
        v->sum = add_deeply(200);
}

static void visit_between_waits(void *arg)
{
    struct visit *v = arg;

    coro_on_loop_stack(visit, v);
    assert_ptr_equal(v->self, coro_self());
    assert_int_equal(coro_yield(), 0);
    v->sum += 1;
    coro_on_loop_stack(visit, v);
    assert_int_equal(coro_yield(), 0);
}

static void test_calls_on_the_loops_stack(void **state UNUSED)
{
#if defined(CORO_ASAN) || defined(CORO_TSAN) || defined(BRUNT_UCONTEXT)
    const bool elsewhere = false;
#else
    const bool elsewhere = true;
#endif
    struct visit a = {0}, b = {0};

    spawn(visit_between_waits, &a, NULL);
    spawn(visit_between_waits, &b, NULL);
    for (int i = 0; i < 4; i++)
        turn();
    assert_int_equal(a.outside, elsewhere);
    assert_int_equal(b.outside, elsewhere);
    assert_int_equal(a.sum, elsewhere ? 200 * 201 / 2 : 1);
    assert_int_equal(b.sum, a.sum);
    assert_ptr_not_equal(a.self, b.self);
}

/* A call within a call goes on where that one is, and overwrites nothing of it. */
static void visit_within(void *arg)
{
    volatile uint64_t canary[64];

    for (uint64_t i = 0; i < 64; i++)
        canary[i] = i * 1000003;
    coro_on_loop_stack(visit, arg);
    for (uint64_t i = 0; i < 64; i++)
        assert_int_equal(canary[i], i * 1000003);
}

static void visit_nested(void *arg)
{
    coro_on_loop_stack(visit_within, arg);
    assert_int_equal(coro_yield(), 0);
}

static void test_calls_nest(void **state UNUSED)
{
    struct visit a = {0};

    spawn(visit_nested, &a, NULL);
    turn();
    turn();
    assert_non_null(a.self);
}

/* Without a coroutine it is a call like any. */
static void count_up(void *arg)
{
    assert_null(coro_self());
    ++*(int *)arg;
}

static void test_calls_without_a_coroutine(void **state UNUSED)
{
    int n = 0;

    coro_on_loop_stack(count_up, &n);
    assert_int_equal(n, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    if (!test_io_works())
        return TEST_SKIPPED;

    const struct CMUnitTest tests[] = {
        TEST(test_ten_thousand),
        TEST(test_first_wake_counts),
        TEST(test_cancel),
        TEST(test_cancel_before_start),
        TEST(test_free_unwinds),
        TEST(test_injected_clock_is_exact),
        TEST(test_park_until),
        TEST(test_groups_nest),
        TEST(test_cancelled_parent_waits_for_children),
        TEST(test_waitlist),
        TEST(test_semaphore),
        TEST(test_stack_is_reused_and_trimmed),
        TEST(test_faults_belong_to_coroutines),
        TEST(test_calls_on_the_loops_stack),
        TEST(test_calls_nest),
        TEST(test_calls_without_a_coroutine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
