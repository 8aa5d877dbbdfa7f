#include "report/report_show.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "report/golden_test.h"
#include "report/report_testing.h"
#include "report/threshold_json.h"

static void add_threshold(struct thresholds *ts, const char *metric, const char *source,
                          const struct threshold_spec *more)
{
    struct threshold_spec spec = *more;

    spec.metric = str_of(metric);
    spec.source = str_of(source);
    thresholds_add(ts, &spec);
}

/* Thresholds of every kind, judged over ticks. */
static struct thresholds *judge(struct report_fixture *f)
{
    struct thresholds *ts = thresholds_new();

    add_threshold(ts, "http_req_duration", "p(95)<300", &(struct threshold_spec){0});
    add_threshold(ts, "http_req_duration", " avg < 1000 ", &(struct threshold_spec){0});
    add_threshold(
        ts, "http_req_duration{name:/checkout}", "max<100",
        &(struct threshold_spec){.abort_on_fail = true, .delay_abort_eval = 100 * NS_PER_S});
    add_threshold(ts, "checks", "rate>0.9",
                  &(struct threshold_spec){.window = 5 * NS_PER_S, .min_samples = 10});
    add_threshold(ts, "http_reqs", "count>10", &(struct threshold_spec){.after = 100 * NS_PER_S});
    add_threshold(ts, "http_reqs", "rate>1", &(struct threshold_spec){.min_samples = 100000});
    add_threshold(ts, "http_req_failed", "rate<0.5", &(struct threshold_spec){0});
    assert_int_equal(thresholds_bind(ts, f->snapshot, THRESHOLDS_JUDGE), 0);
    snapshot_tick_end(f->snapshot, ++f->now);
    for (int i = 1; i <= 10; i++)
        thresholds_tick(ts, i * NS_PER_S, i * NS_PER_S);
    thresholds_eval(ts, THRESHOLDS_FINAL, 10 * NS_PER_S);
    return ts;
}

static void put_original(struct report_fixture *f, struct thresholds *ts, enum summary_mode mode,
                         enum summary_color color, struct buf *out)
{
    struct arena arena = {0};
    struct plan_options options;

    plan_options_init(&options, &arena);
    options.summary_time_unit = "ms";
    options.summary_trend_stats = (struct plan_strings){0};
    plan_strings_add(&options.summary_trend_stats, &arena, "med");
    plan_strings_add(&options.summary_trend_stats, &arena, "p(99.9)");
    struct summary *s = summary_new(&(struct summary_input){.snapshot = f->snapshot,
                                                            .thresholds = ts,
                                                            .options = &options,
                                                            .duration = f->run.duration,
                                                            .model = SUMMARY_MODEL_CLOSED});

    summary_text(s, mode, color, out);
    summary_free(s);
    arena_fini(&arena);
}

static void check_summary(enum summary_mode mode, enum summary_color color)
{
    struct report_fixture f;
    struct buf json = {0}, original = {0}, again = {0};
    struct json_out j = JSON_OUT(&json, 0);

    report_fixture_init(&f);
    report_fixture_shop(&f);
    struct thresholds *ts = judge(&f);

    put_original(&f, ts, mode, color, &original);
    threshold_json_put(ts, &j);
    f.run.thresholds_json = buf_str(&json);
    f.run.options_json =
        STR("{\"summaryTrendStats\":[\"med\",\"p(99.9)\"],\"summaryTimeUnit\":\"ms\"}");
    f.run.scenarios_json = STR("[{\"name\":\"default\",\"executor\":\"constant-vus\"}]");
    struct report *r = report_new(&f.run, f.snapshot);

    report_show_summary(
        r, &(struct report_show_style){.color = color == SUMMARY_COLORED, .mode = mode}, &again);
    assert_string_equal(buf_cstr(&again), buf_cstr(&original));
    /* The comparison has something to compare. */
    assert_non_null(strstr(buf_cstr(&original), "p(99.9)="));
    assert_non_null(strstr(buf_cstr(&original), "samples: 120 of 100000"));
    assert_non_null(strstr(buf_cstr(&original), "was not judged"));
    assert_non_null(strstr(buf_cstr(&original), " from "));
    report_free(r);
    thresholds_free(ts);
    buf_fini(&json);
    buf_fini(&original);
    buf_fini(&again);
    report_fixture_fini(&f);
}

static void test_the_summary_is_the_one_of_the_run(void **state UNUSED)
{
    check_summary(SUMMARY_COMPACT, SUMMARY_PLAIN);
    check_summary(SUMMARY_COMPACT, SUMMARY_COLORED);
    check_summary(SUMMARY_FULL, SUMMARY_PLAIN);
}

/* The array is what it was read from. */
static void test_thresholds_read_back(void **state UNUSED)
{
    struct report_fixture f;
    struct buf first = {0}, second = {0};
    struct json_out j = JSON_OUT(&first, 1), k = JSON_OUT(&second, 1);

    report_fixture_init(&f);
    report_fixture_shop(&f);
    struct thresholds *ts = judge(&f);

    threshold_json_put(ts, &j);
    struct thresholds *again = threshold_json_read(buf_str(&first), f.snapshot);

    threshold_json_put(again, &k);
    assert_string_equal(buf_cstr(&second), buf_cstr(&first));
    golden_check("thresholds.json", &first);
    thresholds_free(ts);
    thresholds_free(again);
    buf_fini(&first);
    buf_fini(&second);
    report_fixture_fini(&f);
}

