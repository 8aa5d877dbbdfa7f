#include "run/drift.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/random.h"

static void test_line(void **state UNUSED)
{
    struct drift d = {0};

    for (int i = 0; i < 100; i++)
        drift_add(&d, 2 + 0.1 * i, 7 + 0.25 * i);
    assert_true(fabs(drift_slope(&d) - 2.5) < 1e-9);
    assert_true(fabs(drift_growth(&d) - 24.75) < 1e-9);
    assert_true(drift_scatter(&d) < 1e-6);
    assert_true(drift_rises(&d, 2.4));
    assert_false(drift_rises(&d, 2.6));
}

/* Far from zero, as monotonic clocks are: nothing cancels. */
static void test_large_offset(void **state UNUSED)
{
    struct drift d = {0};

    for (int i = 0; i < 100; i++)
        drift_add(&d, 1e7 + 0.1 * i, 1e6 + i);
    assert_true(fabs(drift_slope(&d) - 10) < 1e-4);
}

static void test_too_few(void **state UNUSED)
{
    struct drift d = {0};

    assert_false(drift_rises(&d, 0));
    drift_add(&d, 0, 0);
    drift_add(&d, 1, 1000);
    assert_true(drift_slope(&d) == 0 && drift_growth(&d) == 0 && drift_scatter(&d) == 0);
    assert_false(drift_rises(&d, 0));
}

/* A queue that is 1 % too slow for 100 a second, looked at for 10 s: ten more, in whole numbers. */
static void test_queue_grows(void **state UNUSED)
{
    struct drift d = {0};

    for (int i = 0; i < 100; i++)
        drift_add(&d, 0.1 * i, floor(3 + 0.1 * i));
    assert_true(drift_rises(&d, 0.5));
}

/* What varies by chance around a level does not rise: none of a thousand. */
static void test_noise(void **state UNUSED)
{
    struct rng rng;

    rng_seed(&rng, 5);
    for (int k = 0; k < 1000; k++) {
        struct drift d = {0};

        for (int i = 0; i < 100; i++)
            drift_add(&d, 0.1 * i, rng_exponential(&rng, 20));
        assert_false(drift_rises(&d, 0));
    }
}

static void test_falls(void **state UNUSED)
{
    struct drift d = {0};

    for (int i = 0; i < 100; i++)
        drift_add(&d, i, -i);
    assert_false(drift_rises(&d, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),    cmocka_unit_test(test_large_offset),
        cmocka_unit_test(test_too_few), cmocka_unit_test(test_queue_grows),
        cmocka_unit_test(test_noise),   cmocka_unit_test(test_falls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
