/*
 * The shape of the classic model as tables: per object the members that Grafana reads, with their
 * types. Other members are nobody's business: files come from many versions and have plug-ins' own.
 */
#include <stdio.h>

#include "base/buf.h"
#include "dashboard/lint_priv.h"

enum types {
    S = 1 << 0,    /* string */
    I = 1 << 1,    /* whole number */
    N = 1 << 2,    /* any number */
    B = 1 << 3,    /* true or false */
    O = 1 << 4,    /* object */
    L = 1 << 5,    /* list */
    X = 1 << 6,    /* null */
    NEED = 1 << 8, /* error when it is missing */
    WANT = 1 << 9, /* warning when it is missing */
};

struct shape;

struct field {
    const char *key;
    unsigned types;
    const struct shape *of; /* of the object, or of each element of the list; NULL: any */
    unsigned elements;      /* of the list, where they are no shape; 0: any */
};

struct shape {
    const struct field *fields; /* ended by a NULL key */
};

/* clang-format off */
#define HAS(key, types)           {key, types, NULL, 0}
#define OF(key, types, shape)     {key, types, shape, 0}
#define ALL(key, types, elements) {key, types, NULL, elements}
#define END                       {NULL, 0, NULL, 0}

static const struct shape time_range = {(const struct field[]){
    HAS("from", S | NEED), HAS("to", S | NEED), END,
}};

static const struct shape place = {(const struct field[]){
    HAS("x", N), HAS("y", N), HAS("w", N | NEED), HAS("h", N | NEED), END,
}};

static const struct shape step = {(const struct field[]){
    HAS("color", S | NEED), HAS("value", N | X), END,
}};

static const struct shape thresholds = {(const struct field[]){
    HAS("mode", S), OF("steps", L | NEED, &step), END,
}};

static const struct shape mapping = {(const struct field[]){
    HAS("type", S | I), HAS("options", O), END,
}};

static const struct shape defaults = {(const struct field[]){
    HAS("unit", S), HAS("decimals", N | X), HAS("min", N | X), HAS("max", N | X), HAS("displayName", S), HAS("noValue", S),
    HAS("color", O), OF("thresholds", O, &thresholds), OF("mappings", L, &mapping), HAS("links", L), HAS("custom", O), END,
}};

static const struct shape matcher = {(const struct field[]){
    HAS("id", S | NEED), END,
}};

static const struct shape property = {(const struct field[]){
    HAS("id", S | NEED), END,
}};

static const struct shape override = {(const struct field[]){
    OF("matcher", O | NEED, &matcher), OF("properties", L | NEED, &property), END,
}};

static const struct shape field_config = {(const struct field[]){
    OF("defaults", O | X, &defaults), OF("overrides", L, &override), END,
}};

static const struct shape target = {(const struct field[]){
    HAS("refId", S), HAS("expr", S), HAS("query", S | O), HAS("target", S | O), HAS("legendFormat", S), HAS("alias", S), HAS("format", S),
    HAS("interval", S | X), HAS("instant", B), HAS("range", B), HAS("exemplar", B), HAS("hide", B), HAS("rawQuery", B), HAS("resultFormat", S),
    HAS("datasource", S | O | X), HAS("textEditor", B), END,
}};

static const struct shape transformation = {(const struct field[]){
    HAS("id", S | NEED), HAS("options", O | X), HAS("disabled", B), END,
}};

static const struct shape link = {(const struct field[]){
    HAS("title", S), HAS("url", S), HAS("targetBlank", B), HAS("type", S), ALL("tags", L, S), HAS("includeVars", B), HAS("keepTime", B),
    HAS("asDropdown", B), END,
}};

static const struct shape panel = {(const struct field[]){
    HAS("type", S | NEED), HAS("id", I), HAS("title", S | X), HAS("description", S | X), OF("gridPos", O, &place), HAS("datasource", S | O | X),
    OF("targets", L | X, &target), OF("fieldConfig", O, &field_config), HAS("options", O), OF("transformations", L, &transformation),
    OF("links", L | X, &link), HAS("maxDataPoints", N | X | S), HAS("interval", S | X), HAS("repeat", S | X), HAS("repeatDirection", S),
    HAS("transparent", B), HAS("collapsed", B), HAS("timeFrom", S | X), HAS("timeShift", S | X), END,
}};

