/*
 * What Grafana's query builder stores for InfluxDB 1 is a list of parts; the text that goes to the
 * server is made of them each time. This makes the same text.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "dashboard/queries_priv.h"

enum {
    TEXT_BYTES = QUERIES_TEXT_BYTES,
};

/* Names of the builder's fields are short; what is too long is left out, and the query fails. */
static void add(struct buf *out, struct str s)
{
    ignored(buf_add(out, s.p, s.n));
}

static void adds(struct buf *out, const char *s)
{
    add(out, str_of(s));
}

static struct str text_of(const json_t *v)
{
    return json_is_string(v) ? str_from(json_string_value(v), json_string_length(v))
                             : (struct str){0};
}

static struct str member(const json_t *o, const char *key)
{
    return text_of(json_object_get(o, key));
}

static void add_name(struct buf *out, struct str name)
{
    adds(out, "\"");
    add(out, name);
    adds(out, "\"");
}

/* A parameter is a text or a number. */
static void add_param(struct buf *out, const json_t *v)
{
    scoped(freep) char *text = json_is_string(v) ? NULL : json_dumps(v, JSON_ENCODE_ANY);

    add(out, text ? str_of(text) : text_of(v));
}

/* One step of a column: a field, a function around what there is, arithmetic after it, a name. */
static void add_part(struct buf *column, const json_t *part)
{
    scoped(buf_fini) struct buf whole = BUF_INIT(TEXT_BYTES);
    struct str type = member(part, "type");
    const json_t *params = json_object_get(part, "params");
    size_t i;
    const json_t *v;

    if (str_is(type, "field")) {
        bool is_star = str_is(text_of(json_array_get(params, 0)), "*");

        if (is_star)
            adds(&whole, "*");
        else
            add_name(&whole, text_of(json_array_get(params, 0)));
    } else if (str_is(type, "math")) {
        add(&whole, buf_str(column));
        add_param(&whole, json_array_get(params, 0));
    } else if (str_is(type, "alias")) {
        add(&whole, buf_str(column));
        adds(&whole, " AS ");
        add_name(&whole, text_of(json_array_get(params, 0)));
    } else {
        add(&whole, type);
        adds(&whole, "(");
        add(&whole, buf_str(column));
        json_array_foreach(params, i, v)
        {
            adds(&whole, ", ");
            add_param(&whole, v);
        }
        adds(&whole, ")");
    }
    buf_reset(column);
    add(column, buf_str(&whole));
}

static void add_columns(struct buf *out, const json_t *select)
{
    size_t i, j;
    const json_t *parts, *part;

    json_array_foreach(select, i, parts)
    {
        scoped(buf_fini) struct buf column = BUF_INIT(TEXT_BYTES);

        json_array_foreach(parts, j, part) add_part(&column, part);
        adds(out, i ? ", " : "");
        add(out, buf_str(&column));
    }
}

static bool is_pattern(struct str s)
{
    return s.n > 1 && s.p[0] == '/' && s.p[s.n - 1] == '/';
}

static void add_measurement(struct buf *out, const json_t *o)
{
    struct str policy = member(o, "policy");
    struct str name = member(o, "measurement");

    if (policy.n && !str_is(policy, "default")) {
        add_name(out, policy);
        adds(out, ".");
    }
    if (is_pattern(name))
        add(out, name);
    else
        add_name(out, name.n ? name : STR("measurement"));
}

static void add_condition(struct buf *out, const json_t *tag, bool is_first)
{
    struct str operator= member(tag, "operator"), value = member(tag, "value");
    struct str join = member(tag, "condition");

    if (!is_first) {
        adds(out, " ");
        add(out, join.n ? join : STR("AND"));
        adds(out, " ");
    }
    if (!operator.n)
        operator= is_pattern(value) ? STR("=~") : STR("=");
    add_name(out, member(tag, "key"));
    adds(out, " ");
    add(out, operator);
    adds(out, " ");
    bool is_bare = str_is(operator, "=~") || str_is(operator, "!~") || str_is(operator, ">") ||
                   str_is(operator, "<");

    adds(out, is_bare ? "" : "'");
    add(out, value);
    adds(out, is_bare ? "" : "'");
}

static void add_conditions(struct buf *out, const json_t *tags)
{
    size_t i;
    const json_t *tag;

    adds(out, " WHERE ");
    json_array_foreach(tags, i, tag)
    {
        adds(out, i ? "" : "(");
        add_condition(out, tag, i == 0);
    }
    adds(out, json_array_size(tags) ? ") AND $timeFilter" : "$timeFilter");
}

static void add_group(struct buf *out, const json_t *groups)
{
    size_t i, n = 0;
    const json_t *part;
    struct str fill = {0};

    json_array_foreach(groups, i, part)
    {
        struct str type = member(part, "type");
        struct str first = text_of(json_array_get(json_object_get(part, "params"), 0));

        if (str_is(type, "fill")) {
            fill = first;
            continue;
        }
        adds(out, n++ ? ", " : " GROUP BY ");
        if (str_is(type, "time")) {
            adds(out, "time(");
            add(out, str_is(first, "auto") ? STR("$__interval") : first);
            adds(out, ")");
        } else if (str_is(first, "*")) {
            adds(out, "*");
        } else {
            add_name(out, first);
        }
    }
    if (fill.n) {
        adds(out, " fill(");
        add(out, fill);
        adds(out, ")");
    }
}

static void add_clause(struct buf *out, const json_t *o, const char *key, const char *word)
{
    struct str value = member(o, key);

    if (!value.n)
        return;
    adds(out, word);
    add(out, value);
}

struct str queries_influx_build(struct queries_reader *r, const json_t *target)
{
    scoped(buf_fini) struct buf out = BUF_INIT(TEXT_BYTES);

    adds(&out, "SELECT ");
    add_columns(&out, json_object_get(target, "select"));
    adds(&out, " FROM ");
    add_measurement(&out, target);
    add_conditions(&out, json_object_get(target, "tags"));
    add_group(&out, json_object_get(target, "groupBy"));
    if (str_is(member(target, "orderByTime"), "DESC"))
        adds(&out, " ORDER BY time DESC");
    add_clause(&out, target, "limit", " LIMIT ");
    add_clause(&out, target, "slimit", " SLIMIT ");
    return arena_str(&r->q->arena, buf_str(&out));
}
