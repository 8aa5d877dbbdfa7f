#pragma once
/*
 * What to run, as plain data: options consolidated, scenarios derived and validated. Built once by
 * plan_build() and never changed; everything lives in the arena given. Safe for all threads.
 */
#include "plan/options.h"
#include "plan/scenario.h"
#include "plan/share.h"

/* The layers, lowest first; NULL where there is none. Read with plan_options_from_*. */
struct plan_layers {
    const struct plan_options *config;
    const struct plan_options *script;
    const struct plan_options *env;
    const struct plan_options *cli;
    /* Names of callable exports, to check every scenario's `exec`; NULL: not checked. */
    const char *const *exports;
    size_t n_exports;
};

struct plan {
    const struct plan_options *options;    /* consolidated; with derived `scenarios` set */
    const struct plan_options *given;      /* the same before scenarios were derived */
    const struct plan_scenario *scenarios; /* the segment's, ordered by (start_time, name) */
    size_t n_scenarios;
    struct plan_segment segment;
    const struct plan_share *share; /* of users; NULL: all */

    int64_t planned_vus; /* most users needed at one time: initialised before the start */
    int64_t max_vus;     /* the same with those that arrival-rate executors may add */
    span_ns
        max_duration; /* from the start of the first to the end of the last, graceful stops in */

    const struct plan_thresholds *thresholds; /* = &options->thresholds */
    struct plan_strings warnings;             /* to be logged by the caller, once */

    const char *options_json; /* PLAN_JSON_SET: to be assigned onto a script's `options` */
    const char *exec_json;    /* PLAN_JSON_EXEC: exec.test.options */
};

/*
 * Consolidates the layers, derives scenarios from the shortcuts and validates all. Returns 0 or
 * FAULT_EXIT(104) with every problem in its words, a line each.
 */
MUST_USE int plan_build(struct arena *arena, const struct plan_layers *layers,
                        struct plan **ret_plan);

/*
 * What `brunt inspect` prints: options as the layers gave them; with requirements, the derived
 * scenarios and totalDuration, maxVUs as well. Indented by two spaces.
 */
enum plan_inspect {
    PLAN_INSPECT_OPTIONS,
    PLAN_INSPECT_REQUIREMENTS
};

void plan_inspect_json(const struct plan *plan, enum plan_inspect what, struct buf *out);

/* "(100.00%) 1 scenario, 10 max VUs, 1m0s max duration (incl. graceful stop)" */
void plan_describe(const struct plan *plan, struct buf *out);
