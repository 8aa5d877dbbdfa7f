/*
 * Reads leniently: what has a wrong type is left out here and told by the rule `structure`, so that
 * the other rules look at the rest.
 */
#include <errno.h>

#include "base/mem.h"
#include "dashboard/lint_priv.h"

/* ---- members ---- */

static struct str text_of(const json_t *v)
{
    return json_is_string(v) ? str_from(json_string_value(v), json_string_length(v))
                             : (struct str){0};
}

struct str lint_text(const json_t *object, const char *key)
{
    return text_of(json_object_get(object, key));
}

bool lint_number(const json_t *object, const char *key, double *ret)
{
    const json_t *v = json_object_get(object, key);

    if (!json_is_number(v))
        return false;
    *ret = json_number_value(v);
    return true;
}

const json_t *lint_object(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);

    return json_is_object(v) ? v : NULL;
}

const json_t *lint_array(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);

    return json_is_array(v) ? v : NULL;
}

/* ---- data sources ---- */

const struct lint_variable *lint_doc_variable(const struct lint_doc *d, struct str name)
{
    for (size_t i = 0; i < d->n_variables; i++) {
        if (str_eq(d->variables[i].name, name))
            return &d->variables[i];
    }
    return NULL;
}

/* Of an input of a shared dashboard: {"name": "DS_X", "pluginId": "prometheus"}. */
static struct str input_type(const struct lint_doc *d, struct str name)
{
    const json_t *inputs = lint_array(d->dashboard, "__inputs"), *input;
    size_t i;

    json_array_foreach(inputs, i, input)
    {
        if (str_eq(lint_text(input, "name"), name))
            return lint_text(input, "pluginId");
    }
    return (struct str){0};
}

static struct str type_by_name(const struct lint_doc *d, struct str name)
{
    struct query_variable v;

    if (!query_variable_at(name, 0, &v))
        return (struct str){0};
    const struct lint_variable *variable = lint_doc_variable(d, v.name);

    if (variable && str_is(variable->type, "datasource"))
        return lint_text(variable->json, "query");
    return input_type(d, v.name);
}

struct str lint_doc_source_type(const struct lint_doc *d, const json_t *datasource)
{
    if (json_is_string(datasource))
        return type_by_name(d, text_of(datasource));
    struct str by_name = type_by_name(d, lint_text(datasource, "uid"));

    return by_name.n ? by_name : lint_text(datasource, "type");
}

static bool has_word(struct str text, const char *word)
{
    return str_find_str(text, str_of(word)) < text.n;
}

static bool looks_flux(struct str query)
{
    return has_word(query, "from(") || has_word(query, "|>") || has_word(query, "import \"");
}

/* InfluxDB has two languages behind one type. */
static enum lint_dialect influx_dialect(const json_t *target, struct str query)
{
    struct str language = lint_text(target, "queryType");

    if (str_is(language, "flux") || looks_flux(query))
        return LINT_FLUX;
    return LINT_INFLUXQL;
}

/* By what the query looks like, where no data source says. */
static enum lint_dialect guess_dialect(const json_t *target)
{
    struct str query = lint_text(target, "query");

    if (lint_text(target, "expr").n)
        return LINT_PROMQL;
    if (looks_flux(query))
        return LINT_FLUX;
    if (lint_text(target, "measurement").n || json_is_true(json_object_get(target, "rawQuery")))
        return LINT_INFLUXQL;
    return lint_text(target, "target").n ? LINT_GRAPHITE : LINT_UNKNOWN;
}

static enum lint_dialect dialect_of(const struct lint_doc *d, const json_t *panel,
                                    const json_t *target)
{
    struct str type = lint_doc_source_type(d, json_object_get(target, "datasource"));

    if (!type.n || str_is(type, "datasource"))
        type = lint_doc_source_type(d, json_object_get(panel, "datasource"));
    if (str_is(type, "prometheus"))
        return LINT_PROMQL;
    if (str_is(type, "influxdb"))
        return influx_dialect(target, lint_text(target, "query"));
    if (str_is(type, "graphite"))
        return LINT_GRAPHITE;
    return type.n ? LINT_UNKNOWN : guess_dialect(target);
}

static struct str query_of(enum lint_dialect dialect, const json_t *target)
{
    static const char *const keys[] = {[LINT_PROMQL] = "expr",
                                       [LINT_FLUX] = "query",
                                       [LINT_INFLUXQL] = "query",
                                       [LINT_GRAPHITE] = "target"};

    return keys[dialect] ? lint_text(target, keys[dialect]) : (struct str){0};
}

/* ---- panels ---- */

static void read_target(const struct lint_doc *d, struct lint_panel *p, json_t *json)
{
    enum lint_dialect dialect = dialect_of(d, p->json, json);
    struct lint_target t = {.json = json,
                            .index = p->n_targets,
                            .ref_id = lint_text(json, "refId"),
                            .dialect = dialect,
                            .query = query_of(dialect, json)};

    vec_push(p->targets, p->n_targets, p->cap_targets) = t;
}

