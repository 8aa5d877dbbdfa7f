/*
 * JSON paths. A path is walked from left to right over views of the document; `#`, queries with a
 * trailing `#`, multipaths and modifiers build new JSON in an arena. All work is bounded in depth,
 * steps and bytes, because a path may multiply a document.
 */
#include "script/js/gjson.h"

#include <string.h>

#include "base/mem.h"
#include "script/js/gjson_priv.h"
#include "script/js/js_json_scan.h"

/* ---- splitting paths ---- */

/* What separates the first component from the rest. */
struct rest {
    char separator; /* '.', '|', or 0 at the end */
    struct str path;
};

static struct rest rest_at(struct str path, size_t i)
{
    if (i >= path.n || (path.p[i] != '.' && path.p[i] != '|'))
        return (struct rest){0};
    return (struct rest){.separator = path.p[i], .path = str_from_index(path, i + 1)};
}

/* The end of a plain component: the first `.` or `|` that is not escaped. */
static size_t component_end(struct str path)
{
    size_t i = 0;

    while (i < path.n && path.p[i] != '.' && path.p[i] != '|')
        i += path.p[i] == '\\' && i + 1 < path.n ? 2 : 1;
    return i;
}

/* The first `|` outside of brackets and quotes: up to there a path maps over elements. */
static size_t pipe_at(struct str path)
{
    size_t i = 0;

    while (i < path.n && path.p[i] != '|') {
        if (path.p[i] == '\\') {
            i += i + 1 < path.n ? 2 : 1;
        } else if (strchr("\"([{", path.p[i])) {
            i = gjson_span(path, i);
        } else {
            i++;
        }
    }
    return i;
}

/* ---- collecting ---- */

/* [what `path` finds in each element of the array that meets `condition`, if there is one] */
static bool collect(struct gjson *g, struct str array, const struct str *condition, struct str path,
                    struct str *ret_json)
{
    struct gjson_items it = gjson_items(array);
    struct buf out = {0};
    struct str found;

    buf_putc(&out, '[');
    while (gjson_next(g, &it) && out.len <= GJSON_MAX_BUILT) {
        if (condition && !gjson_query(g, it.value, *condition))
            continue;
        if (!gjson_eval(g, it.value, path, &found))
            continue;
        if (out.len > 1)
            buf_putc(&out, ',');
        buf_putstr(&out, found);
    }
    buf_putc(&out, ']');
    return gjson_keep(g, &out, ret_json);
}

/* As collect(), with what follows the `#`: a mapped path up to a pipe, then the rest of it. */
static bool collect_rest(struct gjson *g, struct str array, const struct str *condition,
                         struct rest rest, struct str *ret_json)
{
    struct str mapped = {0};
    struct str piped = rest.separator == '|' ? rest.path : (struct str){0};

    if (rest.separator == '.') {
        size_t pipe = pipe_at(rest.path);

        mapped = str_from(rest.path.p, pipe);
        piped = str_from_index(rest.path, pipe + 1);
    }
    return collect(g, array, condition, mapped, ret_json) &&
           gjson_eval(g, *ret_json, piped, ret_json);
}

static bool count(struct gjson *g, struct str array, struct str *ret_json)
{
    struct gjson_items it = gjson_items(array);
    struct buf out = {0};
    uint64_t n = 0;

    while (gjson_next(g, &it))
        n++;
    buf_put_u64(&out, n);
    return gjson_keep(g, &out, ret_json);
}

static bool first_match(struct gjson *g, struct str array, struct str condition,
                        struct str *ret_json)
{
    struct gjson_items it = gjson_items(array);

    while (gjson_next(g, &it)) {
        if (gjson_query(g, it.value, condition)) {
            *ret_json = it.value;
            return true;
        }
    }
    return false;
}

/* At `#`. */
static bool eval_hash(struct gjson *g, struct str json, struct str path, struct str *ret_json)
{
    if (gjson_type_of(json) != GJSON_ARRAY)
        return false;
    if (path.n == 1 || path.p[1] == '|') {
        return count(g, json, ret_json) &&
               gjson_eval(g, *ret_json, str_from_index(path, 2), ret_json);
    }
    if (path.p[1] == '.')
        return collect_rest(g, json, NULL, rest_at(path, 1), ret_json);

    size_t end = gjson_span(path, 1);

    if (end < 3)
        return false;
    struct str condition = str_from(path.p + 2, end - 3);

    if (end < path.n && path.p[end] == '#')
        return collect_rest(g, json, &condition, rest_at(path, end + 1), ret_json);
    return first_match(g, json, condition, ret_json) &&
           gjson_eval(g, *ret_json, rest_at(path, end).path, ret_json);
}

/* ---- multipaths ---- */

/* The key of an unnamed member: the last component of its path, or `_`. */
static struct str name_of(struct str path)
{
    size_t start = path.n;

    for (size_t i = 0; i < path.n; i++) {
        if (strchr("[]{}()#!", path.p[i]) && path.p[i])
            return STR("_");
    }
    while (start > 0 && path.p[start - 1] != '.' && path.p[start - 1] != '|')
        start--;
    return start < path.n ? str_from_index(path, start) : STR("_");
}

