#pragma once
/*
 * The expected-interval correction, known from HdrHistogram: a user who waits v for an answer sends
 * nothing meanwhile. Had requests gone out each `interval`, those held up would have taken
 * v - interval, v - 2 interval and so on; these are added. It is an estimate of what a closed model
 * left out, to be shown beside what was measured, never instead.
 */
#include "metric/hist.h"

/*
 * Makes `ret_h`, empty and with a slab, hold the samples of `h` and for each one above `interval`
 * those that it held up, down to `interval`. A sample counts as the middle of its bucket. With an
 * interval that is not above 0 it becomes a copy.
 */
void hist_correct(const struct hist *h, double interval, struct hist *ret_h);
