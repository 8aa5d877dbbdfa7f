/*
 * The global object as k6 scripts find it (§1.8). Everything here is made once per realm and shared
 * by its users, so the names whose value differs from user to user are accessors: __ENV, __VU,
 * __ITER, globalThis and global. Assigning to the first three replaces the value for that user.
 */
#include "base/mem.h"
#include "script/js/js_json.h"
#include "script/js/js_script.h"
#include "script/js/module_url.h"

/* ---- per-user names ---- */

static void env_put(JSContext *ctx, JSValueConst env, const char *name, const char *value)
{
    JSAtom key = JS_NewAtom(ctx, name);

    JS_DefinePropertyValue(ctx, env, key, JS_NewString(ctx, value), JS_PROP_C_W_E);
    JS_FreeAtom(ctx, key);
}

static JSValue env_new(struct js_vu *vu)
{
    const struct script_config *c = &vu->script->config;
    const struct script_host *h = vu->host;
    JSValue env = JS_NewObject(vu->ctx);

    for (size_t i = 0; i < c->n_env; i++)
        env_put(vu->ctx, env, c->env_names[i], c->env_values[i]);
    for (size_t i = 0; i < h->n_scenario_env; i++)
        env_put(vu->ctx, env, h->scenario_env_names[i], h->scenario_env_values[i]);
    return env;
}

/* Made at its first use and anew at each activation. */
static JSValue get_env(JSContext *ctx, JSValueConst this_val)
{
    struct js_vu *vu = js_vu_of(ctx);

    (void)this_val;
    if (JS_IsUninitialized(vu->env) || vu->env_activation != vu->host->activation) {
        JS_FreeValue(ctx, vu->env);
        vu->env = env_new(vu);
        vu->env_activation = vu->host->activation;
    }
    return JS_DupValue(ctx, vu->env);
}

static JSValue set_env(JSContext *ctx, JSValueConst this_val, JSValueConst v)
{
    struct js_vu *vu = js_vu_of(ctx);

    (void)this_val;
    JS_FreeValue(ctx, vu->env);
    vu->env = JS_DupValue(ctx, v);
    vu->env_activation = vu->host->activation;
    return JS_UNDEFINED;
}

static JSValue get_vu(JSContext *ctx, JSValueConst this_val)
{
    const struct js_vu *vu = js_vu_of(ctx);

    (void)this_val;
    if (!JS_IsUninitialized(vu->vu_id))
        return JS_DupValue(ctx, vu->vu_id);
    return JS_NewInt64(ctx, (int64_t)vu->host->vu_id);
}

static JSValue set_vu(JSContext *ctx, JSValueConst this_val, JSValueConst v)
{
    struct js_vu *vu = js_vu_of(ctx);

    (void)this_val;
    JS_FreeValue(ctx, vu->vu_id);
    vu->vu_id = JS_DupValue(ctx, v);
    return JS_UNDEFINED;
}

static JSValue get_iter(JSContext *ctx, JSValueConst this_val)
{
    const struct js_vu *vu = js_vu_of(ctx);

    (void)this_val;
    if (!JS_IsUninitialized(vu->iter))
        return JS_DupValue(ctx, vu->iter);
    return vu->host->iteration < 0 ? JS_UNDEFINED : JS_NewInt64(ctx, vu->host->iteration);
}

static JSValue set_iter(JSContext *ctx, JSValueConst this_val, JSValueConst v)
{
    struct js_vu *vu = js_vu_of(ctx);

    (void)this_val;
    JS_FreeValue(ctx, vu->iter);
    vu->iter = JS_DupValue(ctx, v);
    return JS_UNDEFINED;
}

static JSValue get_global(JSContext *ctx, JSValueConst this_val)
{
    (void)this_val;
    return JS_GetGlobalObject(ctx);
}

/* `globalThis = x` is legal and does nothing good; keep the name as it is. */
static JSValue set_global(JSContext *ctx, JSValueConst this_val, JSValueConst v)
{
    (void)ctx;
    (void)this_val;
    (void)v;
    return JS_UNDEFINED;
}

/* ---- module and exports where they don't belong ---- */

static JSValue mixed_modules(JSContext *ctx, const char *name)
{
    return js_throw(ctx,
                    "the identifier \"%s\" was used in an ES module: CommonJS and ES module syntax "
                    "can't be mixed in one file, please use only one of them",
                    name);
}

static JSValue get_module(JSContext *ctx, JSValueConst this_val)
{
    (void)this_val;
    return mixed_modules(ctx, "module");
}

