#pragma once
/* `brunt history --trend METRIC[:STAT]`: a figure over the runs of a script, and where it changed.
 */
#include <stdbool.h>

#include "base/err.h"

struct store;

struct history_trend {
    const char *figure; /* "http_req_duration", "http_req_duration:p(99)" */
    const char *script; /* NULL: that of the newest run */
    bool json;
};

/* Prints it. Returns 0 or a fault. */
MUST_USE int history_trend(struct store *store, const struct history_trend *how);
