/*
 * The small values that requests are made of: http.url templates, http.file parts and the sets of
 * http.expectedStatuses(). Each has a class of its own, so that a request knows them from plain
 * objects; their fields are ordinary properties.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "script/js/k6_http_priv.h"

enum {
    MAX_RANGES = 64, /* arguments of one expectedStatuses() */
};

static const JSClassDef url_class = {.class_name = "URL"};
static const JSClassDef file_class = {.class_name = "FileData"};

bool http_is_url(JSValueConst v)
{
    return JS_GetClassID(v) == JSC_HTTP_URL;
}

bool http_is_file(JSValueConst v)
{
    return JS_GetClassID(v) == JSC_HTTP_FILE;
}

/* Defines obj.name = value (taken over) on an object of ours. */
static int define(JSContext *ctx, JSValueConst obj, const char *name, JSValue value)
{
    return JS_DefinePropertyValueStr(ctx, obj, name, value, JS_PROP_C_W_E);
}

/* ---- http.url ---- */

/* Both texts of a template while they grow. */
struct template_text {
    struct buf url;
    struct buf name;
};

static int add_value(JSContext *ctx, struct buf *out, JSValueConst v)
{
    struct str text = js_str(ctx, v);
    int r;

    if (!text.p)
        return -1;
    r = buf_add(out, text.p, text.n);
    js_str_fini(ctx, text);
    return r == 0 ? 0 : (JS_ThrowRangeError(ctx, "the URL is too long"), -1);
}

static int add_part(JSContext *ctx, struct template_text *t, JSValueConst parts, int64_t i)
{
    JSValue part = JS_GetPropertyInt64(ctx, parts, i);
    int r = -1;

    if (!JS_IsException(part) && add_value(ctx, &t->url, part) == 0 &&
        add_value(ctx, &t->name, part) == 0)
        r = 0;
    JS_FreeValue(ctx, part);
    return r;
}

static int fill_template(JSContext *ctx, struct template_text *t, int argc, JSValueConst *argv)
{
    int64_t n_parts = 0;

    if (argc > 0 && JS_GetLength(ctx, argv[0], &n_parts) < 0)
        return -1;
    for (int64_t i = 0; i < n_parts; i++) {
        if (add_part(ctx, t, argv[0], i) < 0)
            return -1;
        if (i + 1 >= argc)
            continue;
        if (add_value(ctx, &t->url, argv[i + 1]) < 0)
            return -1;
        buf_puts(&t->name, "${}");
    }
    return 0;
}

/* The URL as it may be shown: without what stands before an '@' in its authority. */
static JSValue clean_url(JSContext *ctx, struct str url)
{
    size_t start = str_find_str(url, STR("://")) + 3;
    struct str rest = str_from_index(url, start);
    struct str authority = str_from(rest.p, str_find(rest, '/'));
    size_t at = str_find(authority, '@');
    scoped(buf_fini) struct buf out = BUF_INIT(0);

    if (start > url.n || at == authority.n)
        return js_new_str(ctx, url);
    buf_putstr(&out, str_from(url.p, start));
    buf_puts(&out, str_find(authority, ':') < at ? "****:****" : "****");
    buf_putstr(&out, str_from_index(rest, at));
    return js_new_str(ctx, buf_str(&out));
}

static JSValue url_object(JSContext *ctx, const struct template_text *t)
{
    JSValue obj = JS_NewObjectClass(ctx, JSC_HTTP_URL);

    if (JS_IsException(obj))
        return obj;
    if (define(ctx, obj, "name", js_new_str(ctx, buf_str(&t->name))) < 0 ||
        define(ctx, obj, "url", js_new_str(ctx, buf_str(&t->url))) < 0 ||
        define(ctx, obj, "clean_url", clean_url(ctx, buf_str(&t->url))) < 0) {
        JS_FreeValue(ctx, obj);
        return JS_EXCEPTION;
    }
    return obj;
}

static JSValue http_url(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    struct template_text t = {BUF_INIT(1 << 20), BUF_INIT(2 << 20)};
    JSValue v = JS_EXCEPTION;

    (void)self;
    if (argc > 0 && !JS_IsArray(argv[0]))
        return JS_ThrowTypeError(ctx, "http.url is a template tag: http.url`http://host/${id}`");
    if (fill_template(ctx, &t, argc, argv) == 0)
        v = url_object(ctx, &t);
    buf_fini(&t.url);
    buf_fini(&t.name);
    return v;
}

/* ---- http.file ---- */

static JSValue default_filename(JSContext *ctx)
{
    char text[32];
    struct buf b = {.data = text, .cap = sizeof(text), .limit = sizeof(text)};

    buf_put_u64(&b, (uint64_t)clock_wall());
    return js_new_str(ctx, buf_str(&b));
}

static JSValue text_or(JSContext *ctx, int argc, JSValueConst *argv, int i, JSValue otherwise)
{
    if (i >= argc || JS_IsUndefined(argv[i]))
        return otherwise;
    JS_FreeValue(ctx, otherwise);
    return JS_ToString(ctx, argv[i]);
}

static JSValue http_file(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    JSValueConst data = argc > 0 ? argv[0] : JS_UNDEFINED;
    JSValue obj;

    (void)self;
    if (!JS_IsString(data) && !JS_IsArrayBuffer(data)) {
        return js_throw(ctx, "invalid type %s, expected string or ArrayBuffer",
                        http_type_name(ctx, data));
    }
    obj = JS_NewObjectClass(ctx, JSC_HTTP_FILE);
    if (JS_IsException(obj))
        return obj;
    if (define(ctx, obj, "data", JS_DupValue(ctx, data)) < 0 ||
        define(ctx, obj, "filename", text_or(ctx, argc, argv, 1, default_filename(ctx))) < 0 ||
        define(ctx, obj, "content_type",
               text_or(ctx, argc, argv, 2, JS_NewString(ctx, "application/octet-stream"))) < 0) {
        JS_FreeValue(ctx, obj);
        return JS_EXCEPTION;
    }
    return obj;
}

