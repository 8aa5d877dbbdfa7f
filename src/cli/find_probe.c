/*
 * A probe is a whole run, with setup and teardown, whose plan has one scenario at a constant
 * arrival rate. Ticks come ten times a second; what they add from the end of the warm-up on is
 * added up, answers that come after the last start included, because those are the slow ones.
 *
 * Three things make a rate not held, besides the objectives: iterations that found no free user,
 * iterations that were still unanswered when the drain was over, and work that piled up: then the
 * target is slower than the rate, and only the length of the probe kept the objective.
 */
#include "cli/find_probe.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/json_out.h"
#include "cli/loadtest.h"
#include "cli/loadtest_run.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "metric/metric.h"
#include "run/control.h"
#include "run/drift.h"
#include "run/health.h"
#include "run/run.h"

#define TICK (100 * NS_PER_MS)

/* Rates are whole iterations in so many seconds: four digits after the point. */
#define UNIT_S 10000

/* Shares of the iterations that were due: dropped or unfinished in all, more running each second.
 */
#define DROPPED_MAX 0.005
#define PILED_PER_S 0.005

/* Of the time of an iteration (both 99 %): from here on, late starts matter. */
#define LAG_MATTERS 0.25

/* More of the iterations that were due have piled up: no need to look how. */
#define PILED_MAX 0.1

/* Before anything is known of the target: how long an iteration may take. */
#define DURATION_GUESS_S 0.1

/* A loss is not believed on fewer samples. */
#define LOST_SAMPLES_MIN 20

/* Once nothing more is started and nothing more is answered for so long, the rest never will be. */
#define QUIET_TICKS 10

/* A trend added up over the window. */
struct sum {
    struct snap_metric *of;
    struct value value;
    struct hist_slab *slab;
};

/* What the run had done at some moment. */
struct mark {
    span_ns elapsed;
    uint64_t complete;
    uint64_t dropped;
    uint64_t interrupted;
};

enum probe_window {
    WINDOW_AHEAD, /* warming up */
    WINDOW_OPEN,
    WINDOW_CLOSED, /* nothing more is started */
};

struct probing {
    const struct find_probe_config *config;
    struct run *run;
    struct find_probe *probe;
    span_ns total; /* warm-up and length */
    enum probe_window window;
    struct mark open, close, latest;
    struct sum latency, duration, lag;
    struct drift running; /* iterations at one time */
    int n_quiet;          /* ticks since the last answer */
    bool in_teardown;     /* its samples are none of the rate's */
};

/* ---- sums ---- */

static void sum_init(struct sum *sum, struct snap_metric *of)
{
    sum->of = of;
    sum->slab = hist_slab_new();
    value_init(&sum->value, of->def, sum->slab);
}

static void sum_fini(struct sum *sum)
{
    if (!sum->slab)
        return;
    value_fini(&sum->value, sum->of->def->type);
    hist_slab_free(sum->slab);
}

static void sum_add(struct sum *sum, const struct snapshot *snap)
{
    if (snap_metric_fresh(snap, sum->of))
        value_merge(&sum->value, &sum->of->delta, sum->of->def->type);
}

static double quantile(const struct sum *sum, double q)
{
    return hist_quantile(&sum->value.trend, q);
}

/* ---- the plan ---- */

static bool is_time(const struct objective *o)
{
    return o->contains == CONTAINS_TIME && o->expr.stat.kind >= STAT_AVG;
}

/* What a probe's latency is the mean of: what an objective looks at, if it is one of the two. */
static uint32_t latency_metric(const struct objectives *set)
{
    size_t n;
    const struct objective *all = objectives_all(set, &n);

    for (size_t i = 0; i < n; i++) {
        if (str_starts(all[i].metric, STR("http_req_response_time")))
            return M_HTTP_REQ_RESPONSE_TIME;
    }
    return M_HTTP_REQ_DURATION;
}

/* The longest time that an objective allows, in seconds: what takes longer is lost anyway. */
static double longest_allowed(const struct objectives *set)
{
    size_t n;
    const struct objective *all = objectives_all(set, &n);
    double longest = 0;

    for (size_t i = 0; i < n; i++) {
        if (is_time(&all[i]) && all[i].expr.op <= THRESHOLD_LE)
            longest = fmax(longest, all[i].expr.limit / 1000);
    }
    return longest;
}

/*
 * Little's law: rate times duration is how many run at one time. Users beyond what the objective
 * can bear only make the queue longer that has to be waited for afterwards.
 */
