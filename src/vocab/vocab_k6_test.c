#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "vocab/k6_stats.h"
#include "vocab/vocab_testing.h"

static const struct vocab_options k6 = {.vocabs = 1u << VOCAB_K6};

static void names_and_units_are_k6s(void **state)
{
    (void)state;
    struct vocab_options o = k6;
    struct vocab_bench b;

    o.trend_stats = STR("p(99),p(99.9),p(0.95),avg,min,max,med,count,sum");
    vocab_bench_open(&b, &o);
    for (int i = 1; i <= 4; i++)
        vocab_bench_request(&b, "method=GET,status=200,group=", i == 4, 100.0 * i);
    vocab_bench_sample(&b, M_VUS, "", 7);
    vocab_bench_sample(&b, M_DATA_SENT, "scenario=default", 1000);
    vocab_bench_tick(&b);

    assert_float_equal(vocab_bench_value(&b, "k6_http_reqs_total{method=GET,status=200}"), 4, 0);
    assert_float_equal(vocab_bench_value(&b, "k6_http_req_failed_rate{method=GET,status=200}"),
                       0.25, 0);
    assert_float_equal(vocab_bench_value(&b, "k6_vus{}"), 7, 0);
    assert_float_equal(vocab_bench_value(&b, "k6_data_sent_total{scenario=default}"), 1000, 0);
#define DURATION(stat) vocab_bench_value(&b, "k6_http_req_duration_" stat "{method=GET,status=200}")
    assert_float_equal(DURATION("min"), 0.1, 1e-12);
    assert_float_equal(DURATION("max"), 0.4, 1e-12);
    assert_float_equal(DURATION("avg"), 0.25, 1e-12);
    assert_float_equal(DURATION("sum"), 1.0, 1e-12);
    assert_float_equal(DURATION("count"), 4, 0);
    assert_float_equal(DURATION("med"), 0.25, 0.25 * 0.0014);
    assert_float_equal(DURATION("p99"), 0.397, 0.397 * 0.0014);
    assert_float_equal(DURATION("p999"), 0.3997, 0.3997 * 0.0014);
    assert_float_equal(DURATION("p095"), 0.10285, 0.103 * 0.0014);
#undef DURATION
    vocab_bench_close(&b);
}

static void counters_begin_at_zero(void **state)
{
    (void)state;
    struct vocab_bench b;

    vocab_bench_open(&b, &k6);
    vocab_bench_tick(&b);
    assert_float_equal(vocab_bench_value(&b, "k6_http_reqs_total{}"), 0, 0);
    assert_float_equal(vocab_bench_value(&b, "k6_dropped_iterations_total{}"), 0, 0);
    vocab_bench_sample(&b, M_HTTP_REQS, "method=GET", 1);
    vocab_bench_tick(&b);
    assert_int_equal(vocab_bench_count(&b, "k6_http_reqs_total"), 1);
    assert_non_null(strstr(vocab_bench_show(&b), "k6_http_reqs_total{method=GET} 1 +1\n"));
    vocab_bench_tick(&b);
    assert_non_null(strstr(vocab_bench_show(&b), "k6_http_reqs_total{method=GET} 1 +0\n"));
    vocab_bench_close(&b);
}

static void native_histograms_have_units(void **state)
{
    (void)state;
    struct vocab_options o = k6;
    struct vocab_bench b;
    uint32_t plain = 0;

    o.native_histograms = true;
    o.prefix = STR("lab_");
    vocab_bench_open(&b, &o);
    assert_int_equal(
        metric_register(b.registry, STR("size"), METRIC_TREND, CONTAINS_DEFAULT, &plain), 0);
    vocab_bench_sample(&b, M_HTTP_REQ_DURATION, "name=a", 250);
    vocab_bench_sample(&b, plain, "name=a", 3);
    vocab_bench_tick(&b);
    assert_non_null(
        strstr(vocab_bench_show(&b), "lab_http_req_duration_seconds{name=a} 1 sum 0.25 +1\n"));
    assert_non_null(strstr(vocab_bench_show(&b), "lab_size{name=a} 1 sum 3 +1\n"));
    vocab_bench_close(&b);
}

static void exact_leaves_out_what_k6_has_not(void **state)
{
    (void)state;
    struct vocab_options o = k6;
    struct vocab_bench b;

    o.exact = true;
    vocab_bench_open(&b, &o);
    vocab_bench_sample(&b, M_GENERATOR_BUSY, "loop=0", 0.5);
    vocab_bench_sample(&b, M_VUS, "", 1);
    vocab_bench_tick(&b);
    assert_int_equal(vocab_bench_count(&b, "k6_generator_busy"), 0);
    assert_int_equal(vocab_bench_count(&b, "k6_vus"), 1);
    vocab_bench_close(&b);
}

/* "group" empty and no group are one series to Prometheus. */
static void series_that_look_alike_are_one(void **state)
{
    (void)state;
    struct vocab_bench b;

    vocab_bench_open(&b, &k6);
    vocab_bench_sample(&b, M_ITERATIONS, "group=", 1);
    vocab_bench_tick(&b);
    vocab_bench_sample(&b, M_ITERATIONS, "", 2);
    vocab_bench_sample(&b, M_ITERATIONS, "group=", 4);
    vocab_bench_tick(&b);
    assert_non_null(strstr(vocab_bench_show(&b), "k6_iterations_total{} 7 +6\n"));
    vocab_bench_close(&b);
}

static void bad_stats_are_told(void **state)
{
    (void)state;
    static const char *const bad[] = {"p(101)", "p(-1)", "p99", "rate", "avg,", "p(nan)"};

    for (size_t i = 0; i < countof(bad); i++) {
        struct k6_stats stats;

        assert_int_equal(k6_stats_parse(str_of(bad[i]), &stats), FAULT_EXIT(104));
        assert_non_null(strstr(fault_text(), "is no trend stat"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_units_are_k6s),
        cmocka_unit_test(counters_begin_at_zero),
        cmocka_unit_test(native_histograms_have_units),
        cmocka_unit_test(exact_leaves_out_what_k6_has_not),
        cmocka_unit_test(series_that_look_alike_are_one),
        cmocka_unit_test(bad_stats_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
