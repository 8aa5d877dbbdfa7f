/*
 * A script's arguments into a struct http_request: the URL, then the body, then each known
 * property of the params object through a table of readers, then what depends on several of them
 * (compression, Content-Length, the `name` tag).
 *
 * What is wrong with the arguments is kept in the call (HTTP_E_ARGS): whether that is an exception
 * or a Response carrying the error is decided by the options, elsewhere.
 */
#include <math.h>
#include <stdint.h>

#include "base/duration.h"
#include "plan/options.h"
#include "proto/content.h"
#include "proto/error_code.h"
#include "proto/url.h"
#include "script/js/k6_http_priv.h"

/* The default of responseCallback. */
static const struct status_set expected_default = {.n = 1, .range = {{200, 399}}};

/* ---- method ---- */

static const char *const known_methods[] = {
    "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS",
};

static void set_method(struct http_call *call, struct str method)
{
    if (method.n == 0)
        method = STR("GET");
    for (size_t i = 0; i < countof(known_methods); i++) {
        if (str_is(method, known_methods[i])) {
            call->known_method = known_methods[i];
            call->req.method = str_from(known_methods[i], method.n);
            return;
        }
    }
    call->known_method = NULL;
    call->req.method = method;
}

/* ---- URL ---- */

static int parse_url(struct http_call *call, struct str text)
{
    if (url_cache_get(call->http->urls, text, &call->url) != 0)
        return http_call_fail(call, ERROR_CODE_INVALID_URL, "%s", fault_text());
    call->req.url = call->url;
    call->clean_url = call->url->display;
    return 0;
}

/* http.url`…`: its name becomes the `name` tag where something was substituted. */
static int read_template_url(JSContext *ctx, struct http_call *call, JSValueConst v)
{
    JSValue url = JS_GetProperty(ctx, v, call->http->atom.url);
    JSValue name = JS_GetProperty(ctx, v, call->http->atom.name);
    struct str url_text = {0};
    struct str name_text = {0};
    int r = 0;

    if (http_call_text(ctx, call, url, &url_text) < 0 ||
        http_call_text(ctx, call, name, &name_text) < 0)
        r = -1;
    JS_FreeValue(ctx, url);
    JS_FreeValue(ctx, name);
    if (r < 0)
        return r;
    if (!str_eq(name_text, url_text))
        call->req.name = name_text;
    return parse_url(call, url_text);
}

static int refuse_url(JSContext *ctx, struct http_call *call, JSValueConst v)
{
    struct str text = {0};

    if (js_nullish(v) || JS_IsObject(v) || JS_IsSymbol(v)) {
        return http_call_fail(call, ERROR_CODE_INVALID_URL, "invalid URL: '#%s'",
                              http_type_name(ctx, v));
    }
    if (http_call_text(ctx, call, v, &text) < 0)
        return -1;
    return http_call_fail(call, ERROR_CODE_INVALID_URL, "invalid URL: '#%.*s'", STR_ARG(text));
}

static int read_url(JSContext *ctx, struct http_call *call, JSValueConst v)
{
    struct str text = {0};

    if (likely(JS_IsString(v))) {
        if (http_call_text(ctx, call, v, &text) < 0)
            return -1;
        return parse_url(call, text);
    }
    return http_is_url(v) ? read_template_url(ctx, call, v) : refuse_url(ctx, call, v);
}

/* ---- params ---- */

static int read_auth(JSContext *ctx, struct http_call *call, JSValueConst v)
{
    struct str text = {0};

    if (http_call_text(ctx, call, v, &text) < 0)
        return -1;
    if (str_is(text, "digest")) {
        call->req.auth = HTTP_AUTH_DIGEST;
    } else if (str_is(text, "ntlm")) {
        call->req.auth = HTTP_AUTH_NTLM;
    }
    return 0;
}

int http_call_each(JSContext *ctx, struct http_call *call, JSValueConst v, http_member_fn *fn,
                   void *arg)
{
    struct js_props it;
    int r = 0;

    if (!JS_IsObject(v))
        return 0;
    it = js_props(ctx, v);
    while (r == 0 && js_props_next(ctx, &it))
        r = fn(ctx, call, it.key, it.value, arg);
    return js_props_end(ctx, &it) < 0 ? -1 : r;
}

