#pragma once
/*
 * One tick of a snapshot as bytes, for the store and for other processes. A stream of ticks has two
 * kinds of records: a series is defined once, under its id in the snapshot that is written; a tick
 * has, for each series that it touched, what it added to it. Reading applies ticks to another
 * snapshot, where they add up to the same values, histograms with them.
 *
 * Times inside are spans since an epoch of the writer's, so that they mean something elsewhere.
 * Any bytes may be read: what is no record is a condition.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "metric/snapshot.h"

/* Conditions of reading. */
enum {
    TICK_E_BAD = 1,     /* no record of this format */
    TICK_E_UNKNOWN = 2, /* a series that was never defined */
};

/* A series as it is defined. Strings and tags live where the reader says. */
struct tick_series {
    uint32_t id;
    struct str metric;
    enum metric_type type;
    enum metric_contains contains;
    span_ns first_at; /* of its first sample, since the epoch */
    const struct tag *tags;
    size_t n_tags;
};

/* ---- writing ---- */

/* Appends the definition of a series. */
void tick_put_series(const struct snap_series *series, mono_ns epoch, struct buf *out);

/* Appends what the last tick of `s` added. */
void tick_put(const struct snapshot *s, mono_ns epoch, struct buf *out);

/* Appends the totals of all series, as one tick that adds all of them. */
void tick_put_totals(const struct snapshot *s, mono_ns epoch, struct buf *out);

/* ---- reading ---- */

/* Reads one definition and takes it off *bytes; strings are copied to the arena. */
MUST_USE int tick_get_series(struct str *bytes, struct arena *arena,
                             struct tick_series *ret_series);

/* Applies ticks of one stream to a snapshot, whose registry learns metrics that it lacks. */
struct tick_reader;

struct tick_reader *tick_reader_new(struct snapshot *to, struct metric_registry *registry);
void tick_reader_free(struct tick_reader *r); /* accepts NULL */

/*
 * Makes a series known, and the snapshot's of that metric and tags: series that are defined in the
 * order of their ids have the same ids there. Returns 0, TICK_E_BAD, or the fault of
 * metric_register().
 */
MUST_USE int tick_reader_series(struct tick_reader *r, const struct tick_series *series);

/*
 * Adds a tick's values, between snapshot_tick_begin() and snapshot_tick_end() of the snapshot;
 * several ticks may be added within one. `epoch` is what the spans are added to. Returns 0 or a
 * condition; then some values may have been added.
 */
MUST_USE int tick_reader_apply(struct tick_reader *r, struct str bytes, mono_ns epoch);
