#pragma once
/*
 * Whether a text can be PromQL, without a server: its grammar, the names and arguments of its
 * functions, durations, selectors. What holds a variable of Grafana's counts as right where it
 * stands. The selectors found are told one by one, for rules about what is asked for.
 */
#include "dashboard/query_text.h"

enum {
    PROMQL_MATCHERS_MAX = 32, /* more of one selector are checked but not told */
};

struct promql_matcher {
    struct str label;
    struct str op;    /* "=", "!=", "=~", "!~" */
    struct str value; /* between its quotes, escapes as they stand */
};

struct promql_selector {
    struct str name;  /* n 0: asked for by labels alone; may hold variables */
    struct str range; /* between the brackets; n 0: none */
    struct str call;  /* the function whose argument it is itself; n 0: none */
    const struct promql_matcher *matchers;
    size_t n_matchers;
    bool open; /* matchers may come out of a variable */
    size_t at; /* byte of the query */
};

/* Everything is borrowed for the call. */
typedef void(promql_selector_fn)(void *arg, const struct promql_selector *s);

/*
 * Checks `query`. Calls `fn` (may be NULL) for each selector, as far as the query is right. Returns
 * 0, or QUERY_E_SYNTAX with *ret_error set.
 */
MUST_USE int promql_check(struct str query, promql_selector_fn *fn, void *arg,
                          struct query_error *ret_error);