static void choose_users(const struct find_probe_config *c, const struct find_probe *last,
                         struct find_probe *p)
{
    double duration =
        last && last->duration_p99_ms > 0 ? last->duration_p99_ms / 1000 : DURATION_GUESS_S;
    double longest = fmax(1, 2 * fmax(longest_allowed(c->objectives), duration));
    double vus = ceil(p->rate * fmin(duration, longest) * 1.3) + 2;
    double max_vus = ceil(p->rate * longest) + 10;

    p->vus = (int64_t)fmin(vus, (double)c->max_vus);
    p->max_vus = (int64_t)fmin(fmax(vus, max_vus), (double)c->max_vus);
}

static void put_duration(struct json_out *j, const char *key, span_ns span)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRId64 "ms", span / NS_PER_MS);
    json_key(j, key);
    json_put_cstr(j, text);
}

static void put_map(struct json_out *j, const char *key, const struct plan_map *map)
{
    json_key(j, key);
    json_open_object(j);
    for (size_t i = 0; i < map->n; i++) {
        json_key(j, map->items[i].name);
        json_put_cstr(j, map->items[i].value);
    }
    json_close(j);
}

static void put_int(struct json_out *j, const char *key, int64_t value)
{
    json_key(j, key);
    json_put_int(j, value);
}

static void put_scenario(struct json_out *j, const struct find_probe_config *c,
                         const struct find_probe *p)
{
    json_open_object(j);
    json_key(j, "executor");
    json_put_cstr(j, "constant-arrival-rate");
    put_int(j, "rate", llround(p->rate * UNIT_S));
    put_duration(j, "timeUnit", UNIT_S * NS_PER_S);
    put_duration(j, "duration", c->warmup + c->length);
    put_duration(j, "gracefulStop", c->drain);
    put_int(j, "preAllocatedVUs", p->vus);
    put_int(j, "maxVUs", p->max_vus);
    json_key(j, "exec");
    json_put_cstr(j, c->scenario->exec);
    put_map(j, "env", &c->scenario->env);
    put_map(j, "tags", &c->scenario->tags);
    json_close(j);
}

/* The script's own thresholds have their own idea of when to end. */
static int make_plan(const struct find_probe_config *c, const struct find_probe *p,
                     struct arena *arena, struct plan **ret_plan)
{
    struct buf text = BUF_INIT(64 << 20);
    struct json_out j = JSON_OUT(&text, 0);

    json_open_object(&j);
    json_key(&j, "paused");
    json_put_bool(&j, false);
    json_key(&j, "thresholds");
    json_open_object(&j);
    json_close(&j);
    json_key(&j, "scenarios");
    json_open_object(&j);
    json_key(&j, c->scenario->name);
    put_scenario(&j, c, p);
    json_close(&j);
    json_close(&j);
    int r = loadtest_replan(c->test, arena, buf_cstr(&text), ret_plan);

    buf_fini(&text);
    TRY(r);
    return 0;
}

/* ---- the window ---- */

static struct mark mark_of(const struct run *run)
{
    struct run_totals totals;
    struct run_part part;

    run_part(run, 0, &part);
    run_totals(run, &totals);
    return (struct mark){part.elapsed, part.complete, part.dropped, totals.interrupted};
}

static double n_due(const struct probing *pg, const struct mark *at)
{
    return pg->probe->rate * (double)at->elapsed / 1e9;
}

/* Iterations that run, or wait for a user, at some moment. */
static double n_running(const struct probing *pg, const struct mark *at)
{
    return n_due(pg, at) - (double)(at->complete + at->dropped + at->interrupted);
}

static bool is_lost(const struct probing *pg)
{
    size_t n;
    const struct objective *all = objectives_all(pg->config->objectives, &n);
    double complete = (double)(pg->latest.complete - pg->open.complete);
    double in_all = pg->probe->rate * (double)pg->config->length / 1e9;

    for (size_t i = 0; i < n; i++) {
        uint64_t samples = value_samples(&all[i].value, all[i].of->def->type);
        double each = complete > 0 ? fmax(1, (double)samples / complete) : 1;

        if (samples >= LOST_SAMPLES_MIN && objective_is_lost(&all[i], each * in_all))
            return true;
    }
    return false;
}

