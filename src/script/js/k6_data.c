/*
 * Module k6/data: SharedArray (§2.4). The elements are kept once per process as JSON text. An
 * access parses one of them into a fresh, deeply frozen value. The object is exotic: indices and
 * length come from the text, everything else from Array.prototype.
 */
#include "base/mem.h"
#include "script/js/js_json.h"
#include "script/js/js_script.h"

enum {
    ELEMENTS_MAX = 1 << 28,
    FREEZE_DEPTH_MAX = 1000,
};

/* ---- the store ---- */

static void array_free(struct js_shared_array *a)
{
    if (!a)
        return;
    free(a->text);
    free(a->offsets);
    free(a);
}

void js_shared_arrays_free(struct js_script *s)
{
    const struct table_entry *e;

    table_each(e, &s->shared.arrays)
        array_free(e->value);
    table_fini(&s->shared.arrays);
}

static struct js_shared_array *store_find(struct js_script *s, struct str name)
{
    struct js_shared_array *a;

    pthread_mutex_lock(&s->shared.lock);
    a = table_get(&s->shared.arrays, name);
    pthread_mutex_unlock(&s->shared.lock);
    return a;
}

/* Keeps the first of two that were made at the same time. */
static struct js_shared_array *store_add(struct js_script *s, struct str name,
                                         struct js_shared_array *made)
{
    struct js_shared_array *a;

    pthread_mutex_lock(&s->shared.lock);
    a = table_get(&s->shared.arrays, name);
    if (!a)
        table_set(&s->shared.arrays, name, made);
    pthread_mutex_unlock(&s->shared.lock);
    if (!a)
        return made;
    array_free(made);
    return a;
}

/* ---- building ---- */

static int add_element(JSContext *ctx, JSValueConst source, size_t i, struct buf *text)
{
    JSValue v = JS_GetPropertyInt64(ctx, source, (int64_t)i), json;
    struct str s = STR("null");
    int r = 0;

    if (JS_IsException(v))
        return -1;
    json = JS_JSONStringify(ctx, v, JS_UNDEFINED, JS_UNDEFINED);
    JS_FreeValue(ctx, v);
    if (JS_IsException(json))
        return -1;
    if (!JS_IsUndefined(json))
        s = js_str(ctx, json);
    if (!s.p || buf_add(text, s.p, s.n) != 0 || buf_add(text, "", 1) != 0)
        r = -1;
    if (!JS_IsUndefined(json))
        js_str_fini(ctx, s);
    JS_FreeValue(ctx, json);
    if (r < 0 && !JS_HasException(ctx)) {
        js_throw(ctx, "the elements of the SharedArray are larger than %zu bytes of JSON",
                 text->limit);
    }
    return r;
}

static int fill(JSContext *ctx, JSValueConst source, struct js_shared_array *a)
{
    struct buf text = BUF_INIT((size_t)4 << 30);

    for (size_t i = 0; i < a->n; i++) {
        a->offsets[i] = text.len;
        if (add_element(ctx, source, i, &text) < 0) {
            buf_fini(&text);
            return -1;
        }
    }
    a->offsets[a->n] = text.len;
    a->text = buf_take(&text, NULL);
    return 0;
}

static struct js_shared_array *build(JSContext *ctx, JSValueConst fn)
{
    JSValue source = JS_Call(ctx, fn, JS_UNDEFINED, 0, NULL);
    struct js_shared_array *a = NULL;
    int64_t n = -1;

    if (!JS_IsException(source) && !JS_IsArray(source)) {
        js_throw(ctx, "only arrays can be made into SharedArray");
    } else if (!JS_IsException(source) && JS_GetLength(ctx, source, &n) == 0 && n > ELEMENTS_MAX) {
        js_throw(ctx, "a SharedArray can have %d elements", ELEMENTS_MAX);
    }
    if (n >= 0 && n <= ELEMENTS_MAX) {
        a = xnew(struct js_shared_array);
        a->n = (size_t)n;
        a->offsets = xnew_n(size_t, a->n + 1);
        if (fill(ctx, source, a) < 0) {
            array_free(a);
            a = NULL;
        }
    }
    JS_FreeValue(ctx, source);
    return a;
}

