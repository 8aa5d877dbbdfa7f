/*
 * A URL is cut into its origin, its path and the rest. The path's segments are then held against
 * the patterns, and last against the table of what identifiers look like. Everything is decided by
 * one segment at a time and without memory, so equal URLs always get equal names.
 */
#include "proto/url_group.h"

#include <stdlib.h>

#include "base/mem.h"

enum {
    HASH_MIN = 8,    /* hexadecimal digits; shorter ones may be words or colours */
    TOKEN_MIN = 16,  /* characters of an opaque token */
    PREFIXED_MIN = 3 /* digits after "order-": "covid-19" and "utf-8" are no identifiers */
};

struct url_pattern {
    char *text;        /* owned */
    struct str origin; /* n 0: any */
    struct str path;   /* from its '/' */
};

struct url_groups {
    struct url_pattern *patterns;
    size_t n_patterns, cap_patterns;
    bool collapse;
};

struct url_groups *url_groups_new(void)
{
    return xnew(struct url_groups);
}

void url_groups_free(struct url_groups *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->n_patterns; i++)
        free(g->patterns[i].text);
    free(g->patterns);
    free(g);
}

void url_groups_collapse(struct url_groups *g)
{
    g->collapse = true;
}

/* ---- what identifiers look like ---- */

static bool is_alpha(char c)
{
    return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

static size_t count_digits(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += ascii_digit(s.p[i]);
    return n;
}

/* Whether `s` has the form of `form`: 'd' a digit, 'x' a hexadecimal one, others themselves. */
static bool has_form(struct str s, const char *form)
{
    if (s.n != strlen(form))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        bool fits = form[i] == 'd'   ? ascii_digit(s.p[i])
                    : form[i] == 'x' ? ascii_hex(s.p[i]) >= 0
                                     : s.p[i] == form[i];

        if (!fits)
            return false;
    }
    return true;
}

static bool is_number(struct str s)
{
    struct str digits = s.n && s.p[0] == '-' ? str_from_index(s, 1) : s;

    return digits.n && count_digits(digits) == digits.n;
}

static bool is_uuid(struct str s)
{
    return has_form(s, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
}

static bool is_date(struct str s)
{
    struct str day = str_from(s.p, s.n < 10 ? s.n : 10);

    /* With or without a time of day after it. */
    return has_form(day, "dddd-dd-dd") && (s.n == 10 || s.p[10] == 'T' || s.p[10] == '_');
}

/* Crockford's 32 characters have no I, L, O and U; 128 bits begin with 0 to 7. */
static bool is_ulid(struct str s)
{
    if (s.n != 26 || s.p[0] < '0' || s.p[0] > '7')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = ascii_lower(s.p[i]);

        if (!ascii_digit(c) && !(is_alpha(c) && c != 'i' && c != 'l' && c != 'o' && c != 'u'))
            return false;
    }
    return true;
}

/* Words such as "deadbeef" or "facade" have no digit. */
static bool is_hash(struct str s)
{
    if (s.n < HASH_MIN || !count_digits(s))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (ascii_hex(s.p[i]) < 0)
            return false;
    }
    return true;
}

static bool is_email(struct str s)
{
    size_t at = str_find(s, '@');

    return at > 0 && at + 1 < s.n && str_find(str_from_index(s, at), '.') < s.n - at;
}

/* Three parts of base64url, the first of which begins with {" */
static bool is_jwt(struct str s)
{
    size_t first = str_find(s, '.');

    return str_starts(s, STR("eyJ")) && s.n > 20 && first < s.n &&
           str_find(str_from_index(s, first + 1), '.') < s.n - first - 1;
}

enum char_class {
    CLASS_OTHER,
    CLASS_LOWER,
    CLASS_UPPER,
    CLASS_DIGIT,
};

static enum char_class class_of(char c)
{
    if (ascii_digit(c))
        return CLASS_DIGIT;
    if (!is_alpha(c))
        return CLASS_OTHER;
    return c == ascii_lower(c) ? CLASS_LOWER : CLASS_UPPER;
}

