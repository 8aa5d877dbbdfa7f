/* The tree of keys behind js_json.c: nodes in one growing array, found by an open hash table. */
#include "script/js/js_json_keys.h"

#include "base/mem.h"
#include "script/js/js_json_build.h"

enum {
    FIRST_SLOTS = 256,
};

static void add_root(struct json_keys *k)
{
    vec_push(k->nodes, k->n_nodes, k->cap_nodes) = (struct json_key_node){.atom = JS_ATOM_NULL};
}

void json_keys_init(struct json_keys *k, JSContext *ctx)
{
    *k = (struct json_keys){.ctx = ctx, .n_slots = FIRST_SLOTS};
    k->slots = xnew_n(uint32_t, k->n_slots);
    add_root(k);
}

static void drop_nodes(struct json_keys *k)
{
    for (size_t i = 0; i < k->n_nodes; i++) {
        JS_FreeAtom(k->ctx, k->nodes[i].atom);
        js_build_shape_free(JS_GetRuntime(k->ctx), k->nodes[i].shape);
    }
    k->n_nodes = 0;
}

void json_keys_fini(struct json_keys *k)
{
    drop_nodes(k);
    arena_fini(&k->text);
    free(k->nodes);
    free(k->slots);
}

void json_keys_empty(struct json_keys *k)
{
    drop_nodes(k);
    arena_reset(&k->text);
    memset(k->slots, 0, k->n_slots * sizeof(*k->slots));
    k->full = false;
    add_root(k);
}

static uint32_t *slot_of(const struct json_keys *k, uint32_t parent, struct str key)
{
    uint64_t hash = hash_bytes(key.p, key.n, parent);

    for (uint32_t i = (uint32_t)hash & (k->n_slots - 1);; i = (i + 1) & (k->n_slots - 1)) {
        const struct json_key_node *node = &k->nodes[k->slots[i]];

        if (!k->slots[i] ||
            (node->parent == parent && str_eq(str_from(node->key, node->n_key), key)))
            return &k->slots[i];
    }
}

uint32_t json_keys_find(const struct json_keys *k, uint32_t parent, struct str key)
{
    return *slot_of(k, parent, key);
}

static void grow_slots(struct json_keys *k)
{
    free(k->slots);
    k->n_slots *= 2;
    k->slots = xnew_n(uint32_t, k->n_slots);
    for (uint32_t i = 1; i < k->n_nodes; i++) {
        const struct json_key_node *node = &k->nodes[i];

        *slot_of(k, node->parent, str_from(node->key, node->n_key)) = i;
    }
}

static bool has_ancestor_key(const struct json_keys *k, uint32_t node, JSAtom atom)
{
    for (; node != JSON_KEYS_ROOT; node = k->nodes[node].parent) {
        if (k->nodes[node].atom == atom)
            return true;
    }
    return false;
}

static bool has_room(struct json_keys *k, uint32_t parent, struct str key)
{
    const struct json_key_node *node = &k->nodes[parent];

    if (key.n > JSON_KEYS_MAX_KEY_BYTES || node->n_props >= JSON_KEYS_MAX_PROPS)
        return false;
    if (parent != JSON_KEYS_ROOT && node->n_children >= JSON_KEYS_MAX_CHILDREN)
        return false;
    if (k->n_nodes < JSON_KEYS_MAX_NODES)
        return true;
    k->full = true;
    return false;
}

uint32_t json_keys_add(struct json_keys *k, uint32_t parent, struct str key, JSAtom atom)
{
    if (!has_room(k, parent, key) || has_ancestor_key(k, parent, atom))
        return JSON_KEYS_NONE;
    if (2 * (k->n_nodes + 1) > k->n_slots)
        grow_slots(k);

    uint32_t child = (uint32_t)k->n_nodes;
    uint32_t n_props = k->nodes[parent].n_props + 1;

    k->nodes[parent].n_children++;
    vec_push(k->nodes, k->n_nodes, k->cap_nodes) = (struct json_key_node){
        .key = arena_str(&k->text, key).p,
        .n_key = (uint32_t)key.n,
        .atom = JS_DupAtom(k->ctx, atom),
        .parent = parent,
        .n_props = n_props,
    };
    *slot_of(k, parent, key) = child;
    return child;
}

struct JSShape *json_keys_shape(struct json_keys *k, uint32_t node)
{
    JSAtom atoms[JSON_KEYS_MAX_PROPS];
    uint32_t n = k->nodes[node].n_props;

    if (likely(k->nodes[node].shape))
        return k->nodes[node].shape;
    for (uint32_t at = node, i = n; i > 0; at = k->nodes[at].parent)
        atoms[--i] = k->nodes[at].atom;
    return k->nodes[node].shape = js_build_shape(k->ctx, atoms, n);
}
