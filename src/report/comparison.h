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

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "compare/changes.h"
#include "compare/judge.h"
#include "store/store.h"

#define COMPARISON_FORMAT "brunt-comparison"

/* A change that matters, in percent, and the confidence of intervals. */
#define COMPARISON_THRESHOLD_DEFAULT  5.0
#define COMPARISON_CONFIDENCE_DEFAULT 0.95

enum {
    COMPARISON_VERSION = 1,
    COMPARISON_WHY_BYTES = 200,
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

/* ---- the parts, for the command line ---- */

struct measured;
struct measured_row;

struct comparison_row {
    const struct measured_row *current; /* either may be NULL: the run has no such figure */
    const struct measured_row *baseline;
    struct change_estimate change;       /* relative; of shares in shares */
    double delta_pct, low_pct, high_pct; /* NaN where there is no number */
    double shape_p;                      /* that the distributions are one; NaN: not asked */
    bool judged;                         /* counts for the verdict */
    enum judgement verdict;
    char why[COMPARISON_WHY_BYTES];
};

/* One side; borrowed. */
struct comparison_side {
    const struct store_run *run; /* of a file: what is known of it */
    const struct measured *measured;
};

struct comparison {
    struct comparison_side current, baseline;
    enum judgement verdict;
    double threshold_pct, confidence;
    struct comparison_row *rows;
    size_t n_rows, cap_rows;
    char **notes;
    size_t n_notes, cap_notes;
    double current_disturbed, baseline_disturbed; /* share of time that others had the processor */
    size_t n_history;                             /* earlier runs that told how much runs differ */
};

/*
 * Compares; the sides outlive the result. Earlier runs of the current one's script are read from
 * `store`, which may be NULL. Returns 0 or a fault of the store.
 */
MUST_USE int comparison_make(struct store *store, const struct comparison_side *current,
                             const struct comparison_side *baseline,
                             const struct comparison_options *options,
                             struct comparison **ret_comparison);
void comparison_free(struct comparison *c); /* accepts NULL */
void comparison_freep(struct comparison **c);

/* Appends it as JSON. */
void comparison_put_json(const struct comparison *c, int indent, struct buf *out);

/* One figure over the runs of a script. */
struct trend_point {
    int64_t key;
    struct str id;
    wall_ns at;
    double value;
    struct str verdict; /* on the generator: "valid" ...; empty: not known */
    struct str *labels;
    size_t n_labels;
};

struct trend {
    struct arena arena;
    struct str script, metric, stat;
    enum metric_type type;
    enum metric_contains contains;
    struct trend_point *points; /* oldest first */
    size_t n_points, cap_points;
    struct change changes[CHANGES_MAX];
    size_t n_changes;
};

/* As trend_put(). */
MUST_USE int trend_load(struct store *store, struct str script, struct str metric, struct str stat,
                        struct trend **ret_trend);
void trend_free(struct trend *t); /* accepts NULL */
void trend_freep(struct trend **t);

/* Appends a change in words: "p(95) of http_req_duration rose by 6.2 % with run r-... on ...". */
void trend_put_text(const struct trend *t, const struct change *change, struct buf *out);

/* Appends it as JSON. */
void trend_put_json(const struct trend *t, int indent, struct buf *out);
