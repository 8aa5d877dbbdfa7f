/*
 * Linking: how a user's modules come to be. QuickJS asks for each import twice, for its name
 * (normalise) and for the module of that name (load); CommonJS goes through require().
 *
 *   built-in   one native module per realm, evaluated when it is made and then shared by all users
 *   ES module  read from bytecode once per realm, then cloned for each user: a clone has its own
 *              variables and the same bytecode
 *   CommonJS   its bytecode is shared; the body runs when the module is asked for first, and a
 *              native module of the user's own carries what it exported
 *   JSON       parsed per user; the default export
 *
 * Names that a native module doesn't have are added as `undefined` before linking, as k6 lets them
 * pass (§1.9).
 */
#include <assert.h>

#include "base/mem.h"
#include "script/js/js_script.h"
#include "script/js/module_url.h"

/* A CommonJS module of one user. */
struct js_cjs {
    JSValue module; /* the object `module` */
};

/* ---- names ---- */

static char *normalize(JSContext *ctx, const char *base, const char *spec, void *opaque)
{
    struct buf url = {0};
    char *name;

    (void)opaque;
    if (!js_in_init(ctx)) {
        js_throw(ctx,
                 "the module \"%s\" can't be imported here: imports are only available in the "
                 "init stage",
                 spec);
        return NULL;
    }
    if (module_resolve(str_of(base), str_of(spec), &url) < 0) {
        buf_fini(&url);
        js_throw_fault(ctx);
        return NULL;
    }
    name = js_strndup(ctx, url.data, url.len);
    buf_fini(&url);
    return name;
}

/* ---- built-in modules ---- */

static int find_builtin(struct str name)
{
    for (size_t i = 0; i < js_n_modules; i++) {
        if (str_eq(str_of(js_modules[i]->name), name))
            return (int)i;
    }
    return -1;
}

/* Evaluation of a native module: gives its exports the properties of its private value. */
static int set_exports(JSContext *ctx, JSModuleDef *m)
{
    JSValue exports = JS_GetModulePrivateValue(ctx, m);
    struct js_props it = js_props(ctx, exports);

    while (js_props_next(ctx, &it)) {
        const char *name = JS_AtomToCString(ctx, it.key);

        ignored(JS_SetModuleExport(ctx, m, name, JS_DupValue(ctx, it.value)));
        JS_FreeCString(ctx, name);
    }
    JS_FreeValue(ctx, exports);
    return js_props_end(ctx, &it);
}

/* A native module with the properties of `exports` as named exports and `fallback` as default. */
static JSModuleDef *native_module(JSContext *ctx, const char *name, JSValueConst exports,
                                  JSValueConst fallback, bool named)
{
    JSModuleDef *m = JS_NewCModule(ctx, name, set_exports);
    JSValue values = JS_NewObject(ctx);
    struct js_props it = js_props(ctx, exports);

    JS_AddModuleExport(ctx, m, "default");
    JS_SetPropertyStr(ctx, values, "default", JS_DupValue(ctx, fallback));
    while (named && js_props_next(ctx, &it)) {
        const char *key = JS_AtomToCString(ctx, it.key);

        JS_DefinePropertyValue(ctx, values, it.key, JS_DupValue(ctx, it.value), JS_PROP_C_W_E);
        if (strcmp(key, "default") != 0)
            JS_AddModuleExport(ctx, m, key);
        JS_FreeCString(ctx, key);
    }
    JS_SetModulePrivateValue(ctx, m, values);
    return js_props_end(ctx, &it) < 0 ? NULL : m;
}

/* Runs a module of the native kind through to "evaluated". */
static int evaluate_native(JSContext *ctx, JSModuleDef *m)
{
    JSValue promise = JS_EvalFunction(ctx, js_module_value(m));

    JS_FreeValue(ctx, promise);
    return JS_IsException(promise) ? -1 : 0;
}

static int builtin_new(JSContext *ctx, struct js_realm *r, size_t index)
{
    const struct js_module *row = js_modules[index];
    JSValue exports = JS_NewObject(ctx);
    JSModuleDef *m;

    if (row->init(ctx, exports) < 0) {
        JS_FreeValue(ctx, exports);
        return -1;
    }
    m = native_module(ctx, row->name, exports, exports, !row->no_named_exports);
    if (!m || evaluate_native(ctx, m) < 0) {
        JS_FreeValue(ctx, exports);
        return -1;
    }
    js_module_move(m, &r->home);
    r->builtin[index] = m;
    r->builtin_exports[index] = exports;
    return 0;
}

