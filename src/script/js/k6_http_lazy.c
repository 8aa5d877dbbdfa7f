/*
 * Objects that look like plain ones and make their fields on first reading.
 *
 * The class is exotic: a property that the object's shape lacks is asked of us, by atom, and found
 * through a small hash table of the kind's atoms. Values that are objects, or that a script has
 * assigned, are kept in slots; the rest is made anew at each reading, which for numbers is cheaper
 * than keeping. Other names that a script adds become ordinary properties. A field that is
 * redefined with other attributes, or deleted, stops being ours.
 */
#include <assert.h>
#include <string.h>

#include "script/js/k6_http_priv.h"

enum {
    MAP_SLOTS = 4 * JS_LAZY_FIELDS_MAX,
    NOT_OURS = -1,
};

/* Spreads neighbouring atoms; any odd constant does. */
static uint32_t map_slot(JSAtom atom)
{
    return (uint32_t)(atom * 2654435761U) >> 25;
}

static_assert(MAP_SLOTS == 128, "map_slot() gives 7 bits");

void js_lazy_index_init(JSContext *ctx, struct js_lazy_index *index,
                        const struct js_lazy_type *type)
{
    assert(type->n_fields <= JS_LAZY_FIELDS_MAX && type->n_slots <= JS_LAZY_FIELDS_MAX);
    index->type = type;
    memset(index->map, 0, sizeof(index->map));
    for (uint32_t i = 0; i < type->n_fields; i++) {
        uint32_t at;

        index->atoms[i] = JS_NewAtom(ctx, type->fields[i]);
        for (at = map_slot(index->atoms[i]); index->map[at]; at = (at + 1) % MAP_SLOTS)
            continue;
        index->map[at] = (uint8_t)(i + 1);
    }
}

void js_lazy_index_fini(JSRuntime *rt, struct js_lazy_index *index)
{
    for (uint32_t i = 0; index->type && i < index->type->n_fields; i++)
        JS_FreeAtomRT(rt, index->atoms[i]);
}

/* The number of a field that is there and ours, or NOT_OURS. */
static int find_field(const struct js_lazy *self, JSAtom prop)
{
    const struct js_lazy_index *index = self->index;

    for (uint32_t at = map_slot(prop); index->map[at]; at = (at + 1) % MAP_SLOTS) {
        int field = index->map[at] - 1;

        if (index->atoms[field] == prop)
            return self->present >> field & 1 ? field : NOT_OURS;
    }
    return NOT_OURS;
}

static struct js_lazy *lazy_self(JSValueConst obj)
{
    return JS_GetOpaque(obj, JSC_HTTP_RESPONSE);
}

static int make_slots(JSContext *ctx, struct js_lazy *self)
{
    uint32_t n = self->index->type->n_slots;

    self->slots = js_malloc(ctx, n * sizeof(*self->slots));
    if (!self->slots)
        return -1;
    for (uint32_t i = 0; i < n; i++)
        self->slots[i] = JS_UNINITIALIZED;
    return 0;
}

int js_lazy_keep(JSContext *ctx, struct js_lazy *self, uint32_t slot, JSValue value)
{
    if (!self->slots && make_slots(ctx, self) < 0) {
        JS_FreeValue(ctx, value);
        return -1;
    }
    JS_FreeValue(ctx, self->slots[slot]);
    self->slots[slot] = value;
    self->stored |= 1U << slot;
    return 0;
}

JSValueConst js_lazy_kept(const struct js_lazy *self, uint32_t slot)
{
    return self->stored >> slot & 1 ? self->slots[slot] : JS_UNINITIALIZED;
}

/* The value of a field, a reference of the caller's. */
static JSValue read_field(JSContext *ctx, struct js_lazy *self, int field)
{
    const struct js_lazy_type *type = self->index->type;
    JSValue v;

    if (self->stored >> field & 1)
        return JS_DupValue(ctx, self->slots[field]);
    v = type->get(ctx, self, (uint32_t)field);
    if (JS_IsException(v) || !(type->keep >> field & 1))
        return v;
    if (js_lazy_keep(ctx, self, (uint32_t)field, JS_DupValue(ctx, v)) < 0) {
        JS_FreeValue(ctx, v);
        return JS_EXCEPTION;
    }
    return v;
}

static int lazy_get_own(JSContext *ctx, JSPropertyDescriptor *desc, JSValueConst obj, JSAtom prop)
{
    struct js_lazy *self = lazy_self(obj);
    int field = find_field(self, prop);

    if (field == NOT_OURS)
        return false;
    if (!desc)
        return true;
    desc->value = read_field(ctx, self, field);
    if (JS_IsException(desc->value))
        return -1;
    desc->flags = JS_PROP_C_W_E;
    desc->getter = JS_UNDEFINED;
    desc->setter = JS_UNDEFINED;
    return true;
}

static int lazy_names(JSContext *ctx, JSPropertyEnum **ret_names, uint32_t *ret_n, JSValueConst obj)
{
    const struct js_lazy *self = lazy_self(obj);
    const struct js_lazy_index *index = self->index;
    JSPropertyEnum *names = js_malloc(ctx, sizeof(*names) * index->type->n_fields);
    uint32_t n = 0;

    if (!names)
        return -1;
    for (uint32_t i = 0; i < index->type->n_fields; i++) {
        if (self->present >> i & 1)
            names[n++] = (JSPropertyEnum){true, JS_DupAtom(ctx, index->atoms[i])};
    }
    *ret_names = names;
    *ret_n = n;
    return 0;
}

