/* What a panel says of itself: title, unit, thresholds, whom it asks. */
#include <math.h>

#include "dashboard/lint_priv.h"

/* ---- kinds of panel ---- */

enum traits {
    NUMBERS = 1, /* shows numbers on a scale: wants a unit */
    DATA = 2,    /* shows what queries answer */
};

static const struct {
    const char *type;
    unsigned traits;
} kinds[] = {
    {"timeseries", NUMBERS | DATA},
    {"stat", NUMBERS | DATA},
    {"gauge", NUMBERS | DATA},
    {"bargauge", NUMBERS | DATA},
    {"graph", NUMBERS | DATA},
    {"singlestat", NUMBERS | DATA},
    {"table", DATA},
    {"table-old", DATA},
    {"heatmap", DATA},
    {"barchart", NUMBERS | DATA},
    {"histogram", DATA},
    {"piechart", NUMBERS | DATA},
    {"state-timeline", DATA},
    {"status-history", DATA},
    {"xychart", DATA},
    {"trend", NUMBERS | DATA},
    {"logs", DATA},
};

static unsigned traits_of(const struct lint_panel *p)
{
    for (size_t i = 0; i < countof(kinds); i++) {
        if (str_is(p->type, kinds[i].type))
            return kinds[i].traits;
    }
    return 0;
}

/* It is defined elsewhere: {"libraryPanel": {"uid": ...}}. */
static bool is_borrowed(const struct lint_panel *p)
{
    return lint_object(p->json, "libraryPanel") != NULL;
}

void lint_rule_panel_title_description(struct lint *l)
{
    for (size_t i = 0; i < l->doc.n_panels; i++) {
        const struct lint_panel *p = &l->doc.panels[i];
        bool title = str_trim(p->title).n > 0;
        bool description = str_trim(lint_text(p->json, "description")).n > 0;

        if (!traits_of(p) || is_borrowed(p) || (title && description))
            continue;
        lint_say(l, AT_PANEL(p), "it has no %s",
                 title         ? "description"
                 : description ? "title"
                               : "title and no description");
    }
}

void lint_rule_panel_no_targets(struct lint *l)
{
    for (size_t i = 0; i < l->doc.n_panels; i++) {
        const struct lint_panel *p = &l->doc.panels[i];

        if ((traits_of(p) & DATA) && !p->n_targets && !is_borrowed(p))
            lint_say(l, AT_PANEL(p), "it has no query");
    }
}

/* ---- units ---- */

static const char *const units[] = {
#define UNIT(id) id,
#include "dashboard/lint_units.def"
#undef UNIT
};

/* What people write for units that have another id. */
static const struct {
    const char *written, *is;
} likely[] = {
    {"%", "percent (0 to 100) or percentunit (0 to 1)"},
    {"seconds", "s"},
    {"sec", "s"},
    {"milliseconds", "ms"},
    {"us", "µs"},
    {"req/s", "reqps"},
    {"rps", "reqps"},
    {"B", "bytes (1024) or decbytes (1000)"},
    {"usd", "currencyUSD"},
    {"USD", "currencyUSD"},
    {"$", "currencyUSD"},
};

/* suffix:x, time:YYYY and so on are made as they are needed. */
static bool is_own_unit(struct str unit)
{
    static const char *const prefixes[] = {
        "suffix:", "prefix:", "time:", "si:", "count:", "currency:", "bool:"};

    for (size_t i = 0; i < countof(prefixes); i++) {
        if (str_starts(unit, str_of(prefixes[i])))
            return true;
    }
    return false;
}

static bool is_unit(struct str unit)
{
    for (size_t i = 0; i < countof(units); i++) {
        if (str_is(unit, units[i]))
            return true;
    }
    return is_own_unit(unit) || query_has_variable(unit);
}

static void check_unit(struct lint *l, const struct lint_panel *p, struct str unit)
{
    const char *near = NULL;

    if (!unit.n || is_unit(unit))
        return;
    for (size_t i = 0; i < countof(likely); i++) {
        if (str_is(unit, likely[i].written))
            near = likely[i].is;
    }
    lint_say(l, AT_PANEL(p), "Grafana has no unit '%.*s'%s%s; a word of your own is suffix:%.*s",
             LINT_SHORT(unit), near ? "; you may mean " : "", near ? near : "", LINT_SHORT(unit));
}

static struct str override_unit(struct lint *l, const struct lint_panel *p)
{
    const json_t *overrides = lint_array(lint_object(p->json, "fieldConfig"), "overrides");
    const json_t *o, *property;
    struct str found = {0};
    size_t i, j;

    json_array_foreach(overrides, i, o)
    {
        json_array_foreach(lint_array(o, "properties"), j, property)
        {
            if (!str_is(lint_text(property, "id"), "unit"))
                continue;
            found = lint_text(property, "value");
            check_unit(l, p, found);
        }
    }
    return found;
}

/* A panel of an old kind keeps its units in a place of its own. */
static struct str old_unit(const struct lint_panel *p)
{
    const json_t *axes = lint_array(p->json, "yaxes"), *axis;
    struct str found = lint_text(p->json, "format");
    size_t i;

    json_array_foreach(axes, i, axis)
    {
        if (!found.n && i == 0)
            found = lint_text(axis, "format");
    }
    return found;
}