int js_builtin_get(JSContext *ctx, size_t index, JSModuleDef **ret_module, JSValue *ret_exports)
{
    struct js_realm *r = js_realm_of(ctx);

    if (js_modules[index]->unsupported) {
        js_throw(ctx, "%s", js_modules[index]->unsupported);
        return -1;
    }
    if (!r->builtin[index] && builtin_new(ctx, r, index) < 0)
        return -1;
    if (ret_module)
        *ret_module = r->builtin[index];
    if (ret_exports)
        *ret_exports = JS_DupValue(ctx, r->builtin_exports[index]);
    return 0;
}

/* Rows that end in '*' stand for all names with that beginning. */
static const char *unsupported_family(struct str name)
{
    for (size_t i = 0; i < js_n_modules; i++) {
        struct str row = str_of(js_modules[i]->name);

        if (row.n > 0 && row.p[row.n - 1] == '*' && str_starts(name, str_from(row.p, row.n - 1)))
            return js_modules[i]->unsupported;
    }
    return NULL;
}

/* Unknown names are collected and reported together when the graph is complete. */
static JSModuleDef *unknown_builtin(JSContext *ctx, const char *name)
{
    struct js_script *s = js_vu_of(ctx)->script;
    const char *why = unsupported_family(str_of(name));

    if (why) {
        js_throw(ctx, "%s", why);
        return NULL;
    }
    if (!s->loaded)
        table_set(&s->unknown, str_of(name), s);
    return native_module(ctx, name, JS_UNDEFINED, JS_UNDEFINED, false);
}

static JSModuleDef *load_builtin(JSContext *ctx, const char *name)
{
    int index = find_builtin(str_of(name));
    JSModuleDef *m;

    if (index < 0)
        return unknown_builtin(ctx, name);
    return js_builtin_get(ctx, (size_t)index, &m, NULL) < 0 ? NULL : m;
}

static int throw_unknown(JSContext *ctx)
{
    struct js_script *s = js_vu_of(ctx)->script;
    const struct table_entry *e;
    struct buf names = {0};

    table_each(e, &s->unknown)
        buf_printf(&names, "%s\"%.*s\"", names.len ? ", " : "", STR_ARG(e->key));
    if (!names.len)
        return 0;
    js_throw(ctx,
             "unknown modules [%s] were tried to be loaded, but couldn't: they aren't part of "
             "the k6 API",
             buf_cstr(&names));
    buf_fini(&names);
    return -1;
}

/* ---- templates: what a realm keeps of a source ---- */

static JSValue *template_slot(struct js_realm *r, size_t index)
{
    if (index >= r->n_templates) {
        r->templates = xrealloc(r->templates, (index + 1) * sizeof(*r->templates));
        while (r->n_templates <= index)
            r->templates[r->n_templates++] = JS_UNDEFINED;
    }
    return &r->templates[index];
}

/* The source's bytecode in this realm: a function or an unlinked module at home. Borrowed. */
static JSValue template_get(JSContext *ctx, const struct js_source *source)
{
    struct js_realm *r = js_realm_of(ctx);
    JSValue v = *template_slot(r, source->index);

    if (!JS_IsUndefined(v))
        return v;
    v = JS_ReadObject(ctx, source->code, source->n_code, JS_READ_OBJ_BYTECODE);
    if (JS_IsException(v))
        return v;
    if (JS_IsModule(v))
        js_module_move(js_module_take(ctx, v), &r->home);
    /* Reading loads what the module imports, and so may have moved the slots. */
    return *template_slot(r, source->index) = v;
}

/* ---- ES modules ---- */

/* import.meta is filled only where it is used: it would cost an object per module and user. */
static void give_meta(JSContext *ctx, JSModuleDef *m, const struct js_source *source)
{
    struct js_realm *r = js_realm_of(ctx);
    JSValue meta;

    if (!source->uses_meta)
        return;
    meta = JS_GetImportMeta(ctx, m);
    if (JS_IsUndefined(r->import_meta_resolve))
        r->import_meta_resolve = JS_NewCFunction(ctx, js_meta_resolve, "resolve", 1);
    JS_SetPropertyStr(ctx, meta, "resolve", JS_DupValue(ctx, r->import_meta_resolve));
    JS_FreeValue(ctx, meta);
}

