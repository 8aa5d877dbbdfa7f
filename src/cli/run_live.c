/*
 * On a terminal the block of bars is drawn ten times a second, and the cursor is left where it
 * begins. A log line written meanwhile lands there, clears the rest of its line and moves on; the
 * next drawing clears what is below and begins after it. So lines and bars never mix, without a
 * lock between the log and us.
 */
#include "cli/run_live.h"

#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/loadtest.h"
#include "cli/stop_signals.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "metric/metric.h"
#include "report/progress.h"
#include "run/health.h"
#include "run/run.h"

#define DRAW_PERIOD (100 * NS_PER_MS)
#define LINE_PERIOD NS_PER_S

struct run_live {
    const struct loadtest *test;
    struct loop *loop;
    struct run *run;
    bool on_terminal;
    bool shown; /* not --quiet */
    struct timer timer;
    struct progress_scenario *scenarios;
    double requests_per_s, p95_ms, failed; /* of the last tick */
    uint64_t last_requests, last_failed;
    uint64_t dropped;
    struct verdict verdict; /* so far */
    mono_ns last_tick;
    struct message wake;
    struct coro *lingering;
};

static struct progress_style style_of(const struct run_live *live)
{
    return (struct progress_style){
        .columns = live->on_terminal ? cli_columns(STDOUT_FILENO) : 0,
        .color = loadtest_colors(live->test, STDOUT_FILENO),
        .redraw = live->on_terminal,
    };
}

struct run_live *run_live_new(const struct loadtest *t, struct loop *loop)
{
    struct run_live *live = xnew(struct run_live);
    struct buf out = {0};

    live->test = t;
    live->loop = loop;
    live->shown = !t->plan->options->quiet;
    live->on_terminal = live->shown && cli_is_terminal(STDOUT_FILENO);
    live->scenarios = xnew_n(struct progress_scenario, t->plan->n_scenarios);
    live->requests_per_s = -1;
    if (live->shown) {
        struct progress_style style = style_of(live);

        style.redraw = false;
        progress_banner(t->plan, t->operand, &t->plan->options->out, &style, &out);
        cli_write(STDOUT_FILENO, buf_str(&out));
    }
    buf_fini(&out);
    return live;
}

void run_live_free(struct run_live *live)
{
    if (!live)
        return;
    timer_clear(&live->timer);
    free(live->scenarios);
    free(live);
}

/* ---- what to show ---- */

static enum progress_state state_of(const struct run_part *part)
{
    switch (part->state) {
    case RUN_PART_WAITING:
        return PROGRESS_WAITING;
    case RUN_PART_RUNNING:
        return part->elapsed >= part->scenario->regular_duration ? PROGRESS_STOPPING
                                                                 : PROGRESS_RUNNING;
    case RUN_PART_INTERRUPTED:
        return PROGRESS_INTERRUPTED;
    case RUN_PART_DONE:
        break;
    }
    return PROGRESS_DONE;
}

static void fill_scenarios(struct run_live *live)
{
    for (size_t i = 0; i < live->test->plan->n_scenarios; i++) {
        struct run_part part;

        run_part(live->run, i, &part);
        live->scenarios[i] = (struct progress_scenario){
            .plan = part.scenario,
            .state = state_of(&part),
            .vus = (int64_t)part.vus_active,
            .vus_max = (int64_t)part.vus_max,
            .elapsed = part.elapsed,
            .iterations = part.complete,
            .rate = part.rate,
        };
        live->dropped += part.dropped;
    }
}

static const char *phase_of(const struct run *run)
{
    static const char *const names[] = {
        [RUN_INIT] = "init",         [RUN_SETUP] = "setup",  [RUN_SCENARIOS] = "running",
        [RUN_TEARDOWN] = "teardown", [RUN_OVER] = "running",
    };

    return names[run_stage(run)];
}

