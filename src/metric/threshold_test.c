#include "metric/threshold.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void expressions_are_read(void **state)
{
    static const struct {
        const char *text;
        struct threshold_expr want;
    } cases[] = {
        {"count<10", {{STAT_COUNT, 0}, THRESHOLD_LT, 10}},
        {" rate  <=  0.01 ", {{STAT_RATE, 0}, THRESHOLD_LE, 0.01}},
        {"value>1e3", {{STAT_VALUE, 0}, THRESHOLD_GT, 1000}},
        {"avg>=-5", {{STAT_AVG, 0}, THRESHOLD_GE, -5}},
        {"min==1_000", {{STAT_MIN, 0}, THRESHOLD_EQ, 1000}},
        {"med===2.5", {{STAT_MED, 0}, THRESHOLD_EQ, 2.5}},
        {"max!=3", {{STAT_MAX, 0}, THRESHOLD_NE, 3}},
        {"p(95)<200", {{STAT_P, 95}, THRESHOLD_LT, 200}},
        {"p(99.99) < 200", {{STAT_P, 99.99}, THRESHOLD_LT, 200}},
        {"p(0)<0x1p4", {{STAT_P, 0}, THRESHOLD_LT, 16}},
        {"p(100)<inf", {{STAT_P, 100}, THRESHOLD_LT, INFINITY}},
    };
    struct threshold_expr got;

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(threshold_parse(str_of(cases[i].text), &got), 0);
        assert_int_equal(got.stat.kind, cases[i].want.stat.kind);
        assert_true(got.stat.p == cases[i].want.stat.p);
        assert_int_equal(got.op, cases[i].want.op);
        assert_true(got.limit == cases[i].want.limit);
    }
}

static void bad_expressions_are_explained(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "failed parsing threshold expression \"\"; reason: malformed threshold expression"},
        {"count 1",
         "failed parsing threshold expression \"count 1\"; reason: malformed threshold expression"},
        {"count=5",
         "failed parsing threshold expression \"count=5\"; reason: malformed threshold expression"},
        {"count<",
         "failed parsing threshold expression \"count<\"; reason: malformed threshold expression"},
        {"foo<1",
         "failed parsing threshold expression's \"foo<1\" left hand side; reason: failed parsing "
         "method from expression"},
        {"<1",
         "failed parsing threshold expression's \"<1\" left hand side; reason: failed parsing "
         "method from expression"},
        {"p(95<1",
         "failed parsing threshold expression's \"p(95<1\" left hand side; reason: failed parsing "
         "method from expression"},
        {"p()<1",
         "failed parsing threshold expression's \"p()<1\" left hand side; reason: malformed "
         "percentile value"},
        {"p(101)<1",
         "failed parsing threshold expression's \"p(101)<1\" left hand side; reason: malformed "
         "percentile value, provide a number between 0 and 100"},
        {"p(nan)<1",
         "failed parsing threshold expression's \"p(nan)<1\" left hand side; reason: malformed "
         "percentile value, provide a number between 0 and 100"},
        {"count<1ms",
         "failed parsing threshold expression's \"count<1ms\" right hand side; reason: \"1ms\" is "
         "not a number"},
        {"count<1e400",
         "failed parsing threshold expression's \"count<1e400\" right hand side; reason: \"1e400\" "
         "is not a number"},
        {"count<0x10",
         "failed parsing threshold expression's \"count<0x10\" right hand side; reason: \"0x10\" is "
         "not a number"},
        {"count<_1",
         "failed parsing threshold expression's \"count<_1\" right hand side; reason: \"_1\" is not "
         "a number"},
    };
    struct threshold_expr got;

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(threshold_parse(str_of(cases[i].text), &got), -EINVAL);
        assert_string_equal(fault_text(), cases[i].words);
    }
    fault_clear();
}

struct fixture {
    struct metric_registry *registry;
    struct snapshot *snap;
    struct thresholds *ts;
};

static void open_fixture(struct fixture *f)
{
    f->registry = metric_registry_new();
    f->snap = snapshot_new(&(struct snapshot_config){.registry = f->registry});
    f->ts = thresholds_new();
}

static void close_fixture(struct fixture *f)
{
    thresholds_free(f->ts);
    snapshot_free(f->snap);
    metric_registry_free(f->registry);
    fault_clear();
}

static void add(struct fixture *f, const char *metric, const char *source)
{
    thresholds_add(f->ts,
                   &(struct threshold_spec){.metric = str_of(metric), .source = str_of(source)});
}

