#pragma once
/*
 * Samples and sums as lines in k6's data model: the measurement is the metric's name, tags are the
 * tags, times are in milliseconds.
 *
 * A server keeps one point per series and time, and a series is what is left after some tags became
 * fields; so two samples that were taken in the same nanosecond would overwrite each other. Each
 * line's time is therefore at least one nanosecond after that of the line before it in its series.
 * With a coarser precision the time is rounded down to it first, and then moved in the same way.
 * `exact` leaves times alone and counts them in the precision's unit, as k6 does.
 *
 * An object belongs to one thread at a time.
 */
#include "base/clock.h"
#include "base/err.h"
#include "metric/metric.h"
#include "metric/tagset.h"
#include "metric/value.h"
#include "sink/batch.h"
#include "sink/sink.h"

struct influx_lines;

struct influx_lines_options {
    /* "vu:int,iter:int,url": tags that become fields, of type string, int, float or bool */
    const char *tags_as_fields;
    span_ns unit; /* of times: 1, NS_PER_US ... */
    bool exact;
};

/* Returns 0 or FAULT_EXIT(104): an unknown type, a name twice, or the name "value". */
MUST_USE int influx_lines_new(const struct influx_lines_options *options,
                              struct influx_lines **ret_lines);
void influx_lines_free(struct influx_lines *l); /* accepts NULL */

/*
 * One sample: the field `value`, and the tags that become fields. Metric and tags are told apart by
 * address. Appends a point to `out`, or none when the value is not finite.
 */
void influx_lines_sample(struct influx_lines *l, const struct sink_sample *sample,
                         struct batch *out);

/*
 * What one tick added to a series, as sums; all tags stay tags:
 *
 *   counter  value and sum (of the tick), count (of samples), total (sum since the start)
 *   gauge    value (the last), min, max
 *   rate     value (share of trues), sum (trues), count, total (trues since the start)
 *   trend    count, sum, min, max, mean, p50, p90, p95, p99, total (samples since the start)
 */
void influx_lines_sums(struct influx_lines *l, const struct metric *metric,
                       const struct tagset *tags, const struct value *delta,
                       const struct value *total, wall_ns at, struct batch *out);
