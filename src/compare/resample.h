#pragma once
/*
 * How sure a figure of one run is, from how it varied over the run's own steps.
 *
 * Every figure compared is a ratio of two sums over steps: a mean (sum of values over their
 * number), a rate (requests over seconds), a share (failed over all). A percentile is made one by
 * asking the other way round: the share of samples that lie at or below the percentile that was
 * found. Its interval is then read back through the distribution (Woodruff 1952, "Confidence
 * intervals for medians and other position measures", JASA 47; quantiles and that share err alike,
 * Bahadur 1966).
 *
 * Requests that follow each other are alike: a slow second slows them all, and the next second too.
 * Intervals that take them for independent are far too narrow. So whole blocks of neighbouring
 * steps are drawn anew (Künsch 1989), around the end (circular: Politis & Romano 1992), and the
 * scatter of the ratio over so many draws is the answer.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RESAMPLE_DRAWS = 1000,
    RESAMPLE_STEPS_MIN = 5, /* with fewer, a run says nothing of how it varies */
};

struct ratio_step {
    double top, bottom;
};

struct resample {
    double value; /* sum of tops over sum of bottoms; 0 when there is nothing below */
    bool known;   /* there were steps enough: the rest means something */
    double low;   /* of the interval */
    double high;  /* the same */
    double se;    /* standard error */
    double df;    /* blocks there are in the run, but one */
    size_t block; /* steps in one */
};

/*
 * `confidence` is 0..1. Equal input gives equal output. Steps without a bottom count as time in
 * which nothing happened.
 */
void resample_ratio(const struct ratio_step *steps, size_t n, double confidence, uint64_t seed,
                    struct resample *ret);

/*
 * Steps in a block: n^(1/3), which is the order that makes the variance's error least (Hall,
 * Horowitz & Jing 1995, Biometrika 82), or more where the steps stay alike for longer; at most a
 * quarter of them.
 */
size_t resample_block(const struct ratio_step *steps, size_t n);

/*
 * How many times fewer independent samples there are than samples: the variance of a share over
 * that of independent ones (Kish's design effect); at least 1.
 */
double resample_design_effect(const struct resample *share, double samples);