/* The end of one member of a multipath: a comma or the closing bracket. */
static size_t member_end(struct str s, size_t i)
{
    while (i < s.n && s.p[i] != ',') {
        if (s.p[i] == '\\') {
            i += 2;
        } else if (strchr("\"([{", s.p[i])) {
            i = gjson_span(s, i);
        } else {
            i++;
        }
    }
    return i < s.n ? i : s.n;
}

/* Appends one member: `path` or `"name":path`. */
static void put_member(struct gjson *g, struct str json, struct str member, bool named,
                       struct buf *out)
{
    struct str path = str_trim(member);
    struct str name = {0};
    struct str found;

    if (path.n && path.p[0] == '"') {
        size_t end = gjson_span(path, 0);

        if (end >= 2 && end < path.n && path.p[end] == ':') {
            name = str_from(path.p, end);
            path = str_from_index(path, end + 1);
        }
    }
    if (!gjson_eval(g, json, path, &found))
        return;
    if (out->len > 1)
        buf_putc(out, ',');
    if (named) {
        if (name.n && gjson_valid(name)) {
            buf_putstr(out, name);
        } else {
            gjson_quote(out, name_of(path));
        }
        buf_putc(out, ':');
    }
    buf_putstr(out, found);
}

/* At `{` or `[`. */
static bool eval_multipath(struct gjson *g, struct str json, struct str path, struct str *ret_json)
{
    bool named = path.p[0] == '{';
    size_t end = gjson_span(path, 0);
    struct buf out = {0};

    if (end < 2 || path.p[end - 1] != (named ? '}' : ']'))
        return false;
    struct str members = str_from(path.p + 1, end - 2);

    buf_putc(&out, named ? '{' : '[');
    for (size_t i = 0; i < members.n && out.len <= GJSON_MAX_BUILT;) {
        size_t stop = member_end(members, i);

        put_member(g, json, str_from(members.p + i, stop - i), named, &out);
        i = stop + 1;
    }
    buf_putc(&out, named ? '}' : ']');
    return gjson_keep(g, &out, ret_json) &&
           gjson_eval(g, *ret_json, rest_at(path, end).path, ret_json);
}

/* ---- modifiers, literals, keys ---- */

/* At `@`; false in *ret_is when there is no such modifier and it is a key. */
static bool eval_modifier(struct gjson *g, struct str json, struct str path, bool *ret_is,
                          struct str *ret_json)
{
    size_t end = 1;
    struct str argument = {0};

    while (end < path.n && path.p[end] != ':' && path.p[end] != '|' && path.p[end] != '.')
        end++;
    struct str name = str_from(path.p + 1, end - 1);

    *ret_is = gjson_has_modifier(name);
    if (!*ret_is)
        return false;
    if (end < path.n && path.p[end] == ':') {
        size_t start = end + 1;

        if (start < path.n && strchr("{[\"(", path.p[start])) {
            end = gjson_span(path, start);
        } else {
            end = start + pipe_at(str_from_index(path, start));
        }
        argument = str_from(path.p + start, end - start);
    }
    return gjson_modify(g, name, argument, json, ret_json) &&
           gjson_eval(g, *ret_json, rest_at(path, end).path, ret_json);
}

/* At `!`: JSON that stands for itself. */
static bool eval_literal(struct gjson *g, struct str path, struct str *ret_json)
{
    size_t end = 1;

    if (path.n > 1 && strchr("{[\"", path.p[1])) {
        end = gjson_span(path, 1);
    } else {
        end += component_end(str_from_index(path, 1));
    }
    struct str literal = str_from(path.p + 1, end - 1);

    if (!gjson_valid(literal))
        return false;
    return gjson_eval(g, literal, rest_at(path, end).path, ret_json);
}

static bool member_of(struct gjson *g, struct str json, struct str name, struct str *ret_value)
{
    struct gjson_items it = gjson_items(json);
    uint64_t index;

    if (!it.is_object) {
        if (gjson_type_of(json) != GJSON_ARRAY || !str_u64(name, &index))
            return false;
        for (uint64_t i = 0; gjson_next(g, &it); i++) {
            if (i == index) {
                *ret_value = it.value;
                return true;
            }
        }
        return false;
    }
    while (gjson_next(g, &it)) {
        if (gjson_like(gjson_unescape(g, it.key), name)) {
            *ret_value = it.value;
            return true;
        }
    }
    return false;
}

static bool is_hash(struct str path)
{
    return path.p[0] == '#' && (path.n == 1 || strchr(".|([", path.p[1]));
}

