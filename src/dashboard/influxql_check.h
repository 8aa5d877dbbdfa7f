#pragma once
/*
 * Whether a text can be InfluxQL as Grafana sends it: its strings and brackets, SELECT with FROM,
 * SHOW. It is no parser of the language: what passes may still be wrong.
 */
#include "dashboard/flux_check.h"

struct influxql_facts {
    bool reads; /* a SELECT, not a SHOW */
    bool timed; /* it limits time: $timeFilter, or a condition on time */
};

/*
 * Checks `query` and tells the measurements behind FROM; `fn` may be NULL. Returns 0 with
 * *ret_facts set, or QUERY_E_SYNTAX with *ret_error set.
 */
MUST_USE int influxql_check(struct str query, query_name_fn *fn, void *arg,
                            struct influxql_facts *ret_facts, struct query_error *ret_error);