static int take_header(JSContext *ctx, struct http_call *call, JSAtom key, JSValueConst v,
                       void *arg UNUSED)
{
    struct str name = {0};
    struct str value = {0};

    if (http_call_atom_text(ctx, call, key, &name) < 0 || http_call_text(ctx, call, v, &value) < 0)
        return -1;
    http_call_header(call, name, value);
    return 0;
}

static int read_headers(JSContext *ctx, struct http_call *call, JSValueConst v)
{
    return http_call_each(ctx, call, v, take_header, NULL);
}

/* The value of one entry of params.cookies: a plain value, or {value, replace}. */
static int read_cookie(JSContext *ctx, struct http_call *call, JSValueConst v,
                       struct http_cookie *ret_cookie)
{
    struct js_http *http = call->http;
    JSValue value;
    JSValue replace;
    int r = 0;

    if (!JS_IsObject(v) || JS_IsArray(v))
        return http_call_text(ctx, call, v, &ret_cookie->value);
    value = JS_GetProperty(ctx, v, http->atom.value);
    replace = JS_GetProperty(ctx, v, http->atom.replace);
    if (JS_IsException(value) || JS_IsException(replace)) {
        r = -1;
    } else if (!js_nullish(value)) {
        r = http_call_text(ctx, call, value, &ret_cookie->value);
    }
    ret_cookie->replace = r == 0 && JS_ToBool(ctx, replace) > 0;
    JS_FreeValue(ctx, value);
    JS_FreeValue(ctx, replace);
    return r;
}

struct cookie_list {
    struct http_cookie *items; /* of the call */
    size_t n, cap;
};

static int take_cookie(JSContext *ctx, struct http_call *call, JSAtom key, JSValueConst v,
                       void *arg)
{
    struct cookie_list *list = arg;
    struct http_cookie c = {0};

    if (js_nullish(v))
        return 0;
    int r = http_call_atom_text(ctx, call, key, &c.name);

    if (r == 0)
        r = read_cookie(ctx, call, v, &c);
    if (r)
        return r;
    list->items = http_call_grow(call, list->items, list->n, &list->cap, sizeof(c));
    list->items[list->n++] = c;
    return 0;
}

static int read_cookies(JSContext *ctx, struct http_call *call, JSValueConst v)
{
    struct cookie_list list = {0};
    int r = http_call_each(ctx, call, v, take_cookie, &list);

    if (list.n) {
        call->req.cookies = list.items;
        call->req.n_cookies = list.n;
    }
    return r;
}

static int read_jar(JSContext *ctx, struct http_call *call, JSValueConst v)
{
    struct cookie_jar *jar = http_jar_of(ctx, v);

    if (jar) {
        call->req.jar = jar;
        JS_FreeValue(ctx, call->jar);
        call->jar = JS_DupValue(ctx, v);
    }
    return 0;
}

static int fail_coding(struct http_call *call, struct str name)
{
    return http_call_fail(
        call, 0,
        "unknown compression algorithm %.*s, supported algorithms are [gzip deflate zstd br]",
        STR_ARG(name));
}

static int read_compression(JSContext *ctx, struct http_call *call, JSValueConst v)
{
    struct http_codings *codings = &call->codings;
    struct str rest = {0};
    struct str name;

    if (http_call_text(ctx, call, v, &rest) < 0)
        return -1;
    rest = str_trim(rest);
    codings->names = rest;
    while (rest.n > 0 && str_split(&rest, ',', &name)) {
        enum content_coding coding;

        name = str_trim(name);
        if (codings->n >= countof(codings->coding) || !content_coding_find(name, &coding))
            return fail_coding(call, name);
        codings->coding[codings->n++] = (uint8_t)coding;
    }
    return 0;
}

