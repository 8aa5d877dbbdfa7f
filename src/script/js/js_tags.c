/*
 * Tag arguments (§2.14). A script passes the same object literal at the same place again and again:
 * each time a new object, but of the same shape and mostly with the very same strings. So results
 * are remembered by shape, values and base set; a hit compares a few words and allocates nothing.
 * The cache holds references on what it compares by, or an address could come back with another
 * content. (`base` needs none: tag sets live as long as their pool.)
 */
#include "base/mem.h"
#include "script/js/js_script.h"

enum {
    TAGS_MAX = 1000,         /* of one argument */
    TAG_BYTES_MAX = 1 << 20, /* of one value */
};

/* ---- the slow way ---- */

struct tag_list {
    struct tag *tags;
    size_t n, cap;
    JSContext *ctx;
};

static void tag_list_fini(struct tag_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        js_str_fini(l->ctx, l->tags[i].key);
        js_str_fini(l->ctx, l->tags[i].value);
    }
    free(l->tags);
}

static int add_tag(struct tag_list *l, JSAtom key, JSValueConst value, const char *prefix)
{
    JSContext *ctx = l->ctx;
    struct tag t = {0};
    bool bad = !JS_IsString(value) && !JS_IsBool(value) && !JS_IsNumber(value);

    if (bad && !prefix)
        return -1;
    t.key.p = JS_AtomToCStringLen(ctx, &t.key.n, key);
    if (bad) {
        js_throw(ctx,
                 "%sinvalid value for metric tag '%.*s': only String, Boolean and Number types are "
                 "accepted as a metric tag values",
                 prefix, STR_ARG(t.key));
        js_str_fini(ctx, t.key);
        return -1;
    }
    t.value = js_str(ctx, value);
    if (!t.key.p || !t.value.p || t.value.n > TAG_BYTES_MAX || l->n == TAGS_MAX) {
        if (!JS_HasException(ctx))
            js_throw(ctx, "%stoo many or too long metric tags", prefix ? prefix : "");
        js_str_fini(ctx, t.key);
        js_str_fini(ctx, t.value);
        return -1;
    }
    vec_push(l->tags, l->n, l->cap) = t;
    return 0;
}

static int collect(JSContext *ctx, JSValueConst arg, const struct tagset *base, const char *prefix,
                   const struct tagset **ret_tags)
{
    struct tag_list list = {.ctx = ctx};
    struct js_props it = js_props(ctx, arg);
    int r = 0;

    while (r == 0 && js_props_next(ctx, &it))
        r = add_tag(&list, it.key, it.value, prefix);
    if (js_props_end(ctx, &it) < 0)
        r = -1;
    if (r == 0)
        *ret_tags = tagset_merge(js_host_of(ctx)->tag_pool, base, list.tags, list.n);
    tag_list_fini(&list);
    return r;
}

/* ---- the cache ---- */

static uint64_t key_hash(const struct JSShape *shape, const struct tagset *base, JSValueConst arg,
                         uint32_t n)
{
    uint64_t h = (uint64_t)(uintptr_t)shape ^ (uint64_t)(uintptr_t)base << 7;

    for (uint32_t i = 0; i < n; i++)
        h = (h ^ js_value_bits(js_shape_value(arg, i))) * 0x9e3779b97f4a7c15u;
    return h >> 32;
}

static bool entry_matches(const struct js_tag_entry *e, const struct JSShape *shape,
                          const struct tagset *base, JSValueConst arg, uint32_t n)
{
    if (e->shape != shape || e->base != base || e->n != n)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (!js_value_same(e->values[i], js_shape_value(arg, i)))
            return false;
    }
    return true;
}

static void entry_set(JSContext *ctx, struct js_tag_entry *e, struct JSShape *shape,
                      const struct tagset *base, JSValueConst arg, uint32_t n,
                      const struct tagset *result)
{
    struct js_tag_entry old = *e;

    *e = (struct js_tag_entry){
        .shape = js_shape_hold(shape), .base = base, .result = result, .n = n};
    for (uint32_t i = 0; i < n; i++)
        e->values[i] = JS_DupValue(ctx, js_shape_value(arg, i));
    for (uint32_t i = 0; i < old.n; i++)
        JS_FreeValue(ctx, old.values[i]);
    js_shape_drop(JS_GetRuntime(ctx), old.shape);
}

/* Only objects whose slots are all simple enumerable values that a comparison of words tells
 * apart. */
static bool cacheable(JSValueConst arg, const struct JSShape *shape, uint32_t n)
{
    if (!shape || n == 0 || n > TAG_CACHE_VALUES || !js_shape_is_plain(shape))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        JSValueConst v = js_shape_value(arg, i);

        if (!JS_IsString(v) && !JS_IsBool(v) && !JS_IsNumber(v))
            return false;
    }
    return true;
}

int js_tags(JSContext *ctx, JSValueConst arg, const struct tagset *base, const char *prefix,
            const struct tagset **ret_tags)
{
    struct js_group *g = js_vu_of(ctx)->group;
    struct JSShape *shape;
    struct js_tag_entry *e;
    uint32_t n;

    if (js_nullish(arg)) {
        *ret_tags = base;
        return 0;
    }
    shape = js_shape_of(arg);
    n = shape ? js_shape_count(shape) : 0;
    if (!cacheable(arg, shape, n))
        return collect(ctx, arg, base, prefix, ret_tags);
    e = &g->tags[key_hash(shape, base, arg, n) % TAG_CACHE_SIZE];
    if (likely(entry_matches(e, shape, base, arg, n))) {
        *ret_tags = e->result;
        return 0;
    }
    if (collect(ctx, arg, base, prefix, ret_tags) < 0)
        return -1;
    entry_set(ctx, e, shape, base, arg, n, *ret_tags);
    return 0;
}
