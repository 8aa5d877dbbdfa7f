/*
 * expression = function "(" expression, ... ")" | string | path | #A, by recursive descent with the
 * depth counted. A number, true and name=value are read as paths: they end where those do.
 */
#include "dashboard/graphite_check.h"

#include "base/opt.h"

static const char *const functions[] = {
#define FUNCTION(name) #name,
#include "dashboard/graphite_functions.def"
#undef FUNCTION
};

struct parser {
    struct str q;
    size_t at;
    int depth;
    struct query_error *error;
};

static int expression(struct parser *p);

static void skip_space(struct parser *p)
{
    while (p->at < p->q.n && ascii_space(p->q.p[p->at]))
        p->at++;
}

static char current(const struct parser *p)
{
    return (char)(p->at < p->q.n ? p->q.p[p->at] : '\0');
}

static int check_function(struct parser *p, size_t from)
{
    struct str text = str_from(p->q.p + from, p->at - from);
    char name[64];

    if (query_has_variable(text))
        return 0;
    for (size_t i = 0; i < countof(functions); i++) {
        if (str_is(text, functions[i]))
            return 0;
    }
    size_t n = text.n < sizeof(name) ? text.n : sizeof(name) - 1;

    memcpy(name, text.p, n);
    name[n] = '\0';
    const char *near = opt_nearest(name, functions, countof(functions), sizeof(functions[0]));

    return query_wrong(p->error, from, "Graphite has no function '%s'%s%s%s", name,
                       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int arguments(struct parser *p)
{
    size_t from = p->at++;

    skip_space(p);
    while (current(p) != ')') {
        int r = expression(p);

        if (r)
            return r;
        skip_space(p);
        if (p->at >= p->q.n)
            return query_wrong(p->error, from, "'(' is never closed");
        if (current(p) == ',') {
            p->at++;
            skip_space(p);
        } else if (current(p) != ')') {
            return query_wrong(p->error, p->at, "',' or ')' is due here");
        }
    }
    p->at++;
    return 0;
}

static int string(struct parser *p)
{
    size_t end = query_string_end(p->q, p->at, true);

    if (end > p->q.n)
        return query_wrong(p->error, p->at, "a string does not end");
    p->at = end;
    return 0;
}

/* Braces may hold commas; nothing else of a path does. */
static int path(struct parser *p)
{
    size_t from = p->at, open = 0, open_at = 0;
    struct query_variable v;

    while (p->at < p->q.n) {
        char c = current(p);

        if (query_variable_at(p->q, p->at, &v)) {
            p->at += v.n;
            continue;
        }
        if (c == '\\') {
            return query_wrong(
                p->error, p->at,
                "there is a backslash: the text was escaped once too often when it was "
                "put into JSON");
        }
        if (ascii_space(c) || strchr("()'\"|", c) || (c == ',' && !open) || (c == '}' && !open))
            break;
        if (c == '{')
            open_at = p->at;
        open = c == '{' ? open + 1 : c == '}' ? open - 1 : open;
        p->at++;
        /* name=value of a call; the value may be a string. */
        if (c == '=' && (current(p) == '\'' || current(p) == '"'))
            return string(p);
    }
    if (open)
        return query_wrong(p->error, open_at, "'{' is never closed");
    if (p->at == from)
        return query_wrong(p->error, from, "a metric, a function or a value is due here");
    return 0;
}

static int part(struct parser *p)
{
    size_t from = p->at;
    char c = current(p);
    int r;

    if (c == '\'' || c == '"')
        return string(p);
    r = path(p);
    if (r || current(p) != '(')
        return r;
    r = check_function(p, from);
    return r ? r : arguments(p);
}

/* a | b(1) is b(a, 1). */
static int piped(struct parser *p)
{
    int r = part(p);

    skip_space(p);
    while (!r && current(p) == '|') {
        p->at++;
        skip_space(p);
        r = part(p);
        skip_space(p);
    }
    return r;
}

static int expression(struct parser *p)
{
    if (p->depth >= QUERY_DEPTH_MAX)
        return query_wrong(p->error, p->at, "the target is nested too deep");
    p->depth++;
    skip_space(p);
    int r = piped(p);

    p->depth--;
    return r;
}

int graphite_check(struct str target, struct query_error *ret_error)
{
    struct parser p = {.q = target, .error = ret_error};

    if (target.n > QUERY_BYTES_MAX)
        return query_wrong(ret_error, 0, "the target has more than %d bytes", QUERY_BYTES_MAX);
    if (str_trim(target).n == 0)
        return query_wrong(ret_error, 0, "the target is empty");
    int r = expression(&p);

    if (!r && p.at < target.n)
        return query_wrong(ret_error, p.at, "'%c' is one too many", target.p[p.at]);
    return r;
}
