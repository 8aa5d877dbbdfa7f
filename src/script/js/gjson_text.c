/* Walking JSON text that gjson_valid() has accepted; nothing here checks it again but for its end.
 */
#include <errno.h>
#include <stdlib.h>

#include "script/js/gjson_priv.h"
#include "script/js/js_json_scan.h"

/* Behind the string whose opening quote is at p. */
static const char *skip_string(const char *p, const char *end)
{
    for (p++; p < end; p++) {
        p = json_scan_plain(p, end);
        if (p == end || *p == '"')
            break;
        if (*p == '\\')
            p++;
    }
    return p < end ? p + 1 : end;
}

static const char *skip_brackets(const char *p, const char *end)
{
    size_t depth = 0;

    while (p < end) {
        if (*p == '"') {
            p = skip_string(p, end);
            continue;
        }
        if (*p == '{' || *p == '[' || *p == '(') {
            depth++;
        } else if ((*p == '}' || *p == ']' || *p == ')') && --depth == 0) {
            return p + 1;
        }
        p++;
    }
    return end;
}

static const char *skip_value(const char *p, const char *end)
{
    if (p < end && *p == '"')
        return skip_string(p, end);
    if (p < end && (*p == '{' || *p == '['))
        return skip_brackets(p, end);
    while (p < end && !json_is_space(*p) && *p != ',' && *p != ']' && *p != '}')
        p++;
    return p;
}

size_t gjson_span(struct str s, size_t i)
{
    const char *p = s.p + i;
    const char *end = s.p + s.n;

    if (i < s.n && *p == '(')
        return (size_t)(skip_brackets(p, end) - s.p);
    return (size_t)(skip_value(p, end) - s.p);
}

enum gjson_type gjson_type_of(struct str json)
{
    switch (json.n ? json.p[0] : '\0') {
    case '{':
        return GJSON_OBJECT;
    case '[':
        return GJSON_ARRAY;
    case '"':
        return GJSON_STRING;
    case 't':
        return GJSON_TRUE;
    case 'f':
        return GJSON_FALSE;
    case 'n':
    case '\0':
        return GJSON_NULL;
    default:
        return GJSON_NUMBER;
    }
}

struct gjson_items gjson_items(struct str json)
{
    enum gjson_type type = gjson_type_of(json);

    if (type != GJSON_ARRAY && type != GJSON_OBJECT)
        return (struct gjson_items){0};
    return (struct gjson_items){
        .p = json.p + 1, .end = json.p + json.n, .is_object = type == GJSON_OBJECT};
}

/* White space, a comma, a colon: what stands between values. */
static const char *skip_between(const char *p, const char *end)
{
    while (p < end && (json_is_space(*p) || *p == ',' || *p == ':'))
        p++;
    return p;
}

bool gjson_next(struct gjson *g, struct gjson_items *it)
{
    const char *p = skip_between(it->p, it->end);

    if (p >= it->end || *p == '}' || *p == ']' || g->n_steps > GJSON_MAX_STEPS)
        return false;
    if (it->is_object) {
        const char *key = p + 1;

        p = skip_string(p, it->end);
        it->key = str_from(key, (size_t)(p - key) - 1);
        p = skip_between(p, it->end);
    }
    it->p = skip_value(p, it->end);
    it->value = str_from(p, (size_t)(it->p - p));
    g->n_steps += 1 + it->value.n / 64;
    return true;
}

struct str gjson_unescape(struct gjson *g, struct str raw)
{
    struct buf out = {0};
    struct str text = {0};

    if (str_find(raw, '\\') == raw.n)
        return raw;
    ignored(json_unescape(raw, &out));
    gjson_keep(g, &out, &text);
    return text;
}

struct str gjson_text(struct gjson *g, struct str json)
{
    if (gjson_type_of(json) != GJSON_STRING || json.n < 2)
        return json;
    return gjson_unescape(g, str_from(json.p + 1, json.n - 2));
}

double gjson_number(struct str json)
{
    char copy[64];
    size_t n = json.n < sizeof(copy) - 1 ? json.n : sizeof(copy) - 1;

    if (n)
        memcpy(copy, json.p, n);
    copy[n] = '\0';
    return strtod(copy, NULL);
}

/* Bytes of the UTF-8 character at p. */
static size_t char_bytes(struct str s, size_t i)
{
    size_t n = 1;

    while (i + n < s.n && ((unsigned char)s.p[i + n] & 0xc0) == 0x80)
        n++;
    return n;
}

/* Does the pattern's element at j, which is no star, take the text's character at i? */
static bool takes(struct str text, size_t i, struct str pattern, size_t j, size_t *ret_i,
                  size_t *ret_j)
{
    if (j >= pattern.n || i >= text.n)
        return false;
    if (pattern.p[j] == '?') {
        *ret_i = i + char_bytes(text, i);
        *ret_j = j + 1;
        return true;
    }
    if (pattern.p[j] == '\\' && j + 1 < pattern.n)
        j++;
    *ret_i = i + 1;
    *ret_j = j + 1;
    return text.p[i] == pattern.p[j];
}

bool gjson_like(struct str text, struct str pattern)
{
    size_t i = 0;
    size_t j = 0;
    size_t star = SIZE_MAX; /* where the pattern goes on behind the latest star */
    size_t star_i = 0;      /* up to where that star has eaten */

    while (i < text.n) {
        size_t next_i;
        size_t next_j;

        if (j < pattern.n && pattern.p[j] == '*') {
            star = ++j;
            star_i = i;
        } else if (takes(text, i, pattern, j, &next_i, &next_j)) {
            i = next_i;
            j = next_j;
        } else if (star != SIZE_MAX) {
            i = ++star_i;
            j = star;
        } else {
            return false;
        }
    }
    while (j < pattern.n && pattern.p[j] == '*')
        j++;
    return j == pattern.n;
}

void gjson_quote(struct buf *out, struct str text)
{
    buf_putc(out, '"');
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c == '"' || c == '\\') {
            buf_printf(out, "\\%c", c);
        } else if ((unsigned char)c < 0x20) {
            buf_printf(out, "\\u%04x", c);
        } else {
            buf_putc(out, c);
        }
    }
    buf_putc(out, '"');
}

bool gjson_keep(struct gjson *g, struct buf *built, struct str *ret_json)
{
    bool fits = built->len <= GJSON_MAX_BUILT && g->n_built <= GJSON_MAX_BUILT - built->len;

    if (fits) {
        g->n_built += built->len;
        *ret_json = arena_str(&g->arena, buf_str(built));
    }
    buf_fini(built);
    return fits;
}
