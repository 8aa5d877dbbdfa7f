#pragma once
/*
 * Whether two runs have the same distribution, apart from one being a little faster or slower all
 * over: a second hump, a longer tail, a timeout that was not there. The two-sample test of
 * Kolmogorov and Smirnov on histograms, with two differences that make it honest for load tests:
 *
 * - It counts with so many samples as there are independent ones; with millions of samples that
 *   follow each other, everything is "different".
 * - One distribution may be moved along the logarithmic axis by what runs differ anyway, and the
 *   move that suits them best is the one that counts.
 */
#include <stdint.h>

#include "metric/hist.h"

struct shape_test {
    double distance; /* the greatest of the two shares below one value, after the move; 0..1 */
    double move;     /* that suits best: log(current / baseline) */
    double p_value;  /* that such a distance comes by chance; NaN: nothing to test */
};

/*
 * `most` is the greatest move, a logarithm. `n_current` and `n_baseline` are independent samples.
 * Resolution is that of the histograms, 0.27 %.
 */
void shape_compare(const struct hist *current, double n_current, const struct hist *baseline,
                   double n_baseline, double most, struct shape_test *ret);
