/* Variables as Grafana finds them: $name, ${name.field:format}, [[name:format]]. */
#include "dashboard/query_text.h"

#include <stdarg.h>
#include <stdio.h>

int query_wrong(struct query_error *e, size_t at, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(e->text, sizeof(e->text), fmt, args);
    va_end(args);
    e->at = at;
    return QUERY_E_SYNTAX;
}

bool query_is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || ascii_digit(c) || c == '_';
}

static size_t word_end(struct str text, size_t at)
{
    while (at < text.n && query_is_word(text.p[at]))
        at++;
    return at;
}

static struct str between(struct str text, size_t from, size_t to)
{
    return str_from(text.p + from, to - from);
}

static bool plain(struct str text, size_t at, struct query_variable *v)
{
    size_t end = word_end(text, at + 1);

    /* "$1" is what a regular expression has caught. */
    if (end == at + 1 || ascii_digit(text.p[at + 1]))
        return false;
    *v = (struct query_variable){.name = between(text, at + 1, end), .n = end - at};
    return true;
}

/* Up to one of two bytes, within the line. */
static size_t until(struct str text, size_t at, char a, char b)
{
    while (at < text.n && text.p[at] != a && text.p[at] != b && text.p[at] != '\n')
        at++;
    return at;
}

static bool braced(struct str text, size_t at, struct query_variable *v)
{
    size_t end = word_end(text, at + 2), from = end;

    *v = (struct query_variable){.name = between(text, at + 2, end)};
    if (v->name.n == 0)
        return false;
    if (end < text.n && text.p[end] == '.') {
        end = until(text, end, ':', '}');
        v->field = between(text, from + 1, end);
    }
    if (end < text.n && text.p[end] == ':') {
        from = end;
        end = until(text, end, '}', '}');
        v->format = between(text, from + 1, end);
    }
    v->n = end + 1 - at;
    return end < text.n && text.p[end] == '}';
}

static bool bracketed(struct str text, size_t at, struct query_variable *v)
{
    size_t end = word_end(text, at + 2), from = end;

    *v = (struct query_variable){.name = between(text, at + 2, end)};
    if (v->name.n == 0)
        return false;
    if (end < text.n && text.p[end] == ':') {
        end = word_end(text, end + 1);
        v->format = between(text, from + 1, end);
    }
    v->n = end + 2 - at;
    return end + 1 < text.n && text.p[end] == ']' && text.p[end + 1] == ']';
}

bool query_variable_at(struct str text, size_t at, struct query_variable *ret)
{
    if (at + 1 >= text.n)
        return false;
    if (text.p[at] == '$')
        return text.p[at + 1] == '{' ? braced(text, at, ret) : plain(text, at, ret);
    return text.p[at] == '[' && text.p[at + 1] == '[' && bracketed(text, at, ret);
}

bool query_variable_next(struct str text, size_t *at, struct query_variable *ret)
{
    for (; *at < text.n; (*at)++) {
        if (query_variable_at(text, *at, ret)) {
            *at += ret->n;
            return true;
        }
    }
    return false;
}

bool query_has_variable(struct str text)
{
    struct query_variable v;
    size_t at = 0;

    return query_variable_next(text, &at, &v);
}

size_t query_string_end(struct str text, size_t at, bool escapes)
{
    char quote = text.p[at++];

    while (at < text.n && text.p[at] != quote)
        at += escapes && text.p[at] == '\\' ? 2 : 1;
    return at < text.n ? at + 1 : text.n + 1;
}
