/*
 * The tick: every loop is asked for what it recorded, and once all have answered it is merged,
 * thresholds are judged and those who follow the run are told. A loop that is slow to answer delays
 * the tick, never the load.
 */
#include "base/mem.h"
#include "metric/metric.h"
#include "run/run_priv.h"

#define EVAL_PERIOD (2 * NS_PER_S)

static span_ns period(const struct run *run)
{
    return run->config.tick ? run->config.tick : NS_PER_S;
}

static void sample_users(struct run *run, mono_ns now)
{
    const struct plan_map *tags = &run->config.plan->options->tags;
    scoped(freep) struct tag *list = xnew_n(struct tag, tags->n);
    size_t n = 0;
    struct run_totals totals;

    for (; n < tags->n; n++)
        list[n] = (struct tag){str_of(tags->items[n].name), str_of(tags->items[n].value)};
    run_totals(run, &totals);
    snapshot_sample(run->snapshot, M_VUS, list, n, (double)totals.vus_active, now);
    snapshot_sample(run->snapshot, M_VUS_MAX, list, n, (double)totals.vus_initialized, now);
}

static void merge_worker(struct run *run, struct worker *w)
{
    if (w->remote)
        remote_merge(w);
    if (w->interval)
        snapshot_merge(run->snapshot, w->interval);
    w->interval = NULL;
    ignored(exception_book_learn(run->exceptions, buf_str(&w->exception_news), -1));
    buf_reset(&w->exception_news);
    if (!run->config.share) {
        exchange_set_merge(run->exchanges, &w->exchanges);
        return;
    }
    list_splice(&run->new_exchanges, &w->exchanges);
}

void run_take_exchanges(struct run *run, struct list *to)
{
    list_splice(to, &run->new_exchanges);
}

void run_take_exceptions(struct run *run, struct buf *ret_news)
{
    exception_book_news(run->exceptions, ret_news);
}

static void judge(struct run *run, mono_ns now)
{
    /* Ticks come when they can: one that is early by less than half of one counts. */
    if (!run->started || run->stage == RUN_OVER || now < run->next_eval - period(run) / 2)
        return;
    run->next_eval = now + EVAL_PERIOD;
    if (thresholds_eval(run->thresholds, THRESHOLDS_RUNNING, run_elapsed(run)))
        run_stop(run, RUN_STOP_THRESHOLD, STR(""));
}

/* How much of the time since the tick before was time under load: a scenario could start users. */
static span_ns load_since(const struct run *run, mono_ns before, mono_ns now)
{
    mono_ns begin = MONO_NEVER, end = 0;

    if (run->stage != RUN_SCENARIOS || run_is_paused(run))
        return 0;
    for (size_t i = 0; i < run->n_scenarios; i++) {
        const struct scenario_run *sr = &run->scenarios[i];

        begin = sr->start < begin ? sr->start : begin;
        end = sr->end > end ? sr->end : end;
    }
    begin = before > begin ? before : begin;
    end = now < end ? now : end;
    return end > begin ? end - begin : 0;
}

static void finish_tick(struct run *run)
{
    mono_ns before = snapshot_time(run->snapshot);
    mono_ns now = loop_clock(run->config.loop);
    const char *warning;

    if (run->main.recorder)
        run->main.interval = recorder_swap(run->main.recorder);
    if (run->main.vl)
        run->main.n_left_out = vu_loop_take_exchanges(run->main.vl, &run->main.exchanges);
    exception_book_news(run->main.exceptions, &run->main.exception_news);
    snapshot_tick_begin(run->snapshot);
    for (unsigned i = 0; i < run->n_workers; i++)
        merge_worker(run, &run->workers[i]);
    merge_worker(run, &run->main);
    if (run->stage != RUN_OVER && !run->config.share)
        sample_users(run, now);
    if (run->stage == RUN_SCENARIOS)
        health_machine_sample(&run->machine);
    if (!run->config.share)
        health_tell(run, now);
    run_count_unattempted(run, now);
    if (run->config.on_sample)
        run->config.on_sample(run->config.arg, run, now);
    snapshot_tick_end(run->snapshot, now);
    run->load += load_since(run, before, now);
    thresholds_tick(run->thresholds, run->load, run_elapsed(run));
    warning = snapshot_warning(run->snapshot);
    if (warning)
        run_warn(run, warning);
    if (!run->config.no_thresholds)
        judge(run, now);
    if (run->config.on_tick)
        run->config.on_tick(run->config.arg, run);
    control_listen(run);
}

static void on_swapped(struct loop *l UNUSED, struct message *m)
{
    struct worker *w = container_of(m, struct worker_message, msg)->worker;

    tick_forget(w);
}

void tick_forget(struct worker *w)
{
    if (!w->is_asked)
        return;
    w->is_asked = false;
    if (--w->run->n_swapping == 0) {
        finish_tick(w->run);
        run_wake(w->run);
    }
}

static void ask_all(struct run *run)
{
    if (run->n_swapping)
        return;
    for (unsigned i = 0; i < run->n_workers; i++) {
        struct worker *w = &run->workers[i];

        if (!w->is_open)
            continue;
        w->is_asked = true;
        w->swapped.worker = w;
        w->swapped.msg.fn = on_swapped;
        run->n_swapping++;
        worker_tell(w, &w->swap);
    }
    if (!run->n_swapping)
        finish_tick(run);
}

static void on_tick(struct loop *l, struct timer *t)
{
    struct run *run = container_of(t, struct run, tick);

    run_insist(run);
    ask_all(run);
    /* By the plan, so that the length of ticks does not add up; those that were missed are gone. */
    do {
        run->next_tick += period(run);
    } while (run->next_tick <= loop_now(l));
    timer_set(l, t, run->next_tick, on_tick);
}

void run_tick_now(struct run *run)
{
    run_insist(run);
    ask_all(run);
}

void tick_start(struct run *run)
{
    if (run->config.share)
        return;
    run->next_tick = loop_clock(run->config.loop) + period(run);
    timer_set(run->config.loop, &run->tick, run->next_tick, on_tick);
}

void tick_stop(struct run *run)
{
    timer_clear(&run->tick);
}

void tick_final(struct run *run)
{
    uint64_t before;

    /* One that is under way may have missed the last samples: let it end, then ask once more. */
    while (run->n_swapping)
        run_wait(run);
    before = snapshot_ticks(run->snapshot);
    run->is_last_tick = true;
    ask_all(run);
    while (snapshot_ticks(run->snapshot) == before)
        run_wait(run);
}
