/*
 * Changes are put into fields that loops may read at any time, and each loop is sent a message to
 * look at them anew. The message is one per loop and says nothing by itself, so any number of
 * changes may come before a busy loop has looked; it sees the last one.
 */
#include "run/control.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "base/log.h"
#include "base/mem.h"
#include "run/run_priv.h"
#include "script/script.h"

/* Users a second; less is a mistake, and a step would be years away. */
#define RAMP_RATE_MIN 1e-6
#define RAMP_STEP_S   0.1 /* between two steps, when more than one user is due meanwhile */

static const char *const names[] = {
    [RUN_EVENT_PAUSE] = "pause",
    [RUN_EVENT_RESUME] = "resume",
    [RUN_EVENT_STOP] = "stop",
    [RUN_EVENT_SCALE_VUS] = "scale-vus",
    [RUN_EVENT_SCALE_RATE] = "scale-rate",
    [RUN_EVENT_SETUP_DATA] = "setup-data",
};

const char *run_event_name(enum run_event_kind kind)
{
    return names[kind];
}

const struct run_event *run_events(const struct run *run, size_t *ret_n)
{
    *ret_n = run->n_events;
    return run->events;
}

/* ---- events ---- */

static void log_event(struct run *run, const struct run_event *e)
{
    struct log *log = run->config.log;

    if (run->config.share)
        return; /* the whole says it */
    if (e->scenario) {
        log_info(log, "%s of scenario %s from %g to %g, asked for by %s", names[e->kind],
                 e->scenario, e->from, e->to, e->by);
        return;
    }
    log_info(log, "%s, asked for by %s", names[e->kind], e->by);
}

static void note(struct run *run, struct run_event e, struct str by)
{
    if (run->n_events >= RUN_EVENTS_LIMIT) {
        log_warn(run->config.log, "%s: one change too many to be kept with the results",
                 names[e.kind]);
        return;
    }
    e.at = clock_wall();
    e.elapsed = run_elapsed(run);
    e.by = arena_str(&run->arena, by.n ? by : STR("unknown")).p;
    vec_push(run->events, run->n_events, run->cap_events) = e;
    log_event(run, &e);
}

void control_note_stop(struct run *run, enum run_stop why, const char *message)
{
    static const char *const by[] = {
        [RUN_STOP_THRESHOLD] = "a threshold", [RUN_STOP_ABORT] = "the script",
        [RUN_STOP_REMOTE] = "the API",        [RUN_STOP_ERROR] = "an error",
        [RUN_STOP_SIGNAL] = "a signal",       [RUN_STOP_OVER] = "the script",
    };
    bool has_name = why == RUN_STOP_REMOTE && message && message[0];

    if (why != RUN_STOP_NONE)
        note(run, (struct run_event){.kind = RUN_EVENT_STOP}, str_of(has_name ? message : by[why]));
}

/* ---- telling the loops ---- */

static void tell_workers(struct run *run)
{
    for (unsigned i = 0; i < run->n_workers; i++) {
        struct worker *w = &run->workers[i];

        if (w->is_open && !atomic_exchange(&w->shared.control_posted, true))
            worker_tell(w, &w->control);
    }
}

static int check_alive(const struct run *run)
{
    if (run->stage >= RUN_TEARDOWN || run->scenarios_over)
        return fault(-EBUSY, "the test's scenarios are over");
    if (run_stopped(run) != RUN_STOP_NONE)
        return fault(-EBUSY, "the test is being stopped");
    return 0;
}

/* ---- pause ---- */

bool run_is_paused(const struct run *run)
{
    return atomic_load(&run->shared.paused);
}

int run_pause(struct run *run, struct str by)
{
    TRY(check_alive(run));
    if (run_is_paused(run))
        return fault(-EBUSY, "the test is paused already");
    atomic_store(&run->shared.paused, true);
    note(run, (struct run_event){.kind = RUN_EVENT_PAUSE}, by);
    if (run->config.n_remotes)
        tell_workers(run);
    return 0;
}

