#pragma once
/*
 * How much a figure differs from run to run when nothing has changed: other processes, caches,
 * clocks of processors, the order in which connections were made. Nothing within one run shows it,
 * and a comparison that leaves it out finds differences between any two runs.
 *
 * It is learnt from earlier runs and begins with an assumption: the assumption counts as
 * SPREAD_PRIOR_DF degrees of freedom, the earlier runs as many as they have (a scaled inverse χ²
 * prior; so Smyth 2004, "Linear models and empirical Bayes methods", §3). Values are logarithms of
 * figures: a spread of 0.02 is 2 %.
 */
#include <stddef.h>

enum {
    SPREAD_RUNS_MAX = 20, /* earlier runs that are worth reading */
    SPREAD_PRIOR_DF = 5,
};

struct spread {
    double sd; /* of one run, beside what varied within it */
    double df; /* how well that is known */
    size_t n;  /* earlier runs it comes from */
};

/*
 * `logs` are those of the n earlier runs, in order; `within` is the variance that the figure has
 * from what varies within a run, which is not to be counted twice.
 *
 * Neighbours are compared, not each with the mean, so that a lasting change among the earlier runs
 * counts once (von Neumann 1941, "Distribution of the ratio of the mean square successive
 * difference to the variance"). Nothing is left out for being far off: where one run of twenty is,
 * the next may be.
 */
void spread_find(const double *logs, size_t n, double within, double prior_sd, struct spread *ret);

/* The assumption for a percentile, percent 0..100. */
double spread_prior_percentile(double percent);
