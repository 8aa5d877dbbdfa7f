#pragma once
/*
 * One side of `brunt compare`: a run of the history, a file of `brunt run --results-json` or
 * --save-baseline, or one of LoadPilot's results, which has six figures and no more.
 */
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

struct measured;
struct results;

/* The figures of LoadPilot's table, in its order. */
enum plain_figure {
    PLAIN_RPS,
    PLAIN_P50,
    PLAIN_P95,
    PLAIN_P99,
    PLAIN_MAX,
    PLAIN_ERRORS, /* percent */
    PLAIN_COUNT
};

struct compare_run {
    char *name; /* as messages call it */
    struct arena arena;
    struct store_run run;
    struct measured *measured; /* NULL: there is nothing but `plain` */
    struct results *results;   /* of a file of ours */
    double plain[PLAIN_COUNT];
    struct str scenario; /* LoadPilot's name for the test; may be empty */
};

/*
 * Loads what the user wrote: a file if there is one of that name, else a run of `store`, which may
 * be NULL. compare_run_fini() is due whatever it returned. Returns 0 or a fault.
 */
MUST_USE int compare_run_load(struct store *store, const char *text, double confidence,
                              struct compare_run *ret_run);
MUST_USE int compare_run_load_key(struct store *store, int64_t key, double confidence,
                                  struct compare_run *ret_run);
void compare_run_fini(struct compare_run *r);
