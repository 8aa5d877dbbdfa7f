/*
 * The merged state.
 *
 * An interval's series are translated once: a loop's series index leads to the snapshot's series
 * through an array per source, filled when the index is first seen. From then on a tick costs one
 * addition of values a touched series and loop, and at its end one to the series' total, one to the
 * metric and one to each sub-metric that the series belongs to.
 *
 * Deltas of trends give their blocks back when the next tick begins, so that only what is moving
 * holds memory for them.
 */
#include "metric/snapshot.h"

#include <assert.h>
#include <errno.h>

#include "base/mem.h"
#include "base/table.h"
#include "metric/series_map.h"

/* What the indexes of one recorder mean here. */
struct source {
    struct snap_series **series; /* by index; NULL: not seen yet */
    size_t n;
};

enum warning {
    WARNING_NONE,
    WARNING_DUE,
    WARNING_GIVEN,
};

struct snapshot {
    struct snapshot_config config;
    struct tag_pool *pool;
    struct hist_slab *slab;
    struct series_map map; /* (metric, tag set) to series */
    struct snap_series **series;
    size_t n_series, cap_series;
    size_t n_overflow; /* of them, those that the limit does not count */
    struct snap_series **touched;
    size_t n_touched, cap_touched;
    struct snap_metric **metrics; /* sub-metrics too */
    size_t n_metrics, cap_metrics;
    struct snap_metric **by_id; /* of the registry; NULL: none yet */
    size_t n_by_id;
    struct table by_name; /* struct snap_metric */
    struct source *sources;
    size_t n_sources;
    uint64_t tick; /* the current one, from 1; 0 before the first */
    uint64_t n_ended;
    mono_ns time;
    enum warning warning;
    struct buf warning_text;
    snapshot_tap_fn *tap; /* NULL: nobody */
    void *tap_arg;
};

struct snapshot *snapshot_new(const struct snapshot_config *config)
{
    struct snapshot *s = xnew(struct snapshot);

    s->config = *config;
    if (s->config.max_series == 0)
        s->config.max_series = SERIES_MAX_DEFAULT;
    s->pool = tag_pool_new();
    tag_pool_limit(s->pool, UINT32_MAX); /* max_series bounds it */
    s->slab = hist_slab_new();
    return s;
}

static void free_series(struct snap_series *series)
{
    value_fini(&series->total, series->metric->def->type);
    value_fini(&series->delta, series->metric->def->type);
    free(series->subs);
    free(series);
}

static void free_metric(struct snap_metric *m)
{
    value_fini(&m->total, m->def->type);
    value_fini(&m->delta, m->def->type);
    free(m->series);
    free(m->subs);
    freep(&m->name);
    free(m);
}

void snapshot_free(struct snapshot *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_series; i++)
        free_series(s->series[i]);
    for (size_t i = 0; i < s->n_metrics; i++)
        free_metric(s->metrics[i]);
    for (size_t i = 0; i < s->n_sources; i++)
        free(s->sources[i].series);
    free(s->sources);
    free(s->series);
    free(s->touched);
    free(s->metrics);
    free(s->by_id);
    table_fini(&s->by_name);
    series_map_fini(&s->map);
    buf_fini(&s->warning_text);
    hist_slab_free(s->slab);
    tag_pool_free(s->pool);
    free(s);
}

struct tag_pool *snapshot_pool(struct snapshot *s)
{
    return s->pool;
}

/* Metrics and sub-metrics. */

static struct snap_metric *new_metric(struct snapshot *s, const struct metric *def, struct str name)
{
    struct snap_metric *m = xnew(struct snap_metric);

    m->id = (uint32_t)s->n_metrics;
    m->name = xstrndup(name.p, name.n);
    m->def = def;
    value_init(&m->total, def, s->slab);
    value_init(&m->delta, def, s->slab);
    vec_push(s->metrics, s->n_metrics, s->cap_metrics) = m;
    if (!table_get(&s->by_name, name))
        table_set(&s->by_name, name, m);
    return m;
}

