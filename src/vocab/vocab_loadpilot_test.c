#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "vocab/vocab_testing.h"

static const struct vocab_options loadpilot = {.vocabs = 1u << VOCAB_LOADPILOT};

static void it_is_live_from_the_first_tick(void **state)
{
    (void)state;
    struct vocab_bench b;

    vocab_bench_open(&b, &loadpilot);
    b.facts.phase = VOCAB_PHASE_RAMP_UP;
    b.facts.target_rate = 12;
    b.facts.in_flight = 3;
    vocab_bench_tick(&b);
    assert_non_null(strstr(vocab_bench_show(&b), "loadpilot_requests_total{} 0 +0\n"));
    assert_non_null(strstr(vocab_bench_show(&b), "loadpilot_errors_total{} 0 +0\n"));
    assert_float_equal(vocab_bench_value(&b, "loadpilot_current_rps{}"), 0, 0);
    assert_float_equal(vocab_bench_value(&b, "loadpilot_target_rps{}"), 12, 0);
    assert_float_equal(vocab_bench_value(&b, "loadpilot_active_workers{}"), 3, 0);
    assert_float_equal(vocab_bench_value(&b, "loadpilot_latency_p99_ms{}"), 0, 0);
    assert_float_equal(vocab_bench_value(&b, "loadpilot_phase{phase=ramp_up}"), 1, 0);
    assert_int_equal(vocab_bench_count(&b, "loadpilot_phase"), 1);
    assert_int_equal(vocab_bench_count(&b, "loadpilot_task_requests_total"), 0);
    b.facts.phase = VOCAB_PHASE_DONE;
    vocab_bench_tick(&b);
    assert_float_equal(vocab_bench_value(&b, "loadpilot_target_rps{}"), 0, 0);
    vocab_bench_close(&b);
}

static void tasks_are_kept_apart(void **state)
{
    (void)state;
    struct vocab_bench b;

    vocab_bench_open(&b, &loadpilot);
    vocab_bench_request(&b, "name=search,status=200", false, 10);
    vocab_bench_request(&b, "name=search,status=500", true, 30);
    vocab_bench_request(&b, "name=buy,status=200", false, 50);
    vocab_bench_tick(&b);
    vocab_bench_request(&b, "name=buy,status=200", false, 70);
    vocab_bench_tick(&b);
    const char *text = vocab_bench_show(&b);

    assert_non_null(strstr(text, "loadpilot_requests_total{} 4 +1\n"));
    assert_non_null(strstr(text, "loadpilot_errors_total{} 1 +0\n"));
    assert_non_null(strstr(text, "loadpilot_task_requests_total{task=buy} 2 +1\n"
                                 "loadpilot_task_requests_total{task=search} 2 +0\n"));
    assert_non_null(strstr(text, "loadpilot_task_errors_total{task=buy} 0 +0\n"
                                 "loadpilot_task_errors_total{task=search} 1 +0\n"));
    assert_float_equal(vocab_bench_value(&b, "loadpilot_task_latency_mean_ms{task=search}"), 20,
                       1e-9);
    assert_float_equal(vocab_bench_value(&b, "loadpilot_task_latency_p50_ms{task=buy}"), 60,
                       60 * 0.0014);
    assert_float_equal(vocab_bench_value(&b, "loadpilot_latency_max_ms{}"), 70, 0);
    assert_float_equal(vocab_bench_value(&b, "loadpilot_latency_mean_ms{}"), 40, 1e-9);
    assert_float_equal(vocab_bench_value(&b, "loadpilot_current_rps{}"), 1, 1e-9);
    assert_float_equal(vocab_bench_value(&b, "loadpilot_elapsed_secs{}"), 2, 0);
    vocab_bench_close(&b);
}

static void groups_may_be_tasks(void **state)
{
    (void)state;
    struct vocab_options o = loadpilot;
    struct vocab_bench b;

    o.task_is_group = true;
    vocab_bench_open(&b, &o);
    vocab_bench_request(&b, "name=x,group=::browse", false, 10);
    vocab_bench_request(&b, "name=x,group=", false, 10);
    vocab_bench_tick(&b);
    assert_int_equal(vocab_bench_count(&b, "loadpilot_task_requests_total"), 1);
    assert_float_equal(vocab_bench_value(&b, "loadpilot_task_requests_total{task=browse}"), 1, 0);
    vocab_bench_close(&b);
}

/* Seconds after all got slow, the cumulative median still shows the past, the window does not. */
static void the_window_forgets(void **state)
{
    (void)state;
    struct vocab_bench b;

    vocab_bench_open(&b, &loadpilot);
    for (int i = 0; i < 100; i++)
        vocab_bench_request(&b, "name=a", false, 10);
    vocab_bench_tick(&b);
    for (int t = 0; t < 15; t++) {
        vocab_bench_request(&b, "name=a", false, 500);
        vocab_bench_tick(&b);
    }
    assert_float_equal(vocab_bench_value(&b, "loadpilot_latency_p50_ms{}"), 10, 10 * 0.0014);
    assert_float_equal(vocab_bench_value(&b, "loadpilot_latency_p50_window_ms{}"), 500, 1);
    assert_float_equal(vocab_bench_value(&b, "loadpilot_latency_mean_window_ms{}"), 500, 1e-9);
    vocab_bench_close(&b);
}

static void exact_is_nearest_rank_in_whole_milliseconds(void **state)
{
    (void)state;
    struct vocab_options o = loadpilot;
    struct vocab_bench b;

    o.exact = true;
    vocab_bench_open(&b, &o);
    for (int i = 1; i <= 5; i++)
        vocab_bench_request(&b, "name=a", false, 10 * i + 0.2);
    vocab_bench_tick(&b);
    assert_float_equal(vocab_bench_value(&b, "loadpilot_latency_p50_ms{}"), 30, 0);
    assert_float_equal(vocab_bench_value(&b, "loadpilot_latency_p95_ms{}"), 50, 0);
    assert_int_equal(vocab_bench_count(&b, "loadpilot_latency_p50_window_ms"), 0);
    for (int i = 0; i < 1000; i++)
        vocab_bench_request(&b, "name=a", false, 30000);
    vocab_bench_tick(&b);
    assert_float_equal(vocab_bench_value(&b, "loadpilot_latency_p99_ms{}"), 10000, 0);
    assert_float_equal(vocab_bench_value(&b, "loadpilot_latency_max_ms{}"), 30000, 0);
    vocab_bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_live_from_the_first_tick),
        cmocka_unit_test(tasks_are_kept_apart),
        cmocka_unit_test(groups_may_be_tasks),
        cmocka_unit_test(the_window_forgets),
        cmocka_unit_test(exact_is_nearest_rank_in_whole_milliseconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
