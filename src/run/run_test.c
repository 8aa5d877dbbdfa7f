/*
 * Whole runs on two loops with threads of their own, and so on the real clock. Scenarios are
 * planned in seconds, because less is not allowed, and then made ten times as fast.
 */
#include "run/run.h"

#include <errno.h>
#include <pthread.h>

#include "base/buf.h"
#include "base/log.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "metric/exception_book.h"
#include "metric/metric.h"
#include "metric/submetric.h"
#include "plan/plan.h"
#include "run/control.h"
#include "run/health.h"
#include "run/run_priv.h"
#include "vu/vu_testing.h"

enum {
    FASTER = 10,
    MAX_LOOKS = 1000,
};

/* How late a user may start or stop here: an iteration takes 10 ms, the rest is a busy machine. */
#define SLACK (150 * NS_PER_MS)

struct look {
    span_ns at;
    uint64_t active;
};

static struct {
    struct arena arena;
    struct metric_registry *registry;
    struct log *log; /* NULL: none */
    struct buf logged;
    struct plan *plan;
    struct loop *loop;
    struct run *run;
    bool stop_first;           /* before run_execute */
    bool stop_last;            /* in the last tick */
    enum run_stop stop_thread; /* by another thread, once so many iterations have begun: */
    uint64_t stop_after;
    void (*check)(void);          /* before the run is freed */
    void (*act)(struct run *run); /* each tick; goes from step to step */
    int step;
    uint64_t seen;
    bool start_paused;
    int code;        /* exit code */
    char text[1024]; /* of the fault */
    span_ns took;    /* scenarios and all */
    struct run_totals totals;
    struct run_part part;
    struct look looks[MAX_LOOKS];
    size_t n_looks;
    _Atomic uint64_t tapped;  /* samples of iteration_duration that a tap saw */
    _Atomic unsigned sources; /* recorders that were tapped, as bits */
} t;

/* ---- the plan ---- */

static void hasten(struct plan_scenario *s)
{
    s->start_time /= FASTER;
    s->graceful_stop /= FASTER;
    s->max_duration /= FASTER;
    s->duration /= FASTER;
    s->graceful_ramp_down /= FASTER;
    s->regular_duration /= FASTER;
    for (size_t i = 0; i < s->stages.n; i++)
        s->stages.items[i].duration /= FASTER;
}

static void make_plan(const char *options)
{
    static struct plan_options layer;
    struct plan_strings warnings = {0};
    struct plan_layers layers = {
        .script = &layer, .exports = (const char *const *)fake_names, .n_exports = FAKE_COUNT};

    plan_options_init(&layer, &t.arena);
    if (plan_options_from_json(&layer, PLAN_TIER_SCRIPT, str_of(options), &warnings) < 0 ||
        plan_build(&t.arena, &layers, &t.plan) < 0)
        fail_msg("%s", fault_text());
    for (size_t i = 0; i < t.plan->n_scenarios; i++)
        hasten((struct plan_scenario *)(uintptr_t)&t.plan->scenarios[i]);
}

/* ---- one run ---- */

static void look(void *arg UNUSED, struct run *run)
{
    struct verdict so_far;
    struct run_part part;

    if (t.stop_last && run_stage(run) == RUN_OVER)
        run_stop(run, RUN_STOP_REMOTE, STR(""));
    if (t.act)
        t.act(run);
    /* Any tick may ask. */
    health_judge(run, &so_far);
    if (run_stage(run) != RUN_SCENARIOS || t.n_looks == MAX_LOOKS)
        return;
    run_part(run, 0, &part);
    t.looks[t.n_looks++] = (struct look){part.elapsed, part.vus_active};
}

static void on_tapped(void *arg UNUSED, const struct series *s, double value UNUSED,
                      mono_ns now UNUSED, const struct sample_origin *origin UNUSED)
{
    atomic_fetch_add(&t.tapped, s->metric == M_ITERATION_DURATION);
}

static void tap(void *arg, struct recorder *recorder, unsigned source)
{
    assert_ptr_equal(arg, &t);
    assert_in_range(source, 0, 2);
    assert_false(atomic_fetch_or(&t.sources, 1U << source) & 1U << source);
    recorder_set_tap(recorder, on_tapped, NULL);
}

static void *stop_from_outside(void *arg UNUSED)
{
    while (atomic_load(&fake.shared.begun) < t.stop_after)
        sched_yield();
    run_stop(t.run, t.stop_thread, STR("interrupt"));
    return NULL;
}

static void execute(void)
{
    pthread_t thread = 0;
    mono_ns start = clock_mono();

    if (t.stop_first)
        run_stop(t.run, RUN_STOP_SIGNAL, STR("interrupt"));
    if (t.stop_thread)
        assert_int_equal(pthread_create(&thread, NULL, stop_from_outside, NULL), 0);
    int r = run_execute(t.run);

    snprintf(t.text, sizeof(t.text), "%s", r < 0 ? fault_text() : "");
    t.took = clock_mono() - start;
    if (t.stop_thread)
        pthread_join(thread, NULL);
    t.code = run_exit_code(t.run, r);
    run_totals(t.run, &t.totals);
    run_part(t.run, 0, &t.part);
}

static void run_main(void *arg UNUSED)
{
    struct run_config config = {.loop = t.loop,
                                .script = &fake.script,
                                .plan = t.plan,
                                .registry = t.registry,
                                .n_loops = 2,
                                .tick = 10 * NS_PER_MS,
                                .paused = t.start_paused,
                                .log = t.log,
                                .on_recorder = tap,
                                .on_recorder_arg = &t,
                                .on_tick = look};

    assert_int_equal(run_new(&config, &t.run), 0);
    execute();
    if (t.check)
        t.check();
    run_free(t.run);
    loop_stop(t.loop);
}

static void run_test_with(const char *options)
{
    make_plan(options);
    t.registry = metric_registry_new();
    assert_int_equal(loop_new(NULL, &t.loop), 0);
    assert_int_equal(coro_spawn(t.loop, CORO_STACK_LARGE, run_main, NULL, NULL), 0);
    assert_int_equal(loop_run(t.loop), 0);
    loop_free(t.loop);
    metric_registry_free(t.registry);
    arena_fini(&t.arena);
    /* Every iteration that was begun is accounted for, whatever happened. */
    assert_int_equal(t.totals.complete, atomic_load(&fake.shared.complete));
    assert_int_equal(t.totals.complete + t.totals.interrupted, atomic_load(&fake.shared.begun));
    assert_int_equal(t.totals.vus_active, 0);
    assert_int_equal(atomic_load(&fake.shared.wrong), 0);
}

