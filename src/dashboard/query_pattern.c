/*
 * POSIX extended expressions have what dashboards use, but for \d, groups that are not counted,
 * names of groups and quantifiers that take little: the first three are written in another way, the
 * last is refused. Repetitions with numbers are refused as well beyond one: they multiply, and
 * the expression comes from a file of somebody else.
 */
#include "dashboard/query_pattern.h"

#include <errno.h>
#include <regex.h>

#include "base/mem.h"

enum {
    PATTERN_BYTES = 1000,
    TEXT_BYTES = 4096, /* longer values do not match */
    GROUPS_MAX = 20,
};

struct query_pattern {
    regex_t regex;
    size_t group; /* the first that JavaScript counts; 0: none */
};

/* "/.../flags" without its slashes. */
static struct str body_of(struct str text, bool *ret_ignore_case)
{
    size_t end = text.n;

    *ret_ignore_case = false;
    if (text.n < 2 || text.p[0] != '/')
        return text;
    while (end > 1 && text.p[end - 1] != '/')
        end--;
    if (end < 2)
        return text;
    *ret_ignore_case = str_find(str_from_index(text, end), 'i') < text.n - end;
    return str_from(text.p + 1, end - 2);
}

struct translation {
    struct str in;
    size_t i;
    struct buf *out;
    int groups, first_group, braces;
    bool in_class;
};

static int put_escape(struct translation *t)
{
    char c = t->i + 1 < t->in.n ? t->in.p[t->i + 1] : '\0';
    const char *as = c == 'd' ? "0-9" : c == 'w' ? "A-Za-z0-9_" : c == 's' ? " \t" : NULL;

    t->i += 2;
    if (as)
        buf_printf(t->out, t->in_class ? "%s" : "[%s]", as);
    else if (t->in_class)
        buf_putc(t->out, c); /* within brackets a backslash is itself */
    else if (!c || c == 'b' || c == 'D' || c == 'W' || c == 'S' || ascii_digit(c))
        return -EINVAL;
    else if (strchr(".[]()*+?{}|^$\\", c))
        buf_printf(t->out, "\\%c", c);
    else
        buf_putc(t->out, c);
    return 0;
}

/* "(", "(?:", "(?<name>". */
static int put_group(struct translation *t)
{
    struct str rest = str_from_index(t->in, t->i);

    if (++t->groups >= GROUPS_MAX)
        return -EINVAL;
    buf_putc(t->out, '(');
    if (str_starts(rest, STR("(?:"))) {
        t->i += 3;
        return 0;
    }
    if (str_starts(rest, STR("(?<")) && rest.n > 3 && rest.p[3] != '=' && rest.p[3] != '!')
        t->i += str_find(rest, '>') + 1;
    else if (str_starts(rest, STR("(?")))
        return -EINVAL;
    else
        t->i++;
    if (!t->first_group)
        t->first_group = t->groups;
    return 0;
}

static int put_one(struct translation *t)
{
    char c = t->in.p[t->i];

    if (c == '\\')
        return put_escape(t);
    if (c == '(' && !t->in_class)
        return put_group(t);
    if (c == '{' && !t->in_class && ++t->braces > 1)
        return -EINVAL;
    if (c == '?' && !t->in_class && t->i && strchr("*+?}", t->in.p[t->i - 1]))
        return -EINVAL;
    if (c == '\0')
        return -EINVAL;
    t->in_class = c == '[' || (t->in_class && c != ']');
    buf_putc(t->out, c);
    t->i++;
    return 0;
}

static int translate(struct str in, struct buf *out, size_t *ret_group)
{
    struct translation t = {.in = in, .out = out};

    while (t.i < in.n) {
        if (put_one(&t))
            return -EINVAL;
    }
    *ret_group = (size_t)t.first_group;
    return 0;
}

int query_pattern_new(struct str text, struct query_pattern **ret_pattern)
{
    scoped(buf_fini) struct buf out = {0};
    bool ignore_case;
    struct str body = body_of(str_trim(text), &ignore_case);
    struct query_pattern *p = xnew(struct query_pattern);
    int r = body.n > PATTERN_BYTES ? -EINVAL : translate(body, &out, &p->group);

    if (r == 0 && regcomp(&p->regex, buf_cstr(&out), REG_EXTENDED | (ignore_case ? REG_ICASE : 0)))
        r = -EINVAL;
    if (r) {
        free(p);
        return fault(-EINVAL, "the regular expression %.*s is beyond what is understood here",
                     (int)(text.n > 100 ? 100 : text.n), text.p);
    }
    *ret_pattern = p;
    return 0;
}

void query_pattern_free(struct query_pattern *p)
{
    if (!p)
        return;
    regfree(&p->regex);
    free(p);
}

bool query_pattern_match(const struct query_pattern *p, struct str text, struct str *ret_value)
{
    regmatch_t groups[GROUPS_MAX + 1];
    char word[TEXT_BYTES];

    if (text.n >= sizeof(word))
        return false;
    memcpy(word, text.p ? text.p : "", text.n);
    word[text.n] = '\0';
    if (regexec(&p->regex, word, countof(groups), groups, 0))
        return false;
    *ret_value = text;
    if (p->group && groups[p->group].rm_so >= 0)
        *ret_value = str_from(text.p + groups[p->group].rm_so,
                              (size_t)(groups[p->group].rm_eo - groups[p->group].rm_so));
    return true;
}
