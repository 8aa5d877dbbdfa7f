#pragma once
/*
 * Everything measured so far, merged over loops: what sinks, the page, the store and the report
 * read.
 *
 * A snapshot has metrics; a metric has its total, and series that each have theirs. Beside what was
 * measured since the start (`total`) stands what the last tick added (`delta`), so a sink that
 * wants increments and one that wants totals read the same thing. Sub-metrics (a metric narrowed by
 * tags) stand in the same list as metrics; which series belong to one is found once, when either is
 * new.
 *
 * The run thread owns it: all calls are its, and others read it only while it waits. Tag sets in it
 * are of its own pool.
 *
 *   snapshot_tick_begin(s);
 *   snapshot_merge(s, interval) for each loop
 *   snapshot_tick_end(s, now);
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "metric/metric.h"
#include "metric/recorder.h"
#include "metric/submetric.h"
#include "metric/tagset.h"
#include "metric/value.h"

struct snap_metric;

/* One metric under one tag set, over all loops. Pointers stay valid as long as the snapshot. */
struct snap_series {
    uint32_t id;                /* dense in the snapshot, in order of arrival */
    struct snap_metric *metric; /* never a sub-metric */
    const struct tagset *tags;  /* of the snapshot's pool */
    mono_ns first_at;           /* of its first sample, over all loops */
    uint64_t tick;              /* the last one that touched it: `delta` is empty unless now */
    struct value total;
    struct value delta;
    struct snap_metric **subs; /* sub-metrics it belongs to; n_subs */
    size_t n_subs, cap_subs;
};

/* A metric, or a sub-metric when `parent` is set. Pointers stay valid as long as the snapshot. */
struct snap_metric {
    uint32_t id;      /* dense among the snapshot's metrics and sub-metrics */
    const char *name; /* "http_reqs", "http_reqs{status:200}" as it was first written; owned */
    const struct metric *def;
    struct snap_metric *parent;
    const struct tagset *match; /* tags that a series must have; NULL for a metric */
    bool wanted;                /* somebody asked for it, a threshold for instance */
    mono_ns first_at;           /* of its first sample; 0 while there is none */
    uint64_t tick;              /* the last one that touched it */
    struct value total;
    struct value delta;
    struct snap_series **series; /* its own, or the parent's that match; in order of arrival */
    size_t n_series, cap_series;
    struct snap_metric **subs; /* a metric's sub-metrics, in order of creation */
    size_t n_subs, cap_subs;
};

struct snapshot;

struct snapshot_config {
    struct metric_registry *registry; /* outlives the snapshot */
    uint32_t max_series;              /* over all loops; 0: SERIES_MAX_DEFAULT */
};

struct snapshot *snapshot_new(const struct snapshot_config *config);
void snapshot_free(struct snapshot *s);

/* Its pool of tag sets, for making sets to compare with. */
struct tag_pool *snapshot_pool(struct snapshot *s);

/* The metric of an id of the registry, made when it has none yet. */
struct snap_metric *snapshot_metric(struct snapshot *s, uint32_t metric);

/*
 * The metric or sub-metric of a parsed name, made when new; equal tag sets give the same one.
 * Series that came before count as well. Returns 0, or -ENOENT with the text `no metric name "x"
 * found`. `text` is the name as written, copied for a new sub-metric.
 */
MUST_USE int snapshot_submetric(struct snapshot *s, const struct submetric_name *name,
                                struct str text, struct snap_metric **ret_metric);

/* Starts a tick: the deltas of the one before are over. */
void snapshot_tick_begin(struct snapshot *s);

/* Adds what one loop recorded, empties the interval's values and gives it back to its recorder. */
void snapshot_merge(struct snapshot *s, struct interval *iv);

/* Adds a value from elsewhere (another process, the store) to the current tick. */
void snapshot_merge_value(struct snapshot *s, uint32_t metric, const struct tag *tags,
                          size_t n_tags, const struct value *v, mono_ns first_at);

/* The series of a metric and tags, made when it is new; without samples of its own. */
struct snap_series *snapshot_series_of(struct snapshot *s, uint32_t metric, const struct tag *tags,
                                       size_t n_tags);

/*
 * The delta of a series within the current tick, for the caller to add samples to: for who adds to
 * the same series each tick. `first_at` is of the samples' first.
 */
struct value *snapshot_delta(struct snapshot *s, struct snap_series *series, mono_ns first_at);

/* One sample that no loop took, such as the gauge vus; belongs to the current tick. */
void snapshot_sample(struct snapshot *s, uint32_t metric, const struct tag *tags, size_t n_tags,
                     double value, mono_ns now);

/* Gets what snapshot_sample() took, for sinks that want samples raw; `tags` is of the snapshot's
 * pool.
 */
typedef void(snapshot_tap_fn)(void *arg, uint32_t metric, const struct tagset *tags, double value,
                              mono_ns now);

/* Has each of those samples shown to `tap` as well; NULL ends that. */
void snapshot_set_tap(struct snapshot *s, snapshot_tap_fn *tap, void *arg);

/* Ends the tick: totals are up to date. `now` is what the tick is said to be of. */
void snapshot_tick_end(struct snapshot *s, mono_ns now);

/* Ticks ended so far and when the last one ended. */
uint64_t snapshot_ticks(const struct snapshot *s);
mono_ns snapshot_time(const struct snapshot *s);

/* All metrics and sub-metrics by id; the array may move when one is made. */
struct snap_metric *const *snapshot_metrics(const struct snapshot *s, size_t *ret_n);

/* All series by id, and those that the last tick touched. Both may move at the next merge. */
struct snap_series *const *snapshot_series(const struct snapshot *s, size_t *ret_n);
struct snap_series *const *snapshot_touched(const struct snapshot *s, size_t *ret_n);

/* The metric or sub-metric of that exact name, or NULL. */
struct snap_metric *snapshot_find(const struct snapshot *s, struct str name);

/* Whether the last tick added samples: otherwise `delta` is to be taken for empty. */
bool snap_series_fresh(const struct snapshot *s, const struct snap_series *series);
bool snap_metric_fresh(const struct snapshot *s, const struct snap_metric *metric);

static inline bool snap_metric_observed(const struct snap_metric *m)
{
    return m->total.touched;
}

/* One number of the total; `seconds` is the test's duration so far, for a counter's rate. */
static inline double snap_metric_stat(const struct snap_metric *m, struct stat_name stat,
                                      double seconds)
{
    return value_stat(&m->total, m->def->type, stat, seconds);
}

/*
 * What to tell the user about too many series, once each time it becomes true (the limit was
 * reached), NULL otherwise. Names the tag with the most distinct values. Valid until the next call.
 */
const char *snapshot_warning(struct snapshot *s);
