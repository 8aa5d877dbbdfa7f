#pragma once
/* The regular expressions that dashboards cut the values of variables with: JavaScript's, as far as
 * the system's can do them. */
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct query_pattern;

/* "/http_(.*)/g" or the same without slashes. Returns 0, or -EINVAL: one that cannot be done. */
MUST_USE int query_pattern_new(struct str text, struct query_pattern **ret_pattern);
void query_pattern_free(struct query_pattern *p); /* accepts NULL */

/* Whether it occurs in `text`; *ret_value is then the first group, or the whole text without one.
 */
bool query_pattern_match(const struct query_pattern *p, struct str text, struct str *ret_value);
