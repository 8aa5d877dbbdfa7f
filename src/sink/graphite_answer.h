#pragma once
/*
 * What the answers of Grafana Cloud's Graphite ingest mean for the points of a request: those of
 * the service on Mimir and of the gateway before it.
 */
#include <stddef.h>

#include "sink/push.h"

/* Fills in *ret_result for a request of n_points. */
void graphite_judge(const struct push_answer *answer, size_t n_points,
                    struct push_result *ret_result);
