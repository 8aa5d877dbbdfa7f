/*
 * Module k6/execution (§2.10): what the script may know of the run it is in. All properties are
 * read-only accessors; the objects are shared by the users of a group and say nothing by
 * themselves. vu.tags and vu.metrics.metadata are exotic views of the host's tag sets.
 */
#include <assert.h>

#include "base/mem.h"
#include "plan/options.h"
#include "script/js/js_script.h"

/* ---- instance, scenario ---- */

enum exec_field {
    EXEC_DURATION,
    EXEC_COMPLETED,
    EXEC_INTERRUPTED,
    EXEC_ACTIVE,
    EXEC_INITIALIZED,
    EXEC_NAME,
    EXEC_EXECUTOR,
    EXEC_START,
    EXEC_PROGRESS,
    EXEC_ITERATION,
    EXEC_ITERATION_IN_TEST,
};

static JSValue not_in_init(JSContext *ctx, const char *what)
{
    return js_throw(ctx, "getting %s information in the init context is not supported", what);
}

static JSValue get_instance(JSContext *ctx, JSValueConst this_val, int magic)
{
    struct script_host *h = js_host_of(ctx);
    struct script_exec_info info = {0};

    (void)this_val;
    if (h->phase == SCRIPT_INIT)
        return not_in_init(ctx, "instance");
    if (h->phase == SCRIPT_TEARDOWN || h->phase == SCRIPT_SUMMARY)
        return js_throw(ctx, "getting instance information here is not supported");
    h->ops->exec_info(h, &info);
    switch ((enum exec_field)magic) {
    case EXEC_DURATION:
        return JS_NewFloat64(ctx, info.test_run_ms);
    case EXEC_COMPLETED:
        return JS_NewInt64(ctx, (int64_t)info.iterations_completed);
    case EXEC_INTERRUPTED:
        return JS_NewInt64(ctx, (int64_t)info.iterations_interrupted);
    case EXEC_ACTIVE:
        return JS_NewInt64(ctx, (int64_t)info.vus_active);
    default:
        return JS_NewInt64(ctx, (int64_t)info.vus_initialized);
    }
}

static JSValue get_scenario(JSContext *ctx, JSValueConst this_val, int magic)
{
    struct script_host *h = js_host_of(ctx);
    struct script_exec_info info = {0};

    (void)this_val;
    if (h->phase == SCRIPT_INIT)
        return not_in_init(ctx, "scenario");
    if (h->phase == SCRIPT_RUN)
        h->ops->exec_info(h, &info);
    if (!info.has_scenario) {
        return js_throw(ctx, "getting scenario information outside of the VU context is not "
                             "supported");
    }
    switch ((enum exec_field)magic) {
    case EXEC_NAME:
        return JS_NewString(ctx, info.scenario_name);
    case EXEC_EXECUTOR:
        return JS_NewString(ctx, info.executor);
    case EXEC_START:
        return JS_NewInt64(ctx, (int64_t)info.scenario_start_unix_ms);
    case EXEC_PROGRESS:
        return JS_NewFloat64(ctx, info.scenario_progress);
    case EXEC_ITERATION_IN_TEST:
        return JS_NewInt64(ctx, (int64_t)info.scenario_iteration_in_test);
    default:
        return JS_NewInt64(ctx, (int64_t)info.scenario_iteration);
    }
}

#define EXEC_GET(name, getter, field) \
    JS_CGETSET_MAGIC_DEF2(name, getter, NULL, field, JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE)

static const JSCFunctionListEntry instance_entries[] = {
    EXEC_GET("currentTestRunDuration", get_instance, EXEC_DURATION),
    EXEC_GET("iterationsCompleted", get_instance, EXEC_COMPLETED),
    EXEC_GET("iterationsInterrupted", get_instance, EXEC_INTERRUPTED),
    EXEC_GET("vusActive", get_instance, EXEC_ACTIVE),
    EXEC_GET("vusInitialized", get_instance, EXEC_INITIALIZED),
};