/*
 * Random characters change between small, capital and digit at every other place; words, also
 * camelCase ones and those with a number at their end, do so seldom. One in five is between them.
 */
static bool is_token(struct str s)
{
    size_t n_changes = 0;

    if (s.n < TOKEN_MIN || count_digits(s) < 2)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        enum char_class c = class_of(s.p[i]), before = i ? class_of(s.p[i - 1]) : CLASS_OTHER;

        if (c == CLASS_OTHER && s.p[i] != '-' && s.p[i] != '_' && s.p[i] != '=')
            return false;
        if (c == CLASS_OTHER || before == CLASS_OTHER || c == before)
            continue;
        n_changes += !(before == CLASS_UPPER && c == CLASS_LOWER);
    }
    return n_changes * 5 >= s.n;
}

/* The first that fits counts. */
static const struct {
    const char *word;
    bool (*is)(struct str s);
} kinds[] = {
    {"{id}", is_number}, {"{uuid}", is_uuid},   {"{date}", is_date}, {"{ulid}", is_ulid},
    {"{hash}", is_hash}, {"{email}", is_email}, {"{token}", is_jwt}, {"{token}", is_token},
};

static const char *kind_of(struct str s)
{
    for (size_t i = 0; i < countof(kinds); i++) {
        if (kinds[i].is(s))
            return kinds[i].word;
    }
    return NULL;
}

/* ---- collapsing ---- */

/* Where the ".json" of "17.json" begins, or s.n. */
static size_t suffix_at(struct str s)
{
    size_t at = s.n;

    while (at > 0 && s.p[at - 1] != '.')
        at--;
    size_t n = s.n - at;
    bool is_suffix = at > 1 && n >= 1 && n <= 5 && is_alpha(s.p[at]);

    return is_suffix ? at - 1 : s.n;
}

/* Bytes of the "order-" of "order-1234"; 0: it is not of that form. */
static size_t prefix_of(struct str s)
{
    size_t n = s.n;

    while (n > 0 && ascii_digit(s.p[n - 1]))
        n--;
    bool is_prefixed =
        n >= 2 && s.n - n >= PREFIXED_MIN && (s.p[n - 1] == '-' || s.p[n - 1] == '_');

    return is_prefixed ? n : 0;
}

static void put_segment(struct str s, struct buf *out)
{
    struct str bare = str_from(s.p, str_find(s, ';'));
    const char *word = kind_of(bare);
    size_t at = bare.n;

    if (!word) {
        at = suffix_at(bare);
        word = at < bare.n ? kind_of(str_from(bare.p, at)) : NULL;
    }
    struct str stem = str_from(bare.p, at);
    size_t n_prefix = word ? 0 : prefix_of(stem);

    if (n_prefix) {
        word = "{id}";
        buf_put(out, stem.p, n_prefix);
    }
    if (word) {
        buf_puts(out, word);
    } else {
        buf_putstr(out, stem);
    }
    buf_putstr(out, str_from_index(bare, at));
}

static void put_collapsed(struct str path, struct buf *out)
{
    struct str rest = str_from_index(path, 1), segment;

    while (path.n && str_split(&rest, '/', &segment)) {
        buf_putc(out, '/');
        put_segment(segment, out);
    }
}

/* ---- patterns ---- */

/* The wildcard of a segment of a pattern: where it begins and ends; false: it is literal. */
static bool find_wildcard(struct str s, size_t *ret_from, size_t *ret_to)
{
    size_t star = str_find(s, '*'), open = str_find(s, '{');

    if (open < star) {
        *ret_from = open;
        *ret_to = open + str_find(str_from_index(s, open), '}') + 1;
    } else {
        *ret_from = star;
        *ret_to = star + 1;
    }
    return *ret_from < s.n;
}

