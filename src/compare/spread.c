#include "compare/spread.h"

#include <math.h>

#include "base/mem.h"

/* Where a difference is cut, in standard deviations by the median, once there are a few. */
#define CUT     3.5
#define CUT_MIN 5

/* The median of |x| of a normal variable, in standard deviations. */
#define MEDIAN_ABS 0.6745

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* |differences| of neighbours over √2, which have the variance of one value. */
static size_t differences(const double *logs, size_t n, double *ret)
{
    for (size_t i = 1; i < n; i++)
        ret[i - 1] = fabs(logs[i] - logs[i - 1]) * M_SQRT1_2;
    qsort(ret, n - 1, sizeof(*ret), ascending);
    return n - 1;
}

static double variance_of(const double *logs, size_t n)
{
    scoped(freep) double *d = xnew_n(double, n);
    size_t n_d = differences(logs, n, d);
    double median = (d[(n_d - 1) / 2] + d[n_d / 2]) / 2;
    double limit = n_d >= CUT_MIN && median > 0 ? CUT * median / MEDIAN_ABS : INFINITY;
    double sum = 0;

    for (size_t i = 0; i < n_d; i++) {
        double kept = fmin(d[i], limit);

        sum += kept * kept;
    }
    return sum / (double)n_d;
}

/* Of the mean square successive difference: 2 (mean)² / variance, for normal values. */
static double freedom(size_t n)
{
    double k = (double)n;

    return 2 * (k - 1) * (k - 1) / (3 * k - 4);
}

void spread_find(const double *logs, size_t n, double within, double prior_sd, struct spread *ret)
{
    double prior = prior_sd * prior_sd;

    *ret = (struct spread){.sd = prior_sd, .df = SPREAD_PRIOR_DF};
    if (n < 2)
        return;
    double seen = fmax(0, variance_of(logs, n) - within);
    double df = freedom(n);

    ret->n = n;
    ret->df = SPREAD_PRIOR_DF + df;
    ret->sd = sqrt((SPREAD_PRIOR_DF * prior + df * seen) / ret->df);
}

double spread_prior_percentile(double percent)
{
    static const struct {
        double upto, sd;
    } rows[] = {{75, 0.02}, {95, 0.025}, {99, 0.04}};

    for (size_t i = 0; i < countof(rows); i++) {
        if (percent <= rows[i].upto)
            return rows[i].sd;
    }
    return 0.06;
}