static const struct shape current = {(const struct field[]){
    ALL("text", S | L | X, S), ALL("value", S | L | X, S | X), END,
}};

static const struct shape variable = {(const struct field[]){
    HAS("name", S | NEED), HAS("type", S | NEED), HAS("label", S | X), HAS("query", S | O | X), HAS("definition", S), HAS("datasource", S | O | X),
    HAS("refresh", I | B), HAS("sort", I), HAS("multi", B), HAS("includeAll", B), HAS("allValue", S | X), HAS("regex", S | X),
    OF("current", O | X, &current), ALL("options", L, O), HAS("hide", I | B), END,
}};

static const struct shape variables = {(const struct field[]){
    OF("list", L, &variable), END,
}};

static const struct shape annotation = {(const struct field[]){
    HAS("name", S | NEED), HAS("enable", B | WANT), HAS("iconColor", S | WANT), HAS("datasource", S | O | X), HAS("hide", B), HAS("builtIn", I | B),
    HAS("expr", S), HAS("query", S), HAS("type", S), END,
}};

static const struct shape annotations = {(const struct field[]){
    OF("list", L, &annotation), END,
}};

static const struct shape dashboard = {(const struct field[]){
    HAS("title", S | NEED), HAS("schemaVersion", I | WANT), HAS("id", I | X), HAS("uid", S | X), HAS("description", S | X), ALL("tags", L, S),
    HAS("style", S), HAS("timezone", S), HAS("editable", B), HAS("graphTooltip", I), OF("time", O, &time_range), HAS("timepicker", O),
    HAS("refresh", S | B | X), HAS("version", I | X), HAS("panels", L), HAS("rows", L), OF("templating", O, &variables),
    OF("annotations", O, &annotations), OF("links", L, &link), HAS("gnetId", N | X | S), ALL("__inputs", L, O), ALL("__requires", L, O), END,
}};
#undef HAS
#undef OF
#undef ALL
#undef END
/* clang-format on */

/* ---- types ---- */

static unsigned type_of(const json_t *v)
{
    double number = json_number_value(v);

    switch (json_typeof(v)) {
    case JSON_STRING:
        return S;
    case JSON_INTEGER:
        return I | N;
    case JSON_REAL:
        return number == (double)(int64_t)number ? I | N : N;
    case JSON_TRUE:
    case JSON_FALSE:
        return B;
    case JSON_OBJECT:
        return O;
    case JSON_ARRAY:
        return L;
    default:
        return X;
    }
}

static const char *const type_names[] = {"a text",    "a whole number", "a number", "true or false",
                                         "an object", "a list",         "null"};

static const char *name_of(unsigned types)
{
    for (size_t i = 0; i < countof(type_names); i++) {
        if (types & 1U << i)
            return type_names[i];
    }
    return "nothing";
}

static void put_types(struct buf *out, unsigned types)
{
    bool first = true;

    for (size_t i = 0; i < countof(type_names); i++) {
        if (!(types & 1U << i) || (i == 6 && (types & ~X & 0x7f)))
            continue;
        buf_printf(out, "%s%s", first ? "" : " or ", type_names[i]);
        first = false;
    }
}

/* ---- objects ---- */

struct walk {
    struct lint *l;
    struct lint_place at;
    char path[200]; /* of the object within what `at` names: "fieldConfig.defaults" */
};

static void check_object(struct walk *w, const json_t *o, const struct shape *shape);

static void say_type(struct walk *w, const char *key, const json_t *v, unsigned wanted)
{
    scoped(buf_fini) struct buf types = {0};

    put_types(&types, wanted);
    lint_say(w->l, w->at, "%s%s%s is %s; make it %s", w->path, w->path[0] ? "." : "", key,
             name_of(type_of(v)), buf_cstr(&types));
}

/* Goes into a member and comes back. */
static void enter(struct walk *w, const char *key, const json_t *o, const struct shape *shape)
{
    size_t n = strlen(w->path);

    snprintf(w->path + n, sizeof(w->path) - n, "%s%s", n ? "." : "", key);
    check_object(w, o, shape);
    w->path[n] = '\0';
}