static void by_id_reach(struct snapshot *s, uint32_t metric)
{
    if (metric < s->n_by_id)
        return;
    size_t n = metric_count(s->config.registry);

    s->by_id = xrealloc(s->by_id, n * sizeof(struct snap_metric *));
    memset(s->by_id + s->n_by_id, 0, (n - s->n_by_id) * sizeof(struct snap_metric *));
    s->n_by_id = n;
}

struct snap_metric *snapshot_metric(struct snapshot *s, uint32_t metric)
{
    const struct metric *def = metric_get(s->config.registry, metric);

    by_id_reach(s, metric);
    if (!s->by_id[metric])
        s->by_id[metric] = new_metric(s, def, str_of(def->name));
    return s->by_id[metric];
}

static void note_first(mono_ns *first_at, mono_ns at)
{
    if (at && (*first_at == 0 || at < *first_at))
        *first_at = at;
}

static void join_sub(struct snap_metric *sub, struct snap_series *series)
{
    vec_push(sub->series, sub->n_series, sub->cap_series) = series;
    vec_push(series->subs, series->n_subs, series->cap_subs) = sub;
}

static struct snap_metric *new_sub(struct snapshot *s, struct snap_metric *parent,
                                   const struct tagset *match, struct str text)
{
    struct snap_metric *sub = new_metric(s, parent->def, text);

    sub->parent = parent;
    sub->match = match;
    vec_push(parent->subs, parent->n_subs, parent->cap_subs) = sub;
    for (size_t i = 0; i < parent->n_series; i++) {
        struct snap_series *series = parent->series[i];

        if (!tagset_contains(series->tags, match))
            continue;
        join_sub(sub, series);
        value_merge(&sub->total, &series->total, sub->def->type);
        note_first(&sub->first_at, series->first_at);
    }
    return sub;
}

int snapshot_submetric(struct snapshot *s, const struct submetric_name *name, struct str text,
                       struct snap_metric **ret_metric)
{
    const struct metric *def = metric_find(s->config.registry, name->metric);

    if (!def)
        return fault(-ENOENT, "no metric name \"%.*s\" found", STR_ARG(text));

    struct snap_metric *m = snapshot_metric(s, def->id);

    if (name->has_tags) {
        const struct tagset *match =
            tagset_merge(s->pool, tagset_empty(s->pool), name->tags, name->n_tags);
        size_t i = 0;

        while (i < m->n_subs && m->subs[i]->match != match)
            i++;
        m = i < m->n_subs ? m->subs[i] : new_sub(s, m, match, text);
    }
    *ret_metric = m;
    return 0;
}

/* Series. */

static struct snap_series *new_series(struct snapshot *s, uint32_t metric,
                                      const struct tagset *tags)
{
    struct snap_metric *m = snapshot_metric(s, metric);
    struct snap_series *series = xnew(struct snap_series);

    series->id = (uint32_t)s->n_series;
    series->metric = m;
    series->tags = tags;
    value_init(&series->total, m->def, s->slab);
    value_init(&series->delta, m->def, s->slab);
    vec_push(s->series, s->n_series, s->cap_series) = series;
    vec_push(m->series, m->n_series, m->cap_series) = series;
    for (size_t i = 0; i < m->n_subs; i++) {
        if (tagset_contains(tags, m->subs[i]->match))
            join_sub(m->subs[i], series);
    }
    series_map_put(&s->map, series_key(metric, tags->id), series);
    return series;
}

static void note_overflow(struct snapshot *s)
{
    if (s->warning == WARNING_NONE)
        s->warning = WARNING_DUE;
}

/* The series of a metric and a set of the snapshot's pool; the overflow series past the limit. */
static struct snap_series *series_of(struct snapshot *s, uint32_t metric, const struct tagset *tags)
{
    const struct tagset *overflow = tagset_overflow(s->pool);
    struct snap_series *series = series_map_get(&s->map, series_key(metric, tags->id));

    if (tags == overflow)
        note_overflow(s);
    if (series)
        return series;
    if (tags == overflow) {
        s->n_overflow++;
        return new_series(s, metric, tags);
    }
    if (s->n_series - s->n_overflow >= s->config.max_series)
        return series_of(s, metric, overflow);
    return new_series(s, metric, tags);
}

