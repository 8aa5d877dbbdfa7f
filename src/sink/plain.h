#pragma once
/*
 * What a snapshot has, as points under the metrics' own names ("http_reqs") and in the samples' own
 * units: for receivers that no vocabulary is made for. Counters, gauges and trends are themselves;
 * a rate becomes counters of the samples that were zero and of those that were not, because such
 * can be added up.
 */
#include "metric/snapshot.h"
#include "vocab/point.h"

struct plain;

enum plain_rates {
    PLAIN_RATE_LABELS, /* "checks.total" with the label condition=zero or nonzero, as k6 has it */
    PLAIN_RATE_NAMES,  /* "checks.zero" and "checks.nonzero", and the gauge "checks": the share of
                          the samples of the last tick that were not zero */
};

enum plain_detail {
    PLAIN_SERIES, /* a point for each tag set */
    PLAIN_TOTALS, /* one for each metric, over all its tag sets, without labels */
};

struct plain_options {
    struct str prefix; /* before each name; borrowed for the life of the object */
    enum plain_rates rates;
    enum plain_detail detail;
};

/* The snapshot outlives it. Belongs to the run's thread, as that does. */
struct plain *plain_new(const struct plain_options *options, struct snapshot *snapshot);
void plain_free(struct plain *p); /* accepts NULL */

/* The run a point belongs to and when it is taken. */
struct plain_times {
    wall_ns start; /* of the run */
    wall_ns at;    /* of the tick */
};

/* Shows a point for all that was ever measured, as of the last tick; families by metric. */
void plain_each(struct plain *p, const struct plain_times *times, point_fn *fn, void *arg);

/* "milliseconds", "bytes" or "" for a metric's samples. */
struct str plain_unit(const struct metric *m);
