#pragma once
/* Numbers as people read them in a summary: 132.45ms, 1.2 MB, 99.99%. */
#include "base/buf.h"
#include "metric/metric.h"

/* The unit in which times are shown. */
enum time_unit {
    TIME_UNIT_AUTO, /* what fits best */
    TIME_UNIT_S,
    TIME_UNIT_MS,
    TIME_UNIT_US,
};

/* "s", "ms" or "us"; anything else is AUTO. */
enum time_unit time_unit_of(const char *text);

/* Appends a value of a metric: milliseconds for CONTAINS_TIME, bytes for CONTAINS_DATA. */
void humanize(struct buf *out, double value, enum metric_contains contains, enum time_unit unit);

/* Appends a share (0..1) in percent, cut to two decimals: 0.99999 is 99.99%, never 100.00%. */
void humanize_share(struct buf *out, double share);

/* Columns that UTF-8 text takes on a terminal, taking every character for one wide. */
size_t text_columns(struct str text);