static JSValue get_exports(JSContext *ctx, JSValueConst this_val)
{
    (void)this_val;
    return mixed_modules(ctx, "exports");
}

/* ---- open() ---- */

/* The path that open() means: a file URL, or relative to the main script's directory. */
static char *open_path(JSContext *ctx, struct str name)
{
    struct js_script *s = js_vu_of(ctx)->script;
    struct buf url = {0};
    char *path;

    if (str_starts(name, STR("file://"))) {
        path = module_path_of_url(name);
    } else {
        scoped(freep) char *main_path = module_path_of_url(str_of(s->main_url));
        struct str dir = str_of(main_path);

        while (dir.n > 1 && dir.p[dir.n - 1] != '/')
            dir.n--;
        module_url_of_path(dir, name, &url);
        path = module_path_of_url(buf_str(&url));
        buf_fini(&url);
    }
    return path;
}

static JSValue open_file(JSContext *ctx, struct str name, bool binary)
{
    scoped(freep) char *path = open_path(ctx, name);
    const struct js_file *file;

    if (!path || js_file_get(js_vu_of(ctx)->script, path, &file) < 0)
        return js_throw_fault(ctx);
    if (binary)
        return JS_NewArrayBufferCopy(ctx, (const uint8_t *)file->data, file->n_data);
    return JS_NewStringLen(ctx, file->data, file->n_data);
}

static JSValue js_open(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    struct str name, mode = {0};
    JSValue v;

    (void)this_val;
    if (!js_in_init(ctx)) {
        return js_throw(ctx, "the \"open\" function is only available in the init stage (i.e. the "
                             "global scope)");
    }
    if (js_nullish(argv[0]))
        return js_throw(ctx, "open() can't be used with an empty filename");
    name = js_str(ctx, argv[0]);
    if (!name.p)
        return JS_EXCEPTION;
    if (argc > 1 && JS_IsString(argv[1]))
        mode = js_str(ctx, argv[1]);
    if (name.n == 0) {
        v = js_throw(ctx, "open() can't be used with an empty filename");
    } else {
        v = open_file(ctx, name, str_is(mode, "b"));
    }
    js_str_fini(ctx, mode);
    js_str_fini(ctx, name);
    return v;
}

/* ---- GoError, Error.prototype.stack, Array.isArray, Math.random ---- */

static JSValue go_error_new(JSContext *ctx, JSValueConst new_target, int argc, JSValueConst *argv)
{
    struct str message = argc > 0 && !JS_IsUndefined(argv[0]) ? js_str(ctx, argv[0]) : STR("");
    JSValue e;

    (void)new_target;
    if (!message.p)
        return JS_EXCEPTION;
    e = js_go_error(ctx, message);
    if (argc > 0 && !JS_IsUndefined(argv[0]))
        js_str_fini(ctx, message);
    return e;
}

static int define_go_error(JSContext *ctx, JSValueConst global)
{
    JSValue error = JS_GetPropertyStr(ctx, global, "Error");
    JSValue parent = JS_GetPropertyStr(ctx, error, "prototype");
    JSValue proto = JS_NewObjectProto(ctx, parent);
    JSValue ctor =
        JS_NewCFunction2(ctx, go_error_new, "GoError", 1, JS_CFUNC_constructor_or_func, 0);

    JS_DefinePropertyValueStr(ctx, proto, "name", JS_NewString(ctx, "GoError"),
                              JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE);
    JS_SetConstructor(ctx, ctor, proto);
    JS_DefinePropertyValueStr(ctx, global, "GoError", ctor,
                              JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE);
    js_realm_of(ctx)->go_error_proto = proto;
    JS_FreeValue(ctx, parent);
    JS_FreeValue(ctx, error);
    return 0;
}

/* Error.prototype.stack in the form scripts know: the error as text, then "\tat" lines. */
static JSValue get_stack(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv,
                         int magic, JSValueConst *data)
{
    JSValue raw = JS_Call(ctx, data[0], this_val, 0, NULL), v;
    struct buf text = {0};
    struct str s;

    (void)argc;
    (void)argv;
    (void)magic;
    if (!JS_IsString(raw))
        return raw;
    s = js_str(ctx, raw);
    js_error_format(ctx, this_val, s, &text);
    js_str_fini(ctx, s);
    JS_FreeValue(ctx, raw);
    v = js_new_str(ctx, buf_str(&text));
    buf_fini(&text);
    return v;
}

