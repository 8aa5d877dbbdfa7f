#include "run/hold_curve.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"

static void test_nothing_known(void **state UNUSED)
{
    struct hold_curve *c = hold_curve_fit(NULL, 0, 100, 10000, 0.01);

    /* Even on the log scale: the median is the geometric mean. */
    assert_true(fabs(hold_curve_quantile(c, 0.5) / 1000 - 1) < 0.01);
    assert_true(fabs(hold_curve_quantile(c, 0.25) / 316.2 - 1) < 0.02);
    assert_true(fabs(hold_curve_at(c, 1000) - 0.5) < 0.01);
    hold_curve_free(c);
}

static void test_between_the_two(void **state UNUSED)
{
    const struct hold_trial trials[] = {{400, true},  {420, true},  {430, true}, {440, false},
                                        {450, false}, {460, false}, {425, true}, {445, false}};
    struct hold_curve *c = hold_curve_fit(trials, countof(trials), 100, 1000, 0.002);

    assert_true(hold_curve_quantile(c, 0.5) > 430 && hold_curve_quantile(c, 0.5) < 440);
    assert_true(hold_curve_quantile(c, 0.1) < hold_curve_quantile(c, 0.5));
    assert_true(hold_curve_quantile(c, 0.9) > hold_curve_quantile(c, 0.5));
    assert_true(hold_curve_at(c, 200) > 0.95 && hold_curve_at(c, 900) < 0.05);
    hold_curve_free(c);
}

static void test_reach(void **state UNUSED)
{
    const struct hold_trial trials[] = {{400, true}, {430, true}, {440, false}, {500, false}};
    struct hold_curve *c = hold_curve_fit(trials, countof(trials), 100, 1000, 0.002);
    double reach = hold_curve_reach(c, 0.8);

    assert_true(fabs(hold_curve_at(c, reach) - 0.8) < 0.01);
    assert_true(hold_curve_reach(c, 0.2) > reach);
    /* Nobody is ever that sure. */
    assert_true(fabs(hold_curve_reach(c, 0.9999) / 100 - 1) < 1e-3);
    hold_curve_free(c);
}

/* One outlier among many does not move the bend. */
static void test_outlier(void **state UNUSED)
{
    const struct hold_trial trials[] = {{100, false}, {200, true},  {300, true},  {400, true},
                                        {420, true},  {440, false}, {430, false}, {425, true}};
    struct hold_curve *c = hold_curve_fit(trials, countof(trials), 50, 1000, 0.002);

    assert_true(hold_curve_quantile(c, 0.2) > 415 && hold_curve_quantile(c, 0.8) < 445);
    hold_curve_free(c);
}

/* Contradictions near the bend mean that it is soft. */
static void test_soft(void **state UNUSED)
{
    const struct hold_trial hard[] = {{400, true}, {420, true}, {440, false}, {460, false}};
    const struct hold_trial soft[] = {{400, true},  {420, false}, {440, true},  {460, false},
                                      {410, false}, {430, true},  {450, false}, {440, true}};
    struct hold_curve *a = hold_curve_fit(hard, countof(hard), 100, 1000, 0.002);
    struct hold_curve *b = hold_curve_fit(soft, countof(soft), 100, 1000, 0.002);

    assert_true(hold_curve_reach(b, 0.8) < hold_curve_reach(a, 0.8));
    hold_curve_free(a);
    hold_curve_free(b);
    hold_curve_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_known), cmocka_unit_test(test_between_the_two),
        cmocka_unit_test(test_reach),         cmocka_unit_test(test_outlier),
        cmocka_unit_test(test_soft),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
