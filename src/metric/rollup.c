/*
 * Each series' group is kept by the series' id, which is dense. New series are those with ids above
 * the highest seen, so a tick looks at them and at what it touched, and at nothing else.
 *
 * A group is found by its labels written one after the other. Groups are put in order when somebody
 * asks for them and there are new ones.
 */
#include "metric/rollup.h"

#include <assert.h>

#include "base/mem.h"
#include "base/table.h"

/* What a series was found to belong to. */
struct place {
    struct rollup_group *group; /* NULL: nowhere */
    uint32_t cell;
};

struct rollup {
    struct rollup_config config;
    struct hist_slab *slab;
    struct arena arena; /* groups and their labels */
    struct table by_labels;
    struct rollup_group **groups;
    size_t n_groups, cap_groups;
    struct place *places; /* by series id */
    size_t n_places, cap_places;
    uint64_t tick;
    bool unsorted;
    struct label_set labels;
    struct buf key;
};

struct rollup *rollup_new(const struct rollup_config *config)
{
    struct rollup *r = xnew(struct rollup);

    r->config = *config;
    if (!r->config.max_groups)
        r->config.max_groups = ROLLUP_GROUPS_DEFAULT;
    r->slab = hist_slab_new();
    r->arena.block_bytes = 16 << 10;
    return r;
}

void rollup_free(struct rollup *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_groups; i++) {
        for (size_t k = 0; k < ROLLUP_CELLS; k++) {
            struct rollup_cell *c = &r->groups[i]->cells[k];

            if (c->own) {
                value_fini(&c->total, c->type);
                value_fini(&c->delta, c->type);
            }
        }
    }
    free(r->groups);
    free(r->places);
    table_fini(&r->by_labels);
    label_set_fini(&r->labels);
    buf_fini(&r->key);
    arena_fini(&r->arena);
    hist_slab_free(r->slab);
    free(r);
}

/* ---- groups ---- */

static void put_sized(struct buf *out, struct str s)
{
    buf_put(out, &s.n, sizeof(s.n));
    buf_putstr(out, s);
}

static struct str make_key(struct rollup *r, uint32_t family)
{
    buf_reset(&r->key);
    buf_put(&r->key, &family, sizeof(family));
    for (size_t i = 0; i < r->labels.n; i++) {
        put_sized(&r->key, r->labels.items[i].key);
        put_sized(&r->key, r->labels.items[i].value);
    }
    return buf_str(&r->key);
}

static struct rollup_group *make_group(struct rollup *r, uint32_t family)
{
    struct rollup_group *g = arena_new(&r->arena, struct rollup_group);
    struct tag *labels = arena_new_n(&r->arena, struct tag, r->labels.n);

    for (size_t i = 0; i < r->labels.n; i++) {
        labels[i].key = arena_str(&r->arena, r->labels.items[i].key);
        labels[i].value = arena_str(&r->arena, r->labels.items[i].value);
    }
    g->family = family;
    g->index = (uint32_t)r->n_groups;
    g->labels = labels;
    g->n_labels = r->labels.n;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): a list of pointers is meant */
    vec_push(r->groups, r->n_groups, r->cap_groups) = g;
    r->unsorted = true;
    return g;
}

static struct rollup_group *find_group(struct rollup *r, uint32_t family)
{
    struct str key = make_key(r, family);
    struct rollup_group *g = table_get(&r->by_labels, key);

    if (g)
        return g;
    if (r->n_groups >= r->config.max_groups) {
        label_set_reset(&r->labels);
        label_put(&r->labels, "overflow", STR("true"));
        key = make_key(r, family);
        g = table_get(&r->by_labels, key);
        if (g)
            return g;
    }
    g = make_group(r, family);
    table_set(&r->by_labels, key, g);
    return g;
}

static struct place find_place(struct rollup *r, const struct snap_series *s)
{
    struct place p = {0};
    uint32_t family = 0;

    label_set_reset(&r->labels);
    if (!r->config.project(r->config.arg, s, &r->labels, &family, &p.cell))
        return p;
    assert(p.cell < ROLLUP_CELLS);
    label_sort(&r->labels);
    p.group = find_group(r, family);
    return p;
}

/* ---- cells ---- */

static bool is_fresh(const struct rollup *r, const struct snap_series *s)
{
    return snap_series_fresh(r->config.snapshot, s);
}

