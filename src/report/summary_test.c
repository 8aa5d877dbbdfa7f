#include "report/summary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "metric/submetric.h"
#include "report/golden_test.h"

struct fixture {
    struct arena arena;
    struct metric_registry *registry;
    struct snapshot *snapshot;
    struct thresholds *thresholds;
    struct plan_options options;
    struct summary_input more; /* model, quiet, corrected */
    mono_ns now;
};

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){.registry = metric_registry_new(), .thresholds = thresholds_new()};
    f.snapshot = snapshot_new(&(struct snapshot_config){.registry = f.registry});
    plan_options_init(&f.options, &f.arena);
    snapshot_tick_begin(f.snapshot);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    thresholds_free(f->thresholds);
    snapshot_free(f->snapshot);
    metric_registry_free(f->registry);
    arena_fini(&f->arena);
    return 0;
}

/* One sample; `tags` are "key=value" pairs separated by commas. */
static void add(struct fixture *f, uint32_t metric, const char *tags, double value)
{
    struct tag list[8];
    struct str rest = str_of(tags);
    struct str part;
    size_t n = 0;

    while (rest.n && str_split(&rest, ',', &part)) {
        size_t at = str_find(part, '=');

        list[n++] = (struct tag){str_from(part.p, at), str_from_index(part, at + 1)};
    }
    snapshot_sample(f->snapshot, metric, list, n, value, ++f->now);
}

static uint32_t custom(struct fixture *f, const char *name, enum metric_type type,
                       enum metric_contains contains)
{
    uint32_t id = 0;

    assert_int_equal(metric_register(f->registry, str_of(name), type, contains, &id), 0);
    return id;
}

static void submetric(struct fixture *f, const char *name)
{
    struct submetric_name parsed;
    struct snap_metric *m = NULL;

    assert_int_equal(submetric_parse(str_of(name), &parsed), 0);
    assert_int_equal(snapshot_submetric(f->snapshot, &parsed, str_of(name), &m), 0);
}

static void threshold(struct fixture *f, const char *metric, const char *source)
{
    thresholds_add(f->thresholds,
                   &(struct threshold_spec){.metric = str_of(metric), .source = str_of(source)});
}

static struct summary *finish(struct fixture *f, double seconds)
{
    struct summary_input in = {
        .snapshot = f->snapshot,
        .thresholds = f->thresholds,
        .options = &f->options,
        .duration = (span_ns)(seconds * (double)NS_PER_S),
        .stderr_is_tty = true,
        .setup_data = "{\"a\":1}",
        .script = STR("export default function () {}\n"),
        .generated_at = (wall_ns)1800000000 * NS_PER_S + 123456789,
        .model = f->more.model,
        .quiet = f->more.quiet,
        .corrected = f->more.corrected,
        .corrected_interval = f->more.corrected_interval,
    };

    assert_int_equal(thresholds_bind(f->thresholds, f->snapshot, THRESHOLDS_JUDGE), 0);
    snapshot_tick_end(f->snapshot, f->now);
    thresholds_eval(f->thresholds, THRESHOLDS_FINAL, in.duration);
    return summary_new(&in);
}

/* Two users of two scenarios that do a little of everything. */
static struct summary *busy_test(struct fixture *f)
{
    uint32_t trend = custom(f, "my_trend", METRIC_TREND, CONTAINS_DEFAULT);
    uint32_t time = custom(f, "my_time", METRIC_TREND, CONTAINS_TIME);
    uint32_t counter = custom(f, "my_counter", METRIC_COUNTER, CONTAINS_DEFAULT);
    uint32_t gauge = custom(f, "my_gauge", METRIC_GAUGE, CONTAINS_DEFAULT);
    uint32_t rate = custom(f, "my_rate", METRIC_RATE, CONTAINS_DEFAULT);
    uint32_t idle = custom(f, "my_idle", METRIC_TREND, CONTAINS_TIME);