static int reset(void **state UNUSED)
{
    memset(&t, 0, sizeof(t));
    fake_reset();
    return 0;
}

static const struct value *measured(const char *name)
{
    struct submetric_name parsed;
    struct snap_metric *m = NULL;

    assert_int_equal(submetric_parse(str_of(name), &parsed), 0);
    assert_int_equal(snapshot_submetric(run_snapshot(t.run), &parsed, str_of(name), &m), 0);
    return &m->total;
}

/* What loops and the machine say of themselves hangs together. */
static void check_health(void)
{
    for (unsigned i = 0; i < t.run->n_workers; i++) {
        const struct health_counters *a = &t.run->workers[i].health.from,
                                     *b = &t.run->workers[i].health.to;
        span_ns span = b->at - a->at, busy = b->loop.busy - a->loop.busy;

        if (!a->at)
            continue; /* there was no load */
        assert_true(span > 0);
        assert_in_range(busy, 0, span + SLACK);
        assert_in_range(busy + b->loop.waiting - a->loop.waiting, 0, span + SLACK);
        assert_in_range(b->cpu - a->cpu, 0, span + SLACK);
        assert_in_range(b->delayed - a->delayed, 0, span + SLACK);
        assert_in_range(b->loop.max_turn, 0, busy);
        assert_true(b->n_late <= b->n_due);
        assert_int_equal(b->n_late > 0, b->max_lag > HEALTH_LATE);
    }
    assert_true(t.run->machine.most_descriptors >= t.run->machine.descriptors);
    assert_true(t.run->machine.steal_to - t.run->machine.steal_from <=
                t.run->machine.all_to - t.run->machine.all_from);
}

/* What the loops count and what they record is the same. */
static void check_samples(void)
{
    check_health();
    assert_int_equal(measured("iterations")->counter.n, t.totals.complete);
    assert_int_equal(measured("iteration_duration")->trend.count, t.totals.complete);
    /* Who taps the recorders sees it all, of users and of setup() and teardown(). */
    assert_int_equal(atomic_load(&t.tapped), t.totals.complete);
    assert_int_equal(atomic_load(&t.sources) & 3U, t.totals.n_loops == 2 ? 3 : 1);
    assert_int_equal(measured("data_sent")->counter.n,
                     atomic_load(&fake.shared.begun) + atomic_load(&fake.shared.n_setups) +
                         atomic_load(&fake.shared.n_teardowns) + atomic_load(&fake.shared.left));
    assert_in_range(measured("generator_busy{loop:0}")->gauge.n, 1, MAX_LOOKS);
    assert_true(measured("generator_busy")->gauge.max <= 1);
    assert_true(measured("generator_memory")->gauge.min > 0);
    assert_int_equal(measured("iterations{scenario:a}")->counter.n, t.totals.complete);
    assert_int_equal(t.part.complete, t.totals.complete);
}

/* ---- executors ---- */

static void test_constant_vus(void **s UNUSED)
{
    t.check = check_samples;
    run_test_with("{\"scenarios\":{\"a\":{\"executor\":\"constant-vus\",\"vus\":5,"
                  "\"duration\":\"3s\",\"exec\":\"sleep\"}}}");
    assert_int_equal(t.code, 0);
    assert_int_equal(t.totals.interrupted, 0);
    assert_int_equal(t.totals.vus_initialized, 5);
    assert_int_equal(t.totals.n_loops, 2);
    assert_int_equal(atomic_load(&fake.shared.most_running), 5);
    assert_int_equal(atomic_load(&fake.shared.left), 5);
    /* 30 each, or fewer on a busy machine; and no waiting for the graceful stop. */
    assert_in_range(t.totals.complete, 25, 150);
    assert_in_range(t.took, 300 * NS_PER_MS, 2500 * NS_PER_MS);
    assert_int_equal(t.part.state, RUN_PART_DONE);
}

static void test_shared_iterations(void **s UNUSED)
{
    t.check = check_samples;
    run_test_with("{\"scenarios\":{\"a\":{\"executor\":\"shared-iterations\",\"vus\":7,"
                  "\"iterations\":101,\"exec\":\"ask\"}}}");
    assert_int_equal(t.code, 0);
    assert_int_equal(t.totals.complete, 101);
    /* Each number from 0 to 100 was given once. */
    assert_int_equal(atomic_load(&fake.shared.tickets), 5050);
    assert_int_equal(t.part.attempted, 101);
}

static uint64_t n_dropped;

static void check_dropped(void)
{
    check_samples();
    n_dropped = (uint64_t)measured("dropped_iterations{scenario:a,mine:1}")->counter.sum;
    /* It belongs to no group, unlike an iteration. */
    struct snap_metric *m = snapshot_find(run_snapshot(t.run), STR("dropped_iterations"));

    for (size_t i = 0; i < m->n_series; i++)
        assert_false(tagset_get(m->series[i]->tags, STR("group"), NULL));
}

static void test_shared_dropped(void **s UNUSED)
{
    t.check = check_dropped;
    run_test_with("{\"tags\":{\"mine\":\"1\"},\"scenarios\":{\"a\":{\"executor\":"
                  "\"shared-iterations\",\"vus\":3,\"iterations\":100000,\"maxDuration\":\"1s\","
                  "\"exec\":\"sleep\"}}}");
    assert_int_equal(n_dropped + t.totals.complete, 100000);
    assert_int_equal(t.totals.interrupted, 0);
}

static void check_exceptions(void)
{
    struct run_exceptions all;

    check_samples();
    run_exceptions(t.run, &all);
    assert_int_equal(all.n, 1);
    assert_int_equal(all.total, 20);
    assert_int_equal(all.items[0]->count, 20);
    assert_true(str_is(all.items[0]->stack, "Error: thrown"));
    assert_true(str_is(all.items[0]->scenario, "a"));
    assert_true(all.items[0]->first >= run_started(t.run));
    assert_true(all.items[0]->last >= all.items[0]->first);
    assert_true(all.items[0]->workers == 0);
}

static void test_per_vu_iterations(void **s UNUSED)
{
    t.check = check_exceptions;
    run_test_with("{\"scenarios\":{\"a\":{\"executor\":\"per-vu-iterations\",\"vus\":5,"
                  "\"iterations\":4,\"exec\":\"throw\"}}}");
    /* Iterations that throw are complete, and change nothing else. */
    assert_int_equal(t.totals.complete, 20);
    assert_int_equal(t.code, 0);
}

