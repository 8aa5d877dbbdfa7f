/*
 * Which data source is meant. Since schema 33 a panel names {type, uid}; before that it named the
 * data source, or nothing for the default one. Exports for sharing have "${DS_X}" and say what X is
 * under __inputs; others have a variable of type datasource. Where all that gives no type, the
 * fields of the target do: each data source stores its query under another name.
 */
#include <string.h>

#include "base/mem.h"
#include "dashboard/queries_priv.h"

/* The name in "$x", "${x}" or "[[x]]", or nothing. */
static struct str reference(struct str s)
{
    if (s.n > 3 && str_starts(s, STR("${")) && s.p[s.n - 1] == '}')
        return str_from(s.p + 2, str_find(str_from(s.p + 2, s.n - 3), ':'));
    if (s.n > 4 && str_starts(s, STR("[[")) && str_ends(s, STR("]]")))
        return str_from(s.p + 2, s.n - 4);
    if (s.n > 1 && s.p[0] == '$')
        return str_from_index(s, 1);
    return (struct str){0};
}

static struct str text_at(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);

    return json_is_string(v) ? str_from(json_string_value(v), json_string_length(v))
                             : (struct str){0};
}

/* The element of a list of objects whose `key` is `name`. */
static const json_t *find(const json_t *list, const char *key, struct str name)
{
    size_t i;
    const json_t *o;

    json_array_foreach(list, i, o)
    {
        if (str_eq(text_at(o, key), name))
            return o;
    }
    return NULL;
}

static struct str type_of_reference(const json_t *top, struct str name)
{
    const json_t *input = find(json_object_get(top, "__inputs"), "name", name);

    if (input)
        return text_at(input, "pluginId");
    const json_t *variables = json_object_get(json_object_get(top, "templating"), "list");
    const json_t *variable = find(variables, "name", name);

    if (variable && str_is(text_at(variable, "type"), "datasource"))
        return text_at(variable, "query");
    return (struct str){0};
}

/* What the servers' own are called, in place of a name or an uid. */
static struct str special(struct str name)
{
    static const char *const names[] = {"-- Mixed --", "-- Dashboard --", "-- Grafana --"};

    for (size_t i = 0; i < countof(names); i++) {
        if (str_is(name, names[i]))
            return name;
    }
    return (struct str){0};
}

static struct str type_of_name(const json_t *top, struct str name)
{
    static const char *const types[] = {"prometheus", "influxdb", "graphite"};
    struct str known = special(name);

    if (known.n)
        return known;
    if (reference(name).n)
        return type_of_reference(top, reference(name));
    /* Many are called what they are: "Prometheus", "influxdb". */
    for (size_t i = 0; i < countof(types); i++) {
        if (str_eq_nocase(name, str_of(types[i])))
            return str_of(types[i]);
    }
    return (struct str){0};
}

void queries_source(struct queries_reader *r, const json_t *datasource,
                    struct queries_source *ret_source)
{
    struct str type = {0};

    if (json_is_string(datasource)) {
        type = type_of_name(
            r->top, str_from(json_string_value(datasource), json_string_length(datasource)));
    } else if (json_is_object(datasource)) {
        type = special(text_at(datasource, "uid"));
        if (!type.n)
            type = text_at(datasource, "type");
        if (!type.n || reference(type).n)
            type = type_of_name(r->top, type.n ? type : text_at(datasource, "uid"));
    }
    *ret_source = (struct queries_source){.type = arena_str(&r->q->arena, type),
                                          .is_mixed = str_is(type, "-- Mixed --")};
}

enum query_kind queries_kind_of_text(struct str type, struct str text)
{
    bool is_flux = str_find_str(text, STR("|>")) < text.n ||
                   str_find_str(text, STR("from(bucket")) < text.n ||
                   str_starts(str_trim(text), STR("import \""));

    if (str_is(type, "prometheus"))
        return QUERY_PROMETHEUS;
    if (str_is(type, "influxdb"))
        return is_flux ? QUERY_FLUX : QUERY_INFLUXQL;
    if (str_is(type, "graphite"))
        return QUERY_GRAPHITE;
    if (str_is(type, "-- Dashboard --"))
        return QUERY_SHARED;
    if (str_is(type, "grafana") || str_is(type, "-- Grafana --") ||
        str_is(type, "grafana-testdata-datasource") || str_is(type, "testdata"))
        return QUERY_GRAFANA;
    if (!type.n && is_flux)
        return QUERY_FLUX;
    return QUERY_OTHER;
}

enum query_kind queries_kind(struct str type, const json_t *target)
{
    enum query_kind kind = queries_kind_of_text(type, text_at(target, "query"));

    if (kind != QUERY_OTHER || (type.n && !str_is(type, "-- Mixed --")))
        return kind;
    if (json_is_string(json_object_get(target, "expr")))
        return QUERY_PROMETHEUS;
    if (json_is_string(json_object_get(target, "target")))
        return QUERY_GRAPHITE;
    if (json_object_get(target, "measurement") || json_object_get(target, "rawQuery") ||
        json_is_array(json_object_get(target, "select")))
        return QUERY_INFLUXQL;
    return str_starts_nocase(str_trim(text_at(target, "query")), STR("select ")) ? QUERY_INFLUXQL
                                                                                 : QUERY_OTHER;
}

const char *query_kind_name(enum query_kind kind)
{
    static const char *const names[] = {"Prometheus", "InfluxQL",  "Flux",   "Graphite",
                                        "other",      "dashboard", "Grafana"};

    return names[kind];
}
