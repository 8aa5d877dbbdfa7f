/*
 * How often changes_find() sees a change that is there and one that is not, on made-up histories of
 * a p95: `synthetic [HISTORIES [SEED]]` prints the rates at several scatters between runs and ends
 * with 1 when they are not those that docs/compare.md states.
 *
 * A history is 30 runs, then a step of 5 %; it is looked at after each of the three runs that
 * follow, as somebody would who adds a run a day. A false alarm is any report on 33 runs without a
 * change.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/random.h"
#include "compare/changes.h"

enum {
    RUNS_BEFORE = 30,
    RUNS_AFTER = 3,
    RUNS = RUNS_BEFORE + RUNS_AFTER,
};

#define STEP 0.05

enum noise_kind {
    NOISE_NORMAL,
    NOISE_OUTLIERS, /* one run of twenty is up to 40 % slower */
    NOISE_SKEWED,   /* gamma distributed: slow runs are farther off than fast ones */
};

struct setting {
    const char *name;
    enum noise_kind kind;
    double sd;
    double found_min; /* of steps, after three runs; 0: whatever it is */
};

static const struct setting settings[] = {
    {"normal", NOISE_NORMAL, 0.005, 0.99},  {"normal", NOISE_NORMAL, 0.010, 0.99},
    {"normal", NOISE_NORMAL, 0.015, 0.93},  {"normal", NOISE_NORMAL, 0.020, 0.60},
    {"normal", NOISE_NORMAL, 0.030, 0},     {"outliers", NOISE_OUTLIERS, 0.010, 0.70},
    {"outliers", NOISE_OUTLIERS, 0.020, 0}, {"skewed", NOISE_SKEWED, 0.010, 0.95},
    {"skewed", NOISE_SKEWED, 0.020, 0},
};

static double noise(const struct setting *s, struct rng *rng)
{
    if (s->kind == NOISE_SKEWED)
        return s->sd * (rng_gamma(rng, 4, 4) - 4) / 2;
    double off = s->sd * rng_normal(rng);

    if (s->kind == NOISE_OUTLIERS && rng_unit(rng) < 0.05)
        off += 0.4 * rng_unit(rng);
    return off;
}

static void make(const struct setting *s, struct rng *rng, double step, double *values)
{
    for (size_t i = 0; i < RUNS; i++)
        values[i] = (i < RUNS_BEFORE ? 120 : 120 * (1 + step)) * exp(noise(s, rng));
}

static bool sees_step(const double *values, size_t n, uint64_t seed)
{
    struct change found[CHANGES_MAX];
    size_t n_found = changes_find(values, n, &(struct changes_config){.seed = seed}, found);

    for (size_t i = 0; i < n_found; i++) {
        if (found[i].kind == CHANGE_STEP && found[i].index + 1 >= RUNS_BEFORE && found[i].delta > 0)
            return true;
    }
    return false;
}

struct rates {
    size_t found[RUNS_AFTER]; /* after so many runs, or earlier */
    size_t false_alarms;
};

static void measure(const struct setting *s, size_t n, uint64_t seed, struct rates *ret)
{
    *ret = (struct rates){0};
    for (size_t i = 0; i < n; i++) {
        struct change any[CHANGES_MAX];
        double values[RUNS];
        bool found = false;
        struct rng rng;

        rng_seed_nth(&rng, seed, i);
        make(s, &rng, 0, values);
        ret->false_alarms +=
            changes_find(values, RUNS, &(struct changes_config){.seed = i}, any) > 0;
        make(s, &rng, STEP, values);
        for (size_t k = 0; k < RUNS_AFTER; k++) {
            found = found || sees_step(values, RUNS_BEFORE + k + 1, i);
            ret->found[k] += found;
        }
    }
}

/* What chance adds to a rate in so many trials, three standard deviations of it. */
static double slack(double rate, size_t n)
{
    return 3 * sqrt(rate * (1 - rate) / (double)n);
}

static bool check(const struct setting *s, const struct rates *r, size_t n)
{
    double found = (double)r->found[RUNS_AFTER - 1] / (double)n;
    double alarms = (double)r->false_alarms / (double)n;

    return alarms <= 0.01 + slack(0.01, n) &&
           (s->found_min == 0 || found >= s->found_min - slack(s->found_min, n));
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 2000;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    int exit_code = 0;

    if (n == 0 || argc > 3) {
        fprintf(stderr, "usage: synthetic [HISTORIES [SEED]]\n");
        return 2;
    }
    printf("%zu histories of %d runs; a step of 5 %%\n\n", n, RUNS);
    printf("%-9s  %6s   %s   %s\n", "scatter", "sd", "found after 1, 2, 3 runs", "false alarms");
    for (size_t i = 0; i < countof(settings); i++) {
        const struct setting *s = &settings[i];
        struct rates r;

        measure(s, n, seed, &r);
        bool good = check(s, &r, n);

        printf("%-9s  %5.1f%%   %5.1f%% %7.1f%% %7.1f%%   %11.2f%%%s\n", s->name, 100 * s->sd,
               100.0 * (double)r.found[0] / (double)n, 100.0 * (double)r.found[1] / (double)n,
               100.0 * (double)r.found[2] / (double)n, 100.0 * (double)r.false_alarms / (double)n,
               good ? "" : "   not as stated");
        exit_code = good ? exit_code : 1;
    }
    return exit_code;
}