static void test_per_vu_dropped(void **s UNUSED)
{
    t.check = check_dropped;
    run_test_with("{\"tags\":{\"mine\":\"1\"},\"scenarios\":{\"a\":{\"executor\":"
                  "\"per-vu-iterations\",\"vus\":3,\"iterations\":1000,\"maxDuration\":\"1s\","
                  "\"exec\":\"sleep\"}}}");
    assert_int_equal(n_dropped + t.totals.complete, 3000);
}

/* The number of users that there should be, at its least or most, from one moment to another. */
static void wanted(span_ns from, span_ns to, uint64_t *ret_least, uint64_t *ret_most)
{
    struct plan_steps raw;

    plan_ramp_raw(&t.plan->scenarios[0], &t.arena, &raw);
    *ret_least = UINT64_MAX;
    *ret_most = 0;
    for (size_t i = 0; i < raw.n; i++) {
        bool is_over = i + 1 < raw.n && raw.items[i + 1].at <= from;
        uint64_t n = (uint64_t)raw.items[i].vus;

        if (is_over || raw.items[i].at > to)
            continue;
        *ret_least = n < *ret_least ? n : *ret_least;
        *ret_most = n > *ret_most ? n : *ret_most;
    }
}

static void check_ramp(void)
{
    check_samples();
    assert_true(t.n_looks > 2); /* there would be 30 and more, had the machine nothing else to do */
    for (size_t i = 0; i < t.n_looks; i++) {
        uint64_t least, most;

        wanted(t.looks[i].at - SLACK, t.looks[i].at + SLACK / 2, &least, &most);
        if (t.looks[i].at < SLACK)
            least = 0;
        assert_in_range(t.looks[i].active, least, most);
    }
}

static void test_ramping_vus(void **s UNUSED)
{
    t.check = check_ramp;
    run_test_with("{\"scenarios\":{\"a\":{\"executor\":\"ramping-vus\",\"startVUs\":2,\"stages\":["
                  "{\"duration\":\"3s\",\"target\":8},{\"duration\":\"1s\",\"target\":8},"
                  "{\"duration\":\"3s\",\"target\":0}],\"gracefulRampDown\":\"60s\","
                  "\"exec\":\"sleep\"}}}");
    assert_int_equal(t.totals.interrupted, 0);
    assert_int_equal(atomic_load(&fake.shared.most_running), 8);
    /* Nobody is left at the end, so nobody is waited for. */
    assert_in_range(t.took, 700 * NS_PER_MS, 2500 * NS_PER_MS);
}

static void test_ramp_hard_stop(void **s UNUSED)
{
    t.check = check_ramp;
    run_test_with("{\"scenarios\":{\"a\":{\"executor\":\"ramping-vus\",\"startVUs\":6,\"stages\":["
                  "{\"duration\":\"3s\",\"target\":0}],\"gracefulRampDown\":\"0s\","
                  "\"exec\":\"long\"}}}");
    assert_int_equal(t.totals.interrupted, 6);
    assert_int_equal(t.totals.complete, 0);
    assert_in_range(t.took, 300 * NS_PER_MS, 2500 * NS_PER_MS);
    assert_int_equal(t.part.state, RUN_PART_INTERRUPTED);
}

static void test_two_scenarios(void **s UNUSED)
{
    run_test_with("{\"scenarios\":{\"a\":{\"executor\":\"constant-vus\",\"vus\":3,\"duration\":"
                  "\"1s\",\"exec\":\"ask\",\"gracefulStop\":\"0s\"},\"b\":{\"executor\":"
                  "\"per-vu-iterations\",\"vus\":3,\"iterations\":2,\"startTime\":\"2s\","
                  "\"exec\":\"sleep\",\"gracefulStop\":\"0s\"}}}");
    /* They do not overlap, so the same users serve in both. */
    assert_int_equal(t.totals.vus_initialized, 3);
    assert_int_equal(atomic_load(&fake.shared.most_running), 3);
    assert_in_range(t.took, 220 * NS_PER_MS, 2500 * NS_PER_MS);
    assert_int_equal(t.code, 0);
}

/* ---- graceful stop ---- */

static void stop_long(const char *graceful, const char *exec)
{
    char options[256];

    reset(NULL);
    t.check = check_samples;
    snprintf(options, sizeof(options),
             "{\"scenarios\":{\"a\":{\"executor\":\"constant-vus\",\"vus\":4,\"duration\":\"1s\","
             "\"gracefulStop\":\"%s\",\"exec\":\"%s\"}}}",
             graceful, exec);
    run_test_with(options);
    assert_int_equal(t.totals.complete, 0);
    assert_int_equal(t.code, 0);
    assert_int_equal(t.part.state, RUN_PART_INTERRUPTED);
}

static void test_graceful_stop(void **s UNUSED)
{
    stop_long("0s", "long");
    assert_int_equal(t.totals.interrupted, 4);
    assert_in_range(t.took, 100 * NS_PER_MS, NS_PER_S);
    stop_long("3s", "long");
    assert_int_equal(t.totals.interrupted, 4);
    assert_in_range(t.took, 400 * NS_PER_MS, 2500 * NS_PER_MS);
    /* Code that never gives the loop back stops by itself, one user after the other. */
    stop_long("0s", "spin");
    assert_in_range(t.totals.interrupted, 2, 4);
    assert_in_range(t.took, 100 * NS_PER_MS, NS_PER_S);
}

/* ---- setup and teardown ---- */

#define SHORT                                                                                       \
    "\"scenarios\":{\"a\":{\"executor\":\"per-vu-iterations\",\"vus\":2,\"iterations\":3,\"exec\":" \
    "\"return\"}}"

static void stages(enum fake_stage setup, enum fake_stage teardown)
{
    reset(NULL);
    fake.setup = setup;
    fake.teardown = teardown;
    fake.script.has_setup = setup != FAKE_STAGE_NONE;
    fake.script.has_teardown = teardown != FAKE_STAGE_NONE;
    fake.expected_data = setup == FAKE_STAGE_OK ? "{\"a\":[1]}" : NULL;
    run_test_with("{\"setupTimeout\":\"50ms\",\"teardownTimeout\":\"50ms\"," SHORT "}");
    assert_int_equal(atomic_load(&fake.shared.n_setups), setup != FAKE_STAGE_NONE);
}

static void expect_stages(int code, uint64_t n_iterations, uint64_t n_teardowns)
{
    assert_int_equal(t.code, code);
    assert_int_equal(t.totals.complete, n_iterations);
    assert_int_equal(atomic_load(&fake.shared.n_teardowns), n_teardowns);
    assert_true(t.took < 2 * NS_PER_S);
}

