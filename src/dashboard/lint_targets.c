/* What queries say: whether they can be read, and whether they ask in the way that lasts. */
#include <stdio.h>

#include "dashboard/flux_check.h"
#include "dashboard/graphite_check.h"
#include "dashboard/influxql_check.h"
#include "dashboard/lint_priv.h"
#include "dashboard/promql_check.h"

/* ---- errors of a query ---- */

/* With the text around the place, which says more than its number. */
static void say_error(struct lint *l, struct lint_place at, struct str query,
                      const struct query_error *e)
{
    struct str rest = str_from_index(query, e->at);
    size_t n = str_find(rest, '\n');
    struct str near = str_trim(str_from(rest.p, n < 30 ? n : 30));

    if (near.n && near.n < query.n) {
        lint_say(l, at, "%s (at \"%.*s\")", e->text, STR_ARG(near));
    } else {
        lint_say(l, at, "%s", e->text);
    }
}

static bool is_empty(struct lint *l, const struct lint_panel *p, const struct lint_target *t)
{
    if (str_trim(t->query).n)
        return false;
    if (!json_is_true(json_object_get(t->json, "hide")))
        lint_say(l, AT_TARGET(p, t), "it has no text");
    return true;
}

static void promql(struct lint *l, const struct lint_panel *p, const struct lint_target *t)
{
    struct query_error e;

    if (t->dialect == LINT_PROMQL && !is_empty(l, p, t) && promql_check(t->query, NULL, NULL, &e))
        say_error(l, AT_TARGET(p, t), t->query, &e);
}

void lint_rule_target_promql(struct lint *l)
{
    lint_each_target(l, promql);
}

static void flux(struct lint *l, const struct lint_panel *p, const struct lint_target *t)
{
    struct query_error e;

    if (t->dialect == LINT_FLUX && !is_empty(l, p, t) && flux_check(t->query, NULL, NULL, &e))
        say_error(l, AT_TARGET(p, t), t->query, &e);
}

void lint_rule_target_flux(struct lint *l)
{
    lint_each_target(l, flux);
    for (size_t i = 0; i < l->doc.n_variables; i++) {
        const struct lint_variable *v = &l->doc.variables[i];
        struct str query;
        struct query_error e;

        if (lint_variable_query(l, v, &query) == LINT_FLUX && flux_check(query, NULL, NULL, &e))
            say_error(l, AT_VARIABLE(v), query, &e);
    }
}

/* Without rawQuery, Grafana builds the query out of other members. */
static bool is_built(const struct lint_target *t)
{
    return !json_is_true(json_object_get(t->json, "rawQuery")) &&
           (lint_text(t->json, "measurement").n || lint_array(t->json, "select") || !t->query.n);
}

static void influxql(struct lint *l, const struct lint_panel *p, const struct lint_target *t)
{
    struct influxql_facts facts;
    struct query_error e;

    if (t->dialect != LINT_INFLUXQL || is_built(t) || is_empty(l, p, t))
        return;
    if (influxql_check(t->query, NULL, NULL, &facts, &e)) {
        say_error(l, AT_TARGET(p, t), t->query, &e);
    } else if (facts.reads && !facts.timed) {
        lint_warn(l, AT_TARGET(p, t), "it reads all time there is; say WHERE $timeFilter");
    }
}

void lint_rule_target_influxql(struct lint *l)
{
    lint_each_target(l, influxql);
    for (size_t i = 0; i < l->doc.n_variables; i++) {
        const struct lint_variable *v = &l->doc.variables[i];
        struct influxql_facts facts;
        struct str query;
        struct query_error e;

        if (lint_variable_query(l, v, &query) == LINT_INFLUXQL &&
            influxql_check(query, NULL, NULL, &facts, &e))
            say_error(l, AT_VARIABLE(v), query, &e);
    }
}

static void graphite(struct lint *l, const struct lint_panel *p, const struct lint_target *t)
{
    struct query_error e;

    if (t->dialect == LINT_GRAPHITE && !is_empty(l, p, t) && graphite_check(t->query, &e))
        say_error(l, AT_TARGET(p, t), t->query, &e);
}

