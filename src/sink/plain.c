/*
 * A walk over the snapshot's metrics. Each type of metric has a function that shows one value of
 * it; the labels of a series are copied only where one has to be left out or put in.
 */
#include "sink/plain.h"

#include "base/mem.h"

struct labels {
    struct tag *tags;
    size_t n, cap;
};

struct plain {
    struct plain_options options;
    struct snapshot *snapshot;
    struct buf name;
    struct labels own;      /* of the series: its tags but for empty ones */
    struct labels extended; /* the same and one more */
};

/* One value on its way: what show functions share. */
struct showing {
    struct plain *plain;
    const struct metric *metric;
    const struct value *total;
    const struct value *delta; /* NULL: the last tick added nothing */
    struct point point;        /* labels and times are filled in */
    point_fn *fn;
    void *arg;
};

struct plain *plain_new(const struct plain_options *options, struct snapshot *snapshot)
{
    struct plain *p = xnew(struct plain);

    p->options = *options;
    p->snapshot = snapshot;
    return p;
}

void plain_free(struct plain *p)
{
    if (!p)
        return;
    buf_fini(&p->name);
    free(p->own.tags);
    free(p->extended.tags);
    free(p);
}

struct str plain_unit(const struct metric *m)
{
    switch (m->contains) {
    case CONTAINS_TIME:
        return STR("milliseconds");
    case CONTAINS_DATA:
        return STR("bytes");
    default:
        return STR("");
    }
}

static struct point_family family_of(const struct showing *s, enum point_kind kind,
                                     const char *suffix)
{
    struct buf *name = &s->plain->name;

    buf_reset(name);
    buf_putstr(name, s->plain->options.prefix);
    buf_puts(name, s->metric->name);
    buf_puts(name, suffix);
    return (struct point_family){
        .name = buf_str(name),
        .kind = kind,
        .unit = plain_unit(s->metric),
        .help = str_of(s->metric->help),
    };
}

static void show_counter(const struct showing *s)
{
    struct point_family family = family_of(s, POINT_COUNTER, "");
    struct point p = s->point;

    p.family = &family;
    p.value = s->total->counter.sum;
    p.delta = s->delta ? s->delta->counter.sum : 0;
    s->fn(s->arg, &p);
}

static void show_gauge(const struct showing *s)
{
    struct point_family family = family_of(s, POINT_GAUGE, "");
    struct point p = s->point;

    p.family = &family;
    p.value = s->total->gauge.last;
    s->fn(s->arg, &p);
}

static void show_trend(const struct showing *s)
{
    struct point_family family = family_of(s, POINT_HISTOGRAM, "");
    struct point p = s->point;

    p.family = &family;
    p.hist = &s->total->trend;
    p.hist_delta = s->delta ? &s->delta->trend : NULL;
    p.factor = 1;
    s->fn(s->arg, &p);
}

/* How many samples of a rate were zero, or were not. */
static double rate_part(const struct value *v, bool nonzero)
{
    if (!v)
        return 0;
    return (double)(nonzero ? v->rate.trues : v->rate.total - v->rate.trues);
}

static void add_label(struct labels *l, struct tag label)
{
    vec_push(l->tags, l->n, l->cap) = label;
}

/* The point's labels and `label`, which replaces one of the same key. */
static void extend_labels(struct labels *l, const struct point *p, struct tag label)
{
    size_t i = 0;

    l->n = 0;
    while (i < p->n_labels && str_cmp(p->labels[i].key, label.key) < 0)
        add_label(l, p->labels[i++]);
    add_label(l, label);
    for (; i < p->n_labels; i++) {
        if (!str_eq(p->labels[i].key, label.key))
            add_label(l, p->labels[i]);
    }
}

static void show_rate_part(const struct showing *s, bool nonzero)
{
    bool labelled = s->plain->options.rates == PLAIN_RATE_LABELS;
    const char *suffix = labelled ? ".total" : nonzero ? ".nonzero" : ".zero";
    struct point_family family = family_of(s, POINT_COUNTER, suffix);
    struct point p = s->point;

    family.unit = STR("");
    p.family = &family;
    p.value = rate_part(s->total, nonzero);
    p.delta = rate_part(s->delta, nonzero);
    if (labelled) {
        struct tag label = {STR("condition"), str_of(nonzero ? "nonzero" : "zero")};

        extend_labels(&s->plain->extended, &s->point, label);
        p.labels = s->plain->extended.tags;
        p.n_labels = s->plain->extended.n;
    }
    s->fn(s->arg, &p);
}

static void show_share(const struct showing *s)
{
    struct point_family family = family_of(s, POINT_GAUGE, "");
    struct point p = s->point;

    family.unit = STR("ratio");
    p.family = &family;
    p.value = (double)s->delta->rate.trues / (double)s->delta->rate.total;
    s->fn(s->arg, &p);
}

/* Zero samples have a point of their own also when there were none, so that shares can be built. */
static void show_rate(const struct showing *s)
{
    show_rate_part(s, false);
    show_rate_part(s, true);
    if (s->plain->options.rates == PLAIN_RATE_NAMES && s->delta && s->delta->rate.total)
        show_share(s);
}

static void show(const struct showing *s)
{
    static void (*const by_type[])(const struct showing *) = {
        [METRIC_COUNTER] = show_counter,
        [METRIC_GAUGE] = show_gauge,
        [METRIC_RATE] = show_rate,
        [METRIC_TREND] = show_trend,
    };

    by_type[s->metric->type](s);
}

static void show_total(struct showing *s, const struct snap_metric *m)
{
    s->total = &m->total;
    s->delta = snap_metric_fresh(s->plain->snapshot, m) ? &m->delta : NULL;
    s->point.fresh = s->delta != NULL;
    show(s);
}

static void show_one_series(struct showing *s, const struct snap_series *series)
{
    struct labels *own = &s->plain->own;

    own->n = 0;
    for (uint32_t i = 0; i < series->tags->n; i++) {
        if (series->tags->tags[i].value.n)
            add_label(own, series->tags->tags[i]);
    }
    s->point.labels = own->tags;
    s->point.n_labels = own->n;
    s->total = &series->total;
    s->delta = snap_series_fresh(s->plain->snapshot, series) ? &series->delta : NULL;
    s->point.fresh = s->delta != NULL;
    show(s);
}

void plain_each(struct plain *p, const struct plain_times *times, point_fn *fn, void *arg)
{
    struct showing s = {
        .plain = p,
        .point = {.start = times->start, .at = times->at},
        .fn = fn,
        .arg = arg,
    };
    size_t n;
    struct snap_metric *const *metrics = snapshot_metrics(p->snapshot, &n);

    for (size_t i = 0; i < n; i++) {
        const struct snap_metric *m = metrics[i];

        if (m->parent || !snap_metric_observed(m))
            continue;
        s.metric = m->def;
        if (p->options.detail == PLAIN_TOTALS)
            show_total(&s, m);
        for (size_t k = 0; p->options.detail == PLAIN_SERIES && k < m->n_series; k++)
            show_one_series(&s, m->series[k]);
    }
}
