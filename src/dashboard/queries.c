/*
 * A dashboard is walked once. What is missing or of another type is read as absent, because Grafana
 * does so; what is refused is what is no dashboard at all, and what is beyond the limits.
 */
#include "dashboard/queries.h"

#include <errno.h>

#include "base/mem.h"
#include "dashboard/queries_priv.h"

enum {
    ROW_DEPTH = 4, /* rows within rows do not exist; a limit for those who make them */
};

/* ---- members ---- */

static struct str cut(struct str s)
{
    if (s.n <= QUERIES_TEXT_BYTES)
        return s;
    s.n = QUERIES_TEXT_BYTES;
    while (s.n > 0 && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
        s.n--;
    return s;
}

static struct str copy(struct queries_reader *r, const json_t *v)
{
    if (!json_is_string(v))
        return (struct str){0};
    return arena_str(&r->q->arena, cut(str_from(json_string_value(v), json_string_length(v))));
}

struct str queries_text(struct queries_reader *r, const json_t *object, const char *key)
{
    return copy(r, json_object_get(object, key));
}

int64_t queries_number(const json_t *object, const char *key, int64_t other)
{
    const json_t *v = json_object_get(object, key);
    int64_t n;

    if (json_is_integer(v))
        return json_integer_value(v);
    if (json_is_string(v) && str_i64(str_of(json_string_value(v)), &n))
        return n;
    return other;
}

static bool truth(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

/* ---- targets ---- */

/* Where each language keeps its text. */
static struct str target_text(struct queries_reader *r, enum query_kind kind, const json_t *o)
{
    switch (kind) {
    case QUERY_PROMETHEUS:
        return queries_text(r, o, "expr");
    case QUERY_GRAPHITE:
        return queries_text(r, o, "target");
    case QUERY_INFLUXQL:
        if (!truth(o, "rawQuery") && json_is_array(json_object_get(o, "select")))
            return queries_influx_build(r, o);
        return queries_text(r, o, "query");
    default:
        return queries_text(r, o, "query");
    }
}

static void read_target(struct queries_reader *r, const json_t *o, struct str panel_type,
                        struct query_target *ret)
{
    struct queries_source own;
    struct str type = panel_type;

    queries_source(r, json_object_get(o, "datasource"), &own);
    if (own.type.n && !own.is_mixed)
        type = own.type;

    enum query_kind kind = queries_kind(type, o);

    *ret = (struct query_target){
        .ref_id = queries_text(r, o, "refId"),
        .kind = kind,
        .type = str_is(type, "-- Mixed --") ? (struct str){0} : type,
        .text = target_text(r, kind, o),
        .hidden = truth(o, "hide"),
        .instant = truth(o, "instant") && !truth(o, "range"),
        .interval = queries_text(r, o, "interval"),
    };
}

static int read_targets(struct queries_reader *r, const json_t *panel, struct query_panel *p)
{
    const json_t *list = json_object_get(panel, "targets");
    size_t n = json_array_size(list);
    struct queries_source source;

    if (n > QUERIES_TARGETS)
        return fault(-EINVAL, "panel '%.*s' has %zu queries; at most %d are read",
                     STR_ARG(p->title), n, QUERIES_TARGETS);
    queries_source(r, json_object_get(panel, "datasource"), &source);
    /* One more than there are: an empty arena has no address for nothing. */
    p->targets = arena_new_n(&r->q->arena, struct query_target, n + 1);
    for (size_t i = 0; i < n; i++) {
        const json_t *o = json_array_get(list, i);

        if (json_is_object(o))
            read_target(r, o, source.type, &p->targets[p->n_targets++]);
    }
    return 0;
}

/* ---- panels and rows ---- */

struct row {
    struct str title, repeat;
};

static int read_panel(struct queries_reader *r, const json_t *o, const struct row *row,
                      struct query_panel *p)
{
    const json_t *library = json_object_get(o, "libraryPanel");

    *p = (struct query_panel){
        .id = queries_number(o, "id", 0),
        .title = queries_text(r, o, "title"),
        .type = queries_text(r, o, "type"),
        .row = row->title,
        .repeat = queries_text(r, o, "repeat"),
        .row_repeat = row->repeat,
        .interval = queries_text(r, o, "interval"),
        .max_points = queries_number(o, "maxDataPoints", 0),
        .library = queries_text(r, library, "name"),
    };
    if (!json_object_get(o, "targets") &&
        json_object_get(json_object_get(library, "model"), "targets"))
        return read_targets(r, json_object_get(library, "model"), p);
    return read_targets(r, o, p);
}

static struct row row_of(struct queries_reader *r, const json_t *o)
{
    return (struct row){.title = queries_text(r, o, "title"),
                        .repeat = queries_text(r, o, "repeat")};
}

static size_t count_panels(const json_t *list, int depth)
{
    size_t i, n = 0;
    const json_t *o;

    json_array_foreach(list, i, o)
    {
        n += 1 + (depth < ROW_DEPTH ? count_panels(json_object_get(o, "panels"), depth + 1) : 0);
    }
    return n;
}

/* Panels of an open row follow it; those of a collapsed one, and of schema 15 and before, are in
 * it. */
static int read_panels(struct queries_reader *r, const json_t *list, struct row row, int depth)
{
    size_t i;
    const json_t *o;

    json_array_foreach(list, i, o)
    {
        const json_t *below = json_object_get(o, "panels");
        const json_t *type = json_object_get(o, "type");

        if (json_is_array(below) ||
            (json_is_string(type) && strcmp(json_string_value(type), "row") == 0)) {
            row = row_of(r, o);
            if (depth < ROW_DEPTH)
                TRY(read_panels(r, below, row, depth + 1));
        } else if (json_is_object(o)) {
            TRY(read_panel(r, o, &row, &r->q->panels[r->q->n_panels++]));
        }
    }
    return 0;
}

static int read_all_panels(struct queries_reader *r)
{
    const json_t *panels = json_object_get(r->top, "panels");
    const json_t *rows = json_object_get(r->top, "rows");
    size_t n = count_panels(panels, 0) + count_panels(rows, 0);

    if (n > QUERIES_PANELS)
        return fault(-EINVAL, "it has %zu panels; at most %d are read", n, QUERIES_PANELS);
    r->q->panels = arena_new_n(&r->q->arena, struct query_panel, n + 1);
    TRY(read_panels(r, rows, (struct row){0}, 0));
    return read_panels(r, panels, (struct row){0}, 0);
}

/* ---- variables ---- */

static enum query_variable_type variable_type(const json_t *o)
{
    static const struct {
        const char *name;
        enum query_variable_type type;
    } types[] = {
        {"query", QUERY_VAR_QUERY},       {"custom", QUERY_VAR_CUSTOM},
        {"textbox", QUERY_VAR_TEXTBOX},   {"constant", QUERY_VAR_CONSTANT},
        {"interval", QUERY_VAR_INTERVAL}, {"datasource", QUERY_VAR_DATASOURCE},
        {"adhoc", QUERY_VAR_ADHOC},
    };
    const char *name = json_string_value(json_object_get(o, "type"));

    for (size_t i = 0; name && i < countof(types); i++) {
        if (strcmp(name, types[i].name) == 0)
            return types[i].type;
    }
    return name ? QUERY_VAR_OTHER : QUERY_VAR_QUERY;
}

static void read_current(struct queries_reader *r, const json_t *o, struct query_variable *v)
{
    const json_t *value = json_object_get(json_object_get(o, "current"), "value");
    size_t n = json_is_array(value) ? json_array_size(value) : 1;

    v->current = arena_new_n(&r->q->arena, struct str, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct str s = copy(r, json_is_array(value) ? json_array_get(value, i) : value);

        if (s.n)
            v->current[v->n_current++] = s;
    }
}

/* "query" is a text, or since 7 an object that has it, by data source under other names. */
static struct str variable_query(struct queries_reader *r, const json_t *o)
{
    static const char *const keys[] = {"query", "expr", "target"};
    const json_t *query = json_object_get(o, "query");
    struct str text = copy(r, query);

    for (size_t i = 0; !text.n && i < countof(keys); i++)
        text = queries_text(r, query, keys[i]);
    return text.n ? text : queries_text(r, o, "definition");
}

static enum query_kind variable_kind(struct queries_reader *r, const json_t *o,
                                     const struct query_variable *v)
{
    struct queries_source source;

    if (v->type == QUERY_VAR_DATASOURCE)
        return queries_kind_of_text(v->query, (struct str){0});
    queries_source(r, json_object_get(o, "datasource"), &source);

    enum query_kind kind = queries_kind_of_text(source.type, v->query);

    if (kind != QUERY_OTHER || source.type.n)
        return kind;
    if (str_starts(v->query, STR("label_")) || str_starts(v->query, STR("query_result(")) ||
        str_starts(v->query, STR("metrics(")))
        return QUERY_PROMETHEUS;
    if (str_starts_nocase(v->query, STR("show ")) || str_starts_nocase(v->query, STR("select ")))
        return QUERY_INFLUXQL;
    return str_starts(v->query, STR("tag")) ? QUERY_GRAPHITE : QUERY_OTHER;
}

static int read_variables(struct queries_reader *r)
{
    const json_t *list = json_object_get(json_object_get(r->top, "templating"), "list");
    size_t n = json_array_size(list);

    if (n > QUERIES_VARIABLES)
        return fault(-EINVAL, "it has %zu variables; at most %d are read", n, QUERIES_VARIABLES);
    r->q->variables = arena_new_n(&r->q->arena, struct query_variable, n + 1);
    for (size_t i = 0; i < n; i++) {
        const json_t *o = json_array_get(list, i);
        struct query_variable *v = &r->q->variables[r->q->n_variables];

        v->name = queries_text(r, o, "name");
        if (!v->name.n)
            continue;
        v->type = variable_type(o);
        v->query = variable_query(r, o);
        v->regex = queries_text(r, o, "regex");
        v->all_value = queries_text(r, o, "allValue");
        v->multi = truth(o, "multi");
        v->include_all = truth(o, "includeAll");
        v->kind = variable_kind(r, o, v);
        read_current(r, o, v);
        r->q->n_variables++;
    }
    return 0;
}

/* ---- annotations ---- */

static void read_annotation(struct queries_reader *r, const json_t *o, struct query_annotation *a)
{
    struct queries_source source;
    const json_t *target = json_object_get(o, "target");

    queries_source(r, json_object_get(o, "datasource"), &source);
    a->name = queries_text(r, o, "name");
    a->enabled = truth(o, "enable");
    /* Either age: the fields beside the name, or those of a target. */
    read_target(r, json_is_object(target) ? target : o, source.type, &a->target);
    if (!a->target.text.n)
        read_target(r, o, source.type, &a->target);
    if (truth(o, "builtIn"))
        a->target.kind = QUERY_GRAFANA;
}

static int read_annotations(struct queries_reader *r)
{
    const json_t *list = json_object_get(json_object_get(r->top, "annotations"), "list");
    size_t n = json_array_size(list);

    if (n > QUERIES_VARIABLES)
        return fault(-EINVAL, "it has %zu annotations; at most %d are read", n, QUERIES_VARIABLES);
    r->q->annotations = arena_new_n(&r->q->arena, struct query_annotation, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (json_is_object(json_array_get(list, i)))
            read_annotation(r, json_array_get(list, i), &r->q->annotations[r->q->n_annotations++]);
    }
    return 0;
}

/* ---- the whole ---- */

/* {"dashboard": {...}, "meta": {...}} is the API's; {"spec": {...}} that of Grafana 12. */
static const json_t *unwrap(const json_t *o)
{
    static const char *const wraps[] = {"dashboard", "spec"};

    for (size_t i = 0; i < countof(wraps); i++) {
        const json_t *inner = json_object_get(o, wraps[i]);

        if (json_is_object(inner) && !json_is_array(json_object_get(o, "panels")))
            return inner;
    }
    return o;
}

static int read_all(struct queries_reader *r)
{
    const json_t *time = json_object_get(r->top, "time");

    if (json_is_object(json_object_get(r->top, "elements")))
        return fault(-EINVAL,
                     "it is a dashboard of the second schema ('elements'); export it in the "
                     "classic model");
    if (!json_is_array(json_object_get(r->top, "panels")) &&
        !json_is_array(json_object_get(r->top, "rows")))
        return fault(-EINVAL, "it is no Grafana dashboard: it has neither 'panels' nor 'rows'");
    r->q->title = queries_text(r, r->top, "title");
    r->q->uid = queries_text(r, r->top, "uid");
    r->q->schema = queries_number(r->top, "schemaVersion", 0);
    r->q->from = queries_text(r, time, "from");
    r->q->to = queries_text(r, time, "to");
    TRY(read_variables(r));
    TRY(read_annotations(r));
    return read_all_panels(r);
}

int queries_read(struct str text, struct queries **ret_queries)
{
    json_error_t error;

    if (text.n > QUERIES_BYTES)
        return fault(-EINVAL, "a dashboard of %zu bytes; at most %d are read", text.n,
                     QUERIES_BYTES);
    json_t *root = json_loadb(text.p ? text.p : "", text.n, 0, &error);

    if (!root)
        return fault(-EINVAL, "it is no JSON: line %d: %s", error.line, error.text);

    struct queries_reader r = {.q = xnew(struct queries), .top = unwrap(root)};
    int result = read_all(&r);

    json_decref(root);
    if (result) {
        queries_free(r.q);
        return result;
    }
    *ret_queries = r.q;
    return 0;
}

void queries_free(struct queries *q)
{
    if (!q)
        return;
    arena_fini(&q->arena);
    free(q);
}

const struct query_variable *queries_variable(const struct queries *q, struct str name)
{
    for (size_t i = 0; i < q->n_variables; i++) {
        if (str_eq(q->variables[i].name, name))
            return &q->variables[i];
    }
    return NULL;
}