void lint_rule_target_graphite(struct lint *l)
{
    lint_each_target(l, graphite);
}

/* ---- for whom a query is written ---- */

static const char *const members[] = {[LINT_UNKNOWN] = NULL,
                                      [LINT_PROMQL] = "expr",
                                      [LINT_FLUX] = "query",
                                      [LINT_INFLUXQL] = "query",
                                      [LINT_GRAPHITE] = "target"};

static const char *const dialect_names[] = {[LINT_UNKNOWN] = "nobody",
                                            [LINT_PROMQL] = "Prometheus",
                                            [LINT_FLUX] = "InfluxDB",
                                            [LINT_INFLUXQL] = "InfluxDB",
                                            [LINT_GRAPHITE] = "Graphite"};

/* A query in another's member, or InfluxQL that is Flux. */
static void check_language(struct lint *l, const struct lint_panel *p, const struct lint_target *t)
{
    if (t->query.n || !members[t->dialect] || lint_text(t->json, "measurement").n)
        return;
    for (size_t i = 1; i < countof(members); i++) {
        if (strcmp(members[i], members[t->dialect]) == 0 || !lint_text(t->json, members[i]).n)
            continue;
        lint_say(l, AT_TARGET(p, t), "it goes to %s, which reads \"%s\"; it has \"%s\", for %s",
                 dialect_names[t->dialect], members[t->dialect], members[i], dialect_names[i]);
        return;
    }
}

/* {"type": "influxdb", "uid": "${datasource}"} where that variable is of Prometheus. */
static void check_type(struct lint *l, struct lint_place at, const json_t *datasource)
{
    struct str written = lint_text(datasource, "type");
    struct str real = lint_doc_source_type(&l->doc, datasource);

    if (written.n && real.n && !str_eq(written, real)) {
        lint_say(l, at, "it says its data source is %.*s; the variable is of %.*s",
                 LINT_SHORT(written), LINT_SHORT(real));
    }
}

static void check_mixed(struct lint *l, const struct lint_panel *p, const struct lint_target *t)
{
    const json_t *panel = json_object_get(p->json, "datasource");
    const json_t *own = json_object_get(t->json, "datasource");
    struct str of_panel = lint_doc_source_type(&l->doc, panel);
    struct str of_target = lint_doc_source_type(&l->doc, own);

    if (!of_panel.n || !of_target.n || str_eq(of_panel, of_target) ||
        str_starts(of_target, STR("__")) || str_is(of_panel, "datasource") ||
        str_is(of_panel, "mixed") || str_is(of_target, "datasource"))
        return;
    lint_say(l, AT_TARGET(p, t),
             "it asks %.*s and its panel %.*s; a panel that asks several has the "
             "data source \"-- Mixed --\"",
             LINT_SHORT(of_target), LINT_SHORT(of_panel));
}

static void datasource(struct lint *l, const struct lint_panel *p, const struct lint_target *t)
{
    check_language(l, p, t);
    check_type(l, AT_TARGET(p, t), json_object_get(t->json, "datasource"));
    check_mixed(l, p, t);
}

void lint_rule_target_datasource(struct lint *l)
{
    for (size_t i = 0; i < l->doc.n_panels; i++) {
        check_type(l, AT_PANEL(&l->doc.panels[i]),
                   json_object_get(l->doc.panels[i].json, "datasource"));
    }
    lint_each_target(l, datasource);
}

/* ---- what selectors say ---- */

/* One finding of a kind in a query is enough. */
struct found {
    bool said;
    char text[80];
};

typedef void(selector_fn)(struct found *f, const struct promql_selector *s);

struct visit {
    selector_fn *fn;
    struct found found;
};

static void visit_selector(void *arg, const struct promql_selector *s)
{
    struct visit *v = arg;

    if (!v->found.said)
        v->fn(&v->found, s);
}

/* Queries that are no PromQL are another rule's. */
static bool finds(const struct lint_target *t, selector_fn *fn, struct found *ret)
{
    struct visit v = {.fn = fn};
    struct query_error e;

    if (t->dialect != LINT_PROMQL || promql_check(t->query, visit_selector, &v, &e))
        return false;
    *ret = v.found;
    return v.found.said;
}

