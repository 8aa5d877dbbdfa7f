/*
 * A rollup a dimension groups the series (metric/rollup.h); whole metrics are read where they are.
 * A series of HTTP requests belongs to five dimensions, so to five rollups, each of which costs it
 * a look into a table a tick.
 *
 * Which sets of tags stand for themselves is a table of keys a dimension: when it is full, a new
 * one goes to the overflow. In a dimension by all tags the limit is a metric's own as well, lest
 * one with a tag of many values leave no room for others.
 */
#include "report/doc_entries.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/table.h"

enum {
    N_DIMENSIONS = DOC_BY_COUNT - DOC_ENDPOINT,
    TAGS_MAX = 3,
    SERIES_MAX_A_METRIC = 100, /* in dimensions by all tags */
};

struct dimension_row {
    const char *name;
    bool points;
    bool all_tags;
    uint32_t most;
    const char *tags[TAGS_MAX + 1]; /* until NULL */
};

static const struct dimension_row rows[N_DIMENSIONS] = {
#define TAGS(...) .all_tags = false, .tags = {__VA_ARGS__}
#define ALL_TAGS  .all_tags = true
#define DIMENSION(id, name_, points_, most_, ...) \
    {.name = name_, .points = points_, .most = most_, __VA_ARGS__},
#define MEMBER(dimension, metric)
#include "report/doc_dimension.def"
#undef DIMENSION
#undef MEMBER
};

static const struct {
    enum doc_by by;
    uint32_t metric;
} members[] = {
#define DIMENSION(id, name, points, most, tags)
#define MEMBER(dimension, metric) {DOC_##dimension, M_##metric},
#include "report/doc_dimension.def"
#undef DIMENSION
#undef MEMBER
};

/* Entries of one group, a cell each; id + 1, 0: none yet. */
struct cell_ids {
    uint32_t ids[ROLLUP_CELLS];
};

struct dimension {
    struct doc_entries *of;
    enum doc_by by;
    const struct dimension_row *row;
    uint32_t cells[METRIC_N_BUILTIN]; /* cell + 1 of a member, 0: it is none */
    struct rollup *rollup;
    struct table admitted; /* by key of family and tags */
    uint32_t *n_admitted;  /* by family; n_families */
    size_t n_families, cap_families;
    struct cell_ids *entries; /* by the group's index; n_groups */
    size_t n_groups, cap_groups;
};

struct doc_entries {
    struct snapshot *snapshot;
    struct dimension dimensions[N_DIMENSIONS];
    struct arena arena;
    struct doc_entry **all;
    size_t n_all, cap_all;
    struct doc_entry **fresh;
    size_t n_fresh, cap_fresh;
    uint32_t *by_metric; /* id + 1 of the entry of a snapshot's metric */
    size_t n_by_metric, cap_by_metric;
    struct buf key;
    bool unlimited;
};

const char *doc_by_name(enum doc_by by)
{
    return by == DOC_METRIC ? "" : by == DOC_SUBMETRIC ? "submetric" : rows[by - DOC_ENDPOINT].name;
}

/* ---- where a series belongs ---- */

static const struct str overflow_key = {"overflow", 8};

static void put_sized(struct buf *out, struct str s)
{
    buf_put(out, &s.n, sizeof(s.n));
    buf_putstr(out, s);
}

static struct str make_key(struct doc_entries *e, uint32_t family, const struct tag *tags, size_t n)
{
    buf_reset(&e->key);
    buf_put(&e->key, &family, sizeof(family));
    for (size_t i = 0; i < n; i++) {
        put_sized(&e->key, tags[i].key);
        put_sized(&e->key, tags[i].value);
    }
    return buf_str(&e->key);
}

static uint32_t *count_of(struct dimension *d, uint32_t family)
{
    while (d->n_families <= family)
        vec_push(d->n_admitted, d->n_families, d->cap_families) = 0;
    return &d->n_admitted[family];
}

static void admit(struct dimension *d, struct str key, uint32_t family)
{
    table_set(&d->admitted, key, d);
    ++*count_of(d, family);
}

/* Whether a set of tags stands for itself, now or from now on. */
static bool is_admitted(struct dimension *d, uint32_t family, const struct tag *tags, size_t n)
{
    struct str key = make_key(d->of, family, tags, n);

    if (table_get(&d->admitted, key))
        return true;
    if (!d->of->unlimited && d->admitted.n_live >= d->row->most)
        return false;
    if (!d->of->unlimited && d->row->all_tags && *count_of(d, family) >= SERIES_MAX_A_METRIC)
        return false;
    admit(d, key, family);
    return true;
}

static bool is_generator(const struct metric *m)
{
    return m->id < METRIC_N_BUILTIN && (str_starts(str_of(m->name), STR("generator_")) ||
                                        str_starts(str_of(m->name), STR("sink_")));
}

