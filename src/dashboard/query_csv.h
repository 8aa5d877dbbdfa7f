#pragma once
/*
 * The annotated CSV that InfluxDB 2 answers a Flux query with: tables, each with a line of names,
 * annotations (lines that begin with #) before it where they were asked for.
 */
#include <stdbool.h>

#include "base/str.h"

struct query_csv_row {
    struct str
        value;     /* of the column _value; of the first one that is no housekeeping without it */
    bool is_first; /* of its table */
    bool is_error; /* `value` is the server's words */
};

typedef void(query_csv_fn)(void *arg, const struct query_csv_row *row);

/* Calls `fn` for each row; views are valid for the call only. */
void query_csv_read(struct str text, query_csv_fn *fn, void *arg);
