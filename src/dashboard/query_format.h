#pragma once
/* How several values are written in one place of a query. */
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Appends the values by the name of a format ("regex", "csv" ...); one that is unknown is "glob".
 * Returns 0 or BUF_E_LIMIT. */
MUST_USE int query_format(struct str format, const struct str *values, size_t n, struct buf *out);

/* Without a format: Prometheus writes alternatives inside of a string of PromQL, InfluxQL those of
 * a pattern between slashes. `is_list`: the variable could have several values. */
MUST_USE int query_format_prometheus(bool is_list, const struct str *values, size_t n,
                                     struct buf *out);
MUST_USE int query_format_influxql(bool is_list, const struct str *values, size_t n,
                                   struct buf *out);
