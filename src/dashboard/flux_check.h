#pragma once
/*
 * Whether a text can be Flux: its words, strings, brackets and pipes, a range behind each from(),
 * and the members of Grafana's `v`. It is no parser of the language: what passes may still be
 * wrong.
 */
#include "dashboard/query_text.h"

/* A measurement that the query names: r._measurement == "name". Borrowed for the call. */
typedef void(query_name_fn)(void *arg, struct str name);

/*
 * Checks `query`; `fn` may be NULL. Returns 0, or QUERY_E_SYNTAX with *ret_error set.
 */
MUST_USE int flux_check(struct str query, query_name_fn *fn, void *arg,
                        struct query_error *ret_error);
