/* What is written, against texts whose form is that of Locust 2.47's own files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "locust/locust_console.h"
#include "locust/locust_csv.h"
#include "locust/locust_format.h"
#include "locust/locust_json.h"
#include "locust/locust_testing.h"

static const double few[] = {0.5, 0.999, 1.0};
static const struct locust_quantiles some = {few, 3};

/* Two names over four seconds, one with commas; two failures. */
static void load(struct locust_bench *b, bool exact)
{
    locust_bench_open(b, exact, true);
    b->tick.users = 3;
    for (int s = 0; s < 4; s++) {
        locust_bench_request(b, "method=GET,name=/a,status=200", false, 10);
        locust_bench_request(b, "method=GET,name=/a,status=500", s == 1, 1234);
        locust_bench_tick(b, 1);
    }
    locust_bench_request(b, "method=POST,name=/b \"q\",status=200,error=bad \"x\"", true, 0.25);
    locust_bench_tick(b, 1);
}

static void test_numbers_are_pythons(void **state UNUSED)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0.0"},
        {1, "1.0"},
        {100, "100.0"},
        {0.1, "0.1"},
        {0.25, "0.25"},
        {1.0 / 3, "0.3333333333333333"},
        {2.0 / 3, "0.6666666666666666"},
        {1e16, "1e+16"},
        {123456789012345680.0, "1.2345678901234568e+17"},
        {1e15, "1000000000000000.0"},
        {0.0001, "0.0001"},
        {0.00001, "1e-05"},
        {1.5e-7, "1.5e-07"},
        {-12.5, "-12.5"},
        {99.99, "99.99"},
        {617.0000000000001, "617.0000000000001"},
    };
    struct buf out = {0};

    for (size_t i = 0; i < countof(cases); i++) {
        buf_reset(&out);
        locust_put_float(&out, cases[i].value);
        assert_string_equal(buf_cstr(&out), cases[i].text);
    }
    buf_reset(&out);
    for (size_t i = 0; i < locust_quantiles_report.n; i++)
        locust_put_quantile_name(&out, locust_quantiles_report.q[i]);
    assert_string_equal(buf_cstr(&out), "50%66%75%80%90%95%98%99%99.9%99.99%100%");
    buf_fini(&out);
}

static void test_stats_csv(void **state UNUSED)
{
    struct locust_bench b;

    load(&b, true);
    locust_csv_stats(b.view, some, &b.text);
    assert_string_equal(
        buf_cstr(&b.text),
        "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,"
        "Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,"
        "50%,99.9%,100%\r\n"
        "GET,/a,8,1,1200,622.0,10.0,1234.0,100.0,1.6,0.2,1200,1200,1200\r\n"
        "POST,\"/b \"\"q\"\"\",1,1,0.25,0.25,0.25,0.25,100.0,0.2,0.2,0,0,0\r\n"
        ",Aggregated,9,2,10,552.9166666666666,0.25,1234.0,100.0,1.8,0.4,10,1200,1200\r\n");
    locust_bench_close(&b);
}

static void test_nothing_measured(void **state UNUSED)
{
    struct locust_bench b;

    locust_bench_open(&b, false, false);
    locust_csv_stats(b.view, some, &b.text);
    assert_non_null(strstr(buf_cstr(&b.text), ",Aggregated,0,0,0,0,0,0,0,0.0,0.0,N/A,N/A,N/A\r\n"));
    buf_reset(&b.text);
    locust_csv_failures(b.view, &b.text);
    assert_string_equal(buf_cstr(&b.text),
                        "Method,Name,Error,Occurrences,First Seen,Last Seen\r\n");
    buf_reset(&b.text);
    locust_console_errors(b.view, 80, &b.text);
    assert_int_equal(b.text.len, 0);
    locust_json_stats(b.view, &b.text);
    assert_string_equal(buf_cstr(&b.text), "[]\n");
    locust_bench_close(&b);
}

static void test_history_csv(void **state UNUSED)
{
    struct locust_bench b;

    load(&b, true);
    locust_csv_history_head(some, &b.text);
    locust_csv_history_rows(b.view, some, LOCUST_CSV_TOTAL, 1700000005, &b.text);
    assert_string_equal(
        buf_cstr(&b.text),
        "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,99.9%,100%,"
        "Total Request Count,Total Failure Count,Total Median Response Time,"
        "Total Average Response Time,Total Min Response Time,Total Max Response Time,"
        "Total Average Content Size\r\n"
        "1700000005,3,,Aggregated,2.000000,0.333333,10,1200,1200,"
        "9,2,10,552.9166666666666,0.25,1234.0,100.0\r\n");
    buf_reset(&b.text);
    locust_csv_history_rows(b.view, some, LOCUST_CSV_FULL, 1700000005, &b.text);
    assert_non_null(strstr(buf_cstr(&b.text), "1700000005,3,GET,/a,2.000000,0.333333,1200,"));
    assert_non_null(strstr(buf_cstr(&b.text), "1700000005,3,POST,\"/b \"\"q\"\"\",0.000000,"));
    assert_non_null(strstr(buf_cstr(&b.text), "1700000005,3,,Aggregated,"));
    locust_bench_close(&b);
}

