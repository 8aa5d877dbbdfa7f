#pragma once
/*
 * Thresholds: expressions such as `p(95)<500` over a metric or sub-metric, judged during the run
 * and at its end, by k6's grammar and rules.
 *
 *   struct thresholds *ts = thresholds_new();
 *   thresholds_add(ts, ...) for each expression of the options
 *   thresholds_bind(ts, snapshot)          validates; makes the sub-metrics
 *   thresholds_tick(ts, load, elapsed)     after each tick of the snapshot
 *   thresholds_eval(ts, seconds, ...)      every two seconds, and once at the end
 *
 * Beyond k6's there are three conditions of ours. `window` judges the last seconds instead of all:
 * at each tick once it is full, and a failure is remembered. `after` keeps it from being judged
 * earlier. `min_samples` makes it fail when there is too little to judge: at the end, or in a full
 * window.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "metric/snapshot.h"
#include "metric/value.h"

enum threshold_op {
    THRESHOLD_LT,
    THRESHOLD_LE,
    THRESHOLD_GT,
    THRESHOLD_GE,
    THRESHOLD_EQ, /* == and === */
    THRESHOLD_NE,
};

/* Whether `value op limit` is true; never for NaN, but with !=. */
bool threshold_compare(double value, enum threshold_op op, double limit);

/* A parsed expression. */
struct threshold_expr {
    struct stat_name stat;
    enum threshold_op op;
    double limit;
};

/* Returns 0 or -EINVAL with k6's words. */
MUST_USE int threshold_parse(struct str source, struct threshold_expr *ret_expr);

enum {
    THRESHOLD_WINDOW_MIN_S = 2, /* as long as a round of the others */
};

/* One expression of the options. All strings are copied by thresholds_add. */
struct threshold_spec {
    struct str metric; /* "http_req_duration{status:200}" */
    struct str source; /* "p(95)<500" */
    bool abort_on_fail;
    span_ns delay_abort_eval; /* 0: none */
    span_ns window;           /* 0: judged over all */
    span_ns after;            /* of the test, before it is first judged */
    uint64_t min_samples;     /* 0: as many as there are */
};

enum threshold_state {
    THRESHOLD_UNJUDGED, /* never evaluated */
    THRESHOLD_PASSED,
    THRESHOLD_FAILED,
};

/* One threshold with its latest verdict; readable between calls. */
struct threshold {
    struct threshold_spec spec; /* strings owned by the set */
    struct threshold_expr expr;
    struct snap_metric *metric; /* after binding */
    enum threshold_state state;
    double value;     /* what was compared; with a window the worst so far */
    bool failing;     /* the latest verdict; with a window `state` may remember an earlier one */
    bool wants_abort; /* failed in a tick or round whose abort is due */
    bool too_few;     /* failed for want of samples */
    uint64_t samples; /* that were judged, or too few */
    span_ns worst_from, worst_to; /* a window's: where `value` is of, in time under load */
    struct window *window;        /* of the set; NULL: judged over all */
};

struct thresholds;
struct window;

struct thresholds *thresholds_new(void);
void thresholds_free(struct thresholds *ts);

/* Adds one; parsing waits for thresholds_bind. */
void thresholds_add(struct thresholds *ts, const struct threshold_spec *spec);

enum threshold_mode {
    THRESHOLDS_JUDGE,
    THRESHOLDS_IGNORE, /* --no-thresholds: sub-metrics are made, bad ones skipped, nothing judged */
};

/*
 * Validates all and ties them to metrics of the snapshot, which must outlive the set. Returns 0 or
 * a FAULT_EXIT(104) with k6's text.
 */
MUST_USE int thresholds_bind(struct thresholds *ts, struct snapshot *snap,
                             enum threshold_mode mode);

/*
 * Gives windows what the last tick added, and judges those that are full. `elapsed` is the test's
 * duration so far. `load` is for how long the run has been under load: time
 * that is no part of a window (setup, pauses, what comes after the last start) is left out of it.
 */
void thresholds_tick(struct thresholds *ts, span_ns load, span_ns elapsed);

enum threshold_round {
    THRESHOLDS_RUNNING, /* metrics without samples are passed over */
    THRESHOLDS_FINAL,   /* they are judged as well */
};

/*
 * Judges all against the snapshot's totals. `elapsed` is the test's duration so far. Returns
 * whether a failed one asks for the run to be aborted.
 */
bool thresholds_eval(struct thresholds *ts, enum threshold_round round, span_ns elapsed);

/* All in the order they were added. */
const struct threshold *thresholds_all(const struct thresholds *ts, size_t *ret_n);

/* What became of a threshold in a run of the past: the fields of struct threshold. */
struct threshold_past {
    enum threshold_state state;
    double value;
    bool too_few;
    uint64_t samples;
    span_ns worst_from, worst_to;
};

/* Takes that for the verdict on the i-th, after binding; instead of thresholds_eval(). */
void thresholds_restore(struct thresholds *ts, size_t i, const struct threshold_past *past);

/*
 * Names of the metrics with a failed threshold, sorted, joined by ", "; "" when none failed. Valid
 * until the next call.
 */
const char *thresholds_failed(struct thresholds *ts);
