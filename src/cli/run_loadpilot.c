/*
 * The steps are those of the plan, not of the file: a rate or a duration of the command line makes
 * another load of it, which has no knee.
 */
#include "cli/run_loadpilot.h"

#include <math.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/loadtest.h"
#include "metric/load_steps.h"
#include "metric/snapshot.h"
#include "metric/threshold.h"
#include "run/run.h"
#include "script/script.h"
#include "vocab/vocab.h"

struct run_loadpilot {
    const struct loadtest *test;
    struct load_steps *steps; /* NULL: the load is not in steps */
    span_ns at;               /* of the scenario, at the last tick */
    double peak;              /* rate of the highest step */
};

static struct str text_or_none(const char *text)
{
    return text ? str_of(text) : (struct str){.p = ""};
}

void run_loadpilot_name(const struct loadtest *t, struct vocab_run *run)
{
    if (!t->script->title)
        return;
    run->scenario = text_or_none(t->script->title);
    run->target = text_or_none(t->script->target);
}

/* ---- steps ---- */

/* The plan's load if it is the one that the script describes, else NULL. */
static const struct plan_scenario *stepped(const struct loadtest *t)
{
    const struct plan_scenario *s = t->plan->scenarios;

    if (!t->script->n_steps || t->script->n_steps > LOAD_STEPS_MAX || t->plan->n_scenarios != 1 ||
        s->executor != PLAN_RAMPING_ARRIVAL_RATE || strcmp(s->name, t->script->title) != 0)
        return NULL;
    return s->stages.n && s->regular_duration > 0 && s->time_unit > 0 ? s : NULL;
}

struct run_loadpilot *run_loadpilot_new(const struct loadtest *t)
{
    if (!t->script->title)
        return NULL;
    struct run_loadpilot *l = xnew(struct run_loadpilot);
    const struct plan_scenario *s = stepped(t);

    l->test = t;
    if (s) {
        int64_t last = s->stages.items[s->stages.n - 1].target;

        l->steps = load_steps_new(t->script->n_steps, s->regular_duration);
        l->peak = (double)last * (double)NS_PER_S / (double)s->time_unit;
    }
    return l;
}

void run_loadpilot_free(struct run_loadpilot *l)
{
    if (!l)
        return;
    load_steps_free(l->steps);
    free(l);
}

/* What the last tick added to a metric, or NULL. */
static const struct value *added(const struct snapshot *s, struct str name)
{
    const struct snap_metric *m = snapshot_find(s, name);

    return m && snap_metric_fresh(s, m) ? &m->delta : NULL;
}

void run_loadpilot_tick(struct run_loadpilot *l, const struct run *run)
{
    struct run_part part;

    if (!l || !l->steps || run_n_parts(run) != 1)
        return;
    run_part(run, 0, &part);
    const struct snapshot *s = run_snapshot(run);
    const struct value *durations = added(s, STR("http_req_duration"));
    const struct value *failed = added(s, STR("http_req_failed"));

    load_steps_add(l->steps, &(struct load_tick){
                                 .from = l->at,
                                 .to = part.elapsed,
                                 .durations = durations ? &durations->trend : NULL,
                                 .requests = failed ? failed->rate.total : 0,
                                 .failed = failed ? failed->rate.trues : 0,
                             });
    l->at = part.elapsed;
}

/* What thresholds ask of the 99th percentile and of errors, the strictest of each. */
static struct load_limits limits_of(const struct run *run)
{
    struct load_limits limits = {INFINITY, INFINITY};
    size_t n;
    const struct threshold *all = thresholds_all(run_thresholds(run), &n);

    for (size_t i = 0; i < n; i++) {
        const struct threshold_expr *e = &all[i].expr;
        bool is_upper = e->op == THRESHOLD_LE || e->op == THRESHOLD_LT;

        if (is_upper && str_is(all[i].spec.metric, "http_req_duration") && e->stat.kind == STAT_P &&
            e->stat.p == 99) /* NOLINT: as it was written */
            limits.p99_ms = fmin(limits.p99_ms, e->limit);
        if (is_upper && str_is(all[i].spec.metric, "http_req_failed") && e->stat.kind == STAT_RATE)
            limits.error_rate_pct = fmin(limits.error_rate_pct, 100 * e->limit);
    }
    return limits;
}