/* From now on the field is not ours: an ordinary property, or none. */
static void disown(JSContext *ctx, struct js_lazy *self, int field)
{
    self->present &= ~(1U << field);
    self->assigned |= 1U << field;
    if (self->stored >> field & 1) {
        JS_FreeValue(ctx, self->slots[field]);
        self->slots[field] = JS_UNINITIALIZED;
        self->stored &= ~(1U << field);
    }
}

static int lazy_delete(JSContext *ctx, JSValueConst obj, JSAtom prop)
{
    struct js_lazy *self = lazy_self(obj);
    int field = find_field(self, prop);

    if (field != NOT_OURS)
        disown(ctx, self, field);
    return true;
}

/* Whether a definition is no more than an assignment to a plain property. */
static bool only_assigns(int flags)
{
    int attributes = flags >> 8 & JS_PROP_C_W_E; /* those that the definition speaks of */

    return flags & JS_PROP_HAS_VALUE && !(flags & (JS_PROP_HAS_GET | JS_PROP_HAS_SET)) &&
           (flags & attributes) == attributes;
}

static_assert(JS_PROP_HAS_CONFIGURABLE == JS_PROP_CONFIGURABLE << 8 &&
                  JS_PROP_HAS_WRITABLE == JS_PROP_WRITABLE << 8 &&
                  JS_PROP_HAS_ENUMERABLE == JS_PROP_ENUMERABLE << 8,
              "only_assigns() shifts by 8");

/* Turns a field into an ordinary property, changed as `flags` say. */
static int redefine(JSContext *ctx, JSValueConst obj, int field, JSValueConst val,
                    JSValueConst getter, JSValueConst setter, int flags)
{
    struct js_lazy *self = lazy_self(obj);
    bool accessor = flags & (JS_PROP_HAS_GET | JS_PROP_HAS_SET);
    int kept = JS_PROP_C_W_E & ~(flags >> 8); /* attributes it does not speak of stay */
    JSValue v = JS_UNDEFINED;
    int r;

    if (!accessor) {
        v = flags & JS_PROP_HAS_VALUE ? JS_DupValue(ctx, val) : read_field(ctx, self, field);
        if (JS_IsException(v))
            return -1;
        flags |= JS_PROP_HAS_VALUE;
    } else {
        kept &= ~JS_PROP_WRITABLE;
    }
    disown(ctx, self, field);
    flags |= kept | kept << 8 | JS_PROP_NO_EXOTIC;
    r = JS_DefineProperty(ctx, obj, self->index->atoms[field], v, getter, setter, flags);
    JS_FreeValue(ctx, v);
    return r;
}

static int lazy_define(JSContext *ctx, JSValueConst obj, JSAtom prop, JSValueConst val,
                       JSValueConst getter, JSValueConst setter, int flags)
{
    struct js_lazy *self = lazy_self(obj);
    int field = find_field(self, prop);

    if (field == NOT_OURS)
        return JS_DefineProperty(ctx, obj, prop, val, getter, setter, flags | JS_PROP_NO_EXOTIC);
    if (!only_assigns(flags))
        return redefine(ctx, obj, field, val, getter, setter, flags);
    if (js_lazy_keep(ctx, self, (uint32_t)field, JS_DupValue(ctx, val)) < 0)
        return -1;
    self->assigned |= 1U << field;
    return true;
}

static void lazy_finalize(JSRuntime *rt, JSValueConst obj)
{
    struct js_lazy *self = lazy_self(obj);
    struct js_http *http;

    if (!self)
        return;
    http = self->http;
    for (uint32_t i = 0; self->slots && i < self->index->type->n_slots; i++)
        JS_FreeValueRT(rt, self->slots[i]);
    js_free_rt(rt, self->slots);
    self->index->type->free(rt, self);
    js_http_unref(rt, http);
}

static void lazy_mark(JSRuntime *rt, JSValueConst obj, JS_MarkFunc *mark)
{
    const struct js_lazy *self = lazy_self(obj);

    for (uint32_t i = 0; self && self->slots && i < self->index->type->n_slots; i++)
        JS_MarkValue(rt, self->slots[i], mark);
}

static JSClassExoticMethods lazy_exotic = {
    .get_own_property = lazy_get_own,
    .get_own_property_names = lazy_names,
    .delete_property = lazy_delete,
    .define_own_property = lazy_define,
};

static const JSClassDef lazy_class = {
    .class_name = "Object",
    .finalizer = lazy_finalize,
    .gc_mark = lazy_mark,
    .exotic = &lazy_exotic,
};

int js_lazy_register(JSContext *ctx)
{
    return http_plain_class(ctx, JSC_HTTP_RESPONSE, &lazy_class);
}

JSValue js_lazy_new(JSContext *ctx, struct js_http *http, const struct js_lazy_index *index,
                    struct js_lazy *self)
{
    JSValue obj = JS_NewObjectClass(ctx, JSC_HTTP_RESPONSE);

    self->index = index;
    self->http = http;
    self->slots = NULL;
    self->stored = self->assigned = 0;
    self->present = (uint32_t)((1ULL << index->type->n_fields) - 1);
    if (JS_IsException(obj)) {
        index->type->free(JS_GetRuntime(ctx), self);
        return obj;
    }
    http->n_refs++;
    JS_SetOpaque(obj, self);
    return obj;
}

struct js_lazy *js_lazy_of(JSValueConst obj, const struct js_lazy_type *type)
{
    struct js_lazy *self = JS_GetOpaque(obj, JSC_HTTP_RESPONSE);

    return self && self->index->type == type ? self : NULL;
}
