#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "vocab/vocab_testing.h"

static const struct vocab_options locust = {.vocabs = 1u << VOCAB_LOCUST};

static void run_for_ten_seconds(struct vocab_bench *b)
{
    for (int t = 0; t < 10; t++) {
        vocab_bench_request(b, "method=GET,name=/a,status=200,expected_response=true", false, 10);
        vocab_bench_request(b, "method=GET,name=/a,status=200,expected_response=true", false, 30);
        vocab_bench_request(b, "method=POST,name=/b,status=500,expected_response=false", true, 20);
        vocab_bench_tick(b);
    }
}

static void endpoints_have_their_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *series;
        double value, error;
    } cases[] = {
        {"locust_requests_num_requests{method=GET,name=/a}", 20, 0},
        {"locust_requests_num_failures{method=GET,name=/a}", 0, 0},
        {"locust_requests_num_failures{method=POST,name=/b}", 10, 0},
        {"locust_requests_avg_response_time{method=GET,name=/a}", 20, 1e-9},
        {"locust_requests_min_response_time{method=GET,name=/a}", 10, 0},
        {"locust_requests_max_response_time{method=GET,name=/a}", 30, 0},
        {"locust_requests_median_response_time{method=POST,name=/b}", 20, 0.03},
        {"locust_requests_ninetieth_response_time{method=GET,name=/a}", 30, 0.05},
        {"locust_requests_response_time_percentile_99{method=GET,name=/a}", 30, 0.05},
        {"locust_requests_current_rps{method=GET,name=/a}", 2, 1e-9},
        {"locust_requests_current_fail_per_sec{method=POST,name=/b}", 1, 1e-9},
        {"locust_requests_num_requests{name=Aggregated}", 30, 0},
        {"locust_requests_num_failures{name=Aggregated}", 10, 0},
        {"locust_stats_num_requests{method=GET,path=/a}", 20, 0},
        {"locust_stats_num_requests{method=Aggregated,path=Aggregated}", 30, 0},
        {"locust_stats_current_rps{method=Aggregated,path=Aggregated}", 3, 1e-9},
        {"locust_stats_avg_response_time{method=Aggregated,path=Aggregated}", 20, 1e-9},
        {"locust_requests_total{method=GET,name=/a,url=/a}", 20, 0},
        {"locust_request_duration_seconds{method=POST,name=/b,url=/b}", 10, 0},
        {"locust_requests_fail_ratio{}", 1.0 / 3, 1e-12},
        {"locust_fail_ratio{}", 1.0 / 3, 1e-12},
        {"locust_total_rps{}", 3, 1e-9},
        {"locust_total_fail_per_sec{}", 1, 1e-9},
        {"locust_total_avg_response_time{}", 20, 1e-9},
        {"locust_current_response_time_percentile_95{}", 30, 0.05},
        {"locust_requests_current_response_time_percentile_50{}", 20, 0.03},
        {"locust_errors{error=HTTPError('500 Server Error: Internal Server Error for url: /b'),method=POST,name=/b,"
         "path=/b}",
         10, 0},
    };
    struct vocab_bench b;

    vocab_bench_open(&b, &locust);
    run_for_ten_seconds(&b);
    for (size_t i = 0; i < countof(cases); i++)
        assert_float_equal(vocab_bench_value(&b, cases[i].series), cases[i].value, cases[i].error);
    assert_int_equal(vocab_bench_count(&b, "locust_requests_current_rps"), 2);
    assert_int_equal(vocab_bench_count(&b, "locust_errors"), 1);
    vocab_bench_close(&b);
}

static void current_is_the_last_ten_seconds(void **state)
{
    (void)state;
    struct vocab_bench b;

    vocab_bench_open(&b, &locust);
    run_for_ten_seconds(&b);
    for (int t = 0; t < 12; t++)
        vocab_bench_tick(&b);
    assert_float_equal(vocab_bench_value(&b, "locust_requests_current_rps{method=GET,name=/a}"), 0,
                       0);
    assert_float_equal(vocab_bench_value(&b, "locust_requests_num_requests{method=GET,name=/a}"),
                       20, 0);
    vocab_bench_close(&b);
}