static void bad_configurations_end_in_104(void **state)
{
    static const struct {
        const char *metric, *source, *words;
    } cases[] = {
        {"nope", "count<1",
         "invalid threshold defined on nope; reason: no metric name \"nope\" found"},
        {"http_reqs{a}", "count<1",
         "unable to validate threshold expressions; reason: parsing metric name failed, metric "
         "\"a\" tag expression is malformed"},
        {"http_reqs", "bad",
         "failed parsing threshold expression \"bad\"; reason: malformed "
         "threshold expression"},
        {"http_reqs", "avg<1",
         "invalid threshold \"avg<1\" applied on metric http_reqs; reason: unsupported aggregation "
         "method avg on metric of type counter. supported aggregation methods for this metric are: "
         "count, rate"},
        {"vus", "max<1",
         "invalid threshold \"max<1\" applied on metric vus; reason: unsupported aggregation method "
         "max on metric of type gauge. supported aggregation methods for this metric are: value"},
        {"checks", "count<1",
         "invalid threshold \"count<1\" applied on metric checks; reason: unsupported aggregation "
         "method count on metric of type rate. supported aggregation methods for this metric are: "
         "rate"},
        {"http_req_duration", "count<1",
         "invalid threshold \"count<1\" applied on metric http_req_duration; reason: unsupported "
         "aggregation method count on metric of type trend. supported aggregation methods for this "
         "metric are: avg, min, max, med, p"},
    };

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        struct fixture f;

        open_fixture(&f);
        add(&f, cases[i].metric, cases[i].source);
        assert_int_equal(thresholds_bind(f.ts, f.snap, THRESHOLDS_JUDGE), FAULT_EXIT(104));
        assert_string_equal(fault_text(), cases[i].words);
        assert_int_equal(thresholds_bind(f.ts, f.snap, THRESHOLDS_IGNORE), 0);
        assert_false(thresholds_eval(f.ts, THRESHOLDS_FINAL, NS_PER_S));
        assert_string_equal(thresholds_failed(f.ts), "");
        close_fixture(&f);
    }
}

static enum threshold_state state_of(const struct fixture *f, size_t i)
{
    size_t n;
    const struct threshold *all = thresholds_all(f->ts, &n);

    assert_true(i < n);
    return all[i].state;
}

static void tick(struct fixture *f, uint32_t metric, double value)
{
    struct tag tags[] = {{STR("status"), STR("200")}};

    snapshot_tick_begin(f->snap);
    snapshot_sample(f->snap, metric, tags, 1, value, 1);
    snapshot_tick_end(f->snap, 2);
}

static void values_are_compared(void **state)
{
    struct fixture f;
    size_t n;

    (void)state;
    open_fixture(&f);
    add(&f, "http_req_duration", "p(50)<=15");
    add(&f, "http_req_duration{status:200}", "max<20");
    add(&f, "http_req_duration{status:500}", "max<20");
    add(&f, "iterations", "rate>1");
    add(&f, "iterations", "count==2");
    assert_int_equal(thresholds_bind(f.ts, f.snap, THRESHOLDS_JUDGE), 0);
    tick(&f, M_HTTP_REQ_DURATION, 10);
    tick(&f, M_HTTP_REQ_DURATION, 20);
    tick(&f, M_ITERATIONS, 2);
    assert_false(thresholds_eval(f.ts, THRESHOLDS_RUNNING, 4 * NS_PER_S));
    assert_int_equal(state_of(&f, 0), THRESHOLD_PASSED);
    assert_int_equal(state_of(&f, 1), THRESHOLD_FAILED);
    assert_int_equal(state_of(&f, 2), THRESHOLD_UNJUDGED);
    assert_int_equal(state_of(&f, 3), THRESHOLD_FAILED);
    assert_int_equal(state_of(&f, 4), THRESHOLD_PASSED);
    assert_true(thresholds_all(f.ts, &n)[0].value == 15);
    assert_true(thresholds_all(f.ts, &n)[3].value == 0.5);
    assert_string_equal(thresholds_failed(f.ts), "http_req_duration{status:200}, iterations");

    /* The verdict is the latest one. */
    assert_false(thresholds_eval(f.ts, THRESHOLDS_FINAL, NS_PER_S));
    assert_int_equal(state_of(&f, 3), THRESHOLD_PASSED);
    assert_int_equal(state_of(&f, 2), THRESHOLD_PASSED); /* 0 < 20 */
    close_fixture(&f);
}

