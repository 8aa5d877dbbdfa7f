/*
 * A parser by recursive descent that builds nothing: each function passes over its part of the
 * query and says what type it has, so that "rate needs a range" can be said. Depth is counted,
 * since a query comes from a file.
 */
#include "dashboard/promql_check.h"

#include <stdlib.h>

#include "base/opt.h"
#include "dashboard/promql_tokens.h"

enum type {
    ANY = '?', /* it came out of a variable */
    VECTOR = 'v',
    MATRIX = 'm',
    SCALAR = 's',
    STRING = 't',
};

struct parser {
    struct str q;
    size_t at; /* behind the current token */
    struct promql_token token;
    int depth;
    struct str call; /* whose argument is being read */
    bool keeps_out;  /* the selector being read does not take everything */
    promql_selector_fn *fn;
    void *arg;
    struct query_error *error;
    struct promql_matcher matchers[PROMQL_MATCHERS_MAX];
};

static int expression(struct parser *p, int lowest, enum type *ret);

/* ---- tables ---- */

static const struct function {
    const char *name;
    const char *arguments;
    enum type result;
} functions[] = {
#define FUNCTION(name_, arguments_, result_) {#name_, arguments_, result_},
#include "dashboard/promql_functions.def"
#undef FUNCTION
};

/* By name; `argument` is what stands before the vector, 0: nothing. */
static const struct aggregator {
    const char *name;
    enum type argument;
} aggregators[] = {
    {"avg", 0},   {"bottomk", SCALAR}, {"count", 0},  {"count_values", STRING},
    {"group", 0}, {"limitk", SCALAR},  {"max", 0},    {"limit_ratio", SCALAR},
    {"min", 0},   {"stddev", 0},       {"stdvar", 0}, {"quantile", SCALAR},
    {"sum", 0},   {"topk", SCALAR},
};

enum infix_kind {
    ARITHMETIC,
    COMPARISON,
    SET,
};

static const struct infix {
    const char *text;
    int precedence;
    enum infix_kind kind;
} infixes[] = {
    {"or", 1, SET},        {"and", 2, SET},       {"unless", 2, SET},       {"==", 3, COMPARISON},
    {"!=", 3, COMPARISON}, {">=", 3, COMPARISON}, {"<=", 3, COMPARISON},    {">", 3, COMPARISON},
    {"<", 3, COMPARISON},  {"+", 4, ARITHMETIC},  {"-", 4, ARITHMETIC},     {"*", 5, ARITHMETIC},
    {"/", 5, ARITHMETIC},  {"%", 5, ARITHMETIC},  {"atan2", 5, ARITHMETIC}, {"^", 6, ARITHMETIC},
};

static const struct function *find_function(struct str name)
{
    for (size_t i = 0; i < countof(functions); i++) {
        if (str_is(name, functions[i].name))
            return &functions[i];
    }
    return NULL;
}

static const struct aggregator *find_aggregator(struct str name)
{
    for (size_t i = 0; i < countof(aggregators); i++) {
        if (str_eq_nocase(name, str_of(aggregators[i].name)))
            return &aggregators[i];
    }
    return NULL;
}

static const char *type_name(enum type t)
{
    switch (t) {
    case VECTOR:
        return "a vector";
    case MATRIX:
        return "a range of samples";
    case SCALAR:
        return "a number";
    case STRING:
        return "a string";
    default:
        return "something";
    }
}

/* ---- tokens ---- */

static int advance(struct parser *p)
{
    return promql_token_next(p->q, &p->at, &p->token, p->error);
}

static bool is_mark(const struct parser *p, const char *text)
{
    return p->token.kind == PROMQL_MARK && str_is(p->token.text, text);
}

static bool is_word(const struct parser *p, const char *word)
{
    return p->token.kind == PROMQL_NAME && str_eq_nocase(p->token.text, str_of(word));
}

