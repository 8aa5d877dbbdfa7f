#pragma once
/*
 * How likely a load is to be held, as a curve over the rate: near 1 at low rates, near 0 at high
 * ones, with one bend between them. Where the bend is and how wide it is are unknown; what probes
 * showed makes some places likelier than others, and that is what a fitted curve holds.
 *
 * The model is that of a psychometric function with lapses, fitted by Bayes' rule on a grid
 * (A. Watson, D. Pelli, "QUEST: a Bayesian adaptive psychometric method", Perception &
 * Psychophysics 33, 1983; the width as a second unknown: L. Kontsevich, C. Tyler, "Bayesian
 * adaptive estimation of psychometric slope and threshold", Vision Research 39, 1999):
 *
 *     P(held at rate r) = e + (1 - 2e) / (1 + exp((ln r - ln bend) / width))
 *
 * No clock, no I/O; the same trials give the same curve.
 */
#include <stdbool.h>
#include <stddef.h>

enum {
    HOLD_TRIALS_MAX = 150
};

struct hold_trial {
    double rate; /* above 0 */
    bool held;
};

struct hold_curve;

/*
 * Fits a curve to at most HOLD_TRIALS_MAX trials. Its bend is looked for from `low` to `high` (0 <
 * low < high), to a fraction `step` of the rate. The caller frees it.
 */
struct hold_curve *hold_curve_fit(const struct hold_trial *trials, size_t n, double low,
                                  double high, double step);
void hold_curve_free(struct hold_curve *c); /* accepts NULL */

/* The rate below which the bend lies with probability q (0..1). */
double hold_curve_quantile(const struct hold_curve *c, double q);

/* How likely a probe at that rate is to be held, all that is unknown taken into account. */
double hold_curve_at(const struct hold_curve *c, double rate);

/* The highest rate between low and high that is held with at least probability p; `low` if none. */
double hold_curve_reach(const struct hold_curve *c, double p);