static void test_stages(void **s UNUSED)
{
    static const struct {
        enum fake_stage setup, teardown;
        int code;
        uint64_t n_iterations, n_teardowns;
        const char *text;
    } cases[] = {
        {FAKE_STAGE_OK, FAKE_STAGE_OK, 0, 6, 1, ""},
        {FAKE_STAGE_NONE, FAKE_STAGE_OK, 0, 6, 1, ""},
        {FAKE_STAGE_HANG, FAKE_STAGE_OK, 100, 0, 0, "setup() execution timed out"},
        {FAKE_STAGE_SPIN, FAKE_STAGE_OK, 100, 0, 0, "setup() execution timed out"},
        {FAKE_STAGE_THROW, FAKE_STAGE_OK, 107, 0, 0, "setup()"},
        {FAKE_STAGE_ABORT, FAKE_STAGE_OK, 108, 0, 0, "test aborted: enough"},
        {FAKE_STAGE_OK, FAKE_STAGE_HANG, 101, 6, 1, "teardown() execution timed out"},
        {FAKE_STAGE_OK, FAKE_STAGE_SPIN, 101, 6, 1, "teardown() execution timed out"},
        {FAKE_STAGE_OK, FAKE_STAGE_THROW, 107, 6, 1, "teardown()"},
        {FAKE_STAGE_OK, FAKE_STAGE_ABORT, 108, 6, 1, "test aborted: enough"},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        stages(cases[i].setup, cases[i].teardown);

        expect_stages(cases[i].code, cases[i].n_iterations, cases[i].n_teardowns);
        if (!strstr(t.text, cases[i].text))
            fail_msg("'%s' is not in '%s'", cases[i].text, t.text);
    }
}

static void test_init_throws(void **s UNUSED)
{
    fake.init_throws = true;
    fake.script.has_setup = fake.script.has_teardown = true;
    run_test_with("{" SHORT "}");
    assert_int_equal(t.code, 107);
    assert_int_equal(atomic_load(&fake.shared.begun), 0);
    assert_int_equal(atomic_load(&fake.shared.n_setups), 0);
    assert_int_equal(atomic_load(&fake.shared.n_teardowns), 0);
}

/* ---- the early end ---- */

#define ENDLESS(exec)                                                                                     \
    "\"scenarios\":{\"a\":{\"executor\":\"constant-vus\",\"vus\":6,\"duration\":\"10h\",\"exec\":\"" exec \
    "\"}}"

static void with_teardown(void)
{
    fake.teardown = FAKE_STAGE_OK;
    fake.script.has_teardown = true;
}

static void expect_end(int code)
{
    assert_int_equal(t.code, code);
    assert_int_equal(atomic_load(&fake.shared.n_teardowns), 1);
    assert_true(t.took < 3 * NS_PER_S);
}

static void test_abort(void **s UNUSED)
{
    with_teardown();
    run_test_with("{" ENDLESS("abort") "}");
    expect_end(108);
    assert_string_equal(t.text, "test aborted: enough");
    assert_int_equal(t.totals.complete, 0);
}

/* Of a run that was stopped, nothing counts as dropped. */
static void check_stopped(void)
{
    check_samples();
    assert_int_equal(measured("dropped_iterations")->counter.n, 0);
}

static void stop_outside(enum run_stop why, uint64_t n_begun, const char *options, int code)
{
    reset(NULL);
    with_teardown();
    t.stop_thread = why;
    t.stop_after = n_begun;
    t.check = check_stopped;
    run_test_with(options);
    expect_end(code);
    assert_true(t.totals.interrupted > 0);
}

/* What the script calls the end is one as by its time: users finish what they do. */
static void test_over(void **s UNUSED)
{
    with_teardown();
    t.stop_thread = RUN_STOP_OVER;
    t.stop_after = 6;
    run_test_with("{" ENDLESS("sleep") "}");
    expect_end(0);
    assert_int_equal(t.totals.interrupted, 0);
    assert_true(t.totals.complete >= 6);
}

static void insist(struct run *run)
{
    if (run_stopped(run) == RUN_STOP_OVER)
        run_stop(run, RUN_STOP_SIGNAL, STR("second"));
}

/* Whoever does not want to wait for them says so. */
static void test_over_and_stopped(void **s UNUSED)
{
    with_teardown();
    t.stop_thread = RUN_STOP_OVER;
    t.stop_after = 6;
    t.act = insist;
    run_test_with("{" ENDLESS("long") "}");
    expect_end(105);
    assert_int_equal(t.totals.interrupted, 6);
    assert_non_null(strstr(t.text, "'second' signal"));
}

static struct script_talk talk;

static void talk_step(struct run *run)
{
    if (run_stage(run) != RUN_SCENARIOS || !atomic_load(&talk.has_begun))
        return;
    if (t.step == 0) {
        assert_false(atomic_load(&talk.is_ending));
        atomic_store(&talk.wanted, 5 + 1);
        t.step++;
    } else if (t.step == 1 && atomic_load(&talk.n_users) == 5) {
        atomic_store(&talk.is_over, true);
        t.step++;
    }
}

static void check_talk(void)
{
    size_t n;
    const struct run_event *e = run_events(t.run, &n);

    /* That a script steers its load is no event; that it ends the test is one. */
    assert_int_equal(n, 1);
    assert_int_equal(e[0].kind, RUN_EVENT_STOP);
    assert_true(atomic_load(&talk.is_ending));
}

static void test_talk(void **s UNUSED)
{
    talk = (struct script_talk){0};
    fake.script.talk = &talk;
    t.act = talk_step;
    t.check = check_talk;
    run_test_with("{\"scenarios\":{\"a\":{\"executor\":\"ramping-vus\",\"startVUs\":1,"
                  "\"stages\":[{\"duration\":\"10m\",\"target\":1}],\"exec\":\"sleep\"}}}");
    assert_int_equal(t.code, 0);
    assert_int_equal(t.step, 2);
    assert_int_equal(atomic_load(&fake.shared.most_running), 5);
    assert_int_equal(t.totals.interrupted, 0);
}

static void test_stop_from_outside(void **s UNUSED)
{
    stop_outside(RUN_STOP_SIGNAL, 6, "{" ENDLESS("long") "}", 105);
    assert_int_equal(t.totals.interrupted, 6);
    assert_non_null(strstr(t.text, "'interrupt' signal"));
    /* Each loop is busy with one user that computes. */
    stop_outside(RUN_STOP_REMOTE, 2, "{" ENDLESS("spin") "}", 103);
    stop_outside(RUN_STOP_SIGNAL, 4,
                 "{\"scenarios\":{\"a\":{\"executor\":\"ramping-vus\",\"startVUs\":4,\"stages\":[{"
                 "\"duration\":\"10h\",\"target\":4}],\"exec\":\"long\"}}}",
                 105);
    stop_outside(RUN_STOP_SIGNAL, 1,
                 "{\"scenarios\":{\"a\":{\"executor\":\"shared-iterations\",\"vus\":2,"
                 "\"iterations\":1000000,\"exec\":\"long\"}}}",
                 105);
}

