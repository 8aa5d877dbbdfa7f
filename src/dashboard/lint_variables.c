/* The dashboard's variables: which must be there, what they ask, who uses them. */
#include "base/table.h"
#include "dashboard/lint_priv.h"
#include "dashboard/promql_check.h"

/* ---- what a variable asks ---- */

/* A query is a text, or an object that holds it. */
static struct str query_of(const struct lint_variable *v)
{
    struct str text = lint_text(v->json, "query");
    const json_t *object = lint_object(v->json, "query");

    if (!text.n && object)
        text = lint_text(object, "query");
    return text.n ? text : lint_text(v->json, "definition");
}

enum lint_dialect lint_variable_query(const struct lint *l, const struct lint_variable *v,
                                      struct str *ret)
{
    struct str type = lint_doc_source_type(&l->doc, json_object_get(v->json, "datasource"));

    *ret = query_of(v);
    if (!str_is(v->type, "query") || !ret->n)
        return LINT_UNKNOWN;
    if (str_is(type, "prometheus"))
        return LINT_PROMQL;
    if (str_is(type, "graphite"))
        return LINT_GRAPHITE;
    if (!str_is(type, "influxdb"))
        return LINT_UNKNOWN;
    return str_find_str(*ret, STR("import \"")) < ret->n ||
                   str_find_str(*ret, STR("from(")) < ret->n
               ? LINT_FLUX
               : LINT_INFLUXQL;
}

/* Where the last comma outside of brackets and strings is; text.n: nowhere. */
static size_t last_comma(struct str text)
{
    size_t found = text.n, depth = 0;

    for (size_t i = 0; i < text.n;) {
        char c = text.p[i];

        if (c == '"' || c == '\'') {
            i = query_string_end(text, i, true);
            continue;
        }
        depth += c == '{' || c == '(';
        depth -= (c == '}' || c == ')') && depth;
        if (c == ',' && !depth)
            found = i;
        i++;
    }
    return found;
}

/* The text within NAME(...), or n 0. */
static struct str call_of(struct str query, const char *name)
{
    struct str q = str_trim(query);
    size_t n = strlen(name);

    if (!str_starts(q, str_of(name)) || q.n < n + 2 || q.p[n] != '(' || q.p[q.n - 1] != ')')
        return (struct str){0};
    return str_from(q.p + n + 1, q.n - n - 2);
}

/* The PromQL in label_values(EXPRESSION, label), query_result(EXPRESSION); n 0: there is none. */
static struct str promql_of(struct str query)
{
    struct str inner = call_of(query, "label_values");
    size_t comma;

    if (inner.n) {
        comma = last_comma(inner);
        if (comma < inner.n)
            return str_from(inner.p, comma);
        /* A label alone; or brackets that do not close, which the check will say. */
        return str_find(inner, '{') < inner.n ? inner : (struct str){0};
    }
    return call_of(query, "query_result");
}

static bool is_known_call(struct str query)
{
    static const char *const names[] = {"label_values", "label_names", "metrics", "query_result"};

    for (size_t i = 0; i < countof(names); i++) {
        if (str_starts(str_trim(query), str_of(names[i])))
            return true;
    }
    return query_has_variable(query);
}

void lint_rule_template_label_promql(struct lint *l)
{
    for (size_t i = 0; i < l->doc.n_variables; i++) {
        const struct lint_variable *v = &l->doc.variables[i];
        struct str query, promql;
        struct query_error e;

        if (lint_variable_query(l, v, &query) != LINT_PROMQL)
            continue;
        promql = promql_of(query);
        if (!is_known_call(query)) {
            lint_say(l, AT_VARIABLE(v),
                     "it asks '%.*s', which is none of label_values(), "
                     "label_names(), metrics() and query_result()",
                     LINT_SHORT(query));
        }
        if (str_trim(promql).n && promql_check(promql, NULL, NULL, &e))
            lint_say(l, AT_VARIABLE(v), "%s (in '%.*s')", e.text, LINT_SHORT(promql));
    }
}

void lint_rule_template_on_time_change(struct lint *l)
{
    double refresh;

    for (size_t i = 0; i < l->doc.n_variables; i++) {
        const struct lint_variable *v = &l->doc.variables[i];

        if (str_is(v->type, "query") &&
            (!lint_number(v->json, "refresh", &refresh) || refresh != 2)) {
            lint_say(l, AT_VARIABLE(v),
                     "it does not ask again when the time changes; set "
                     "\"refresh\": 2");
        }
    }
}

/* ---- variables that are wanted ---- */

