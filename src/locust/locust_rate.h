#pragma once
/* Locust's arithmetic where it isn't ours: rates by whole seconds, and times of two digits. */
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "locust/locust_view.h"

enum locust_rate_of {
    LOCUST_RATE_REQUESTS,
    LOCUST_RATE_FAILURES,
};

/*
 * Adds n to the seconds of (from, to], each by its part of that time; all of them to the second of
 * `to` when that time is empty. The seconds are a growing array, ascending.
 */
void locust_rate_add(struct locust_second **seconds, size_t *n_seconds, size_t *cap_seconds,
                     wall_ns from, wall_ns to, enum locust_rate_of of, uint64_t n);

/* Removes the seconds that locust_rate_current() will not read at `now` or later. */
void locust_rate_forget(struct locust_second *seconds, size_t *n_seconds, wall_ns now);

/* The mean of the whole seconds from 12 to 3 before `last`, and from that of `start` on; 0 when
 * there are none. */
double locust_rate_current(const struct locust_second *seconds, size_t n_seconds, wall_ns start,
                           wall_ns last, enum locust_rate_of of);

/* A time as Locust keeps it: to 1 ms, from 100 ms to 10, from 1 s to 100, from 10 s to 1000. */
double locust_round_time(double ms);

/* Locust's rules over times so rounded; 0 of an empty histogram. */
double locust_exact_median(const struct hist *times);
double locust_exact_quantile(const struct hist *times, double q);
void locust_exact_times(const struct hist *times, locust_time_fn *fn, void *arg);

enum locust_times {
    LOCUST_TIMES_FINE, /* the middles of buckets */
    LOCUST_TIMES_ROUNDED,
};

void locust_walk_times(const struct hist *times, enum locust_times as, locust_fine_fn *fn,
                       void *arg);
