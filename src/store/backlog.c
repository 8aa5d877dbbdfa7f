/*
 * A snapshot of its own, whose series are made in the order of the live one's, and so have their
 * ids. Its tick stays open while ticks are added.
 */
#include "store/backlog.h"

#include <assert.h>

#include "base/mem.h"
#include "metric/tick_codec.h"

struct backlog {
    struct metric_registry *registry;
    struct snapshot *snapshot; /* NULL: there never was a backlog */
    bool open;                 /* within a tick */
    size_t n_series;
};

struct backlog *backlog_new(void)
{
    return xnew(struct backlog);
}

void backlog_free(struct backlog *b)
{
    if (!b)
        return;
    snapshot_free(b->snapshot);
    metric_registry_free(b->registry);
    free(b);
}

static void make(struct backlog *b)
{
    b->registry = metric_registry_new();
    b->snapshot = snapshot_new(
        &(struct snapshot_config){.registry = b->registry, .max_series = UINT32_MAX / 2});
}

static void copy_series(struct backlog *b, const struct snap_series *live)
{
    const struct metric *def = live->metric->def;
    uint32_t metric = def->id;

    /* Names of a registry are good ones, and each has one type. */
    if (metric >= METRIC_N_BUILTIN) {
        int r = metric_register(b->registry, str_of(def->name), def->type, def->contains, &metric);

        assert(r == 0);
    }
    const struct snap_series *made =
        snapshot_series_of(b->snapshot, metric, live->tags->tags, live->tags->n);

    assert(made->id == live->id);
}

void backlog_add(struct backlog *b, const struct snapshot *live)
{
    size_t n;
    struct snap_series *const *all = snapshot_series(live, &n);

    if (!b->snapshot)
        make(b);
    for (; b->n_series < n; b->n_series++)
        copy_series(b, all[b->n_series]);
    if (!b->open)
        snapshot_tick_begin(b->snapshot);
    b->open = true;

    struct snap_series *const *touched = snapshot_touched(live, &n);
    size_t n_own;
    struct snap_series *const *own = snapshot_series(b->snapshot, &n_own);

    for (size_t i = 0; i < n; i++) {
        struct value *delta =
            snapshot_delta(b->snapshot, own[touched[i]->id], touched[i]->first_at);

        value_merge(delta, &touched[i]->delta, touched[i]->metric->def->type);
    }
}

bool backlog_empty(const struct backlog *b)
{
    return !b->open;
}

void backlog_put(struct backlog *b, mono_ns epoch, struct buf *out)
{
    tick_put(b->snapshot, epoch, out);
    snapshot_tick_end(b->snapshot, epoch);
    b->open = false;
}
