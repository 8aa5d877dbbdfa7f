#pragma once
/*
 * Whether a Grafana dashboard (classic JSON model) will work where it is imported: rules after
 * Grafana's own dashboard-linter, under its names, and more about structure and queries. Nothing is
 * asked of a server.
 *
 *   struct lint_report *report;
 *   TRY(dashboard_lint(text, &(struct lint_options){0}, &report));
 *   for (size_t i = 0; i < report->n_findings; i++) ...
 *   lint_report_free(report);
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum lint_severity {
    LINT_WARNING, /* works, but not everywhere or not as well as it could */
    LINT_ERROR,   /* Grafana refuses it, or shows nothing or something wrong */
};

/* One rule as people read it. */
struct lint_rule_about {
    const char *name;
    enum lint_severity severity; /* the gravest that it gives */
    const char *help;            /* a phrase: what the rule wants */
};

/* The rules in the order in which they are looked at; NULL behind the last. */
const struct lint_rule_about *lint_rule_about(size_t i);

/* A finding's text and the rest live as long as the report. */
struct lint_finding {
    const struct lint_rule_about *rule;
    enum lint_severity severity;
    const char *place;       /* "panel 7 'Errors', query A" */
    const char *text;        /* what is wrong and what to do, without full stop */
    const char *panel_title; /* NULL: not of a panel */
    int target;              /* its index in the panel; -1: not of a query */
};

struct lint_exceptions;

struct lint_options {
    const char *const *only; /* names of rules; n_only 0: all */
    size_t n_only;
    const char *const *skip;
    size_t n_skip;
    uint32_t vocabs; /* bits 1 << enum vocab_id whose names metrics must have; 0: not looked at */
    const struct lint_exceptions *exceptions; /* NULL: none */
};

struct lint_report {
    struct arena arena;
    const char *title; /* the dashboard's; "" when it has none */
    struct lint_finding *findings;
    size_t n_findings, cap_findings;
    size_t n_errors, n_warnings;
    size_t n_excepted; /* findings that exceptions took away */
};

enum {
    LINT_E_NO_DASHBOARD = 1,   /* condition: JSON, but of something else */
    LINT_BYTES_MAX = 32 << 20, /* of a file */
    LINT_FINDINGS_MAX = 10000, /* of a file; more are not kept */
};

/*
 * Looks at a dashboard, also within {"dashboard": ...} or as the spec of a v1 resource. Returns 0
 * with *ret_report for lint_report_free(); LINT_E_NO_DASHBOARD; -EINVAL for what is no JSON, too
 * big, or a dashboard of the newer schema; or the fault of lint_options_check().
 */
MUST_USE int dashboard_lint(struct str json, const struct lint_options *options,
                            struct lint_report **ret_report);

/* Whether the names of rules exist. Returns 0 or -EINVAL. */
MUST_USE int lint_options_check(const struct lint_options *options);

void lint_report_free(struct lint_report *report); /* accepts NULL */

/* ---- exceptions ---- */

/*
 * Reads a `.lint` file as dashboard-linter has it: `exclusions:` and `warnings:`, below them names
 * of rules, below those `reason:` and `entries:`, a list of maps with `dashboard`, `panel`,
 * `targetIdx`, `reason`. That is all of YAML that is understood: block style, plain and quoted
 * scalars, comments. Returns 0, or -EINVAL with the line in its words.
 */
MUST_USE int lint_exceptions_read(struct str text, struct lint_exceptions **ret);

void lint_exceptions_free(struct lint_exceptions *e); /* accepts NULL */

enum lint_fate {
    LINT_STAYS,
    LINT_IS_WARNING,
    LINT_IS_EXCLUDED,
};

/* What becomes of a finding in the dashboard of that title. */
enum lint_fate lint_exceptions_fate(const struct lint_exceptions *e, const char *dashboard,
                                    const struct lint_finding *finding);