/* One level of paths in paths; plain keys are a loop. */
static bool eval(struct gjson *g, struct str json, struct str path, struct str *ret_json)
{
    while (path.n) {
        bool is_modifier = false;

        if (is_hash(path))
            return eval_hash(g, json, path, ret_json);
        if (path.p[0] == '{' || path.p[0] == '[')
            return eval_multipath(g, json, path, ret_json);
        if (path.p[0] == '!')
            return eval_literal(g, path, ret_json);
        if (path.p[0] == '@') {
            bool exists = eval_modifier(g, json, path, &is_modifier, ret_json);

            if (is_modifier)
                return exists;
        }
        size_t end = component_end(path);

        if (!member_of(g, json, str_from(path.p, end), &json))
            return false;
        path = rest_at(path, end).path;
    }
    *ret_json = json;
    return true;
}

bool gjson_eval(struct gjson *g, struct str json, struct str path, struct str *ret_json)
{
    bool exists;

    if (g->depth == GJSON_MAX_DEPTH || g->n_steps > GJSON_MAX_STEPS)
        return false;
    g->depth++;
    g->n_steps++;
    exists = eval(g, json, path, ret_json);
    g->depth--;
    return exists;
}

/* ---- the whole ---- */

static bool lies_in(struct str part, struct str whole)
{
    return part.p >= whole.p && part.p <= whole.p + whole.n;
}

void gjson_get(struct str json, struct str path, struct buf *scratch, struct gjson_result *ret)
{
    struct gjson g = {0};
    struct str found;

    *ret = (struct gjson_result){0};
    if (!path.n || !gjson_valid(json))
        return;
    json = str_trim(json);
    if (gjson_eval(&g, json, path, &found) && g.n_steps <= GJSON_MAX_STEPS) {
        ret->exists = true;
        ret->json = found;
        if (!lies_in(found, json)) {
            buf_reset(scratch);
            ret->exists = buf_add(scratch, found.p, found.n) == 0;
            ret->json = buf_str(scratch);
        }
    }
    arena_fini(&g.arena);
}

/* ---- validity ---- */

/* A scalar at p; NULL when there is none. */
static const char *valid_scalar(const char *p, const char *end)
{
    struct json_fault fault;
    struct json_string string;
    struct json_number number;

    switch (*p) {
    case '"':
        return json_scan_string(p + 1, end, &string, &fault);
    case 't':
        return json_scan_word(p, end, "true", &fault);
    case 'f':
        return json_scan_word(p, end, "false", &fault);
    case 'n':
        return json_scan_word(p, end, "null", &fault);
    default:
        return json_scan_number(p, end, &number, &fault);
    }
}

/* The open brackets, one bit each: 1 for an object. Deep documents need a heap of bits. */
struct nesting {
    unsigned char *bits;
    size_t cap;
    size_t depth;
};

static void nest(struct nesting *n, bool is_object)
{
    if (n->depth / 8 >= n->cap) {
        n->cap = n->cap ? 2 * n->cap : 64;
        n->bits = xrealloc(n->bits, n->cap);
    }
    unsigned char bit = (unsigned char)(1 << n->depth % 8);

    n->bits[n->depth / 8] =
        (unsigned char)(is_object ? n->bits[n->depth / 8] | bit : n->bits[n->depth / 8] & ~bit);
    n->depth++;
}

static bool in_object(const struct nesting *n)
{
    size_t i = n->depth - 1;

    return n->depth && n->bits[i / 8] >> i % 8 & 1;
}

/* A key and its colon. */
static const char *valid_key(const char *p, const char *end)
{
    struct json_fault fault;
    struct json_string string;

    p = json_skip_space(p, end);
    if (p == end || *p != '"')
        return NULL;
    p = json_scan_string(p + 1, end, &string, &fault);
    if (!p)
        return NULL;
    p = json_skip_space(p, end);
    return p < end && *p == ':' ? p + 1 : NULL;
}

/* A value, or the beginning of one: goes down until there is a scalar or an empty bracket. */
static const char *valid_value(const char *p, const char *end, struct nesting *n)
{
    for (;;) {
        p = json_skip_space(p, end);
        if (p == end)
            return NULL;
        if (*p != '{' && *p != '[')
            return valid_scalar(p, end);
        char close = *p == '{' ? '}' : ']';

        nest(n, *p == '{');
        p = json_skip_space(p + 1, end);
        if (p < end && *p == close) {
            n->depth--;
            return p + 1;
        }
        if (in_object(n))
            p = valid_key(p, end);
        if (!p)
            return NULL;
    }
}

static bool valid_document(const char *p, const char *end, struct nesting *n)
{
    for (;;) {
        p = valid_value(p, end, n);
        if (!p)
            return false;
        /* Behind a value: closing brackets, then a comma or the end. */
        p = json_skip_space(p, end);
        while (n->depth && p < end && *p == (in_object(n) ? '}' : ']')) {
            n->depth--;
            p = json_skip_space(p + 1, end);
        }
        if (!n->depth)
            return p == end;
        if (p == end || *p++ != ',')
            return false;
        if (in_object(n))
            p = valid_key(p, end);
        if (!p)
            return false;
    }
}

bool gjson_valid(struct str json)
{
    struct nesting n = {0};
    bool valid = json.n && valid_document(json.p, json.p + json.n, &n);

    free(n.bits);
    return valid;
}
