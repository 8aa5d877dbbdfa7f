/*
 * Module k6: check, group, sleep, fail, randomSeed (§2.1).
 */
#include <math.h>

#include "metric/metric.h"
#include "script/js/js_script.h"

#define SLEEP_MAX_S (366.0 * 24 * 3600)

/* ---- check ---- */

static bool has_separator(struct str name)
{
    const char *p = memchr(name.p, ':', name.n);

    return p && memmem(p, name.n - (size_t)(p - name.p), "::", 2);
}

static JSValue throw_separator(JSContext *ctx)
{
    return js_throw(ctx, "group and check names may not contain '::'");
}

/* The verdict of one entry: 1, 0, or -1 when its function threw. */
static int check_value(JSContext *ctx, JSValueConst entry, JSValueConst value)
{
    JSValue r;
    int ok;

    if (!JS_IsFunction(ctx, entry))
        return JS_ToBool(ctx, entry);
    r = JS_Call(ctx, entry, JS_UNDEFINED, 1, &value);
    if (JS_IsException(r))
        return -1;
    ok = JS_ToBool(ctx, r);
    JS_FreeValue(ctx, r);
    return ok;
}

static int check_named(JSContext *ctx, struct str name, JSValueConst entry, JSValueConst value,
                       const struct tagset *tags)
{
    struct script_host *h = js_host_of(ctx);
    int ok;

    if (unlikely(has_separator(name))) {
        throw_separator(ctx);
        return -1;
    }
    if (unlikely(JS_IsAsyncFunction(entry))) {
        js_throw(ctx, "the built-in check() does not support async functions as arguments; the "
                      "JavaScript utils library has a check() that does");
        return -1;
    }
    ok = check_value(ctx, entry, value);
    if (ok < 0 && js_vu_of(ctx)->interrupted)
        return -1;
    h->ops->check(h, name, tags, ok > 0);
    return ok;
}

/* One entry of the set. Key and value are held, since the script may change the set meanwhile. */
static int check_entry(JSContext *ctx, JSAtom key, JSValueConst borrowed, JSValueConst value,
                       const struct tagset *tags)
{
    JSValue entry = JS_DupValue(ctx, borrowed);
    JSAtom held = JS_DupAtom(ctx, key);
    struct str name;
    int ok;

    if (likely(js_atom_ascii(ctx, held, &name))) {
        ok = check_named(ctx, name, entry, value, tags);
    } else {
        name.p = JS_AtomToCStringLen(ctx, &name.n, held);
        ok = name.p ? check_named(ctx, name, entry, value, tags) : -1;
        js_str_fini(ctx, name);
    }
    JS_FreeAtom(ctx, held);
    JS_FreeValue(ctx, entry);
    return ok;
}

static JSValue k6_check(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    struct script_host *h = js_host_of(ctx);
    const struct tagset *tags;
    struct js_props it;
    bool all = true;
    int ok = 0;

    (void)this_val;
    if (h->phase == SCRIPT_INIT)
        return js_throw(ctx, "Using check() in the init context is not supported");
    if (argc < 2 || js_nullish(argv[1]))
        return js_throw(ctx, "no checks provided to `check`");
    if (js_tags(ctx, argc > 2 ? argv[2] : JS_UNDEFINED, h->tags, "", &tags) < 0)
        return JS_EXCEPTION;
    it = js_props(ctx, argv[1]);
    while (ok >= 0 && js_props_next(ctx, &it)) {
        ok = check_entry(ctx, it.key, it.value, argv[0], tags);
        all = all && ok > 0;
    }
    if (js_props_end(ctx, &it) < 0 || ok < 0)
        return JS_EXCEPTION;
    return JS_NewBool(ctx, all);
}

/* ---- group ---- */

/* The user's tags with `group` set to the path of a group below the current one. */
static const struct tagset *enter_group(struct script_host *h, struct str name)
{
    struct buf path = {0};
    struct str parent = STR("");
    const struct tagset *tags;

    ignored(tagset_get(h->tags, STR("group"), &parent));
    buf_putstr(&path, parent);
    buf_puts(&path, "::");
    buf_putstr(&path, name);
    tags = tagset_add(h->tag_pool, h->tags, STR("group"), buf_str(&path));
    buf_fini(&path);
    return tags;
}

