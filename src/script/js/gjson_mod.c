/* Modifiers: `@name` or `@name:argument`, one function and one row each. */
#include <stdlib.h>

#include "base/mem.h"
#include "script/js/gjson.h"
#include "script/js/gjson_priv.h"
#include "script/js/js_json_scan.h"

/* Appends JSON of `json` to `out`; false when the modifier gives nothing. */
typedef bool(modifier_fn)(struct gjson *g, struct str argument, struct str json, struct buf *out);

enum {
    MAX_NESTED = 128, /* levels that @flatten and @dig go down */
};

static void put_comma(struct buf *out)
{
    char last = out->data[out->len - 1];

    if (last != '[' && last != '{')
        buf_putc(out, ',');
}

static void put_member(struct buf *out, struct str raw_key, struct str value)
{
    put_comma(out);
    buf_putc(out, '"');
    buf_putstr(out, raw_key);
    buf_puts(out, "\":");
    buf_putstr(out, value);
}

static void put_element(struct buf *out, struct str value)
{
    put_comma(out);
    buf_putstr(out, value);
}

static bool mod_this(struct gjson *g UNUSED, struct str argument UNUSED, struct str json,
                     struct buf *out)
{
    buf_putstr(out, json);
    return true;
}

static bool mod_valid(struct gjson *g UNUSED, struct str argument UNUSED, struct str json,
                      struct buf *out)
{
    buf_putstr(out, json);
    return gjson_valid(json);
}

/* Without white space between values. @pretty is the same: only the value is ever seen. */
static bool mod_ugly(struct gjson *g UNUSED, struct str argument UNUSED, struct str json,
                     struct buf *out)
{
    for (size_t i = 0; i < json.n;) {
        size_t end = json.p[i] == '"' ? gjson_span(json, i) : i + 1;

        if (!json_is_space(json.p[i]))
            buf_put(out, json.p + i, end - i);
        i = end;
    }
    return true;
}

static bool is_option(struct gjson *g, struct str argument, const char *name)
{
    struct str value;

    return gjson_type_of(argument) == GJSON_OBJECT && gjson_valid(argument) &&
           gjson_eval(g, argument, str_of(name), &value) && gjson_type_of(value) == GJSON_TRUE;
}

static bool mod_reverse(struct gjson *g, struct str argument UNUSED, struct str json,
                        struct buf *out)
{
    struct gjson_items it = gjson_items(json);
    struct gjson_items *items = NULL;
    size_t n = 0;
    size_t cap = 0;

    if (gjson_type_of(json) < GJSON_ARRAY)
        return mod_this(g, argument, json, out);
    while (gjson_next(g, &it))
        vec_push(items, n, cap) = it;
    buf_putc(out, it.is_object ? '{' : '[');
    while (n--) {
        if (it.is_object) {
            put_member(out, items[n].key, items[n].value);
        } else {
            put_element(out, items[n].value);
        }
    }
    buf_putc(out, it.is_object ? '}' : ']');
    free(items);
    return true;
}

static void flatten(struct gjson *g, struct str json, unsigned levels, struct buf *out)
{
    struct gjson_items it = gjson_items(json);

    while (gjson_next(g, &it)) {
        if (levels && gjson_type_of(it.value) == GJSON_ARRAY) {
            flatten(g, it.value, levels - 1, out);
        } else {
            put_element(out, it.value);
        }
    }
}

static bool mod_flatten(struct gjson *g, struct str argument, struct str json, struct buf *out)
{
    if (gjson_type_of(json) != GJSON_ARRAY)
        return mod_this(g, argument, json, out);
    buf_putc(out, '[');
    flatten(g, json, is_option(g, argument, "deep") ? MAX_NESTED : 1, out);
    buf_putc(out, ']');
    return true;
}

/* One object of an array of objects; of equal keys the last wins, or all stay with `preserve`. */
static bool mod_join(struct gjson *g, struct str argument, struct str json, struct buf *out)
{
    bool preserve = is_option(g, argument, "preserve");
    struct gjson_items objects = gjson_items(json);
    struct gjson_items *members = NULL;
    size_t n = 0;
    size_t cap = 0;

    if (gjson_type_of(json) != GJSON_ARRAY)
        return mod_this(g, argument, json, out);
    while (gjson_next(g, &objects)) {
        struct gjson_items it = gjson_items(objects.value);

        while (it.is_object && gjson_next(g, &it)) {
            size_t i = 0;

            g->n_steps += n;
            while (i < n && (preserve || !str_eq(members[i].key, it.key)))
                i++;
            if (i < n) {
                members[i].value = it.value;
            } else {
                vec_push(members, n, cap) = it;
            }
        }
    }
    buf_putc(out, '{');
    for (size_t i = 0; i < n; i++)
        put_member(out, members[i].key, members[i].value);
    buf_putc(out, '}');
    free(members);
    return true;
}