    (void)idle;
    submetric(f, "http_req_duration{expected_response:true}");
    threshold(f, "http_req_duration", "p(95)<500");
    threshold(f, "http_req_duration", " avg < 0.001");
    threshold(f, "http_req_duration{group:::main}", "avg<100");
    threshold(f, "my_trend{a:b}", "max<1");
    threshold(f, "my_counter", "rate>1");
    threshold(f, "my_idle", "p(95)<3");
    threshold(f, "checks", "rate>0.9");
    threshold(f, "my_gauge", "value<100");

    add(f, M_CHECKS, "check=setup check,group=::setup::sg", 1);
    add(f, M_DATA_SENT, "group=::setup", 100);
    add(f, M_HTTP_REQ_DURATION, "group=::setup,expected_response=true", 2);
    for (int i = 0; i < 20; i++) {
        const char *inner = "scenario=default,group=::main::inner";

        add(f, M_HTTP_REQ_DURATION, "scenario=default,group=::main,expected_response=true", 64);
        add(f, M_HTTP_REQ_FAILED, "scenario=default,group=::main", i == 0);
        add(f, M_HTTP_REQS, "scenario=default,group=::main", 1);
        add(f, M_HTTP_REQ_BLOCKED, "scenario=default,group=::main", 0);
        add(f, M_HTTP_REQ_WAITING, "scenario=default,group=::main", 0.25);
        add(f, M_CHECKS, "scenario=default,group=::main,check=status is 200", 1);
        add(f, M_CHECKS, "scenario=default,group=::main,check=sometimes", i % 3 != 0);
        add(f, M_CHECKS, "scenario=default,group=::main::inner,check=in", i != 7);
        add(f, trend, inner, i % 2 ? 3.14159265 : 0);
        add(f, M_GROUP_DURATION, inner, 1);
        add(f, M_CHECKS, "scenario=default,group=,check=root check", 1);
        add(f, trend, "scenario=default,group=,a=b", 5);
        add(f, time, "scenario=default,group=", i < 10 ? 64000 : 0.032);
        add(f, gauge, "scenario=default,group=", i * 3.5 - 4);
        add(f, rate, "scenario=default,group=", i % 4 == 0);
        add(f, counter, "scenario=default,group=::second", 1);
        add(f, M_ITERATIONS, "scenario=default,group=", 1);
        add(f, M_ITERATION_DURATION, "scenario=default,group=", 1024);
        add(f, M_DATA_SENT, "scenario=default,group=", 155);
        add(f, M_DATA_RECEIVED, "scenario=default,group=", 2150);
        add(f, M_VUS, "", i < 10 ? i : 10);
        add(f, M_VUS_MAX, "", 10);
        add(f, counter, "scenario=other,group=::ga", 2);
        add(f, M_CHECKS, "scenario=other,group=::ga,check=c1", 1);
        add(f, M_CHECKS, "scenario=other,group=::ga::deep,check=c2", 0);
        add(f, M_ITERATIONS, "scenario=other,group=", 1);
    }
    return finish(f, 6.125);
}

static void writes_the_compact_text(void **state)
{
    struct fixture *f = *state;
    scoped(summary_freep) struct summary *s = busy_test(f);
    struct buf out = {0};

    summary_text(s, SUMMARY_COMPACT, SUMMARY_PLAIN, &out);
    golden_check("summary_compact.txt", &out);
    buf_fini(&out);
}

static void writes_the_full_text(void **state)
{
    struct fixture *f = *state;
    scoped(summary_freep) struct summary *s = busy_test(f);
    struct buf out = {0};

    summary_text(s, SUMMARY_FULL, SUMMARY_PLAIN, &out);
    golden_check("summary_full.txt", &out);
    buf_fini(&out);
}

static void writes_colours(void **state)
{
    struct fixture *f = *state;
    scoped(summary_freep) struct summary *s = busy_test(f);
    struct buf out = {0};

    summary_text(s, SUMMARY_COMPACT, SUMMARY_COLORED, &out);
    golden_check("summary_colored.txt", &out);
    buf_fini(&out);
}