static int unexpected(struct parser *p, const char *wanted)
{
    if (p->token.kind == PROMQL_END)
        return query_wrong(p->error, p->token.at, "the query ends where %s is due", wanted);
    return query_wrong(p->error, p->token.at, "'%.*s' stands where %s is due",
                       p->token.text.n > 40 ? 40 : STR_ARG(p->token.text), wanted);
}

static int expect(struct parser *p, const char *mark)
{
    char wanted[8] = "'?'";

    wanted[1] = mark[0];
    return is_mark(p, mark) ? advance(p) : unexpected(p, wanted);
}

/* The byte behind the current token, without moving. */
static char peek_mark(const struct parser *p)
{
    struct promql_token next;
    struct query_error e;
    size_t at = p->at;

    if (promql_token_next(p->q, &at, &next, &e) || next.kind != PROMQL_MARK)
        return 0;
    return next.text.p[0];
}

/* Whether a name follows that is one of two. */
static bool peek_word(const struct parser *p, const char *a, const char *b)
{
    struct promql_token next;
    struct query_error e;
    size_t at = p->at;

    return !promql_token_next(p->q, &at, &next, &e) && next.kind == PROMQL_NAME &&
           (str_eq_nocase(next.text, str_of(a)) || str_eq_nocase(next.text, str_of(b)));
}

/* TRY for a condition: the error is set already and goes up unchanged. */
#define STEP(expr)          \
    do {                    \
        int step_r_ = expr; \
        if (step_r_)        \
            return step_r_; \
    } while (0)

/* ---- selectors ---- */

static bool is_label(const struct promql_token *t)
{
    return t->kind == PROMQL_STRING ||
           (t->kind == PROMQL_NAME && (t->variable || str_find(t->text, ':') == t->text.n));
}

static struct str unquoted(struct str s)
{
    return s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'' || s.p[0] == '`')
               ? str_from(s.p + 1, s.n - 2)
               : s;
}

/* ${name:doublequote} brings its quotes with it. */
static bool brings_quotes(const struct promql_token *t)
{
    struct query_variable v;

    return t->kind == PROMQL_NAME && query_variable_at(t->text, 0, &v) && v.n == t->text.n &&
           v.format.n;
}

static int matcher_value(struct parser *p, struct promql_matcher *m)
{
    if (p->token.kind != PROMQL_STRING && !brings_quotes(&p->token)) {
        if (p->token.variable) {
            return query_wrong(p->error, p->token.at, "the value of label '%.*s' has no quotes",
                               STR_ARG(m->label));
        }
        return unexpected(p, "a value in quotes");
    }
    m->value = unquoted(p->token.text);
    return advance(p);
}

/* Whether a series without such a label does not match, as far as that is easily told. */
static bool keeps_empty_out(const struct promql_matcher *m)
{
    bool empty = m->value.n == 0, any = empty || str_is(m->value, ".*");

    if (query_has_variable(m->value))
        return true;
    if (m->op.n == 1)
        return !empty;
    return str_is(m->op, "!=") ? empty : str_is(m->op, "=~") ? !any : any;
}

static int matcher(struct parser *p, struct promql_selector *s)
{
    struct promql_matcher m = {.label = unquoted(p->token.text)};
    bool quoted = p->token.kind == PROMQL_STRING, variable = p->token.variable;
    size_t at = p->token.at;

    if (!is_label(&p->token))
        return unexpected(p, "a label");
    STEP(advance(p));
    if (!is_mark(p, "=") && !is_mark(p, "!=") && !is_mark(p, "=~") && !is_mark(p, "!~")) {
        /* {"a.metric"}, or a variable that holds matchers. */
        if (quoted && s->name.n)
            return query_wrong(p->error, at, "the metric is named twice");
        if (quoted)
            s->name = m.label;
        s->open |= variable;
        return quoted || variable ? 0 : unexpected(p, "one of = != =~ !~");
    }
    m.op = p->token.text;
    STEP(advance(p));
    STEP(matcher_value(p, &m));
    if (str_is(m.label, "__name__") && s->name.n)
        return query_wrong(p->error, at, "the metric is named twice");
    if (str_is(m.label, "__name__") && str_is(m.op, "="))
        s->name = m.value;
    p->keeps_out |= keeps_empty_out(&m);
    if (s->n_matchers < PROMQL_MATCHERS_MAX)
        p->matchers[s->n_matchers++] = m;
    return 0;
}