static void note(struct found *f, struct str text)
{
    f->said = true;
    snprintf(f->text, sizeof(f->text), "%.*s", LINT_SHORT(text));
}

static bool is_rate(struct str call)
{
    return str_is(call, "rate") || str_is(call, "irate") || str_is(call, "increase");
}

static bool has(struct str text, const char *part)
{
    return str_find_str(text, str_of(part)) < text.n;
}

/* An increase over what is shown is a total of what is shown. */
static void other_interval(struct found *f, const struct promql_selector *s)
{
    bool total = str_is(s->call, "increase") && has(s->range, "__range");

    if (is_rate(s->call) && s->range.n && !has(s->range, "__rate_interval") && !total)
        note(f, s->range);
}

static void rate_interval(struct lint *l, const struct lint_panel *p, const struct lint_target *t)
{
    struct found f;

    if (finds(t, other_interval, &f)) {
        lint_say(l, AT_TARGET(p, t),
                 "it looks back over [%s]; [$__rate_interval] always holds enough "
                 "samples",
                 f.text);
    }
}

void lint_rule_target_rate_interval(struct lint *l)
{
    lint_each_target(l, rate_interval);
}

static bool reads_counters(struct str call)
{
    return is_rate(call) || str_is(call, "resets") || str_is(call, "changes") ||
           str_is(call, "absent") || str_is(call, "absent_over_time") ||
           str_is(call, "present_over_time") || str_is(call, "timestamp");
}

static void bare_counter(struct found *f, const struct promql_selector *s)
{
    if (str_ends(s->name, STR("_total")) && !reads_counters(s->call))
        note(f, s->name);
}

static void counter_agg(struct lint *l, const struct lint_panel *p, const struct lint_target *t)
{
    struct found f;

    if (finds(t, bare_counter, &f)) {
        lint_say(l, AT_TARGET(p, t),
                 "it reads the counter %s as it stands, which starts again with "
                 "each run; use rate() or increase()",
                 f.text);
    }
}

void lint_rule_target_counter_agg(struct lint *l)
{
    lint_each_target(l, counter_agg);
}

/* ---- job and instance ---- */

static bool has_matcher(const struct promql_selector *s, const char *label)
{
    for (size_t i = 0; i < s->n_matchers; i++) {
        if (str_is(s->matchers[i].label, label) && query_has_variable(s->matchers[i].value))
            return true;
    }
    /* What is made by a variable altogether is not for us to say. */
    return s->open || (s->name.n && s->name.p[0] == '$' && !s->n_matchers);
}

static void no_job(struct found *f, const struct promql_selector *s)
{
    if (!has_matcher(s, "job"))
        note(f, s->name);
}

static void no_instance(struct found *f, const struct promql_selector *s)
{
    if (!has_matcher(s, "instance"))
        note(f, s->name);
}

/* Where the dashboard knows no such variable, it is said once. */
static void check_label(struct lint *l, const char *label, selector_fn *missing)
{
    bool known = lint_doc_variable(&l->doc, str_of(label)) != NULL;
    size_t n = 0;

    for (size_t i = 0; i < l->doc.n_panels; i++) {
        const struct lint_panel *p = &l->doc.panels[i];

        for (size_t j = 0; j < p->n_targets; j++) {
            struct found f;

            if (!finds(&p->targets[j], missing, &f))
                continue;
            n++;
            if (known) {
                lint_say(l, AT_TARGET(p, &p->targets[j]), "%s is asked for without %s=~\"$%s\"",
                         f.text[0] ? f.text : "a metric", label, label);
            }
        }
    }
    if (n && !known) {
        lint_say(l, AT_DASHBOARD, "%zu quer%s %s=~\"$%s\"", n,
                 n == 1 ? "y asks without" : "ies ask without", label, label);
    }
}

void lint_rule_target_job(struct lint *l)
{
    check_label(l, "job", no_job);
}

void lint_rule_target_instance(struct lint *l)
{
    check_label(l, "instance", no_instance);
}