static void fill_view(struct run_live *live, struct progress_view *ret_view)
{
    struct run_totals totals;

    run_totals(live->run, &totals);
    live->dropped = 0;
    fill_scenarios(live);
    *ret_view = (struct progress_view){
        .phase = phase_of(live->run),
        .elapsed = run_elapsed(live->run),
        .total = live->test->plan->max_duration,
        .vus = (int64_t)totals.vus_active,
        .vus_max = (int64_t)totals.vus_initialized,
        .complete = totals.complete,
        .interrupted = totals.interrupted,
        .dropped = live->dropped,
        .requests_per_s = live->requests_per_s,
        .p95_ms = live->p95_ms,
        .failed = live->failed,
        .doubt = live->verdict.n_reasons ? live->verdict.reasons[0].text : NULL,
        .is_invalid = live->verdict.level == VERDICT_INVALID,
        .scenarios = live->scenarios,
        .n_scenarios = live->test->plan->n_scenarios,
    };
}

static void draw(struct run_live *live, bool last)
{
    struct buf out = {0}, block = {0};
    struct progress_style style = style_of(live);
    struct progress_view view;

    fill_view(live, &view);
    size_t n_lines = progress_block(&view, &style, &block);

    /* Clear from here down, draw, and go back to the beginning unless this stays. */
    buf_puts(&out, last ? "\033[J" : "\033[?25l\033[J");
    buf_putstr(&out, buf_str(&block));
    if (last)
        buf_puts(&out, "\033[?25h");
    else if (n_lines)
        buf_printf(&out, "\033[%zuA\r", n_lines);
    cli_write(STDOUT_FILENO, buf_str(&out));
    buf_fini(&block);
    buf_fini(&out);
}

static void print_line(struct run_live *live)
{
    struct buf out = {0};
    struct progress_view view;

    fill_view(live, &view);
    progress_line(&view, &out);
    cli_write(STDOUT_FILENO, buf_str(&out));
    buf_fini(&out);
}

static span_ns period(const struct run_live *live)
{
    return live->on_terminal ? DRAW_PERIOD : LINE_PERIOD;
}

static void on_timer(struct loop *l, struct timer *t)
{
    struct run_live *live = container_of(t, struct run_live, timer);

    if (live->on_terminal)
        draw(live, false);
    else
        print_line(live);
    timer_set(l, t, loop_now(l) + period(live), on_timer);
}

void run_live_start(struct run_live *live, struct run *run)
{
    live->run = run;
    live->last_tick = loop_clock(live->loop);
    if (live->shown)
        timer_set(live->loop, &live->timer, live->last_tick + period(live), on_timer);
}

void run_live_stop(struct run_live *live)
{
    timer_clear(&live->timer);
    if (live->on_terminal)
        draw(live, true);
    else if (live->shown)
        print_line(live);
}

/* The rate comes from counters of the loops, the percentile from what the tick added. */
void run_live_tick(void *arg, struct run *run)
{
    struct run_live *live = arg;
    const struct snap_metric *m = snapshot_metric(run_snapshot(run), M_HTTP_REQ_DURATION);
    mono_ns now = loop_now(live->loop);
    struct run_totals totals;

    if (run_stage(run) == RUN_SCENARIOS)
        health_judge(run, &live->verdict);
    run_totals(run, &totals);
    if (totals.requests && now > live->last_tick) {
        uint64_t n = totals.requests - live->last_requests;

        live->requests_per_s = (double)n * 1e9 / (double)(now - live->last_tick);
        live->failed = n ? (double)(totals.failed - live->last_failed) / (double)n : 0;
        if (snap_metric_fresh(run_snapshot(run), m))
            live->p95_ms =
                value_stat(&m->delta, METRIC_TREND, (struct stat_name){.kind = STAT_P, .p = 95}, 0);
    }
    live->last_requests = totals.requests;
    live->last_failed = totals.failed;
    live->last_tick = now;
}

/* ---- --linger ---- */

static void on_wake(struct loop *l UNUSED, struct message *m)
{
    struct run_live *live = container_of(m, struct run_live, wake);

    if (live->lingering)
        coro_wake(live->lingering, 0);
}

static void on_signal(void *arg, const char *name UNUSED)
{
    struct run_live *live = arg;

    loop_post(live->loop, &live->wake);
}

void run_live_linger(struct run_live *live, struct stop_signals *signals)
{
    live->wake.fn = on_wake;
    live->lingering = coro_self();
    stop_signals_tell(signals, on_signal, live);
    ignored(coro_park_firm());
    live->lingering = NULL;
    stop_signals_tell(signals, NULL, NULL);
}
