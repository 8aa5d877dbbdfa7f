/* Addresses are put together as text, then read as URLs to see whether they are such. */
#include "sink/otlp_config.h"

#include <errno.h>

#include "proto/url.h"

static bool is_given(const char *text)
{
    return text && text[0];
}

/* ---- addresses ---- */

static const char *with_path(struct arena *arena, const char *base)
{
    struct str text = str_of(base);

    if (str_ends(text, STR("/v1/metrics")))
        return base;
    while (text.n && text.p[text.n - 1] == '/')
        text.n--;
    return arena_printf(arena, "%.*s/v1/metrics", STR_ARG(text));
}

static const char *from_host(struct arena *arena, const struct otlp_endpoints *e)
{
    const char *path = is_given(e->path) ? e->path : "/v1/metrics";

    return arena_printf(arena, "%s://%s%s%s", e->plain ? "http" : "https", e->host,
                        path[0] == '/' ? "" : "/", path);
}

/* Never shows the text, which may have a password. */
static int check_url(const char *text)
{
    struct url *u;
    int r = url_parse(str_of(text), NULL, &u);

    if (r == 0 && u->is_websocket) {
        url_unref(u);
        r = -EPROTONOSUPPORT;
    }
    if (r != 0) {
        return fault(FAULT_EXIT(104), "the address of the OTLP receiver is no URL such as "
                                      "http://127.0.0.1:4318 or https://host/otlp");
    }
    url_unref(u);
    return 0;
}

int otlp_url(struct arena *arena, const struct otlp_endpoints *e, const char **ret_url)
{
    const char *url = is_given(e->base)      ? with_path(arena, e->base)
                      : is_given(e->metrics) ? e->metrics
                      : is_given(e->host)    ? from_host(arena, e)
                                             : OTLP_ENDPOINT_DEFAULT "/v1/metrics";

    TRY(check_url(url));
    *ret_url = url;
    return 0;
}

/* ---- lists ---- */

/* Undoes %XX. False when a % begins no byte, or a NUL. */
static bool decode(struct arena *arena, struct str text, struct str *ret)
{
    char *out = arena_alloc(arena, text.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '%') {
            out[n++] = text.p[i];
            continue;
        }
        int high = i + 2 < text.n ? ascii_hex(text.p[i + 1]) : -1;
        int low = i + 2 < text.n ? ascii_hex(text.p[i + 2]) : -1;

        if (high < 0 || low < 0 || (high == 0 && low == 0))
            return false;
        out[n++] = (char)(high << 4 | low);
        i += 2;
    }
    out[n] = '\0';
    *ret = str_from(out, n);
    return true;
}

static void set_item(struct tag *items, size_t *n, struct tag item)
{
    size_t i = 0;

    while (i < *n && !str_eq(items[i].key, item.key))
        i++;
    items[i] = item;
    *n += i == *n;
}

int otlp_list_parse(struct arena *arena, const char *what, struct str text, struct tag **ret_items,
                    size_t *ret_n)
{
    size_t n = 0, n_parts = 1;
    struct str part;

    for (size_t i = 0; i < text.n; i++)
        n_parts += text.p[i] == ',';

    struct tag *items = arena_new_n(arena, struct tag, n_parts);

    while (text.n && str_split(&text, ',', &part)) {
        struct tag item;

        part = str_trim(part);
        if (part.n == 0)
            continue;

        size_t at = str_find(part, '=');

        if (at == 0 || at == part.n || !decode(arena, str_trim(str_from(part.p, at)), &item.key) ||
            !decode(arena, str_trim(str_from_index(part, at + 1)), &item.value)) {
            return fault(FAULT_EXIT(104),
                         "the list of %s is not key=value,key2=value2 (a comma or a %% in a value "
                         "is written %%2C, %%25)",
                         what);
        }
        set_item(items, &n, item);
    }
    *ret_items = items;
    *ret_n = n;
    return 0;
}

bool otlp_header_fits(struct str name, struct str value)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];

        if (!ascii_digit(c) && !(ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') &&
            (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    for (size_t i = 0; i < value.n; i++) {
        if ((unsigned char)value.p[i] < ' ' && value.p[i] != '\t')
            return false;
    }
    return name.n > 0;
}
