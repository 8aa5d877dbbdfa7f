#pragma once
/*
 * Whether a number that is looked at again and again rises steadily: the straight line through the
 * looks by least squares, and how far they scatter around it. For the work that piles up in a
 * target that is slower than the load, from the few per cent on that no single look would show.
 *
 * Zeroed memory is an empty one. Arithmetic only; no clock.
 */
#include <stdbool.h>
#include <stdint.h>

struct drift {
    uint64_t n;
    double first_t, last_t;
    double mean_t, mean_y;
    double tt, ty, yy; /* sums of products of deviations from the means */
};

/* One look: y at the moment t, in seconds, later than the one before. */
void drift_add(struct drift *d, double t, double y);

/* The rise a second; 0 for fewer than three looks. */
double drift_slope(const struct drift *d);

/* What it has risen by between the first look and the last, along the line. */
double drift_growth(const struct drift *d);

/* How far looks are from the line (standard deviation). */
double drift_scatter(const struct drift *d);

/*
 * Whether it rises by at least `least` a second, and has risen by more than its scatter and the
 * rounding of whole numbers explain.
 */
bool drift_rises(const struct drift *d, double least);