static bool is_member(const struct dimension *d, const struct metric *m, uint32_t *ret_cell)
{
    *ret_cell = 0;
    if (d->by == DOC_CUSTOM)
        return m->id >= METRIC_N_BUILTIN;
    if (d->by == DOC_GENERATOR)
        return is_generator(m);
    if (m->id >= METRIC_N_BUILTIN || !d->cells[m->id])
        return false;
    *ret_cell = d->cells[m->id] - 1;
    return true;
}

/* As they are, but for empty ones, which say the same as none. */
static void put_all(struct label_set *labels, const struct tagset *tags)
{
    for (uint32_t i = 0; i < tags->n; i++) {
        if (tags->tags[i].value.n)
            vec_push(labels->items, labels->n, labels->cap) = tags->tags[i];
    }
}

/* False when the series has not what the dimension is by. */
static bool put_tags(const struct dimension *d, const struct tagset *tags, struct label_set *labels)
{
    if (d->row->all_tags) {
        put_all(labels, tags);
        return true;
    }
    label_put_tag(labels, d->row->tags[0], tags, d->row->tags[0]);
    if (!labels->n)
        return false;
    for (size_t i = 1; d->row->tags[i]; i++)
        label_put_tag(labels, d->row->tags[i], tags, d->row->tags[i]);
    return true;
}

/* What the snapshot had no room for itself. */
static bool is_overflow(const struct tagset *tags)
{
    return tags->n == 1 && str_eq(tags->tags[0].key, overflow_key);
}

static bool project(void *arg, const struct snap_series *series, struct label_set *labels,
                    uint32_t *ret_family, uint32_t *ret_cell)
{
    struct dimension *d = arg;

    if (!is_member(d, series->metric->def, ret_cell))
        return false;
    *ret_family = d->row->all_tags ? series->metric->def->id : 0;
    if (is_overflow(series->tags)) {
        label_put(labels, overflow_key.p, STR("true"));
        return true;
    }
    if (!put_tags(d, series->tags, labels))
        return false;
    label_sort(labels);
    if (!is_admitted(d, *ret_family, labels->items, labels->n)) {
        label_set_reset(labels);
        label_put(labels, overflow_key.p, STR("true"));
    }
    return true;
}

/* ---- beginning and end ---- */

static void open_dimension(struct doc_entries *e, struct dimension *d, enum doc_by by)
{
    struct rollup_config config = {.snapshot = e->snapshot, .project = project, .arg = d};
    uint32_t n = 0;

    d->of = e;
    d->by = by;
    d->row = &rows[by - DOC_ENDPOINT];
    for (size_t i = 0; i < countof(members); i++) {
        if (members[i].by == by)
            d->cells[members[i].metric] = ++n;
    }
    d->rollup = rollup_new(&config);
}

struct doc_entries *doc_entries_new(struct snapshot *snapshot)
{
    struct doc_entries *e = xnew(struct doc_entries);

    e->snapshot = snapshot;
    for (int i = 0; i < N_DIMENSIONS; i++)
        open_dimension(e, &e->dimensions[i], (enum doc_by)(DOC_ENDPOINT + i));
    return e;
}

void doc_entries_free(struct doc_entries *e)
{
    if (!e)
        return;
    for (int i = 0; i < N_DIMENSIONS; i++) {
        struct dimension *d = &e->dimensions[i];

        rollup_free(d->rollup);
        table_fini(&d->admitted);
        free(d->n_admitted);
        free(d->entries);
    }
    arena_fini(&e->arena);
    free(e->all);
    free(e->fresh);
    free(e->by_metric);
    buf_fini(&e->key);
    free(e);
}

void doc_entries_unlimited(struct doc_entries *e)
{
    e->unlimited = true;
}

/* ---- choosing ---- */

static uint64_t group_samples(const struct rollup_group *g)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < ROLLUP_CELLS; i++) {
        if (g->cells[i].metric)
            sum += value_samples(rollup_total(g, i), g->cells[i].metric->type);
    }
    return sum;
}

struct candidate {
    uint64_t samples;
    size_t place; /* in order of labels, which settles it between equals */
    const struct rollup_group *group;
};

static int busiest_first(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->samples != y->samples)
        return x->samples > y->samples ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static bool is_overflow_group(const struct rollup_group *g)
{
    return g->n_labels == 1 && str_eq(g->labels[0].key, overflow_key);
}

static void admit_busiest(struct dimension *d, struct rollup *seen)
{
    size_t n;
    struct rollup_group *const *groups = rollup_groups(seen, &n);
    scoped(freep) struct candidate *all = xnew_n(struct candidate, n + 1);

    for (size_t i = 0; i < n; i++)
        all[i] = (struct candidate){group_samples(groups[i]), i, groups[i]};
    qsort(all, n, sizeof(*all), busiest_first);
    for (size_t i = 0; i < n; i++) {
        const struct rollup_group *g = all[i].group;

        if (!is_overflow_group(g))
            ignored(is_admitted(d, g->family, g->labels, g->n_labels));
    }
}

void doc_entries_admit(struct doc_entries *e, struct doc_entries *seen)
{
    for (int i = 0; i < N_DIMENSIONS; i++)
        admit_busiest(&e->dimensions[i], seen->dimensions[i].rollup);
}

