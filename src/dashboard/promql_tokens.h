#pragma once
/* The words of PromQL, for promql_check.c. */
#include "dashboard/query_text.h"

enum promql_kind {
    PROMQL_END,
    PROMQL_NAME,   /* a metric, label, function or keyword; may hold variables */
    PROMQL_NUMBER, /* a number or a duration; may hold variables */
    PROMQL_STRING, /* with its quotes */
    PROMQL_MARK,   /* an operator, bracket or comma */
};

struct promql_token {
    enum promql_kind kind;
    struct str text; /* into the query */
    bool variable;   /* one is in it */
    size_t at;
};

/*
 * The token at or after *at, which is moved behind it; space and comments are passed over. Returns
 * 0, or QUERY_E_SYNTAX with the error set.
 */
MUST_USE int promql_token_next(struct str query, size_t *at, struct promql_token *ret,
                               struct query_error *e);

/*
 * What stands between the "[" that ends before *at and its "]", behind which *at is moved. Returns
 * 0, or QUERY_E_SYNTAX: it does not end.
 */
MUST_USE int promql_range_text(struct str query, size_t *at, struct str *ret,
                               struct query_error *e);

/* Whether it is a duration, "5m" or "1h30m", or holds a variable. */
bool promql_is_duration(struct str text);

/* Whether it is a number as PromQL writes them. */
bool promql_is_number(struct str text);