static bool asks_something(const struct lint *l)
{
    for (size_t i = 0; i < l->doc.n_panels; i++) {
        if (l->doc.panels[i].n_targets)
            return true;
    }
    return false;
}

void lint_rule_template_datasource(struct lint *l)
{
    const struct lint_variable *first = NULL;

    if (l->doc.is_shared || !asks_something(l))
        return;
    for (size_t i = 0; i < l->doc.n_variables; i++) {
        const struct lint_variable *v = &l->doc.variables[i];

        if (!str_is(v->type, "datasource"))
            continue;
        if (str_is(v->name, "datasource"))
            return;
        first = first ? first : v;
    }
    if (first) {
        lint_say(l, AT_VARIABLE(first),
                 "data source variables are named datasource elsewhere, so that "
                 "links between dashboards carry the choice along");
    } else {
        lint_say(l, AT_DASHBOARD,
                 "it has no data source variable, so that nobody can point it at "
                 "another one; add one named datasource");
    }
}

static void check_wanted(struct lint *l, const char *name)
{
    const struct lint_variable *v = lint_doc_variable(&l->doc, str_of(name));

    if (!lint_has_promql(l))
        return;
    if (!v) {
        lint_say(l, AT_DASHBOARD, "it has no variable %s to tell several scraped programs apart",
                 name);
        return;
    }
    if (!str_is(v->type, "query"))
        lint_say(l, AT_VARIABLE(v), "it is of type %.*s; make it a query", LINT_SHORT(v->type));
    if (!json_is_true(json_object_get(v->json, "multi")))
        lint_say(l, AT_VARIABLE(v), "only one value of it can be chosen; set \"multi\": true");
    /* What was pushed may have no such label; .* takes that too. */
    if (!str_is(lint_text(v->json, "allValue"), ".+") &&
        !str_is(lint_text(v->json, "allValue"), ".*")) {
        lint_say(l, AT_VARIABLE(v),
                 "its value for all is a list of all there are; set "
                 "\"allValue\": \".+\" or \".*\"");
    }
}

void lint_rule_template_job(struct lint *l)
{
    check_wanted(l, "job");
}

void lint_rule_template_instance(struct lint *l)
{
    check_wanted(l, "instance");
}

/* ---- who uses them ---- */

static char used; /* what the table's values point to: only keys count */

static void note_used(void *arg, const char *key, struct str text)
{
    struct table *names = arg;
    struct query_variable v;

    if (strcmp(key, "repeat") == 0)
        table_set(names, text, &used);
    for (size_t at = 0; query_variable_next(text, &at, &v);)
        table_set(names, v.name, &used);
}

/* Everything but the variables themselves. */
static void note_dashboard(const struct lint *l, struct table *names)
{
    const char *key;
    json_t *value;

    json_object_foreach(l->doc.dashboard, key, value)
    {
        if (strcmp(key, "templating") != 0)
            lint_each_text(value, note_used, names);
    }
}

static const char *const asking_members[] = {"query", "datasource", "regex", "allValue",
                                             "definition"};

void lint_rule_variable_used(struct lint *l)
{
    struct table names = {0};

    note_dashboard(l, &names);
    for (size_t i = 0; i < l->doc.n_variables; i++) {
        for (size_t j = 0; j < countof(asking_members); j++) {
            lint_each_text(json_object_get(l->doc.variables[i].json, asking_members[j]), note_used,
                           &names);
        }
    }
    for (size_t i = 0; i < l->doc.n_variables; i++) {
        const struct lint_variable *v = &l->doc.variables[i];

        if (v->name.n && !str_is(v->type, "adhoc") && !table_get(&names, v->name))
            lint_say(l, AT_VARIABLE(v), "nothing uses it; take it out");
    }
    table_fini(&names);
}

/* ---- those that are used and are not there ---- */

struct search {
    struct lint *l;
    struct lint_place at;
    enum lint_dialect dialect;
    const struct lint_panel *refs; /* whose queries an expression names, $A; NULL: it is none */
    struct table *said;            /* names, once each in a place */
};

static bool is_input(const struct lint *l, struct str name)
{
    const json_t *input;
    size_t i;

    json_array_foreach(lint_array(l->doc.dashboard, "__inputs"), i, input)
    {
        if (str_eq(lint_text(input, "name"), name))
            return true;
    }
    return false;
}

/* What Grafana and its data sources know without a definition. */
static bool is_built_in(struct str name, enum lint_dialect dialect)
{
    static const char *const in_aliases[] = {"m", "measurement", "col", "field"};

    if (str_starts(name, STR("__")) || str_is(name, "timeFilter") || str_is(name, "interval"))
        return true;
    if (dialect != LINT_INFLUXQL && dialect != LINT_FLUX)
        return false;
    for (size_t i = 0; i < countof(in_aliases); i++) {
        if (str_is(name, in_aliases[i]))
            return true;
    }
    return str_starts(name, STR("tag_"));
}

