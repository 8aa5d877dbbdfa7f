#pragma once
/*
 * A dashboard made for the metrics of a script: counters as rates and totals, gauges as values,
 * rates as shares, trends as percentiles, with units by what they contain or by how they are
 * called; below a row of the run itself, above one of its checks.
 */
#include "base/arena.h"
#include "dashboard/board.h"

struct board_made {
    const char *name;                   /* of the script: "checkout"; it becomes uid and title */
    const char *title;                  /* NULL: from the name */
    const struct board_metric *metrics; /* with their names; borrowed, as all here */
    size_t n_metrics;
};

/*
 * Makes the board in the arena, for as long as that lives. Metrics whose names a dialect cannot
 * tell apart are all there. Returns 0, or -EINVAL: there are no metrics, or no letters in the name.
 */
MUST_USE int board_make(const struct board_made *made, struct arena *arena,
                        const struct board **ret_board);

/* The unit that a metric's name and content say. */
enum unit board_metric_unit(const struct board_metric *metric);
