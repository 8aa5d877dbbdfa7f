#pragma once
/* What a server answered: how many series and points there are, or what it says is wrong. */
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "dashboard/queries.h"

enum {
    QUERY_ERROR_BYTES = 400,
};

struct query_answer {
    int status;                    /* of HTTP; 0: there was no answer */
    size_t n_series;               /* with a point or without */
    size_t n_points;               /* that are numbers, or text in a table */
    size_t n_not_numbers;          /* NaN, infinite, null */
    double last;                   /* the last number of the last series; NAN: none */
    char error[QUERY_ERROR_BYTES]; /* the server's words, or why there are none; "": it answered */
};

/* Reads the body of an answer to a query. What cannot be read is an error in *ret_answer. */
void query_answer_read(enum query_kind kind, int status, struct str body,
                       struct query_answer *ret_answer);

/* For lists: each value of the answer, in order. */
typedef void(query_value_fn)(void *arg, struct str value);

enum query_list {
    QUERY_LIST_VALUES,  /* Prometheus' label values, InfluxDB's and Flux's column of values */
    QUERY_LIST_RESULTS, /* Prometheus: each series of a vector as "name{label="x"} value time" */
    QUERY_LIST_NAMES,   /* InfluxQL: the first column; Graphite: "text" of what was found */
};

/* Calls `fn` for each value. Returns 0, or -EIO with the server's words. */
MUST_USE int query_answer_list(enum query_kind kind, enum query_list list, int status,
                               struct str body, query_value_fn *fn, void *arg);
