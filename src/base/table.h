#pragma once
/*
 * A hash table from byte strings to pointers, in insertion order: iteration visits entries as they
 * were first added. Keys are copied; values are the caller's. Zeroed memory is an empty table.
 */
#include <stdint.h>

#include "base/str.h"

struct table_entry {
    struct str key; /* owned by the table, NUL-terminated */
    void *value;    /* NULL for an entry that was removed */
    uint64_t hash;
};

struct table {
    struct table_entry *entries; /* in insertion order, removed ones included */
    size_t n_entries;
    size_t cap;
    uint32_t *slots; /* index + 1 into entries; 0 is free */
    size_t n_slots;  /* a power of two */
    size_t n_live;
};

#define table_each(e, t)                                                 \
    for ((e) = (t)->entries; (e) < (t)->entries + (t)->n_entries; (e)++) \
        if ((e)->value)

/* Frees the table's own memory; values are left alone. */
void table_fini(struct table *t);

/* The value, or NULL. */
void *table_get(const struct table *t, struct str key);

/* Adds or replaces; `value` must not be NULL. Returns the value that was there, or NULL. */
void *table_set(struct table *t, struct str key, void *value);

/* Removes; returns the value that was there, or NULL. */
void *table_remove(struct table *t, struct str key);