static void test_bad_thresholds_are_left_out(void **state UNUSED)
{
    static const char *const bad[] = {
        "",
        "{",
        "null",
        "[1,\"a\",null,[]]",
        "[{}]",
        "[{\"metric\":\"no_such\",\"source\":\"p(95)<1\"}]",
        "[{\"metric\":\"http_reqs\",\"source\":\"p(95)<1\"}]",
        "[{\"metric\":\"http_reqs{\",\"source\":\"count<1\"}]",
        "[{\"metric\":\"http_reqs\",\"source\":\"count<1\",\"window_s\":0.5}]",
    };
    struct report_fixture f;
    size_t n;

    report_fixture_init(&f);
    report_fixture_shop(&f);
    snapshot_tick_end(f.snapshot, ++f.now);
    for (size_t i = 0; i < countof(bad); i++) {
        struct thresholds *ts = threshold_json_read(str_of(bad[i]), f.snapshot);

        thresholds_all(ts, &n);
        assert_int_equal(n, 0);
        thresholds_free(ts);
    }
    struct thresholds *ts = threshold_json_read(
        STR("[{\"metric\":\"x\"},{\"metric\":\"http_reqs\",\"source\":\"count<1\","
            "\"state\":\"failed\",\"value\":-1e300,\"samples\":1e300,\"worst_to_s\":1e300}]"),
        f.snapshot);

    assert_int_equal(thresholds_all(ts, &n)->state, THRESHOLD_FAILED);
    assert_int_equal(n, 1);
    thresholds_free(ts);
    report_fixture_fini(&f);
}

static void add_lists(struct report *r)
{
    vec_push(r->exchanges, r->n_exchanges, r->cap_exchanges) =
        (struct store_exchange){.key = 7,
                                .kind = STR("failed"),
                                .method = STR("POST"),
                                .url = STR("http://127.0.0.1:8080/checkout?with=\x1b[31mcolour"),
                                .status = 500,
                                .error = STR("the server failed"),
                                .at = 1234567890,
                                .duration = 412345678};
    vec_push(r->events, r->n_events, r->cap_events) =
        (struct report_event){2 * NS_PER_S, STR("scale-vus"), STR("users from 5 to 10")};
}

static void show(struct report *r, const struct report_show_style *style, struct buf *out)
{
    struct report_timeline t = {0};

    t.n = 10;
    t.seconds = 10;
    t.steps = xnew_n(struct report_step, 10);
    for (int i = 0; i < 10; i++)
        t.steps[i] = (struct report_step){i * 3.5, 100 + i, i > 7 ? 0.1 : 0, i < 5 ? 5 : 10, NAN};
    report_show_header(r, style, out);
    report_show_verdict(r, style, out);
    report_show_outputs(r, style, out);
    report_show_charts(&t, style, out);
    report_show_lists(r, style, out);
    report_timeline_fini(&t);
}

static void test_all_of_it(void **state UNUSED)
{
    struct report_fixture f;
    struct buf out = {0};

    report_fixture_init(&f);
    report_fixture_shop(&f);
    f.run.labels_json = STR("[\"nightly\",\"new cache\"]");
    f.run.note = STR("before\nthe change");
    f.run.is_baseline = true;
    f.run.script_hash = STR("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    f.run.outputs_json = STR("{\"prometheus\":{\"produced\":100,\"acknowledged\":90,\"spooled\":7,"
                             "\"dropped\":3}}");
    struct report *r = report_fixture_done(&f);

    add_lists(r);
    show(r, &(struct report_show_style){.columns = 100}, &out);
    golden_check("show.txt", &out);
    assert_null(strchr(buf_cstr(&out), '\x1b'));
    buf_reset(&out);
    show(r, &(struct report_show_style){.columns = 80, .plain = true}, &out);
    golden_check("show_plain.txt", &out);
    report_free(r);
    buf_fini(&out);
    report_fixture_fini(&f);
}

/* A figure a step, from a snapshot's ticks. */
static void test_a_timeline(void **state UNUSED)
{
    struct report_fixture f;
    struct report_timeline t = {0};

    report_fixture_init(&f);
    report_fixture_add(&f, M_VUS, "", 3);
    report_fixture_add(&f, M_ITERATIONS, "", 1);
    report_fixture_add(&f, M_ITERATION_DURATION, "", 50);
    snapshot_tick_end(f.snapshot, ++f.now);
    report_timeline_add(&t, f.snapshot, 0, 2 * NS_PER_S);
    assert_true(t.of_iterations);
    assert_true(t.steps[0].rate == 0.5 && t.steps[0].vus == 3 && t.steps[0].p95_ms == 50);
    assert_true(isnan(t.steps[0].failed));

    snapshot_tick_begin(f.snapshot);
    for (int i = 0; i < 8; i++)
        report_fixture_request(&f, "name=a", 10, i == 0);
    report_fixture_add(&f, M_DROPPED_ITERATIONS, "", 4);
    snapshot_tick_end(f.snapshot, ++f.now);
    report_timeline_add(&t, f.snapshot, 2 * NS_PER_S, 4 * NS_PER_S);
    assert_false(t.of_iterations);
    assert_true(t.has_dropped && t.seconds == 4);
    assert_true(t.steps[1].rate == 4 && t.steps[1].failed == 0.125 && t.steps[1].dropped == 2);
    assert_true(t.steps[1].vus == 3);
    report_timeline_fini(&t);
    report_fixture_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_summary_is_the_one_of_the_run),
        cmocka_unit_test(test_thresholds_read_back),
        cmocka_unit_test(test_bad_thresholds_are_left_out),
        cmocka_unit_test(test_all_of_it),
        cmocka_unit_test(test_a_timeline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
