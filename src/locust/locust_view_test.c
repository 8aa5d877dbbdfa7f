#include "locust/locust_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "locust/locust_testing.h"

static void assert_near(double a, double b)
{
    if (!(a > b - 1e-6 && a < b + 1e-6)) {
        print_error("%.9g is not %.9g\n", a, b);
        fail();
    }
}

static void test_rows_are_sorted_by_name_then_method(void **state UNUSED)
{
    struct locust_bench b;
    size_t n;

    locust_bench_open(&b, false, false);
    locust_bench_request(&b, "method=POST,name=/b", false, 20);
    locust_bench_request(&b, "method=GET,name=/b", false, 10);
    locust_bench_request(&b, "method=GET,name=/a,status=200", false, 5);
    locust_bench_request(&b, "method=GET,name=/a,status=404", true, 7);
    locust_bench_tick(&b, 1);
    struct locust_row *const *rows = locust_view_rows(b.view, &n);

    assert_int_equal(n, 3);
    assert_true(str_is(rows[0]->name, "/a") && str_is(rows[0]->method, "GET"));
    assert_true(str_is(rows[1]->name, "/b") && str_is(rows[1]->method, "GET"));
    assert_true(str_is(rows[2]->name, "/b") && str_is(rows[2]->method, "POST"));
    assert_int_equal(rows[0]->requests, 2);
    assert_int_equal(rows[0]->failures, 1);
    assert_near(locust_mean(rows[0]), 6);
    assert_near(locust_min(rows[0]), 5);
    assert_near(locust_max(rows[0]), 7);
    assert_near(locust_mean_bytes(rows[0]), 100);
    const struct locust_row *total = locust_view_total(b.view);

    assert_true(str_is(total->name, "Aggregated") && str_is(total->method, ""));
    assert_int_equal(total->requests, 4);
    assert_int_equal(total->failures, 1);
    assert_near(locust_fail_ratio(total), 0.25);
    assert_near(total->times.sum, 42);
    locust_bench_close(&b);
}

static void test_what_a_script_records_has_bytes_and_maybe_no_time(void **state UNUSED)
{
    struct locust_bench b;

    locust_bench_open(&b, false, false);
    locust_bench_sample(&b, M_HTTP_REQS, "method=mqtt,name=publish", 1);
    locust_bench_sample(&b, M_HTTP_REQ_FAILED, "method=mqtt,name=publish", 0);
    locust_bench_sample(&b, M_DATA_RECEIVED, "method=mqtt,name=publish", 12);
    locust_bench_sample(&b, M_DATA_RECEIVED, "scenario=default", 5000);
    locust_bench_tick(&b, 1);
    const struct locust_row *row = locust_bench_row(&b, "publish");

    assert_int_equal(row->requests, 1);
    assert_int_equal(row->untimed, 1);
    assert_near(row->bytes, 12);
    assert_near(locust_view_total(b.view)->bytes, 12);
    assert_near(locust_quantile(b.view, row, 0.5), 0);
    locust_bench_close(&b);
}

static void test_errors_are_grouped_by_method_name_and_text(void **state UNUSED)
{
    struct locust_bench b;
    size_t n;

    locust_bench_open(&b, false, false);
    locust_bench_request(&b, "method=GET,name=/a,status=200,error=too slow", true, 5);
    locust_bench_request(&b, "method=GET,name=/a,status=201,error=too slow", true, 5);
    locust_bench_request(&b, "method=GET,name=/c,status=200", false, 5);
    locust_bench_tick(&b, 1);
    locust_bench_request(&b, "method=GET,name=/a,status=500", true, 5);
    locust_bench_request(&b, "method=GET,name=/a,status=200,error=too slow", true, 5);
    locust_bench_tick(&b, 1);
    struct locust_error *const *errors = locust_view_errors(b.view, &n);

    assert_int_equal(n, 2);
    assert_true(str_is(errors[0]->text, "too slow"));
    assert_int_equal(errors[0]->occurrences, 3);
    assert_true(errors[0]->first_seen == BENCH_START + NS_PER_S);
    assert_true(errors[0]->last_seen == BENCH_START + 2 * NS_PER_S);
    assert_true(str_starts(errors[1]->text, STR("HTTPError('500 Server Error")));
    assert_int_equal(errors[1]->occurrences, 1);
    locust_bench_close(&b);
}

/* Requests of second k: k + 1. Current is the mean of [last - 12, last - 3]. */
static void test_rates_are_locusts(void **state UNUSED)
{
    struct locust_bench b;

    locust_bench_open(&b, false, false);
    for (int k = 0; k < 2; k++) {
        locust_bench_request(&b, "method=GET,name=/", true, 1);
        locust_bench_tick(&b, 1);
    }
    assert_near(locust_current_rps(b.view, locust_view_total(b.view)), 0);
    for (int k = 2; k < 20; k++) {
        for (int i = 0; i <= k; i++)
            locust_bench_request(&b, "method=GET,name=/", i == 0, 1);
        locust_bench_tick(&b, 1);
    }
    const struct locust_row *total = locust_view_total(b.view);

    /* The last is at second 20; seconds 8 to 17 had 9 to 18 requests. */
    assert_near(locust_current_rps(b.view, total), 13.5);
    assert_near(locust_current_fail_per_s(b.view, total), 1);
    assert_near(locust_current_rps(b.view, locust_bench_row(&b, "/")), 13.5);
    assert_near(locust_total_rps(b.view, total), (double)total->requests / 20);
    assert_near(locust_total_fail_per_s(b.view, total), 1);
    locust_bench_close(&b);
}

