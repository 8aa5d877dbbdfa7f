#pragma once
/*
 * LoadPilot's rule: six figures, the difference in percent, and a regression where one is worse by
 * the threshold. Arithmetic, without a thought for chance. Where one side is a file of LoadPilot's,
 * latencies of both are taken in whole milliseconds, as it cuts them.
 */
#include <stdbool.h>
#include <stddef.h>

#include "cli/compare_run.h"

struct buf;

/* The threshold of LoadPilot's own command, in percent. */
#define PLAIN_THRESHOLD_DEFAULT 10.0

struct plain_row {
    const char *name;
    double current, baseline;
    double diff_pct; /* from a baseline of 0: INFINITY, where LoadPilot sees no difference */
    bool regressed;
};

/* Returns whether anything has regressed. */
bool compare_plain(const struct compare_run *current, const struct compare_run *baseline,
                   double threshold_pct, struct plain_row ret_rows[PLAIN_COUNT]);

/* "RPS actual" ... */
const char *plain_name(enum plain_figure figure);

/* The name of the figure that a row of a comparison is, or NULL. */
const char *plain_name_of(const char *metric, const char *stat);

void plain_put_text(const struct plain_row rows[PLAIN_COUNT], struct buf *out);
void plain_put_json(const struct compare_run *current, const struct compare_run *baseline,
                    const struct plain_row rows[PLAIN_COUNT], double threshold_pct,
                    struct buf *out);