/* Makes the delta one of this tick. */
static void start_delta(struct rollup *r, struct rollup_cell *c)
{
    if (c->tick == r->tick)
        return;
    c->tick = r->tick;
    value_reset(&c->delta, c->metric->type);
}

static void add(struct rollup *r, struct rollup_cell *c, const struct snap_series *s)
{
    if (!c->own) {
        c->tick = r->tick;
        return;
    }
    start_delta(r, c);
    value_merge(&c->total, &s->delta, c->metric->type);
    value_merge(&c->delta, &s->delta, c->metric->type);
}

/* All that a series has so far comes into a cell with sums of its own. */
static void add_whole(struct rollup *r, struct rollup_cell *c, const struct snap_series *s)
{
    value_merge(&c->total, &s->total, c->metric->type);
    if (!is_fresh(r, s))
        return;
    start_delta(r, c);
    value_merge(&c->delta, &s->delta, c->metric->type);
}

static void join(struct rollup *r, struct rollup_cell *c, const struct snap_series *s)
{
    if (!c->metric) {
        c->metric = s->metric->def;
        c->type = c->metric->type;
        c->only = s;
        c->tick = is_fresh(r, s) ? r->tick : 0;
        return;
    }
    assert(c->metric->type == s->metric->def->type);
    if (!c->own) {
        value_init(&c->total, c->metric, r->slab);
        value_init(&c->delta, c->metric, r->slab);
        c->own = true;
        add_whole(r, c, c->only);
        c->only = NULL;
    }
    add_whole(r, c, s);
}

void rollup_tick(struct rollup *r)
{
    size_t n;
    struct snap_series *const *series = snapshot_touched(r->config.snapshot, &n);

    r->tick = snapshot_ticks(r->config.snapshot);
    for (size_t i = 0; i < n; i++) {
        const struct place *p = series[i]->id < r->n_places ? &r->places[series[i]->id] : NULL;

        if (p && p->group)
            add(r, &p->group->cells[p->cell], series[i]);
    }
    series = snapshot_series(r->config.snapshot, &n);
    while (r->n_places < n) {
        const struct snap_series *s = series[r->n_places];
        struct place p = find_place(r, s);

        vec_push(r->places, r->n_places, r->cap_places) = p;
        if (p.group)
            join(r, &p.group->cells[p.cell], s);
    }
}

/* ---- reading ---- */

static int cmp_group(const void *a, const void *b)
{
    const struct rollup_group *x = *(struct rollup_group *const *)a;
    const struct rollup_group *y = *(struct rollup_group *const *)b;

    if (x->family != y->family)
        return x->family < y->family ? -1 : 1;
    return label_cmp(x->labels, x->n_labels, y->labels, y->n_labels);
}

struct rollup_group *const *rollup_groups(struct rollup *r, size_t *ret_n)
{
    if (r->unsorted)
        qsort(r->groups, r->n_groups, sizeof(struct rollup_group *), cmp_group);
    r->unsorted = false;
    *ret_n = r->n_groups;
    return r->groups;
}

/* The first group whose family is not below that. */
static size_t lower_bound(struct rollup_group *const *groups, size_t n, uint32_t family)
{
    size_t low = 0;

    while (low < n) {
        size_t middle = low + (n - low) / 2;

        if (groups[middle]->family < family) {
            low = middle + 1;
        } else {
            n = middle;
        }
    }
    return low;
}

struct rollup_group *const *rollup_family(struct rollup *r, uint32_t family, size_t *ret_n)
{
    size_t n;
    struct rollup_group *const *groups = rollup_groups(r, &n);
    size_t from = lower_bound(groups, n, family);
    size_t to = lower_bound(groups, n, family + 1);

    *ret_n = to - from;
    return *ret_n ? groups + from : NULL;
}

const struct value *rollup_total(const struct rollup_group *g, uint32_t cell)
{
    static const struct value none;
    const struct rollup_cell *c = &g->cells[cell];

    return c->own ? &c->total : c->only ? &c->only->total : &none;
}

const struct value *rollup_delta(const struct rollup *r, const struct rollup_group *g,
                                 uint32_t cell)
{
    const struct rollup_cell *c = &g->cells[cell];

    if (!c->metric || c->tick != r->tick)
        return NULL;
    return c->own ? &c->delta : &c->only->delta;
}
