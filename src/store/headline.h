#pragma once
/*
 * The few figures of a run that a list shows, with a sparkline of p95 over its time: the "headline"
 * of the run document. It is kept up from tick to tick, in memory that does not grow with the run.
 * On the snapshot's thread.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "metric/snapshot.h"

enum {
    HEADLINE_SPARK = 40, /* points at most */
};

struct headline;

struct headline *headline_new(void);
void headline_free(struct headline *h); /* accepts NULL */

/* After snapshot_tick_end(), once a tick. */
void headline_tick(struct headline *h, const struct snapshot *snapshot);

/* Appends the JSON object; `duration` is the test's so far. */
void headline_put(const struct headline *h, const struct snapshot *snapshot, span_ns duration,
                  struct buf *out);