static void states_are_locusts(void **state)
{
    (void)state;
    static const struct {
        enum vocab_phase phase;
        int running;
        const char *state;
    } cases[] = {
        {VOCAB_PHASE_WAITING, 0, "locust_state{state=ready} 0\n"},
        {VOCAB_PHASE_RAMP_UP, 1, "locust_state{state=spawning} 1\n"},
        {VOCAB_PHASE_STEADY, 2, "locust_state{state=running} 1\n"},
        {VOCAB_PHASE_RAMP_DOWN, 2, "locust_state{state=running} 1\n"},
        {VOCAB_PHASE_DONE, 0, "locust_state{state=stopped} 0\n"},
    };
    struct vocab_bench b;

    vocab_bench_open(&b, &locust);
    b.facts.vus = 7;
    b.facts.n_loops = 2;
    for (size_t i = 0; i < countof(cases); i++) {
        b.facts.phase = cases[i].phase;
        vocab_bench_tick(&b);
        assert_float_equal(vocab_bench_value(&b, "locust_running{}"), cases[i].running, 0);
        assert_non_null(strstr(vocab_bench_show(&b), cases[i].state));
    }
    assert_float_equal(vocab_bench_value(&b, "locust_worker_detail{id=0,state=stopped}"), 4, 0);
    assert_float_equal(vocab_bench_value(&b, "locust_worker_detail{id=1,state=stopped}"), 3, 0);
    assert_float_equal(vocab_bench_value(&b, "locust_workers_count{}"), 2, 0);
    assert_float_equal(vocab_bench_value(&b, "locust_users{}"), 7, 0);
    vocab_bench_close(&b);
}

static void exact_is_as_the_originals(void **state)
{
    (void)state;
    struct vocab_options o = locust;
    struct vocab_bench b;

    o.exact = true;
    vocab_bench_open(&b, &o);
    vocab_bench_request(&b, "method=GET,name=/a", false, 1234);
    vocab_bench_tick(&b);
    assert_float_equal(
        vocab_bench_value(&b, "locust_requests_current_rps{method=,name=Aggregated}"), 1, 1e-9);
    assert_float_equal(
        vocab_bench_value(&b, "locust_requests_median_response_time{method=GET,name=/a}"), 1200, 0);
    vocab_bench_close(&b);
}

static void errors_are_few(void **state)
{
    (void)state;
    struct vocab_bench b;

    vocab_bench_open(&b, &locust);
    for (int i = 0; i < 3; i++)
        vocab_bench_request(&b, "method=GET,name=/a,status=0,error=connection refused", true, 1);
    vocab_bench_request(&b, "method=GET,name=/a,status=200,expected_response=false", true, 1);
    vocab_bench_request(&b, "method=GET,name=/a,status=0,error_code=1050", true, 1);
    vocab_bench_request(&b, "method=GET,name=/a,status=404", false, 1);
    for (int i = 0; i < 600; i++) {
        char tags[64];

        snprintf(tags, sizeof(tags), "method=GET,name=/a,error=e%d", i);
        vocab_bench_request(&b, tags, true, 1);
    }
    vocab_bench_tick(&b);
#define ERROR(text) "locust_errors{error=" text ",method=GET,name=/a,path=/a}"
    assert_float_equal(vocab_bench_value(&b, ERROR("connection refused")), 3, 0);
    assert_float_equal(vocab_bench_value(&b, ERROR("unexpected status 200")), 1, 0);
    assert_float_equal(vocab_bench_value(&b, ERROR("error 1050")), 1, 0);
#undef ERROR
    assert_true(vocab_bench_count(&b, "locust_errors") <= 500);
    assert_float_equal(vocab_bench_value(&b, "locust_errors{overflow=true}"), 600 - 496, 0);
    vocab_bench_close(&b);
}

static void the_namespace_replaces_locust(void **state)
{
    (void)state;
    struct vocab_options o = locust;
    struct vocab_bench b;

    o.prefix = STR("swarm");
    vocab_bench_open(&b, &o);
    vocab_bench_tick(&b);
    assert_float_equal(vocab_bench_value(&b, "swarm_up{}"), 1, 0);
    assert_null(strstr(vocab_bench_show(&b), "locust"));
    vocab_bench_close(&b);
}

/* As of a Locust, which counts requests and tells no times. */
static void times_that_nobody_told_are_left_out(void **state)
{
    (void)state;
    struct vocab_bench b;

    vocab_bench_open(&b, &(struct vocab_options){.vocabs = 1 << VOCAB_LOCUST});
    vocab_bench_sample(&b, M_HTTP_REQS, "method=GET,name=/a", 7);
    vocab_bench_tick(&b);
    assert_int_equal(vocab_bench_count(&b, "locust_requests_avg_response_time"), 0);
    assert_int_equal(vocab_bench_count(&b, "locust_total_avg_response_time"), 0);
    assert_int_equal(vocab_bench_count(&b, "locust_request_duration_seconds"), 0);
    assert_int_equal(vocab_bench_count(&b, "locust_requests_total"), 1);
    vocab_bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints_have_their_numbers),
        cmocka_unit_test(current_is_the_last_ten_seconds),
        cmocka_unit_test(states_are_locusts),
        cmocka_unit_test(exact_is_as_the_originals),
        cmocka_unit_test(errors_are_few),
        cmocka_unit_test(the_namespace_replaces_locust),
        cmocka_unit_test(times_that_nobody_told_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
