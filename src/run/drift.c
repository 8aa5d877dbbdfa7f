/* Welford's recurrence, for two variables: sums of products never lose what differences need. */
#include "run/drift.h"

#include <math.h>

/* Multiples of the scatter that chance does not reach, and what whole numbers round. */
#define SCATTERS 4
#define ROUNDING 2

void drift_add(struct drift *d, double t, double y)
{
    if (!d->n)
        d->first_t = t;
    d->last_t = t;
    d->n++;
    double off_t = t - d->mean_t, off_y = y - d->mean_y;

    d->mean_t += off_t / (double)d->n;
    d->mean_y += off_y / (double)d->n;
    d->tt += off_t * (t - d->mean_t);
    d->ty += off_t * (y - d->mean_y);
    d->yy += off_y * (y - d->mean_y);
}

double drift_slope(const struct drift *d)
{
    return d->n >= 3 && d->tt > 0 ? d->ty / d->tt : 0;
}

double drift_growth(const struct drift *d)
{
    return drift_slope(d) * (d->last_t - d->first_t);
}

double drift_scatter(const struct drift *d)
{
    if (d->n < 3)
        return 0;
    return sqrt(fmax(0, d->yy - drift_slope(d) * d->ty) / (double)(d->n - 2));
}

bool drift_rises(const struct drift *d, double least)
{
    return drift_slope(d) >= least && drift_growth(d) > SCATTERS * drift_scatter(d) + ROUNDING;
}