static void test_stop_first(void **s UNUSED)
{
    with_teardown();
    fake.script.has_setup = true;
    t.stop_first = true;
    run_test_with("{" ENDLESS("long") "}");
    assert_int_equal(t.code, 105);
    assert_int_equal(atomic_load(&fake.shared.begun), 0);
    assert_int_equal(atomic_load(&fake.shared.n_setups), 0);
    assert_int_equal(atomic_load(&fake.shared.n_teardowns), 0);
}

/* A stop in the very last moment is handled before the run is freed. */
static void test_stop_last(void **s UNUSED)
{
    t.stop_last = true;
    run_test_with("{" SHORT "}");
    assert_int_equal(t.code, 0);
    assert_int_equal(t.totals.complete, 6);
}

static void test_fail(void **s UNUSED)
{
    run_test_with(
        "{\"thresholds\":{\"iterations\":[\"count<1\"]},\"scenarios\":{\"a\":{\"executor\":"
        "\"per-vu-iterations\",\"vus\":2,\"exec\":\"fail\"}}}");
    assert_int_equal(t.code, 110);
    assert_int_equal(t.totals.complete, 2);
}

/* ---- the log ---- */

static void keep_line(void *arg UNUSED, struct str line)
{
    buf_putstr(&t.logged, line);
}

static size_t n_logged(const char *part)
{
    size_t n = 0;

    for (const char *at = buf_cstr(&t.logged); (at = strstr(at, part)); at++)
        n++;
    return n;
}

static int own_failures(struct fake_vu *vu)
{
    const struct script_host_ops *ops = vu->host->ops;

    ops->log_field(vu->host, SCRIPT_LOG_WARN, SCRIPT_LOG_ENGINE, STR("Request Failed"),
                   STR("error"), STR("dial: too many open files"));
    ops->log_field(vu->host, SCRIPT_LOG_WARN, SCRIPT_LOG_ENGINE, STR("Request Failed"),
                   STR("error"), STR("dial: connection refused"));
    return ops->sleep(vu->host, NS_PER_MS);
}

/* Failures are logged one by one, but for want of descriptors: that is said once. */
static void test_descriptors_logged_once(void **s UNUSED)
{
    fake.own = own_failures;
    t.log = log_new(-1, &(struct log_options){
                            .level = LOG_LEVEL_INFO, .color = LOG_COLOR_NEVER, .emit = keep_line});
    run_test_with("{\"scenarios\":{\"a\":{\"executor\":\"per-vu-iterations\",\"vus\":4,"
                  "\"iterations\":5,\"exec\":\"own\"}}}");
    assert_int_equal(n_logged("too many open files"), 1);
    assert_int_equal(n_logged("connection refused"), 20);
    log_free(t.log);
    buf_fini(&t.logged);
}

/* ---- thresholds ---- */

static void test_threshold_at_end(void **s UNUSED)
{
    run_test_with("{\"thresholds\":{\"iterations\":[\"count<6\"]}," SHORT "}");
    assert_int_equal(t.code, 99);
    reset(NULL);
    run_test_with("{\"thresholds\":{\"iterations\":[\"count<7\"]}," SHORT "}");
    assert_int_equal(t.code, 0);
}

/* 6 iterations: as many as are wanted, and one fewer. */
static void test_threshold_samples(void **s UNUSED)
{
    run_test_with("{\"thresholds\":{\"iterations\":[{\"threshold\":\"count>0\",\"min_samples\":"
                  "6}]}," SHORT "}");
    assert_int_equal(t.code, 0);
    reset(NULL);
    run_test_with("{\"thresholds\":{\"iterations\":[{\"threshold\":\"count>0\",\"min_samples\":"
                  "7}]}," SHORT "}");
    assert_int_equal(t.code, 99);
}

/* A test shorter than its window is judged by what came. */
static void test_threshold_window(void **s UNUSED)
{
    run_test_with("{\"thresholds\":{\"iterations\":[{\"threshold\":\"count==6\",\"window\":"
                  "\"30s\"}]}," SHORT "}");
    assert_int_equal(t.code, 0);
    reset(NULL);
    run_test_with("{\"thresholds\":{\"iterations\":[{\"threshold\":\"count==7\",\"window\":"
                  "\"30s\"}]}," SHORT "}");
    assert_int_equal(t.code, 99);
}

static void test_threshold_aborts(void **s UNUSED)
{
    with_teardown();
    run_test_with("{\"thresholds\":{\"iterations\":[{\"threshold\":\"count<1\",\"abortOnFail\":"
                  "true}]}," ENDLESS("sleep") "}");
    assert_int_equal(t.code, 99);
    assert_non_null(strstr(t.text, "thresholds on metrics 'iterations' were crossed"));
    assert_int_equal(atomic_load(&fake.shared.n_teardowns), 1);
    assert_in_range(t.took, 1900 * NS_PER_MS, 5 * NS_PER_S);
}

/* ---- control ---- */

static uint64_t n_active(struct run *run)
{
    struct run_part part;

    run_part(run, 0, &part);
    return part.vus_active;
}

/* Up beyond the plan, down, to nobody at all, and up again; on two loops. */
/* ---- arrival rates ---- */

static void check_arrivals(void)
{
    struct snap_metric *lag;

    check_samples();
    lag = snapshot_find(run_snapshot(t.run), STR("iteration_lag"));
    /* Both are counted from the instant at which an iteration was due. */
    assert_non_null(lag);
    assert_int_equal(measured("iteration_lag")->trend.count, atomic_load(&fake.shared.begun));
    assert_int_equal(measured("iteration_response_time")->trend.count, t.totals.complete);
    assert_true(measured("iteration_response_time")->trend.max >=
                measured("iteration_duration")->trend.max);
    n_dropped = t.part.dropped;
    if (n_dropped) {
        assert_int_equal((uint64_t)measured("dropped_iterations{scenario:a}")->counter.sum,
                         n_dropped);
    }
}

#define RATE(rate, vus, rest)                                                            \
    "{\"scenarios\":{\"a\":{\"executor\":\"constant-arrival-rate\",\"duration\":\"3s\"," \
    "\"rate\":" #rate ",\"preAllocatedVUs\":" #vus "," rest "}}}"

