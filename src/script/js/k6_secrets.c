/*
 * Module k6/secrets (§2.16): secrets.get(key) and secrets.source(name).get(key), promises of
 * strings. The host looks a value up, suspending this user when it has to ask somebody; the promise
 * is settled before get() returns, and script code sees that only later, as with any promise.
 */
#include "base/mem.h"
#include "script/js/js_script.h"

static void source_finalizer(JSRuntime *rt, JSValueConst v)
{
    (void)rt;
    free(JS_GetOpaque(v, JSC_SECRET_SOURCE));
}

static const JSClassDef source_class = {"SecretSource", .finalizer = source_finalizer};

/* A promise rejected with a GoError. */
static JSValue rejected(JSContext *ctx, struct str why)
{
    JSValue e = js_go_error(ctx, why), promise = JS_NewSettledPromise(ctx, true, e);

    JS_FreeValue(ctx, e);
    return promise;
}

static JSValue resolved(JSContext *ctx, struct str text)
{
    JSValue v = js_new_str(ctx, text), promise = JS_NewSettledPromise(ctx, false, v);

    JS_FreeValue(ctx, v);
    return promise;
}

static JSValue look_up(JSContext *ctx, struct str source, struct str key)
{
    struct js_vu *vu = js_vu_of(ctx);
    struct buf value = {0};
    JSValue promise;
    int r;

    if (!vu->host->ops->secret)
        return rejected(ctx, STR("no secret sources are configured"));
    js_suspend(vu);
    r = vu->host->ops->secret(vu->host, source, key, &value);
    js_resume(vu);
    if (r == SCRIPT_E_REFUSED) {
        promise = rejected(ctx, buf_str(&value));
    } else if (!js_host_ok(ctx, r)) {
        promise = JS_EXCEPTION;
    } else {
        promise = resolved(ctx, buf_str(&value));
    }
    if (value.data)
        explicit_bzero(value.data, value.cap);
    buf_fini(&value);
    return promise;
}

static JSValue get_from(JSContext *ctx, const char *source, int argc, JSValueConst *argv)
{
    struct str key = js_str(ctx, argc > 0 ? argv[0] : JS_UNDEFINED);
    scoped(freep) char *held = NULL; /* the string may go away while the user is suspended */
    size_t n = key.n;

    if (!key.p)
        return JS_EXCEPTION;
    held = js_copy(key);
    js_str_fini(ctx, key);
    return look_up(ctx, str_of(source), str_from(held, n));
}

static JSValue secrets_get(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void)this_val;
    return get_from(ctx, "", argc, argv);
}

static JSValue source_get(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    const char *name = JS_GetOpaque2(ctx, this_val, JSC_SECRET_SOURCE);

    return name ? get_from(ctx, name, argc, argv) : JS_EXCEPTION;
}

static JSValue secrets_source(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    struct str name = js_str(ctx, argc > 0 ? argv[0] : JS_UNDEFINED);
    JSValue v;

    (void)this_val;
    if (!name.p)
        return JS_EXCEPTION;
    v = JS_NewObjectClass(ctx, JSC_SECRET_SOURCE);
    if (!JS_IsException(v))
        JS_SetOpaque(v, xstrndup(name.p, name.n));
    js_str_fini(ctx, name);
    return v;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF2("get", 1, secrets_get, JS_PROP_C_W_E),
    JS_CFUNC_DEF2("source", 1, secrets_source, JS_PROP_C_W_E),
};

static const JSCFunctionListEntry source_functions[] = {
    JS_CFUNC_DEF("get", 1, source_get),
};

static int init(JSContext *ctx, JSValueConst exports)
{
    JSValue proto;

    if (js_class_register(ctx, JSC_SECRET_SOURCE, &source_class) < 0)
        return -1;
    proto = JS_NewObject(ctx);
    if (js_define(ctx, proto, source_functions, countof(source_functions)) < 0)
        return -1;
    JS_SetClassProto(ctx, JSC_SECRET_SOURCE, proto);
    return js_define(ctx, exports, functions, countof(functions));
}

const struct js_module js_module_secrets = {.name = "k6/secrets",
                                            .init = init,
                                            .default_only = true,
                                            .no_named_exports = true};