static int matchers(struct parser *p, struct promql_selector *s)
{
    STEP(advance(p));
    while (!is_mark(p, "}")) {
        STEP(matcher(p, s));
        if (is_mark(p, ",")) {
            STEP(advance(p));
        } else if (!is_mark(p, "}")) {
            return unexpected(p, "',' or '}'");
        }
    }
    return advance(p);
}

/* The current token is "[". */
static int range(struct parser *p, struct str *ret, bool *ret_subquery)
{
    struct str text, rest, step = {0};
    size_t from = p->at, colon;
    struct query_variable v;

    STEP(promql_range_text(p->q, &p->at, &text, p->error));
    for (colon = 0; colon < text.n && text.p[colon] != ':';)
        colon += query_variable_at(text, colon, &v) ? v.n : 1;
    rest = str_trim(str_from(text.p, colon < text.n ? colon : text.n));
    *ret_subquery = colon < text.n;
    if (*ret_subquery)
        step = str_trim(str_from_index(text, colon + 1));
    if (!promql_is_duration(rest) && !promql_is_number(rest)) {
        return query_wrong(p->error, from,
                           "'%.*s' is no duration: write [5m] or [$__rate_interval]",
                           rest.n > 40 ? 40 : STR_ARG(rest));
    }
    if (step.n && !promql_is_duration(step) && !promql_is_number(step)) {
        return query_wrong(p->error, from, "'%.*s' is no duration",
                           step.n > 40 ? 40 : STR_ARG(step));
    }
    *ret = rest;
    return advance(p);
}

static int offset(struct parser *p)
{
    STEP(advance(p));
    if (is_mark(p, "-") || is_mark(p, "+"))
        STEP(advance(p));
    if (!promql_is_duration(p->token.text) && !promql_is_number(p->token.text))
        return unexpected(p, "a duration");
    return advance(p);
}

static int at_modifier(struct parser *p)
{
    STEP(advance(p));
    if (is_word(p, "start") || is_word(p, "end")) {
        STEP(advance(p));
        STEP(expect(p, "("));
        return expect(p, ")");
    }
    if (is_mark(p, "-") || is_mark(p, "+"))
        STEP(advance(p));
    if (p->token.kind != PROMQL_NUMBER && !p->token.variable)
        return unexpected(p, "a time in seconds, start() or end()");
    return advance(p);
}

/* Ranges, offset and @ behind a part; `s` is the part where it is a selector, else NULL. */
static int modifiers(struct parser *p, struct promql_selector *s, enum type *type)
{
    bool subquery = false;
    struct str text = {0};

    for (;;) {
        if (is_mark(p, "[")) {
            size_t at = p->token.at;

            STEP(range(p, &text, &subquery));
            if (*type == MATRIX || (!subquery && !s && *type != ANY)) {
                return query_wrong(p->error, at,
                                   "a range belongs behind a metric; behind anything "
                                   "else write a subquery, [5m:30s]");
            }
            *type = MATRIX;
            if (s)
                s->range = text;
        } else if (is_word(p, "offset")) {
            STEP(offset(p));
        } else if (is_mark(p, "@")) {
            STEP(at_modifier(p));
        } else {
            return 0;
        }
    }
}

