/*
 * `.lint` in block style, a line at a time: a stack of indents says where a line belongs. Three
 * levels of maps and one list are all that the format has, so that the stack is a handful of names.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "dashboard/lint.h"

struct entry {
    struct str dashboard, panel; /* n 0: any */
    int64_t target;              /* -1: any */
};

struct exception {
    struct str rule;
    enum lint_fate fate;
    struct entry *entries; /* none: all findings of the rule */
    size_t n_entries, cap_entries;
};

struct lint_exceptions {
    struct arena arena;
    struct exception *list;
    size_t n, cap;
};

enum {
    BYTES_MAX = 1 << 20,
    ENTRIES_MAX = 10000, /* of a rule */
    RULES_MAX = 1000,
};

/* ---- lines ---- */

struct line {
    size_t number, indent;
    bool item;   /* began with "- "; indent is that of what follows */
    size_t dash; /* where it began */
    struct str key, value;
};

struct reader {
    struct str rest;
    size_t number;
    struct line line;
    bool end;
    struct lint_exceptions *e;
};

static int wrong(const struct reader *r, const char *what)
{
    return fault(-EINVAL, "line %zu: %s", r->line.number, what);
}

/* A comment begins at a # behind a space, outside of quotes. */
static struct str without_comment(struct str s)
{
    char quote = 0;

    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (quote) {
            bool twice = c == '\'' && i + 1 < s.n && s.p[i + 1] == c;

            i += (quote == '"' && c == '\\') || (quote == c && twice);
            quote = (char)(c == quote && !twice ? '\0' : quote);
        } else if ((c == '"' || c == '\'') && (i == 0 || strchr(" :-", s.p[i - 1]))) {
            quote = c;
        } else if (c == '#' && (i == 0 || ascii_space(s.p[i - 1]))) {
            return str_from(s.p, i);
        }
    }
    return s;
}

static size_t indent_of(struct str s)
{
    size_t n = 0;

    while (n < s.n && s.p[n] == ' ')
        n++;
    return n;
}

/* 'it''s' and "a \"b\"". */
static int unquote(struct reader *r, struct str *s)
{
    char quote = (char)(s->n ? s->p[0] : '\0'), *text;
    size_t n = 0, i = 1;

    if (quote != '"' && quote != '\'')
        return 0;
    text = arena_alloc(&r->e->arena, s->n);
    for (; i < s->n; i++) {
        bool twice = quote == '\'' && s->p[i] == quote && i + 1 < s->n && s->p[i + 1] == quote;
        bool escape = quote == '"' && s->p[i] == '\\' && i + 1 < s->n;

        if (s->p[i] == quote && !twice)
            break;
        i += twice || escape;
        text[n++] = s->p[i];
    }
    if (i + 1 != s->n)
        return wrong(r, "the quotes do not end where the value does");
    *s = str_from(text, n);
    return 0;
}

static bool is_plain(struct str s)
{
    return s.n == 0 || !strchr("{}[]&*|>%@`!", s.p[0]);
}

/* "key: value", "key:", "- key: value". */
static int split_line(struct reader *r, struct str s)
{
    size_t colon = 0;

    r->line.dash = r->line.indent = indent_of(s);
    s = str_trim(s);
    r->line.item = s.n > 1 && s.p[0] == '-' && s.p[1] == ' ';
    if (r->line.item) {
        size_t inner = 1 + indent_of(str_from_index(s, 1));

        r->line.indent += inner;
        s = str_from_index(s, inner);
    }
    while (colon < s.n && !(s.p[colon] == ':' && (colon + 1 == s.n || s.p[colon + 1] == ' ')))
        colon++;
    if (colon == s.n)
        return wrong(r, "this is no \"key: value\"");
    r->line.key = str_trim(str_from(s.p, colon));
    r->line.value = str_trim(str_from_index(s, colon + 1));
    TRY(unquote(r, &r->line.key));
    if (!is_plain(r->line.value))
        return wrong(r, "of YAML, only plain and quoted values in block style are read here");
    return unquote(r, &r->line.value);
}

static int next_line(struct reader *r)
{
    struct str s;

    while (str_split(&r->rest, '\n', &s)) {
        r->line = (struct line){.number = ++r->number};
        s = without_comment(s);
        if (str_trim(s).n == 0 || str_is(str_trim(s), "---"))
            continue;
        if (memchr(s.p, '\t', indent_of(s) + 1 < s.n ? indent_of(s) + 1 : s.n))
            return wrong(r, "lines are indented with spaces, not with tabs");
        return split_line(r, s);
    }
    r->end = true;
    return 0;
}

/* ---- levels ---- */

static struct str keep(struct reader *r, struct str s)
{
    return arena_str(&r->e->arena, s);
}

static int read_entry_member(struct reader *r, struct entry *entry)
{
    struct str key = r->line.key, value = r->line.value;
    uint64_t target;

    if (str_is(key, "dashboard")) {
        entry->dashboard = keep(r, value);
    } else if (str_is(key, "panel")) {
        entry->panel = keep(r, value);
    } else if (str_is(key, "targetIdx")) {
        if (!str_u64(value, &target) || target > INT32_MAX)
            return wrong(r, "targetIdx is a number from 0");
        entry->target = (int64_t)target;
    } else if (!str_is(key, "reason") && !str_is(key, "alert")) {
        return wrong(r, "an entry has dashboard, panel, targetIdx, reason");
    }
    return next_line(r);
}

