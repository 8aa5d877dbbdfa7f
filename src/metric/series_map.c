/* Growing and filling the map from keys to series; finding is in the header. */
#include "metric/series_map.h"

enum {
    SLOTS_AT_FIRST = 64,
};

static void place(struct series_map *m, uint64_t key, void *series)
{
    size_t i = series_map_first(m, key);

    while (m->slots[i].series)
        i = (i + 1) & (m->n_slots - 1);
    m->slots[i] = (struct series_slot){.key = key, .series = series};
}

static void grow(struct series_map *m)
{
    struct series_slot *old = m->slots;
    size_t n_old = m->n_slots;

    m->n_slots = n_old ? n_old * 2 : SLOTS_AT_FIRST;
    m->slots = xnew_n(struct series_slot, m->n_slots);
    for (size_t i = 0; i < n_old; i++) {
        if (old[i].series)
            place(m, old[i].key, old[i].series);
    }
    free(old);
}

void series_map_put(struct series_map *m, uint64_t key, void *series)
{
    if ((m->n + 1) * 2 > m->n_slots)
        grow(m);
    place(m, key, series);
    m->n++;
}

void series_map_fini(struct series_map *m)
{
    free(m->slots);
    *m = (struct series_map){0};
}
