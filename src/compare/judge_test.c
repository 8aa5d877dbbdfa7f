#include "compare/judge.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"

static const struct spread still = {.sd = 1e-9, .df = 1e6};
static const struct spread usual = {.sd = 0.02, .df = 20};

static struct figure around(double value, double half)
{
    return (struct figure){value, value - half, value + half, 50};
}

static void a_change_has_the_scatter_of_both(void **state)
{
    (void)state;
    struct figure c = around(110, 3), b = around(100, 4);
    struct change_estimate e;

    change_relative(&c, &b, &still, 0.95, &e);
    assert_float_equal(e.value, 0.1, 1e-12);
    /* ±2.73 % and ±4 % together ±4.9 %, on logarithms */
    assert_float_equal(e.low, 0.0485, 0.002);
    assert_float_equal(e.high, 0.1555, 0.003);
    assert_true(e.p_value < 0.001);
    change_relative(&c, &b, &usual, 0.95, &e);
    assert_true(e.low < 0.03 && e.high > 0.17);
    assert_true(e.p_value > 0.001);
}

static void an_interval_that_touches_zero_has_p_of_its_rest(void **state)
{
    (void)state;
    struct spread s = {.sd = 0.02, .df = 7};
    struct figure c = {104, 104, 104, 0}, b = {100, 100, 100, 0};
    struct change_estimate e;

    /* Student's t with 7: 2.3646 · 0.02 · √2 is the half. */
    c.value = c.low = c.high = 100 * exp(2.364624 * 0.02 * M_SQRT2);
    change_relative(&c, &b, &s, 0.95, &e);
    assert_float_equal(e.low, 0, 1e-6);
    assert_float_equal(e.p_value, 0.05, 1e-5);
}

static void nothing_has_no_relation(void **state)
{
    (void)state;
    struct figure zero = {0}, some = around(1, 0.1);
    struct change_estimate e;

    change_relative(&some, &zero, &usual, 0.95, &e);
    assert_true(isnan(e.value) && isnan(e.low) && isnan(e.p_value));
    assert_int_equal(judge(&e, LOWER_IS_BETTER, 0.05), JUDGED_UNCLEAR);
    change_relative(&zero, &some, &usual, 0.95, &e);
    assert_true(isnan(e.value));
}

static void equal_figures_have_no_change(void **state)
{
    (void)state;
    struct figure f = {5, 5, 5, 0};
    struct change_estimate e;

    change_relative(&f, &f, &usual, 0.95, &e);
    assert_true(e.value == 0 && e.p_value == 1);
    assert_true(e.low < 0 && e.high > 0);
}

/* Newcombe 1998, table II, method 10 without spread: 56/70 - 48/80 is 0.0524 to 0.3339. */
static void shares_have_newcombes_interval(void **state)
{
    (void)state;
    struct share_figure c = {56, 70, 1}, b = {48, 80, 1};
    struct change_estimate e;

    change_share(&c, &b, &still, 0.95, &e);
    assert_float_equal(e.value, 0.2, 1e-12);
    assert_float_equal(e.low, 0.0524, 1e-4);
    assert_float_equal(e.high, 0.3339, 1e-4);
    c.design_effect = b.design_effect = 4;
    change_share(&c, &b, &still, 0.95, &e);
    assert_true(e.low < 0);
}

static void from_no_failures_to_some(void **state)
{
    (void)state;
    struct share_figure c = {500, 1000, 1}, b = {0, 1000, 1}, none = {0, 0, 1};
    struct change_estimate e;

    change_share(&c, &b, &(struct spread){.sd = 0.2, .df = 5}, 0.95, &e);
    assert_int_equal(judge(&e, LOWER_IS_BETTER, 0.001), JUDGED_WORSE);
    change_share(&b, &b, &usual, 0.95, &e);
    assert_true(e.value == 0 && e.low < 0 && e.high > 0);
    change_share(&none, &b, &usual, 0.95, &e);
    assert_true(isnan(e.value));
}

static void the_word_follows_from_the_interval(void **state)
{
    (void)state;
    static const struct {
        double value, low, high;
        enum judgement lower, higher;
    } rows[] = {
        {0.08, 0.06, 0.10, JUDGED_WORSE, JUDGED_BETTER},
        {0.06, 0.01, 0.11, JUDGED_WORSE, JUDGED_BETTER},
        {0.04, 0.01, 0.07, JUDGED_UNCLEAR, JUDGED_UNCLEAR},
        {0.04, 0.035, 0.045, JUDGED_SAME, JUDGED_SAME},
        {0.00, -0.04, 0.04, JUDGED_SAME, JUDGED_SAME},
        {0.00, -0.06, 0.06, JUDGED_UNCLEAR, JUDGED_UNCLEAR},
        {0.20, -0.01, 0.41, JUDGED_UNCLEAR, JUDGED_UNCLEAR},
        {-0.08, -0.1, -0.01, JUDGED_BETTER, JUDGED_WORSE},
        {NAN, NAN, NAN, JUDGED_UNCLEAR, JUDGED_UNCLEAR},
    };

    for (size_t i = 0; i < countof(rows); i++) {
        const struct change_estimate e = {rows[i].value, rows[i].low, rows[i].high, 0};

        assert_int_equal(judge(&e, LOWER_IS_BETTER, 0.05), rows[i].lower);
        assert_int_equal(judge(&e, HIGHER_IS_BETTER, 0.05), rows[i].higher);
    }
}

/* The example of Benjamini & Hochberg 1995, section 4: of 15 tests the first four count. */
static void of_many_tests_the_paper_counts_four(void **state)
{
    (void)state;
    const double p[] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                        0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
    bool counts[countof(p)];

    false_discoveries(p, countof(p), 0.05, counts);
    for (size_t i = 0; i < countof(p); i++)
        assert_int_equal(counts[i], i < 4);
}

static void tests_that_were_not_made_do_not_count(void **state)
{
    (void)state;
    const double p[] = {NAN, 0.03, NAN, NAN};
    bool counts[countof(p)];

    false_discoveries(p, countof(p), 0.05, counts);
    assert_true(counts[1] && !counts[0] && !counts[2] && !counts[3]);
    false_discoveries(p, 0, 0.05, counts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_has_the_scatter_of_both),
        cmocka_unit_test(an_interval_that_touches_zero_has_p_of_its_rest),
        cmocka_unit_test(nothing_has_no_relation),
        cmocka_unit_test(equal_figures_have_no_change),
        cmocka_unit_test(shares_have_newcombes_interval),
        cmocka_unit_test(from_no_failures_to_some),
        cmocka_unit_test(the_word_follows_from_the_interval),
        cmocka_unit_test(of_many_tests_the_paper_counts_four),
        cmocka_unit_test(tests_that_were_not_made_do_not_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
