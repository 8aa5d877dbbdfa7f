/*
 * What the generator measures on itself, as metrics like any others: once a tick, on the main loop,
 * what each loop's counters gained since the tick before. Their names begin with generator_; the
 * summary's text leaves them out.
 */
#include <stdio.h>

#include "base/mem.h"
#include "metric/metric.h"
#include "metric/snapshot.h"
#include "run/health.h"
#include "run/run_priv.h"

/* A shorter piece of time says nothing of shares. */
#define LEAST_SPAN (50 * NS_PER_MS)

/* One tick, and whom it is about. */
struct telling {
    struct run *run;
    mono_ns now;
    struct tag *tags; /* the run's, and the loop's behind them */
    size_t n_tags;
};

static void tell(const struct telling *t, uint32_t metric, double value)
{
    snapshot_sample(t->run->snapshot, metric, t->tags, t->n_tags, value, t->now);
}

/* ---- a loop ---- */

/* A turn counts when it ends: in a short piece of time there may be more of it than time. */
static double share_of(span_ns part, double span)
{
    return (double)part < span ? (double)part / span : 1;
}

static void tell_shares(const struct telling *t, const struct health_counters *a,
                        const struct health_counters *b)
{
    double span = (double)(b->at - a->at);

    tell(t, M_GENERATOR_BUSY, share_of(b->loop.busy - a->loop.busy, span));
    tell(t, M_GENERATOR_CPU, share_of(b->cpu - a->cpu, span));
    tell(t, M_GENERATOR_RUN_QUEUE_WAIT, share_of(b->delayed - a->delayed, span));
}

/* A counter of ms; what did not grow is not told. */
static void tell_time(const struct telling *t, uint32_t metric, span_ns from, span_ns to)
{
    if (to > from)
        tell(t, metric, (double)(to - from) / 1e6);
}

/* What the counts of turns by their length gained, each as if in the middle of its bucket. */
static void tell_lengths(const struct telling *t, uint32_t metric, const uint64_t *from,
                         const uint64_t *to)
{
    struct hist_slab *slab = hist_slab_new();
    struct value v;

    value_init(&v, metric_get(t->run->config.registry, metric), slab);
    for (unsigned i = 0; i < LOOP_TURN_BUCKETS; i++) {
        double ns = ((double)loop_turn_of(i) + (double)loop_turn_of(i + 1)) / 2;

        hist_add_n(&v.trend, ns / 1e6, to[i] - from[i]);
    }
    v.touched = v.trend.count > 0;
    if (v.touched)
        snapshot_merge_value(t->run->snapshot, metric, t->tags, t->n_tags, &v, t->now);
    value_fini(&v, METRIC_TREND);
    hist_slab_free(slab);
}

static void tell_late(const struct telling *t, const struct health_counters *a,
                      const struct health_counters *b)
{
    struct value v = {.touched = true,
                      .rate = {.trues = b->n_late - a->n_late, .total = b->n_due - a->n_due}};

    if (v.rate.total) {
        snapshot_merge_value(t->run->snapshot, M_GENERATOR_LATE_STARTS, t->tags, t->n_tags, &v,
                             t->now);
    }
}

static void tell_loop(const struct telling *t, struct health_loop *h)
{
    const struct health_counters *a = h->told.at ? &h->told : &h->from, *b = &h->to;

    if (b->at <= a->at)
        return;
    if (b->at - a->at >= LEAST_SPAN || !h->told.at)
        tell_shares(t, a, b);
    tell_lengths(t, M_GENERATOR_TURN_TIME, a->loop.events_by_turn, b->loop.events_by_turn);
    tell_lengths(t, M_GENERATOR_LOOP_LAG, a->loop.turns_by_lag, b->loop.turns_by_lag);
    tell_lengths(t, M_GENERATOR_UNREAD_TIME, a->loop.reads_by_delay, b->loop.reads_by_delay);
    tell_time(t, M_GENERATOR_SCRIPT_TIME, a->script.script_ns, b->script.script_ns);
    tell_time(t, M_GENERATOR_GC_TIME, a->script.gc_ns, b->script.gc_ns);
    tell_late(t, a, b);
    h->told = *b;
}

/* ---- the machine ---- */

static void tell_machine(const struct telling *t, struct health_machine *m)
{
    uint64_t all = m->all_to - m->all_told;

    if (m->at_to <= m->at_told)
        return;
    m->at_told = m->at_to;
    if (all)
        tell(t, M_GENERATOR_STEAL, (double)(m->steal_to - m->steal_told) / (double)all);
    m->all_told = m->all_to;
    m->steal_told = m->steal_to;
    tell_time(t, M_GENERATOR_THROTTLED, m->throttled_told, m->throttled_to);
    m->throttled_told = m->throttled_to;
    tell(t, M_GENERATOR_DESCRIPTORS, m->descriptors);
    tell(t, M_GENERATOR_SOCKETS, m->sockets);
    tell(t, M_GENERATOR_MEMORY, (double)m->memory);
}

void health_tell(struct run *run, mono_ns now)
{
    const struct plan_map *given = &run->config.plan->options->tags;
    scoped(freep) struct tag *tags = xnew_n(struct tag, given->n + 1);
    struct telling t = {.run = run, .now = now, .tags = tags};
    char number[16];

    for (; t.n_tags < given->n; t.n_tags++) {
        tags[t.n_tags] =
            (struct tag){str_of(given->items[t.n_tags].name), str_of(given->items[t.n_tags].value)};
    }
    tell_machine(&t, &run->machine);
    t.n_tags++;
    for (unsigned i = 0; i < run->n_workers; i++) {
        snprintf(number, sizeof(number), "%u", i);
        tags[t.n_tags - 1] = (struct tag){STR("loop"), str_of(number)};
        tell_loop(&t, &run->workers[i].health);
    }
}