void run_loadpilot_knee(const struct run_loadpilot *l, const struct run *run,
                        struct load_knee *ret_knee)
{
    *ret_knee = (struct load_knee){0};
    if (!l || !l->steps)
        return;
    struct load_limits limits = limits_of(run);

    if (isinf(limits.p99_ms) && isinf(limits.error_rate_pct))
        return;
    if (!load_steps_knee(l->steps, &limits, l->peak, ret_knee))
        *ret_knee = (struct load_knee){0};
}

/* ---- the end ---- */

#define LINE "    %-22s"

static void put_totals(const struct run *run, struct buf *out)
{
    const struct snapshot *s = run_snapshot(run);
    const struct snap_metric *requests = snapshot_find(s, STR("http_reqs"));
    const struct snap_metric *failed = snapshot_find(s, STR("http_req_failed"));
    const struct snap_metric *duration = snapshot_find(s, STR("http_req_duration"));
    double n = requests ? requests->total.counter.sum : 0;
    double errors = failed ? (double)failed->total.rate.trues : 0;

    buf_printf(out, LINE "%.0f\n", "Total requests", n);
    buf_printf(out, LINE "%.0f (%.2f%%)\n", "Errors", errors, n > 0 ? 100 * errors / n : 0);
    if (!duration || !duration->total.touched)
        return;
    buf_printf(out, LINE "%.2fms\n", "p50 latency", hist_quantile(&duration->total.trend, 0.50));
    buf_printf(out, LINE "%.2fms\n", "p99 latency", hist_quantile(&duration->total.trend, 0.99));
}

static void put_knee(const struct run_loadpilot *l, const struct load_knee *knee, struct buf *out)
{
    if (!knee->n_steps)
        return;
    buf_puts(out, "\n    Knee point\n");
    if (!knee->step) {
        buf_printf(out, LINE "none: the first of %u broke a limit\n", "Last safe step",
                   knee->n_steps);
        return;
    }
    buf_printf(out, LINE "%u of %u%s\n", "Last safe step", knee->step, knee->n_steps,
               knee->is_bounded              ? ""
               : knee->step == knee->n_steps ? " (the knee lies above it)"
                                             : " (the next was not measured)");
    buf_printf(out, LINE "%.6g (%.0f%% of peak)\n", "Max sustainable RPS", knee->rps,
               100 * knee->rps / l->peak);
    buf_printf(out, LINE "%.2fms\n", "p99 at knee", knee->p99_ms);
    buf_printf(out, LINE "%.2f%%\n", "Error rate at knee", knee->error_rate_pct);
}

static void put_verdict(const struct run *run, int exit_code, struct buf *out)
{
    size_t n, n_failed = 0;
    const struct threshold *all = thresholds_all(run_thresholds(run), &n);

    for (size_t i = 0; i < n; i++)
        n_failed += all[i].state == THRESHOLD_FAILED;
    if (n_failed) {
        buf_printf(out, "\n    SLA breach — %zu threshold(s) exceeded. Exiting with code %d.\n",
                   n_failed, exit_code);
    } else if (n) {
        buf_puts(out, "\n    All thresholds passed.\n");
    }
}

void run_loadpilot_show(const struct run_loadpilot *l, const struct run *run, int exit_code)
{
    if (!l || strcmp(l->test->plan->options->summary_mode, "disabled") == 0)
        return;
    scoped(buf_fini) struct buf out = {0};
    struct load_knee knee;

    run_loadpilot_knee(l, run, &knee);
    buf_printf(&out, "  █ LOADPILOT %s\n\n    %s\n", l->test->script->title,
               run_stopped(run) == RUN_STOP_NONE ? "Test complete!" : "Test stopped.");
    put_totals(run, &out);
    put_knee(l, &knee, &out);
    if (!l->test->plan->options->no_thresholds)
        put_verdict(run, exit_code, &out);
    buf_puts(&out, "\n\n");
    cli_write(STDOUT_FILENO, buf_str(&out));
}