/* Starts no more; those that run go on, so that the target is left with nothing to do. */
static void cut_short(struct probing *pg)
{
    pg->window = WINDOW_CLOSED;
    pg->close = pg->latest;
    pg->probe->cut_short = true;
    ignored(run_pause(pg->run, STR("find")));
}

/* The first tick of teardown() still has the last answers; what comes then is its own. */
static void add_tick(struct probing *pg)
{
    const struct snapshot *snap = run_snapshot(pg->run);

    if (pg->in_teardown)
        return;
    pg->in_teardown = run_stage(pg->run) == RUN_TEARDOWN;
    objectives_add_tick(pg->config->objectives, snap);
    sum_add(&pg->latency, snap);
    sum_add(&pg->duration, snap);
    sum_add(&pg->lag, snap);
}

static void on_open_tick(struct probing *pg, const struct mark *before)
{
    add_tick(pg);
    pg->n_quiet = pg->latest.complete == before->complete ? pg->n_quiet + 1 : 0;
    /* The last look before the end counts: what is completed later was not in that time. */
    if (pg->window == WINDOW_OPEN && pg->latest.elapsed >= pg->total) {
        pg->window = WINDOW_CLOSED;
        pg->close = *before;
    } else if (pg->window == WINDOW_OPEN) {
        drift_add(&pg->running, (double)pg->latest.elapsed / 1e9, n_running(pg, &pg->latest));
        if (is_lost(pg))
            cut_short(pg);
    }
    /* What was cut short need not last as long as was planned. */
    if (pg->probe->cut_short && run_stopped(pg->run) == RUN_STOP_NONE &&
        (pg->n_quiet >= QUIET_TICKS || pg->latest.elapsed >= pg->total))
        run_stop(pg->run, RUN_STOP_REMOTE, STR("find"));
}

static void on_tick(void *arg, struct run *run)
{
    struct probing *pg = arg;
    struct mark before = pg->latest;

    if (run_stage(run) < RUN_SCENARIOS)
        return;
    pg->latest = mark_of(run);
    if (pg->window != WINDOW_AHEAD) {
        on_open_tick(pg, &before);
    } else if (pg->latest.elapsed >= pg->config->warmup) {
        pg->window = WINDOW_OPEN;
        pg->open = pg->latest;
    }
    if (pg->config->on_progress)
        pg->config->on_progress(pg->config->arg, pg->probe->rate, pg->latest.elapsed,
                                pg->window != WINDOW_AHEAD);
}

/* ---- the verdict ---- */

static int find_sums(struct probing *pg)
{
    struct snapshot *snap = run_snapshot(pg->run);

    sum_init(&pg->latency, snapshot_metric(snap, latency_metric(pg->config->objectives)));
    sum_init(&pg->duration, snapshot_metric(snap, M_ITERATION_DURATION));
    sum_init(&pg->lag, snapshot_metric(snap, M_ITERATION_LAG));
    TRY(objectives_bind(pg->config->objectives, snap));
    return 0;
}

static void take_numbers(struct probing *pg)
{
    struct find_probe *p = pg->probe;
    const struct sum *latency = pg->latency.value.trend.count ? &pg->latency : &pg->duration;

    if (pg->window == WINDOW_OPEN)
        pg->close = pg->latest;
    p->seconds = fmax(1e-3, (double)(pg->close.elapsed - pg->open.elapsed) / 1e9);
    p->iterations = pg->close.complete - pg->open.complete;
    p->throughput = (double)p->iterations / p->seconds;
    p->dropped = pg->close.dropped - pg->open.dropped;
    p->unanswered = pg->latest.interrupted;
    p->latency_ms = hist_mean(&latency->value.trend);
    p->duration_p99_ms = quantile(&pg->duration, 0.99);
    p->lag_p99_ms = quantile(&pg->lag, 0.99);
}

static void judge_flow(struct probing *pg)
{
    struct find_probe *p = pg->probe;
    double due = n_due(pg, &pg->close) - n_due(pg, &pg->open);
    double piled = n_running(pg, &pg->close) - fmax(0, n_running(pg, &pg->open));

    if ((double)p->dropped > DROPPED_MAX * due)
        snprintf(p->reason, sizeof(p->reason),
                 "%.1f %% of iterations found all %" PRId64 " users busy",
                 100 * (double)p->dropped / due, p->max_vus);
    else if ((double)p->unanswered > DROPPED_MAX * due)
        snprintf(p->reason, sizeof(p->reason), "%" PRIu64 " iterations unfinished after the drain",
                 p->unanswered);
    else if (drift_rises(&pg->running, PILED_PER_S * p->rate) || piled > PILED_MAX * due + 10)
        snprintf(p->reason, sizeof(p->reason), "work piles up: %.4g of %.4g a second completed",
                 p->throughput, p->rate);
}