/* Every iteration that was due was looked at, by the loop that had it. */
static void check_due(void)
{
    uint64_t n_due = 0;

    check_arrivals();
    for (unsigned i = 0; i < t.run->n_workers; i++) {
        const struct health_counters *c = &t.run->workers[i].health.to;

        assert_in_range(c->n_due, 150, 151);
        assert_true(c->max_lag >= 0);
        n_due += c->n_due;
    }
    assert_int_equal(n_due, 301);
    assert_int_equal(measured("generator_late_starts")->rate.total, 301);
    /* A timer for each, at most; two loops have at least one each. */
    assert_in_range(measured("generator_loop_lag")->trend.count, 2, 2000);
}

/* 0.3 s of it, the iteration at 0 and the one at the end included: all of them, on two loops. */
static void test_constant_rate(void **s UNUSED)
{
    t.check = check_due;
    run_test_with(RATE(1000, 50, "\"exec\":\"return\""));
    assert_int_equal(t.code, 0);
    assert_int_equal(t.totals.complete + n_dropped, 301);
    assert_true(t.took >= 300 * NS_PER_MS);
    assert_int_equal(t.totals.vus_initialized, 50);
}

/* One user on two loops, and one that is made when it is needed. */
static void test_rate_grows(void **s UNUSED)
{
    t.check = check_arrivals;
    run_test_with(RATE(100, 1, "\"maxVUs\":9,\"exec\":\"sleep\""));
    assert_int_equal(t.totals.complete + n_dropped, 31);
    assert_in_range(t.totals.complete, 20, 31);
    reset(NULL);
    t.check = check_arrivals;
    run_test_with(RATE(1000, 0, "\"maxVUs\":40,\"exec\":\"sleep\""));
    assert_int_equal(t.totals.complete + n_dropped, 301);
    assert_in_range(t.totals.complete, 200, 301);
    assert_in_range(atomic_load(&fake.shared.most_running), 8, 40);
}

static void test_rate_drops(void **s UNUSED)
{
    t.check = check_arrivals;
    run_test_with(RATE(1000, 2, "\"exec\":\"sleep\""));
    assert_int_equal(t.totals.complete + n_dropped, 301);
    /* Two at a time, each takes 10 ms. */
    assert_in_range(t.totals.complete, 10, 62);
    assert_int_equal(atomic_load(&fake.shared.most_running), 2);
}

static double max_lag_ms;

static void check_lag(void)
{
    check_arrivals();
    max_lag_ms = measured("iteration_lag")->trend.max;
}

/* 300 in 0.1 s, then nothing: the queue is worked off, and late starts are seen as such. */
static void test_rate_queues(void **s UNUSED)
{
    t.check = check_lag;
    run_test_with("{\"scenarios\":{\"a\":{\"executor\":\"ramping-arrival-rate\",\"startRate\":1000,"
                  "\"stages\":[{\"duration\":\"1s\",\"target\":1000},{\"duration\":\"0s\","
                  "\"target\":0},{\"duration\":\"60s\",\"target\":0}],\"preAllocatedVUs\":2,"
                  "\"maxVUs\":4,\"whenBusy\":\"queue\",\"exec\":\"sleep\"}}}");
    assert_int_equal(t.code, 0);
    assert_int_equal(t.totals.complete, 100);
    assert_int_equal(n_dropped, 0);
    /* Four at a time in 25 rounds of 10 ms: the last waits 250 ms less the 100 it comes later. */
    assert_true(max_lag_ms >= 100);
}

/* More than can ever be done: at the end the rest is dropped, not begun. */
static void test_queue_ends(void **s UNUSED)
{
    t.check = check_arrivals;
    run_test_with(RATE(1000, 2, "\"whenBusy\":\"queue\",\"exec\":\"sleep\""));
    assert_int_equal(t.totals.complete + n_dropped, 301);
    assert_in_range(t.totals.complete, 10, 62);
    assert_in_range(t.took, 300 * NS_PER_MS, 2500 * NS_PER_MS);
}

static void check_two_scenarios(void)
{
    struct snap_metric *dropped = snapshot_find(run_snapshot(t.run), STR("dropped_iterations"));
    uint64_t n = dropped ? (uint64_t)dropped->total.counter.sum : 0;

    assert_int_equal(measured("iterations{scenario:a}")->counter.n + n, 101);
    assert_int_equal(measured("iterations{scenario:b}")->counter.n, 3);
    assert_int_equal(measured("iteration_lag{scenario:a}")->trend.count,
                     measured("iterations{scenario:a}")->counter.n);
}

/* By chance and later, beside a closed one. */
static void test_rate_beside_others(void **s UNUSED)
{
    t.check = check_two_scenarios;
    run_test_with(
        "{\"scenarios\":{\"a\":{\"executor\":\"constant-arrival-rate\",\"duration\":\"1s\","
        "\"startTime\":\"1s\",\"rate\":1000,\"preAllocatedVUs\":20,\"exec\":\"return\"},"
        "\"b\":{\"executor\":\"per-vu-iterations\",\"vus\":3,\"exec\":\"sleep\"}}}");
    assert_int_equal(t.code, 0);
}

static void test_rate_at_random(void **s UNUSED)
{
    uint64_t n;

    t.check = check_arrivals;
    run_test_with(RATE(1000, 50, "\"arrival\":\"poisson\",\"seed\":7,\"exec\":\"return\""));
    n = t.totals.complete + n_dropped;
    assert_in_range(n, 230, 370);
    reset(NULL);
    t.check = check_arrivals;
    run_test_with(RATE(1000, 9, "\"arrival\":\"poisson\",\"seed\":7,\"exec\":\"return\""));
    assert_int_equal(t.totals.complete + n_dropped, n);
}

/* Those that wait for an iteration and those that never end one are both let go. */
static void test_rate_stopped(void **s UNUSED)
{
    t.check = check_arrivals;
    t.stop_thread = RUN_STOP_SIGNAL;
    t.stop_after = 3;
    run_test_with(
        "{\"scenarios\":{\"a\":{\"executor\":\"constant-arrival-rate\",\"duration\":\"10m\","
        "\"rate\":100,\"preAllocatedVUs\":20,\"maxVUs\":50,\"exec\":\"long\"}}}");
    assert_int_equal(t.code, 105);
    assert_int_equal(t.totals.complete, 0);
    assert_true(t.totals.interrupted >= 3);
    fault_clear();
}