int run_resume(struct run *run, struct str by)
{
    TRY(check_alive(run));
    if (!run_is_paused(run))
        return fault(-EBUSY, "the test is not paused");
    atomic_store(&run->shared.paused, false);
    note(run, (struct run_event){.kind = RUN_EVENT_RESUME}, by);
    tell_workers(run);
    run_wake(run);
    return 0;
}

/* ---- scaling ---- */

static bool has_looping_users(const struct plan_scenario *s)
{
    return s->executor == PLAN_CONSTANT_VUS || s->executor == PLAN_RAMPING_VUS;
}

static bool has_rate(const struct plan_scenario *s)
{
    return s->open_model;
}

/* The scenario of that name, or the only one that fits. */
static int find(struct run *run, struct str name, bool (*fits)(const struct plan_scenario *s),
                const char *what, struct scenario_run **ret_sr)
{
    struct scenario_run *found = NULL;
    size_t n = 0;

    for (size_t i = 0; i < run->n_scenarios; i++) {
        struct scenario_run *sr = &run->scenarios[i];

        if (name.n ? !str_is(name, sr->plan->name) : !fits(sr->plan))
            continue;
        found = sr;
        n++;
    }
    if (!found && name.n)
        return fault(-ENOENT, "there is no scenario '%.*s'", STR_ARG(name));
    if (!found)
        return fault(-ENOTSUP, "no scenario of this test has %s that can be scaled", what);
    if (n > 1)
        return fault(-EINVAL, "%zu scenarios have %s that can be scaled: say which one", n, what);
    if (!fits(found->plan)) {
        return fault(-ENOTSUP, "scenario '%s' (%s) has no %s that can be scaled", found->plan->name,
                     plan_executor_name(found->plan->executor), what);
    }
    *ret_sr = found;
    return 0;
}

static int check_part(struct run *run, const struct scenario_run *sr)
{
    TRY(check_alive(run));
    if (run->stage < RUN_SCENARIOS)
        return fault(-EBUSY, "the test's scenarios have not started yet");
    if (loop_now(run->config.loop) >= sr->end || !atomic_load(&sr->shared.parts_left))
        return fault(-EBUSY, "scenario '%s' is over", sr->plan->name);
    return 0;
}

static uint64_t users_of(const struct scenario_run *sr)
{
    int64_t scaled = atomic_load(&sr->shared.scaled_vus);

    if (scaled >= 0)
        return (uint64_t)scaled;
    return sr->plan->executor == PLAN_CONSTANT_VUS ? (uint64_t)sr->plan->vus
                                                   : atomic_load(&sr->shared.active);
}

static void set_users(struct scenario_run *sr, uint64_t n)
{
    sr->vus_max = n > sr->vus_max ? n : sr->vus_max;
    atomic_store(&sr->shared.scaled_vus, (int64_t)n);
    tell_workers(sr->run);
}

/* What both kinds of scaling users begin with: checks, the end of a ramp, an event. */
static int begin_scaling(struct run *run, struct str scenario, uint64_t n, struct str by,
                         struct scenario_run **ret_sr)
{
    struct scenario_run *sr;

    if (n > RUN_VUS_LIMIT)
        return fault(-EINVAL, "%" PRIu64 " users are more than the %d that may be asked for", n,
                     RUN_VUS_LIMIT);
    TRY(find(run, scenario, has_looping_users, "users", &sr));
    TRY(check_part(run, sr));
    const struct run_event e = {.kind = RUN_EVENT_SCALE_VUS,
                                .scenario = sr->plan->name,
                                .from = (double)users_of(sr),
                                .to = (double)n};

    control_end_ramp(run);
    note(run, e, by);
    *ret_sr = sr;
    return 0;
}

int run_scale_vus(struct run *run, struct str scenario, uint64_t n, struct str by)
{
    struct scenario_run *sr;

    TRY(begin_scaling(run, scenario, n, by, &sr));
    set_users(sr, n);
    return 0;
}

/* ---- scaling users slowly ---- */