/* Without its escapes, coloured text is the plain one: padding never counts them. */
static void colours_change_nothing_else(void **state)
{
    struct fixture *f = *state;
    scoped(summary_freep) struct summary *s = busy_test(f);
    struct buf plain = {0};
    struct buf colored = {0};
    struct buf bare = {0};

    summary_text(s, SUMMARY_FULL, SUMMARY_PLAIN, &plain);
    summary_text(s, SUMMARY_FULL, SUMMARY_COLORED, &colored);
    for (size_t i = 0; i < colored.len; i++) {
        if (colored.data[i] == '\x1b') {
            while (colored.data[i] != 'm')
                i++;
        } else {
            buf_putc(&bare, colored.data[i]);
        }
    }
    assert_string_equal(buf_cstr(&bare), buf_cstr(&plain));
    buf_fini(&plain);
    buf_fini(&colored);
    buf_fini(&bare);
}

static void obeys_columns_and_unit(void **state)
{
    struct fixture *f = *state;
    struct buf out = {0};

    assert_int_equal(plan_options_from_cli(&f->options, PLAN_SUMMARY_TREND_STATS, "avg,count"), 0);
    assert_int_equal(plan_options_from_cli(&f->options, PLAN_SUMMARY_TIME_UNIT, "us"), 0);
    add(f, M_ITERATION_DURATION, "", 2);
    add(f, M_ITERATION_DURATION, "", 2);
    scoped(summary_freep) struct summary *s = finish(f, 1);

    summary_text(s, SUMMARY_COMPACT, SUMMARY_PLAIN, &out);
    assert_string_equal(buf_cstr(&out), "\n\n  █ TOTAL RESULTS \n\n    EXECUTION\n"
                                        "    iteration_duration...: avg=2000.00µs count=2\n\n\n\n");
    buf_fini(&out);
}

static void says_little_of_nothing(void **state)
{
    struct fixture *f = *state;
    scoped(summary_freep) struct summary *s = finish(f, 0);
    struct buf out = {0};

    summary_text(s, SUMMARY_FULL, SUMMARY_PLAIN, &out);
    assert_string_equal(buf_cstr(&out), "\n\n  █ TOTAL RESULTS \n\n\n\n");
    buf_fini(&out);
}

static void gives_data_to_scripts(void **state)
{
    struct fixture *f = *state;
    scoped(summary_freep) struct summary *s = busy_test(f);
    struct buf out = {0};

    summary_data(s, &out);
    buf_putc(&out, '\n');
    golden_check("summary_data.json", &out);
    buf_fini(&out);
}

static void exports_the_older_form(void **state)
{
    struct fixture *f = *state;
    scoped(summary_freep) struct summary *s = busy_test(f);
    struct buf out = {0};

    summary_export(s, &out);
    golden_check("summary_export.json", &out);
    buf_fini(&out);
}

static void writes_the_machine_readable_form(void **state)
{
    struct fixture *f = *state;
    scoped(summary_freep) struct summary *s = busy_test(f);
    struct buf out = {0};

    summary_machine(s, SUMMARY_COMPACT, 2, &out);
    golden_check("summary_machine.json", &out);
    buf_fini(&out);
}

/* A script may set the group tag to anything. */
static void survives_a_very_deep_group(void **state)
{
    struct fixture *f = *state;
    struct buf tags = {0};
    struct buf out = {0};

    buf_puts(&tags, "check=c,group=");
    for (int i = 0; i < 20000; i++)
        buf_puts(&tags, "::x");
    add(f, M_CHECKS, buf_cstr(&tags), 1);
    scoped(summary_freep) struct summary *s = finish(f, 1);

    summary_text(s, SUMMARY_FULL, SUMMARY_PLAIN, &out);
    assert_true(out.len > 60000);
    buf_reset(&out);
    summary_data(s, &out);
    assert_true(out.len > 60000);
    buf_fini(&out);
    buf_fini(&tags);
}

static void assert_text(struct fixture *f, const struct summary *s, const char *want)
{
    struct buf out = {0};

    (void)f;
    summary_text(s, SUMMARY_COMPACT, SUMMARY_PLAIN, &out);
    assert_string_equal(buf_cstr(&out), want);
    buf_fini(&out);
}

static void avg_only(struct fixture *f)
{
    assert_int_equal(plan_options_from_cli(&f->options, PLAN_SUMMARY_TREND_STATS, "avg"), 0);
}

