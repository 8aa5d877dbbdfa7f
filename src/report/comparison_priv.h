#pragma once
/* What the files of the comparison share: what runs differ by when nothing has changed. */
#include <stdbool.h>

#include "compare/spread.h"
#include "report/comparison.h"

struct measured;

/* Earlier runs that are repetitions of the current one, newest first. */
struct comparison_history {
    struct measured *runs[SPREAD_RUNS_MAX];
    size_t n;
};

/* Reads them; `store` may be NULL. Returns 0 or a fault. */
MUST_USE int comparison_history_read(struct store *store, const struct comparison_side *current,
                                     const struct comparison_side *baseline,
                                     struct comparison_history *h);
void comparison_history_fini(struct comparison_history *h);

/* What a row's figure differs by from run to run. */
void comparison_spread(const struct comparison *c, const struct comparison_history *h,
                       const struct comparison_row *row, struct spread *ret);

/* Whether the generator's verdict, as JSON, is "suspect" ... */
bool comparison_is_level(struct str verdict_json, const char *level);

/* The share of the time in which the generator was ready and others had the processor, 0..1. */
double comparison_disturbance(const struct store_run *run);

/* Shares of time up to this are any machine's. */
#define DISTURBED_MIN 0.04