static int selector(struct parser *p, enum type *ret)
{
    struct promql_selector s = {.at = p->token.at, .call = p->call, .matchers = p->matchers};

    *ret = VECTOR;
    if (p->token.kind == PROMQL_NAME) {
        s.name = p->token.text;
        *ret = p->token.variable ? ANY : VECTOR;
        STEP(advance(p));
    }
    if (is_mark(p, "{")) {
        *ret = VECTOR;
        p->keeps_out = s.name.n > 0;
        STEP(matchers(p, &s));
        if (!s.name.n && !p->keeps_out && !s.open) {
            return query_wrong(p->error, s.at,
                               "it asks for every metric there is: name one, or a "
                               "label's value");
        }
    }
    STEP(modifiers(p, &s, ret));
    if (p->fn)
        p->fn(p->arg, &s);
    return 0;
}

/* ---- calls ---- */

static int labels(struct parser *p)
{
    STEP(expect(p, "("));
    while (!is_mark(p, ")")) {
        if (!is_label(&p->token))
            return unexpected(p, "a label");
        STEP(advance(p));
        if (is_mark(p, ",")) {
            STEP(advance(p));
        } else if (!is_mark(p, ")")) {
            return unexpected(p, "',' or ')'");
        }
    }
    return advance(p);
}

static bool fits(enum type given, enum type wanted)
{
    return given == ANY || wanted == ANY || given == wanted;
}

static int check_argument(struct parser *p, struct str name, size_t at, enum type given,
                          enum type wanted)
{
    if (fits(given, wanted))
        return 0;
    if (wanted == MATRIX && given == VECTOR) {
        return query_wrong(p->error, at, "%.*s() needs a range: metric[$__rate_interval]",
                           STR_ARG(name));
    }
    return query_wrong(p->error, at, "%.*s() takes %s here, and gets %s", STR_ARG(name),
                       type_name(wanted), type_name(given));
}

/* What argument i is to be: a type, or 0 when there are too many. */
static enum type wanted_argument(const char *arguments, size_t i)
{
    for (; *arguments; arguments++) {
        bool many = arguments[1] == '*';

        if (i == 0 || many)
            return (enum type) * arguments;
        i--;
        arguments += arguments[1] == '?';
    }
    return 0;
}

static size_t least_arguments(const char *arguments)
{
    size_t n = 0;

    for (; *arguments; arguments++) {
        if (arguments[1] == '?' || arguments[1] == '*') {
            arguments++;
        } else {
            n++;
        }
    }
    return n;
}

/* The current token is "("; `f` is NULL for a name that a variable makes. */
static int arguments(struct parser *p, struct str name, const struct function *f)
{
    size_t n = 0, from = p->token.at;

    STEP(expect(p, "("));
    while (!is_mark(p, ")")) {
        size_t at = p->token.at;
        enum type given = ANY, wanted = f ? wanted_argument(f->arguments, n) : ANY;

        if (!wanted)
            return query_wrong(p->error, at, "%.*s() takes fewer arguments", STR_ARG(name));
        STEP(expression(p, 0, &given));
        STEP(check_argument(p, name, at, given, wanted));
        n++;
        if (!is_mark(p, ",") && !is_mark(p, ")"))
            return unexpected(p, "',' or ')'");
        if (is_mark(p, ",")) {
            STEP(advance(p));
            if (is_mark(p, ")"))
                return unexpected(p, "another argument");
        }
    }
    if (f && n < least_arguments(f->arguments))
        return query_wrong(p->error, from, "%.*s() takes more arguments", STR_ARG(name));
    return advance(p);
}

