/*
 * What a run knows of itself while it goes on and when it is over, for who shows it. On the main
 * loop; sums over the loops' threads are of counters that each of them writes alone.
 */
#include "run/run_priv.h"

struct snapshot *run_snapshot(const struct run *run)
{
    return run->snapshot;
}

const struct thresholds *run_thresholds(const struct run *run)
{
    return run->thresholds;
}

enum run_stage run_stage(const struct run *run)
{
    return run->stage;
}

bool run_is_last_tick(const struct run *run)
{
    return run->is_last_tick;
}

wall_ns run_started(const struct run *run)
{
    return run->started_wall;
}

void run_exchanges(struct run *run, struct run_exchanges *ret_exchanges)
{
    *ret_exchanges = (struct run_exchanges){.version = exchange_set_version(run->exchanges),
                                            .left_out = exchange_set_left_out(run->exchanges) +
                                                        run->main.n_left_out};
    ret_exchanges->items = exchange_set_all(run->exchanges, &ret_exchanges->n);
    for (unsigned i = 0; i < run->n_workers; i++)
        ret_exchanges->left_out += run->workers[i].n_left_out;
}

void run_exceptions(struct run *run, struct run_exceptions *ret_exceptions)
{
    ret_exceptions->items = exception_book_all(run->exceptions, &ret_exceptions->n);
    ret_exceptions->total = exception_book_total(run->exceptions);
    ret_exceptions->version = exception_book_version(run->exceptions);
}

mono_ns run_started_mono(const struct run *run)
{
    return run->started;
}

const char *run_setup_data(const struct run *run)
{
    return run->setup_data;
}

span_ns run_elapsed(const struct run *run)
{
    if (!run->started)
        return 0;
    return (run->ended ? run->ended : loop_now(run->config.loop)) - run->started;
}

static void add_totals(const struct run *run, const struct worker *w, struct run_totals *totals)
{
    totals->complete += atomic_load_explicit(&w->shared.complete, memory_order_relaxed);
    totals->interrupted += atomic_load(&w->shared.interrupted);
    totals->vus_active += atomic_load(&w->shared.active);
    totals->vus_initialized += atomic_load(&w->shared.initialized);
    if (w->remote)
        remote_totals(w, totals);
    /* `vl` is there for good once the worker has said that it is ready. */
    if (run->stage == RUN_INIT || !w->vl)
        return;
    totals->requests += vu_loop_n_requests(w->vl);
    totals->in_flight += vu_loop_n_in_flight(w->vl);
    totals->failed += vu_loop_n_failed(w->vl);
}

void run_totals(const struct run *run, struct run_totals *ret_totals)
{
    *ret_totals = (struct run_totals){.n_loops = run->n_workers};
    for (unsigned i = 0; i < run->n_workers; i++)
        add_totals(run, &run->workers[i], ret_totals);
}

void run_worker_totals(const struct run *run, unsigned index, struct run_totals *ret_totals)
{
    *ret_totals = (struct run_totals){.n_loops = 1};
    add_totals(run, &run->workers[index], ret_totals);
}

void run_script_stats(const struct run *run, struct script_stats *ret_stats)
{
    *ret_stats = (struct script_stats){0};
    for (unsigned i = 0; i < run->n_workers && run->stage != RUN_INIT; i++) {
        struct script_stats one = {0};

        if (run->workers[i].remote)
            remote_script_stats(&run->workers[i], &one);
        else if (run->workers[i].vl)
            vu_loop_script_stats(run->workers[i].vl, &one);
        ret_stats->script_ns += one.script_ns;
        ret_stats->gc_ns += one.gc_ns;
        ret_stats->n_gc += one.n_gc;
        if (one.gc_max_ns > ret_stats->gc_max_ns)
            ret_stats->gc_max_ns = one.gc_max_ns;
        if (one.gc_max_cpu > ret_stats->gc_max_cpu)
            ret_stats->gc_max_cpu = one.gc_max_cpu;
    }
}

uint64_t scenario_complete(const struct scenario_run *sr)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < sr->run->n_workers; i++)
        n += atomic_load_explicit(&sr->complete[i].n, memory_order_relaxed);
    return n;
}

static enum run_part_state part_state(const struct run *run, const struct scenario_run *sr)
{
    if (run->stage < RUN_SCENARIOS || !sr->start || loop_now(run->config.loop) < sr->start)
        return RUN_PART_WAITING;
    if (run->stage == RUN_SCENARIOS && atomic_load(&sr->shared.parts_left))
        return RUN_PART_RUNNING;
    return atomic_load(&sr->shared.interrupted) ? RUN_PART_INTERRUPTED : RUN_PART_DONE;
}

size_t run_n_parts(const struct run *run)
{
    return run->n_scenarios;
}

void run_part(const struct run *run, size_t index, struct run_part *ret_part)
{
    const struct scenario_run *sr = &run->scenarios[index];
    uint64_t attempts = atomic_load(&sr->shared.next_ticket);
    uint64_t all = (uint64_t)sr->plan->iterations;
    span_ns elapsed = sr->start ? loop_now(run->config.loop) - sr->start : 0;

    if (elapsed > sr->plan->regular_duration)
        elapsed = sr->plan->regular_duration;
    *ret_part = (struct run_part){
        .scenario = sr->plan,
        .state = part_state(run, sr),
        .vus_active = atomic_load(&sr->shared.active),
        .vus_max = sr->vus_max,
        .complete = scenario_complete(sr),
        .attempted = attempts < all ? attempts : all,
        .dropped = atomic_load_explicit(&sr->shared.dropped, memory_order_relaxed),
        .rate = arrival_rate(sr, loop_now(run->config.loop)),
        .elapsed = elapsed > 0 ? elapsed : 0,
    };
}
