/*
 * The course of a run, on the main loop: users are made on their loops, setup() runs, scenarios run
 * until all are done or the run is told to stop, teardown() runs, everything recorded is merged.
 */
#include "run/run.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "metric/metric.h"
#include "metric/systag.h"
#include "run/run_priv.h"
#include "vu/vu_policy.h"

static void on_stop_message(struct loop *l, struct message *m);
static void on_stop_again_message(struct loop *l, struct message *m);

/* ---- making it ---- */

unsigned run_processors(void)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) < 0 || CPU_COUNT(&set) < 1)
        return 1;
    return (unsigned)CPU_COUNT(&set);
}

static unsigned choose_loops(const struct run_config *c)
{
    if (c->n_remotes)
        return c->n_remotes;
    unsigned n = c->n_loops ? c->n_loops : run_processors();
    int64_t vus = c->plan->planned_vus > 0 ? c->plan->planned_vus : 1;

    if (c->script->ops->one_loop)
        return 1;
    return (int64_t)n > vus ? (unsigned)vus : n;
}

static int check_exports(struct run *run)
{
    const struct script *s = run->config.script;

    for (size_t i = 0; i < run->n_scenarios; i++) {
        struct scenario_run *sr = &run->scenarios[i];

        sr->export_index = s->ops->find_export(run->config.script, sr->plan->exec);
        if (sr->export_index < 0) {
            return fault(FAULT_EXIT(104), "executor %s: function '%s' not found in exports",
                         sr->plan->name, sr->plan->exec);
        }
    }
    return 0;
}

static bool overlap(const struct plan_scenario *a, const struct plan_scenario *b)
{
    return a->start_time < b->start_time + plan_scenario_max_duration(b) &&
           b->start_time < a->start_time + plan_scenario_max_duration(a);
}

/*
 * Slots of scenarios that run at the same time are dealt out one after the other, so that together
 * they need of each worker as many users as it has.
 */
static void lay_out(struct run *run)
{
    for (size_t i = 0; i < run->n_scenarios; i++) {
        struct scenario_run *sr = &run->scenarios[i];

        sr->n_slots = (uint64_t)plan_scenario_max_vus(sr->plan);
        sr->vus_max = sr->n_slots;
        for (size_t j = 0; j < i; j++) {
            if (overlap(sr->plan, run->scenarios[j].plan))
                sr->first_slot += run->scenarios[j].n_slots;
        }
        if (sr->plan->executor == PLAN_RAMPING_VUS) {
            plan_ramp_raw(sr->plan, &run->arena, &sr->raw);
            plan_scenario_steps(sr->plan, &run->arena, &sr->limit);
        }
    }
}

static void add_scenarios(struct run *run)
{
    const struct plan *plan = run->config.plan;

    run->n_scenarios = plan->n_scenarios;
    run->scenarios = xnew_n(struct scenario_run, plan->n_scenarios);
    for (size_t i = 0; i < plan->n_scenarios; i++) {
        run->scenarios[i].run = run;
        run->scenarios[i].plan = &plan->scenarios[i];
        run->scenarios[i].complete = arena_new_n(&run->arena, struct worker_count, run->n_workers);
        atomic_store(&run->scenarios[i].shared.scaled_vus, -1);
    }
    lay_out(run);
}

static void add_thresholds(struct run *run)
{
    const struct plan_thresholds *t = run->config.plan->thresholds;

    for (size_t i = 0; i < t->n; i++) {
        for (size_t k = 0; k < t->items[i].n; k++) {
            const struct plan_threshold *item = &t->items[i].items[k];
            struct threshold_spec spec = {.metric = str_of(t->items[i].metric),
                                          .source = str_of(item->source),
                                          .abort_on_fail = item->abort_on_fail,
                                          .delay_abort_eval =
                                              item->has_delay ? item->delay_abort_eval : 0,
                                          .window = item->window,
                                          .after = item->after,
                                          .min_samples = (uint64_t)item->min_samples};

            thresholds_add(run->thresholds, &spec);
        }
    }
}

