#pragma once
/*
 * OTLP metrics as bytes (opentelemetry-proto, ExportMetricsServiceRequest). A point becomes a
 * record of its own: what its metric is, then the data point. Framing joins neighbours of one
 * metric under one head and puts resource and scope around all of them. Pure functions.
 *
 * A histogram whose buckets are those of its unit becomes an exponential one, bucket i as i - 1,
 * without loss; one in another unit (times in milliseconds) gets explicit bounds.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "sink/batch.h"
#include "vocab/point.h"

/* The numbers of the protocol. */
enum otlp_temporality {
    OTLP_DELTA = 1,
    OTLP_CUMULATIVE = 2,
};

enum otlp_histograms {
    OTLP_EXPONENTIAL,
    OTLP_EXPLICIT, /* the bounds of the OpenTelemetry SDKs */
};

struct otlp_style {
    enum otlp_temporality temporality;
    enum otlp_histograms histograms;
    uint32_t
        max_buckets; /* of an exponential histogram's side: more lower the scale; 0: no limit */
    wall_ns since;   /* OTLP_DELTA: when the tick began */
};

/* Appends the record of a point; nothing when OTLP_DELTA and the tick added nothing. */
void otlp_put(struct buf *out, const struct otlp_style *style, const struct point *p);

/* Who measured: attributes of the resource. Empty values are left out. */
struct otlp_origin {
    const struct tag *attributes;
    size_t n_attributes;
    const char *scope;
    const char *version; /* of the scope */
};

/* Appends a request with the records of `points`. A record that cannot be read is left out. */
void otlp_request(struct buf *out, const struct otlp_origin *origin,
                  const struct batch_view *points);