static const JSCFunctionListEntry scenario_entries[] = {
    EXEC_GET("name", get_scenario, EXEC_NAME),
    EXEC_GET("executor", get_scenario, EXEC_EXECUTOR),
    EXEC_GET("startTime", get_scenario, EXEC_START),
    EXEC_GET("progress", get_scenario, EXEC_PROGRESS),
    EXEC_GET("iterationInInstance", get_scenario, EXEC_ITERATION),
    EXEC_GET("iterationInTest", get_scenario, EXEC_ITERATION_IN_TEST),
};

/* ---- test ---- */

/* The optional message; an empty view when there is none. ret->p is NULL when it threw. */
static struct str message_of(JSContext *ctx, int argc, JSValueConst *argv)
{
    return argc > 0 && !JS_IsUndefined(argv[0]) ? js_str(ctx, argv[0]) : STR("");
}

static JSValue test_abort(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    struct js_vu *vu = js_vu_of(ctx);
    struct str message = message_of(ctx, argc, argv);
    scoped(freep) char *text = NULL;

    (void)this_val;
    if (!message.p)
        return JS_EXCEPTION;
    text = xasprintf("test aborted%s%.*s", message.n ? ": " : "", STR_ARG(message));
    if (argc > 0 && !JS_IsUndefined(argv[0]))
        js_str_fini(ctx, message);
    vu->host->ops->abort(vu->host, str_of(text));
    vu->aborted = true;
    return js_throw_interrupt(ctx);
}

static JSValue test_fail(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    struct script_host *h = js_host_of(ctx);
    struct str message = message_of(ctx, argc, argv);
    scoped(freep) char *text = NULL;

    (void)this_val;
    if (!message.p)
        return JS_EXCEPTION;
    if (h->phase == SCRIPT_INIT)
        return js_throw(ctx, "test.fail() in the init context is not supported");
    text = xasprintf("test marked as failed%s%.*s", message.n ? ": " : "", STR_ARG(message));
    if (argc > 0 && !JS_IsUndefined(argv[0]))
        js_str_fini(ctx, message);
    h->ops->fail(h, str_of(text));
    return JS_UNDEFINED;
}

static void deep_freeze(JSContext *ctx, JSValueConst v, int depth)
{
    struct js_props it;

    if (!JS_IsObject(v) || depth > 32)
        return;
    it = js_props(ctx, v);
    while (js_props_next(ctx, &it))
        deep_freeze(ctx, it.value, depth + 1);
    ignored(js_props_end(ctx, &it));
    ignored(JS_FreezeObject(ctx, v));
}

static JSValue test_options(JSContext *ctx, JSValueConst this_val)
{
    const struct script_host *h = js_host_of(ctx);
    const char *json;
    JSValue v;

    (void)this_val;
    if (h->phase == SCRIPT_INIT)
        return js_throw(ctx, "getting test options in the init context is not supported");
    json = h->exec_options_json ? h->exec_options_json : h->options_json;
    if (!json)
        return JS_NULL;
    v = JS_ParseJSON(ctx, json, strlen(json), "options");
    deep_freeze(ctx, v, 0);
    return v;
}

static const JSCFunctionListEntry test_entries[] = {
    JS_CFUNC_DEF2("abort", 1, test_abort, JS_PROP_C_W_E),
    JS_CFUNC_DEF2("fail", 1, test_fail, JS_PROP_C_W_E),
    JS_CGETSET_DEF2("options", test_options, NULL, JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE),
};

/* ---- vu.tags and vu.metrics.metadata ---- */

enum tag_view {
    VIEW_TAGS = 1, /* kept in the opaque pointer */
    VIEW_METADATA = 2,
};

/* The set a view shows. */
static const struct tagset **view_set(JSContext *ctx, JSValueConst v)
{
    struct script_host *h = js_host_of(ctx);

    if (!h->metadata)
        h->metadata = tagset_empty(h->tag_pool);
    return (uintptr_t)JS_GetOpaque(v, JSC_TAGS) == VIEW_TAGS ? &h->tags : &h->metadata;
}