/* k6 always has this one, where the tag is on. */
static int add_expected_submetric(struct run *run)
{
    static const char name[] = "http_req_duration{expected_response:true}";
    struct submetric_name parsed;
    struct snap_metric *m;

    if (!(run->config.plan->options->system_tags & SYSTAG_EXPECTED_RESPONSE))
        return 0;
    TRY(submetric_parse(str_of(name), &parsed));
    TRY(snapshot_submetric(run->snapshot, &parsed, str_of(name), &m));
    return 0;
}

static int prepare(struct run *run)
{
    const struct run_config *c = &run->config;
    struct snapshot_config snap = {.registry = c->registry,
                                   .max_series = (uint32_t)c->plan->options->max_series};

    run->snapshot = snapshot_new(&snap);
    run->exchanges = exchange_set_new(c->capture);
    run->exceptions = exception_book_new();
    if (!getcwd(run->folder, sizeof(run->folder)))
        run->folder[0] = 0;
    run->thresholds = thresholds_new();
    add_scenarios(run);
    add_thresholds(run);
    TRY(check_exports(run));
    TRY(vu_policy_new(c->plan->options, &run->policy));
    TRY(thresholds_bind(run->thresholds, run->snapshot,
                        c->no_thresholds ? THRESHOLDS_IGNORE : THRESHOLDS_JUDGE));
    TRY(add_expected_submetric(run));
    return 0;
}

int run_new(const struct run_config *config, struct run **ret_run)
{
    struct run *run = xnew(struct run);

    run->config = *config;
    list_init(&run->new_exchanges);
    run->n_workers = choose_loops(config);
    run->workers = xnew_n(struct worker, run->n_workers);
    run->stop_msg.fn = on_stop_message;
    run->stop_again_msg.fn = on_stop_again_message;
    atomic_store(&run->shared.paused, config->paused);
    pthread_mutex_init(&run->shared.lock, NULL);
    atomic_store(&run->shared.next_vu_id, (uint64_t)config->plan->planned_vus + 1);
    for (unsigned i = 0; i < run->n_workers; i++)
        worker_init(&run->workers[i], run, i);
    worker_init(&run->main, run, run->n_workers);
    int r = prepare(run);

    if (r < 0) {
        run_free(run);
        TRY(r);
    }
    for (unsigned i = 0; i < config->n_remotes; i++)
        remote_init(&run->workers[i], config->remotes[i]);
    *ret_run = run;
    return 0;
}

void run_free(struct run *run)
{
    if (!run)
        return;
    worker_close(&run->main);
    for (unsigned i = 0; i < run->n_workers; i++)
        worker_join(&run->workers[i]);
    worker_join(&run->main);
    exchange_set_free(run->exchanges);
    exception_book_free(run->exceptions);
    exchange_list_free(&run->new_exchanges);
    thresholds_free(run->thresholds);
    snapshot_free(run->snapshot);
    vu_policy_free(run->policy);
    pthread_mutex_destroy(&run->shared.lock);
    arena_fini(&run->arena);
    free(run->workers);
    free(run->scenarios);
    free(run->setup_data);
    free(run->events);
    free(run->shared.message);
    free(run->shared.message_before);
    free(run);
}

/* ---- stopping ---- */

void run_wait(struct run *run)
{
    run->waiter = coro_self();
    ignored(coro_park_firm());
    run->waiter = NULL;
}

void run_wake(struct run *run)
{
    if (run->waiter)
        coro_wake(run->waiter, 0);
}

