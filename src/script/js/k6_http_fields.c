/*
 * The parts of a Response that are objects of their own, made when a script reads them: headers,
 * cookies, what was sent. Names and number of properties come from the network, so their number is
 * the client's limit of headers and nothing here recurses.
 */
#include <stdio.h>
#include <string.h>

#include "plan/options.h"
#include "proto/cookie.h"
#include "proto/http1/http1_encode.h"
#include "proto/url.h"
#include "script/js/k6_http_priv.h"

/* What Go makes of "never", in ms: scripts see it as the expiry of a cookie that has none. */
#define EXPIRES_NEVER_MS (-6795364578871.0)

enum {
    NAME_BYTES = 256, /* names up to here are written in canonical case */
};

/* An atom of a header's name in canonical case. */
static JSAtom header_atom(JSContext *ctx, struct str name)
{
    char text[NAME_BYTES];

    if (name.n > sizeof(text))
        return JS_NewAtomLen(ctx, name.p, name.n);
    if (name.n > 0)
        memcpy(text, name.p, name.n);
    http1_canonicalize(text, name.n);
    return JS_NewAtomLen(ctx, text, name.n);
}

/* Defines a value (taken over) on a plain object; takes the atom, too. */
static int put(JSContext *ctx, JSValueConst obj, JSAtom name, JSValue value)
{
    int r;

    if (name == JS_ATOM_NULL) {
        JS_FreeValue(ctx, value);
        return -1;
    }
    r = JS_DefinePropertyValue(ctx, obj, name, value, JS_PROP_C_W_E);
    JS_FreeAtom(ctx, name);
    return r < 0 ? -1 : 0;
}

static int put_str(JSContext *ctx, JSValueConst obj, const char *name, struct str value)
{
    return put(ctx, obj, JS_NewAtom(ctx, name), js_new_str(ctx, value));
}

/* `obj`, or JS_EXCEPTION in its place when a step of making it failed. */
static JSValue finish(JSContext *ctx, JSValue obj, int r)
{
    if (r == 0)
        return obj;
    JS_FreeValue(ctx, obj);
    return JS_EXCEPTION;
}

/* The array obj[name], made when it is not there; *ret_n is its length. */
static JSValue array_of(JSContext *ctx, JSValueConst obj, JSAtom name, int64_t *ret_n)
{
    JSPropertyDescriptor desc;
    JSValue array;
    int has = JS_GetOwnProperty(ctx, &desc, obj, name);

    *ret_n = 0;
    if (has < 0)
        return JS_EXCEPTION;
    if (has) {
        JS_FreeValue(ctx, desc.getter);
        JS_FreeValue(ctx, desc.setter);
        if (JS_GetLength(ctx, desc.value, ret_n) < 0) {
            JS_FreeValue(ctx, desc.value);
            return JS_EXCEPTION;
        }
        return desc.value;
    }
    array = JS_NewArray(ctx);
    if (!JS_IsException(array) &&
        put(ctx, obj, JS_DupAtom(ctx, name), JS_DupValue(ctx, array)) < 0) {
        JS_FreeValue(ctx, array);
        return JS_EXCEPTION;
    }
    return array;
}

/* Appends a value (taken over) to the array obj[name]; takes the atom. */
static int append(JSContext *ctx, JSValueConst obj, JSAtom name, JSValue value)
{
    int64_t n;
    JSValue array = name == JS_ATOM_NULL ? JS_EXCEPTION : array_of(ctx, obj, name, &n);
    int r = -1;

    JS_FreeAtom(ctx, name);
    if (JS_IsException(array)) {
        JS_FreeValue(ctx, value);
    } else {
        r = JS_DefinePropertyValueUint32(ctx, array, (uint32_t)n, value, JS_PROP_C_W_E);
    }
    JS_FreeValue(ctx, array);
    return r < 0 ? -1 : 0;
}

int http_field_append(JSContext *ctx, JSValueConst obj, struct str name, JSValue value)
{
    return append(ctx, obj, JS_NewAtomLen(ctx, name.p ? name.p : "", name.n), value);
}

/* ---- what was received ---- */

/* The values of the i-th header and of all later ones of its name, joined. */
static JSValue joined_value(JSContext *ctx, const struct http_response *r, size_t i)
{
    struct buf b = BUF_INIT(0);
    JSValue v;

    if (buf_add(&b, r->headers[i].value.p, r->headers[i].value.n) != 0)
        return JS_ThrowOutOfMemory(ctx);
    for (size_t k = i + 1; k < r->n_headers; k++) {
        if (!str_eq_nocase(r->headers[k].name, r->headers[i].name))
            continue;
        if (buf_add(&b, ", ", 2) != 0 ||
            buf_add(&b, r->headers[k].value.p, r->headers[k].value.n) != 0)
            break; /* the head of a message is bounded far below */
    }
    v = js_new_str(ctx, buf_str(&b));
    buf_fini(&b);
    return v;
}

