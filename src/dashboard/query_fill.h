#pragma once
/* Puts values where a query has variables, as Grafana does before it asks. */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "dashboard/queries.h"

/* A variable of the dashboard with what was chosen for it. */
struct query_value {
    struct str name;
    const struct str *values; /* what All stands for is listed */
    size_t n_values;
    struct str raw; /* what is written as it is, in any format: the allValue; or empty */
    bool is_list;   /* several values can be chosen */
};

/* What a query is asked with. Texts are borrowed. */
struct query_context {
    const struct query_value *values;
    size_t n_values;
    const struct query_value *scoped; /* looked up before `values`: of a repeated panel; or NULL */
    size_t n_scoped;
    wall_ns from, to;
    span_ns interval;     /* $__interval */
    span_ns scrape;       /* between two points of the data source, for $__rate_interval */
    struct str dashboard; /* its title */
    struct str bucket, organization; /* of InfluxDB 2 */
};

/* $__rate_interval: what holds two points at least, as Grafana reckons it. */
span_ns query_rate_interval(const struct query_context *c);

/* Appends the text with its variables filled in; names that nobody has stay as they are. Returns 0
 * or BUF_E_LIMIT. */
MUST_USE int query_fill(enum query_kind kind, struct str text, const struct query_context *c,
                        struct buf *out);

/* The same for titles: values are written as people read them. */
MUST_USE int query_fill_title(struct str text, const struct query_context *c, struct buf *out);

/* The next variable in a text, from *at on: its name; *at moves behind it. False: no more. */
bool query_fill_next(struct str text, size_t *at, struct str *ret_name);

/*
 * A Graphite target with "#A" replaced by the target of that refId, and so on. Appends to `out`.
 * Returns 0, BUF_E_LIMIT, or -EINVAL: a reference to nothing, or in a circle.
 */
MUST_USE int query_fill_references(const struct query_panel *panel, struct str text,
                                   struct buf *out);