void run_stop(struct run *run, enum run_stop why, struct str message)
{
    unsigned n = 0;

    pthread_mutex_lock(&run->shared.lock);
    enum run_stop before = run->shared.why;

    if (!run->shared.closed && before != why &&
        (before == RUN_STOP_NONE || before == RUN_STOP_OVER)) {
        run->shared.why = why;
        run->shared.message_before = run->shared.message;
        run->shared.message = xstrndup(message.n ? message.p : "", message.n);
        n = ++run->shared.n_stops;
    }
    pthread_mutex_unlock(&run->shared.lock);
    if (n)
        loop_post(run->config.loop, n == 1 ? &run->stop_msg : &run->stop_again_msg);
}

bool run_has_failed(const struct run *run)
{
    return atomic_load(&run->shared.failed);
}

void run_fail(struct run *run)
{
    atomic_store(&run->shared.failed, true);
}

enum run_stop run_stopped(const struct run *run)
{
    struct run *r = (struct run *)(uintptr_t)run;

    pthread_mutex_lock(&r->shared.lock);
    enum run_stop why = r->shared.why;

    pthread_mutex_unlock(&r->shared.lock);
    return why;
}

/* Users may finish what they do for so long. */
static span_ns grace(const struct run *run)
{
    span_ns longest = 0;

    if (run_stopped(run) != RUN_STOP_OVER)
        return 0;
    for (size_t i = 0; i < run->n_scenarios; i++) {
        span_ns one = run->scenarios[i].plan->graceful_stop;

        longest = one > longest ? one : longest;
    }
    return longest;
}

static void stop_worker(struct run *run, struct worker *w, struct worker_message *message)
{
    if (run->stage > RUN_SCENARIOS)
        return;
    /* Its loop may be deep in script code, or not there yet. */
    w->stopping = true;
    if (!w->is_open)
        return;
    if (run_stopped(run) != RUN_STOP_OVER)
        worker_stop_code(w);
    worker_tell(w, message);
}

static void handle_stop(struct run *run, bool is_first)
{
    enum run_stop why = run_stopped(run);

    control_note_stop(run, why, run->shared.message);
    if (run->config.on_stop)
        run->config.on_stop(run->config.arg, run, why, run->shared.message);
    /* teardown() still runs; setup() does not go on. */
    if (run->stage <= RUN_SETUP)
        worker_stop_code(&run->main);
    if (run->stage <= RUN_SETUP && run->main.shared.n_vus)
        vu_interrupt(run->main.shared.vus[0]);
    run->insist_from = loop_now(run->config.loop) + grace(run);
    for (unsigned i = 0; i < run->n_workers; i++)
        stop_worker(run, &run->workers[i],
                    is_first ? &run->workers[i].stop : &run->workers[i].stop_again);
    run->n_stops_handled++;
    run_wake(run);
}

static void on_stop_message(struct loop *l UNUSED, struct message *m)
{
    handle_stop(container_of(m, struct run, stop_msg), true);
}

static void on_stop_again_message(struct loop *l UNUSED, struct message *m)
{
    handle_stop(container_of(m, struct run, stop_again_msg), false);
}

void run_insist(struct run *run)
{
    /* A user that was just beginning when its code was stopped has begun all the same. */
    if (!run->n_stops_handled || run->stage != RUN_SCENARIOS ||
        loop_now(run->config.loop) < run->insist_from)
        return;
    for (unsigned i = 0; i < run->n_workers; i++) {
        if (run->workers[i].is_open && !run->workers[i].is_done)
            worker_stop_code(&run->workers[i]);
    }
}

/* After the last chance to listen to a stop; what was posted before is waited for. */
static void close_stopping(struct run *run)
{
    pthread_mutex_lock(&run->shared.lock);
    run->shared.closed = true;
    unsigned n_posted = run->shared.n_stops;

    pthread_mutex_unlock(&run->shared.lock);
    while (run->n_stops_handled < n_posted)
        run_wait(run);
}

/* ---- the course ---- */

static void first_fault(struct run *run, int code, const char *text)
{
    if (run->first_fault)
        return;
    run->first_fault = code;
    snprintf(run->first_text, sizeof(run->first_text), "%s", text);
}