static JSValue run_group(JSContext *ctx, struct str name, JSValueConst fn)
{
    struct script_host *h = js_host_of(ctx);
    const struct tagset *before = h->tags, *inside = enter_group(h, name);
    struct str parent = STR("");
    mono_ns start = h->ops->now(h);
    JSValue v;

    h->tags = inside;
    v = JS_Call(ctx, fn, JS_UNDEFINED, 0, NULL);
    h->ops->sample(h, M_GROUP_DURATION, inside,
                   (double)(h->ops->now(h) - start) / (double)NS_PER_MS);
    /* Other tags that the function set stay; a group that it left another way is undone. */
    if (h->tags == inside) {
        h->tags = before;
    } else {
        ignored(tagset_get(before, STR("group"), &parent));
        h->tags = tagset_add(h->tag_pool, h->tags, STR("group"), parent);
    }
    return v;
}

static JSValue k6_group(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    struct str name;
    JSValue v;

    (void)this_val;
    if (js_in_init(ctx))
        return js_throw(ctx, "Using group() in the init context is not supported");
    if (argc < 2 || !JS_IsFunction(ctx, argv[1]))
        return js_throw(ctx, "group() requires a callback as a second argument");
    if (JS_IsAsyncFunction(argv[1]))
        return js_throw(ctx, "group() does not support async functions as arguments");
    name = js_str(ctx, argv[0]);
    if (!name.p)
        return JS_EXCEPTION;
    v = has_separator(name) ? throw_separator(ctx) : run_group(ctx, name, argv[1]);
    js_str_fini(ctx, name);
    return v;
}

/* ---- sleep, fail, randomSeed ---- */

static JSValue k6_sleep(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    struct js_vu *vu = js_vu_of(ctx);
    struct script_host *h = vu->host;
    mono_ns deadline = __atomic_load_n(&vu->deadline, __ATOMIC_RELAXED);
    double seconds;
    span_ns span;
    int r;

    (void)this_val;
    if (argc < 1 || JS_ToFloat64(ctx, &seconds, argv[0]) < 0)
        return argc < 1 ? JS_UNDEFINED : JS_EXCEPTION;
    if (!(seconds > 0))
        return JS_UNDEFINED;
    span = (span_ns)((seconds > SLEEP_MAX_S ? SLEEP_MAX_S : seconds) * (double)NS_PER_S);
    /* Sleeping past the deadline of setup() and kin ends there. */
    if (deadline && h->ops->now(h) + span > deadline) {
        span = deadline - h->ops->now(h);
        vu->timed_out = true;
    }
    js_suspend(vu);
    r = h->ops->sleep(h, span);
    js_resume(vu);
    return js_host_ok(ctx, r) && !vu->timed_out ? JS_UNDEFINED : js_throw_interrupt(ctx);
}

static JSValue k6_fail(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    struct str message;
    JSValue v;

    (void)this_val;
    if (argc < 1)
        return js_throw(ctx, "undefined");
    message = js_str(ctx, argv[0]);
    if (!message.p)
        return JS_EXCEPTION;
    v = JS_Throw(ctx, js_go_error(ctx, message));
    js_str_fini(ctx, message);
    return v;
}

static JSValue k6_random_seed(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv)
{
    int64_t seed = 0;

    (void)this_val;
    if (argc > 0 && JS_ToInt64(ctx, &seed, argv[0]) < 0)
        return JS_EXCEPTION;
    js_random_seed(js_vu_of(ctx), (uint64_t)seed);
    return JS_UNDEFINED;
}

static const JSCFunctionListEntry functions[] = {
    JS_CFUNC_DEF2("check", 2, k6_check, JS_PROP_C_W_E),
    JS_CFUNC_DEF2("fail", 1, k6_fail, JS_PROP_C_W_E),
    JS_CFUNC_DEF2("group", 2, k6_group, JS_PROP_C_W_E),
    JS_CFUNC_DEF2("randomSeed", 1, k6_random_seed, JS_PROP_C_W_E),
    JS_CFUNC_DEF2("sleep", 1, k6_sleep, JS_PROP_C_W_E),
};

static int init(JSContext *ctx, JSValueConst exports)
{
    return js_define(ctx, exports, functions, countof(functions));
}

const struct js_module js_module_k6 = {.name = "k6", .init = init};
