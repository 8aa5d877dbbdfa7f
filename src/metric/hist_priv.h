#pragma once
/* What the files of the histogram share. */
#include <stdint.h>

#include "metric/hist.h"

/* Mantissas of 2^(j/256), 52 bits each, ascending. */
extern const uint64_t hist_root[256];

/* Adds n to one bucket, and nothing to count and sum. */
void hist_put(struct hist *h, enum hist_sign sign, int32_t index, uint64_t n);

/* Widens min and max; to be called before count is raised. */
void hist_put_range(struct hist *h, double min, double max);
