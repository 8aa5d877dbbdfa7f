#pragma once
/* Numbers and texts as Python writes them. */
#include "base/buf.h"
#include "base/str.h"
#include "locust/locust_csv.h"

struct locust_row;

/* repr() of a float: the fewest digits that read back as the same, "0.0" and "1e-05". */
void locust_put_float(struct buf *out, double value);

/* "50%", "99.9%". */
void locust_put_quantile_name(struct buf *out, double q);

/* A time that Locust has as a whole number of milliseconds; 0 of what is none. */
uint64_t locust_whole_ms(double ms);

/* The median as Locust gives it: a whole number, unless the smallest or largest time is nearer. */
void locust_put_median(struct locust_view *v, const struct locust_row *row, struct buf *out);

/* "2026-01-31T12:00:00Z". */
void locust_put_utc(struct buf *out, wall_ns when);
