#pragma once
/*
 * A run's results in a file, complete enough to send them again: every series with its value and
 * its histogram, and the points of the Leapwork catalogue as they were published. Versioned JSON:
 *
 *   {"format": "brunt-results", "version": 1,
 *    "run": {"id": "...", "name": "...", "status": "finished", "started_ms": 0, "ended_ms": 0,
 *            "vus": 0, "vus_max": 0, "loops": 1},
 *    "metrics": [{"name": "http_reqs", "type": "counter", "contains": "default",
 *                 "series": [{"tags": {"method": "GET"}, "sum": 10, "n": 10}]}],
 *    "points": [{"name": "run.latency.p95_ms", "time_ms": 0, "value": 1.5, "tags": {}}]}
 *
 * By type a series has: counter sum, n; gauge last, min, max, n; rate trues, total; trend hist, the
 * bytes of metric/hist.h in base64.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json_out.h"
#include "metric/snapshot.h"
#include "vocab/vocab.h"

#define RESULTS_FORMAT "brunt-results"

enum {
    RESULTS_VERSION = 1,
    RESULTS_BYTES_MAX = 1 << 30, /* of a file */
    RESULTS_SERIES_MAX = 1000000,
};

/* ---- writing ---- */

/* Appends the three members' values; `points` is the elements of the array, with commas. */
void results_put(const struct vocab_run *run, const struct vocab_facts *facts,
                 const struct snapshot *snapshot, struct str points, struct buf *out);

/* Appends one element of "points". */
void results_put_point(const struct point *p, struct str name, struct buf *out);

/* ---- reading ---- */

struct results_point {
    struct str name; /* without namespace */
    double value;
    wall_ns at;
    const struct tag *tags;
    size_t n_tags;
};

/* Strings live in the arena. */
struct results {
    struct arena arena;
    struct vocab_run run;
    struct vocab_facts facts; /* as of the end */
    struct metric_registry *registry;
    struct snapshot *snapshot; /* one tick, in which everything was added */
    struct results_point *points;
    size_t n_points, cap_points;
};

/*
 * Reads a file's text. Strict: what is unknown, missing, of a wrong type or out of range is refused
 * with where it stands. Returns 0 or -EINVAL; results_free() is due only after 0.
 */
MUST_USE int results_read(struct str json, struct results **ret_results);
void results_free(struct results *r); /* accepts NULL */
