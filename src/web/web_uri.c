/* Segments are compared before they are decoded, so that an escaped slash never ends one. */
#include "web/web_uri.h"

#include <errno.h>

void web_uri_split(struct str target, struct str *ret_path, struct str *ret_query)
{
    size_t end = str_find(target, '#');
    struct str whole = str_from(target.p, end);
    size_t at = str_find(whole, '?');

    *ret_path = str_from(whole.p, at);
    *ret_query = str_from_index(whole, at + 1);
}

/* The byte of an escape at s[0]; -1 when it is none. */
static int escaped(struct str s)
{
    int high = s.n >= 3 ? ascii_hex(s.p[1]) : -1, low = s.n >= 3 ? ascii_hex(s.p[2]) : -1;

    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool web_uri_decode(struct arena *arena, struct str text, bool plus_is_space, struct str *ret_text)
{
    char *to = arena_alloc(arena, text.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        int c = (unsigned char)text.p[i];

        if (c == '%') {
            c = escaped(str_from_index(text, i));
            if (c < ' ' || c == 0x7f)
                return false;
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        to[n++] = (char)c;
    }
    to[n] = '\0';
    *ret_text = str_from(to, n);
    return true;
}

bool web_query_get(struct arena *arena, struct str query, const char *name, struct str *ret_value)
{
    struct str part, key;

    while (str_split(&query, '&', &part)) {
        size_t at = str_find(part, '=');

        if (web_uri_decode(arena, str_from(part.p, at), true, &key) && str_is(key, name))
            return web_uri_decode(arena, str_from_index(part, at + 1), true, ret_value);
    }
    return false;
}

int web_query_number(struct arena *arena, struct str query, const char *name, uint64_t max,
                     uint64_t *ret_n)
{
    struct str text;
    uint64_t n;

    if (!web_query_get(arena, query, name, &text) || !text.n)
        return 0;
    if (!str_u64(text, &n) || n > max) {
        return fault(-EINVAL, "'%s' must be a whole number from 0 to %llu", name,
                     (unsigned long long)max);
    }
    *ret_n = n;
    return 0;
}

bool web_path_fits(struct arena *arena, struct str path, const char *pattern,
                   struct str ret_params[WEB_PARAMS_MAX])
{
    struct str rest = str_of(pattern), part, own;
    size_t n = 0;

    for (;;) {
        bool more = str_split(&path, '/', &own);

        if (more != str_split(&rest, '/', &part))
            return false;
        if (!more)
            return true;
        if (!str_is(part, "{}")) {
            if (!str_eq(part, own))
                return false;
        } else if (!own.n || n == WEB_PARAMS_MAX ||
                   !web_uri_decode(arena, own, false, &ret_params[n++])) {
            return false;
        }
    }
}