/* The current line is the first of an item. */
static int read_entry(struct reader *r, struct exception *x, size_t dash)
{
    struct entry entry = {.target = -1};
    size_t indent = r->line.indent;

    if (x->n_entries >= ENTRIES_MAX)
        return wrong(r, "there are too many entries");
    do {
        TRY(read_entry_member(r, &entry));
    } while (!r->end && !r->line.item && r->line.indent == indent);
    if (!r->end && !r->line.item && r->line.indent > dash)
        return wrong(r, "this is indented like nothing before it");
    vec_push(x->entries, x->n_entries, x->cap_entries) = entry;
    return 0;
}

static int read_entries(struct reader *r, struct exception *x, size_t parent)
{
    if (r->line.value.n)
        return wrong(r, "entries: is followed by a list, one \"- dashboard: ...\" a line");
    TRY(next_line(r));
    size_t dash = r->line.dash;

    while (!r->end && r->line.item && r->line.dash >= parent) {
        if (r->line.dash != dash)
            return wrong(r, "this is indented like nothing before it");
        TRY(read_entry(r, x, dash));
    }
    return 0;
}

static int read_rule(struct reader *r, enum lint_fate fate)
{
    size_t at = r->line.indent, inner;
    struct exception *x;

    if (r->line.item || r->line.value.n)
        return wrong(r, "the name of a rule stands here, with a colon");
    if (r->e->n >= RULES_MAX)
        return wrong(r, "there are too many rules");
    x = &vec_push(r->e->list, r->e->n, r->e->cap);
    *x = (struct exception){.rule = keep(r, r->line.key), .fate = fate};
    TRY(next_line(r));
    inner = r->line.indent;
    while (!r->end && !r->line.item && r->line.indent > at) {
        if (r->line.indent != inner)
            return wrong(r, "this is indented like nothing before it");
        if (str_is(r->line.key, "entries")) {
            TRY(read_entries(r, x, inner));
        } else if (str_is(r->line.key, "reason")) {
            TRY(next_line(r));
        } else {
            return wrong(r, "a rule has reason and entries");
        }
    }
    return 0;
}

static int read_section(struct reader *r)
{
    enum lint_fate fate = str_is(r->line.key, "warnings") ? LINT_IS_WARNING : LINT_IS_EXCLUDED;
    bool known = fate == LINT_IS_WARNING || str_is(r->line.key, "exclusions");

    if (!known || r->line.indent || r->line.item || r->line.value.n)
        return wrong(r, "exclusions: or warnings: stands here");
    TRY(next_line(r));
    size_t indent = r->line.indent;

    while (!r->end && r->line.indent > 0) {
        if (r->line.indent != indent)
            return wrong(r, "this is indented like nothing before it");
        TRY(read_rule(r, fate));
    }
    return 0;
}

static int read_all(struct reader *r)
{
    TRY(next_line(r));
    while (!r->end)
        TRY(read_section(r));
    return 0;
}

int lint_exceptions_read(struct str text, struct lint_exceptions **ret)
{
    struct lint_exceptions *e;

    if (text.n > BYTES_MAX)
        return fault(-EINVAL, "it has more than %d bytes", BYTES_MAX);
    if (text.n && memchr(text.p, '\0', text.n))
        return fault(-EINVAL, "it is no text");
    e = xnew(struct lint_exceptions);
    struct reader r = {.rest = text.p ? text : STR(""), .e = e};
    int result = read_all(&r);

    if (result) {
        lint_exceptions_free(e);
        return fault_pass(result, __func__, __FILE__, __LINE__);
    }
    *ret = e;
    return 0;
}

void lint_exceptions_free(struct lint_exceptions *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < e->n; i++)
        free(e->list[i].entries);
    free(e->list);
    arena_fini(&e->arena);
    free(e);
}

/* ---- asking ---- */

/* An entry that names a panel matches findings of no panel too, as in dashboard-linter. */
static bool entry_matches(const struct entry *entry, const char *dashboard,
                          const struct lint_finding *f)
{
    if (entry->dashboard.n && !str_is(entry->dashboard, dashboard))
        return false;
    if (entry->panel.n && f->panel_title && !str_is(entry->panel, f->panel_title))
        return false;
    return entry->target < 0 || f->target < 0 || entry->target == f->target;
}

static bool exception_matches(const struct exception *x, const char *dashboard,
                              const struct lint_finding *f)
{
    if (!str_is(x->rule, f->rule->name))
        return false;
    for (size_t i = 0; i < x->n_entries; i++) {
        if (entry_matches(&x->entries[i], dashboard, f))
            return true;
    }
    return x->n_entries == 0;
}

enum lint_fate lint_exceptions_fate(const struct lint_exceptions *e, const char *dashboard,
                                    const struct lint_finding *f)
{
    enum lint_fate fate = LINT_STAYS;

    for (size_t i = 0; i < e->n; i++) {
        if (exception_matches(&e->list[i], dashboard, f) && e->list[i].fate > fate)
            fate = e->list[i].fate;
    }
    return fate;
}
