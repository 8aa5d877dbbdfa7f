/*
 * Done on buckets. What one bucket's samples held up is a comb of values, `interval` apart; all
 * teeth that fall into one bucket are counted at once, so that the work for a bucket is bounded by
 * the number of buckets below it, however small the interval is.
 */
#include "metric/hist_corrected.h"

#include <math.h>

#include "metric/hist_priv.h"

/* A comb of more teeth than this is cut: no run has had time for them. */
#define TEETH_MAX 0x1p40

/* How many teeth v - k * interval there are, k from 1, that are not below the interval. */
static double n_teeth(double v, double interval)
{
    double n = floor(v / interval * (1 + 1e-12)) - 1;

    return n < 0 ? 0 : n > TEETH_MAX ? TEETH_MAX : n;
}

/* The last tooth that is in the same bucket as tooth k, or the last of all. */
static double last_in_bucket(const struct hist *h, double v, double interval, double k, double n)
{
    double low = hist_upper(h, hist_index((v - k * interval) * h->scale) - 1);
    double last = ceil((v - low) / interval) - 1;

    return last < k ? k : last > n ? n : last;
}

/* Adds the teeth below v, each `count` times. */
static void put_comb(struct hist *h, double v, uint64_t count, double interval)
{
    double n = count ? n_teeth(v, interval) : 0;

    for (double k = 1; k <= n;) {
        double last = last_in_bucket(h, v, interval, k, n);
        double high = v - k * interval;
        double low = v - last * interval;
        uint64_t added = (uint64_t)(last - k + 1) * count;

        hist_put(h, HIST_POSITIVE, hist_index(high * h->scale), added);
        hist_put_range(h, low, high);
        h->count += added;
        h->sum += (double)added * (low + high) / 2;
        k = last + 1;
    }
}

/* The middle of a bucket, cut at the smallest and largest sample. */
static double middle(const struct hist *h, int32_t index)
{
    double low = fmax(hist_upper(h, index - 1), h->min);
    double high = fmin(hist_upper(h, index), h->max);

    return low + (high - low) / 2;
}

void hist_correct(const struct hist *h, double interval, struct hist *ret_h)
{
    int32_t cursor = INT32_MIN;
    int32_t index;
    uint64_t count;

    hist_merge(ret_h, h);
    if (!(interval * h->scale > HIST_ZERO))
        return;
    /* The largest sample is known exactly, and holds up the most. */
    int32_t last =
        h->count && h->max * h->scale > HIST_ZERO ? hist_index(h->max * h->scale) : INT32_MIN;

    while (hist_next(h, HIST_POSITIVE, &cursor, &index, &count)) {
        put_comb(ret_h, middle(h, index), count - (index == last), interval);
        if (index == last)
            put_comb(ret_h, h->max, 1, interval);
    }
}