static int start_workers(struct run *run)
{
    unsigned n_started = 0;

    for (unsigned i = 0; i < run->n_workers; i++) {
        int r = worker_start(&run->workers[i]);

        if (r < 0)
            first_fault(run, r, fault_text());
        n_started += r == 0;
    }
    while (run->n_ready < n_started)
        run_wait(run);
    for (unsigned i = 0; i < run->n_workers; i++) {
        if (run->workers[i].init_result < 0)
            first_fault(run, run->workers[i].init_result, run->workers[i].init_text);
    }
    return run->first_fault;
}

/* A user 0 of its own, as k6 gives to setup, teardown and handleSummary. */
static int open_user(struct run *run, struct vu **ret_vu)
{
    struct worker *w = &run->main;

    if (!w->vl)
        TRY(worker_open(w, run->config.loop));
    TRY(vu_new(w->vl, 0, ret_vu));
    pthread_mutex_lock(&w->shared.lock);
    vec_push(w->shared.vus, w->shared.n_vus, w->shared.cap_vus) = *ret_vu;
    pthread_mutex_unlock(&w->shared.lock);
    return 0;
}

static void close_user(struct run *run, struct vu *vu)
{
    struct worker *w = &run->main;

    pthread_mutex_lock(&w->shared.lock);
    w->shared.n_vus = 0;
    pthread_mutex_unlock(&w->shared.lock);
    vu_free(vu);
}

/* A call of the script by user 0 that has a time limit. */
struct stage {
    const char *name; /* of the function */
    int (*call)(void *arg, struct vu *vu, mono_ns deadline);
    void *arg;
    span_ns timeout;
    int timeout_code; /* the exit code when it takes longer */
};

/* Interrupts a stage that waits past its deadline; code that runs stops by itself. */
struct stage_limit {
    struct timer timer;
    struct vu *vu;
    bool passed;
};

static void on_stage_limit(struct loop *l UNUSED, struct timer *t)
{
    struct stage_limit *limit = container_of(t, struct stage_limit, timer);

    limit->passed = true;
    vu_interrupt(limit->vu);
}

static int stage_result(struct run *run, int r, const struct stage_limit *limit,
                        const struct stage *stage)
{
    if (r == SCRIPT_E_TIMEOUT || (r == SCRIPT_E_INTERRUPTED && limit->passed)) {
        return fault(FAULT_EXIT(stage->timeout_code),
                     "%s() execution timed out after %" PRId64 " seconds", stage->name,
                     stage->timeout / NS_PER_S);
    }
    if (r == SCRIPT_E_EXCEPTION)
        return fault(FAULT_EXIT(107), "%s() threw an exception", stage->name);
    if (r > 0) {
        return run_stopped(run) == RUN_STOP_NONE
                   ? fault(FAULT_EXIT(107), "%s() was interrupted", stage->name)
                   : 0;
    }
    return r;
}

/* Returns 0 or the fault of what went wrong with it. */
static int run_limited(struct run *run, const struct stage *stage)
{
    struct stage_limit limit = {0};

    TRY(open_user(run, &limit.vu));
    mono_ns deadline = loop_clock(run->config.loop) + stage->timeout;

    timer_set(run->config.loop, &limit.timer, deadline, on_stage_limit);
    int r = stage->call(stage->arg, limit.vu, deadline);

    timer_clear(&limit.timer);
    close_user(run, limit.vu);
    return stage_result(run, r, &limit, stage);
}

static int call_setup(void *arg, struct vu *vu, mono_ns deadline)
{
    struct run *run = arg;

    free(take(run->setup_data));
    return vu_setup(vu, deadline, &run->setup_data);
}

static int run_setup(struct run *run)
{
    const struct plan_options *o = run->config.plan->options;

    if (!run->config.script->has_setup || o->no_setup || run->config.share)
        return 0;
    run->stage = RUN_SETUP;
    return run_limited(run, &(struct stage){"setup", call_setup, run, o->setup_timeout, 100});
}

