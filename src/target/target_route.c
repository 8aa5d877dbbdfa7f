/*
 * Finding routes and keeping fixed answers. Paths without wildcards are found by hash, the others
 * by comparing segments row by row: those are never the fast ones.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "proto/http1/http1_encode.h"
#include "target/target_priv.h"

static bool has_wildcard(const char *pattern)
{
    return strchr(pattern, ':') || strchr(pattern, '*');
}

/* ---- fixed answers ---- */

static void put_two(char *at, int n)
{
    at[0] = (char)('0' + n / 10);
    at[1] = (char)('0' + n % 10);
}

void http_date(char out[29], int64_t unix_s)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const struct str blank = STR("Day, 00 Mon 0000 00:00:00 GMT");
    time_t t = (time_t)unix_s;
    struct tm tm = {0};

    gmtime_r(&t, &tm);
    memcpy(out, blank.p, blank.n);
    memcpy(out, days + (size_t)tm.tm_wday * 3, 3);
    put_two(out + 5, tm.tm_mday);
    memcpy(out + 8, months + (size_t)tm.tm_mon * 3, 3);
    put_two(out + 12, (tm.tm_year + 1900) / 100 % 100);
    put_two(out + 14, tm.tm_year % 100);
    put_two(out + 17, tm.tm_hour);
    put_two(out + 20, tm.tm_min);
    put_two(out + 23, tm.tm_sec);
}

void fixed_refresh(struct fixed *f, wall_ns now)
{
    int64_t s = now / NS_PER_S;

    if (s != f->date_s) {
        http_date(f->data + f->date_at, s);
        f->date_s = s;
    }
    int64_t ms = now / NS_PER_MS;

    if (!f->ts_at || ms == f->ts_ms)
        return;
    f->ts_ms = ms;
    for (size_t i = 13; i-- > 0; ms /= 10)
        f->data[f->ts_at + i] = (char)('0' + ms % 10);
}

static void make_body(const struct route *route, struct buf *body)
{
    if (route->make) {
        route->make(body);
    } else {
        buf_puts(body, route->text);
    }
}

static size_t offset_after(const struct fixed *f, const char *mark)
{
    struct str all = str_from(f->data, f->n);
    size_t at = str_find_str(all, str_of(mark));

    return at < all.n ? at + strlen(mark) : 0;
}

static void fixed_init(struct fixed *f, const struct route *route)
{
    static const char date[] = "Day, 00 Mon 0000 00:00:00 GMT";
    scoped(buf_fini) struct buf body = {0};
    struct buf all = {0};

    make_body(route, &body);
    struct http_header headers[] = {
        {STR("Server"), STR("brunt")},
        {STR("Date"), str_of(date)},
        {STR("Content-Type"), str_of(route->type ? route->type : "application/json")},
    };
    struct http1_response_spec spec = {
        .status = 200,
        .version = HTTP_1_1,
        .headers = headers,
        .n_headers = countof(headers),
        .n_body = (int64_t)body.len,
        .keep_alive = true,
    };
    int r = http1_encode_response(&spec, &all);

    assert(r == 0);
    ignored(r);
    f->n_head = all.len;
    buf_putstr(&all, buf_str(&body));
    f->data = buf_take(&all, &f->n);
    f->date_at = offset_after(f, "Date: ");
    f->ts_at = offset_after(f, "\"ts\":0000000000000");
    f->ts_at -= f->ts_at ? 13 : 0;
    f->date_s = -1;
    f->ts_ms = -1;
}

/* ---- the router ---- */

static void add_exact(struct router *r, struct route_node *node)
{
    struct str path = str_of(node->route->pattern);
    struct route_node *first = table_get(&r->exact, path);

    if (!first) {
        table_set(&r->exact, path, node);
        return;
    }
    while (first->same_path)
        first = first->same_path;
    first->same_path = node;
}

void router_init(struct router *r)
{
    *r = (struct router){.nodes = xnew_n(struct route_node, n_target_routes)};
    for (size_t i = 0; i < n_target_routes; i++) {
        struct route_node *node = &r->nodes[i];

        node->route = &target_routes[i];
        if (!node->route->fn)
            fixed_init(&node->fixed, node->route);
        if (!has_wildcard(node->route->pattern))
            add_exact(r, node);
    }
}

void router_fini(struct router *r)
{
    for (size_t i = 0; r->nodes && i < n_target_routes; i++)
        free(r->nodes[i].fixed.data);
    free(r->nodes);
    table_fini(&r->exact);
    *r = (struct router){0};
}

static bool allows(const struct route *route, struct str method)
{
    struct str rest = str_of(route->methods), one;

    if (str_is(rest, "*"))
        return true;
    if (str_is(method, "HEAD"))
        method = STR("GET");
    while (str_split(&rest, ' ', &one)) {
        if (str_eq(one, method))
            return true;
    }
    return false;
}

/* Takes the text up to the next '/' off *rest; false when there is no more. */
static bool next_segment(struct str *rest, struct str *ret_segment)
{
    return str_split(rest, '/', ret_segment);
}

static bool matches(const char *pattern, struct str path, struct str params[EXCHANGE_PARAMS_MAX])
{
    struct str rest = str_of(pattern), want, have;
    size_t n_params = 0;

    memset(params, 0, EXCHANGE_PARAMS_MAX * sizeof(params[0]));
    while (next_segment(&rest, &want)) {
        if (str_is(want, "*")) {
            params[n_params] = path;
            return true;
        }
        if (!next_segment(&path, &have))
            return false;
        if (want.n && want.p[0] == ':') {
            assert(n_params < EXCHANGE_PARAMS_MAX);
            params[n_params++] = have;
        } else if (!str_eq(want, have)) {
            return false;
        }
    }
    return path.p == NULL;
}

static enum route_result find_exact(struct route_node *node, struct str method,
                                    struct route_node **ret_node)
{
    for (; node; node = node->same_path) {
        if (allows(node->route, method)) {
            *ret_node = node;
            return ROUTE_FOUND;
        }
    }
    return ROUTE_NO_METHOD;
}

enum route_result router_find(const struct router *r, struct str method, struct str path,
                              struct str params[EXCHANGE_PARAMS_MAX], struct route_node **ret_node)
{
    struct route_node *exact = table_get(&r->exact, path);
    enum route_result result = ROUTE_NO_PATH;

    if (exact)
        return find_exact(exact, method, ret_node);
    for (size_t i = 0; i < n_target_routes; i++) {
        struct route_node *node = &r->nodes[i];

        if (!has_wildcard(node->route->pattern) || !matches(node->route->pattern, path, params))
            continue;
        if (allows(node->route, method)) {
            *ret_node = node;
            return ROUTE_FOUND;
        }
        result = ROUTE_NO_METHOD;
    }
    return result;
}