/* ---- http.expectedStatuses ---- */

static void expected_finalize(JSRuntime *rt, JSValueConst obj)
{
    (void)rt;
    free(JS_GetOpaque(obj, JSC_HTTP_EXPECTED));
}

static const JSClassDef expected_class = {
    .class_name = "ExpectedStatuses",
    .finalizer = expected_finalize,
};

const struct status_set *http_expected_of(JSValueConst v)
{
    return JS_GetOpaque(v, JSC_HTTP_EXPECTED);
}

/* An integer that can be a status; anything bigger is as good as the biggest. */
static bool read_status(JSContext *ctx, JSValueConst v, int16_t *ret_status)
{
    double d = 0;

    if (!JS_IsNumber(v) || JS_ToFloat64(ctx, &d, v) < 0)
        return false;
    if (d < INT16_MIN || d > INT16_MAX)
        d = d < 0 ? INT16_MIN : INT16_MAX;
    *ret_status = (int16_t)d;
    return (double)*ret_status == d;
}

static JSValue fail_neither(JSContext *ctx, int i)
{
    return js_throw(ctx,
                    "argument number %d to expectedStatuses was neither an integer nor an object "
                    "like {min:100, max:329}",
                    i + 1);
}

/* Reads {min, max}; JS_UNDEFINED, or JS_EXCEPTION. */
static JSValue read_range(JSContext *ctx, JSValueConst v, int i, int16_t *ret_min, int16_t *ret_max)
{
    const struct js_http *http = http_user_of(ctx)->http;
    JSValue min = JS_GetProperty(ctx, v, http->atom.min);
    JSValue max = JS_GetProperty(ctx, v, http->atom.max);
    JSValue r = JS_UNDEFINED;

    if (JS_IsException(min) || JS_IsException(max)) {
        r = JS_EXCEPTION;
    } else if (js_nullish(min) || js_nullish(max)) {
        r = fail_neither(ctx, i);
    } else if (!read_status(ctx, min, ret_min) || !read_status(ctx, max, ret_max)) {
        r = js_throw(ctx, "both min and max need to be integers for argument number %d", i + 1);
    }
    JS_FreeValue(ctx, min);
    JS_FreeValue(ctx, max);
    return r;
}

static JSValue fill_expected(JSContext *ctx, struct status_set *set, int argc, JSValueConst *argv)
{
    for (int i = 0; i < argc; i++) {
        int16_t *min = &set->range[i].min;
        int16_t *max = &set->range[i].max;

        if (JS_IsObject(argv[i])) {
            JSValue r = read_range(ctx, argv[i], i, min, max);

            if (JS_IsException(r))
                return r;
        } else if (read_status(ctx, argv[i], min)) {
            *max = *min;
        } else {
            return fail_neither(ctx, i);
        }
        set->n++;
    }
    return JS_UNDEFINED;
}

static JSValue http_expected_statuses(JSContext *ctx, JSValueConst self, int argc,
                                      JSValueConst *argv)
{
    struct status_set *set;
    JSValue obj;

    (void)self;
    if (argc == 0)
        return js_throw(ctx, "no arguments");
    if (argc > MAX_RANGES)
        return js_throw(ctx, "expectedStatuses takes at most %d arguments", MAX_RANGES);
    obj = JS_NewObjectClass(ctx, JSC_HTTP_EXPECTED);
    if (JS_IsException(obj))
        return obj;
    set = xcalloc(1, sizeof(*set) + (size_t)argc * sizeof(set->range[0]));
    JS_SetOpaque(obj, set);
    if (JS_IsException(fill_expected(ctx, set, argc, argv))) {
        JS_FreeValue(ctx, obj);
        return JS_EXCEPTION;
    }
    return obj;
}

static JSValue http_set_response_callback(JSContext *ctx, JSValueConst self, int argc,
                                          JSValueConst *argv)
{
    struct http_user *user = http_user_of(ctx);
    JSValueConst v = argc > 0 ? argv[0] : JS_NULL;

    (void)self;
    if (!JS_IsNull(v) && !http_expected_of(v))
        return js_throw(ctx, "unsupported argument, expected http.expectedStatuses");
    JS_FreeValue(ctx, user->callback);
    user->callback = JS_DupValue(ctx, v);
    return JS_UNDEFINED;
}

/* ---- the module's part ---- */

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF2("url", 0, http_url, JS_PROP_C_W_E),
    JS_CFUNC_DEF2("file", 3, http_file, JS_PROP_C_W_E),
    JS_CFUNC_DEF2("expectedStatuses", 0, http_expected_statuses, JS_PROP_C_W_E),
    JS_CFUNC_DEF2("setResponseCallback", 1, http_set_response_callback, JS_PROP_C_W_E),
};

int http_values_init(JSContext *ctx, JSValueConst exports)
{
    if (http_plain_class(ctx, JSC_HTTP_URL, &url_class) < 0 ||
        http_plain_class(ctx, JSC_HTTP_FILE, &file_class) < 0 ||
        http_plain_class(ctx, JSC_HTTP_EXPECTED, &expected_class) < 0)
        return -1;
    return js_define(ctx, exports, functions, countof(functions));
}