static int read_redirects(JSContext *ctx, struct http_call *call, JSValueConst v)
{
    double n = 0;

    if (JS_ToFloat64(ctx, &n, v) < 0)
        return -1;
    call->req.max_redirects = n > 0 ? (int)fmin(n, INT32_MAX) : 0; /* NaN is 0, too */
    call->has_redirects = true;
    return 0;
}

/* The text of the pending exception, which is forgotten; what stops all code is left pending. */
static int fail_thrown(JSContext *ctx, struct http_call *call)
{
    JSValue error = JS_GetException(ctx);
    JSValue message;
    struct str text = {0};
    int r = -1;

    if (JS_IsUncatchableError(error)) {
        JS_Throw(ctx, error);
        return -1;
    }
    message = JS_GetProperty(ctx, error, call->http->atom.message);
    if (!JS_IsException(message))
        r = http_call_text(ctx, call, message, &text);
    JS_FreeValue(ctx, message);
    JS_FreeValue(ctx, error);
    return r < 0 ? -1 : http_call_fail(call, 0, "%.*s", STR_ARG(text));
}

static int read_tags(JSContext *ctx, struct http_call *call, JSValueConst v)
{
    const struct tagset *tags = NULL;

    if (!JS_IsObject(v))
        return 0;
    if (js_tags(ctx, v, call->req.tags, "invalid HTTP request metric tags: ", &tags) < 0)
        return fail_thrown(ctx, call);
    call->req.tags = tags;
    return 0;
}

static int read_timeout(JSContext *ctx, struct http_call *call, JSValueConst v)
{
    struct str text = {0};
    span_ns span = 0;
    double ms = 0;

    if (JS_IsString(v)) {
        if (http_call_text(ctx, call, v, &text) < 0)
            return -1;
        if (duration_parse(text, &span) != 0) {
            return http_call_fail(call, 0, "invalid timeout value: time: invalid duration \"%.*s\"",
                                  STR_ARG(text));
        }
    } else if (JS_IsNumber(v)) {
        if (JS_ToFloat64(ctx, &ms, v) < 0)
            return -1;
        if (duration_from_ms(ms, &span) != 0)
            span = ms > 0 ? INT64_MAX : 0;
    } else {
        return http_call_fail(call, 0,
                              "invalid timeout value: unable to use type %s as a duration value",
                              http_type_name(ctx, v));
    }
    /* No time at all is a request that times out at once; 0 would mean no limit. */
    call->req.timeout = span > 0 ? span : 1;
    return 0;
}

static int read_throw(JSContext *ctx, struct http_call *call, JSValueConst v)
{
    call->throws = JS_ToBool(ctx, v) > 0;
    return 0;
}

static int read_response_type(JSContext *ctx, struct http_call *call, JSValueConst v)
{
    static const char *const names[] = {
        [HTTP_TYPE_TEXT] = "text",
        [HTTP_TYPE_BINARY] = "binary",
        [HTTP_TYPE_NONE] = "none",
    };
    struct str text = {0};

    if (http_call_text(ctx, call, v, &text) < 0)
        return -1;
    for (size_t i = 0; i < countof(names); i++) {
        if (str_is(text, names[i])) {
            call->type = (enum http_response_type)i;
            return 0;
        }
    }
    return http_call_fail(call, 0, "%.*s does not belong to ResponseType values", STR_ARG(text));
}

/* The set of an expectedStatuses object is held by the object, so the call holds that. */
static void set_expected(JSContext *ctx, struct http_call *call, JSValueConst v)
{
    call->req.expected = http_expected_of(v);
    JS_FreeValue(ctx, call->expected);
    call->expected = JS_DupValue(ctx, v);
}

static int read_response_callback(JSContext *ctx, struct http_call *call, JSValueConst v)
{
    if (JS_IsUndefined(v))
        return 0;
    if (JS_IsNull(v)) {
        call->req.expected = NULL;
    } else if (http_expected_of(v)) {
        set_expected(ctx, call, v);
    } else {
        return http_call_fail(call, 0, "unsupported responseCallback");
    }
    return 0;
}

typedef int(param_fn)(JSContext *ctx, struct http_call *call, JSValueConst v);

#define ATOM(name) offsetof(struct js_http, atom.name)

