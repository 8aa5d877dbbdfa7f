/*
 * k6's remote-write names. Series are our series with all their tags; the families of a metric are
 * named when its first series comes. Numbers of rates and trends are of the whole run, as k6 has
 * them; times of trends are in seconds under names without a unit.
 */
#include <assert.h>

#include "base/mem.h"
#include "vocab/k6_stats.h"
#include "vocab/vocab_priv.h"
#include "vocab/zero_counters.h"

/* What one metric is shown as: one family, or one a stat. */
struct k6_metric {
    struct point_family *families; /* NULL: not named yet */
};

struct k6 {
    struct vocab_feed *feed;
    struct rollup *rollup; /* family: id of the metric */
    struct k6_stats stats;
    struct k6_metric *metrics; /* by id */
    size_t n_metrics, cap_metrics;
};

static bool is_of_k6(uint32_t id)
{
    static const uint8_t theirs[METRIC_N_BUILTIN] = {
#define K6_METRIC(id) [M_##id] = 1,
#include "vocab/k6.def"
#undef K6_METRIC
    };

    return id >= METRIC_N_BUILTIN || theirs[id];
}

static bool project(void *arg, const struct snap_series *series, struct label_set *labels,
                    uint32_t *ret_family, uint32_t *ret_cell)
{
    const struct k6 *k = arg;

    if (k->feed->options.exact && !is_of_k6(series->metric->def->id))
        return false;
    label_put_all(labels, series->tags);
    *ret_family = series->metric->def->id;
    *ret_cell = 0;
    return true;
}

static void *k6_open(struct vocab_feed *feed)
{
    struct k6 *k = xnew(struct k6);
    /* The feed has tried these words before. */
    int r = k6_stats_parse(feed->options.trend_stats, &k->stats);

    assert(r == 0);
    k->feed = feed;
    zero_counters_make(feed->snapshot);
    k->rollup = rollup_new(&(struct rollup_config){
        .snapshot = feed->snapshot,
        .project = project,
        .arg = k,
    });
    return k;
}

static void k6_close(void *self)
{
    struct k6 *k = self;

    if (!k)
        return;
    rollup_free(k->rollup);
    k6_stats_fini(&k->stats);
    free(k->metrics);
    free(k);
}

static void k6_tick(void *self)
{
    struct k6 *k = self;

    rollup_tick(k->rollup);
}

/* ---- names ---- */

static struct point_family family(struct k6 *k, const struct metric *m, enum point_kind kind,
                                  const char *suffix, const char *unit)
{
    struct arena *arena = &k->feed->arena;
    struct str prefix = k->feed->options.prefix.n ? k->feed->options.prefix : STR("k6_");

    return (struct point_family){
        .name = str_of(arena_printf(arena, "%.*s%s%s", STR_ARG(prefix), m->name, suffix)),
        .kind = kind,
        .unit = str_of(unit),
        .help =
            str_of(m->help[0] ? m->help : arena_printf(arena, "metric %s of the script", m->name)),
    };
}

static const char *base_unit(const struct metric *m)
{
    return m->contains == CONTAINS_TIME ? "seconds" : m->contains == CONTAINS_DATA ? "bytes" : "";
}

static void name_trend(struct k6 *k, const struct metric *m, struct point_family *families)
{
    if (k->feed->options.native_histograms) {
        const char *unit = base_unit(m);

        families[0] = family(k, m, POINT_HISTOGRAM,
                             arena_printf(&k->feed->arena, "%s%s", unit[0] ? "_" : "", unit), unit);
        return;
    }
    for (size_t i = 0; i < k->stats.n; i++) {
        const struct k6_stat *s = &k->stats.items[i];
        bool is_count = !s->is_sum && s->stat.kind == STAT_COUNT;

        families[i] = family(k, m, POINT_GAUGE, arena_printf(&k->feed->arena, "_%s", s->suffix),
                             is_count ? "" : base_unit(m));
    }
}

