/* Open addressing over an array of entries kept in insertion order. */
#include "base/table.h"

#include "base/mem.h"

void table_fini(struct table *t)
{
    for (size_t i = 0; i < t->n_entries; i++)
        free((void *)(uintptr_t)t->entries[i].key.p);
    free(t->entries);
    free(t->slots);
    *t = (struct table){0};
}

static struct table_entry *find(const struct table *t, struct str key, uint64_t hash)
{
    if (!t->n_slots)
        return NULL;
    for (size_t i = hash & (t->n_slots - 1); t->slots[i]; i = (i + 1) & (t->n_slots - 1)) {
        struct table_entry *e = &t->entries[t->slots[i] - 1];

        if (e->hash == hash && str_eq(e->key, key))
            return e;
    }
    return NULL;
}

static void place(struct table *t, size_t index)
{
    size_t i = t->entries[index].hash & (t->n_slots - 1);

    while (t->slots[i])
        i = (i + 1) & (t->n_slots - 1);
    t->slots[i] = (uint32_t)index + 1;
}

static void rehash(struct table *t)
{
    t->n_slots = t->n_slots ? t->n_slots * 2 : 16;
    free(t->slots);
    t->slots = xnew_n(uint32_t, t->n_slots);
    for (size_t i = 0; i < t->n_entries; i++)
        place(t, i);
}

void *table_get(const struct table *t, struct str key)
{
    struct table_entry *e = find(t, key, hash_bytes(key.p, key.n, 0));

    return e ? e->value : NULL;
}

void *table_set(struct table *t, struct str key, void *value)
{
    uint64_t hash = hash_bytes(key.p, key.n, 0);
    struct table_entry *e = find(t, key, hash);

    if (!e) {
        e = &vec_push(t->entries, t->n_entries, t->cap);
        char *copy = xmalloc(key.n + 1);

        if (key.n)
            memcpy(copy, key.p, key.n);
        copy[key.n] = '\0';
        *e = (struct table_entry){.key = {copy, key.n}, .hash = hash};
        if (t->n_entries * 2 > t->n_slots)
            rehash(t);
        else
            place(t, t->n_entries - 1);
    }
    void *old = e->value;

    t->n_live += !old;
    e->value = value;
    return old;
}

void *table_remove(struct table *t, struct str key)
{
    struct table_entry *e = find(t, key, hash_bytes(key.p, key.n, 0));

    if (!e || !e->value)
        return NULL;
    void *old = e->value;

    e->value = NULL;
    t->n_live--;
    return old;
}