static struct snap_series *series_by_content(struct snapshot *s, uint32_t metric,
                                             const struct tag *tags, size_t n_tags)
{
    return series_of(s, metric, tagset_merge(s->pool, tagset_empty(s->pool), tags, n_tags));
}

static struct source *source_of(struct snapshot *s, uint32_t number)
{
    if (number >= s->n_sources) {
        size_t n = (size_t)number + 1;

        s->sources = xrealloc(s->sources, n * sizeof(struct source));
        memset(s->sources + s->n_sources, 0, (n - s->n_sources) * sizeof(struct source));
        s->n_sources = n;
    }
    return &s->sources[number];
}

static struct snap_series **place_of(struct source *source, uint32_t index)
{
    if (index >= source->n) {
        size_t n = source->n ? source->n : 64;

        while (n <= index)
            n *= 2;
        source->series = xrealloc(source->series, n * sizeof(struct snap_series *));
        memset(source->series + source->n, 0, (n - source->n) * sizeof(struct snap_series *));
        source->n = n;
    }
    return &source->series[index];
}

/* Ticks. */

void snapshot_tick_begin(struct snapshot *s)
{
    for (size_t i = 0; i < s->n_touched; i++)
        value_clear(&s->touched[i]->delta, s->touched[i]->metric->def->type);
    s->n_touched = 0;
    for (size_t i = 0; i < s->n_metrics; i++) {
        if (snap_metric_fresh(s, s->metrics[i]))
            value_clear(&s->metrics[i]->delta, s->metrics[i]->def->type);
    }
    s->tick++;
}

struct value *snapshot_delta(struct snapshot *s, struct snap_series *series, mono_ns first_at)
{
    if (series->tick != s->tick) {
        series->tick = s->tick;
        vec_push(s->touched, s->n_touched, s->cap_touched) = series;
    }
    note_first(&series->first_at, first_at);
    return &series->delta;
}

static void add_to_series(struct snapshot *s, struct snap_series *series, const struct value *v,
                          mono_ns first_at)
{
    value_merge(snapshot_delta(s, series, first_at), v, series->metric->def->type);
}

void snapshot_merge(struct snapshot *s, struct interval *iv)
{
    struct source *source = source_of(s, iv->source);

    interval_fold(iv);
    for (size_t i = 0; i < iv->n; i++) {
        struct series *from = iv->series[i];
        struct value *v = &from->side[iv->side].value;
        struct snap_series **place = place_of(source, from->index);

        if (!*place)
            *place = series_by_content(s, from->metric, from->tags->tags, from->tags->n);
        add_to_series(s, *place, v, from->first_at);
        value_reset(v, from->type);
    }
    interval_done(iv);
}

struct snap_series *snapshot_series_of(struct snapshot *s, uint32_t metric, const struct tag *tags,
                                       size_t n_tags)
{
    return series_by_content(s, metric, tags, n_tags);
}

void snapshot_merge_value(struct snapshot *s, uint32_t metric, const struct tag *tags,
                          size_t n_tags, const struct value *v, mono_ns first_at)
{
    add_to_series(s, series_by_content(s, metric, tags, n_tags), v, first_at);
}

void snapshot_sample(struct snapshot *s, uint32_t metric, const struct tag *tags, size_t n_tags,
                     double value, mono_ns now)
{
    const struct metric *def = metric_get(s->config.registry, metric);
    enum metric_type type = def->type;
    struct value v;

    value_init(&v, def, s->slab);
    v.touched = true;
    switch (type) {
    case METRIC_COUNTER:
        value_count(&v, value);
        break;
    case METRIC_GAUGE:
        value_gauge(&v, value, now);
        break;
    case METRIC_RATE:
        value_rate(&v, value != 0);
        break;
    case METRIC_TREND:
        value_trend(&v, value);
        break;
    }
    struct snap_series *series = series_by_content(s, metric, tags, n_tags);

    add_to_series(s, series, &v, now);
    value_fini(&v, type);
    if (s->tap)
        s->tap(s->tap_arg, metric, series->tags, value, now);
}

void snapshot_set_tap(struct snapshot *s, snapshot_tap_fn *tap, void *arg)
{
    s->tap = tap;
    s->tap_arg = arg;
}

