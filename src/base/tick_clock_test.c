/* The clock by the counter: with readings that are made up, and beside the real clock. */
#include "base/tick_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define T0 UINT64_C(1000000)
#define AT (7 * NS_PER_S)

/* A counter of 2.5 GHz. */
static void the_rate_is_learned(void **state)
{
    (void)state;
    struct tick_clock c = {.is_even = true};

    tick_clock_learn(&c, T0, AT);
    assert_int_equal(c.reach, 0);
    tick_clock_learn(&c, T0 + 2500000, AT + NS_PER_MS);
    assert_int_equal(c.reach, 0); /* too soon to tell */
    tick_clock_learn(&c, T0 + 25000000, AT + 10 * NS_PER_MS);
    assert_int_equal(c.reach, 2500000);
    assert_int_equal(c.at, AT + 10 * NS_PER_MS);
    /* A microsecond of ticks is one of time. */
    assert_int_equal((2500 * c.rate + (c.rate >> 1)) >> 32, 1000);
}

/* After a jump of either, the counter decides nothing until it is known again. */
static void a_jump_starts_over(void **state)
{
    (void)state;
    struct tick_clock c = {.is_even = true};

    tick_clock_learn(&c, T0, AT);
    tick_clock_learn(&c, T0 + 25000000, AT + 10 * NS_PER_MS);
    tick_clock_learn(&c, 5, AT + 11 * NS_PER_MS);
    assert_int_equal(c.reach, 0);
    tick_clock_learn(&c, 5 + 25000000, AT + 21 * NS_PER_MS);
    assert_int_equal(c.reach, 2500000);
    /* The machine slept: its clock went on, its counter did not. */
    tick_clock_learn(&c, 6 + 25000000, AT + 3600 * NS_PER_S);
    assert_int_equal(c.reach, 0);
}

/* Whatever happens between two lines of this, the answer lies between those of the clock. */
static void it_is_the_clock(void **state)
{
    (void)state;
    const span_ns slack = 2 * NS_PER_US;
    struct tick_clock c;

    tick_clock_init(&c, ticks_are_even());
    for (mono_ns end = clock_mono() + 30 * NS_PER_MS; clock_mono() < end;) {
        mono_ns before = clock_mono();
        mono_ns t = tick_clock_now(&c);
        mono_ns after = clock_mono();

        assert_true(t >= before - slack);
        assert_true(t <= after + slack);
    }
    assert_true(!c.is_even || c.rate > 0);
}

static void an_uneven_counter_is_left_alone(void **state)
{
    (void)state;
    struct tick_clock c;

    tick_clock_init(&c, false);
    mono_ns before = clock_mono();

    assert_true(tick_clock_now(&c) >= before);
    assert_int_equal(c.rate, 0);
    assert_int_equal(c.reach, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rate_is_learned),
        cmocka_unit_test(a_jump_starts_over),
        cmocka_unit_test(it_is_the_clock),
        cmocka_unit_test(an_uneven_counter_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