static int unknown_function(struct parser *p)
{
    char name[64];
    size_t n = p->token.text.n < sizeof(name) ? p->token.text.n : sizeof(name) - 1;

    memcpy(name, p->token.text.p, n);
    name[n] = '\0';
    const char *near =
        opt_nearest(name, &functions[0].name, countof(functions), sizeof(functions[0]));

    return query_wrong(p->error, p->token.at, "PromQL has no function '%s'%s%s%s", name,
                       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int call(struct parser *p, enum type *ret)
{
    const struct function *f = find_function(p->token.text);
    struct str name = p->token.text, outer = p->call;

    if (!f && !p->token.variable)
        return unknown_function(p);
    STEP(advance(p));
    p->call = name;
    STEP(arguments(p, name, f));
    p->call = outer;
    *ret = f ? f->result : ANY;
    return modifiers(p, NULL, ret);
}

static bool is_grouping(const struct parser *p)
{
    return is_word(p, "by") || is_word(p, "without");
}

static int aggregated(struct parser *p, const struct aggregator *a)
{
    struct str name = str_of(a->name);
    size_t at;
    enum type given = ANY;

    STEP(expect(p, "("));
    if (a->argument) {
        at = p->token.at;
        STEP(expression(p, 0, &given));
        STEP(check_argument(p, name, at, given, a->argument));
        STEP(expect(p, ","));
    }
    at = p->token.at;
    STEP(expression(p, 0, &given));
    STEP(check_argument(p, name, at, given, VECTOR));
    return expect(p, ")");
}

static int aggregation(struct parser *p, const struct aggregator *a, enum type *ret)
{
    struct str outer = p->call;
    bool grouped = false;

    STEP(advance(p));
    if (is_grouping(p)) {
        grouped = true;
        STEP(advance(p));
        STEP(labels(p));
    }
    p->call = (struct str){0};
    STEP(aggregated(p, a));
    p->call = outer;
    if (is_grouping(p)) {
        if (grouped)
            return query_wrong(p->error, p->token.at, "labels to group by are given twice");
        STEP(advance(p));
        STEP(labels(p));
    }
    *ret = VECTOR;
    return modifiers(p, NULL, ret);
}

/* ---- expressions ---- */

static int number(struct parser *p, enum type *ret)
{
    if (!p->token.variable && !promql_is_number(p->token.text) &&
        !promql_is_duration(p->token.text)) {
        return query_wrong(p->error, p->token.at, "'%.*s' is no number",
                           p->token.text.n > 40 ? 40 : STR_ARG(p->token.text));
    }
    *ret = p->token.variable ? ANY : SCALAR;
    STEP(advance(p));
    return modifiers(p, NULL, ret);
}

/* Words that cannot name a metric; by, offset and others can. */
static bool is_reserved(const struct parser *p)
{
    static const char *const words[] = {"on",          "ignoring", "group_left",
                                        "group_right", "bool",     "atan2"};

    for (size_t i = 0; i < countof(words); i++) {
        if (is_word(p, words[i]))
            return true;
    }
    return false;
}

static int name(struct parser *p, enum type *ret)
{
    const struct aggregator *a = find_aggregator(p->token.text);
    char next = peek_mark(p);

    if (a && (next == '(' || peek_word(p, "by", "without")))
        return aggregation(p, a, ret);
    if (next == '(')
        return call(p, ret);
    if (is_reserved(p))
        return unexpected(p, "a metric, a function or a number");
    if (is_word(p, "inf") || is_word(p, "nan")) {
        *ret = SCALAR;
        return advance(p);
    }
    return selector(p, ret);
}

static int parenthesis(struct parser *p, enum type *ret)
{
    STEP(advance(p));
    STEP(expression(p, 0, ret));
    STEP(expect(p, ")"));
    return modifiers(p, NULL, ret);
}

static int primary(struct parser *p, enum type *ret)
{
    switch (p->token.kind) {
    case PROMQL_NUMBER:
        return number(p, ret);
    case PROMQL_STRING:
        *ret = STRING;
        return advance(p);
    case PROMQL_NAME:
        return name(p, ret);
    default:
        break;
    }
    if (is_mark(p, "("))
        return parenthesis(p, ret);
    if (is_mark(p, "{"))
        return selector(p, ret);
    return unexpected(p, "a metric, a function or a number");
}

static const struct infix *current_infix(const struct parser *p)
{
    for (size_t i = 0; i < countof(infixes); i++) {
        bool word = infixes[i].text[0] >= 'a';

        if (word ? is_word(p, infixes[i].text) : is_mark(p, infixes[i].text))
            return &infixes[i];
    }
    return NULL;
}

/* bool, on or ignoring, group_left or group_right. */
static int matching(struct parser *p, const struct infix *o, bool *ret_bool)
{
    *ret_bool = is_word(p, "bool");
    if (*ret_bool && o->kind != COMPARISON)
        return query_wrong(p->error, p->token.at, "'bool' belongs behind a comparison");
    if (*ret_bool)
        STEP(advance(p));
    if (!is_word(p, "on") && !is_word(p, "ignoring"))
        return 0;
    STEP(advance(p));
    STEP(labels(p));
    if (!is_word(p, "group_left") && !is_word(p, "group_right"))
        return 0;
    if (o->kind == SET)
        return query_wrong(p->error, p->token.at, "'%s' has no group_left or group_right", o->text);
    STEP(advance(p));
    return is_mark(p, "(") ? labels(p) : 0;
}

/* `type` is that of the left side, and becomes that of both. */
static int combine(struct parser *p, const struct infix *o, size_t at, bool is_bool, enum type b,
                   enum type *type)
{
    enum type a = *type;
    enum type bad = a == MATRIX || a == STRING ? a : b;

    if (bad == MATRIX || bad == STRING) {
        return query_wrong(p->error, at, "%s cannot stand beside '%s'%s", type_name(bad), o->text,
                           bad == MATRIX ? ": put it into a function such as rate()" : "");
    }
    if (o->kind == SET && (a == SCALAR || b == SCALAR))
        return query_wrong(p->error, at, "a number cannot stand beside '%s'", o->text);
    if (o->kind == COMPARISON && a == SCALAR && b == SCALAR && !is_bool)
        return query_wrong(p->error, at, "two numbers are compared with '%s bool'", o->text);
    *type = a == VECTOR || b == VECTOR ? VECTOR : a == SCALAR && b == SCALAR ? SCALAR : ANY;
    return 0;
}

static int unary(struct parser *p, enum type *ret)
{
    size_t at = p->token.at;

    if (!is_mark(p, "-") && !is_mark(p, "+"))
        return primary(p, ret);
    STEP(advance(p));
    STEP(expression(p, 6, ret));
    if (*ret == MATRIX || *ret == STRING)
        return query_wrong(p->error, at, "%s has no sign", type_name(*ret));
    return 0;
}

static int binary(struct parser *p, int lowest, enum type *ret)
{
    STEP(unary(p, ret));
    for (;;) {
        const struct infix *o = current_infix(p);
        size_t at = p->token.at;
        enum type right = ANY;
        bool is_bool = false;

        if (!o || o->precedence < lowest)
            return 0;
        STEP(advance(p));
        STEP(matching(p, o, &is_bool));
        STEP(expression(p, o->precedence == 6 ? 6 : o->precedence + 1, &right));
        STEP(combine(p, o, at, is_bool, right, ret));
    }
}

static int expression(struct parser *p, int lowest, enum type *ret)
{
    if (p->depth >= QUERY_DEPTH_MAX)
        return query_wrong(p->error, p->token.at, "the query is nested too deep");
    p->depth++;
    int r = binary(p, lowest, ret);

    p->depth--;
    return r;
}

static int whole(struct parser *p)
{
    enum type type = ANY;

    STEP(advance(p));
    STEP(expression(p, 0, &type));
    if (p->token.kind != PROMQL_END)
        return unexpected(p, "an operator or the end");
    if (type == MATRIX) {
        return query_wrong(
            p->error, 0,
            "a range of samples cannot be drawn: put it into a function such as rate()");
    }
    return 0;
}

int promql_check(struct str query, promql_selector_fn *fn, void *arg, struct query_error *ret_error)
{
    struct parser p = {.q = query, .fn = fn, .arg = arg, .error = ret_error};

    if (query.n > QUERY_BYTES_MAX)
        return query_wrong(ret_error, 0, "the query has more than %d bytes", QUERY_BYTES_MAX);
    return whole(&p);
}