static bool mod_keys(struct gjson *g, struct str argument UNUSED, struct str json, struct buf *out)
{
    struct gjson_items it = gjson_items(json);

    buf_putc(out, '[');
    while (gjson_next(g, &it)) {
        put_comma(out);
        if (it.is_object) {
            buf_printf(out, "\"%.*s\"", STR_ARG(it.key));
        } else {
            buf_puts(out, "null");
        }
    }
    buf_putc(out, ']');
    return true;
}

static bool mod_values(struct gjson *g, struct str argument, struct str json, struct buf *out)
{
    struct gjson_items it = gjson_items(json);

    if (gjson_type_of(json) == GJSON_ARRAY)
        return mod_this(g, argument, json, out);
    buf_putc(out, '[');
    while (gjson_next(g, &it))
        put_element(out, it.value);
    buf_putc(out, ']');
    return true;
}

static bool mod_tostr(struct gjson *g UNUSED, struct str argument UNUSED, struct str json,
                      struct buf *out)
{
    gjson_quote(out, json);
    return true;
}

static bool mod_fromstr(struct gjson *g, struct str argument UNUSED, struct str json,
                        struct buf *out)
{
    struct str text = gjson_text(g, json);

    buf_putstr(out, text);
    return gjson_valid(text);
}

/* The i-th element of an array value, or false. */
static bool element_at(struct gjson *g, struct str array, size_t i, struct str *ret_value)
{
    struct gjson_items it = gjson_items(array);

    while (!it.is_object && gjson_next(g, &it)) {
        if (i-- == 0) {
            *ret_value = it.value;
            return true;
        }
    }
    return false;
}

/* {"a":[1,2],"b":[3,4]} → [{"a":1,"b":3},{"a":2,"b":4}] */
static bool mod_group(struct gjson *g, struct str argument UNUSED, struct str json, struct buf *out)
{
    bool more = true;

    if (gjson_type_of(json) != GJSON_OBJECT)
        return false;
    buf_putc(out, '[');
    for (size_t row = 0; more; row++) {
        struct gjson_items it = gjson_items(json);
        size_t before = out->len;
        struct str value;

        more = false;
        put_comma(out);
        buf_putc(out, '{');
        while (gjson_next(g, &it)) {
            if (gjson_type_of(it.value) == GJSON_ARRAY && element_at(g, it.value, row, &value)) {
                put_member(out, it.key, value);
                more = true;
            }
        }
        buf_putc(out, '}');
        if (!more)
            out->len = before;
    }
    buf_putc(out, ']');
    return true;
}

/* All values at a path, at any depth; outer ones first. */
static void dig(struct gjson *g, struct str path, struct str json, unsigned levels, struct buf *out)
{
    struct gjson_items it = gjson_items(json);
    struct str found;

    if (gjson_type_of(json) < GJSON_ARRAY || !levels || out->len > GJSON_MAX_BUILT)
        return;
    if (gjson_eval(g, json, path, &found))
        put_element(out, found);
    while (gjson_next(g, &it))
        dig(g, path, it.value, levels - 1, out);
}

static bool mod_dig(struct gjson *g, struct str argument, struct str json, struct buf *out)
{
    buf_putc(out, '[');
    dig(g, argument, json, MAX_NESTED, out);
    buf_putc(out, ']');
    return true;
}

static const struct {
    const char *name;
    modifier_fn *fn;
} modifiers[] = {
    {"this", mod_this},       {"valid", mod_valid}, {"ugly", mod_ugly},       {"pretty", mod_ugly},
    {"reverse", mod_reverse}, {"join", mod_join},   {"flatten", mod_flatten}, {"keys", mod_keys},
    {"values", mod_values},   {"tostr", mod_tostr}, {"fromstr", mod_fromstr}, {"group", mod_group},
    {"dig", mod_dig},
};

bool gjson_has_modifier(struct str name)
{
    for (size_t i = 0; i < countof(modifiers); i++) {
        if (str_is(name, modifiers[i].name))
            return true;
    }
    return false;
}

bool gjson_modify(struct gjson *g, struct str name, struct str argument, struct str json,
                  struct str *ret_json)
{
    struct buf out = {0};

    for (size_t i = 0; i < countof(modifiers); i++) {
        if (!str_is(name, modifiers[i].name))
            continue;
        bool exists = modifiers[i].fn(g, argument, json, &out);

        return gjson_keep(g, &out, ret_json) && exists;
    }
    return false;
}