static bool segment_fits(struct str pattern, struct str s)
{
    size_t from, to;

    if (!find_wildcard(pattern, &from, &to))
        return str_eq(pattern, s);
    struct str before = str_from(pattern.p, from), after = str_from_index(pattern, to);

    return s.n > before.n + after.n && str_starts(s, before) && str_ends(s, after);
}

static bool path_fits(struct str pattern, struct str path)
{
    struct str want = str_from_index(pattern, 1), have = str_from_index(path, 1), w, h;

    while (str_split(&want, '/', &w)) {
        if (!str_split(&have, '/', &h))
            return false;
        if (str_is(w, "**"))
            return h.n > 0;
        if (!segment_fits(w, h))
            return false;
    }
    return !str_split(&have, '/', &h);
}

/* ---- URLs ---- */

struct parts {
    struct str origin, path; /* the path without query and fragment; n 0: none */
};

/* The first of "/?#" from index `at` on, or url.n. */
static size_t path_at(struct str url, size_t at)
{
    while (at < url.n && url.p[at] != '/' && url.p[at] != '?' && url.p[at] != '#')
        at++;
    return at;
}

static struct parts cut(struct str url)
{
    size_t scheme = str_find_str(url, STR("://")), at = path_at(url, 0);

    /* Only one that stands in front: a query may have a URL in it. */
    if (scheme < url.n && at == scheme + 1)
        at = path_at(url, scheme + 3);
    size_t end = at;

    while (end < url.n && url.p[end] != '?' && url.p[end] != '#')
        end++;
    return (struct parts){str_from(url.p, at), str_from(url.p + at, end - at)};
}

static int check_segments(const char *pattern, struct str path)
{
    struct str rest = str_from_index(path, 1), s;

    while (str_split(&rest, '/', &s)) {
        size_t from, to;

        if (str_is(s, "**")) {
            if (rest.p && rest.n) {
                return fault(FAULT_EXIT(104), "--group-url '%s': ** must be the last segment",
                             pattern);
            }
            continue;
        }
        if (!find_wildcard(s, &from, &to))
            continue;
        size_t ignored_from, ignored_to;

        if (to > s.n)
            return fault(FAULT_EXIT(104), "--group-url '%s': '{' without '}'", pattern);
        if (find_wildcard(str_from_index(s, to), &ignored_from, &ignored_to)) {
            return fault(FAULT_EXIT(104), "--group-url '%s': two wildcards in one segment",
                         pattern);
        }
    }
    return 0;
}

int url_groups_add(struct url_groups *g, const char *pattern)
{
    struct parts p = cut(str_of(pattern));

    if (!p.path.n || p.path.p[0] != '/') {
        return fault(FAULT_EXIT(104),
                     "--group-url '%s': a pattern is a path such as /users/{id}, or a URL with one",
                     pattern);
    }
    if (p.origin.n + p.path.n != strlen(pattern)) {
        return fault(FAULT_EXIT(104), "--group-url '%s': queries are left out of names anyway",
                     pattern);
    }
    TRY(check_segments(pattern, p.path));
    char *text = xstrdup(pattern);

    vec_push(g->patterns, g->n_patterns, g->cap_patterns) = (struct url_pattern){
        .text = text, .origin = str_from(text, p.origin.n), .path = str_of(text + p.origin.n)};
    return 0;
}

static bool put_pattern(const struct url_groups *g, const struct parts *p, struct buf *out)
{
    for (size_t i = 0; i < g->n_patterns; i++) {
        const struct url_pattern *pattern = &g->patterns[i];

        if (pattern->origin.n && !str_eq(pattern->origin, p->origin))
            continue;
        if (!path_fits(pattern->path, p->path))
            continue;
        buf_putstr(out, p->origin);
        buf_putstr(out, pattern->path);
        return true;
    }
    return false;
}

void url_group(const struct url_groups *g, struct str url, struct buf *out)
{
    struct parts p = cut(url);

    if (put_pattern(g, &p, out))
        return;
    if (!g->collapse) {
        buf_putstr(out, url);
        return;
    }
    buf_putstr(out, p.origin);
    put_collapsed(p.path, out);
}
