#pragma once
/*
 * Whether a text can be a Graphite target: functions of graphite-web 1.1 with their brackets,
 * quotes, paths with braces, references to other targets (#A).
 */
#include "dashboard/query_text.h"

/* Returns 0, or QUERY_E_SYNTAX with *ret_error set. */
MUST_USE int graphite_check(struct str target, struct query_error *ret_error);
