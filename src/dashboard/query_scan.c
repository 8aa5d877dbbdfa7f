/*
 * Scanners, not parsers: strings and brackets are skipped as a whole, the rest is looked at word by
 * word. Every one ends, because each step moves on by a byte at least.
 */
#include "dashboard/query_scan.h"

#include "base/err.h"

enum {
    BRACKETS_MAX = 8, /* that are looked into, of a condition and after FROM */
};

bool scan_is_word(char c)
{
    return ascii_digit(c) || c == '_' || c == ':' ||
           (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

/* ---- what is skipped ---- */

static size_t skip_string(struct str text, size_t i)
{
    char quote = text.p[i++];

    while (i < text.n && text.p[i] != quote)
        i += text.p[i] == '\\' && quote != '`' ? 2 : 1;
    return i < text.n ? i + 1 : text.n;
}

static size_t skip_line(struct str text, size_t i)
{
    while (i < text.n && text.p[i] != '\n')
        i++;
    return i;
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}

size_t scan_skip(struct str text, size_t i)
{
    size_t depth = 0;

    do {
        char c = text.p[i];

        if (is_quote(c)) {
            i = skip_string(text, i);
            continue;
        }
        depth += c == '(' || c == '[' || c == '{';
        depth -= depth && (c == ')' || c == ']' || c == '}');
        i++;
    } while (depth && i < text.n);
    return i < text.n ? i : text.n;
}

static size_t skip_space(struct str text, size_t i)
{
    while (i < text.n && ascii_space(text.p[i]))
        i++;
    return i;
}

static size_t skip_word(struct str text, size_t i)
{
    while (i < text.n && scan_is_word(text.p[i]))
        i++;
    return i;
}

static char at(struct str text, size_t i)
{
    return i < text.n ? text.p[i] : '\0';
}

bool scan_split(struct str *rest, char sep, struct str *ret_part)
{
    size_t i = 0;

    if (!rest->p || !rest->n)
        return false;
    while (i < rest->n && rest->p[i] != sep)
        i = scan_skip(*rest, i);
    *ret_part = str_trim(str_from(rest->p, i));
    *rest = str_from_index(*rest, i + 1);
    return true;
}

static bool is_one_of(struct str word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq_nocase(word, str_of(words[i])))
            return true;
    }
    return false;
}

/* ---- PromQL ---- */

/* What lists labels in brackets, which are no selectors. */
static const char *const grouping[] = {"by",       "without",    "on",
                                       "ignoring", "group_left", "group_right"};

static const char *const keywords[] = {
    "and",  "or",    "unless", "bool",    "offset",   "atan2",        "inf",    "nan",
    "sum",  "min",   "max",    "avg",     "group",    "stddev",       "stdvar", "count",
    "topk", "start", "end",    "bottomk", "quantile", "count_values",
};

static void take_matchers(struct str inner, struct scan_selector *s)
{
    struct str part;

    while (s->n_matchers < SCAN_MATCHERS_MAX && scan_split(&inner, ',', &part)) {
        if (part.n)
            s->matchers[s->n_matchers++] = part;
    }
}

/* A selector begins at `start`; `i` is behind its name. Returns where it ends. */
static size_t take_selector(struct str text, size_t start, size_t i, struct scan_selector *s)
{
    size_t brace = skip_space(text, i);

    *s = (struct scan_selector){.name = str_from(text.p + start, i - start)};
    if (at(text, brace) == '{') {
        i = scan_skip(text, brace);
        size_t inner_end = i > brace + 1 && text.p[i - 1] == '}' ? i - 1 : i;

        take_matchers(str_from(text.p + brace + 1, inner_end - brace - 1), s);
    }
    s->text = str_from(text.p + start, i - start);

    size_t bracket = skip_space(text, i);

    if (at(text, bracket) == '[') {
        i = scan_skip(text, bracket);
        size_t n = str_find(str_from(text.p + bracket + 1, i - bracket - 1), ']');

        s->range = str_from(text.p + bracket + 1, n);
        s->range.n = str_find(s->range, ':'); /* of a subquery's step */
    }
    return i;
}

/* Behind a word that names no metric, and behind the labels it lists. */
static size_t pass_word(struct str text, struct str word, size_t i)
{
    size_t next = skip_space(text, i);

    if (at(text, next) == '(' && is_one_of(word, grouping, countof(grouping)))
        return scan_skip(text, next);
    return i;
}