static void test_failures_and_exceptions_csv(void **state UNUSED)
{
    const struct locust_exception exceptions[] = {
        {2, STR("no, thanks"), STR("Traceback:\n  File \"x.py\"\n"), STR("local")},
    };
    struct locust_bench b;

    load(&b, false);
    locust_csv_failures(b.view, &b.text);
    assert_non_null(strstr(buf_cstr(&b.text),
                           "Method,Name,Error,Occurrences,First Seen,Last Seen\r\n"
                           "GET,/a,HTTPError('500 Server Error"));
    assert_non_null(strstr(buf_cstr(&b.text), ",1,2023-11-14T22:13:22Z,2023-11-14T22:13:22Z\r\n"));
    assert_non_null(strstr(buf_cstr(&b.text), "POST,\"/b \"\"q\"\"\",\"bad \"\"x\"\"\",1,"));
    buf_reset(&b.text);
    locust_csv_exceptions(exceptions, 1, &b.text);
    assert_string_equal(buf_cstr(&b.text),
                        "Count,Message,Traceback,Nodes\r\n"
                        "2,\"no, thanks\",\"Traceback:\n  File \"\"x.py\"\"\n\",local\r\n");
    locust_bench_close(&b);
}

static void test_console(void **state UNUSED)
{
    struct locust_bench b;

    load(&b, true);
    locust_console_stats(b.view, LOCUST_RATES_TOTAL, 20, &b.text);
    assert_string_equal(
        buf_cstr(&b.text),
        "Type     Name              # reqs      # fails |    Avg     Min     Max    Med |   req/s  failures/s\n"
        "--------|----------------|-------|-------------|-------|-------|-------|-------|--------|-----------\n"
        "GET      /a                     8    1(12.50%) |    622      10    1234   1200 |    1.60        0.20\n"
        "POST     /b \"q\"                 1   1(100.00%) |      0       0       0      0 |    0.20        0.20\n"
        "--------|----------------|-------|-------------|-------|-------|-------|-------|--------|-----------\n"
        "         Aggregated             9    2(22.22%) |    552       0    1234     10 |    1.80        0.40\n"
        "\n");
    buf_reset(&b.text);
    locust_console_quantiles(b.view, some, 20, &b.text);
    assert_string_equal(buf_cstr(&b.text),
                        "Response time percentiles (approximated)\n"
                        "Type     Name                      50%  99.9%   100% # reqs\n"
                        "--------|--------------------|--------|------|------|------\n"
                        "GET      /a                       1200   1200   1200      8\n"
                        "POST     /b \"q\"                      0      0      0      1\n"
                        "--------|--------------------|--------|------|------|------\n"
                        "         Aggregated                 10   1200   1200      9\n"
                        "\n");
    buf_reset(&b.text);
    locust_console_errors(b.view, 20, &b.text);
    assert_int_equal(strncmp(buf_cstr(&b.text), "Error report\n# occurrences      Error    ", 41),
                     0);
    assert_non_null(strstr(buf_cstr(&b.text), "\n1                  POST /b \"q\": bad \"x\"  "));
    locust_bench_close(&b);
}

static void test_a_name_is_as_wide_as_the_terminal_lets_it(void **state UNUSED)
{
    assert_int_equal(locust_name_width(0), 80);
    assert_int_equal(locust_name_width(100), 20);
    assert_int_equal(locust_name_width(40), 0);
    assert_int_equal(locust_name_width(500), 80);
}

static void test_json(void **state UNUSED)
{
    struct locust_bench b;

    load(&b, true);
    locust_json_stats(b.view, &b.text);
    const char *text = buf_cstr(&b.text);

    assert_int_equal(
        strncmp(text,
                "[\n    {\n        \"name\": \"/a\",\n        \"method\": \"GET\",\n"
                "        \"last_request_timestamp\": 1700000004,\n"
                "        \"start_time\": 1700000000,\n"
                "        \"num_requests\": 8,\n        \"num_none_requests\": 0,\n"
                "        \"num_failures\": 1,\n        \"total_response_time\": 4976,\n"
                "        \"max_response_time\": 1234,\n"
                "        \"min_response_time\": 10,\n"
                "        \"total_content_length\": 800,\n"
                "        \"response_times\": {\n            \"10\": 4,\n"
                "            \"1200\": 4\n        },\n"
                "        \"num_reqs_per_sec\": {\n            \"1700000000\": 2,\n",
                500),
        0);
    assert_non_null(
        strstr(text, "\"num_fail_per_sec\": {\n            \"1700000001\": 1\n        }"));
    buf_reset(&b.text);
    locust_json_final(b.view, &b.text);
    assert_non_null(strstr(buf_cstr(&b.text), "\"times\":[[0,1],[10,4],[1200,4]]"));
    assert_non_null(strstr(buf_cstr(&b.text), "\"error\":\"bad \\\"x\\\"\""));
    locust_bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_pythons),
        cmocka_unit_test(test_stats_csv),
        cmocka_unit_test(test_nothing_measured),
        cmocka_unit_test(test_history_csv),
        cmocka_unit_test(test_failures_and_exceptions_csv),
        cmocka_unit_test(test_console),
        cmocka_unit_test(test_a_name_is_as_wide_as_the_terminal_lets_it),
        cmocka_unit_test(test_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