void control_end_ramp(struct run *run)
{
    timer_clear(&run->ramp.timer);
}

static void on_ramp(struct loop *l, struct timer *t)
{
    struct run *run = container_of(t, struct run, ramp.timer);
    struct run_ramp *r = &run->ramp;
    uint64_t left = r->to > r->at ? r->to - r->at : r->at - r->to;
    uint64_t step = left < r->step ? left : r->step;

    r->at = r->to > r->at ? r->at + step : r->at - step;
    set_users(r->sr, r->at);
    r->next += r->period;
    if (r->at != r->to)
        timer_set(l, t, r->next, on_ramp);
}

int run_ramp_vus(struct run *run, struct str scenario, uint64_t n, double per_s, struct str by)
{
    struct run_ramp *r = &run->ramp;
    struct scenario_run *sr;

    if (!isfinite(per_s) || per_s < RAMP_RATE_MIN)
        return fault(-EINVAL, "users come or go at a rate above 0, not %g a second", per_s);
    TRY(begin_scaling(run, scenario, n, by, &sr));
    double step = fmin(floor(per_s * RAMP_STEP_S), RUN_VUS_LIMIT);

    r->sr = sr;
    r->at = users_of(sr);
    r->to = n;
    r->step = step >= 1 ? (uint64_t)step : 1;
    r->period = (span_ns)((double)r->step / per_s * 1e9);
    r->next = loop_clock(run->config.loop);
    on_ramp(run->config.loop, &r->timer);
    return 0;
}

/* Too many to be events: a script that steers its load may ask for others each second. */
static int obey(struct run *run, uint64_t n)
{
    struct scenario_run *sr = NULL;

    TRY(find(run, STR(""), has_looping_users, "users", &sr));
    TRY(check_part(run, sr));
    set_users(sr, n < RUN_VUS_LIMIT ? n : RUN_VUS_LIMIT);
    return 0;
}

void control_listen(struct run *run)
{
    struct script_talk *talk = run->config.script->talk;

    if (!talk || run->stage != RUN_SCENARIOS || run_stopped(run) != RUN_STOP_NONE)
        return;
    uint64_t wanted = atomic_exchange(&talk->wanted, 0);
    struct run_totals totals;

    atomic_store(&talk->has_begun, true);

    if (wanted && obey(run, wanted - 1) < 0)
        fault_clear();
    run_totals(run, &totals);
    atomic_store(&talk->n_users, totals.vus_active);
    if (atomic_load(&talk->is_over))
        run_stop(run, RUN_STOP_OVER, STR("the script says that the test is over"));
}

int run_scale_rate(struct run *run, struct str scenario, double per_s, struct str by)
{
    struct scenario_run *sr = NULL;
    mono_ns now = loop_clock(run->config.loop);

    if (!isfinite(per_s) || per_s < 0 || per_s > RUN_RATE_LIMIT)
        return fault(-EINVAL, "a rate is a number of iterations a second, 0 to %d", RUN_RATE_LIMIT);
    TRY(find(run, scenario, has_rate, "a rate", &sr));
    TRY(check_part(run, sr));
    struct run_event e = {.kind = RUN_EVENT_SCALE_RATE,
                          .scenario = sr->plan->name,
                          .from = arrival_rate(sr, now),
                          .to = per_s};

    arrival_set_rate(sr, per_s, now);
    sr->is_rescaled = true;
    sr->rescaled_rate = per_s;
    note(run, e, by);
    tell_workers(run);
    return 0;
}

/* ---- setup data ---- */

int run_put_setup_data(struct run *run, struct str json, struct str by)
{
    if (run->stage != RUN_INIT || run_stopped(run) != RUN_STOP_NONE)
        return fault(-EBUSY, "setup data can be replaced before the test begins only: start it "
                             "with --paused");
    free(run->setup_data);
    run->setup_data = json.n ? xstrndup(json.p, json.n) : NULL;
    note(run, (struct run_event){.kind = RUN_EVENT_SETUP_DATA}, by);
    return 0;
}