static const struct point_family *families_of(struct k6 *k, const struct metric *m)
{
    while (k->n_metrics <= m->id)
        (void)vec_push(k->metrics, k->n_metrics, k->cap_metrics);

    struct point_family **families = &k->metrics[m->id].families;

    if (*families)
        return *families;
    *families = arena_new_n(&k->feed->arena, struct point_family, k->stats.n);
    switch (m->type) {
    case METRIC_COUNTER:
        **families = family(k, m, POINT_COUNTER, "_total",
                            m->contains == CONTAINS_TIME ? "milliseconds" : base_unit(m));
        break;
    case METRIC_GAUGE:
        **families = family(k, m, POINT_GAUGE, "",
                            m->contains == CONTAINS_TIME ? "milliseconds" : base_unit(m));
        break;
    case METRIC_RATE:
        **families = family(k, m, POINT_GAUGE, "_rate", "ratio");
        break;
    case METRIC_TREND:
        name_trend(k, m, *families);
        break;
    }
    return *families;
}

/* ---- points ---- */

static void show_trend(struct k6 *k, const struct point_family *f, const struct metric *m,
                       struct rollup_group *const *groups, size_t n)
{
    double factor = m->contains == CONTAINS_TIME ? HIST_MILLIS : 1;
    bool native = k->feed->options.native_histograms;

    for (size_t s = 0; s < (native ? 1 : k->stats.n); s++) {
        const struct k6_stat *stat = &k->stats.items[s];
        bool is_count = !stat->is_sum && stat->stat.kind == STAT_COUNT;

        for (size_t i = 0; i < n; i++) {
            const struct hist *h = &rollup_total(groups[i], 0)->trend;
            const struct value *delta = rollup_delta(k->rollup, groups[i], 0);
            struct vocab_labels labels = vocab_group_labels(groups[i]);

            if (native) {
                vocab_hist(k->feed, f, labels, h, delta ? &delta->trend : NULL, factor);
            } else {
                vocab_gauge(k->feed, f + s, labels, k6_stat_of(stat, h) * (is_count ? 1 : factor),
                            delta != NULL);
            }
        }
    }
}

static void show_number(struct k6 *k, const struct point_family *f, const struct metric *m,
                        const struct rollup_group *g)
{
    const struct value *total = rollup_total(g, 0);
    const struct value *delta = rollup_delta(k->rollup, g, 0);
    struct vocab_labels labels = vocab_group_labels(g);

    if (m->type == METRIC_COUNTER) {
        vocab_counter(k->feed, f, labels, total->counter.sum, delta ? delta->counter.sum : 0,
                      delta != NULL);
    } else if (m->type == METRIC_GAUGE) {
        vocab_gauge(k->feed, f, labels, total->gauge.last, delta != NULL);
    } else {
        vocab_gauge(k->feed, f, labels,
                    vocab_ratio((double)total->rate.trues, (double)total->rate.total),
                    delta != NULL);
    }
}

static void show_metric(struct k6 *k, const struct metric *m)
{
    size_t n;
    struct rollup_group *const *groups = rollup_family(k->rollup, m->id, &n);
    const struct point_family *f;

    if (n == 0 && !is_zero_counter(m->id))
        return;
    f = families_of(k, m);
    if (n == 0) {
        vocab_counter(k->feed, f, (struct vocab_labels){0}, 0, 0, false);
    } else if (m->type == METRIC_TREND) {
        show_trend(k, f, m, groups, n);
    }
    for (size_t i = 0; i < n && m->type != METRIC_TREND; i++)
        show_number(k, f, m, groups[i]);
}

static void k6_each(void *self)
{
    struct k6 *k = self;
    size_t n;
    struct snap_metric *const *metrics = snapshot_metrics(k->feed->snapshot, &n);

    for (size_t i = 0; i < n; i++) {
        if (!metrics[i]->parent)
            show_metric(k, metrics[i]->def);
    }
}

static void k6_entries(vocab_entry_fn *fn, void *arg)
{
    static const struct vocab_row rows[] = {
#define K6_PATTERN(kind, name, unit, source, help) \
    {name, POINT_##kind, unit, "all tags", source, help},
#include "vocab/k6.def"
#undef K6_PATTERN
    };

    vocab_rows_show(rows, countof(rows), "k6_", fn, arg);
}

const struct vocab_ops vocab_k6_ops = {
    .open = k6_open,
    .tick = k6_tick,
    .each = k6_each,
    .close = k6_close,
    .entries = k6_entries,
};