/* ---- a tick ---- */

static struct doc_entry *add_entry(struct doc_entries *e, enum doc_by by,
                                   const struct metric *metric)
{
    struct doc_entry *entry = arena_new(&e->arena, struct doc_entry);

    entry->id = (uint32_t)e->n_all;
    entry->by = by;
    entry->metric = metric;
    entry->has_points = by < DOC_ENDPOINT || rows[by - DOC_ENDPOINT].points;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): a list of pointers is meant */
    vec_push(e->all, e->n_all, e->cap_all) = entry;
    return entry;
}

static void add_metric(struct doc_entries *e, const struct snap_metric *m)
{
    struct doc_entry *entry = add_entry(e, m->parent ? DOC_SUBMETRIC : DOC_METRIC, m->def);

    entry->whole = m;
    if (m->parent) {
        entry->name = m->name;
        entry->tags = m->match->tags;
        entry->n_tags = m->match->n;
    }
}

static void find_metrics(struct doc_entries *e)
{
    size_t n;
    struct snap_metric *const *metrics = snapshot_metrics(e->snapshot, &n);

    for (size_t i = 0; i < n; i++) {
        if (i >= e->n_by_metric)
            vec_push(e->by_metric, e->n_by_metric, e->cap_by_metric) = 0;
        if (e->by_metric[i] || !snap_metric_observed(metrics[i]))
            continue;
        add_metric(e, metrics[i]);
        e->by_metric[i] = (uint32_t)e->n_all;
    }
}

static void find_cells(struct doc_entries *e, struct dimension *d, const struct rollup_group *g)
{
    while (d->n_groups <= g->index)
        vec_push(d->entries, d->n_groups, d->cap_groups) = (struct cell_ids){0};
    for (uint32_t i = 0; i < ROLLUP_CELLS; i++) {
        /* Series of a stored run are there before their first sample. */
        if (d->entries[g->index].ids[i] || !rollup_total(g, i)->touched)
            continue;
        struct doc_entry *entry = add_entry(e, d->by, g->cells[i].metric);

        entry->group = g;
        entry->cell = i;
        entry->tags = g->labels;
        entry->n_tags = g->n_labels;
        d->entries[g->index].ids[i] = (uint32_t)e->n_all;
    }
}

static void find_groups(struct doc_entries *e, struct dimension *d)
{
    size_t n;
    struct rollup_group *const *groups = rollup_groups(d->rollup, &n);

    for (size_t i = 0; i < n; i++)
        find_cells(e, d, groups[i]);
}

static void list_fresh(struct doc_entries *e)
{
    e->n_fresh = 0;
    for (size_t i = 0; i < e->n_all; i++) {
        if (doc_entry_delta(e, e->all[i])) {
            /* NOLINTNEXTLINE(bugprone-sizeof-expression): a list of pointers is meant */
            vec_push(e->fresh, e->n_fresh, e->cap_fresh) = e->all[i];
        }
    }
}

void doc_entries_tick(struct doc_entries *e)
{
    find_metrics(e);
    for (int i = 0; i < N_DIMENSIONS; i++) {
        rollup_tick(e->dimensions[i].rollup);
        find_groups(e, &e->dimensions[i]);
    }
    list_fresh(e);
}

/* ---- reading ---- */

struct doc_entry *const *doc_entries_all(const struct doc_entries *e, size_t *ret_n)
{
    *ret_n = e->n_all;
    return e->all;
}

struct doc_entry *const *doc_entries_fresh(const struct doc_entries *e, size_t *ret_n)
{
    *ret_n = e->n_fresh;
    return e->fresh;
}

const struct value *doc_entry_total(const struct doc_entry *entry)
{
    return entry->whole ? &entry->whole->total : rollup_total(entry->group, entry->cell);
}

const struct value *doc_entry_delta(const struct doc_entries *e, const struct doc_entry *entry)
{
    if (entry->whole)
        return snap_metric_fresh(e->snapshot, entry->whole) ? &entry->whole->delta : NULL;
    return rollup_delta(e->dimensions[entry->by - DOC_ENDPOINT].rollup, entry->group, entry->cell);
}

static int cmp_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static bool is_rest(const struct doc_entry *entry)
{
    return entry->group && is_overflow_group(entry->group);
}

int doc_entry_cmp(const struct doc_entry *a, const struct doc_entry *b)
{
    if (a->by != b->by)
        return a->by < b->by ? -1 : 1;
    if (a->metric->id != b->metric->id)
        return cmp_u64(a->metric->id, b->metric->id);
    if (is_rest(a) != is_rest(b))
        return is_rest(a) ? 1 : -1;
    uint64_t n_a = value_samples(doc_entry_total(a), a->metric->type);
    uint64_t n_b = value_samples(doc_entry_total(b), b->metric->type);

    return n_a != n_b ? -cmp_u64(n_a, n_b) : label_cmp(a->tags, a->n_tags, b->tags, b->n_tags);
}
