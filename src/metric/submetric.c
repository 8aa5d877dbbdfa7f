/* Reading `metric{key:value, ...}`. */
#include "metric/submetric.h"

#include <errno.h>

enum {
    SHOWN = 200, /* bytes of a bad name that a message repeats */
};

static int name_fault(struct str part, const char *what)
{
    return fault(-EINVAL, "parsing metric name failed, metric \"%.*s\" %s",
                 (int)(part.n < SHOWN ? part.n : SHOWN), part.p, what);
}

static struct str unquote(struct str s)
{
    s = str_trim(s);
    while (s.n && (s.p[0] == '"' || s.p[0] == '\''))
        s = str_from_index(s, 1);
    while (s.n && (s.p[s.n - 1] == '"' || s.p[s.n - 1] == '\''))
        s.n--;
    return s;
}

/* Puts the tag where it belongs by key; a key that comes twice keeps its last value. */
static int add_tag(struct submetric_name *name, struct tag tag)
{
    size_t at = 0;

    while (at < name->n_tags && str_cmp(name->tags[at].key, tag.key) < 0)
        at++;
    if (at < name->n_tags && str_eq(name->tags[at].key, tag.key)) {
        name->tags[at] = tag;
        return 0;
    }
    if (name->n_tags == SUBMETRIC_TAGS_MAX)
        return name_fault(name->metric, "has too many tags");
    memmove(&name->tags[at + 1], &name->tags[at], (name->n_tags - at) * sizeof(tag));
    name->tags[at] = tag;
    name->n_tags++;
    return 0;
}

static int parse_tag(struct submetric_name *name, struct str part)
{
    size_t colon;

    part = str_trim(part);
    colon = str_find(part, ':');
    if (colon + 1 >= part.n)
        return name_fault(part, "tag expression is malformed");
    return add_tag(name, (struct tag){.key = unquote(str_from(part.p, colon)),
                                      .value = unquote(str_from_index(part, colon + 1))});
}

static int parse_tags(struct submetric_name *name, struct str rest)
{
    for (;;) {
        size_t comma = str_find(rest, ',');

        TRY(parse_tag(name, str_from(rest.p, comma)));
        if (comma == rest.n)
            return 0;
        rest = str_from_index(rest, comma + 1);
    }
}

int submetric_parse(struct str text, struct submetric_name *ret_name)
{
    size_t open = str_find(text, '{');
    bool has_close = str_find(text, '}') < text.n;

    *ret_name = (struct submetric_name){.metric = str_trim(str_from(text.p, open))};
    if ((open < text.n) != has_close)
        return name_fault(text, "has unmatched opening/close curly brace");
    if (open == text.n)
        return 0;
    if (text.p[text.n - 1] != '}')
        return name_fault(text, "lacks a closing curly brace in its last position");
    if (str_find(text, '}') < open)
        return name_fault(text, "has unmatched opening/close curly brace");
    ret_name->has_tags = true;
    return parse_tags(ret_name, str_from(text.p + open + 1, text.n - open - 2));
}