/* In the order in which scripts use them most. */
static const struct {
    size_t atom; /* offset of the property's atom in struct js_http */
    param_fn *read;
} params_table[] = {
    {ATOM(tags), read_tags},
    {ATOM(headers), read_headers},
    {ATOM(timeout), read_timeout},
    {ATOM(redirects), read_redirects},
    {ATOM(responseType), read_response_type},
    {ATOM(responseCallback), read_response_callback},
    {ATOM(cookies), read_cookies},
    {ATOM(jar), read_jar},
    {ATOM(throw), read_throw},
    {ATOM(auth), read_auth},
    {ATOM(compression), read_compression},
};

static param_fn *find_param(const struct js_http *http, JSAtom key)
{
    for (size_t i = 0; i < countof(params_table); i++) {
        if (*(const JSAtom *)((const char *)http + params_table[i].atom) == key)
            return params_table[i].read;
    }
    return NULL;
}

static int take_param(JSContext *ctx, struct http_call *call, JSAtom key, JSValueConst v,
                      void *arg UNUSED)
{
    param_fn *read = find_param(call->http, key);

    return read ? read(ctx, call, v) : 0;
}

static int read_params(JSContext *ctx, struct http_call *call, JSValueConst v)
{
    return http_call_each(ctx, call, v, take_param, NULL);
}

/* ---- what depends on several arguments ---- */

static void set_callback_default(JSContext *ctx, struct http_call *call)
{
    if (JS_IsUndefined(call->user->callback)) {
        call->req.expected = &expected_default;
    } else if (JS_IsNull(call->user->callback)) {
        call->req.expected = NULL;
    } else {
        set_expected(ctx, call, call->user->callback);
    }
}

/* Content-Length is the client's to say. */
static void drop_content_length(JSContext *ctx, struct http_call *call)
{
    struct http_header *h = http_call_find_header(call, STR("Content-Length"));
    uint64_t n = 0;

    if (!h)
        return;
    if (!str_u64(h->value, &n) || n != call->req.body.n) {
        js_warn(ctx,
                "The specified Content-Length header \"%.*s\" in the %.*s request for %.*s doesn't "
                "match the actual request body length of %zu, so it will be ignored!",
                STR_ARG(h->value), STR_ARG(call->req.method), STR_ARG(call->clean_url),
                call->req.body.n);
    }
    for (; h + 1 < call->headers + call->n_headers; h++)
        h[0] = h[1];
    call->n_headers--;
}

/*
 * The client makes the tags `name` and `url` itself, so a `name` among the tags goes apart. It
 * wins over the name of an http.url.
 */
static void split_name(struct http_call *call)
{
    const struct tagset *tags = call->req.tags;
    struct http_name_memo *memo = &call->http->names[tags->id % countof(call->http->names)];

    if (memo->from != tags) {
        memo->from = tags;
        memo->rest = tags;
        memo->name = (struct str){0};
        if (tagset_get(tags, STR("name"), &memo->name))
            memo->rest = tagset_remove(call->vu->host->tag_pool, tags, STR("name"));
    }
    call->req.tags = memo->rest;
    if (memo->name.n > 0)
        call->req.name = memo->name;
}

static void finish_request(JSContext *ctx, struct http_call *call)
{
    struct http_request *req = &call->req;

    drop_content_length(ctx, call);
    split_name(call);
    req->headers = call->headers;
    req->n_headers = call->n_headers;
    req->body_mode = call->type == HTTP_TYPE_NONE ? HTTP_BODY_DISCARD : HTTP_BODY_KEEP;
}

int http_args_read(JSContext *ctx, struct http_call *call, const struct http_args *args)
{
    int r;

    set_method(call, args->method);
    r = read_url(ctx, call, args->url);
    if (r != 0)
        return r;
    set_callback_default(ctx, call);
    r = http_body_read(ctx, call, args->body);
    if (r == 0)
        r = read_params(ctx, call, args->params);
    if (r == 0 && call->codings.n > 0 && call->req.has_body)
        r = http_body_compress(ctx, call);
    if (r == 0)
        finish_request(ctx, call);
    return r;
}