/* Words stand for values, or a label is shown instead of a number. */
static bool needs_no_unit(const struct lint_panel *p, const json_t *defaults)
{
    const json_t *reduce = lint_object(lint_object(p->json, "options"), "reduceOptions");

    return json_array_size(lint_array(defaults, "mappings")) > 0 ||
           json_array_size(lint_array(p->json, "valueMaps")) > 0 || lint_text(reduce, "fields").n;
}

void lint_rule_panel_units(struct lint *l)
{
    for (size_t i = 0; i < l->doc.n_panels; i++) {
        const struct lint_panel *p = &l->doc.panels[i];
        const json_t *defaults = lint_object(lint_object(p->json, "fieldConfig"), "defaults");
        struct str unit = lint_text(defaults, "unit"), old = old_unit(p);

        check_unit(l, p, unit);
        check_unit(l, p, old);
        bool none = !override_unit(l, p).n && !unit.n && !old.n;

        if (none && (traits_of(p) & NUMBERS) && !is_borrowed(p) && !needs_no_unit(p, defaults))
            lint_warn(l, AT_PANEL(p), "it has no unit; for plain numbers say short or none");
    }
}

/* ---- thresholds ---- */

static void check_step(struct lint *l, const struct lint_panel *p, const json_t *step, size_t i,
                       double *last)
{
    double value;
    bool has_value = lint_number(step, "value", &value);

    if (i == 0 && has_value) {
        lint_say(l, AT_PANEL(p),
                 "its first threshold has the value %g; it is for all that is below "
                 "the second, and has null",
                 value);
    }
    if (i > 0 && !has_value)
        lint_say(l, AT_PANEL(p), "threshold %zu has no value; only the first has none", i + 1);
    if (i > 0 && has_value && value <= *last) {
        lint_say(l, AT_PANEL(p), "threshold %zu is %g, and %g stands before it; they go up", i + 1,
                 value, *last);
    }
    if (has_value)
        *last = value;
}

static void check_steps(struct lint *l, const struct lint_panel *p, const json_t *thresholds)
{
    const json_t *steps = lint_array(thresholds, "steps"), *step;
    double last = -INFINITY;
    size_t i;

    json_array_foreach(steps, i, step)
    {
        if (json_is_object(step))
            check_step(l, p, step, i, &last);
    }
}

static void check_override_steps(struct lint *l, const struct lint_panel *p, const json_t *override)
{
    const json_t *property;
    size_t i;

    json_array_foreach(lint_array(override, "properties"), i, property)
    {
        if (str_is(lint_text(property, "id"), "thresholds"))
            check_steps(l, p, lint_object(property, "value"));
    }
}

void lint_rule_panel_thresholds(struct lint *l)
{
    const json_t *override;
    size_t j;

    for (size_t i = 0; i < l->doc.n_panels; i++) {
        const struct lint_panel *p = &l->doc.panels[i];
        const json_t *config = lint_object(p->json, "fieldConfig");

        check_steps(l, p, lint_object(lint_object(config, "defaults"), "thresholds"));
        json_array_foreach(lint_array(config, "overrides"), j, override)
        {
            check_override_steps(l, p, override);
        }
    }
}

/* ---- data sources ---- */

static bool is_variable_source(const struct lint *l, struct str name)
{
    struct query_variable v;
    const struct lint_variable *variable;

    if (!query_variable_at(name, 0, &v))
        return false;
    variable = lint_doc_variable(&l->doc, v.name);
    return (variable && str_is(variable->type, "datasource")) || l->doc.is_shared;
}

/* "-- Mixed --", "-- Dashboard --", "-- Grafana --" and expressions are there in every Grafana. */
static bool is_everywhere(const json_t *datasource, struct str name)
{
    return str_starts(name, STR("-- ")) || str_is(name, "__expr__") ||
           str_is(lint_text(datasource, "type"), "datasource");
}

static void check_source(struct lint *l, struct lint_place at, const json_t *datasource)
{
    struct str name = json_is_string(datasource)
                          ? str_from(json_string_value(datasource), json_string_length(datasource))
                          : lint_text(datasource, "uid");

    if (is_everywhere(datasource, name) || is_variable_source(l, name))
        return;
    if (name.n) {
        lint_say(l, at,
                 "its data source is '%.*s', which other Grafanas do not have; use a variable, "
                 "${datasource}",
                 LINT_SHORT(name));
    } else {
        lint_say(l, at,
                 "it takes the default data source, whatever that is; use a variable, "
                 "${datasource}");
    }
}

void lint_rule_panel_datasource(struct lint *l)
{
    for (size_t i = 0; i < l->doc.n_panels; i++) {
        const struct lint_panel *p = &l->doc.panels[i];
        const json_t *own = json_object_get(p->json, "datasource");

        if (!(traits_of(p) & DATA) || is_borrowed(p))
            continue;
        check_source(l, AT_PANEL(p), own);
        for (size_t j = 0; j < p->n_targets; j++) {
            const json_t *other = json_object_get(p->targets[j].json, "datasource");

            if (other && !json_equal(other, own))
                check_source(l, AT_TARGET(p, &p->targets[j]), other);
        }
    }
}