static void service_and_response_time_stand_side_by_side(void **state)
{
    struct fixture *f = *state;

    avg_only(f);
    f->more.model = SUMMARY_MODEL_OPEN;
    submetric(f, "http_req_duration{expected_response:true}");
    for (int i = 0; i < 10; i++) {
        add(f, M_HTTP_REQ_DURATION, "expected_response=true", 64);
        add(f, M_HTTP_REQ_RESPONSE_TIME, "", 96);
        add(f, M_HTTP_REQ_FAILED, "", 0);
        add(f, M_ITERATION_DURATION, "", 64);
        add(f, M_ITERATION_RESPONSE_TIME, "", 65);
        add(f, M_ITERATION_LAG, "", 0.5);
    }
    scoped(summary_freep) struct summary *s = finish(f, 1);

    /* Requests differ by half and are shown; iterations by less than 5 % and are not. */
    assert_text(f, s,
                "\n\n  █ TOTAL RESULTS \n\n"
                "    HTTP\n"
                "    http_req_duration..............: avg=64ms\n"
                "      { expected_response:true }...: avg=64ms\n"
                "    http_req_response_time.........: avg=96ms\n"
                "    http_req_failed................: 0.00% 0 out of 10\n\n"
                "    EXECUTION\n"
                "    dropped_iterations.............: 0     0/s\n"
                "    iteration_duration.............: avg=64ms\n"
                "    iteration_lag..................: med=500µs p(99)=500µs max=500µs\n\n"
                "    response time runs from the instant at which a start was due, duration from "
                "the start:\n"
                "    the difference is waiting that a stall causes and that callers of the system "
                "would feel\n\n\n\n");
}

static void quiet_summaries_explain_nothing(void **state)
{
    struct fixture *f = *state;

    avg_only(f);
    f->more.model = SUMMARY_MODEL_CLOSED;
    f->more.quiet = true;
    add(f, M_ITERATION_DURATION, "", 64);
    scoped(summary_freep) struct summary *s = finish(f, 1);

    assert_text(f, s,
                "\n\n  █ TOTAL RESULTS \n\n    EXECUTION\n"
                "    iteration_duration...: avg=64ms\n\n\n\n");
}

static void closed_models_say_what_they_hide(void **state)
{
    struct fixture *f = *state;

    avg_only(f);
    f->more.model = SUMMARY_MODEL_CLOSED;
    add(f, M_ITERATION_DURATION, "", 64);
    scoped(summary_freep) struct summary *s = finish(f, 1);

    assert_text(f, s,
                "\n\n  █ TOTAL RESULTS \n\n    EXECUTION\n"
                "    iteration_duration...: avg=64ms\n\n"
                "    closed model: a user who waits for an answer starts nothing meanwhile, so a "
                "stall gives few\n"
                "    samples and percentiles look better than callers would find them; --corrected "
                "estimates by\n"
                "    how much, an arrival-rate scenario (or --rate) measures it\n\n\n\n");
}

static void a_correction_stands_below_what_was_measured(void **state)
{
    struct fixture *f = *state;
    struct buf data = {0};

    avg_only(f);
    f->more.model = SUMMARY_MODEL_CLOSED;
    f->more.corrected = true;
    f->more.corrected_interval = 100 * NS_PER_MS;
    submetric(f, "http_req_duration{expected_response:true}");
    /* 1,000 ms holds up 900, 800 and so on: 5,500 in ten samples. */
    add(f, M_HTTP_REQ_DURATION, "expected_response=true", 1000);
    add(f, M_ITERATION_DURATION, "", 1000);
    scoped(summary_freep) struct summary *s = finish(f, 1);

    assert_text(f, s,
                "\n\n  █ TOTAL RESULTS \n\n"
                "    HTTP\n"
                "    http_req_duration..............: avg=1s   \n"
                "      { corrected }................: avg=550ms\n"
                "      { expected_response:true }...: avg=1s   \n\n"
                "    EXECUTION\n"
                "    iteration_duration.............: avg=1s   \n"
                "      { corrected }................: avg=550ms\n\n"
                "    { corrected } estimates what starts at even intervals would have met while "
                "users waited;\n"
                "    an arrival-rate scenario (or --rate) measures it\n\n\n\n");
    /* It is an estimate, no measurement: machines do not get it. */
    summary_data(s, &data);
    assert_null(strstr(buf_cstr(&data), "corrected"));
    buf_fini(&data);
}

