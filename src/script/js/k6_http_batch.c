/*
 * http.batch(): many requests at once. Every element becomes a call; only when all could be read is
 * anything sent.
 */
#include "plan/options.h"
#include "script/js/k6_http_priv.h"

enum {
    BATCH_MAX = 100000, /* requests in one batch */
};

struct batch {
    struct http_call *owner; /* its arena holds what follows */
    struct http_call **calls;
    struct http_response **responses;
    size_t n;
    JSValue results; /* array or object, filled in order */
    bool is_array;
};

/* ---- one element ---- */

static int fail_element(JSContext *ctx, struct http_call *call, const char *what, JSValueConst v)
{
    struct str text = STR("<nil>");

    if (!js_nullish(v) && http_call_text(ctx, call, v, &text) < 0)
        return -1;
    return http_call_fail(call, 0, "invalid %s '%.*s'", what, STR_ARG(text));
}

/* [method, url, body?, params?] */
static int read_array(JSContext *ctx, struct http_call *call, JSValueConst v)
{
    struct http_args args = {0};
    JSValue items[4];
    int64_t n = 0;
    int r = -1;

    if (JS_GetLength(ctx, v, &n) < 0)
        return -1;
    if (n < 2)
        return fail_element(ctx, call, "batch request", v);
    for (size_t i = 0; i < countof(items); i++)
        items[i] = JS_GetPropertyInt64(ctx, v, (int64_t)i);
    args.url = items[1];
    args.body = items[2];
    args.params = items[3];
    if (JS_IsException(items[0])) {
        r = -1;
    } else if (!JS_IsString(items[0])) {
        r = fail_element(ctx, call, "method type", items[0]);
    } else if (http_call_text(ctx, call, items[0], &args.method) == 0) {
        r = http_args_read(ctx, call, &args);
    }
    for (size_t i = 0; i < countof(items); i++)
        JS_FreeValue(ctx, items[i]);
    return r;
}

/* A copy in capitals, in the call's arena. */
static struct str upper(struct http_call *call, struct str s)
{
    char *text = arena_alloc(&call->arena, s.n + 1);

    for (size_t i = 0; i < s.n; i++)
        text[i] = (char)(s.p[i] >= 'a' && s.p[i] <= 'z' ? s.p[i] - 32 : s.p[i]);
    return str_from(text, s.n);
}

/* {method?, url, body?, params?} */
struct fields {
    JSValue method, url, body, params;
};

static int read_fields(JSContext *ctx, struct http_call *call, const struct fields *f,
                       struct str key)
{
    struct http_args args = {.url = f->url, .body = f->body, .params = f->params};

    if (JS_IsException(f->method) || JS_IsException(f->url) || JS_IsException(f->body) ||
        JS_IsException(f->params))
        return -1;
    if (JS_IsUndefined(f->url))
        return http_call_fail(call, 0, "batch request %.*s doesn't have a url key", STR_ARG(key));
    if (JS_IsString(f->method)) {
        if (http_call_text(ctx, call, f->method, &args.method) < 0)
            return -1;
        args.method = upper(call, args.method);
    } else if (!JS_IsUndefined(f->method)) {
        return fail_element(ctx, call, "method type", f->method);
    }
    if (args.method.n == 0 || str_is(args.method, "GET") || str_is(args.method, "HEAD"))
        args.body = JS_UNDEFINED;
    return http_args_read(ctx, call, &args);
}

static int read_object(JSContext *ctx, struct http_call *call, JSValueConst v, struct str key)
{
    const struct js_http *http = call->http;
    struct fields f = {
        .method = JS_GetProperty(ctx, v, http->atom.method),
        .url = JS_GetProperty(ctx, v, http->atom.url),
        .body = JS_GetProperty(ctx, v, http->atom.body),
        .params = JS_GetProperty(ctx, v, http->atom.params),
    };
    int r = read_fields(ctx, call, &f, key);

    JS_FreeValue(ctx, f.method);
    JS_FreeValue(ctx, f.url);
    JS_FreeValue(ctx, f.body);
    JS_FreeValue(ctx, f.params);
    return r;
}

static int read_element(JSContext *ctx, struct http_call *call, JSValueConst v, struct str key)
{
    if (JS_IsArray(v))
        return read_array(ctx, call, v);
    if (JS_IsObject(v) && !http_is_url(v) && !JS_IsFunction(ctx, v))
        return read_object(ctx, call, v, key);
    return http_args_read(ctx, call,
                          &(struct http_args){
                              .method = STR("GET"),
                              .url = v,
                              .body = JS_UNDEFINED,
                              .params = JS_UNDEFINED,
                          });
}

/* ---- all elements ---- */

static int add_element(JSContext *ctx, struct batch *b, size_t cap, JSAtom key, JSValueConst v)
{
    struct http_call *call;
    struct str name = {0};

    if (b->n >= cap) { /* the object grew under our hands */
        js_throw(ctx, "http.batch() was given an object that changes while it is read");
        return -1;
    }
    if (http_call_atom_text(ctx, b->owner, key, &name) < 0)
        return -1;
    call = http_call_take(ctx, http_user_of(ctx));
    b->calls[b->n++] = call;
    return read_element(ctx, call, v, name);
}

/* Reads elements until one fails. Returns as http_args_read(). */
static int read_all(JSContext *ctx, struct batch *b, size_t cap, JSValueConst v)
{
    struct js_props it = js_props(ctx, v);
    int r = 0;

    while (r == 0 && js_props_next(ctx, &it))
        r = add_element(ctx, b, cap, it.key, it.value);
    return js_props_end(ctx, &it) < 0 ? -1 : r;
}