static void the_last_round_judges_what_was_never_sampled(void **state)
{
    struct fixture f;

    (void)state;
    open_fixture(&f);
    add(&f, "http_req_duration", "avg>1");
    add(&f, "http_reqs", "count>0");
    add(&f, "http_reqs", "rate>0");
    add(&f, "checks", "rate>0.9");
    add(&f, "vus", "value>0");
    assert_int_equal(thresholds_bind(f.ts, f.snap, THRESHOLDS_JUDGE), 0);
    thresholds_eval(f.ts, THRESHOLDS_RUNNING, NS_PER_S);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(state_of(&f, i), THRESHOLD_UNJUDGED);
    thresholds_eval(f.ts, THRESHOLDS_FINAL, 0);
    assert_int_equal(state_of(&f, 0), THRESHOLD_FAILED);
    assert_int_equal(state_of(&f, 1), THRESHOLD_FAILED);
    assert_int_equal(state_of(&f, 2), THRESHOLD_PASSED); /* no time, no rate */
    assert_int_equal(state_of(&f, 3), THRESHOLD_PASSED);
    assert_int_equal(state_of(&f, 4), THRESHOLD_FAILED);
    assert_string_equal(thresholds_failed(f.ts), "http_req_duration, http_reqs, vus");
    close_fixture(&f);
}

static void aborting_waits_for_its_delay(void **state)
{
    struct fixture f;

    (void)state;
    open_fixture(&f);
    thresholds_add(f.ts, &(struct threshold_spec){.metric = STR("http_reqs"),
                                                  .source = STR("count<1"),
                                                  .abort_on_fail = true,
                                                  .delay_abort_eval = 10 * NS_PER_S});
    assert_int_equal(thresholds_bind(f.ts, f.snap, THRESHOLDS_JUDGE), 0);
    assert_false(thresholds_eval(f.ts, THRESHOLDS_RUNNING, 20 * NS_PER_S));
    tick(&f, M_HTTP_REQS, 1);
    assert_false(thresholds_eval(f.ts, THRESHOLDS_RUNNING, 10 * NS_PER_S));
    assert_int_equal(state_of(&f, 0), THRESHOLD_FAILED);
    assert_true(thresholds_eval(f.ts, THRESHOLDS_RUNNING, 10 * NS_PER_S + 1));
    close_fixture(&f);
}

/* One second of the test: n samples of that value, then an evaluation at every second second. */
static bool second(struct fixture *f, int at, int n, double value)
{
    snapshot_tick_begin(f->snap);
    for (int i = 0; i < n; i++)
        snapshot_sample(f->snap, M_HTTP_REQ_DURATION, NULL, 0, value, at);
    snapshot_tick_end(f->snap, at);
    thresholds_tick(f->ts, at * NS_PER_S, at * NS_PER_S);
    return at % 2 == 0 && thresholds_eval(f->ts, THRESHOLDS_RUNNING, at * NS_PER_S);
}

static const struct threshold *first(const struct fixture *f)
{
    size_t n;

    return thresholds_all(f->ts, &n);
}

static void open_with(struct fixture *f, struct threshold_spec spec)
{
    open_fixture(f);
    spec.metric = STR("http_req_duration");
    spec.source = spec.source.n ? spec.source : STR("max<100");
    thresholds_add(f->ts, &spec);
    assert_int_equal(thresholds_bind(f->ts, f->snap, THRESHOLDS_JUDGE), 0);
}

static void a_window_forgets_what_is_long_ago(void **state)
{
    struct fixture f;

    (void)state;
    open_with(&f, (struct threshold_spec){.source = STR("avg<100"), .window = 10 * NS_PER_S});
    /* The first seconds are slow, but the first window is full only at 10 s: avg is 90 then. */
    for (int t = 1; t <= 60; t++) {
        second(&f, t, 10, t <= 5 ? 130 : 50);
        assert_int_equal(first(&f)->state, t < 10 ? THRESHOLD_UNJUDGED : THRESHOLD_PASSED);
    }
    assert_true(first(&f)->value == 90);
    assert_int_equal(first(&f)->worst_from, 0);
    assert_int_equal(first(&f)->worst_to, 10 * NS_PER_S);
    thresholds_eval(f.ts, THRESHOLDS_FINAL, 60 * NS_PER_S);
    assert_int_equal(first(&f)->state, THRESHOLD_PASSED);
    close_fixture(&f);
}

