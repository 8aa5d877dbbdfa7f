#pragma once
/*
 * Locust's table of endpoints, GET /stats/requests/csv, which has more quantiles than its
 * statistics in JSON have: there the 95th or the 90th percentile of an endpoint is missing, by
 * version. Both are since the start, and rounded alike.
 */
#include "bridge/locust_stats.h"

/*
 * Puts the 90th, 95th and 99th percentiles into the rows that have none. Any bytes may be given:
 * what has no such columns is -EINVAL, and the rows are left as they are; so are those that the
 * table does not have.
 */
MUST_USE int locust_csv_fill(struct str csv, struct locust_stats *stats);

/* Whether an answer lacks what the table may have. */
bool locust_csv_is_needed(const struct locust_stats *stats);
