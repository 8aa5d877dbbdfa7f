#pragma once
/*
 * A run as reports tell it: what its row in the store has as JSON, taken apart, and what its totals
 * say by check, endpoint and error. JUnit, Markdown and the terminal are written from it.
 *
 * JSON of the row is foreign (stores can be imported): what has another shape is taken for absent.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "metric/snapshot.h"
#include "metric/threshold.h"
#include "store/store.h"

/* One threshold as it was judged. */
struct report_threshold {
    struct str metric; /* "http_req_duration{name:a}" */
    struct str source; /* "p(95)<500" */
    struct str stat;   /* "p(95)" */
    struct str text;   /* what else there is to say, or empty */
    enum threshold_state state;
    bool has_value;
    double value;
    double limit;
    enum metric_type type; /* of the metric; a plain trend when it is not known */
    enum metric_contains contains;
};

struct report_check {
    struct str name;
    struct str group;    /* "::a::b"; empty for the root */
    struct str scenario; /* may be empty */
    uint64_t passes;
    uint64_t fails;
};

/* Requests of one name and method. */
struct report_endpoint {
    struct str name;
    struct str method; /* may be empty */
    double requests;
    uint64_t failed; /* of `judged` */
    uint64_t judged;
    struct value duration; /* http_req_duration */
};

struct report_error {
    struct str code;
    struct str text;
    double n; /* requests */
};

struct report_reason {
    struct str level; /* "suspect" ... */
    struct str text;
};

struct report_event {
    span_ns elapsed;
    struct str kind;
    struct str text;
};

/* Who decided when an iteration started. */
struct report_scenario {
    struct str name;
    struct str executor;
};

/* What an output was given, and what became of it. */
struct report_output {
    struct str name;
    uint64_t produced, acknowledged, spooled, dropped;
};

/* Readable; made by report_new() or report_load(). Strings live as long as it. */
struct report {
    struct arena arena;
    struct arena row; /* where strings of `run` are, when it was loaded */
    struct store_run run;
    struct metric_registry *registry; /* NULL: the snapshot is the caller's */
    struct snapshot *snapshot;        /* totals of the run */
    struct hist_slab *slab;
    double seconds;

    struct report_threshold *thresholds;
    size_t n_thresholds, cap_thresholds;
    struct report_check *checks; /* in order of their first samples */
    size_t n_checks, cap_checks;
    struct report_endpoint *endpoints; /* the slowest first, by p95 */
    size_t n_endpoints, cap_endpoints;
    struct report_error *errors; /* the commonest first */
    size_t n_errors, cap_errors;
    struct report_reason *reasons; /* of the verdict */
    size_t n_reasons, cap_reasons;
    struct report_scenario *scenarios;
    size_t n_scenarios, cap_scenarios;
    struct report_output *outputs;
    size_t n_outputs, cap_outputs;
    struct str verdict; /* "valid" ...; empty: none was found */

    struct store_exchange *exchanges; /* captured; without their HAR */
    size_t n_exchanges, cap_exchanges;
    const struct exception **exceptions; /* the commonest first */
    size_t n_exceptions, cap_exceptions;
    struct report_event *events;
    size_t n_events, cap_events;
};

/* Of a run and its totals, which outlive the report. Exchanges, exceptions and events stay
 * empty. */
struct report *report_new(const struct store_run *run, struct snapshot *totals);
void report_free(struct report *r); /* accepts NULL */
void report_freep(struct report **r);

/* A few figures over time, at even steps; NaN where there is none. */
struct report_timeline {
    double seconds;
    size_t n, cap;
    struct report_step {
        double rate;    /* requests a second; iterations where there are no requests */
        double p95_ms;  /* of requests, or of iterations */
        double failed;  /* share of requests */
        double vus;     /* active */
        double dropped; /* iterations a second that were due and never started */
    } * steps;
    bool of_iterations;
    bool has_dropped;
};

/* Adds the step between two times of the test; the snapshot's deltas are of it. */
void report_timeline_add(struct report_timeline *t, const struct snapshot *s, span_ns from,
                         span_ns to);
void report_timeline_fini(struct report_timeline *t);

/* Of a stored run, in at most so many steps. Returns 0, STORE_E_NONE or a fault. */
MUST_USE int report_timeline_load(struct store *store, int64_t key, size_t max_steps,
                                  struct report_timeline *ret_timeline);

/* Of a stored run, all of it. Returns 0, STORE_E_NONE or a fault. */
MUST_USE int report_load(struct store *store, int64_t key, struct report **ret_report);

/* One number of a metric or sub-metric. False when nothing was measured. */
bool report_stat(const struct report *r, const char *metric, const char *stat, double *ret_value);

/* One number of a value that the report has, such as an endpoint's duration. */
double report_value_stat(const struct report *r, const struct value *v, enum metric_type type,
                         const char *stat);

/* Checks over all groups and scenarios. */
void report_check_sums(const struct report *r, uint64_t *ret_passes, uint64_t *ret_fails);

size_t report_failed_thresholds(const struct report *r);

/* How it ended: "passed", "failed", "running", "stopped", "interrupted"; and whether that is good.
 */
enum report_outcome {
    REPORT_PASSED,
    REPORT_FAILED,      /* thresholds, the script, or what it ended with */
    REPORT_STOPPED,     /* by somebody */
    REPORT_INTERRUPTED, /* the process was gone */
    REPORT_RUNNING,
};

enum report_outcome report_outcome(const struct report *r);
const char *report_outcome_name(enum report_outcome outcome);

/* Appends why, as words; nothing when it passed. */
void report_put_reason(const struct report *r, struct buf *out);

/* Appends what a threshold compared, and its limit, in the metric's unit. */
void report_put_judged(const struct report_threshold *t, double value, struct buf *out);

/* "2026-11-21 14:41:07", UTC, or with a T between and a Z behind for machines. */
enum report_time {
    REPORT_TIME_PEOPLE,
    REPORT_TIME_MACHINES, /* xs:dateTime without zone, as JUnit has it */
};

void report_put_time(wall_ns at, enum report_time form, struct buf *out);