static void a_window_remembers_that_it_failed_and_shows_its_worst(void **state)
{
    struct fixture f;

    (void)state;
    open_with(&f, (struct threshold_spec){.source = STR("avg<100"), .window = 4 * NS_PER_S});
    for (int t = 1; t <= 100; t++)
        second(&f, t, 1, t > 20 && t <= 24 ? 500 : 10);
    thresholds_eval(f.ts, THRESHOLDS_FINAL, 100 * NS_PER_S);
    assert_int_equal(first(&f)->state, THRESHOLD_FAILED);
    assert_false(first(&f)->failing);
    assert_true(first(&f)->value == 500);
    assert_int_equal(first(&f)->worst_from, 20 * NS_PER_S);
    assert_int_equal(first(&f)->worst_to, 24 * NS_PER_S);
    assert_string_equal(thresholds_failed(f.ts), "http_req_duration");
    close_fixture(&f);
}

/* Between two rounds as well: a second is enough. */
static void no_window_falls_between_rounds(void **state)
{
    struct fixture f;

    (void)state;
    open_with(&f, (struct threshold_spec){.source = STR("avg<200"), .window = 2 * NS_PER_S});
    /* Seconds 20 and 21 are one window of their own, which ends between two rounds. */
    for (int t = 1; t <= 40; t++)
        second(&f, t, 1, t == 20 || t == 21 ? 250 : 10);
    assert_int_equal(first(&f)->state, THRESHOLD_FAILED);
    assert_true(first(&f)->value == 250);
    assert_int_equal(first(&f)->worst_to, 21 * NS_PER_S);
    close_fixture(&f);
}

static void only_a_window_that_fails_now_aborts(void **state)
{
    struct fixture f;

    (void)state;
    open_with(&f, (struct threshold_spec){.window = 4 * NS_PER_S,
                                          .abort_on_fail = true,
                                          .delay_abort_eval = 20 * NS_PER_S});
    for (int t = 1; t <= 40; t++)
        assert_false(second(&f, t, 1, t == 10 ? 500 : 10));
    assert_int_equal(first(&f)->state, THRESHOLD_FAILED);
    assert_false(second(&f, 41, 1, 500));
    assert_true(second(&f, 42, 1, 10));
    close_fixture(&f);
}

static void a_test_shorter_than_the_window_is_judged_at_its_end(void **state)
{
    struct fixture f;

    (void)state;
    open_with(&f, (struct threshold_spec){.window = 30 * NS_PER_S});
    for (int t = 1; t <= 10; t++)
        second(&f, t, 1, 500);
    assert_int_equal(first(&f)->state, THRESHOLD_UNJUDGED);
    thresholds_eval(f.ts, THRESHOLDS_FINAL, 10 * NS_PER_S);
    assert_int_equal(first(&f)->state, THRESHOLD_FAILED);
    close_fixture(&f);
}

static void nothing_is_judged_before_its_time(void **state)
{
    struct fixture f;

    (void)state;
    open_with(&f, (struct threshold_spec){.after = 20 * NS_PER_S, .abort_on_fail = true});
    for (int t = 1; t < 20; t++)
        assert_false(second(&f, t, 1, 500));
    assert_int_equal(first(&f)->state, THRESHOLD_UNJUDGED);
    thresholds_eval(f.ts, THRESHOLDS_FINAL, 19 * NS_PER_S);
    assert_int_equal(first(&f)->state, THRESHOLD_UNJUDGED);
    assert_true(second(&f, 20, 1, 10));
    close_fixture(&f);
}

static void too_few_samples_fail_at_the_end(void **state)
{
    struct fixture f;

    (void)state;
    open_with(&f, (struct threshold_spec){.min_samples = 10, .abort_on_fail = true});
    /* They may still come. */
    for (int t = 1; t < 10; t++)
        assert_false(second(&f, t, 1, 500));
    assert_int_equal(first(&f)->state, THRESHOLD_UNJUDGED);
    thresholds_eval(f.ts, THRESHOLDS_FINAL, 9 * NS_PER_S);
    assert_int_equal(first(&f)->state, THRESHOLD_FAILED);
    assert_true(first(&f)->too_few);
    assert_int_equal(first(&f)->samples, 9);
    /* The tenth: now the number itself is judged. */
    assert_true(second(&f, 10, 1, 10));
    assert_false(first(&f)->too_few);
    close_fixture(&f);
}