/* ---- reading ---- */

static void freeze_children(JSContext *ctx, JSValueConst v, int depth);

static void freeze(JSContext *ctx, JSValueConst v, int depth)
{
    if (!JS_IsObject(v))
        return;
    freeze_children(ctx, v, depth);
    ignored(JS_FreezeObject(ctx, v));
}

static void freeze_children(JSContext *ctx, JSValueConst v, int depth)
{
    struct js_props it;

    if (depth == FREEZE_DEPTH_MAX)
        return;
    it = js_props(ctx, v);
    while (js_props_next(ctx, &it))
        freeze(ctx, it.value, depth + 1);
    ignored(js_props_end(ctx, &it));
}

static JSValue element(JSContext *ctx, const struct js_shared_array *a, size_t i)
{
    struct str text = str_from(a->text + a->offsets[i], a->offsets[i + 1] - a->offsets[i] - 1);
    JSValue v = js_json_parse_or_throw(js_json_of(ctx), ctx, text);

    freeze(ctx, v, 0);
    return v;
}

static struct js_shared_array *array_of(JSValueConst v)
{
    return JS_GetOpaque(v, JSC_SHARED_ARRAY);
}

/* ---- the exotic object ---- */

static JSValue throw_immutable(JSContext *ctx)
{
    return JS_ThrowTypeError(ctx, "SharedArray is immutable");
}

static bool is_length(JSContext *ctx, JSAtom name)
{
    struct str text;

    return js_atom_ascii(ctx, name, &text) && str_eq(text, STR("length"));
}

static int get_own(JSContext *ctx, JSPropertyDescriptor *desc, JSValueConst obj, JSAtom name)
{
    const struct js_shared_array *a = array_of(obj);
    bool length = is_length(ctx, name);
    uint32_t i = 0;
    JSValue v;

    if (!length && (!js_atom_index(name, &i) || i >= a->n))
        return 0;
    if (!desc)
        return 1;
    v = length ? JS_NewInt64(ctx, (int64_t)a->n) : element(ctx, a, i);
    if (JS_IsException(v))
        return -1;
    *desc = (JSPropertyDescriptor){
        .flags = length ? JS_PROP_WRITABLE : JS_PROP_C_W_E,
        .value = v,
        .getter = JS_UNDEFINED,
        .setter = JS_UNDEFINED,
    };
    return 1;
}

static int get_names(JSContext *ctx, JSPropertyEnum **ret_names, uint32_t *ret_n, JSValueConst obj)
{
    const struct js_shared_array *a = array_of(obj);
    JSPropertyEnum *names = js_malloc(ctx, (a->n + 1) * sizeof(*names));

    if (!names)
        return -1;
    for (size_t i = 0; i < a->n; i++)
        names[i] = (JSPropertyEnum){.atom = JS_NewAtomUInt32(ctx, (uint32_t)i)};
    names[a->n] = (JSPropertyEnum){.atom = JS_NewAtom(ctx, "length")};
    *ret_names = names;
    *ret_n = (uint32_t)a->n + 1;
    return 0;
}

static int delete_own(JSContext *ctx, JSValueConst obj, JSAtom name)
{
    (void)obj;
    (void)name;
    throw_immutable(ctx);
    return -1;
}

static int define_own(JSContext *ctx, JSValueConst obj, JSAtom name, JSValueConst value,
                      JSValueConst getter, JSValueConst setter, int flags)
{
    (void)obj;
    (void)name;
    (void)value;
    (void)getter;
    (void)setter;
    (void)flags;
    throw_immutable(ctx);
    return -1;
}

static int set_own(JSContext *ctx, JSValueConst obj, JSAtom name, JSValueConst value,
                   JSValueConst receiver, int flags)
{
    (void)obj;
    (void)name;
    (void)value;
    (void)receiver;
    (void)flags;
    throw_immutable(ctx);
    return -1;
}

static JSClassExoticMethods exotic = {
    .get_own_property = get_own,
    .get_own_property_names = get_names,
    .delete_property = delete_own,
    .define_own_property = define_own,
    .set_property = set_own,
};

