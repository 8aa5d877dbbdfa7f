#pragma once
/*
 * Where a figure changed over a series of runs: steps ("since this run it is 6 % slower") and
 * drifts ("0.3 % a run, all along"). Nothing is assumed of how the figure scatters but that runs
 * without a change could have come in any order: significance is that of permutations.
 *
 * Steps are found by halving the series at the split that separates best, as long as a part has one
 * that is significant (binary segmentation: Scott & Knott 1974; with permutations as in E-divisive
 * means, Matteson & James 2014, used for performance changes by Daly et al., ICPE 2020). What the
 * last few runs say is tested by itself, because one looks at a series when runs have been added.
 * Single runs that are far off are cut to what the others make likely, so that they make no step.
 *
 * A drift is Mann's and Kendall's test (1945, 1975), its slope the median of all slopes (Theil
 * 1950, Sen 1968); it is told when a line fits better than steps do (Schwarz's criterion).
 */
#include <stddef.h>
#include <stdint.h>

enum change_kind {
    CHANGE_STEP,
    CHANGE_DRIFT,
};

struct change {
    enum change_kind kind;
    size_t index;  /* the first run that is different; of a drift, the first of the series */
    double before; /* the median of the runs before, up to the step before; or the line's ends */
    double after;  /* the same from the step on */
    double delta;  /* (after - before) / |before|; NaN from 0 */
    double confidence; /* 0..1: 1 minus the chance of seeing one where there is none */
};

struct changes_config {
    double false_alarms; /* the chance of a report on a series without change; 0: 0.01 */
    double least;        /* smaller changes are left out, a share; 0: 0.01 */
    uint64_t seed;
};

enum {
    CHANGES_RUNS_MIN = 8, /* fewer tell nothing */
    CHANGES_MAX = 64,     /* in one series */
    CHANGES_RUNS_MAX = 5000,
};

/*
 * Finds the changes of n values, oldest first; writes them in order and returns how many. Of more
 * than CHANGES_RUNS_MAX values only the last are looked at. Positive figures are compared on the
 * logarithmic scale.
 */
size_t changes_find(const double *values, size_t n, const struct changes_config *config,
                    struct change ret[CHANGES_MAX]);