static void rate_step(struct run *run)
{
    uint64_t begun = atomic_load(&fake.shared.begun);

    if (run_stage(run) != RUN_SCENARIOS)
        return;
    if (t.step == 0) {
        /* One in 100 s was planned. */
        assert_int_equal(run_scale_rate(run, STR("a"), 500, STR("me")), 0);
        t.step++;
    } else if (t.step == 1 && begun > 20) {
        assert_int_equal(run_scale_rate(run, STR(""), 0, STR("me")), 0);
        t.step++;
    } else if (t.step >= 2 && t.step < 6) {
        t.step++; /* a few ticks for those that were on their way */
        t.seen = begun;
    } else if (t.step >= 6) {
        assert_int_equal(begun, t.seen);
        if (++t.step == 12)
            run_stop(run, RUN_STOP_REMOTE, STR("me"));
    }
}

static void test_scale_rate(void **s UNUSED)
{
    t.act = rate_step;
    run_test_with(
        "{\"scenarios\":{\"a\":{\"executor\":\"constant-arrival-rate\",\"duration\":\"10m\","
        "\"rate\":1,\"timeUnit\":\"100s\",\"preAllocatedVUs\":20,\"exec\":\"return\"}}}");
    assert_int_equal(t.code, 103);
    assert_true(t.step >= 12);
    fault_clear();
}

static void scale_step(struct run *run)
{
    static const uint64_t wanted[] = {9, 2, 0, 1};

    if (run_stage(run) != RUN_SCENARIOS || t.step > (int)countof(wanted))
        return;
    if (t.step > 0 && n_active(run) != wanted[t.step - 1])
        return;
    if (t.step == countof(wanted))
        run_stop(run, RUN_STOP_REMOTE, STR("me"));
    else
        assert_int_equal(run_scale_vus(run, STR(""), wanted[t.step], STR("me")), 0);
    t.step++;
}

static void check_scale_events(void)
{
    size_t n;
    const struct run_event *e = run_events(t.run, &n);

    assert_int_equal(n, 5);
    assert_int_equal(e[0].kind, RUN_EVENT_SCALE_VUS);
    assert_string_equal(e[0].scenario, "a");
    assert_string_equal(e[0].by, "me");
    assert_int_equal(e[0].from, t.seen);
    assert_int_equal(e[0].to, 9);
    assert_int_equal(e[1].from, 9);
    assert_int_equal(e[3].to, 1);
    assert_int_equal(e[4].kind, RUN_EVENT_STOP);
    assert_string_equal(e[4].by, "me");
    assert_true(e[4].elapsed >= e[0].elapsed);
}

static void test_scale_vus(void **s UNUSED)
{
    t.act = scale_step;
    t.check = check_scale_events;
    t.seen = 3;
    run_test_with("{\"scenarios\":{\"a\":{\"executor\":\"constant-vus\",\"vus\":3,"
                  "\"duration\":\"10m\",\"exec\":\"sleep\"}}}");
    assert_int_equal(t.code, 103);
    assert_int_equal(t.step, 5);
    assert_int_equal(atomic_load(&fake.shared.most_running), 9);
    assert_int_equal(t.part.vus_max, 9);
}

/* A ramp that was scaled stays where it was put: it would want one user for ever. */
static void test_scale_ramp(void **s UNUSED)
{
    t.act = scale_step;
    run_test_with("{\"scenarios\":{\"a\":{\"executor\":\"ramping-vus\",\"startVUs\":1,"
                  "\"stages\":[{\"duration\":\"10m\",\"target\":1}],\"exec\":\"sleep\"}}}");
    assert_int_equal(t.code, 103);
    assert_int_equal(t.step, 5);
    assert_int_equal(atomic_load(&fake.shared.most_running), 9);
}

static void ramp_step(struct run *run)
{
    static const uint64_t wanted[] = {9, 2};

    if (run_stage(run) != RUN_SCENARIOS || t.step > (int)countof(wanted))
        return;
    if (t.step > 0 && n_active(run) != wanted[t.step - 1])
        return;
    if (t.step == 0)
        assert_int_equal(run_ramp_vus(run, STR(""), 5, 0, STR("me")), -EINVAL);
    if (t.step == countof(wanted))
        run_stop(run, RUN_STOP_REMOTE, STR("me"));
    else
        assert_int_equal(run_ramp_vus(run, STR(""), wanted[t.step], 50, STR("me")), 0);
    t.step++;
}

static void check_ramp_events(void)
{
    size_t n;
    const struct run_event *e = run_events(t.run, &n);

    assert_int_equal(n, 3);
    assert_int_equal(e[0].from, 3);
    assert_int_equal(e[0].to, 9);
    assert_int_equal(e[1].to, 2);
    /* Five at once, and the sixth when it is due, a tenth of a second later. */
    assert_true(e[1].elapsed - e[0].elapsed >= 100 * NS_PER_MS);
    fault_clear();
}

static void test_ramp_vus(void **s UNUSED)
{
    t.act = ramp_step;
    t.check = check_ramp_events;
    run_test_with("{\"scenarios\":{\"a\":{\"executor\":\"constant-vus\",\"vus\":3,"
                  "\"duration\":\"10m\",\"exec\":\"sleep\"}}}");
    assert_int_equal(t.code, 103);
    assert_int_equal(t.step, 3);
    assert_int_equal(atomic_load(&fake.shared.most_running), 9);
}

static void pause_step(struct run *run)
{
    uint64_t begun = atomic_load(&fake.shared.begun);

    if (run_stage(run) != RUN_SCENARIOS)
        return;
    if (t.step == 0 && begun > 0) {
        assert_int_equal(run_pause(run, STR("me")), 0);
        assert_int_equal(run_pause(run, STR("me")), -EBUSY);
        t.step++;
    } else if (t.step == 1 && !atomic_load(&fake.shared.running)) {
        /* One that has just been let through may still begin: a tick later all stand. */
        t.step++;
    } else if (t.step == 2) {
        t.seen = begun;
        t.step++;
    } else if (t.step >= 3 && t.step < 10) {
        assert_int_equal(begun, t.seen);
        if (++t.step == 10)
            assert_int_equal(run_resume(run, STR("me")), 0);
    } else if (t.step == 10 && begun > t.seen) {
        run_stop(run, RUN_STOP_REMOTE, STR("me"));
        t.step++;
    }
}

static void test_pause(void **s UNUSED)
{
    t.act = pause_step;
    run_test_with("{" ENDLESS("sleep") "}");
    assert_int_equal(t.code, 103);
    assert_int_equal(t.step, 11);
    fault_clear();
}

