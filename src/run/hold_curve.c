/*
 * A grid of bends, evenly spaced on the log scale, by a few widths; each cell has its share of the
 * belief. Widths go from a hard limit, where a step of a thousandth decides, to a system so noisy
 * that a tenth does.
 */
#include "run/hold_curve.h"

#include <assert.h>
#include <math.h>

#include "base/err.h"
#include "base/mem.h"

/* Widths of the bend, in ln rate; all are as likely before the first probe. */
static const double widths[] = {0.001, 0.004, 0.016, 0.064};

/* A probe that says the opposite of the truth: a neighbour's burst, a lucky second. */
#define LAPSE 0.02

enum {
    BENDS_MAX = 20000,
};

struct hold_curve {
    double low; /* ln of the first bend */
    double step;
    size_t n;
    double (*share)[countof(widths)]; /* n of them; all add up to 1 */
};

/* Shares of belief below this change no answer and are not worth computing with. */
#define NEGLIGIBLE 1e-12

static double probability(double x, double bend, double width)
{
    double z = (x - bend) / width;

    if (fabs(z) > 40) /* most of the grid; the rest of exp() is below rounding */
        return z > 0 ? LAPSE : 1 - LAPSE;
    return LAPSE + (1 - 2 * LAPSE) / (1 + exp(z));
}

static double bend_at(const struct hold_curve *c, size_t i)
{
    return c->low + (double)i * c->step;
}

/* No factor is below LAPSE, so that a product of a hundred stays far from underflow. */
static double likelihood(const struct hold_trial *trials, const double *x, size_t n, double bend,
                         double width)
{
    double product = 1;

    for (size_t i = 0; i < n; i++) {
        double p = probability(x[i], bend, width);

        product *= trials[i].held ? p : 1 - p;
    }
    return product;
}

static void fill(struct hold_curve *c, const struct hold_trial *trials, size_t n)
{
    scoped(freep) double *x = xnew_n(double, n);
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        x[i] = log(trials[i].rate);
    for (size_t i = 0; i < c->n; i++) {
        for (size_t w = 0; w < countof(widths); w++) {
            c->share[i][w] = likelihood(trials, x, n, bend_at(c, i), widths[w]);
            sum += c->share[i][w];
        }
    }
    for (size_t i = 0; i < c->n; i++)
        for (size_t w = 0; w < countof(widths); w++)
            c->share[i][w] /= sum;
}

struct hold_curve *hold_curve_fit(const struct hold_trial *trials, size_t n, double low,
                                  double high, double step)
{
    struct hold_curve *c = xnew(struct hold_curve);

    assert(low > 0 && high > low && step > 0 && n <= HOLD_TRIALS_MAX);
    double count = ceil(log(high / low) / step) + 1;

    c->n = count < BENDS_MAX ? (size_t)count : BENDS_MAX;
    c->low = log(low);
    c->step = log(high / low) / (double)(c->n - 1);
    c->share = xcalloc(c->n, sizeof(*c->share));
    fill(c, trials, n);
    return c;
}

void hold_curve_free(struct hold_curve *c)
{
    if (!c)
        return;
    free(c->share);
    free(c);
}

double hold_curve_quantile(const struct hold_curve *c, double q)
{
    double sum = 0;

    for (size_t i = 0; i < c->n; i++) {
        double cell = 0;

        for (size_t w = 0; w < countof(widths); w++)
            cell += c->share[i][w];
        /* A cell's belief is spread evenly around its middle. */
        if (sum + cell >= q && cell > 0)
            return exp(bend_at(c, i) + ((q - sum) / cell - 0.5) * c->step);
        sum += cell;
    }
    return exp(bend_at(c, c->n - 1));
}

double hold_curve_at(const struct hold_curve *c, double rate)
{
    double x = log(rate);
    double sum = 0;

    for (size_t i = 0; i < c->n; i++) {
        for (size_t w = 0; w < countof(widths); w++) {
            if (c->share[i][w] > NEGLIGIBLE)
                sum += c->share[i][w] * probability(x, bend_at(c, i), widths[w]);
        }
    }
    return sum;
}

double hold_curve_reach(const struct hold_curve *c, double p)
{
    double low = c->low, high = bend_at(c, c->n - 1);

    /* The probability falls with the rate: 20 halvings are far finer than any probe. */
    for (int i = 0; i < 20; i++) {
        double mid = (low + high) / 2;

        if (hold_curve_at(c, exp(mid)) >= p)
            low = mid;
        else
            high = mid;
    }
    return exp(low);
}