static void test_seconds_share_a_tick_and_lose_nothing(void **state UNUSED)
{
    struct locust_bench b;

    locust_bench_open(&b, false, true);
    locust_bench_tick(&b, 0.5);
    for (int i = 0; i < 9; i++)
        locust_bench_request(&b, "method=GET,name=/", false, 1);
    locust_bench_tick(&b, 1.5);
    const struct locust_row *total = locust_view_total(b.view);

    assert_int_equal(total->n_seconds, 2);
    assert_int_equal(total->seconds[0].second, BENCH_START / NS_PER_S);
    assert_int_equal(total->seconds[0].requests, 3);
    assert_int_equal(total->seconds[1].requests, 6);
    for (int i = 0; i < 100; i++) {
        locust_bench_request(&b, "method=GET,name=/", false, 1);
        locust_bench_tick(&b, 1);
    }
    assert_int_equal(total->n_seconds, 102);
    locust_bench_close(&b);

    locust_bench_open(&b, false, false);
    for (int i = 0; i < 200; i++) {
        locust_bench_request(&b, "method=GET,name=/", false, 1);
        locust_bench_tick(&b, 1);
    }
    assert_true(locust_view_total(b.view)->n_seconds < 70);
    locust_bench_close(&b);
}

static void test_quantiles_right_and_locusts(void **state UNUSED)
{
    struct locust_bench b;

    for (int exact = 0; exact < 2; exact++) {
        locust_bench_open(&b, exact, false);
        for (int ms = 1; ms <= 1000; ms++)
            locust_bench_request(&b, "method=GET,name=/", false, ms);
        locust_bench_tick(&b, 1);
        const struct locust_row *total = locust_view_total(b.view);
        double q = locust_quantile(b.view, total, 0.986);
        double current;

        if (exact)
            assert_near(q, 990); /* two digits */
        else
            assert_true(q > 985 && q < 988);
        assert_true(locust_current_quantile(b.view, 0.986, &current));
        assert_near(current, q);
        assert_true(locust_median(b.view, total) >= 499 && locust_median(b.view, total) <= 502);
        assert_near(locust_quantile(b.view, total, 1), 1000);
        for (int i = 0; i < 15; i++)
            locust_bench_tick(&b, 1);
        assert_false(locust_current_quantile(b.view, 0.5, &current));
        assert_near(locust_quantile(b.view, total, 0.986), q);
        locust_bench_close(&b);
    }
}

static void put_time(void *arg, uint64_t ms, uint64_t n)
{
    buf_printf(arg, "%llu:%llu ", (unsigned long long)ms, (unsigned long long)n);
}

static void test_times_have_two_digits(void **state UNUSED)
{
    static const double times[] = {0.2, 1.3, 99.4, 101, 104, 996, 1234, 9999, 12345};
    struct locust_bench b;

    locust_bench_open(&b, true, false);
    for (size_t i = 0; i < countof(times); i++)
        locust_bench_request(&b, "method=GET,name=/", false, times[i]);
    locust_bench_tick(&b, 1);
    locust_times(locust_view_total(b.view), put_time, &b.text);
    assert_string_equal(buf_cstr(&b.text), "0:1 1:1 99:1 100:2 1000:1 1200:1 10000:1 12000:1 ");
    locust_bench_close(&b);
}

static void test_reset_starts_over(void **state UNUSED)
{
    struct locust_bench b;
    size_t n;

    locust_bench_open(&b, false, false);
    locust_bench_request(&b, "method=GET,name=/a", true, 5);
    locust_bench_tick(&b, 10);
    locust_view_reset(b.view);
    (void)locust_view_rows(b.view, &n);
    assert_int_equal(n, 0);
    (void)locust_view_errors(b.view, &n);
    assert_int_equal(n, 0);
    assert_int_equal(locust_view_total(b.view)->requests, 0);
    locust_bench_request(&b, "method=GET,name=/a", true, 7);
    locust_bench_request(&b, "method=GET,name=/a", false, 7);
    locust_bench_tick(&b, 1);
    assert_int_equal(locust_view_total(b.view)->requests, 2);
    assert_near(locust_total_rps(b.view, locust_view_total(b.view)), 2);
    (void)locust_view_errors(b.view, &n);
    assert_int_equal(n, 1);
    assert_int_equal(locust_bench_row(&b, "/a")->requests, 2);
    locust_bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_sorted_by_name_then_method),
        cmocka_unit_test(test_what_a_script_records_has_bytes_and_maybe_no_time),
        cmocka_unit_test(test_errors_are_grouped_by_method_name_and_text),
        cmocka_unit_test(test_rates_are_locusts),
        cmocka_unit_test(test_seconds_share_a_tick_and_lose_nothing),
        cmocka_unit_test(test_quantiles_right_and_locusts),
        cmocka_unit_test(test_times_have_two_digits),
        cmocka_unit_test(test_reset_starts_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
