/*
 * A block's sums are differences of running sums, so a draw costs what it has blocks: a thousand
 * draws of 240 steps in blocks of 6 are 40,000 additions.
 */
#include "compare/resample.h"

#include <math.h>

#include "base/mem.h"
#include "base/random.h"
#include "compare/student.h"

static struct ratio_step total(const struct ratio_step *steps, size_t n)
{
    struct ratio_step sum = {0};

    for (size_t i = 0; i < n; i++) {
        sum.top += steps[i].top;
        sum.bottom += steps[i].bottom;
    }
    return sum;
}

/*
 * How long steps stay alike: Σ over lags of the autocorrelation of what each step adds to the
 * ratio's error (top - ratio · bottom), up to the first lag at which it cannot be told from 0.
 */
static double correlated_steps(const struct ratio_step *steps, size_t n, double ratio)
{
    double variance = 0, sum = 1;

    for (size_t i = 0; i < n; i++) {
        double e = steps[i].top - ratio * steps[i].bottom;

        variance += e * e;
    }
    if (!(variance > 0))
        return 1;
    for (size_t lag = 1; lag < n / 2; lag++) {
        double c = 0;

        for (size_t i = 0; i + lag < n; i++) {
            c += (steps[i].top - ratio * steps[i].bottom) *
                 (steps[i + lag].top - ratio * steps[i + lag].bottom);
        }
        if (c / variance < 2 / sqrt((double)n))
            break;
        sum += 2 * c / variance;
    }
    return sum;
}

size_t resample_block(const struct ratio_step *steps, size_t n)
{
    struct ratio_step sum = total(steps, n);
    double ratio = sum.bottom > 0 ? sum.top / sum.bottom : 0;
    double least = ceil(cbrt((double)n));
    double block = fmax(least, ceil(correlated_steps(steps, n, ratio)));

    return (size_t)fmax(1, fmin(block, floor((double)n / 4)));
}

/* Sums before each step, of the run and of its beginning once more, for blocks around the end. */
static struct ratio_step *running_sums(const struct ratio_step *steps, size_t n, size_t block)
{
    struct ratio_step *sums = xnew_n(struct ratio_step, n + block + 1);

    for (size_t i = 0; i < n + block; i++) {
        sums[i + 1].top = sums[i].top + steps[i % n].top;
        sums[i + 1].bottom = sums[i].bottom + steps[i % n].bottom;
    }
    return sums;
}

static void add_block(struct ratio_step *to, const struct ratio_step *sums, size_t from, size_t n)
{
    to->top += sums[from + n].top - sums[from].top;
    to->bottom += sums[from + n].bottom - sums[from].bottom;
}

static double draw(const struct ratio_step *sums, size_t n, size_t block, struct rng *rng)
{
    struct ratio_step sum = {0};

    for (size_t left = n; left;) {
        size_t take = left < block ? left : block;

        add_block(&sum, sums, (size_t)rng_below(rng, n), take);
        left -= take;
    }
    return sum.bottom > 0 ? sum.top / sum.bottom : NAN;
}

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static double nth(const double *sorted, size_t n, double share)
{
    double at = share * (double)(n - 1);
    size_t i = (size_t)at;

    return i + 1 < n ? sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

/*
 * Percentiles of the draws are too close together when there are few blocks: draws have the
 * variance of n samples where n - 1 are free, and normal tails where Student's are due.
 */
static double widening(const struct resample *r, double confidence)
{
    double tail = (1 + confidence) / 2;

    return sqrt((r->df + 1) / r->df) * student_quantile(tail, r->df) / normal_quantile(tail);
}

static void read_draws(double *draws, size_t n, double confidence, struct resample *r)
{
    double mean = 0, squares = 0;

    qsort(draws, n, sizeof(*draws), ascending);
    for (size_t i = 0; i < n; i++)
        mean += draws[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (draws[i] - mean) * (draws[i] - mean);
    double wide = widening(r, confidence);

    r->se = sqrt(squares / (double)n * (r->df + 1) / r->df);
    r->low = r->value - wide * fmax(0, r->value - nth(draws, n, (1 - confidence) / 2));
    r->high = r->value + wide * fmax(0, nth(draws, n, (1 + confidence) / 2) - r->value);
    r->known = true;
}

void resample_ratio(const struct ratio_step *steps, size_t n, double confidence, uint64_t seed,
                    struct resample *ret)
{
    struct ratio_step sum = total(steps, n);
    double draws[RESAMPLE_DRAWS];
    size_t n_draws = 0;
    struct rng rng;

    *ret = (struct resample){.value = sum.bottom > 0 ? sum.top / sum.bottom : 0};
    if (n < RESAMPLE_STEPS_MIN || !(sum.bottom > 0))
        return;
    ret->block = resample_block(steps, n);
    ret->df = fmax(1, floor((double)n / (double)ret->block) - 1);
    scoped(freep) struct ratio_step *sums = running_sums(steps, n, ret->block);

    rng_seed(&rng, seed);
    for (size_t i = 0; i < RESAMPLE_DRAWS; i++) {
        double value = draw(sums, n, ret->block, &rng);

        if (!isnan(value))
            draws[n_draws++] = value;
    }
    /* A draw without a sample says that there are too few of them. */
    if (n_draws > RESAMPLE_DRAWS / 2)
        read_draws(draws, n_draws, confidence, ret);
}

double resample_design_effect(const struct resample *share, double samples)
{
    double variance = share->value * (1 - share->value) / samples;

    if (!share->known || !(variance > 0))
        return 1;
    return fmax(1, share->se * share->se / variance);
}
