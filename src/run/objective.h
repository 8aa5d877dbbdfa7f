#pragma once
/*
 * What a load is to hold: a list of objectives such as
 *
 *     http_req_duration p(99)<200, http_req_failed rate<0.01
 *
 * each a metric or sub-metric and a threshold expression (metric/threshold.h), and the values they
 * are judged by. Unlike thresholds of a run, they are judged over a window that begins when asked:
 * ticks are added up from there.
 *
 * A set is parsed once and bound to the snapshot of one run after another; all calls are the run
 * thread's.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "metric/snapshot.h"
#include "metric/threshold.h"

struct objective {
    struct str metric; /* as written; into the set's copy of the text */
    struct str source; /* the expression */
    struct threshold_expr expr;
    enum metric_contains contains; /* of the metric; known once it was bound */
    struct snap_metric *of;        /* while bound */
    struct value value;            /* of the window */
    struct hist_slab *slab;        /* of `value` */
};

/* What became of one in the window. */
struct objective_score {
    bool held;
    double value;          /* what was compared; 0 without samples */
    uint64_t samples;      /* an objective without samples is not held */
    enum metric_type type; /* of the metric: how to show the value */
    enum metric_contains contains;
};

struct objectives;

/* Returns 0 or a fault (-EINVAL) that names what is wrong and shows how it is written. */
MUST_USE int objectives_parse(struct str text, struct objectives **ret_set);
void objectives_free(struct objectives *set); /* accepts NULL */

const struct objective *objectives_all(const struct objectives *set, size_t *ret_n);

/*
 * Ties the set to a snapshot, which outlives the binding, and begins an empty window. Returns 0 or
 * FAULT_EXIT(104): no such metric, or no such number of it.
 */
MUST_USE int objectives_bind(struct objectives *set, struct snapshot *snap);
void objectives_unbind(struct objectives *set);

/* Adds what the snapshot's last tick added. */
void objectives_add_tick(struct objectives *set, const struct snapshot *snap);

/* Judges one; `seconds` is how long the window was, for counters' rates. */
struct objective_score objective_score(const struct objective *o, double seconds);

/*
 * Whether it is lost already, whatever else comes: so many of the samples that there will be in
 * all are beyond the limit. For upper limits of percentiles and shares; false for others.
 */
bool objective_is_lost(const struct objective *o, double n_expected);
