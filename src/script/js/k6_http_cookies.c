/*
 * CookieJar. `new http.CookieJar()` owns a jar of its own; http.cookieJar() stands for the jar of
 * the running iteration, whichever that is when a method is called.
 */
#include <string.h>

#include "proto/cookie.h"
#include "proto/url.h"
#include "script/js/k6_http_priv.h"

enum {
    RFC1123_BYTES = 29, /* "Mon, 02 Jan 2006 15:04:05 GMT" */
};

struct js_jar {
    struct cookie_jar *own; /* NULL: the iteration's */
};

static void jar_finalize(JSRuntime *rt, JSValueConst obj)
{
    struct js_jar *jar = JS_GetOpaque(obj, JSC_HTTP_COOKIE_JAR);

    if (!jar)
        return;
    cookie_jar_free(jar->own);
    js_free_rt(rt, jar);
}

static const JSClassDef jar_class = {
    .class_name = "CookieJar",
    .finalizer = jar_finalize,
};

struct cookie_jar *http_jar_of(JSContext *ctx, JSValueConst v)
{
    const struct js_jar *jar = JS_GetOpaque(v, JSC_HTTP_COOKIE_JAR);

    if (!jar)
        return NULL;
    return jar->own ? jar->own : js_host_of(ctx)->jar;
}

static JSValue jar_object(JSContext *ctx, struct cookie_jar *own)
{
    JSValue obj = JS_NewObjectClass(ctx, JSC_HTTP_COOKIE_JAR);
    struct js_jar *jar = JS_IsException(obj) ? NULL : js_mallocz(ctx, sizeof(*jar));

    if (!jar) {
        cookie_jar_free(own);
        JS_FreeValue(ctx, obj);
        return JS_EXCEPTION;
    }
    jar->own = own;
    JS_SetOpaque(obj, jar);
    return obj;
}

static JSValue http_cookie_jar_new(JSContext *ctx, JSValueConst target, int argc,
                                   JSValueConst *argv)
{
    (void)target;
    (void)argc;
    (void)argv;
    return jar_object(ctx, cookie_jar_new());
}

static JSValue http_cookie_jar(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    (void)self;
    (void)argc;
    (void)argv;
    if (!http_allowed(ctx, "Making cookie jars"))
        return JS_EXCEPTION;
    return jar_object(ctx, NULL);
}

/* ---- methods ---- */

/* What every method begins with: its jar and its URL. */
struct jar_target {
    struct cookie_jar *jar;
    struct url *url; /* a reference */
};

static int find_target(JSContext *ctx, JSValueConst self, JSValueConst url,
                       struct jar_target *ret_target)
{
    struct cookie_jar *jar = http_jar_of(ctx, self);
    struct str text;
    int r;

    if (!jar) {
        JS_ThrowTypeError(ctx, "there is no cookie jar here");
        return -1;
    }
    text = js_str(ctx, url);
    if (!text.p)
        return -1;
    r = url_cache_get(http_user_of(ctx)->http->urls, text, &ret_target->url);
    js_str_fini(ctx, text);
    if (r != 0) {
        js_throw_fault(ctx);
        return -1;
    }
    ret_target->jar = jar;
    return 0;
}

struct collector {
    JSContext *ctx;
    JSValue obj;
    bool failed;
};

/* Appends a value to the array of its name. */
static void collect(void *arg, struct str name, struct str value)
{
    struct collector *c = arg;

    if (!c->failed && http_field_append(c->ctx, c->obj, name, js_new_str(c->ctx, value)) < 0)
        c->failed = true;
}

static JSValue jar_cookies_for_url(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    struct jar_target t = {0};
    struct collector c = {.ctx = ctx};

    (void)argc;
    if (find_target(ctx, self, argv[0], &t) < 0)
        return JS_EXCEPTION;
    c.obj = JS_NewObject(ctx);
    if (!JS_IsException(c.obj))
        cookie_jar_each(t.jar, t.url, clock_wall(), collect, &c);
    url_unref(t.url);
    if (c.failed) {
        JS_FreeValue(ctx, c.obj);
        return JS_EXCEPTION;
    }
    return c.obj;
}

static JSValue jar_clear(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    struct jar_target t = {0};

    (void)argc;
    if (find_target(ctx, self, argv[0], &t) < 0)
        return JS_EXCEPTION;
    cookie_jar_delete(t.jar, t.url, (struct str){0}, clock_wall());
    url_unref(t.url);
    return JS_UNDEFINED;
}

static JSValue jar_delete(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    struct jar_target t = {0};
    struct str name = {0};
    JSValue v = JS_UNDEFINED;

    (void)argc;
    if (find_target(ctx, self, argv[0], &t) < 0)
        return JS_EXCEPTION;
    if (!js_nullish(argv[1])) {
        name = js_str(ctx, argv[1]);
        if (!name.p)
            v = JS_EXCEPTION;
    }
    if (!JS_IsException(v)) {
        if (name.n == 0) {
            v = js_throw(ctx, "cookie: is null");
        } else {
            cookie_jar_delete(t.jar, t.url, name, clock_wall());
        }
    }
    js_str_fini(ctx, name);
    url_unref(t.url);
    return v;
}

/* ---- set() ---- */

/* The option of set() that a value is for; names are compared without regard to case. */
struct set_option {
    const char *name;
    int (*read)(JSContext *ctx, struct http_call *call, struct cookie *c, JSValueConst v);
};

static int set_domain(JSContext *ctx, struct http_call *call, struct cookie *c, JSValueConst v)
{
    return http_call_text(ctx, call, v, &c->domain);
}

