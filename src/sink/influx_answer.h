#pragma once
/*
 * What the answers of InfluxDB and of those that speak like it mean for the points of a request.
 * Version 1 stores the good lines of a request with bad ones and says so in a 400; version 2 says
 * 422. Which lines were bad is found by cutting the batch: a line that was stored already is the
 * same point when it comes again.
 */
#include <stddef.h>

#include "sink/push.h"

enum influx_version {
    INFLUX_V1, /* /write?db= */
    INFLUX_V2, /* /api/v2/write?bucket= */
};

/* Fills in *ret_result for a request of n_points. */
void influx_judge(enum influx_version version, const struct push_answer *answer, size_t n_points,
                  struct push_result *ret_result);

/* What the server said in words, or nothing. */
void influx_said(const struct push_answer *answer, struct buf *out);
