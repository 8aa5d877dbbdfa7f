/* The wheel against a list that is searched in full: same timers, same moments. */
#include "loop/wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum {
    N_TIMERS = 300,
    N_STEPS = 20000,
};

struct entry {
    struct timer timer;
    mono_ns due; /* what the wheel should know; MONO_NEVER: not armed */
};

static uint64_t random_state;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Spans of every magnitude from nanoseconds to years. */
static span_ns random_span(unsigned max_bits)
{
    return (span_ns)(next_random() >> (64 - 1 - next_random() % max_bits));
}

static void no_fn(struct loop *l UNUSED, struct timer *t UNUSED)
{
}

/* Everything that expired was due, and nothing that is due stayed behind. */
static void check_advance(struct wheel *w, struct entry *all, mono_ns now)
{
    struct list expired;
    struct list *link;

    list_init(&expired);
    wheel_advance(w, now, &expired);
    while ((link = list_pop(&expired))) {
        struct entry *e = container_of(list_entry(link, struct timer, link), struct entry, timer);

        assert_true(e->due <= now);
        assert_int_equal(e->due, e->timer.deadline);
        e->due = MONO_NEVER;
    }
    for (size_t i = 0; i < N_TIMERS; i++)
        assert_true(all[i].due > now);
}

/* The wheel never sleeps past a deadline. */
static void check_next(struct wheel *w, const struct entry *all, mono_ns now)
{
    mono_ns earliest = MONO_NEVER;
    mono_ns next = wheel_next(w);

    for (size_t i = 0; i < N_TIMERS; i++) {
        if (all[i].due < earliest)
            earliest = all[i].due;
    }
    assert_true(next <= earliest);
    if (earliest < now + (1 << WHEEL_TICK_SHIFT) && earliest != MONO_NEVER)
        assert_true(next == earliest || next <= now + (1 << WHEEL_TICK_SHIFT));
}

static void change_one(struct wheel *w, struct entry *e, mono_ns now)
{
    switch (next_random() % 8) {
    case 0:
        timer_clear(&e->timer);
        e->due = MONO_NEVER;
        break;
    case 1:
        timer_disarm(&e->timer);
        e->due = MONO_NEVER;
        break;
    default:
        e->due = now + random_span(50) - (span_ns)(next_random() % 3);
        wheel_set(w, &e->timer, e->due, no_fn);
        assert_true(timer_armed(&e->timer));
        break;
    }
}

static void test_against_list(void **state UNUSED)
{
    static struct wheel w;
    static struct entry all[N_TIMERS];
    mono_ns now = 123456789012345;

    random_state = 88172645463325252U;
    wheel_init(&w, now);
    for (size_t i = 0; i < N_TIMERS; i++)
        all[i].due = MONO_NEVER;
    for (int step = 0; step < N_STEPS; step++) {
        for (int i = 0; i < 4; i++)
            change_one(&w, &all[next_random() % N_TIMERS], now);
        check_next(&w, all, now);
        now += random_span(46) >> (next_random() % 40);
        check_advance(&w, all, now);
    }
}

/* Advancing to wheel_next() each time fires every timer exactly on its deadline. */
static void test_exact_when_followed(void **state UNUSED)
{
    static struct wheel w;
    static struct entry all[N_TIMERS];
    mono_ns now = 1;
    size_t n_fired = 0;

    random_state = 2463534242U;
    wheel_init(&w, now);
    for (size_t i = 0; i < N_TIMERS; i++) {
        all[i].due = now + 1 + random_span(44);
        wheel_set(&w, &all[i].timer, all[i].due, no_fn);
    }
    while (n_fired < N_TIMERS) {
        struct list expired;
        struct list *link;

        now = wheel_next(&w);
        assert_true(now != MONO_NEVER);
        list_init(&expired);
        wheel_advance(&w, now, &expired);
        while ((link = list_pop(&expired))) {
            assert_int_equal(list_entry(link, struct timer, link)->deadline, now);
            n_fired++;
        }
    }
    assert_true(wheel_next(&w) == MONO_NEVER);
}

static void test_lazy_move_costs_no_relinking(void **state UNUSED)
{
    static struct wheel w;
    struct timer t = {0};
    struct list expired;

    wheel_init(&w, 0);
    list_init(&expired);
    wheel_set(&w, &t, 1000000, no_fn);
    struct list *before = t.link.prev;

    wheel_set(&w, &t, 60 * NS_PER_S, no_fn);
    assert_ptr_equal(t.link.prev, before);
    wheel_advance(&w, 2000000, &expired);
    assert_true(list_empty(&expired));
    assert_true(timer_armed(&t));
    wheel_set(&w, &t, 3000000, no_fn);
    wheel_advance(&w, 2999999, &expired);
    assert_true(list_empty(&expired));
    wheel_advance(&w, 3000000, &expired);
    assert_ptr_equal(list_pop(&expired), &t.link);
    assert_false(timer_armed(&t));
}

static void test_switched_off_timer_leaves_by_itself(void **state UNUSED)
{
    static struct wheel w;
    struct timer t = {0};
    struct list expired;

    wheel_init(&w, 0);
    list_init(&expired);
    wheel_set(&w, &t, 1000000, no_fn);
    timer_disarm(&t);
    assert_false(timer_armed(&t));
    wheel_advance(&w, 2000000, &expired);
    assert_true(list_empty(&expired));
    assert_true(wheel_next(&w) == MONO_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_list),
        cmocka_unit_test(test_exact_when_followed),
        cmocka_unit_test(test_lazy_move_costs_no_relinking),
        cmocka_unit_test(test_switched_off_timer_leaves_by_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
