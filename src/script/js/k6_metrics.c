/*
 * Module k6/metrics: Counter, Gauge, Rate, Trend (§2.3). An instance holds the metric's id; add()
 * allocates nothing.
 */
#include <math.h>

#include "base/mem.h"
#include "metric/metric.h"
#include "plan/options.h"
#include "script/js/js_script.h"

enum {
    SHOWN_VALUE_MAX = 100, /* bytes of a bad value in a warning */
};

static const struct {
    const char *name;
    enum metric_type type;
} classes[] = {
    {"Counter", METRIC_COUNTER},
    {"Gauge", METRIC_GAUGE},
    {"Rate", METRIC_RATE},
    {"Trend", METRIC_TREND},
};

/* The id is kept in the opaque pointer itself, one higher so that 0 stays "no metric". */
static void *id_to_opaque(uint32_t id)
{
    return (void *)((uintptr_t)id + 1); // NOLINT(performance-no-int-to-ptr)
}

static bool metric_of(JSContext *ctx, JSValueConst v, uint32_t *ret_id)
{
    const void *p = JS_GetOpaque2(ctx, v, JSC_METRIC);

    *ret_id = (uint32_t)((uintptr_t)p - 1);
    return p != NULL;
}

static const JSClassDef metric_class = {.class_name = "Metric"};

/* ---- new Trend(name, isTime) ---- */

static JSValue new_instance(JSContext *ctx, JSValueConst new_target, const char *name, uint32_t id)
{
    JSValue proto = JS_GetPropertyStr(ctx, new_target, "prototype"), v;

    if (JS_IsException(proto))
        return proto;
    v = JS_NewObjectProtoClass(ctx, proto, JSC_METRIC);
    JS_FreeValue(ctx, proto);
    if (JS_IsException(v))
        return v;
    JS_SetOpaque(v, id_to_opaque(id));
    JS_DefinePropertyValueStr(ctx, v, "name", JS_NewString(ctx, name), JS_PROP_ENUMERABLE);
    return v;
}

static JSValue metric_new(JSContext *ctx, JSValueConst new_target, int argc, JSValueConst *argv,
                          int magic)
{
    struct js_script *s = js_vu_of(ctx)->script;
    enum metric_contains contains = CONTAINS_DEFAULT;
    struct str name;
    uint32_t id;
    JSValue v;

    if (!js_in_init(ctx))
        return js_throw(ctx, "metrics must be declared in the init context");
    if (argc > 1 && JS_ToBool(ctx, argv[1]) > 0)
        contains = CONTAINS_TIME;
    name = js_str(ctx, argc > 0 ? argv[0] : JS_UNDEFINED);
    if (!name.p)
        return JS_EXCEPTION;
    if (metric_register(s->config.metrics, name, classes[magic].type, contains, &id) < 0) {
        v = js_throw_fault(ctx);
    } else {
        v = new_instance(ctx, new_target, name.p, id);
    }
    js_str_fini(ctx, name);
    return v;
}

/* ---- add(value, tags) ---- */

/* Numbers, booleans and what converts; false for NaN, null and nothing. -1: thrown. */
static int sample_value(JSContext *ctx, JSValueConst v, double *ret_value)
{
    if (likely(JS_VALUE_GET_TAG(v) == JS_TAG_INT)) {
        *ret_value = JS_VALUE_GET_INT(v);
        return 1;
    }
    if (js_nullish(v))
        return 0;
    if (JS_ToFloat64(ctx, ret_value, v) < 0)
        return -1;
    if (isnan(*ret_value))
        return 0;
    /* A truthy value that converts to 0, such as [], counts as 1. */
    if (*ret_value == 0 && !JS_IsNumber(v) && !JS_IsString(v) && JS_ToBool(ctx, v) > 0)
        *ret_value = 1;
    return 1;
}

static JSValue bad_value(JSContext *ctx, const char *metric, JSValueConst v)
{
    const struct script_host *h = js_host_of(ctx);
    struct str text = js_str(ctx, v);
    bool cut = text.n > SHOWN_VALUE_MAX;
    scoped(freep) char *message = NULL;

    if (!text.p)
        return JS_EXCEPTION;
    message = xasprintf("'%.*s%s' is an invalid value for metric '%s', a number or a boolean value "
                        "is expected",
                        cut ? SHOWN_VALUE_MAX : (int)text.n, text.p, cut ? "..." : "", metric);
    js_str_fini(ctx, text);
    if (h->options && h->options->throw)
        return js_throw(ctx, "%s", message);
    js_warn(ctx, "%s", message);
    return JS_FALSE;
}

static int sample_tags(JSContext *ctx, JSValueConst arg, uint32_t id, const struct tagset **ret)
{
    const struct js_script *s = js_vu_of(ctx)->script;
    const struct script_host *h = js_host_of(ctx);
    scoped(freep) char *prefix = NULL;

    if (js_nullish(arg)) {
        *ret = h->tags;
        return 0;
    }
    if (likely(js_tags(ctx, arg, h->tags, NULL, ret) == 0))
        return 0;
    if (JS_HasException(ctx))
        return -1;
    /* Only now is the text of the error worth building. */
    prefix = xasprintf("cannot add tags for the '%s' custom metric: ",
                       metric_get(s->config.metrics, id)->name);
    return js_tags(ctx, arg, h->tags, prefix, ret);
}

static JSValue metric_add(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    struct script_host *h = js_host_of(ctx);
    const struct tagset *tags = h->tags;
    uint32_t id;
    double value;
    int ok;

    if (!metric_of(ctx, this_val, &id))
        return JS_EXCEPTION;
    if (h->phase == SCRIPT_INIT)
        return js_throw(ctx, "metrics can't be added to in the init context");
    ok = sample_value(ctx, argc > 0 ? argv[0] : JS_UNDEFINED, &value);
    if (unlikely(ok < 0))
        return JS_EXCEPTION;
    if (unlikely(ok == 0)) {
        return bad_value(ctx, metric_get(js_vu_of(ctx)->script->config.metrics, id)->name,
                         argc > 0 ? argv[0] : JS_UNDEFINED);
    }
    if (argc > 1 && sample_tags(ctx, argv[1], id, &tags) < 0)
        return JS_EXCEPTION;
    h->ops->sample(h, id, tags, value);
    return JS_TRUE;
}

static const JSCFunctionListEntry proto_functions[] = {
    JS_CFUNC_DEF("add", 1, metric_add),
};

static int define_metric_class(JSContext *ctx, JSValueConst exports, int index)
{
    JSValue proto = JS_NewObject(ctx);
    JSCFunctionType construct = {.constructor_magic = metric_new};
    JSValue ctor = JS_NewCFunction2(ctx, construct.generic, classes[index].name, 2,
                                    JS_CFUNC_constructor_magic, index);

    if (js_define(ctx, proto, proto_functions, countof(proto_functions)) < 0)
        return -1;
    JS_SetConstructor(ctx, ctor, proto);
    JS_FreeValue(ctx, proto);
    return JS_DefinePropertyValueStr(ctx, exports, classes[index].name, ctor, JS_PROP_C_W_E);
}

static int init(JSContext *ctx, JSValueConst exports)
{
    if (js_class_register(ctx, JSC_METRIC, &metric_class) < 0)
        return -1;
    for (int i = 0; i < (int)countof(classes); i++) {
        if (define_metric_class(ctx, exports, i) < 0)
            return -1;
    }
    return 0;
}

const struct js_module js_module_metrics = {.name = "k6/metrics", .init = init};
