#pragma once
/*
 * What a receiver of remote write has been told of each series, so that it hears of what changed,
 * with ascending times, from 0 on, and to the end:
 *
 *   - a series goes out when it changed; unchanged ones once a minute, for Prometheus forgets a
 *     series after five
 *   - a counter or histogram that is new goes out twice: with 0 at the instant before, or rate()
 *     would miss what it began with
 *   - a series that a round has no more gets a stale marker, and at the end each does, or graphs
 *     would go on for five minutes
 */
#include <stdbool.h>
#include <stdint.h>

#include "sink/batch.h"
#include "vocab/point.h"

struct exposition_bounds;

struct remote_series;

struct remote_series_options {
    bool all;      /* what did not change as well */
    bool no_zeros; /* no 0 before the first value */
    bool stale;    /* markers for series that are gone */
    int schema;    /* of native histograms */

    /* Histograms as series NAME_bucket, _sum and _count instead, with these bounds for seconds;
     * NULL: native ones. */
    const struct exposition_bounds *classic;

    /* Takes the batch while a round goes on, when it has become large; leaves it empty. */
    void (*full)(void *arg, struct batch *b);
    void *arg;
};

struct remote_series *remote_series_new(const struct remote_series_options *options);
void remote_series_free(struct remote_series *s); /* accepts NULL */

/* Begins a round whose points go into `b`. */
void remote_series_begin(struct remote_series *s, struct batch *b);

/* A point_fn: `s` is the struct remote_series. */
void remote_series_point(void *s, const struct point *p);

/* Ends the round, which was at that time: series that it did not have are over. */
void remote_series_end(struct remote_series *s, wall_ns at);

/* Adds a stale marker for every series; none is known after that. */
void remote_series_stale(struct remote_series *s, struct batch *b);
