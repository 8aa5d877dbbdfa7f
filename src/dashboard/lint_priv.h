#pragma once
/* A dashboard as the rules see it, and how they say what they find. */
#include <jansson.h>

#include "dashboard/lint.h"
#include "dashboard/query_text.h"

/* Whom a query speaks to. */
enum lint_dialect {
    LINT_UNKNOWN, /* a data source that there are no rules for, or none can be told */
    LINT_PROMQL,
    LINT_FLUX,
    LINT_INFLUXQL,
    LINT_GRAPHITE,
};

struct lint_target {
    json_t *json;
    size_t index; /* within its panel */
    struct str ref_id;
    enum lint_dialect dialect;
    struct str query; /* n 0: it has none */
};

struct lint_panel {
    json_t *json;
    size_t number; /* from 1, in the file's order; for those without an id */
    struct str title, type;
    bool is_row;
    bool in_closed_row;
    size_t row; /* index of the closed row it is in */
    struct lint_target *targets;
    size_t n_targets, cap_targets;
};

struct lint_variable {
    json_t *json;
    struct str name, type;
    size_t index;
};

/* Borrows from `root`, which it owns. */
struct lint_doc {
    json_t *root;
    json_t *dashboard;
    bool is_shared;            /* has __inputs: made to be imported by hand */
    struct lint_panel *panels; /* rows, and those within rows, in the file's order */
    size_t n_panels, cap_panels;
    struct lint_variable *variables;
    size_t n_variables, cap_variables;
};

enum {
    LINT_PANELS_MAX = 2000,
    LINT_TARGETS_MAX = 200, /* of a panel */
    LINT_VARIABLES_MAX = 500,
    LINT_TREE_DEPTH = 64, /* of JSON that rules walk into */
};

/* Returns 0, LINT_E_NO_DASHBOARD or a fault. */
MUST_USE int lint_doc_read(struct str json, struct lint_doc *ret);
void lint_doc_fini(struct lint_doc *d);

const struct lint_variable *lint_doc_variable(const struct lint_doc *d, struct str name);

/* The type of data source that a "datasource" member means ("prometheus"), or n 0. */
struct str lint_doc_source_type(const struct lint_doc *d, const json_t *datasource);

/* Members; what has another type counts as not there. */
struct str lint_text(const json_t *object, const char *key);
bool lint_number(const json_t *object, const char *key, double *ret);
const json_t *lint_object(const json_t *object, const char *key);
const json_t *lint_array(const json_t *object, const char *key);

/* ---- saying ---- */

struct lint {
    struct lint_doc doc;
    const struct lint_options *options;
    struct lint_report *report;
    const struct lint_rule_about *rule; /* the one that looks */
};

/* Where something is: of these, what is not NULL. */
struct lint_place {
    const struct lint_panel *panel;
    const struct lint_target *target;
    const struct lint_variable *variable;
    const char *other; /* "annotation 2" */
};

#define AT_PANEL(p)     ((struct lint_place){.panel = (p)})
#define AT_TARGET(p, t) ((struct lint_place){.panel = (p), .target = (t)})
#define AT_VARIABLE(v)  ((struct lint_place){.variable = (v)})
#define AT_DASHBOARD    ((struct lint_place){0})

/* Text for a report: cut to what a line holds. */
#define LINT_SHORT(s) (int)((s).n > 60 ? 60 : (s).n), (s).p

void lint_say(struct lint *l, struct lint_place at, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same of what is less grave than the rule. */
void lint_warn(struct lint *l, struct lint_place at, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* ---- walking ---- */

typedef void(lint_target_fn)(struct lint *l, const struct lint_panel *p,
                             const struct lint_target *t);

/* Each query of each panel. */
void lint_each_target(struct lint *l, lint_target_fn *fn);

/* Each string within `value`, with the key of the innermost member that it belongs to. */
typedef void(lint_text_fn)(void *arg, const char *key, struct str text);
void lint_each_text(json_t *value, lint_text_fn *fn, void *arg);

/* What a query variable asks and in which language; LINT_UNKNOWN: it asks nothing that we know. */
enum lint_dialect lint_variable_query(const struct lint *l, const struct lint_variable *v,
                                      struct str *ret);

/* Whether some query is PromQL. */
bool lint_has_promql(const struct lint *l);

/* ---- the rules: lint_rule_NAME(), a row each in lint_rules.def ---- */

#define RULE(name, severity, function, help) void lint_rule_##function(struct lint *l);
#include "dashboard/lint_rules.def"
#undef RULE