static int read_targets(const struct lint_doc *d, struct lint_panel *p)
{
    const json_t *targets = lint_array(p->json, "targets");
    json_t *target;
    size_t i;

    if (json_array_size(targets) > LINT_TARGETS_MAX)
        return fault(-EINVAL, "a panel has more than %d queries", LINT_TARGETS_MAX);
    json_array_foreach(targets, i, target)
    {
        if (json_is_object(target))
            read_target(d, p, target);
    }
    return 0;
}

static int read_panel(struct lint_doc *d, json_t *json, const size_t *closed_row)
{
    if (d->n_panels >= LINT_PANELS_MAX)
        return fault(-EINVAL, "the dashboard has more than %d panels", LINT_PANELS_MAX);

    struct lint_panel *p = &vec_push(d->panels, d->n_panels, d->cap_panels);

    p->json = json;
    p->number = d->n_panels;
    p->title = lint_text(json, "title");
    p->type = lint_text(json, "type");
    p->is_row = str_is(p->type, "row");
    p->in_closed_row = closed_row != NULL;
    p->row = closed_row ? *closed_row : 0;
    return read_targets(d, p);
}

/* Those of a row are one level deeper; a row in a row is none. */
static int read_panels(struct lint_doc *d, const json_t *panels)
{
    json_t *panel, *inner;
    size_t i, j;

    json_array_foreach(panels, i, panel)
    {
        if (!json_is_object(panel))
            continue;
        size_t row = d->n_panels;

        TRY(read_panel(d, panel, NULL));
        if (!d->panels[row].is_row)
            continue;
        json_array_foreach(lint_array(panel, "panels"), j, inner)
        {
            if (json_is_object(inner))
                TRY(read_panel(d, inner, &row));
        }
    }
    return 0;
}

/* Before schema 16 panels were in "rows", without places of their own. */
static int read_old_rows(struct lint_doc *d)
{
    json_t *row, *panel;
    size_t i, j;

    json_array_foreach(lint_array(d->dashboard, "rows"), i, row)
    {
        json_array_foreach(lint_array(row, "panels"), j, panel)
        {
            if (json_is_object(panel))
                TRY(read_panel(d, panel, NULL));
        }
    }
    return 0;
}

static int read_variables(struct lint_doc *d)
{
    const json_t *list = lint_array(lint_object(d->dashboard, "templating"), "list");
    json_t *variable;
    size_t i;

    if (json_array_size(list) > LINT_VARIABLES_MAX)
        return fault(-EINVAL, "the dashboard has more than %d variables", LINT_VARIABLES_MAX);
    json_array_foreach(list, i, variable)
    {
        struct lint_variable v = {.json = variable,
                                  .index = i,
                                  .name = lint_text(variable, "name"),
                                  .type = lint_text(variable, "type")};

        if (json_is_object(variable))
            vec_push(d->variables, d->n_variables, d->cap_variables) = v;
    }
    return 0;
}

/* ---- the file ---- */

static bool is_dashboard(const json_t *o)
{
    return json_is_object(o) && lint_text(o, "kind").n == 0 &&
           (json_object_get(o, "panels") || json_object_get(o, "rows") ||
            (json_object_get(o, "templating") && json_object_get(o, "title")) ||
            json_object_get(o, "schemaVersion"));
}

static int find_dashboard(struct lint_doc *d)
{
    const json_t *spec = lint_object(d->root, "spec");

    if (spec && (json_object_get(spec, "elements") ||
                 str_starts(lint_text(d->root, "apiVersion"), STR("dashboard.grafana.app/v2")))) {
        return fault(-EINVAL, "this dashboard is of Grafana's newer schema (v2); export it as "
                              "\"Classic\" to have it looked at");
    }
    json_t *places[] = {d->root, json_object_get(d->root, "dashboard"),
                        json_object_get(d->root, "spec")};

    for (size_t i = 0; i < countof(places); i++) {
        if (is_dashboard(places[i])) {
            d->dashboard = places[i];
            return 0;
        }
    }
    return LINT_E_NO_DASHBOARD;
}

static int read_parts(struct lint_doc *d)
{
    d->is_shared = json_array_size(lint_array(d->dashboard, "__inputs")) > 0;
    TRY(read_variables(d));
    TRY(read_panels(d, lint_array(d->dashboard, "panels")));
    return read_old_rows(d);
}

int lint_doc_read(struct str json, struct lint_doc *ret)
{
    scoped(lint_doc_fini) struct lint_doc d = {0};
    json_error_t error;

    if (json.n > LINT_BYTES_MAX)
        return fault(-EINVAL, "it has more than %d MiB", LINT_BYTES_MAX >> 20);
    d.root = json_loadb(json.p ? json.p : "", json.n, JSON_REJECT_DUPLICATES, &error);
    if (!d.root) {
        return fault(-EINVAL, "it is no JSON: line %d, column %d: %s", error.line, error.column,
                     error.text);
    }
    int r = find_dashboard(&d);

    if (r > 0)
        return r;
    TRY(r);
    TRY(read_parts(&d));
    *ret = d;
    d = (struct lint_doc){0};
    return 0;
}

void lint_doc_fini(struct lint_doc *d)
{
    for (size_t i = 0; i < d->n_panels; i++)
        free(d->panels[i].targets);
    free(d->panels);
    free(d->variables);
    json_decref(d->root);
    *d = (struct lint_doc){0};
}
