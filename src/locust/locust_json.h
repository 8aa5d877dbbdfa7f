#pragma once
/* Locust's JSON of a run's statistics, and what a script is told of them. */
#include "base/buf.h"

struct locust_view;

enum {
    LOCUST_FINAL_MAX = 2000, /* rows and errors that a script is told of; the total has them all */
};

/*
 * Locust's --json: an array with an object for each row but the one of everything, indented by 4,
 * and a newline. The view has to keep its seconds.
 */
void locust_json_stats(struct locust_view *v, struct buf *out);

/*
 * What environment.stats of a script becomes at the end: {"total": ROW, "entries": [ROW ...],
 * "errors": [...]}; a row is as above with "times", [[ms, count] ...] as fine as they are kept (as
 * Locust keeps them where the view is exact), and without seconds.
 */
void locust_json_final(struct locust_view *v, struct buf *out);