static void an_empty_metric_fails_only_with_min_samples(void **state)
{
    struct fixture f;

    (void)state;
    open_with(&f, (struct threshold_spec){0});
    thresholds_eval(f.ts, THRESHOLDS_FINAL, NS_PER_S);
    assert_int_equal(first(&f)->state, THRESHOLD_PASSED);
    close_fixture(&f);
    open_with(&f, (struct threshold_spec){.min_samples = 1});
    thresholds_eval(f.ts, THRESHOLDS_FINAL, NS_PER_S);
    assert_int_equal(first(&f)->state, THRESHOLD_FAILED);
    close_fixture(&f);
    open_with(&f, (struct threshold_spec){.min_samples = 1, .after = 2 * NS_PER_S});
    second(&f, 1, 5, 10);
    thresholds_eval(f.ts, THRESHOLDS_FINAL, NS_PER_S);
    assert_int_equal(first(&f)->state, THRESHOLD_FAILED);
    close_fixture(&f);
}

/* A system that hangs answers nothing: its windows run empty. */
static void a_full_window_needs_its_samples(void **state)
{
    struct fixture f;

    (void)state;
    open_with(&f, (struct threshold_spec){.window = 4 * NS_PER_S, .min_samples = 5});
    for (int t = 1; t <= 20; t++)
        second(&f, t, 10, 10);
    assert_int_equal(first(&f)->state, THRESHOLD_PASSED);
    for (int t = 21; t <= 23; t++)
        second(&f, t, 0, 0);
    assert_int_equal(first(&f)->state, THRESHOLD_PASSED);
    second(&f, 24, 0, 0);
    assert_int_equal(first(&f)->state, THRESHOLD_FAILED);
    assert_true(first(&f)->too_few);
    assert_int_equal(first(&f)->samples, 0);
    close_fixture(&f);
}

static void windows_count_their_own_rate(void **state)
{
    struct fixture f;

    (void)state;
    open_fixture(&f);
    thresholds_add(f.ts, &(struct threshold_spec){.metric = STR("http_reqs"),
                                                  .source = STR("rate>=4"),
                                                  .window = 10 * NS_PER_S});
    assert_int_equal(thresholds_bind(f.ts, f.snap, THRESHOLDS_JUDGE), 0);
    for (int t = 1; t <= 40; t++) {
        tick(&f, M_HTTP_REQS, t <= 20 ? 4 : 6);
        thresholds_tick(f.ts, t * NS_PER_S, t * NS_PER_S);
        thresholds_eval(f.ts, THRESHOLDS_RUNNING, t * NS_PER_S);
    }
    assert_int_equal(state_of(&f, 0), THRESHOLD_PASSED);
    assert_true(first(&f)->value == 4);
    close_fixture(&f);
}

static void a_window_must_be_longer_than_the_rounds(void **state)
{
    struct fixture f;

    (void)state;
    open_fixture(&f);
    thresholds_add(f.ts, &(struct threshold_spec){.metric = STR("http_reqs"),
                                                  .source = STR("count>1"),
                                                  .window = NS_PER_S});
    assert_int_equal(thresholds_bind(f.ts, f.snap, THRESHOLDS_JUDGE), FAULT_EXIT(104));
    assert_string_equal(fault_text(),
                        "invalid threshold \"count>1\" applied on metric http_reqs; reason: its "
                        "window is shorter than 2 seconds");
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_are_read),
        cmocka_unit_test(bad_expressions_are_explained),
        cmocka_unit_test(bad_configurations_end_in_104),
        cmocka_unit_test(values_are_compared),
        cmocka_unit_test(the_last_round_judges_what_was_never_sampled),
        cmocka_unit_test(aborting_waits_for_its_delay),
        cmocka_unit_test(a_window_forgets_what_is_long_ago),
        cmocka_unit_test(a_window_remembers_that_it_failed_and_shows_its_worst),
        cmocka_unit_test(no_window_falls_between_rounds),
        cmocka_unit_test(only_a_window_that_fails_now_aborts),
        cmocka_unit_test(a_test_shorter_than_the_window_is_judged_at_its_end),
        cmocka_unit_test(nothing_is_judged_before_its_time),
        cmocka_unit_test(too_few_samples_fail_at_the_end),
        cmocka_unit_test(an_empty_metric_fails_only_with_min_samples),
        cmocka_unit_test(a_full_window_needs_its_samples),
        cmocka_unit_test(windows_count_their_own_rate),
        cmocka_unit_test(a_window_must_be_longer_than_the_rounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
