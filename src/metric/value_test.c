#include "metric/value.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void stats_have_names(void **state)
{
    static const struct {
        const char *text;
        struct stat_name want;
    } cases[] = {
        {"count", {STAT_COUNT, 0}}, {"rate", {STAT_RATE, 0}}, {"value", {STAT_VALUE, 0}},
        {"avg", {STAT_AVG, 0}},     {"min", {STAT_MIN, 0}},   {"med", {STAT_MED, 0}},
        {"max", {STAT_MAX, 0}},     {"p(95)", {STAT_P, 95}},  {"p( 99.9 )", {STAT_P, 99.9}},
    };
    static const char *const bad[] = {"", "p", "p(", "p()", "p(x)", "p(1", "P(1)", "avg ", "p95"};
    struct stat_name got;

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        assert_true(stat_parse(str_of(cases[i].text), &got));
        assert_int_equal(got.kind, cases[i].want.kind);
        assert_true(got.p == cases[i].want.p);
    }
    for (size_t i = 0; i < countof(bad); i++)
        assert_false(stat_parse(str_of(bad[i]), &got));
}

static double stat(const struct value *v, enum metric_type type, const char *text, double seconds)
{
    struct stat_name s;

    assert_true(stat_parse(str_of(text), &s));
    return value_stat(v, type, s, seconds);
}

static void numbers_are_those_of_the_type(void **state)
{
    struct hist_slab *slab = hist_slab_new();
    struct value v;

    (void)state;
    value_init(&v, &(struct metric){.type = METRIC_COUNTER}, slab);
    assert_true(stat(&v, METRIC_COUNTER, "rate", 0) == 0);
    value_count(&v, 2.5);
    value_count(&v, 5);
    assert_true(stat(&v, METRIC_COUNTER, "count", 3) == 7.5);
    assert_true(stat(&v, METRIC_COUNTER, "rate", 3) == 2.5);
    assert_true(stat(&v, METRIC_COUNTER, "avg", 3) == 0);
    assert_int_equal(value_samples(&v, METRIC_COUNTER), 2);

    value_init(&v, &(struct metric){.type = METRIC_GAUGE}, slab);
    value_gauge(&v, 4, 1);
    value_gauge(&v, -2, 2);
    value_gauge(&v, 1, 3);
    assert_true(stat(&v, METRIC_GAUGE, "value", 1) == 1);
    assert_true(stat(&v, METRIC_GAUGE, "min", 1) == -2);
    assert_true(stat(&v, METRIC_GAUGE, "max", 1) == 4);

    value_init(&v, &(struct metric){.type = METRIC_RATE}, slab);
    assert_true(stat(&v, METRIC_RATE, "rate", 1) == 0);
    value_rate(&v, true);
    value_rate(&v, false);
    value_rate(&v, false);
    value_rate(&v, false);
    assert_true(stat(&v, METRIC_RATE, "rate", 1) == 0.25);

    value_init(&v, &(struct metric){.type = METRIC_TREND}, slab);
    assert_true(stat(&v, METRIC_TREND, "min", 1) == 0 && stat(&v, METRIC_TREND, "max", 1) == 0);
    for (int i = 1; i <= 4; i++)
        value_trend(&v, i);
    assert_true(stat(&v, METRIC_TREND, "avg", 1) == 2.5);
    assert_true(stat(&v, METRIC_TREND, "count", 1) == 4);
    assert_true(stat(&v, METRIC_TREND, "p(100)", 1) == 4);
    assert_true(fabs(stat(&v, METRIC_TREND, "med", 1) - 2.5) < 0.0035);
    value_fini(&v, METRIC_TREND);
    hist_slab_free(slab);
}

static void merging_is_adding(void **state)
{
    struct value a, b;

    (void)state;
    value_init(&a, &(struct metric){.type = METRIC_GAUGE}, NULL);
    value_init(&b, &(struct metric){.type = METRIC_GAUGE}, NULL);
    value_gauge(&b, 5, 20);
    value_merge(&a, &b, METRIC_GAUGE);
    assert_true(a.gauge.min == 5 && a.gauge.last == 5 && a.gauge.at == 20);
    value_reset(&b, METRIC_GAUGE);
    value_merge(&a, &b, METRIC_GAUGE); /* an empty one changes nothing */
    assert_true(a.gauge.min == 5 && a.gauge.n == 1);
    value_gauge(&b, 9, 10);
    value_merge(&a, &b, METRIC_GAUGE);
    assert_true(a.gauge.last == 5 && a.gauge.max == 9 && a.gauge.n == 2);

    value_init(&a, &(struct metric){.type = METRIC_RATE}, NULL);
    value_init(&b, &(struct metric){.type = METRIC_RATE}, NULL);
    value_rate(&a, true);
    value_rate(&b, false);
    b.touched = true;
    value_merge(&a, &b, METRIC_RATE);
    assert_true(a.touched);
    assert_int_equal(a.rate.total, 2);
    value_reset(&a, METRIC_RATE);
    assert_false(a.touched);
    assert_int_equal(value_samples(&a, METRIC_RATE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stats_have_names),
        cmocka_unit_test(numbers_are_those_of_the_type),
        cmocka_unit_test(merging_is_adding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