/* "${name}" in a string of Flux may be Flux's own, of something that the query names. */
static bool is_of_flux(const struct search *s, struct str text, struct str name)
{
    struct query_variable v;

    for (size_t i = 0; s->dialect == LINT_FLUX && i + name.n <= text.n; i++) {
        bool word =
            i > 0 && (query_is_word(text.p[i - 1]) || text.p[i - 1] == '{' || text.p[i - 1] == '$');

        if (!word && memcmp(text.p + i, name.p, name.n) == 0 && !query_variable_at(text, i, &v))
            return true;
    }
    return false;
}

static bool is_ref(const struct lint_panel *p, struct str name)
{
    for (size_t i = 0; p && i < p->n_targets; i++) {
        if (str_eq(p->targets[i].ref_id, name))
            return true;
    }
    return false;
}

static void say_undefined(struct search *s, struct str name)
{
    if (str_starts(name, STR("DS_"))) {
        lint_say(s->l, s->at,
                 "${%.*s} stands for a data source that nobody has chosen; use a data "
                 "source variable, or import it by hand with its __inputs",
                 LINT_SHORT(name));
    } else {
        lint_say(s->l, s->at, "there is no variable%s '%.*s'", s->refs ? " or query" : "",
                 LINT_SHORT(name));
    }
}

static void check_name(struct search *s, struct str text, const struct query_variable *v)
{
    if (is_built_in(v->name, s->dialect) || lint_doc_variable(&s->l->doc, v->name) ||
        is_input(s->l, v->name) || is_of_flux(s, text, v->name) || is_ref(s->refs, v->name))
        return;
    if (!table_set(s->said, v->name, &used))
        say_undefined(s, v->name);
}

static void check_text(void *arg, const char *key, struct str text)
{
    struct search *s = arg;
    struct query_variable v;

    if (strcmp(key, "repeat") == 0 && text.n) {
        v = (struct query_variable){.name = text};
        check_name(s, text, &v);
    }
    for (size_t at = 0; query_variable_next(text, &at, &v);)
        check_name(s, text, &v);
}

static void search(struct search *s, const json_t *object, const char *const *keys, size_t n)
{
    struct table said = {0};

    s->said = &said;
    for (size_t i = 0; i < n; i++) {
        json_t *value = json_object_get(object, keys[i]);

        if (json_is_string(value)) {
            check_text(s, keys[i], str_from(json_string_value(value), json_string_length(value)));
        } else {
            lint_each_text(value, check_text, s);
        }
    }
    table_fini(&said);
}

static void search_target(struct lint *l, const struct lint_panel *p, const struct lint_target *t)
{
    struct table said = {0};
    struct str type = lint_text(lint_object(t->json, "datasource"), "type");
    struct search s = {.l = l, .at = AT_TARGET(p, t), .dialect = t->dialect, .said = &said};

    s.refs = str_is(type, "__expr__") ? p : NULL;

    lint_each_text(t->json, check_text, &s);
    table_fini(&said);
}

static void search_panels(struct lint *l)
{
    static const char *const keys[] = {"title", "datasource", "repeat", "interval"};

    for (size_t i = 0; i < l->doc.n_panels; i++) {
        struct search s = {.l = l, .at = AT_PANEL(&l->doc.panels[i])};

        search(&s, l->doc.panels[i].json, keys, countof(keys));
    }
    lint_each_target(l, search_target);
}

static void search_variables(struct lint *l)
{
    static const char *const keys[] = {"query", "datasource"};

    for (size_t i = 0; i < l->doc.n_variables; i++) {
        const struct lint_variable *v = &l->doc.variables[i];
        struct search s = {.l = l, .at = AT_VARIABLE(v)};

        /* Values to choose from are not looked into. */
        if (str_is(v->type, "query"))
            search(&s, v->json, keys, countof(keys));
    }
}

static void search_annotations(struct lint *l)
{
    static const char *const keys[] = {"expr", "query", "datasource", "target"};
    const json_t *annotation;
    size_t i;

    json_array_foreach(lint_array(lint_object(l->doc.dashboard, "annotations"), "list"), i,
                       annotation)
    {
        struct search s = {.l = l, .at = {.other = "annotations"}};

        search(&s, annotation, keys, countof(keys));
    }
}

void lint_rule_variable_defined(struct lint *l)
{
    search_panels(l);
    search_variables(l);
    search_annotations(l);
}
