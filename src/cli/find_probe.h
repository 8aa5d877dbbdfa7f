#pragma once
/*
 * One probe of a search: a run of the test in which iterations start at a constant rate, judged
 * from the end of its warm-up on.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "run/objective.h"
#include "run/search.h"
#include "run/verdict.h"

struct loadtest;
struct loop;
struct run;

enum {
    FIND_OBJECTIVES_MAX = 32,
};

struct find_probe_config {
    const struct loadtest *test; /* loaded */
    struct loop *loop;
    struct objectives *objectives;
    const struct plan_scenario *scenario; /* whose function, environment and tags it takes */
    span_ns warmup;                       /* not judged */
    span_ns length;                       /* judged */
    span_ns drain;                        /* how long the last answers may take */
    int64_t max_vus;                      /* at one time */

    /* The run that is under way, which may be stopped, until it is told that there is none. */
    void (*on_run)(void *arg, struct run *run);
    /* A few times a second; may be NULL. */
    void (*on_progress)(void *arg, double rate, span_ns elapsed, bool warm);
    void *arg;
};

struct find_probe {
    double rate;
    enum search_verdict verdict;
    char reason[VERDICT_REASON_BYTES]; /* why it is not held; "" when it is */
    struct objective_score scores[FIND_OBJECTIVES_MAX];
    double seconds;         /* that were judged */
    double throughput;      /* iterations completed a second */
    uint64_t iterations;    /* completed */
    uint64_t dropped;       /* found no free user */
    uint64_t unanswered;    /* still running at the end of the drain */
    double latency_ms;      /* mean of requests; of iterations, when there are none */
    double duration_p99_ms; /* of iterations: for sizing the next probe */
    double lag_p99_ms;      /* how late iterations started: the generator's own doing */
    int64_t vus, max_vus;   /* made beforehand, and at most */
    bool cut_short;         /* the objective was lost before the end */
};

/*
 * Makes the probe at that rate; `last` is the one before, or NULL. On a coroutine of the loop.
 * Returns 0, or the fault that ended the run (a script's exception, test.abort(), a signal).
 */
MUST_USE int find_probe_run(const struct find_probe_config *config, double rate,
                            const struct find_probe *last, struct find_probe *ret_probe);
