#include "report/doc_value.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/random.h"

static void check_number(double value, int digits, const char *expected)
{
    struct buf out = {0};

    doc_put_number(&out, value, digits);
    assert_string_equal(buf_cstr(&out), expected);
    buf_fini(&out);
}

static void numbers_are_short(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "0"},
        {1, "1"},
        {-17, "-17"},
        {123456789, "123456789"},
        {1e15, "1000000000000000"},
        {9.87654321, "9.877"},
        {12.3, "12.3"},
        {12.30001, "12.3"},
        {999.96, "1000"},
        {99.996, "100"},
        {12345.67, "12346"},
        {-0.00123456, "-0.001235"},
        {0.1, "0.1"},
        {1.0 / 3, "0.3333"},
        {2.5e-9, "0.0000000025"},
        {1.23456e-30, "1.235e-30"},
        {1.23456e30, "1.235e+30"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
        {NAN, "null"},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        check_number(cases[i].value, 4, cases[i].text);
    }
    check_number(1.0 / 3, 9, "0.333333333");
    check_number(1.0 / 3, DOC_ALL_DIGITS, "0.3333333333333333");
    check_number(12345.678901234, 9, "12345.6789");
}

static void rounding_is_within_its_digits(void **state)
{
    (void)state;
    struct rng r;
    struct buf out = {0};

    rng_seed(&r, 5);
    for (int i = 0; i < 20000; i++) {
        double v = exp(80 * (rng_unit(&r) - 0.5)), read = 0;
        int digits = i % 2 ? DOC_POINT_DIGITS : DOC_TOTAL_DIGITS;

        buf_reset(&out);
        doc_put_number(&out, v, digits);
        assert_true(str_f64(buf_str(&out), &read));
        assert_true(fabs(read - v) <= 0.5001 * v * pow(10, 1 - digits));
        assert_true(v > 1e-9 && v < 1e15 ? out.len <= 25 : out.len <= 26);
    }
    buf_fini(&out);
}

static void columns_are_those_of_the_type(void **state)
{
    (void)state;
    struct hist_slab *slab = hist_slab_new();
    struct metric_registry *reg = metric_registry_new();
    double c[DOC_COLUMNS_MAX];
    struct value v;

    value_init(&v, metric_get(reg, M_HTTP_REQS), slab);
    value_count(&v, 3);
    value_count(&v, 4);
    assert_int_equal(doc_point(&v, METRIC_COUNTER, c), 1);
    assert_int_equal(doc_total(&v, METRIC_COUNTER, c), 2);
    assert_true(c[0] == 7 && c[1] == 2);
    value_init(&v, metric_get(reg, M_VUS), slab);
    value_gauge(&v, 5, 1);
    value_gauge(&v, 2, 2);
    assert_int_equal(doc_point(&v, METRIC_GAUGE, c), 3);
    assert_int_equal(doc_total(&v, METRIC_GAUGE, c), 4);
    assert_true(c[0] == 2 && c[1] == 2 && c[2] == 5 && c[3] == 2);
    value_init(&v, metric_get(reg, M_CHECKS), slab);
    value_rate(&v, true);
    value_rate(&v, false);
    value_rate(&v, false);
    assert_int_equal(doc_point(&v, METRIC_RATE, c), 2);
    assert_int_equal(doc_total(&v, METRIC_RATE, c), 2);
    assert_true(c[0] == 1 && c[1] == 3);
    metric_registry_free(reg);
    hist_slab_free(slab);
}

static void columns_of_a_trend(void **state)
{
    (void)state;
    static const double quantiles[] = {0.5, 0.9, 0.95, 0.99, 0.999};
    struct hist_slab *slab = hist_slab_new();
    struct metric_registry *reg = metric_registry_new();
    double c[DOC_COLUMNS_MAX];
    struct value v;

    value_init(&v, metric_get(reg, M_HTTP_REQ_DURATION), slab);
    assert_int_equal(doc_total(&v, METRIC_TREND, c), 9);
    for (size_t i = 0; i < 9; i++)
        assert_true(c[i] == 0);
    for (int i = 1; i <= 1000; i++)
        value_trend(&v, i);
    assert_int_equal(doc_point(&v, METRIC_TREND, c), doc_point_columns(METRIC_TREND));
    assert_int_equal(doc_total(&v, METRIC_TREND, c), 9);
    assert_true(c[0] == 1000 && c[1] == 500500 && c[2] == 1 && c[3] == 1000);
    for (size_t i = 0; i < countof(quantiles); i++)
        assert_true(c[4 + i] == hist_quantile(&v.trend, quantiles[i]));
    value_fini(&v, METRIC_TREND);
    metric_registry_free(reg);
    hist_slab_free(slab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_short),
        cmocka_unit_test(rounding_is_within_its_digits),
        cmocka_unit_test(columns_are_those_of_the_type),
        cmocka_unit_test(columns_of_a_trend),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