bool scan_promql(struct str text, size_t *from, struct scan_selector *ret)
{
    size_t i = *from;

    while (i < text.n) {
        char c = text.p[i];

        if (c == '#') {
            i = skip_line(text, i);
        } else if (is_quote(c)) {
            i = skip_string(text, i);
        } else if (c == '[') {
            i = scan_skip(text, i); /* the range of a subquery */
        } else if (c == '{') {
            *from = take_selector(text, i, i, ret);
            return true;
        } else if (!scan_is_word(c)) {
            i++;
        } else {
            size_t end = skip_word(text, i);
            struct str word = str_from(text.p + i, end - i);
            bool is_other = ascii_digit(c) || at(text, skip_space(text, end)) == '(' ||
                            is_one_of(word, grouping, countof(grouping)) ||
                            is_one_of(word, keywords, countof(keywords));

            if (!is_other) {
                *from = take_selector(text, i, end, ret);
                return true;
            }
            i = pass_word(text, word, end);
        }
    }
    *from = i;
    return false;
}

/* ---- InfluxQL ---- */

/* Behind the slash that ends a pattern. */
static size_t skip_pattern(struct str text, size_t i)
{
    i++;
    while (i < text.n && text.p[i] != '/')
        i += text.p[i] == '\\' ? 2 : 1;
    return i < text.n ? i + 1 : text.n;
}

/* A pattern follows "=~", "!~" and FROM; anywhere else a slash divides. */
static size_t skip_influxql(struct str text, size_t i, bool at_pattern)
{
    if (text.p[i] == '/' && at_pattern)
        return skip_pattern(text, i);
    if (is_quote(text.p[i]))
        return skip_string(text, i);
    return i + 1;
}

/* The next word equal to `word`, outside of strings and brackets, or text.n. */
static size_t find_word(struct str text, size_t i, const char *word)
{
    while (i < text.n) {
        if (scan_is_word(text.p[i])) {
            size_t end = skip_word(text, i);

            if (str_eq_nocase(str_from(text.p + i, end - i), str_of(word)))
                return i;
            i = end;
        } else if (text.p[i] == '/' && i && (text.p[i - 1] == '~' || text.p[i - 1] == ' ')) {
            i = skip_influxql(text, i, true);
        } else {
            i = scan_skip(text, i);
        }
    }
    return text.n;
}

/* What is within the brackets after FROM, as often as there are such. */
static struct str innermost(struct str text)
{
    for (int depth = 0; depth < BRACKETS_MAX; depth++) {
        size_t from = find_word(text, 0, "from");
        size_t i = skip_space(text, from + 4);

        if (from == text.n || at(text, i) != '(')
            break;
        size_t end = scan_skip(text, i);

        text = str_from(text.p + i + 1, end - i - (end > i + 1 && text.p[end - 1] == ')' ? 2 : 1));
    }
    return text;
}

/* Behind `"policy"."name"`, `name` or `/pattern/`; *ret_name is the last part. */
static size_t take_source(struct str text, size_t i, struct str *ret_name)
{
    *ret_name = (struct str){0};
    while (i < text.n && !ascii_space(text.p[i]) && text.p[i] != ')' && text.p[i] != ',') {
        size_t start = i;

        if (text.p[i] == '/') {
            *ret_name = (struct str){0};
            i = skip_pattern(text, i);
        } else if (is_quote(text.p[i])) {
            i = skip_string(text, i);
            *ret_name = str_from(text.p + start + 1, i - start > 1 ? i - start - 2 : 0);
        } else if (scan_is_word(text.p[i])) {
            i = skip_word(text, i);
            *ret_name = str_from(text.p + start, i - start);
        } else {
            i++;
        }
    }
    return i < text.n ? i : text.n;
}

/* Brackets around a condition with nothing but AND in it are no matter. */
static void take_conditions(struct str text, int depth, struct scan_select *s)
{
    while (text.n && s->n_conditions < SCAN_MATCHERS_MAX) {
        size_t end = find_word(text, 0, "and");
        struct str one = str_trim(str_from(text.p, end));

        if (depth < BRACKETS_MAX && one.n > 2 && one.p[0] == '(' && scan_skip(one, 0) == one.n &&
            find_word(str_from(one.p + 1, one.n - 2), 0, "or") == one.n - 2)
            take_conditions(str_from(one.p + 1, one.n - 2), depth + 1, s);
        else if (one.n)
            s->conditions[s->n_conditions++] = one;
        text = str_from_index(text, end + 3);
    }
}

