#pragma once
/*
 * Native histograms of Prometheus. Ours have the same buckets (metric/hist.h), so at schema 8
 * nothing is lost; smaller schemas join buckets, 2^(8 - schema) into one.
 *
 * Two messages carry them, with the same parts under other numbers.
 */
#include "base/buf.h"
#include "metric/hist.h"

enum {
    NATIVE_SCHEMA_MAX = HIST_SCHEMA,
    NATIVE_SCHEMA_MIN = 0, /* doubling; the format goes down to -4, which nobody wants of times */
};

/* Field numbers of a histogram message. */
struct native_fields {
    unsigned count, sum, schema, zero_threshold, zero_count;
    unsigned negative_spans, negative_deltas, positive_spans, positive_deltas;
};

extern const struct native_fields native_remote_write; /* prometheus.Histogram, 1.0 and 2.0 */
extern const struct native_fields native_scrape;       /* io.prometheus.client.Histogram */

/*
 * Writes the fields of the histogram into the message that is open, in ascending order of their
 * numbers. A sample times `factor` is in the unit in which it is to be known: the buckets are
 * exactly ours when that is h->scale; otherwise each goes to the one that holds its middle.
 */
void native_hist_put(struct buf *out, const struct native_fields *fields, const struct hist *h,
                     double factor, int schema);