enum position {
    ONLY,  /* no other header has this name */
    FIRST, /* others follow */
    LATER, /* not the first of its name */
};

static enum position position_of(const struct http_response *r, size_t i)
{
    enum position p = ONLY;

    for (size_t k = 0; k < r->n_headers; k++) {
        if (k == i || r->headers[k].name.n != r->headers[i].name.n ||
            !str_eq_nocase(r->headers[k].name, r->headers[i].name))
            continue;
        if (k < i)
            return LATER;
        p = FIRST;
    }
    return p;
}

JSValue http_field_headers(JSContext *ctx, const struct http_response *r)
{
    JSValue obj = JS_NewObject(ctx);
    int ret = JS_IsException(obj) ? -1 : 0;

    for (size_t i = 0; ret == 0 && i < r->n_headers; i++) {
        enum position p = position_of(r, i);
        JSValue v;

        if (p == LATER)
            continue;
        v = p == ONLY ? js_new_str(ctx, r->headers[i].value) : joined_value(ctx, r, i);
        ret = put(ctx, obj, header_atom(ctx, r->headers[i].name), v);
    }
    return finish(ctx, obj, ret);
}

static double expires_ms(const struct cookie *c)
{
    return c->has_expires ? (double)c->expires_s * 1000 : EXPIRES_NEVER_MS;
}

static JSValue cookie_object(JSContext *ctx, const struct cookie *c)
{
    JSValue obj = JS_NewObject(ctx);
    double max_age = c->has_max_age ? (double)(c->max_age > 0 ? c->max_age : -1) : 0;
    int r = JS_IsException(obj) ? -1 : 0;

    if (r < 0 || put_str(ctx, obj, "name", c->name) < 0 ||
        put_str(ctx, obj, "value", c->value) < 0 || put_str(ctx, obj, "domain", c->domain) < 0 ||
        put_str(ctx, obj, "path", c->path) < 0 ||
        put(ctx, obj, JS_NewAtom(ctx, "http_only"), JS_NewBool(ctx, c->http_only)) < 0 ||
        put(ctx, obj, JS_NewAtom(ctx, "secure"), JS_NewBool(ctx, c->secure)) < 0 ||
        put(ctx, obj, JS_NewAtom(ctx, "max_age"), JS_NewNumber(ctx, max_age)) < 0 ||
        put(ctx, obj, JS_NewAtom(ctx, "expires"), JS_NewNumber(ctx, expires_ms(c))) < 0)
        r = -1;
    return finish(ctx, obj, r);
}

JSValue http_field_cookies(JSContext *ctx, const struct http_response *r)
{
    JSValue obj = JS_NewObject(ctx);
    int ret = JS_IsException(obj) ? -1 : 0;

    for (size_t i = 0; ret == 0 && i < r->n_headers; i++) {
        struct cookie c;
        JSValue v;

        if (!str_eq_nocase(r->headers[i].name, STR("Set-Cookie")) ||
            cookie_parse(r->headers[i].value, &c) != 0)
            continue;
        v = cookie_object(ctx, &c);
        ret = JS_IsException(v) ? -1 : append(ctx, obj, JS_NewAtomLen(ctx, c.name.p, c.name.n), v);
    }
    return finish(ctx, obj, ret);
}

JSValue http_field_ocsp(JSContext *ctx, const struct http_response *r)
{
    static const char *const times[] = {"produced_at", "this_update", "next_update", "revoked_at"};
    bool tls = r->tls_version && *r->tls_version;
    JSValue obj = JS_NewObject(ctx);
    int ret = JS_IsException(obj) ? -1 : 0;

    for (size_t i = 0; ret == 0 && i < countof(times); i++)
        ret = put(ctx, obj, JS_NewAtom(ctx, times[i]), JS_NewInt32(ctx, 0));
    if (ret == 0)
        ret = put_str(ctx, obj, "revocation_reason", STR(""));
    if (ret == 0)
        ret = put_str(ctx, obj, "status", tls ? STR("unknown") : STR(""));
    return finish(ctx, obj, ret);
}

JSValue http_field_status_text(JSContext *ctx, const struct http_response *r)
{
    char text[NAME_BYTES];
    int n;

    if (r->status == 0)
        return JS_NewString(ctx, "");
    n = snprintf(text, sizeof(text), "%d %.*s", r->status,
                 (int)(r->reason.n > 200 ? 200 : r->reason.n), r->reason.p ? r->reason.p : "");
    return JS_NewStringLen(ctx, text, (size_t)n);
}

/* ---- what was sent ---- */

/* Takes the next header line off the head of a request; false at its end. */
static bool next_line(struct str *head, struct str *ret_name, struct str *ret_value)
{
    struct str line;
    size_t colon;

    if (head->n == 0 || !str_split(head, '\n', &line))
        return false;
    line = str_trim(line);
    if (line.n == 0)
        return false;
    colon = str_find(line, ':');
    *ret_name = str_from(line.p, colon);
    *ret_value = str_trim(str_from_index(line, colon + 1));
    return true;
}

