#pragma once
/*
 * A run's results in a file, complete enough to send them again: every series with its value and
 * its histogram, and the points of the Leapwork catalogue as they were published. Versioned JSON:
 *
 *   {"format": "brunt-results", "version": 1,
 *    "scenario": "shop", "target_url": "https://shop.example", "rps_target": 0, "rps_actual": 12.5,
 *    "requests_total": 750, "errors_total": 3, "error_rate_pct": 0.4, "p50_ms": 9.5, "p95_ms": 31,
 *    "p99_ms": 55, "max_ms": 80.5, "duration_secs": 60,
 *    "run": {"id": "...", "name": "...", "status": "finished", "started_ms": 0, "ended_ms": 0,
 *            "vus": 0, "vus_max": 0, "loops": 1},
 *    "metrics": [{"name": "http_reqs", "type": "counter", "contains": "default",
 *                 "series": [{"tags": {"method": "GET"}, "sum": 10, "n": 10}]}],
 *    "exceptions": [...] (metric/exception_json.h; only if there were any),
 *    "points": [{"name": "run.latency.p95_ms", "time_ms": 0, "value": 1.5, "tags": {}}]}
 *
 * The second part is LoadPilot's file of results: who reads that reads this. `brunt run
 * --save-baseline` writes the same without points, for `brunt compare`.
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

/* ---- LoadPilot's figures ---- */

/* The last step of a stepped load that held its thresholds. */
struct results_knee {
    double step, total_steps; /* from 1 */
    double rps, max_rps;
    double p99_ms;
    double error_rate_pct;
};

/* Zeroed memory is a run without requests. Strings are borrowed. */
struct results_headline {
    struct str scenario;   /* the run's name */
    struct str target_url; /* scheme, host and port that got most of the requests; or empty */
    double rps_target;     /* highest rate of iterations that was asked for; 0: none was */
    double rps_actual;     /* requests a second over the whole test */
    double requests_total;
    double errors_total; /* requests that failed */
    double error_rate_pct;
    double p50_ms, p95_ms, p99_ms, max_ms; /* of http_req_duration */
    double duration_secs;
    bool has_knee;
    struct results_knee knee;
};

/* `facts->target_rate` is the highest there was. */
void results_headline(const struct vocab_run *run, const struct vocab_facts *facts,
                      const struct snapshot *snapshot, struct results_headline *ret_headline);

/* Puts its members into an open object. */
void results_headline_put(const struct results_headline *h, struct json_out *j);

/* ---- writing ---- */

/* Appends a file; `points` is the elements of the array, with commas. */
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
    struct results_headline headline; /* as the file has it */
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