static JSModuleDef *instantiate_esm(JSContext *ctx, const struct js_source *source)
{
    JSValue t = template_get(ctx, source);
    JSModuleDef *m;

    if (JS_IsException(t))
        return NULL;
    m = js_module_clone(ctx, JS_VALUE_GET_PTR(t));
    if (m)
        give_meta(ctx, m, source);
    return m;
}

/* ---- CommonJS ---- */

static struct js_cjs *cjs_new(struct js_vu *vu, const char *url)
{
    struct js_cjs *c = xnew(struct js_cjs);

    c->module = JS_NewObject(vu->ctx);
    JS_SetPropertyStr(vu->ctx, c->module, "exports", JS_NewObject(vu->ctx));
    table_set(&vu->required, str_of(url), c);
    return c;
}

static void cjs_free(JSContext *ctx, struct js_cjs *c)
{
    JS_FreeValue(ctx, c->module);
    free(c);
}

void js_required_free(struct js_vu *vu)
{
    const struct table_entry *e;

    table_each(e, &vu->required)
        cjs_free(vu->ctx, e->value);
    table_fini(&vu->required);
}

static int cjs_call(JSContext *ctx, const struct js_source *source, const struct js_cjs *c)
{
    JSValue code = template_get(ctx, source), function, result, args[2];

    if (JS_IsException(code))
        return -1;
    function = JS_EvalFunction(ctx, JS_DupValue(ctx, code));
    if (JS_IsException(function))
        return -1;
    args[0] = c->module;
    args[1] = JS_GetPropertyStr(ctx, c->module, "exports");
    result = JS_Call(ctx, function, args[1], 2, args);
    JS_FreeValue(ctx, args[1]);
    JS_FreeValue(ctx, function);
    JS_FreeValue(ctx, result);
    return JS_IsException(result) ? -1 : 0;
}

/* module.exports after the body has run; runs it unless it did or is running. */
static JSValue cjs_exports(JSContext *ctx, const struct js_source *source)
{
    struct js_vu *vu = js_vu_of(ctx);
    struct js_cjs *c = table_get(&vu->required, str_of(source->url));
    JSValue exports;

    if (!c) {
        c = cjs_new(vu, source->url);
        if (cjs_call(ctx, source, c) < 0) {
            ignored(table_remove(&vu->required, str_of(source->url)) == NULL);
            cjs_free(ctx, c);
            return JS_EXCEPTION;
        }
    }
    exports = JS_GetPropertyStr(ctx, c->module, "exports");
    if (JS_IsNull(exports))
        return js_throw(ctx, "the module %s has set module.exports to null", source->url);
    return exports;
}

/* `default` as k6 sees it: exports.default, else the exports themselves. */
static JSValue cjs_default(JSContext *ctx, JSValueConst exports)
{
    JSAtom name = JS_NewAtom(ctx, "default");
    int has = JS_IsObject(exports) ? JS_HasProperty(ctx, exports, name) : 0;
    JSValue v = has > 0 ? JS_GetProperty(ctx, exports, name) : JS_DupValue(ctx, exports);

    JS_FreeAtom(ctx, name);
    return v;
}

static JSModuleDef *instantiate_cjs(JSContext *ctx, const struct js_source *source)
{
    JSValue exports = cjs_exports(ctx, source), fallback;
    JSModuleDef *m = NULL;

    if (JS_IsException(exports))
        return NULL;
    fallback = cjs_default(ctx, exports);
    if (!JS_IsException(fallback))
        m = native_module(ctx, source->url, exports, fallback, true);
    JS_FreeValue(ctx, fallback);
    JS_FreeValue(ctx, exports);
    return m;
}

/* ---- JSON ---- */

static JSValue json_value(JSContext *ctx, const struct js_source *source)
{
    return JS_ParseJSON(ctx, (const char *)source->code, source->n_code, source->url);
}

static JSModuleDef *instantiate_json(JSContext *ctx, const struct js_source *source)
{
    JSValue v = json_value(ctx, source);
    JSModuleDef *m = NULL;

    if (!JS_IsException(v))
        m = native_module(ctx, source->url, JS_UNDEFINED, v, false);
    JS_FreeValue(ctx, v);
    return m;
}

/* ---- loading ---- */

