/* Ticks as nanoseconds, with origins that are made up: no clock, no processor. */
#include "base/ticks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void ticks_become_time(void **state)
{
    (void)state;
    const struct ticks_origin from = {.ticks = 1000, .at = 5 * NS_PER_S};
    /* A counter of 2.5 GHz, four seconds on. */
    const struct ticks_origin to = {.ticks = 1000 + UINT64_C(10000000000), .at = 9 * NS_PER_S};

    assert_int_equal(ticks_to_ns(0, from, to), 0);
    assert_int_equal(ticks_to_ns(5, from, to), 2);
    assert_int_equal(ticks_to_ns(2500000, from, to), NS_PER_MS);
    assert_int_equal(ticks_to_ns(UINT64_C(10000000000), from, to), 4 * NS_PER_S);
}

/* Too soon to tell, or a counter that was set back: nothing rather than nonsense. */
static void without_a_distance_there_is_none(void **state)
{
    (void)state;
    const struct ticks_origin from = {.ticks = 1000, .at = 5 * NS_PER_S};
    const struct ticks_origin later = {.ticks = 900, .at = 6 * NS_PER_S};
    const struct ticks_origin same_time = {.ticks = 2000, .at = 5 * NS_PER_S};

    assert_int_equal(ticks_to_ns(500, from, from), 0);
    assert_int_equal(ticks_to_ns(500, from, later), 0);
    assert_int_equal(ticks_to_ns(500, from, same_time), 0);
}

/* The counter wraps like any number of 64 bits. */
static void the_counter_may_wrap(void **state)
{
    (void)state;
    const struct ticks_origin from = {.ticks = UINT64_MAX - 999, .at = 0};
    const struct ticks_origin to = {.ticks = 1000, .at = 4000};

    assert_int_equal(ticks_to_ns(1000, from, to), 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_become_time),
        cmocka_unit_test(without_a_distance_there_is_none),
        cmocka_unit_test(the_counter_may_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