static void at_a_rate_there_is_nothing_to_correct(void **state)
{
    struct fixture *f = *state;

    avg_only(f);
    f->more.model = SUMMARY_MODEL_OPEN;
    f->more.corrected = true;
    add(f, M_ITERATION_DURATION, "", 64);
    scoped(summary_freep) struct summary *s = finish(f, 1);

    assert_text(f, s,
                "\n\n  █ TOTAL RESULTS \n\n    EXECUTION\n"
                "    dropped_iterations...: 0 0/s\n"
                "    iteration_duration...: avg=64ms\n\n"
                "    --corrected has nothing to correct: at a rate, starts do not wait for "
                "answers\n\n\n\n");
}

/* Feeds and judges a windowed threshold as a run does, slow from 11 s to 20 s of 60. */
static void thresholds_of_ours_show_their_conditions(void **state)
{
    struct fixture *f = *state;
    struct buf data = {0};

    avg_only(f);
    thresholds_add(f->thresholds, &(struct threshold_spec){.metric = STR("http_req_duration"),
                                                           .source = STR("max<100"),
                                                           .window = 10 * NS_PER_S});
    thresholds_add(f->thresholds, &(struct threshold_spec){.metric = STR("http_req_duration"),
                                                           .source = STR("max<300"),
                                                           .after = 90 * NS_PER_S});
    thresholds_add(f->thresholds, &(struct threshold_spec){.metric = STR("http_req_failed"),
                                                           .source = STR("rate<0.1"),
                                                           .min_samples = 5});
    assert_int_equal(thresholds_bind(f->thresholds, f->snapshot, THRESHOLDS_JUDGE), 0);
    for (int t = 1; t <= 60; t++) {
        add(f, M_HTTP_REQ_DURATION, "", t > 10 && t <= 20 ? 256 : 64);
        snapshot_tick_end(f->snapshot, t * NS_PER_S);
        thresholds_tick(f->thresholds, t * NS_PER_S, t * NS_PER_S);
        thresholds_eval(f->thresholds, THRESHOLDS_RUNNING, t * NS_PER_S);
        snapshot_tick_begin(f->snapshot);
    }
    add(f, M_HTTP_REQ_FAILED, "", 0);
    scoped(summary_freep) struct summary *s = finish(f, 60);

    assert_text(f, s,
                "\n\n  █ THRESHOLDS \n\n"
                "    http_req_duration\n"
                "    ✗ 'max<100; window=10s' max=256ms from 1s to 11s\n"
                "    - 'max<300; after=1m30s' was not judged: the test ended before its time\n\n"
                "    http_req_failed\n"
                "    ✗ 'rate<0.1; min_samples=5' rate=0.00%, samples: 1 of 5\n\n"
                "\n  █ TOTAL RESULTS \n\n"
                "    HTTP\n"
                "    http_req_duration...: avg=96ms\n"
                "    http_req_failed.....: 0.00% 0 out of 1\n\n\n\n");
    summary_data(s, &data);
    assert_non_null(strstr(buf_cstr(&data), "\"max<100; window=10s\":{\"ok\":false}}"));
    assert_null(strstr(buf_cstr(&data), "after="));
    buf_fini(&data);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(writes_the_compact_text),
        TEST(writes_the_full_text),
        TEST(writes_colours),
        TEST(colours_change_nothing_else),
        TEST(obeys_columns_and_unit),
        TEST(says_little_of_nothing),
        TEST(gives_data_to_scripts),
        TEST(exports_the_older_form),
        TEST(writes_the_machine_readable_form),
        TEST(survives_a_very_deep_group),
        TEST(service_and_response_time_stand_side_by_side),
        TEST(quiet_summaries_explain_nothing),
        TEST(closed_models_say_what_they_hide),
        TEST(a_correction_stands_below_what_was_measured),
        TEST(at_a_rate_there_is_nothing_to_correct),
        TEST(thresholds_of_ours_show_their_conditions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
