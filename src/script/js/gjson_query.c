/* Queries: `#(path operator value)`. */
#include "script/js/gjson_priv.h"

enum op {
    OP_NONE,
    OP_EQUAL,
    OP_NOT_EQUAL,
    OP_LESS,
    OP_LESS_EQUAL,
    OP_MORE,
    OP_MORE_EQUAL,
    OP_LIKE,
    OP_NOT_LIKE,
};

/* Longer ones first. */
static const struct {
    const char *text;
    enum op op;
} operators[] = {
    {"==", OP_EQUAL},      {"!=", OP_NOT_EQUAL}, {"<=", OP_LESS_EQUAL},
    {">=", OP_MORE_EQUAL}, {"!%", OP_NOT_LIKE},  {"=", OP_EQUAL},
    {"<", OP_LESS},        {">", OP_MORE},       {"%", OP_LIKE},
};

struct condition {
    struct str path;
    enum op op;
    struct str value; /* without quotes */
};

static enum op operator_at(struct str s, size_t i, size_t *ret_n)
{
    for (size_t k = 0; k < countof(operators); k++) {
        if (str_starts(str_from_index(s, i), str_of(operators[k].text))) {
            *ret_n = strlen(operators[k].text);
            return operators[k].op;
        }
    }
    return OP_NONE;
}

/* The operator stands outside of inner parentheses and quotes. */
static struct condition parse(struct gjson *g, struct str s)
{
    struct condition c = {.path = str_trim(s)};
    size_t n_op = 0;

    for (size_t i = 0; i < s.n;) {
        if (s.p[i] == '"' || s.p[i] == '(' || s.p[i] == '[' || s.p[i] == '{') {
            i = gjson_span(s, i);
            continue;
        }
        if (s.p[i] == '\\') {
            i += 2;
            continue;
        }
        c.op = operator_at(s, i, &n_op);
        if (c.op != OP_NONE) {
            c.path = str_trim(str_from(s.p, i));
            c.value = str_trim(str_from_index(s, i + n_op));
            break;
        }
        i++;
    }
    if (c.value.n >= 2 && c.value.p[0] == '"' && c.value.p[c.value.n - 1] == '"')
        c.value = gjson_unescape(g, str_from(c.value.p + 1, c.value.n - 2));
    return c;
}

static bool decide(enum op op, int order)
{
    switch (op) {
    case OP_EQUAL:
        return order == 0;
    case OP_NOT_EQUAL:
        return order != 0;
    case OP_LESS:
        return order < 0;
    case OP_LESS_EQUAL:
        return order <= 0;
    case OP_MORE:
        return order > 0;
    case OP_MORE_EQUAL:
        return order >= 0;
    default:
        return false;
    }
}

static bool compare_string(const struct condition *c, struct str text)
{
    if (c->op == OP_LIKE || c->op == OP_NOT_LIKE)
        return gjson_like(text, c->value) == (c->op == OP_LIKE);
    return decide(c->op, str_cmp(text, c->value));
}

static bool compare_number(const struct condition *c, double a)
{
    double b = gjson_number(c->value);

    return decide(c->op, (a > b) - (a < b));
}

/* false < true; anything else the value may be is neither. */
static bool compare_bool(const struct condition *c, bool a)
{
    bool is_true = str_is(c->value, "true");
    bool is_false = str_is(c->value, "false");

    if (!is_true && !is_false)
        return c->op == OP_NOT_EQUAL;
    return decide(c->op, (int)a - (int)is_true);
}

static bool is_truthy(struct gjson *g, struct str json)
{
    struct str text;

    switch (gjson_type_of(json)) {
    case GJSON_TRUE:
        return true;
    case GJSON_NUMBER:
        return gjson_number(json) != 0;
    case GJSON_STRING:
        text = gjson_text(g, json);
        return str_is(text, "1") || str_eq_nocase(text, STR("t")) ||
               str_eq_nocase(text, STR("true"));
    default:
        return false;
    }
}

/* ~true, ~false, ~null, ~*: what a value amounts to, a missing one included. */
static bool compare_tilde(struct gjson *g, const struct condition *c, bool exists, struct str json)
{
    struct str what = str_from_index(c->value, 1);
    bool is = false;

    if (str_is(what, "*")) {
        is = exists;
    } else if (str_is(what, "null")) {
        is = !exists || gjson_type_of(json) == GJSON_NULL;
    } else if (str_is(what, "true")) {
        is = exists && is_truthy(g, json);
    } else if (str_is(what, "false")) {
        is = !exists || !is_truthy(g, json);
    }
    return c->op == OP_NOT_EQUAL ? !is : is;
}

static bool compare(struct gjson *g, const struct condition *c, struct str json)
{
    switch (gjson_type_of(json)) {
    case GJSON_STRING:
        return compare_string(c, gjson_text(g, json));
    case GJSON_NUMBER:
        return compare_number(c, gjson_number(json));
    case GJSON_TRUE:
        return compare_bool(c, true);
    case GJSON_FALSE:
        return compare_bool(c, false);
    default:
        return false;
    }
}

bool gjson_query(struct gjson *g, struct str element, struct str condition)
{
    struct condition c = parse(g, condition);
    struct str value = element;
    bool exists = true;

    if (c.path.n)
        exists = gjson_type_of(element) >= GJSON_ARRAY && gjson_eval(g, element, c.path, &value);
    if (c.op == OP_NONE)
        return exists;
    if (c.value.n && c.value.p[0] == '~')
        return compare_tilde(g, &c, exists, value);
    return exists && compare(g, &c, value);
}
