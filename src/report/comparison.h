#pragma once
/*
 * What got faster or slower between two runs, and how a figure went over all runs of a script, as
 * JSON for the page and for programs: `Comparison` and `Trend` of ui/src/lib/doc.ts. How it is
 * judged is compare/'s affair; docs/compare.md tells it to users.
 *
 * All of it reads a store and takes the time that takes: not for a loop that carries load.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "store/store.h"

#define COMPARISON_FORMAT "brunt-comparison"

/* A change that matters, in percent, and the confidence of intervals. */
#define COMPARISON_THRESHOLD_DEFAULT  5.0
#define COMPARISON_CONFIDENCE_DEFAULT 0.95

enum {
    COMPARISON_VERSION = 1,
};

/* Zeroed memory is the defaults. */
struct comparison_options {
    double threshold_pct; /* a change that matters, in percent; 0: the default */
    double confidence;    /* 0..1; 0: the default */
    int indent;           /* spaces; 0: one line */
};

/*
 * Appends the comparison of two stored runs. Returns 0, STORE_E_NONE when one of them is not there,
 * or a fault. The same runs and options give the same text.
 */
MUST_USE int comparison_put(struct store *store, int64_t current, int64_t baseline,
                            const struct comparison_options *options, struct buf *out);

/*
 * Appends a figure of the runs of a script, oldest first, with the changes that were found. An
 * empty `stat` is the metric's usual one. Returns 0; STORE_E_NONE when there is no run of that
 * script or none has the metric; or a fault: -EINVAL for a statistic that the metric does not have.
 */
MUST_USE int trend_put(struct store *store, struct str script, struct str metric, struct str stat,
                       struct buf *out);
