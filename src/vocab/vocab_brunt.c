/*
 * Our own names, as Prometheus wants them: base units, which the names tell, counters that end in
 * _total, distributions as histograms. A rate gives two counters, of hits and of samples, so that
 * its value over any span of time can be asked for; a ratio of the whole run is not given.
 *
 * A family is named when its metric first has a series. Two metrics of a script that come to the
 * same name (a counter "a" and a counter "a_total") are told apart by a number.
 */
#include "base/mem.h"
#include "base/table.h"
#include "vocab/vocab_priv.h"
#include "vocab/zero_counters.h"

enum {
    HITS = VOCAB_HITS,
    SAMPLES = VOCAB_SAMPLES,
    N_PARTS,
};

enum fact {
#define BRUNT_FACT(id, kind, name, unit, labels, source, help) FACT_##id,
#include "vocab/brunt.def"
#undef BRUNT_FACT
    N_FACTS,
};

static const struct vocab_row fact_rows[N_FACTS] = {
#define BRUNT_FACT(id, kind, name, unit, labels, source, help) \
    {name, POINT_##kind, unit, labels, source, help},
#include "vocab/brunt.def"
#undef BRUNT_FACT
};

struct brunt_metric {
    struct point_family parts[N_PARTS]; /* only the first but for rates */
};

struct brunt {
    struct vocab_feed *feed;
    struct rollup *rollup;         /* family: id of the metric */
    struct brunt_metric **metrics; /* by id */
    size_t n_metrics, cap_metrics;
    struct table names; /* taken; of struct brunt_metric */
    const struct point_family *facts;
};

static bool project(UNUSED void *arg, const struct snap_series *series, struct label_set *labels,
                    uint32_t *ret_family, uint32_t *ret_cell)
{
    label_put_all(labels, series->tags);
    *ret_family = series->metric->def->id;
    *ret_cell = 0;
    return true;
}

static void *brunt_open(struct vocab_feed *feed)
{
    struct brunt *b = xnew(struct brunt);

    b->feed = feed;
    b->rollup = rollup_new(&(struct rollup_config){.snapshot = feed->snapshot, .project = project});
    b->facts = vocab_families(feed, fact_rows, N_FACTS, "brunt_");
    for (size_t i = 0; i < N_FACTS; i++)
        table_set(&b->names, b->facts[i].name, b);
    zero_counters_make(feed->snapshot);
    return b;
}

static void brunt_close(void *self)
{
    struct brunt *b = self;

    if (!b)
        return;
    rollup_free(b->rollup);
    table_fini(&b->names);
    free(b->metrics);
    free(b);
}

static void brunt_tick(void *self)
{
    struct brunt *b = self;

    rollup_tick(b->rollup);
}

/* ---- names ---- */

static const char *unit_of(const struct metric *m)
{
    return m->contains == CONTAINS_TIME ? "seconds" : m->contains == CONTAINS_DATA ? "bytes" : "";
}

static enum point_kind kind_of(const struct metric *m)
{
    static const enum point_kind kinds[] = {
        [METRIC_COUNTER] = POINT_COUNTER,
        [METRIC_GAUGE] = POINT_GAUGE,
        [METRIC_RATE] = POINT_COUNTER,
        [METRIC_TREND] = POINT_HISTOGRAM,
    };

    return kinds[m->type];
}

static const char *stem_of(const struct metric *m, unsigned part, struct arena *words)
{
    static const char *const known[METRIC_N_BUILTIN][N_PARTS] = {
#define BRUNT_RATE(id, hits, samples) [M_##id] = {[HITS] = (hits), [SAMPLES] = (samples)},
#include "vocab/brunt.def"
#undef BRUNT_RATE
    };

    if (m->type != METRIC_RATE)
        return m->name;
    if (m->id < METRIC_N_BUILTIN && known[m->id][part])
        return known[m->id][part];
    return arena_printf(words, "%s_%s", m->name, part == HITS ? "hits" : "samples");
}

/* The stem without the ending, if it has it. */
static struct str without(struct str stem, struct str ending)
{
    if (str_ends(stem, ending) && stem.n > ending.n)
        stem.n -= ending.n;
    return stem;
}

/* What is no counter must not end like one, nor like a part of a histogram. */
static bool ends_badly(struct str name)
{
    return str_ends(name, STR("_total")) || str_ends(name, STR("_count")) ||
           str_ends(name, STR("_sum")) || str_ends(name, STR("_bucket"));
}

/* brunt_<stem>[_seconds|_bytes][_total]; whatever of it the stem has already is not repeated. */
static struct str build_name(const struct metric *m, unsigned part, struct arena *words)
{
    bool is_counter = kind_of(m) == POINT_COUNTER;
    struct str stem = str_of(stem_of(m, part, words));
    const char *unit = m->type == METRIC_RATE ? "" : unit_of(m);
    const char *dash = unit[0] ? "_" : "";

    if (is_counter)
        stem = without(stem, STR("_total"));
    if (unit[0])
        stem = without(stem, str_of(arena_printf(words, "_%s", unit)));
    struct str name = str_of(arena_printf(words, "brunt_%.*s%s%s%s", STR_ARG(stem), dash, unit,
                                          is_counter ? "_total" : ""));

    if (!is_counter && ends_badly(name))
        name = str_of(arena_printf(words, "%.*s_value", STR_ARG(name)));
    return name;
}

/* The same with a number when another metric has it. */
static struct str take_name(struct brunt *b, const struct metric *m, unsigned part)
{
    struct arena *words = &b->feed->arena;
    struct str base = build_name(m, part, words);
    struct str name = base;

    for (unsigned i = 2; table_get(&b->names, name); i++) {
        struct str stem = kind_of(m) == POINT_COUNTER ? without(base, STR("_total")) : base;

        name = str_of(arena_printf(words, "%.*s_%u%s", STR_ARG(stem), i,
                                   kind_of(m) == POINT_COUNTER ? "_total" : ""));
    }
    table_set(&b->names, name, b);
    return name;
}

static const char *help_of(const struct metric *m, unsigned part, struct arena *words)
{
    const char *what =
        m->help[0] ? m->help : arena_printf(words, "metric %s of the script", m->name);

    if (m->type != METRIC_RATE)
        return what;
    return arena_printf(words, part == HITS ? "%s: samples that are true" : "%s: all samples",
                        what);
}

static const struct brunt_metric *named(struct brunt *b, const struct metric *m)
{
    while (b->n_metrics <= m->id)
        vec_push(b->metrics, b->n_metrics, b->cap_metrics) = NULL;
    if (b->metrics[m->id])
        return b->metrics[m->id];

    struct arena *words = &b->feed->arena;
    struct brunt_metric *bm = arena_new(words, struct brunt_metric);

    for (unsigned part = 0; part < (m->type == METRIC_RATE ? N_PARTS : 1); part++) {
        bm->parts[part] = (struct point_family){
            .name = take_name(b, m, part),
            .kind = kind_of(m),
            .unit = str_of(m->type == METRIC_RATE ? "" : unit_of(m)),
            .help = str_of(help_of(m, part, words)),
        };
    }
    b->metrics[m->id] = bm;
    return bm;
}

/* ---- points ---- */

static double factor_of(const struct metric *m)
{
    return m->contains == CONTAINS_TIME ? HIST_MILLIS : 1;
}

static void show_rate(struct brunt *b, const struct point_family *f, unsigned part,
                      const struct rollup_group *g)
{
    const struct value *total = rollup_total(g, 0);
    const struct value *delta = rollup_delta(b->rollup, g, 0);
    uint64_t d = !delta ? 0 : part == HITS ? delta->rate.trues : delta->rate.total;

    vocab_counter(b->feed, f, vocab_group_labels(g),
                  (double)(part == HITS ? total->rate.trues : total->rate.total), (double)d,
                  delta != NULL);
}

static void show_group(struct brunt *b, const struct metric *m, const struct brunt_metric *bm,
                       unsigned part, const struct rollup_group *g)
{
    const struct point_family *f = &bm->parts[part];
    const struct value *total = rollup_total(g, 0);
    const struct value *delta = rollup_delta(b->rollup, g, 0);
    struct vocab_labels labels = vocab_group_labels(g);
    double factor = factor_of(m);

    switch (m->type) {
    case METRIC_COUNTER:
        vocab_counter(b->feed, f, labels, total->counter.sum * factor,
                      delta ? delta->counter.sum * factor : 0, delta != NULL);
        break;
    case METRIC_GAUGE:
        vocab_gauge(b->feed, f, labels, total->gauge.last * factor, delta != NULL);
        break;
    case METRIC_RATE:
        show_rate(b, f, part, g);
        break;
    case METRIC_TREND:
        vocab_hist(b->feed, f, labels, &total->trend, delta ? &delta->trend : NULL, factor);
        break;
    }
}

static void show_metric(struct brunt *b, const struct metric *m)
{
    size_t n;
    struct rollup_group *const *groups = rollup_family(b->rollup, m->id, &n);

    if (n == 0 && !is_zero_counter(m->id))
        return;
    const struct brunt_metric *bm = named(b, m);

    if (n == 0)
        vocab_counter(b->feed, &bm->parts[0], (struct vocab_labels){0}, 0, 0, false);
    for (unsigned part = 0; part < (m->type == METRIC_RATE ? N_PARTS : 1); part++) {
        for (size_t i = 0; i < n; i++)
            show_group(b, m, bm, part, groups[i]);
    }
}

static void show_info(struct brunt *b)
{
    const struct vocab_run *run = b->feed->options.run;
    struct label_set labels = {0};

    if (run) {
        label_put(&labels, "run_id", run->run_id);
        label_put(&labels, "run_name", run->run_name);
        label_put(&labels, "run_status", run->run_status);
        label_put(&labels, "script", run->timeline_name);
    }
    label_sort(&labels);
    vocab_gauge(b->feed, &b->facts[FACT_INFO], (struct vocab_labels){labels.items, labels.n}, 1,
                true);
    label_set_fini(&labels);
}

static void show_phase(struct brunt *b)
{
    static const struct {
        enum vocab_phase phase;
        struct str name;
    } phases[] = {
        /* By name, as labels are ordered. */
        {VOCAB_PHASE_DONE, STR("done")},       {VOCAB_PHASE_RAMP_DOWN, STR("ramp_down")},
        {VOCAB_PHASE_RAMP_UP, STR("ramp_up")}, {VOCAB_PHASE_STEADY, STR("steady")},
        {VOCAB_PHASE_WAITING, STR("waiting")},
    };

    for (size_t i = 0; i < countof(phases); i++) {
        const struct tag label = {STR("phase"), phases[i].name};

        vocab_gauge(b->feed, &b->facts[FACT_PHASE], (struct vocab_labels){&label, 1},
                    phases[i].phase == b->feed->facts.phase, true);
    }
}

static void show_fact(struct brunt *b, enum fact fact, double value)
{
    vocab_gauge(b->feed, &b->facts[fact], (struct vocab_labels){0}, value, true);
}

static void show_facts(struct brunt *b)
{
    const struct vocab_facts *facts = &b->feed->facts;

    show_info(b);
    if (facts->started)
        show_fact(b, FACT_START, (double)facts->started / VOCAB_NS_PER_S);
    show_fact(b, FACT_ELAPSED, vocab_seconds(b->feed));
    show_phase(b);
    if (facts->target_rate >= 0)
        show_fact(b, FACT_TARGET, facts->target_rate);
    show_fact(b, FACT_IN_FLIGHT, (double)facts->in_flight);
    show_fact(b, FACT_LOOPS, facts->n_loops);
}

static void brunt_each(void *self)
{
    struct brunt *b = self;
    size_t n;
    struct snap_metric *const *metrics = snapshot_metrics(b->feed->snapshot, &n);

    show_facts(b);
    for (size_t i = 0; i < n; i++) {
        if (!metrics[i]->parent)
            show_metric(b, metrics[i]->def);
    }
}

/* ---- the table ---- */

static void show_builtin(const struct metric *m, vocab_entry_fn *fn, void *arg)
{
    struct arena words = {0};

    for (unsigned part = 0; part < (m->type == METRIC_RATE ? N_PARTS : 1); part++) {
        fn(arg, &(struct vocab_entry){
                    .name = build_name(m, part, &words).p,
                    .type = vocab_kind_name(kind_of(m)),
                    .unit = m->type == METRIC_RATE ? "" : unit_of(m),
                    .labels = "all tags",
                    .help = help_of(m, part, &words),
                    .source = m->name,
                });
    }
    arena_fini(&words);
}

void vocab_brunt_name(const struct metric *metric, enum vocab_counter_of part, struct buf *out)
{
    struct arena words = {0};

    buf_putstr(out, build_name(metric, part, &words));
    arena_fini(&words);
}

static void brunt_entries(vocab_entry_fn *fn, void *arg)
{
    static const struct vocab_row patterns[] = {
#define BRUNT_PATTERN(kind, name, unit, source, help) \
    {name, POINT_##kind, unit, "all tags", source, help},
#include "vocab/brunt.def"
#undef BRUNT_PATTERN
    };
    struct metric_registry *registry = metric_registry_new();

    vocab_rows_show(fact_rows, N_FACTS, "brunt_", fn, arg);
    for (uint32_t id = 0; id < METRIC_N_BUILTIN; id++)
        show_builtin(metric_get(registry, id), fn, arg);
    vocab_rows_show(patterns, countof(patterns), "brunt_", fn, arg);
    metric_registry_free(registry);
}

const struct vocab_ops vocab_brunt_ops = {
    .open = brunt_open,
    .tick = brunt_tick,
    .each = brunt_each,
    .close = brunt_close,
    .entries = brunt_entries,
};