static JSModuleDef *instantiate(JSContext *ctx, const struct js_source *source)
{
    switch (source->kind) {
    case SOURCE_ESM:
        return instantiate_esm(ctx, source);
    case SOURCE_CJS:
        return instantiate_cjs(ctx, source);
    case SOURCE_JSON:
        return instantiate_json(ctx, source);
    }
    return NULL;
}

static JSModuleDef *load(JSContext *ctx, const char *name, void *opaque)
{
    struct js_source *source;

    (void)opaque;
    if (module_is_builtin(str_of(name)))
        return load_builtin(ctx, name);
    if (js_source_get(js_vu_of(ctx)->script, str_of(name), &source) < 0) {
        js_throw_fault(ctx);
        return NULL;
    }
    return instantiate(ctx, source);
}

void js_module_setup(JSRuntime *rt)
{
    JS_SetModuleLoaderFunc(rt, normalize, load, NULL);
}

/* The user's instance of an ES module, loaded with all it imports and evaluated. */
static JSModuleDef *run_esm(JSContext *ctx, const struct js_source *source, JSValue *ret_promise)
{
    JSAtom name = JS_NewAtom(ctx, source->url);
    JSModuleDef *m = js_module_find(ctx, name);

    JS_FreeAtom(ctx, name);
    if (!m)
        m = instantiate_esm(ctx, source);
    if (!m || JS_ResolveModule(ctx, JS_MKPTR(JS_TAG_MODULE, m)) < 0 || throw_unknown(ctx) < 0 ||
        js_modules_fill_missing(ctx) < 0)
        return NULL;
    if (!js_module_complete(m)) {
        js_throw(ctx, "require() of the ES module %s while it is being loaded", source->url);
        return NULL;
    }
    *ret_promise = JS_EvalFunction(ctx, js_module_value(m));
    return JS_IsException(*ret_promise) ? NULL : m;
}

/* ---- require() and import.meta.resolve() ---- */

/* The absolute name of `spec` as written in the running function's file; false: thrown. */
static bool resolve_here(JSContext *ctx, JSValueConst spec, struct buf *ret_url)
{
    JSAtom file = js_caller_file(ctx);
    const char *base = file != JS_ATOM_NULL ? JS_AtomToCString(ctx, file) : NULL;
    struct str text = js_str(ctx, spec);
    bool ok = text.p != NULL;

    if (ok &&
        module_resolve(str_of(base ? base : js_vu_of(ctx)->script->main_url), text, ret_url) < 0) {
        js_throw_fault(ctx);
        ok = false;
    }
    js_str_fini(ctx, text);
    if (base)
        JS_FreeCString(ctx, base);
    JS_FreeAtom(ctx, file);
    return ok;
}

static JSValue require_builtin(JSContext *ctx, struct str name)
{
    int index = find_builtin(name);
    const char *why = index < 0 ? unsupported_family(name) : NULL;
    JSValue exports;

    if (why)
        return js_throw(ctx, "%s", why);
    if (index < 0) {
        return js_throw(ctx,
                        "unknown modules [\"%.*s\"] were tried to be loaded, but couldn't: "
                        "they aren't part of the k6 API",
                        STR_ARG(name));
    }
    if (js_builtin_get(ctx, (size_t)index, NULL, &exports) < 0)
        return JS_EXCEPTION;
    return exports;
}

static JSValue require_esm(JSContext *ctx, const struct js_source *source)
{
    JSValue promise = JS_UNDEFINED, reason;
    JSModuleDef *m = run_esm(ctx, source, &promise);

    if (!m)
        return JS_EXCEPTION;
    if (JS_PromiseState(ctx, promise) == JS_PROMISE_REJECTED) {
        reason = JS_PromiseResult(ctx, promise);
        JS_PromiseMarkAsHandled(ctx, promise);
        JS_FreeValue(ctx, promise);
        return JS_Throw(ctx, reason);
    }
    JS_FreeValue(ctx, promise);
    return JS_GetModuleNamespace(ctx, m);
}

static JSValue require_url(JSContext *ctx, struct str url)
{
    struct js_source *source;

    if (module_is_builtin(url))
        return require_builtin(ctx, url);
    if (js_source_get(js_vu_of(ctx)->script, url, &source) < 0)
        return js_throw_fault(ctx);
    if (source->kind == SOURCE_CJS)
        return cjs_exports(ctx, source);
    if (source->kind == SOURCE_JSON)
        return json_value(ctx, source);
    return require_esm(ctx, source);
}