static int define_stack(JSContext *ctx, JSValueConst global)
{
    JSValue error = JS_GetPropertyStr(ctx, global, "Error");
    JSValue proto = JS_GetPropertyStr(ctx, error, "prototype"), getter;
    JSPropertyDescriptor d = {0};
    JSAtom stack = JS_NewAtom(ctx, "stack");
    int r = JS_GetOwnProperty(ctx, &d, proto, stack);

    if (r > 0) {
        getter = JS_NewCFunctionData(ctx, get_stack, 0, 0, 1, &d.getter);
        r = JS_DefineProperty(ctx, proto, stack, JS_UNDEFINED, getter, d.setter,
                              JS_PROP_HAS_GET | JS_PROP_HAS_SET | JS_PROP_HAS_CONFIGURABLE |
                                  JS_PROP_CONFIGURABLE);
        JS_FreeValue(ctx, getter);
        JS_FreeValue(ctx, d.getter);
        JS_FreeValue(ctx, d.setter);
        JS_FreeValue(ctx, d.value);
    }
    JS_FreeAtom(ctx, stack);
    JS_FreeValue(ctx, proto);
    JS_FreeValue(ctx, error);
    return r < 0 ? -1 : 0;
}

static JSValue is_array(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    JSValueConst v = argv[0];

    (void)this_val;
    (void)argc;
    if (JS_IsProxy(v)) {
        JSValue target = JS_GetProxyTarget(ctx, v);
        bool array = JS_IsArray(target);

        JS_FreeValue(ctx, target);
        return JS_NewBool(ctx, array);
    }
    return JS_NewBool(ctx, JS_IsArray(v) || JS_GetClassID(v) == JSC_SHARED_ARRAY);
}

/* xorshift128+, one state per user: the same seed gives the same numbers (not Go's). */
static uint64_t next_random(uint64_t s[2])
{
    uint64_t x = s[0], y = s[1];

    s[0] = y;
    x ^= x << 23;
    s[1] = x ^ y ^ (x >> 17) ^ (y >> 26);
    return s[1] + y;
}

static JSValue math_random(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    (void)this_val;
    (void)argc;
    (void)argv;
    return JS_NewFloat64(ctx, (double)(next_random(js_vu_of(ctx)->random) >> 11) * 0x1p-53);
}

static uint64_t split_mix(uint64_t *x)
{
    uint64_t z = *x += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void js_random_seed(struct js_vu *vu, uint64_t seed)
{
    vu->random[0] = split_mix(&seed);
    vu->random[1] = split_mix(&seed) | 1;
}

/* Replaces a method of a built-in object. */
static int replace(JSContext *ctx, JSValueConst global, const char *object, const char *name,
                   JSCFunction *function)
{
    JSValue o = JS_GetPropertyStr(ctx, global, object);
    int r = JS_DefinePropertyValueStr(ctx, o, name, JS_NewCFunction(ctx, function, name, 0),
                                      JS_PROP_CONFIGURABLE | JS_PROP_WRITABLE);

    JS_FreeValue(ctx, o);
    return r;
}

/* ---- all of it ---- */

static const JSCFunctionListEntry globals[] = {
    JS_CGETSET_DEF("__ENV", get_env, set_env),
    JS_CGETSET_DEF("__VU", get_vu, set_vu),
    JS_CGETSET_DEF("__ITER", get_iter, set_iter),
    JS_CGETSET_DEF("globalThis", get_global, set_global),
    JS_CGETSET_DEF("module", get_module, NULL),
    JS_CGETSET_DEF("exports", get_exports, NULL),
    JS_CFUNC_DEF("open", 2, js_open),
    JS_CFUNC_DEF("require", 1, js_require),
};

static const JSCFunctionListEntry extended_globals[] = {
    JS_CGETSET_DEF("global", get_global, set_global),
};

static int define_all(JSContext *ctx, JSValueConst global)
{
    const struct js_group *g = JS_GetRuntimeOpaque(JS_GetRuntime(ctx));

    if (js_define(ctx, global, globals, countof(globals)) < 0 || define_go_error(ctx, global) < 0 ||
        define_stack(ctx, global) < 0 || replace(ctx, global, "Array", "isArray", is_array) < 0 ||
        replace(ctx, global, "Math", "random", math_random) < 0)
        return -1;
    if (!g->loop->script->config.compat_base &&
        js_define(ctx, global, extended_globals, countof(extended_globals)) < 0)
        return -1;
    if (js_console_define(ctx, global) < 0 || js_text_define(ctx, global) < 0)
        return -1;
    return js_timers_define(ctx, global);
}

int js_globals_define(JSContext *ctx)
{
    JSValue global = JS_GetGlobalObject(ctx);
    int r = define_all(ctx, global);

    JS_FreeValue(ctx, global);
    return r;
}
