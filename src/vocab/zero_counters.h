#pragma once
/*
 * The counters that are shown as 0, without labels, until their first series comes: so `rate` and
 * `sum` have something to begin with.
 */
#include <stdbool.h>

#include "metric/snapshot.h"

static const uint32_t zero_counters[] = {
    M_ITERATIONS, M_DROPPED_ITERATIONS, M_HTTP_REQS, M_DATA_SENT, M_DATA_RECEIVED,
};

static inline bool is_zero_counter(uint32_t metric)
{
    for (size_t i = 0; i < countof(zero_counters); i++) {
        if (zero_counters[i] == metric)
            return true;
    }
    return false;
}

/* Has the snapshot list them from the start. */
static inline void zero_counters_make(struct snapshot *snapshot)
{
    for (size_t i = 0; i < countof(zero_counters); i++)
        snapshot_metric(snapshot, zero_counters[i]);
}