/* A pause that nobody ends does not outlast the scenario, nor a stop. */
static void pause_for_good(struct run *run)
{
    if (run_stage(run) != RUN_SCENARIOS || run_is_paused(run) || !atomic_load(&fake.shared.begun))
        return;
    int r = run_pause(run, STR("me"));

    /* It may have been stopped between two ticks. */
    assert_true(r == 0 || (r == -EBUSY && run_stopped(run) != RUN_STOP_NONE));
    fault_clear();
}

static void test_pause_ends(void **s UNUSED)
{
    t.act = pause_for_good;
    run_test_with("{\"scenarios\":{\"a\":{\"executor\":\"constant-vus\",\"vus\":3,"
                  "\"duration\":\"2s\",\"exec\":\"sleep\"}}}");
    assert_int_equal(t.code, 0);
    reset(NULL);
    t.act = pause_for_good;
    t.stop_thread = RUN_STOP_SIGNAL;
    t.stop_after = 1;
    run_test_with("{" ENDLESS("sleep") "}");
    assert_int_equal(t.code, 105);
}

static void resume_later(struct run *run)
{
    if (!run_is_paused(run))
        return;
    assert_int_equal(run_stage(run), RUN_INIT);
    assert_int_equal(run_elapsed(run), 0);
    assert_int_equal(atomic_load(&fake.shared.n_setups), 0);
    if (++t.step == 5) {
        assert_int_equal(run_put_setup_data(run, STR("{\"a\":[1]}"), STR("me")), 0);
        assert_int_equal(run_resume(run, STR("me")), 0);
    }
}

static void test_start_paused(void **s UNUSED)
{
    t.act = resume_later;
    t.start_paused = true;
    fake.expected_data = "{\"a\":[1]}";
    run_test_with("{" SHORT "}");
    assert_int_equal(t.code, 0);
    assert_int_equal(t.step, 5);
    assert_int_equal(t.totals.complete, 6);
    fault_clear();
}

static void test_paused_and_stopped(void **s UNUSED)
{
    t.start_paused = true;
    t.stop_first = true;
    run_test_with("{" SHORT "}");
    assert_int_equal(t.code, 105);
    assert_int_equal(atomic_load(&fake.shared.begun), 0);
}

static void ask_for_what_cannot_be(struct run *run)
{
    if (run_stage(run) != RUN_SCENARIOS || t.step++)
        return;
    assert_int_equal(run_scale_vus(run, STR("nobody"), 1, STR("me")), -ENOENT);
    assert_int_equal(run_scale_vus(run, STR("n"), 1, STR("me")), -ENOTSUP);
    assert_int_equal(run_scale_vus(run, STR(""), 1, STR("me")), -EINVAL); /* a or b? */
    assert_int_equal(run_scale_vus(run, STR("a"), RUN_VUS_LIMIT + 1, STR("me")), -EINVAL);
    assert_int_equal(run_scale_rate(run, STR("a"), 5, STR("me")), -ENOTSUP);
    assert_int_equal(run_scale_rate(run, STR("a"), -5, STR("me")), -EINVAL);
    assert_int_equal(run_resume(run, STR("me")), -EBUSY);
    assert_int_equal(run_put_setup_data(run, STR("1"), STR("me")), -EBUSY);
}

static void test_control_refused(void **s UNUSED)
{
    t.act = ask_for_what_cannot_be;
    run_test_with("{\"scenarios\":{\"a\":{\"executor\":\"constant-vus\",\"vus\":1,"
                  "\"duration\":\"2s\",\"exec\":\"sleep\"},\"b\":{\"executor\":"
                  "\"constant-vus\",\"vus\":1,\"duration\":\"2s\",\"exec\":\"sleep\"},"
                  "\"n\":{\"executor\":\"per-vu-iterations\",\"vus\":1,\"iterations\":1,"
                  "\"exec\":\"sleep\"}}}");
    assert_int_equal(t.code, 0);
    assert_true(t.step > 0);
    fault_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_constant_vus, reset),
        cmocka_unit_test_setup(test_shared_iterations, reset),
        cmocka_unit_test_setup(test_shared_dropped, reset),
        cmocka_unit_test_setup(test_per_vu_iterations, reset),
        cmocka_unit_test_setup(test_per_vu_dropped, reset),
        cmocka_unit_test_setup(test_ramping_vus, reset),
        cmocka_unit_test_setup(test_over, reset),
        cmocka_unit_test_setup(test_over_and_stopped, reset),
        cmocka_unit_test_setup(test_talk, reset),
        cmocka_unit_test_setup(test_ramp_hard_stop, reset),
        cmocka_unit_test_setup(test_two_scenarios, reset),
        cmocka_unit_test_setup(test_graceful_stop, reset),
        cmocka_unit_test_setup(test_stages, reset),
        cmocka_unit_test_setup(test_init_throws, reset),
        cmocka_unit_test_setup(test_abort, reset),
        cmocka_unit_test_setup(test_stop_from_outside, reset),
        cmocka_unit_test_setup(test_stop_first, reset),
        cmocka_unit_test_setup(test_stop_last, reset),
        cmocka_unit_test_setup(test_fail, reset),
        cmocka_unit_test_setup(test_descriptors_logged_once, reset),
        cmocka_unit_test_setup(test_threshold_at_end, reset),
        cmocka_unit_test_setup(test_threshold_samples, reset),
        cmocka_unit_test_setup(test_threshold_window, reset),
        cmocka_unit_test_setup(test_threshold_aborts, reset),
        cmocka_unit_test_setup(test_constant_rate, reset),
        cmocka_unit_test_setup(test_rate_grows, reset),
        cmocka_unit_test_setup(test_rate_drops, reset),
        cmocka_unit_test_setup(test_rate_queues, reset),
        cmocka_unit_test_setup(test_queue_ends, reset),
        cmocka_unit_test_setup(test_rate_beside_others, reset),
        cmocka_unit_test_setup(test_rate_at_random, reset),
        cmocka_unit_test_setup(test_rate_stopped, reset),
        cmocka_unit_test_setup(test_scale_rate, reset),
        cmocka_unit_test_setup(test_scale_vus, reset),
        cmocka_unit_test_setup(test_scale_ramp, reset),
        cmocka_unit_test_setup(test_ramp_vus, reset),
        cmocka_unit_test_setup(test_pause, reset),
        cmocka_unit_test_setup(test_pause_ends, reset),
        cmocka_unit_test_setup(test_start_paused, reset),
        cmocka_unit_test_setup(test_paused_and_stopped, reset),
        cmocka_unit_test_setup(test_control_refused, reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