static int call_teardown(void *arg, struct vu *vu, mono_ns deadline)
{
    return vu_teardown(vu, ((struct run *)arg)->setup_data, deadline);
}

static int run_teardown(struct run *run)
{
    const struct plan_options *o = run->config.plan->options;

    if (!run->config.script->has_teardown || o->no_teardown || run->config.share)
        return 0;
    run->stage = RUN_TEARDOWN;
    return run_limited(run,
                       &(struct stage){"teardown", call_teardown, run, o->teardown_timeout, 101});
}

static void set_times(struct run *run)
{
    mono_ns now = loop_clock(run->config.loop);

    for (size_t i = 0; i < run->n_scenarios; i++) {
        struct scenario_run *sr = &run->scenarios[i];

        sr->start = now + sr->plan->start_time;
        sr->end = sr->start + sr->plan->regular_duration;
        sr->hard_end = sr->start + plan_scenario_max_duration(sr->plan);
        atomic_store(&sr->shared.parts_left, run->n_workers);
        if (sr->plan->open_model)
            arrival_plan(sr);
    }
}

/* Shared iterations that nobody got to are counted once, here. */
void run_count_unattempted(struct run *run, mono_ns now)
{
    const struct plan_options *o = run->config.plan->options;
    scoped(freep) struct tag *tags = NULL;
    size_t n = 0;

    /* Each share counts its own. */
    if (!run->scenarios_over || run->unattempted_counted || run->config.n_remotes)
        return;
    run->unattempted_counted = true;
    if (run->was_stopped)
        return;
    tags = xnew_n(struct tag, o->tags.n + 1);
    for (; n < o->tags.n; n++)
        tags[n] = (struct tag){str_of(o->tags.items[n].name), str_of(o->tags.items[n].value)};
    for (size_t i = 0; i < run->n_scenarios; i++) {
        struct scenario_run *sr = &run->scenarios[i];
        uint64_t taken = atomic_load(&sr->shared.next_ticket);
        uint64_t all = (uint64_t)sr->plan->iterations;

        tags[n] = (struct tag){STR("scenario"), str_of(sr->plan->name)};
        if (sr->plan->executor == PLAN_SHARED_ITERATIONS && taken < all) {
            snapshot_sample(run->snapshot, M_DROPPED_ITERATIONS, tags,
                            n + !!(o->system_tags & SYSTAG_SCENARIO), (double)(all - taken), now);
        }
    }
}

static void run_scenarios(struct run *run)
{
    set_times(run);
    health_machine_begin(&run->machine);
    run->stage = RUN_SCENARIOS;
    for (unsigned i = 0; i < run->n_workers; i++)
        worker_tell(&run->workers[i], &run->workers[i].start);
    while (run->n_done < run->n_workers)
        run_wait(run);
    health_machine_sample(&run->machine);
    run->was_stopped = run_stopped(run) != RUN_STOP_NONE;
    run->scenarios_over = true;
}

static void begin_test(struct run *run)
{
    run->started = loop_clock(run->config.loop);
    run->started_wall = clock_wall();
    run->next_eval = run->started + 2 * NS_PER_S;
}

static int stop_fault(struct run *run)
{
    enum run_stop why = run_stopped(run);
    const char *text = run->shared.message ? run->shared.message : "";

    switch (why) {
    case RUN_STOP_THRESHOLD:
        return fault(FAULT_EXIT(99),
                     "thresholds on metrics '%s' were crossed; at least one has abortOnFail "
                     "enabled, stopping test prematurely",
                     thresholds_failed(run->thresholds));
    case RUN_STOP_ABORT:
        return fault(FAULT_EXIT(108), "%s", text[0] ? text : "test aborted");
    case RUN_STOP_SIGNAL:
        return fault(FAULT_EXIT(105), "test run was aborted because brunt received a '%s' signal",
                     text);
    case RUN_STOP_REMOTE:
        return fault(FAULT_EXIT(103), "test run stopped from the REST API");
    case RUN_STOP_ERROR:
        return fault(-EIO, "%s", text);
    case RUN_STOP_OVER:
    case RUN_STOP_NONE:
        break;
    }
    return 0;
}