static void check_list(struct walk *w, const struct field *f, const json_t *list)
{
    const json_t *v;
    size_t i;
    char key[100];

    json_array_foreach(list, i, v)
    {
        snprintf(key, sizeof(key), "%s[%zu]", f->key, i);
        if (f->of && !json_is_object(v)) {
            say_type(w, key, v, O);
        } else if (f->of) {
            enter(w, key, v, f->of);
        } else if (f->elements && !(type_of(v) & f->elements)) {
            say_type(w, key, v, f->elements);
        }
    }
}

static void say_missing(struct walk *w, const struct field *f)
{
    if (f->types & NEED)
        lint_say(w->l, w->at, "%s%s%s is missing", w->path, w->path[0] ? "." : "", f->key);
    if (f->types & WANT)
        lint_warn(w->l, w->at, "%s%s%s is missing", w->path, w->path[0] ? "." : "", f->key);
}

static void check_field(struct walk *w, const json_t *o, const struct field *f)
{
    const json_t *v = json_object_get(o, f->key);

    if (!v) {
        say_missing(w, f);
    } else if (!(type_of(v) & f->types)) {
        say_type(w, f->key, v, f->types);
    } else if (json_is_object(v) && f->of) {
        enter(w, f->key, v, f->of);
    } else if (json_is_array(v)) {
        check_list(w, f, v);
    }
}

/* As deep as the tables are. */
static void check_object(struct walk *w, const json_t *o, const struct shape *shape)
{
    for (const struct field *f = shape->fields; f->key; f++)
        check_field(w, o, f);
}

static void check_elements(struct lint *l, const json_t *owner, const char *key)
{
    const json_t *v;
    size_t i;

    json_array_foreach(lint_array(owner, key), i, v)
    {
        if (!json_is_object(v))
            lint_say(l, AT_DASHBOARD, "%s[%zu] is no object", key, i);
    }
}

void lint_rule_structure(struct lint *l)
{
    struct walk w = {.l = l};

    check_object(&w, l->doc.dashboard, &dashboard);
    check_elements(l, l->doc.dashboard, "panels");
    for (size_t i = 0; i < l->doc.n_panels; i++) {
        w.at = AT_PANEL(&l->doc.panels[i]);
        check_object(&w, l->doc.panels[i].json, &panel);
    }
}

/* ---- the dashboard's own ---- */

enum {
    UID_BYTES_MAX = 40,
};

void lint_rule_dashboard_uid(struct lint *l)
{
    struct str uid = lint_text(l->doc.dashboard, "uid");
    size_t n = 0;
    double id;

    while (n < uid.n && (query_is_word(uid.p[n]) || uid.p[n] == '-'))
        n++;
    if (uid.n > UID_BYTES_MAX) {
        lint_say(l, AT_DASHBOARD, "its uid has %zu bytes; Grafana takes %d", uid.n, UID_BYTES_MAX);
    } else if (n < uid.n) {
        lint_say(l, AT_DASHBOARD, "its uid '%.*s' has more than letters, digits, - and _",
                 LINT_SHORT(uid));
    }
    if (!uid.n) {
        lint_warn(l, AT_DASHBOARD,
                  "it has no uid: Grafana makes one up, so that links break with each import");
    }
    if (lint_number(l->doc.dashboard, "id", &id) && !l->doc.is_shared) {
        lint_warn(l, AT_DASHBOARD, "it has the id %.0f of another Grafana's database; make it null",
                  id);
    }
}

void lint_rule_uneditable(struct lint *l)
{
    if (!json_is_false(json_object_get(l->doc.dashboard, "editable"))) {
        lint_say(l, AT_DASHBOARD,
                 "it can be edited in Grafana, where changes are lost with the next "
                 "import; set \"editable\": false");
    }
}

void lint_rule_share_inputs(struct lint *l)
{
    if (l->doc.is_shared) {
        lint_say(l, AT_DASHBOARD,
                 "it has __inputs, which only an import by hand fills in; for files "
                 "that Grafana reads from a folder use a data source variable");
    }
}
