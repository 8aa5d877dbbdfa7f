#pragma once
/* Locust's tables for a terminal, as plain lines that end with a newline; appended to a buffer. */
#include "base/buf.h"
#include "locust/locust_csv.h"

enum {
    LOCUST_NAME_WIDTH = 80, /* of the column of names where nothing limits it */
};

/* The column's width on a terminal of so many columns; 0: it is none. */
int locust_name_width(int columns);

enum locust_rates {
    LOCUST_RATES_CURRENT,
    LOCUST_RATES_TOTAL,
};

/* Requests, failures, times and rates; an empty line follows. */
void locust_console_stats(struct locust_view *v, enum locust_rates rates, int name_width,
                          struct buf *out);

/* "Response time percentiles (approximated)"; an empty line follows. */
void locust_console_quantiles(struct locust_view *v, struct locust_quantiles quantiles,
                              int name_width, struct buf *out);

/* "Error report", with an empty line; nothing where there are no errors. */
void locust_console_errors(struct locust_view *v, int name_width, struct buf *out);