static void add_to_metric(struct snapshot *s, struct snap_metric *m,
                          const struct snap_series *series)
{
    m->tick = s->tick;
    note_first(&m->first_at, series->first_at);
    value_merge(&m->delta, &series->delta, m->def->type);
}

void snapshot_tick_end(struct snapshot *s, mono_ns now)
{
    for (size_t i = 0; i < s->n_touched; i++) {
        struct snap_series *series = s->touched[i];

        value_merge(&series->total, &series->delta, series->metric->def->type);
        add_to_metric(s, series->metric, series);
        for (size_t k = 0; k < series->n_subs; k++)
            add_to_metric(s, series->subs[k], series);
    }
    for (size_t i = 0; i < s->n_metrics; i++) {
        struct snap_metric *m = s->metrics[i];

        if (snap_metric_fresh(s, m))
            value_merge(&m->total, &m->delta, m->def->type);
    }
    s->n_ended++;
    s->time = now;
}

/* Reading. */

uint64_t snapshot_ticks(const struct snapshot *s)
{
    return s->n_ended;
}

mono_ns snapshot_time(const struct snapshot *s)
{
    return s->time;
}

struct snap_metric *const *snapshot_metrics(const struct snapshot *s, size_t *ret_n)
{
    *ret_n = s->n_metrics;
    return s->metrics;
}

struct snap_series *const *snapshot_series(const struct snapshot *s, size_t *ret_n)
{
    *ret_n = s->n_series;
    return s->series;
}

struct snap_series *const *snapshot_touched(const struct snapshot *s, size_t *ret_n)
{
    *ret_n = s->n_touched;
    return s->touched;
}

struct snap_metric *snapshot_find(const struct snapshot *s, struct str name)
{
    return table_get(&s->by_name, name);
}

bool snap_series_fresh(const struct snapshot *s, const struct snap_series *series)
{
    return s->tick && series->tick == s->tick;
}

bool snap_metric_fresh(const struct snapshot *s, const struct snap_metric *metric)
{
    return s->tick && metric->tick == s->tick;
}

/* The warning about too many series. */

static void count_value(struct table *keys, const struct tag *tag)
{
    struct table *values = table_get(keys, tag->key);

    if (!values) {
        values = xnew(struct table);
        table_set(keys, tag->key, values);
    }
    table_set(values, tag->value, values); /* any pointer but NULL */
}

static void free_values(struct table *keys)
{
    struct table_entry *e;

    table_each(e, keys) {
        table_fini(e->value);
        free(e->value);
    }
    table_fini(keys);
}

/* The entry, a table of values, that has the most; NULL when there is none. */
static const struct table_entry *busiest(const struct table *keys)
{
    const struct table_entry *best = NULL;
    struct table_entry *e;

    table_each(e, keys) {
        const struct table *values = e->value;

        if (!best || values->n_live > ((const struct table *)best->value)->n_live)
            best = e;
    }
    return best;
}

/* Says which tag has the most distinct values. */
static void blame(const struct snapshot *s, struct buf *out)
{
    scoped(free_values) struct table keys = {0};

    for (size_t i = 0; i < s->n_series; i++) {
        for (size_t k = 0; k < s->series[i]->tags->n; k++)
            count_value(&keys, &s->series[i]->tags->tags[k]);
    }

    const struct table_entry *e = busiest(&keys);

    if (e) {
        buf_printf(out, ". The tag with the most values is '%.*s' (%zu)", STR_ARG(e->key),
                   ((const struct table *)e->value)->n_live);
    }
}

const char *snapshot_warning(struct snapshot *s)
{
    if (s->warning != WARNING_DUE)
        return NULL;

    s->warning = WARNING_GIVEN;
    buf_reset(&s->warning_text);
    buf_printf(&s->warning_text,
               "the limit of %u time series was reached: new ones are counted together under the "
               "tag overflow=\"true\"",
               s->config.max_series);
    blame(s, &s->warning_text);
    buf_puts(&s->warning_text,
             ": give requests a 'name' tag, or leave out tags that differ each time");
    return buf_cstr(&s->warning_text);
}
