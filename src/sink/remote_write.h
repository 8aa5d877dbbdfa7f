#pragma once
/*
 * Prometheus remote write, 1.0 and 2.0, as bytes. A point is encoded when it is measured, before it
 * is known which version the receiver speaks; requests of either are framed from such points:
 *
 *   1 byte    type of the metric by the protocol's numbers, 0: unknown
 *   varint    start in Unix ms, 0: unknown
 *   3 × (varint length, bytes)   name of the family, help, unit
 *   the rest  fields of a TimeSeries of 1.0: labels, then one sample or one histogram
 *
 * Points come back from disk, so that framing believes nothing.
 */
#include <stdint.h>

#include "base/buf.h"
#include "sink/batch.h"
#include "vocab/point.h"

#define REMOTE_WRITE_FORMAT "prometheus-remote-write"

/* The bits of the sample that ends a series. */
#define REMOTE_WRITE_STALE UINT64_C(0x7ff0000000000002)

enum remote_write_version {
    REMOTE_WRITE_1,
    REMOTE_WRITE_2,
};

enum {
    REMOTE_WRITE_E_BAD = 1, /* condition: a point is not one of ours; `out` is as before */
};

/* Appends the labels of a series as fields of a TimeSeries; sorted, __name__ among them. */
void remote_write_labels(struct buf *out, const struct tag *labels, size_t n);

/* What is measured of one series at one instant. */
struct remote_write_point {
    const struct point_family *family; /* NULL: nothing is known of it, for stale markers */
    struct str labels;                 /* by remote_write_labels() */
    int64_t start_ms;                  /* since when it counts; 0: unknown */
    int64_t at_ms;
    double value;            /* when there is no histogram */
    const struct hist *hist; /* NULL: none */
    double factor;
    int schema;
};

/* Appends a point. */
void remote_write_point(struct buf *out, const struct remote_write_point *p);

/*
 * Appends a request of the points, not packed. `with_metadata`: a 1.0 request also tells type, help
 * and unit of its families; one of 2.0 always does. Returns 0 or REMOTE_WRITE_E_BAD.
 */
MUST_USE int remote_write_frame(enum remote_write_version version, bool with_metadata,
                                const struct batch_view *points, struct buf *out);
