#pragma once
/*
 * A value as the numbers that the run document has of it (docs/reference/run-document.md). A point
 * is what one step added, a total is since the start; which numbers they are depends on the type of
 * the metric.
 *
 *             point                              total
 *   counter   sum                                sum n
 *   gauge     last min max                       last min max n
 *   rate      trues total                        trues total
 *   trend     n sum min max p50 p90 p95 p99      n sum min max p50 p90 p95 p99 p999
 */
#include <stddef.h>

#include "base/buf.h"
#include "metric/value.h"

enum {
    DOC_COLUMNS_MAX = 9,
    DOC_POINT_DIGITS = 4, /* the error of a quantile is 0.14 %: more digits would say nothing */
    DOC_TOTAL_DIGITS = 9, /* of a frame's totals; a document's have all */
    DOC_ALL_DIGITS = 17,
};

/* How many numbers a point has. */
size_t doc_point_columns(enum metric_type type);

/* Fills in the numbers; returns how many. Those of an empty trend's distribution are 0. */
size_t doc_point(const struct value *v, enum metric_type type, double ret_columns[DOC_COLUMNS_MAX]);
size_t doc_total(const struct value *v, enum metric_type type, double ret_columns[DOC_COLUMNS_MAX]);

/*
 * Appends a number as JSON, rounded to so many significant digits. Whole numbers, and what stands
 * before the decimal point, stay exact. What is not finite becomes null.
 */
void doc_put_number(struct buf *out, double value, int digits);