static const JSClassDef shared_array_class = {"SharedArray", .exotic = &exotic};

/* JSON.stringify() asks for an array by its class; a copy is one. */
static JSValue to_json(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    const struct js_shared_array *a = JS_GetOpaque2(ctx, this_val, JSC_SHARED_ARRAY);
    JSValue copy;

    (void)argc;
    (void)argv;
    if (!a)
        return JS_EXCEPTION;
    copy = JS_NewArray(ctx);
    for (size_t i = 0; i < a->n; i++) {
        JSValue v = element(ctx, a, i);

        if (JS_IsException(v) || JS_SetPropertyInt64(ctx, copy, (int64_t)i, v) < 0) {
            JS_FreeValue(ctx, copy);
            return JS_EXCEPTION;
        }
    }
    return copy;
}

static const JSCFunctionListEntry proto_entries[] = {
    JS_CFUNC_DEF("toJSON", 0, to_json),
    JS_PROP_STRING_DEF("[Symbol.toStringTag]", "Array", JS_PROP_CONFIGURABLE),
    JS_PROP_BOOL_DEF("[Symbol.isConcatSpreadable]", 1, JS_PROP_CONFIGURABLE),
};

/* ---- new SharedArray(name, fn) ---- */

static JSValue wrap(JSContext *ctx, struct js_shared_array *a)
{
    JSValue v = JS_NewObjectClass(ctx, JSC_SHARED_ARRAY);

    if (!JS_IsException(v))
        JS_SetOpaque(v, a);
    return v;
}

static JSValue construct_named(JSContext *ctx, struct str name, JSValueConst fn)
{
    struct js_script *s = js_vu_of(ctx)->script;
    struct js_shared_array *a;

    if (name.n == 0)
        return js_throw(ctx, "empty name provided to SharedArray's constructor");
    if (JS_IsAsyncFunction(fn)) {
        return js_throw(ctx, "SharedArray constructor does not support async functions as second "
                             "argument");
    }
    a = store_find(s, name);
    if (!a) {
        a = build(ctx, fn);
        a = a ? store_add(s, name, a) : NULL;
    }
    return a ? wrap(ctx, a) : JS_EXCEPTION;
}

static JSValue construct(JSContext *ctx, JSValueConst new_target, int argc, JSValueConst *argv)
{
    struct str name;
    JSValue v;

    (void)new_target;
    if (!js_in_init(ctx))
        return js_throw(ctx, "new SharedArray must be called in the init context");
    if (argc < 2 || !JS_IsFunction(ctx, argv[1])) {
        return js_throw(ctx, "a function is expected as the second argument of SharedArray's "
                             "constructor");
    }
    name = js_str(ctx, argv[0]);
    if (!name.p)
        return JS_EXCEPTION;
    v = construct_named(ctx, name, argv[1]);
    js_str_fini(ctx, name);
    return v;
}

/* A prototype of its own below Array.prototype. */
static JSValue new_proto(JSContext *ctx)
{
    JSValue global = JS_GetGlobalObject(ctx), array = JS_GetPropertyStr(ctx, global, "Array");
    JSValue parent = JS_GetPropertyStr(ctx, array, "prototype");
    JSValue proto = JS_NewObjectProto(ctx, parent);

    JS_FreeValue(ctx, parent);
    JS_FreeValue(ctx, array);
    JS_FreeValue(ctx, global);
    return proto;
}

static int init(JSContext *ctx, JSValueConst exports)
{
    JSValue proto, ctor;

    if (js_class_register(ctx, JSC_SHARED_ARRAY, &shared_array_class) < 0)
        return -1;
    proto = new_proto(ctx);
    if (js_define(ctx, proto, proto_entries, countof(proto_entries)) < 0)
        return -1;
    JS_SetClassProto(ctx, JSC_SHARED_ARRAY, proto);
    ctor = JS_NewCFunction2(ctx, construct, "SharedArray", 2, JS_CFUNC_constructor, 0);
    return JS_DefinePropertyValueStr(ctx, exports, "SharedArray", ctor, JS_PROP_C_W_E);
}

const struct js_module js_module_data = {.name = "k6/data", .init = init};
