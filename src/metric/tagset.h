#pragma once
/*
 * Tag sets, interned: within one pool equal content means the same pointer, so a set can be
 * compared, hashed and cached by its address. Immutable; live as long as their pool. A pool belongs
 * to one loop and is not thread-safe; whole sets cross threads by content (metric/snapshot.h).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct tag {
    struct str key;
    struct str value;
};

/* Sorted by key; keys are unique; a value may be empty ("group" of the root is). */
struct tagset {
    uint32_t id; /* dense within the pool, from 0 (the empty set) */
    uint32_t n;
    uint64_t hash;
    struct tag tags[];
};

struct tag_pool;

enum {
    TAGSET_TAGS_MAX = 1024,      /* tags in a set; further keys are left out */
    TAG_POOL_SETS_MAX = 1000000, /* sets in a pool, unless it is told otherwise */
};

struct tag_pool *tag_pool_new(void);
void tag_pool_free(struct tag_pool *pool);

/* The sets made so far; ids are below it. */
uint32_t tag_pool_count(const struct tag_pool *pool);

/*
 * Bounds the pool's memory: when it has n sets, whatever would make another gives
 * tagset_overflow() instead.
 */
void tag_pool_limit(struct tag_pool *pool, uint32_t n);

/* The set overflow="true". */
const struct tagset *tagset_overflow(const struct tag_pool *pool);

const struct tagset *tagset_empty(const struct tag_pool *pool);

/* The set with key=value added or replaced. Copies both strings when the set is new. */
const struct tagset *tagset_add(struct tag_pool *pool, const struct tagset *base, struct str key,
                                struct str value);

/* The same for n tags at once, later ones winning. */
const struct tagset *tagset_merge(struct tag_pool *pool, const struct tagset *base,
                                  const struct tag *tags, size_t n);

const struct tagset *tagset_remove(struct tag_pool *pool, const struct tagset *base,
                                   struct str key);

/* False when there is no such key; ret_value may be NULL. */
bool tagset_get(const struct tagset *set, struct str key, struct str *ret_value);

/* Whether all tags of `part` are in `set`; the sets may be of different pools. */
bool tagset_contains(const struct tagset *set, const struct tagset *part);
