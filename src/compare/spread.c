#include "compare/spread.h"

#include <math.h>

#include "base/err.h"

/* Half the mean square of neighbours' differences, which has the variance of one value. */
static double variance_of(const double *logs, size_t n)
{
    double sum = 0;

    for (size_t i = 1; i < n; i++)
        sum += (logs[i] - logs[i - 1]) * (logs[i] - logs[i - 1]) / 2;
    return sum / (double)(n - 1);
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
    } rows[] = {{75, 0.02}, {95, 0.025}, {99, 0.06}};

    for (size_t i = 0; i < countof(rows); i++) {
        if (percent <= rows[i].upto)
            return rows[i].sd;
    }
    return 0.1;
}