bool scan_influxql(struct str text, struct scan_select *ret)
{
    text = innermost(text);

    static const char *const ends[] = {"group", "order", "limit", "slimit", "fill", "tz"};
    size_t select = find_word(text, 0, "select");
    size_t from = find_word(text, select, "from");

    if (select == text.n || from == text.n)
        return false;
    *ret = (struct scan_select){.columns = str_from(text.p + select + 6, from - select - 6)};

    size_t start = skip_space(text, from + 4);
    size_t end = take_source(text, start, &ret->name);
    size_t where = find_word(text, end, "where");

    ret->from = str_from(text.p + (start < end ? start : end), start < end ? end - start : 0);
    if (where == text.n)
        return true;

    size_t last = text.n;

    for (size_t i = 0; i < countof(ends); i++) {
        size_t found = find_word(text, where, ends[i]);

        last = found < last ? found : last;
    }
    take_conditions(str_from(text.p + where + 5, last > where + 5 ? last - where - 5 : 0), 0, ret);
    return true;
}

/* ---- Flux ---- */

/* Behind "name(...)" at i, or i when there is none. */
static size_t skip_call(struct str text, size_t i)
{
    size_t end = i;

    while (end < text.n && (scan_is_word(text.p[end]) || text.p[end] == '.'))
        end++;
    return end > i && at(text, end) == '(' ? scan_skip(text, end) : i;
}

static size_t take_step(struct str text, size_t i, struct scan_chain *c)
{
    size_t end = skip_call(text, i);

    if (end > i && c->n_steps < SCAN_STEPS_MAX)
        c->steps[c->n_steps++] = str_from(text.p + i, end - i);
    return end;
}

bool scan_flux(struct str text, size_t *from, struct scan_chain *ret)
{
    size_t i = *from;

    while (i < text.n) {
        struct str rest = str_from_index(text, i);

        if (str_starts(rest, STR("from(")) && (i == 0 || !scan_is_word(text.p[i - 1])))
            break;
        i = is_quote(text.p[i])           ? skip_string(text, i)
            : str_starts(rest, STR("//")) ? skip_line(text, i)
                                          : i + 1;
    }
    *ret = (struct scan_chain){.start = i};
    if (i >= text.n)
        return false;

    size_t end = take_step(text, i, ret);

    for (;;) {
        size_t pipe = skip_space(text, end);

        if (!str_starts(str_from_index(text, pipe), STR("|>")))
            break;
        size_t call = skip_space(text, pipe + 2);
        size_t after = take_step(text, call, ret);

        if (after == call)
            break;
        end = after;
    }
    ret->end = end;
    *from = end > i ? end : i + 1;
    return true;
}

/* ---- Graphite ---- */

static bool is_path(char c)
{
    return scan_is_word(c) || (c && strchr(".-*?[]{}%$;=~", c));
}

static size_t take_tags(struct str text, size_t i, struct scan_series *s)
{
    size_t end = scan_skip(text, i);
    struct str inner = str_from(text.p + i + 1, end - i - (end > i + 1 ? 2 : 1));
    struct str part;

    while (s->n_tags < SCAN_MATCHERS_MAX && scan_split(&inner, ',', &part)) {
        if (part.n > 1 && is_quote(part.p[0]))
            part = str_from(part.p + 1, part.n - 2);
        if (part.n)
            s->tags[s->n_tags++] = part;
    }
    return end;
}

bool scan_graphite(struct str text, size_t *from, struct scan_series *ret)
{
    size_t i = *from;

    *ret = (struct scan_series){0};
    while (i < text.n) {
        size_t end = i;

        if (is_quote(text.p[i])) {
            i = skip_string(text, i);
            continue;
        }
        while (end < text.n && is_path(text.p[end]))
            end++;
        struct str word = str_from(text.p + i, end - i);
        bool is_call = at(text, end) == '(';

        if (is_call && str_is(word, "seriesByTag")) {
            *from = take_tags(text, end, ret);
            return true;
        }
        /* A number, or true, is an argument. */
        if (!is_call && str_find(word, '.') < word.n && !ascii_digit(word.p[0])) {
            ret->path = word;
            *from = end;
            return true;
        }
        i = end > i ? end : i + 1;
    }
    *from = i;
    return false;
}
