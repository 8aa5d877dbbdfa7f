#pragma once
/* What `brunt dashboard check` found, as a table for people or as JSON. */
#include "base/json_out.h"
#include "dashboard/query_check.h"

struct dashboard_show;

enum dashboard_show_form {
    DASHBOARD_SHOW_TABLE,
    DASHBOARD_SHOW_JSON,
};

/* Writes to standard output: a table as results come, JSON at the end. */
struct dashboard_show *dashboard_show_new(enum dashboard_show_form form, bool only_bad);
void dashboard_show_free(struct dashboard_show *s); /* accepts NULL */

/* One dashboard: begin, variables (query_resolved_fn), results (query_result_fn), end. */
void dashboard_show_begin(struct dashboard_show *s, const char *label, const struct queries *q);
void dashboard_show_variables(struct dashboard_show *s, const struct query_context *context,
                              const struct query_resolved *resolved, size_t n);
void dashboard_show_result(struct dashboard_show *s, const struct query_result *r);
void dashboard_show_end(struct dashboard_show *s, const struct query_tally *tally);

/* After the last. */
void dashboard_show_finish(struct dashboard_show *s, const struct query_tally *all,
                           size_t n_dashboards);
