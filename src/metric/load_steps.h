#pragma once
/*
 * What each level of a load that rises in equal steps measured, and the last level that held its
 * limits before the first that did not. It is fed by ticks: one that lies within a step belongs to
 * it, one that a step begins in belongs to none, so that the levels do not mix.
 *
 * Owned by one thread.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

struct hist;

enum {
    LOAD_STEPS_MAX = 10000,
};

struct load_steps;

/* `n` levels, 1 to LOAD_STEPS_MAX, over `length` > 0. */
struct load_steps *load_steps_new(unsigned n, span_ns length);
void load_steps_free(struct load_steps *s); /* accepts NULL */

/* What one tick added. */
struct load_tick {
    span_ns from, to;             /* of the load: how long it had lasted */
    const struct hist *durations; /* milliseconds; NULL: none */
    uint64_t requests, failed;
};

void load_steps_add(struct load_steps *s, const struct load_tick *tick);

/* What a level must hold; INFINITY where there is no limit. */
struct load_limits {
    double p99_ms;
    double error_rate_pct;
};

/* One level. Numbers are those of its own requests. */
struct load_knee {
    unsigned step, n_steps; /* from 1; 0: no level held */
    double rps;             /* that the level asks for */
    double p99_ms;
    double error_rate_pct;
    bool is_bounded; /* the level above it was measured, and broke a limit */
};

/*
 * The last good level before the first bad one; levels that were not measured end the search.
 * `peak` is the rate of the highest. Returns false when not even the first was measured.
 */
bool load_steps_knee(const struct load_steps *s, const struct load_limits *limits, double peak,
                     struct load_knee *ret_knee);