JSValue js_require(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    struct buf url = {0};
    JSValue exports;

    (void)this_val;
    (void)argc;
    if (!js_in_init(ctx)) {
        return js_throw(ctx, "the \"require\" function is only available in the init stage (i.e. "
                             "the global scope)");
    }
    exports = resolve_here(ctx, argv[0], &url) ? require_url(ctx, buf_str(&url)) : JS_EXCEPTION;
    buf_fini(&url);
    return exports;
}

JSValue js_meta_resolve(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    struct buf url = {0};
    JSValue v;

    (void)this_val;
    (void)argc;
    v = resolve_here(ctx, argv[0], &url) ? js_new_str(ctx, buf_str(&url)) : JS_EXCEPTION;
    buf_fini(&url);
    return v;
}

/* ---- the main module ---- */

static struct js_source *main_source(const struct js_vu *vu)
{
    struct js_source *source;

    return js_source_get(vu->script, str_of(vu->script->main_url), &source) < 0 ? NULL : source;
}

int js_main_run(struct js_vu *vu, JSValue *ret_promise)
{
    const struct js_source *source = main_source(vu);
    JSValue exports;

    *ret_promise = JS_UNDEFINED;
    if (!source) {
        js_throw_fault(vu->ctx);
        return -1;
    }
    if (source->kind == SOURCE_ESM)
        return run_esm(vu->ctx, source, ret_promise) ? 0 : -1;
    exports = require_url(vu->ctx, str_of(source->url));
    JS_FreeValue(vu->ctx, exports);
    return JS_IsException(exports) ? -1 : 0;
}

static JSModuleDef *main_module(struct js_vu *vu)
{
    JSAtom name = JS_NewAtom(vu->ctx, vu->script->main_url);
    JSModuleDef *m = js_module_find(vu->ctx, name);

    JS_FreeAtom(vu->ctx, name);
    return m;
}

static JSValue main_cjs_export(struct js_vu *vu, const char *name)
{
    JSValue exports = cjs_exports(vu->ctx, main_source(vu)), v;

    if (strcmp(name, "default") == 0) {
        v = cjs_default(vu->ctx, exports);
    } else {
        v = JS_IsObject(exports) ? JS_GetPropertyStr(vu->ctx, exports, name) : JS_UNDEFINED;
    }
    JS_FreeValue(vu->ctx, exports);
    return v;
}

JSValue js_main_export(struct js_vu *vu, const char *name)
{
    JSValue v = JS_UNDEFINED;
    JSAtom atom;

    switch (main_source(vu)->kind) {
    case SOURCE_CJS:
        return main_cjs_export(vu, name);
    case SOURCE_ESM:
        atom = JS_NewAtom(vu->ctx, name);
        v = js_module_get(vu->ctx, main_module(vu), atom);
        JS_FreeAtom(vu->ctx, atom);
        break;
    case SOURCE_JSON:
        break;
    }
    return JS_IsUninitialized(v) ? JS_UNDEFINED : v;
}

static void push_name(JSContext *ctx, JSValueConst array, uint32_t *n, JSValue name)
{
    JS_SetPropertyUint32(ctx, array, (*n)++, name);
}

JSValue js_main_names(struct js_vu *vu)
{
    JSContext *ctx = vu->ctx;
    bool esm = main_source(vu)->kind == SOURCE_ESM;
    JSValue names = JS_NewArray(ctx);
    JSValue object = esm ? JS_GetModuleNamespace(ctx, main_module(vu))
                         : require_url(ctx, str_of(vu->script->main_url));
    struct js_props it = js_props(ctx, object);
    bool has_default = esm;
    uint32_t n = 0;

    while (js_props_next(ctx, &it)) {
        struct str key;

        has_default = has_default || (js_atom_ascii(ctx, it.key, &key) && str_is(key, "default"));
        push_name(ctx, names, &n, JS_AtomToString(ctx, it.key));
    }
    ignored(js_props_end(ctx, &it));
    if (JS_HasException(ctx)) /* an export that its module never initialised */
        JS_FreeValue(ctx, JS_GetException(ctx));
    if (!has_default)
        push_name(ctx, names, &n, JS_NewString(ctx, "default"));
    JS_FreeValue(ctx, object);
    return names;
}
