#pragma once
/*
 * From (metric id, tag set id) to a series: the lookup behind recorders and snapshots. The pair is
 * the whole key, so nothing is compared but one number. Private to this folder. Zeroed memory is an
 * empty map; entries are never removed.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

struct series_slot {
    uint64_t key;
    void *series; /* NULL: free */
};

struct series_map {
    struct series_slot *slots; /* n_slots is a power of two, or 0 */
    size_t n_slots;
    size_t n;
};

static inline uint64_t series_key(uint32_t metric, uint32_t tagset_id)
{
    return (uint64_t)metric << 32 | tagset_id;
}

static inline size_t series_map_first(const struct series_map *m, uint64_t key)
{
    uint64_t h = key * 0x9e3779b97f4a7c15U;

    return (h ^ h >> 32) & (m->n_slots - 1);
}

static inline void *series_map_get(const struct series_map *m, uint64_t key)
{
    if (m->n_slots == 0)
        return NULL;
    for (size_t i = series_map_first(m, key); m->slots[i].series; i = (i + 1) & (m->n_slots - 1)) {
        if (m->slots[i].key == key)
            return m->slots[i].series;
    }
    return NULL;
}

/* Adds a key that is not there. */
void series_map_put(struct series_map *m, uint64_t key, void *series);

void series_map_fini(struct series_map *m);
