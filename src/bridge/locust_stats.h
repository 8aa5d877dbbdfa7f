#pragma once
/*
 * What Locust's page asks its master for, GET /stats/requests, as a struct. Every version since 0.8
 * is read: keys that were renamed go to one field, and what a version does not tell is NaN.
 *
 * Rows that Locust shows for itself (the request for these very numbers) are left out; the row of
 * everything, called "Total" once and "Aggregated" now, is `total`.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
    LOCUST_STATS_BYTES = 16 << 20, /* of an answer */
    LOCUST_ROWS_MAX = 10000,       /* that are read; Locust itself gives 500 */
};

/* The numbers of an endpoint, by the keys of its row; times in ms. See locust_stats.def. */
enum locust_number {
#define NUMBER(id, ...) LOCUST_N_##id,
#include "bridge/locust_stats.def"
#undef NUMBER
    LOCUST_N_COUNT,
};

struct locust_row {
    struct str method, name; /* valid UTF-8 */
    double number[LOCUST_N_COUNT];
    double added_requests, added_failures; /* by locust_tally_put(); 0 before */
};

struct locust_failure {
    struct str method, name, error;
    double occurrences;
};

struct locust_worker {
    struct str id, state;
    double users;
    double cpu;    /* percent of one processor */
    double memory; /* bytes */
};

/* Strings live in the arena. */
struct locust_stats {
    struct arena arena;
    struct str
        state; /* "ready", "spawning", "running", "cleanup", "stopping", "stopped", "missing" */
    double users;
    double fail_ratio;        /* 0..1 */
    double rps, fail_per_sec; /* now */
    double p50, p95;          /* of the last ten seconds, ms; NaN: none */
    struct locust_row total;
    bool has_total;
    struct locust_row *rows;
    size_t n_rows, cap_rows;
    struct locust_failure *failures;
    size_t n_failures, cap_failures;
    struct locust_worker *workers;
    size_t n_workers, cap_workers;
    bool is_escaped;     /* an old version, which writes failures as markup; private */
    bool is_distributed; /* there is a list of workers */
};

/*
 * Reads an answer. Any bytes may be given: what is no object with statistics is -EINVAL with where
 * and why. locust_stats_free() is due only after 0.
 */
MUST_USE int locust_stats_read(struct str json, struct locust_stats **ret_stats);
void locust_stats_free(struct locust_stats *s); /* accepts NULL */

/* Whether the states say that users are there, or being started. */
bool locust_is_running(struct str state);
bool locust_is_spawning(struct str state);