static int view_get(JSContext *ctx, JSPropertyDescriptor *desc, JSValueConst obj, JSAtom name)
{
    struct str key, value;
    bool found;

    key.p = JS_AtomToCStringLen(ctx, &key.n, name);
    if (!key.p)
        return -1;
    found = tagset_get(*view_set(ctx, obj), key, &value);
    JS_FreeCString(ctx, key.p);
    if (!found || !desc)
        return found;
    *desc = (JSPropertyDescriptor){
        .flags = JS_PROP_C_W_E,
        .value = js_new_str(ctx, value),
        .getter = JS_UNDEFINED,
        .setter = JS_UNDEFINED,
    };
    return JS_IsException(desc->value) ? -1 : 1;
}

static int view_names(JSContext *ctx, JSPropertyEnum **ret_names, uint32_t *ret_n, JSValueConst obj)
{
    const struct tagset *set = *view_set(ctx, obj);
    JSPropertyEnum *names = js_malloc(ctx, (set->n + 1) * sizeof(*names));

    if (!names)
        return -1;
    for (uint32_t i = 0; i < set->n; i++) {
        names[i] =
            (JSPropertyEnum){.atom = JS_NewAtomLen(ctx, set->tags[i].key.p, set->tags[i].key.n)};
    }
    *ret_names = names;
    *ret_n = set->n;
    return 0;
}

static int view_delete(JSContext *ctx, JSValueConst obj, JSAtom name)
{
    const struct tagset **set = view_set(ctx, obj);
    struct str key;

    key.p = JS_AtomToCStringLen(ctx, &key.n, name);
    if (!key.p)
        return -1;
    *set = tagset_remove(js_host_of(ctx)->tag_pool, *set, key);
    JS_FreeCString(ctx, key.p);
    return 1;
}

static int view_put(JSContext *ctx, JSValueConst obj, JSAtom name, JSValueConst value)
{
    const struct tagset **set = view_set(ctx, obj);
    struct str key, text;

    if (!JS_IsString(value) && !JS_IsBool(value) && !JS_IsNumber(value)) {
        JS_ThrowTypeError(
            ctx, "only String, Boolean and Number types are accepted as a metric tag value");
        return -1;
    }
    key.p = JS_AtomToCStringLen(ctx, &key.n, name);
    text = js_str(ctx, value);
    if (key.p && text.p)
        *set = tagset_add(js_host_of(ctx)->tag_pool, *set, key, text);
    js_str_fini(ctx, key);
    js_str_fini(ctx, text);
    return key.p && text.p ? 1 : -1;
}

static int view_define(JSContext *ctx, JSValueConst obj, JSAtom name, JSValueConst value,
                       JSValueConst getter, JSValueConst setter, int flags)
{
    (void)getter;
    (void)setter;
    (void)flags;
    return view_put(ctx, obj, name, value);
}

static int view_set_property(JSContext *ctx, JSValueConst obj, JSAtom name, JSValueConst value,
                             JSValueConst receiver, int flags)
{
    (void)receiver;
    (void)flags;
    return view_put(ctx, obj, name, value);
}

static JSClassExoticMethods view_methods = {
    .get_own_property = view_get,
    .get_own_property_names = view_names,
    .delete_property = view_delete,
    .define_own_property = view_define,
    .set_property = view_set_property,
};

static const JSClassDef view_class = {"Object", .exotic = &view_methods};

static JSValue new_view(JSContext *ctx, enum tag_view which)
{
    JSValue v = JS_NewObjectClass(ctx, JSC_TAGS);

    JS_SetOpaque(v, (void *)(uintptr_t)which); // NOLINT(performance-no-int-to-ptr)
    return v;
}

/* ---- vu ---- */

enum vu_field {
    VU_ID,
    VU_ID_IN_TEST,
    VU_ITERATION,
    VU_ITERATION_IN_SCENARIO,
};