/* The number of elements, or -1 with an exception. */
static int64_t count_elements(JSContext *ctx, JSValueConst v)
{
    struct js_props it = js_props(ctx, v);
    int64_t n = 0;

    while (js_props_next(ctx, &it))
        n++;
    return js_props_end(ctx, &it) < 0 ? -1 : n;
}

/* ---- results ---- */

/* Defines the result of the i-th element (taken over) under the key of the element. */
static int put_result(JSContext *ctx, struct batch *b, size_t i, JSValue v)
{
    struct str key;
    JSAtom atom;
    int r;

    if (JS_IsException(v))
        return -1;
    if (b->is_array)
        return JS_DefinePropertyValueUint32(ctx, b->results, (uint32_t)i, v, JS_PROP_C_W_E);
    /* The owner's texts are the keys, one for each element. */
    key = str_of(b->owner->texts[i]);
    atom = JS_NewAtomLen(ctx, key.p, key.n);
    r = JS_DefinePropertyValue(ctx, b->results, atom, v, JS_PROP_C_W_E);
    JS_FreeAtom(ctx, atom);
    return r;
}

/* Nothing is sent: the bad element carries its error, those before it nothing, later ones null. */
static int refuse_all(JSContext *ctx, struct batch *b, size_t n_elements)
{
    const struct http_call *bad = b->calls[b->n - 1];

    if (bad->vu->host->options->throw) {
        js_throw(ctx, "%.*s", STR_ARG(bad->error));
        return -1;
    }
    http_warn(ctx, "A batch request failed", "error", bad->error);
    for (size_t i = 0; i < b->n; i++) {
        if (put_result(ctx, b, i, http_response_invalid(ctx, b->calls[i])) < 0)
            return -1;
    }
    for (size_t i = b->n; b->is_array && i < n_elements; i++) {
        if (put_result(ctx, b, i, JS_NULL) < 0)
            return -1;
    }
    return 0;
}

/* Throws the first failure whose request says `throw`; true when there is one. */
static bool throw_first(JSContext *ctx, struct batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        if (!http_response_throws(b->calls[i], b->responses[i]))
            continue;
        JS_Throw(ctx, http_response_failure(ctx, b->calls[i], b->responses[i]));
        return true;
    }
    return false;
}

static int deliver_all(JSContext *ctx, struct batch *b)
{
    if (throw_first(ctx, b))
        return -1;
    for (size_t i = 0; i < b->n; i++) {
        struct http_response *r = take(b->responses[i]);

        if (put_result(ctx, b, i, http_response_object(ctx, b->calls[i], r)) < 0)
            return -1;
    }
    return 0;
}

static int send_all(JSContext *ctx, struct batch *b)
{
    struct arena *arena = &b->owner->arena;
    const struct http_request **requests = arena_new_n(arena, const struct http_request *, b->n);
    struct js_vu *vu = b->owner->vu;
    int r;

    b->responses = arena_new_n(arena, struct http_response *, b->n);
    for (size_t i = 0; i < b->n; i++)
        requests[i] = &b->calls[i]->req;
    js_suspend(vu);
    r = vu->host->ops->batch(vu->host, requests, b->n, b->responses);
    js_resume(vu);
    return js_host_ok(ctx, r) ? deliver_all(ctx, b) : -1;
}

/* ---- the function ---- */

static int run_batch(JSContext *ctx, struct batch *b, JSValueConst v)
{
    int64_t n = count_elements(ctx, v);
    int r;

    if (n < 0)
        return -1;
    if (n > BATCH_MAX) {
        js_throw(ctx, "http.batch() takes at most %d requests", BATCH_MAX);
        return -1;
    }
    b->calls = arena_new_n(&b->owner->arena, struct http_call *, (size_t)n);
    r = read_all(ctx, b, (size_t)n, v);
    if (r == 0)
        return b->n > 0 ? send_all(ctx, b) : 0;
    return r > 0 ? refuse_all(ctx, b, (size_t)n) : -1;
}

static void batch_fini(JSContext *ctx, struct batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        if (b->responses)
            http_response_unref(b->responses[i]);
        http_call_give(ctx, b->calls[i]);
    }
    http_call_give(ctx, b->owner);
}

/* Throws what is wrong with the arguments themselves; true when they are usable. */
static bool check_arguments(JSContext *ctx, int argc, JSValueConst *argv)
{
    if (!http_allowed(ctx, "Using batch"))
        return false;
    if (argc == 0) {
        js_throw(ctx, "no argument was provided to http.batch()");
    } else if (argc > 1) {
        js_throw(ctx, "http.batch() accepts only an array or an object of requests");
    } else if (!JS_IsObject(argv[0]) || JS_IsFunction(ctx, argv[0])) {
        js_throw(ctx, "invalid http.batch() argument type %s", http_type_name(ctx, argv[0]));
    } else {
        return true;
    }
    return false;
}

JSValue http_batch(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    struct batch b = {0};

    (void)this_val;
    if (!check_arguments(ctx, argc, argv))
        return JS_EXCEPTION;
    b.is_array = JS_IsArray(argv[0]);
    b.results = b.is_array ? JS_NewArray(ctx) : JS_NewObject(ctx);
    b.owner = http_call_take(ctx, http_user_of(ctx));
    if (JS_IsException(b.results) || run_batch(ctx, &b, argv[0]) < 0) {
        JS_FreeValue(ctx, b.results);
        b.results = JS_EXCEPTION;
    }
    batch_fini(ctx, &b);
    return b.results;
}
