#pragma once
/*
 * From two figures with their intervals to a change with its interval, and from there to a word.
 * Nothing is "worse" because it is larger: the interval must say that it did not come by chance,
 * and the change must be one that matters. Nothing is "the same" because no difference was found:
 * the interval must leave no room for one that matters.
 */
#include <stdbool.h>
#include <stddef.h>

#include "compare/spread.h"

enum judgement {
    JUDGED_SAME,
    JUDGED_BETTER,
    JUDGED_WORSE,
    JUDGED_UNCLEAR, /* the runs do not say */
};

/* "same" ... */
const char *judgement_name(enum judgement j);

/* A figure of one run. */
struct figure {
    double value;
    double low, high; /* from what varied within the run; both `value` when that is not known */
    double df;        /* of that interval; 0: not known */
};

/* A change from baseline to current; NaN where there is no number. */
struct change_estimate {
    double value;     /* a share of the baseline, 0.1 is 10 % more; or a difference of shares */
    double low, high; /* of the interval */
    double p_value;   /* that there is none */
};

/*
 * The change of a positive figure, relative to the baseline. On logarithms the halves of the
 * interval are put together from those of the two figures and of the spread, each side from the
 * sides that matter to it (Zou & Donner 2008, "Construction of confidence limits about effect
 * measures", Stat. Med. 27).
 */
void change_relative(const struct figure *current, const struct figure *baseline,
                     const struct spread *spread, double confidence, struct change_estimate *ret);

/* A share: how many of how many, and how many of those are worth as independent. */
struct share_figure {
    double hits, total;
    double design_effect; /* at least 1 */
};

/*
 * The difference of two shares, in shares: Wilson's intervals put together as above (Newcombe
 * 1998, "Interval estimation for the difference between independent proportions", method 10).
 * `spread` is relative to the share, or to what it lacks to 1: what hardly ever fails, or hardly
 * ever succeeds, cannot vary much.
 */
void change_share(const struct share_figure *current, const struct share_figure *baseline,
                  const struct spread *spread, double confidence, struct change_estimate *ret);

enum better {
    LOWER_IS_BETTER,
    HIGHER_IS_BETTER,
};

/*
 * The word for a change. `threshold` is the least that matters, in the unit of the change.
 *
 *   worse    the interval lies beyond the threshold, or beyond 0 and the change reaches the
 *            threshold; to the bad side. better: the same to the good side
 *   same     the interval lies within the threshold on both sides (equivalence: Schuirmann 1987)
 *   unclear  else
 */
enum judgement judge(const struct change_estimate *change, enum better better, double threshold);

/*
 * Which of many tests count when a share `rate` of those that do may be false: Benjamini &
 * Hochberg 1995, "Controlling the false discovery rate". NaN counts as no test.
 */
void false_discoveries(const double *p_values, size_t n, double rate, bool *ret_counts);