static JSValue get_vu_field(JSContext *ctx, JSValueConst this_val, int magic)
{
    const struct script_host *h = js_host_of(ctx);

    (void)this_val;
    if (h->phase == SCRIPT_INIT)
        return not_in_init(ctx, "VU");
    switch ((enum vu_field)magic) {
    case VU_ID:
        return JS_NewInt64(ctx, (int64_t)h->vu_id);
    case VU_ID_IN_TEST:
        return JS_NewInt64(ctx, (int64_t)h->vu_id_in_test);
    case VU_ITERATION:
        return JS_NewInt64(ctx, h->iteration < 0 ? 0 : h->iteration);
    default:
        return JS_NewInt64(ctx, (int64_t)h->iteration_in_scenario);
    }
}

/* An object kept as data of its accessor, so that reading it in init code can fail. */
static JSValue get_kept(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv,
                        int magic, JSValueConst *data)
{
    (void)this_val;
    (void)argc;
    (void)argv;
    (void)magic;
    if (js_in_init(ctx))
        return not_in_init(ctx, "VU");
    return JS_DupValue(ctx, data[0]);
}

/* Defines an accessor that gives `kept`, whose reference is taken. */
static int define_kept(JSContext *ctx, JSValueConst obj, const char *name, JSValue kept)
{
    JSValue getter = JS_NewCFunctionData(ctx, get_kept, 0, 0, 1, &kept);
    JSAtom atom = JS_NewAtom(ctx, name);
    int r = JS_DefinePropertyGetSet(ctx, obj, atom, getter, JS_UNDEFINED,
                                    JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE);

    JS_FreeAtom(ctx, atom);
    JS_FreeValue(ctx, kept);
    return r < 0 ? -1 : 0;
}

static const JSCFunctionListEntry vu_entries[] = {
    EXEC_GET("idInInstance", get_vu_field, VU_ID),
    EXEC_GET("idInTest", get_vu_field, VU_ID_IN_TEST),
    EXEC_GET("iterationInInstance", get_vu_field, VU_ITERATION),
    EXEC_GET("iterationInScenario", get_vu_field, VU_ITERATION_IN_SCENARIO),
};

static JSValue new_object(JSContext *ctx, const JSCFunctionListEntry *entries, size_t n)
{
    JSValue v = JS_NewObject(ctx);

    if (js_define(ctx, v, entries, n) == 0)
        return v;
    JS_FreeValue(ctx, v);
    return JS_EXCEPTION;
}

static JSValue new_vu(JSContext *ctx)
{
    JSValue vu = new_object(ctx, vu_entries, countof(vu_entries)), metrics = JS_NewObject(ctx);

    if (define_kept(ctx, metrics, "tags", new_view(ctx, VIEW_TAGS)) < 0 ||
        define_kept(ctx, metrics, "metadata", new_view(ctx, VIEW_METADATA)) < 0 ||
        define_kept(ctx, vu, "tags", new_view(ctx, VIEW_TAGS)) < 0 ||
        define_kept(ctx, vu, "metrics", metrics) < 0) {
        JS_FreeValue(ctx, vu);
        return JS_EXCEPTION;
    }
    return vu;
}

static int put(JSContext *ctx, JSValueConst exports, const char *name, JSValue v)
{
    return JS_IsException(v) ? -1
                             : JS_DefinePropertyValueStr(ctx, exports, name, v, JS_PROP_ENUMERABLE);
}

static int init(JSContext *ctx, JSValueConst exports)
{
    if (js_class_register(ctx, JSC_TAGS, &view_class) < 0)
        return -1;
    JS_SetClassProto(ctx, JSC_TAGS, JS_NewObject(ctx));
    if (put(ctx, exports, "instance",
            new_object(ctx, instance_entries, countof(instance_entries))) < 0 ||
        put(ctx, exports, "scenario",
            new_object(ctx, scenario_entries, countof(scenario_entries))) < 0 ||
        put(ctx, exports, "test", new_object(ctx, test_entries, countof(test_entries))) < 0 ||
        put(ctx, exports, "vu", new_vu(ctx)) < 0)
        return -1;
    return 0;
}

const struct js_module js_module_execution = {.name = "k6/execution",
                                              .init = init,
                                              .default_only = true};
