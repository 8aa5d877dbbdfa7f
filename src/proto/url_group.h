#pragma once
/*
 * One name for many addresses: /users/17/orders/6f1c... becomes /users/{id}/orders/{uuid}, so that
 * there is a series per endpoint and not one per user. Two ways, which may be on together:
 *
 *   patterns    "/users/{user}/orders/{order}", tried in the order in which they were added
 *   automatic   segments of a path that look like identifiers become a word for their kind;
 *               the query, the fragment and ;parameters are left out
 *
 * What an identifier looks like is a table (url_group.c). Scheme and host stay as they are. Built
 * once, then never changed: any thread may call url_group().
 */
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct url_groups;

struct url_groups *url_groups_new(void);
void url_groups_free(struct url_groups *g); /* accepts NULL */

/* From now on what no pattern fits is collapsed by what its segments look like. */
void url_groups_collapse(struct url_groups *g);

/*
 * Adds a pattern: a path, or a URL with scheme and host, whose segments are literal or have one
 * wildcard: {anything} or *, with text before and after it if need be ("order-{id}.json"). A last
 * segment of ** stands for one segment or more. Returns 0 or FAULT_EXIT(104).
 */
MUST_USE int url_groups_add(struct url_groups *g, const char *pattern);

/* Appends the name of `url`: a pattern with the URL's scheme and host, a collapsed URL, or the URL
 * itself where there is nothing to collapse and no rule fits. */
void url_group(const struct url_groups *g, struct str url, struct buf *out);