static void judge_objectives(struct probing *pg)
{
    struct find_probe *p = pg->probe;
    size_t n;
    const struct objective *all = objectives_all(pg->config->objectives, &n);

    for (size_t i = 0; i < n; i++) {
        p->scores[i] = objective_score(&all[i], p->seconds);
        if (p->scores[i].held || p->reason[0])
            continue;
        if (!p->scores[i].samples)
            snprintf(p->reason, sizeof(p->reason), "%.*s has no samples", STR_ARG(all[i].metric));
        else
            snprintf(p->reason, sizeof(p->reason), "%.*s %.*s: %.4g", STR_ARG(all[i].metric),
                     STR_ARG(all[i].source), p->scores[i].value);
    }
}

/*
 * Only what was not held can be the generator's fault, and only if its delays are of the size of
 * what was measured: starts that are 10 ms late do not make answers take half a second.
 */
static void judge_generator(struct probing *pg)
{
    struct find_probe *p = pg->probe;
    struct verdict v;

    health_judge(pg->run, &v);
    if (v.level < VERDICT_INVALID || p->lag_p99_ms < LAG_MATTERS * p->duration_p99_ms)
        return;
    p->verdict = SEARCH_INVALID;
    snprintf(p->reason, sizeof(p->reason), "%s", v.reasons[0].text);
}

/* A generator that is too busy to look has seen nothing. */
static bool was_seen(const struct probing *pg)
{
    double length = (double)pg->config->length / 1e9;

    return pg->window != WINDOW_AHEAD && (pg->probe->cut_short || pg->probe->seconds > length / 2);
}

static void judge(struct probing *pg)
{
    struct find_probe *p = pg->probe;

    take_numbers(pg);
    judge_objectives(pg);
    if (!p->reason[0])
        judge_flow(pg);
    p->verdict = p->reason[0] ? SEARCH_FAILED : SEARCH_HELD;
    if (!was_seen(pg)) {
        p->verdict = SEARCH_INVALID;
        snprintf(p->reason, sizeof(p->reason),
                 "the generator was too busy to follow the probe: use more cores, or a lower rate");
    } else if (p->verdict == SEARCH_FAILED) {
        judge_generator(pg);
    }
}

/* ---- the course ---- */

static int execute(struct probing *pg)
{
    TRY(find_sums(pg));
    int r = run_execute(pg->run);

    /* The end that we asked for is none. */
    if (pg->probe->cut_short && run_stopped(pg->run) == RUN_STOP_REMOTE)
        r = 0;
    TRY(r);
    judge(pg);
    return 0;
}

static int run_plan(struct probing *pg, const struct plan *plan, struct log *quiet)
{
    const struct find_probe_config *c = pg->config;
    struct run_config config = loadtest_run_config(c->test, c->loop);

    config.plan = plan;
    config.tick = TICK;
    config.on_tick = on_tick;
    config.arg = pg;
    config.console = c->test->console ? c->test->console : c->test->log;
    config.log = quiet;
    TRY(run_new(&config, &pg->run));
    c->on_run(c->arg, pg->run);
    int r = execute(pg);

    c->on_run(c->arg, NULL);
    objectives_unbind(c->objectives);
    sum_fini(&pg->latency);
    sum_fini(&pg->duration);
    sum_fini(&pg->lag);
    run_free(pg->run);
    return r;
}

int find_probe_run(const struct find_probe_config *config, double rate,
                   const struct find_probe *last, struct find_probe *ret_probe)
{
    struct find_probe p = {.rate = rate};
    struct probing pg = {.config = config, .probe = &p, .total = config->warmup + config->length};
    struct arena arena = {0};
    struct log *quiet = NULL;
    struct plan *plan;

    choose_users(config, last, &p);
    /* That users run out and runs are paused is what a search is made of. */
    int r = loadtest_open_log(config->test, LOG_LEVEL_ERROR, &quiet);

    if (r == 0)
        r = make_plan(config, &p, &arena, &plan);
    if (r == 0)
        r = run_plan(&pg, plan, quiet);
    log_free(quiet);
    arena_fini(&arena);
    TRY(r);
    *ret_probe = p;
    return 0;
}
