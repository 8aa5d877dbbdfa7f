#pragma once
/*
 * What keys followed what keys: a tree whose every path from the root is the beginning of an object
 * seen before. A node knows its key's atom, the shape of an object that ends there, which key came
 * next the last time, and with which key an object began that was found below it.
 *
 * Bounded: when it is full, keys stay unknown until it is emptied between two documents.
 */
#include <stdint.h>

#include <quickjs.h>

#include "base/arena.h"
#include "base/str.h"

enum {
    JSON_KEYS_ROOT = 0, /* the node of an object without properties */
    JSON_KEYS_NONE = 0, /* as a child: not there */
    JSON_KEYS_MAX_NODES = 4096,
    JSON_KEYS_MAX_PROPS = 256,
    JSON_KEYS_MAX_CHILDREN = 64, /* more means that keys are data; the root may have all */
    JSON_KEYS_MAX_KEY_BYTES = 64,
};

struct JSShape;

struct json_key_node {
    const char *key; /* as written between the quotes */
    uint32_t n_key;
    JSAtom atom;
    uint32_t parent;
    uint32_t n_props; /* of an object that ends here */
    uint32_t n_children;
    uint32_t next;         /* the child taken last, or NONE */
    uint32_t inner;        /* root's child taken last by an object in this key's value, or NONE */
    struct JSShape *shape; /* NULL until an object ended here */
};

struct json_keys {
    JSContext *ctx;
    struct json_key_node *nodes;
    size_t n_nodes;
    size_t cap_nodes;
    uint32_t *slots; /* hash of (parent, key) → node; a power of two, at most half full */
    uint32_t n_slots;
    bool full; /* something was refused for lack of room */
    struct arena text;
};

void json_keys_init(struct json_keys *k, JSContext *ctx);
void json_keys_fini(struct json_keys *k);

/* Forgets all. Indexes from before are dead. */
void json_keys_empty(struct json_keys *k);

/* The child of a node by a key as written, or JSON_KEYS_NONE. */
uint32_t json_keys_find(const struct json_keys *k, uint32_t parent, struct str key);

/*
 * Adds such a child, which must not exist; the atom is duplicated. JSON_KEYS_NONE when there is no
 * room, or when an object with this key would have it twice.
 */
uint32_t json_keys_add(struct json_keys *k, uint32_t parent, struct str key, JSAtom atom);

/* The shape of an object that ends at the node, borrowed; NULL with an exception pending. */
struct JSShape *json_keys_shape(struct json_keys *k, uint32_t node);