static int set_path(JSContext *ctx, struct http_call *call, struct cookie *c, JSValueConst v)
{
    return http_call_text(ctx, call, v, &c->path);
}

/* Only the one form of a date, letter by letter where it has fixed letters. */
static bool is_rfc1123(struct str s)
{
    static const char form[] = "aaa, 00 aaa 0000 00:00:00 aaa";

    if (s.n != RFC1123_BYTES)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        bool letter = ascii_lower(s.p[i]) >= 'a' && ascii_lower(s.p[i]) <= 'z';
        char kind = form[i];

        if (kind == 'a' ? !letter : kind == '0' ? !ascii_digit(s.p[i]) : s.p[i] != kind)
            return false;
    }
    return true;
}

static int set_expires(JSContext *ctx, struct http_call *call, struct cookie *c, JSValueConst v)
{
    struct str text = {0};

    if (http_call_text(ctx, call, v, &text) < 0)
        return -1;
    if (is_rfc1123(text) && cookie_date_parse(text, &c->expires_s)) {
        c->has_expires = true;
        return 0;
    }
    js_throw(ctx,
             "unable to parse \"expires\" date string \"%.*s\": parsing time \"%.*s\" as \"Mon, 02 "
             "Jan 2006 15:04:05 MST\": cannot parse it",
             STR_ARG(text), STR_ARG(text));
    return -1;
}

static int set_max_age(JSContext *ctx, struct http_call *call, struct cookie *c, JSValueConst v)
{
    (void)call;
    if (JS_ToInt64(ctx, &c->max_age, v) < 0)
        return -1;
    c->has_max_age = c->max_age != 0;
    return 0;
}

static int set_secure(JSContext *ctx, struct http_call *call, struct cookie *c, JSValueConst v)
{
    (void)call;
    c->secure = JS_ToBool(ctx, v) > 0;
    return 0;
}

static int set_http_only(JSContext *ctx, struct http_call *call, struct cookie *c, JSValueConst v)
{
    (void)call;
    c->http_only = JS_ToBool(ctx, v) > 0;
    return 0;
}

static const struct set_option set_options[] = {
    {"domain", set_domain},   {"path", set_path},     {"expires", set_expires},
    {"max_age", set_max_age}, {"secure", set_secure}, {"http_only", set_http_only},
};

static int read_option(JSContext *ctx, struct http_call *call, struct cookie *c, struct str name,
                       JSValueConst v)
{
    for (size_t i = 0; i < countof(set_options); i++) {
        if (str_eq_nocase(name, str_of(set_options[i].name)))
            return set_options[i].read(ctx, call, c, v);
    }
    return 0;
}

static int take_option(JSContext *ctx, struct http_call *call, JSAtom key, JSValueConst v,
                       void *arg)
{
    struct str name = {0};

    if (http_call_atom_text(ctx, call, key, &name) < 0)
        return -1;
    return read_option(ctx, call, arg, name, v);
}

static int read_set(JSContext *ctx, struct http_call *call, struct cookie *c, JSValueConst *argv)
{
    if (!js_nullish(argv[1]) && http_call_text(ctx, call, argv[1], &c->name) < 0)
        return -1;
    if (!js_nullish(argv[2]) && http_call_text(ctx, call, argv[2], &c->value) < 0)
        return -1;
    return http_call_each(ctx, call, argv[3], take_option, c);
}

/* A cookie that is not for the URL's host is dropped without a word, as a browser would. */
static JSValue jar_set(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    struct cookie c = {.expires_s = COOKIE_EXPIRES_UNSET};
    struct jar_target t = {0};
    struct http_call *call;
    int r;

    (void)argc;
    if (find_target(ctx, self, argv[0], &t) < 0)
        return JS_EXCEPTION;
    /* A call is where texts live; requests are not possible in init code, jars are. */
    call = http_call_take(ctx, http_user_of(ctx));
    r = read_set(ctx, call, &c, argv);
    if (r == 0)
        ignored(cookie_jar_store(t.jar, t.url, &c, clock_wall()));
    http_call_give(ctx, call);
    url_unref(t.url);
    return r == 0 ? JS_TRUE : JS_EXCEPTION;
}

/* ---- the module's part ---- */

/* `length` arguments are there even when the script gives fewer. */
static const JSCFunctionListEntry jar_methods[] = {
    JS_CFUNC_DEF("clear", 1, jar_clear),
    JS_CFUNC_DEF("cookiesForURL", 1, jar_cookies_for_url),
    JS_CFUNC_DEF("delete", 2, jar_delete),
    JS_CFUNC_DEF("set", 4, jar_set),
};

static const JSCFunctionListEntry functions[] = {
    {
        "CookieJar",
        JS_PROP_C_W_E,
        JS_DEF_CFUNC,
        0,
        {.func = {0, JS_CFUNC_constructor_or_func, {.generic = http_cookie_jar_new}}},
    },
    JS_CFUNC_DEF2("cookieJar", 0, http_cookie_jar, JS_PROP_C_W_E),
};

int http_cookies_init(JSContext *ctx, JSValueConst exports)
{
    JSValue proto;

    if (js_class_register(ctx, JSC_HTTP_COOKIE_JAR, &jar_class) < 0)
        return -1;
    proto = JS_NewObject(ctx);
    if (JS_IsException(proto))
        return -1;
    JS_SetClassProto(ctx, JSC_HTTP_COOKIE_JAR, proto);
    if (js_define(ctx, proto, jar_methods, countof(jar_methods)) < 0)
        return -1;
    return js_define(ctx, exports, functions, countof(functions));
}
