#pragma once
/*
 * Locust's CSV files, byte for byte in their form: commas, CRLF, quotes only where they are needed,
 * numbers as Python prints them. Each function appends to a buffer.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"

struct locust_view;

/* The percentiles of files and tables, 0..1; PERCENTILES_TO_REPORT of a locustfile. */
struct locust_quantiles {
    const double *q;
    size_t n;
};

/* Locust's own: 0.50 0.66 0.75 0.80 0.90 0.95 0.98 0.99 0.999 0.9999 1.0. */
extern const struct locust_quantiles locust_quantiles_report;

/* An exception of tasks, as the run has it. Borrowed. */
struct locust_exception {
    uint64_t count;
    struct str message, traceback;
    struct str nodes; /* "local", or workers with ", " between */
};

/* P_stats.csv, and /stats/requests/csv: a line of names, a row each, the row of everything. */
void locust_csv_stats(struct locust_view *v, struct locust_quantiles quantiles, struct buf *out);

/* P_failures.csv, and /stats/failures/csv. */
void locust_csv_failures(struct locust_view *v, struct buf *out);

/* P_exceptions.csv, and /exceptions/csv. */
void locust_csv_exceptions(const struct locust_exception *items, size_t n, struct buf *out);

enum locust_csv_history {
    LOCUST_CSV_TOTAL, /* the row of everything, its percentiles since the start */
    LOCUST_CSV_FULL,  /* all rows, with percentiles of lately; the view has to keep these */
};

/* P_stats_history.csv: its line of names, and the lines of one moment (Unix seconds). */
void locust_csv_history_head(struct locust_quantiles quantiles, struct buf *out);
void locust_csv_history_rows(struct locust_view *v, struct locust_quantiles quantiles,
                             enum locust_csv_history which, int64_t now, struct buf *out);
