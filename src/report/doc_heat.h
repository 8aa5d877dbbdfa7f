#pragma once
/*
 * Heat: how many samples of a time there were in a step, by buckets of a quarter of an octave.
 * Bucket i has values above 2^((i-1)/4) and up to 2^(i/4) seconds; the lowest has all below it.
 */
#include <stddef.h>

#include "base/buf.h"
#include "metric/snapshot.h"

enum {
    DOC_HEAT_METRICS = 3,
    DOC_HEAT_LOWEST = -80, /* 2^-20 s: a microsecond */
};

/* The metrics that have it, by place. */
extern const uint32_t doc_heat_metrics[DOC_HEAT_METRICS];

/*
 * Appends what the last tick added to the metric of that place: bucket,count,bucket,count ... as
 * JSON numbers without brackets, buckets ascending. Returns whether there is anything.
 */
bool doc_heat_row(struct snapshot *s, size_t place, struct buf *out);