/* Past the request line. */
static struct str sent_headers(const struct http_response *r)
{
    struct str head = r->request_head;
    size_t end = str_find(head, '\n');

    return str_from_index(head, end + 1);
}

/* What the client adds by itself is not shown: lengths, and the host unless it is another one. */
static bool is_shown(const struct url *url, struct str name, struct str value)
{
    if (str_eq_nocase(name, STR("Host")))
        return url && !str_eq(value, url->authority);
    return !str_eq_nocase(name, STR("Content-Length")) &&
           !str_eq_nocase(name, STR("Transfer-Encoding"));
}

JSValue http_field_sent_headers(JSContext *ctx, const struct http_response *r,
                                const struct url *url)
{
    JSValue obj = JS_NewObject(ctx);
    struct str rest = sent_headers(r);
    struct str name;
    struct str value;
    int ret = JS_IsException(obj) ? -1 : 0;

    while (ret == 0 && next_line(&rest, &name, &value)) {
        if (is_shown(url, name, value))
            ret = append(ctx, obj, header_atom(ctx, name), js_new_str(ctx, value));
    }
    return finish(ctx, obj, ret);
}

static JSValue sent_cookie_object(JSContext *ctx, struct str name, struct str value)
{
    JSValue obj = JS_NewObject(ctx);
    int r = JS_IsException(obj) ? -1 : 0;

    if (r < 0 || put_str(ctx, obj, "name", name) < 0 || put_str(ctx, obj, "value", value) < 0 ||
        put(ctx, obj, JS_NewAtom(ctx, "replace"), JS_FALSE) < 0)
        r = -1;
    return finish(ctx, obj, r);
}

/* Adds the pairs of one Cookie header. */
static int add_cookies(JSContext *ctx, JSValueConst obj, struct str header)
{
    struct str pair;
    int r = 0;

    while (r == 0 && header.n > 0 && str_split(&header, ';', &pair)) {
        size_t eq;
        struct str name;
        JSValue v;

        pair = str_trim(pair);
        if (pair.n == 0)
            continue;
        eq = str_find(pair, '=');
        name = str_from(pair.p, eq);
        v = sent_cookie_object(ctx, name, str_from_index(pair, eq + 1));
        r = JS_IsException(v) ? -1 : append(ctx, obj, JS_NewAtomLen(ctx, name.p, name.n), v);
    }
    return r;
}

JSValue http_field_sent_cookies(JSContext *ctx, const struct http_response *r)
{
    JSValue obj = JS_NewObject(ctx);
    struct str rest = sent_headers(r);
    struct str name;
    struct str value;
    int ret = JS_IsException(obj) ? -1 : 0;

    while (ret == 0 && next_line(&rest, &name, &value)) {
        if (str_eq_nocase(name, STR("Cookie")))
            ret = add_cookies(ctx, obj, value);
    }
    return finish(ctx, obj, ret);
}

/* ---- httpDebug ---- */

static void log_dump(const struct http_call *call, struct buf *text)
{
    struct script_host *host = call->vu->host;

    host->ops->log(host, SCRIPT_LOG_INFO, SCRIPT_LOG_ENGINE, buf_str(text));
}

static int dump_response(const struct http_response *r, bool full, struct buf *out)
{
    int ret = 0;

    buf_printf(out, "Response:\n%s %d %.*s\r\n", http_version_name(r->version), r->status,
               STR_ARG(r->reason));
    for (size_t i = 0; ret == 0 && i < r->n_headers; i++) {
        const struct http_header *h = &r->headers[i];

        if (buf_add(out, h->name.p, h->name.n) != 0 || buf_add(out, ": ", 2) != 0 ||
            buf_add(out, h->value.p, h->value.n) != 0 || buf_add(out, "\r\n", 2) != 0)
            ret = BUF_E_LIMIT;
    }
    if (ret == 0)
        ret = buf_add(out, "\r\n", 2);
    if (ret == 0 && full)
        ret = buf_add(out, r->body.p, r->body.n);
    return ret;
}

void http_debug_log(JSContext *ctx, const struct http_call *call, const struct http_response *r)
{
    bool full = str_is(str_of(call->vu->host->options->http_debug), "full");
    scoped(buf_fini) struct buf out = BUF_INIT(0);

    (void)ctx;
    buf_puts(&out, "Request:\n");
    if (buf_add(&out, r->request_head.p, r->request_head.n) != 0 ||
        (full && buf_add(&out, r->request_body.p, r->request_body.n) != 0))
        return;
    log_dump(call, &out);
    buf_reset(&out);
    if (r->status != 0 && dump_response(r, full, &out) == 0)
        log_dump(call, &out);
}