static void keep(struct run *run, int r)
{
    if (r < 0)
        first_fault(run, r, fault_text());
}

/* A setup() that did not come to its end, for whatever reason, leaves nothing to tear down. */
static void run_stages(struct run *run)
{
    if (run_stopped(run) == RUN_STOP_NONE)
        keep(run, run_setup(run));
    bool is_set_up = !run->first_fault && run_stopped(run) == RUN_STOP_NONE;

    if (is_set_up)
        run_scenarios(run);
    keep(run, stop_fault(run));
    if (is_set_up)
        keep(run, run_teardown(run));
    /* It may have been stopped just now. */
    keep(run, stop_fault(run));
}

/* A run that starts paused: users are there, nothing has begun. */
static void wait_for_resume(struct run *run)
{
    run->is_ready = true;
    if (run->config.on_ready)
        run->config.on_ready(run->config.arg, run);
    while (run_is_paused(run) && run_stopped(run) == RUN_STOP_NONE)
        run_wait(run);
}

/* For those who look at what the generator itself costs; bench/run.py reads this line. */
static void tell_script_cost(const struct run *run)
{
    struct script_stats s;

    run_script_stats(run, &s);
    log_debug(run->config.log,
              "script code ran for %.3f ms; %" PRIu64
              " collections of garbage took %.3f ms, longest %.3f ms, most processor time %.3f ms",
              (double)s.script_ns / 1e6, s.n_gc, (double)s.gc_ns / 1e6, (double)s.gc_max_ns / 1e6,
              (double)s.gc_max_cpu / 1e6);
}

int run_execute(struct run *run)
{
    tick_start(run);
    int r = start_workers(run);

    if (r == 0)
        wait_for_resume(run);
    if (r == 0) {
        begin_test(run);
        run_stages(run);
    }
    run->ended = loop_clock(run->config.loop);
    tick_stop(run);
    control_end_ramp(run);
    run->stage = RUN_OVER;
    tick_final(run);
    close_stopping(run);
    tell_script_cost(run);
    return run->first_fault ? fault(run->first_fault, "%s", run->first_text) : 0;
}

/* ---- the end ---- */

int run_exit_code(struct run *run, int fault_code)
{
    bool judged = !run->config.no_thresholds && run->started;
    const char *failed;

    if (judged)
        ignored(thresholds_eval(run->thresholds, THRESHOLDS_FINAL, run_elapsed(run)));
    if (fault_code < 0)
        return fault_exit_code(fault_code);
    if (atomic_load(&run->shared.failed))
        return 110;
    failed = judged ? thresholds_failed(run->thresholds) : "";
    if (!failed[0])
        return 0;
    log_error(run->config.log, "thresholds on metrics '%s' have been crossed", failed);
    return 99;
}

struct summary_call {
    const char *data_json;
    struct script_summary_file *files;
    size_t n_files;
};

static int call_summary(void *arg, struct vu *vu, mono_ns deadline)
{
    struct summary_call *c = arg;

    return vu_summary(vu, c->data_json, deadline, &c->files, &c->n_files);
}

void run_summary(struct run *run, const char *data_json, struct script_summary_file **ret_files,
                 size_t *ret_n)
{
    const struct plan_options *o = run->config.plan->options;
    struct summary_call c = {.data_json = data_json};
    const struct stage stage = {"handleSummary", call_summary, &c, o->handle_summary_timeout, 102};

    if (run->config.script->has_handle_summary && run_limited(run, &stage) < 0)
        log_error(run->config.log, "%s; the default summary is used instead", fault_text());
    *ret_files = c.files;
    *ret_n = c.n_files;
}
