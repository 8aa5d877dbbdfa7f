#pragma once
/*
 * One number, or one distribution, under the name that a vocabulary gives it: what is written to a
 * sink. Points come in families, all of one name together; the strings and histograms they refer to
 * are borrowed for the length of one call.
 *
 * Histograms keep the samples' unit, milliseconds for times, and the buckets of the base unit
 * (metric/hist.h, scale). `factor` turns samples into the family's unit. Where it equals the
 * histogram's scale, as it does in every family of seconds, bucket i of the histogram is bucket i
 * of a Prometheus native histogram of schema 8, and bucket i - 1 of an OTLP one of scale 8.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/str.h"
#include "metric/hist.h"
#include "metric/tagset.h"

enum point_kind {
    POINT_COUNTER,   /* grows; starts at 0 with the run */
    POINT_GAUGE,     /* any number, now */
    POINT_HISTOGRAM, /* a distribution since the start of the run */
};

/* What all points of one name have in common. */
struct point_family {
    struct str name; /* complete: "brunt_http_reqs_total", "lp.run_results.run.latency.p95_ms" */
    enum point_kind kind;
    struct str unit; /* "seconds", "bytes", "ratio", "milliseconds"; n 0: a plain number */
    struct str help; /* a phrase without full stop; may be empty */
};

struct point {
    const struct point_family *family;
    const struct tag *labels; /* sorted by key, keys unique, no value empty unless exact */
    size_t n_labels;
    double value;                  /* counter: since the start; gauge: now. Never NaN or infinite */
    double delta;                  /* counter: what the last tick added */
    const struct hist *hist;       /* histogram: since the start; else NULL */
    const struct hist *hist_delta; /* histogram: of the last tick; NULL when it added nothing */
    double factor;                 /* histogram: sample × factor is in the family's unit */
    bool fresh;                    /* the last tick added samples */
    wall_ns start;                 /* of the run: since when a counter or histogram counts */
    wall_ns at;                    /* when `value` was true */
};

/* Gets points, those of one family in a row. */
typedef void(point_fn)(void *arg, const struct point *p);
