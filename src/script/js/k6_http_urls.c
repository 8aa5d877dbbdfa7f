/*
 * Parsed URLs by their text. A script asks for the same few again and again, and parsing costs some
 * ten times what finding does. Four places a set; a find moves the entry one place forward in its
 * set, and a new one takes the last place. URLs made new for each request pass through without
 * pushing out those that come back.
 */
#include "base/mem.h"
#include "proto/url.h"
#include "script/js/k6_http_priv.h"

enum {
    N_SETS = 64, /* a power of two */
    N_WAYS = 4,
    KEEP_BYTES = 4096, /* longer texts are parsed each time */
};

struct url_entry {
    uint64_t hash;
    struct url *url; /* NULL: free */
};

struct url_cache {
    struct url_entry sets[N_SETS][N_WAYS];
};

struct url_cache *url_cache_new(void)
{
    return xnew(struct url_cache);
}

void url_cache_free(struct url_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < N_SETS; i++) {
        for (size_t j = 0; j < N_WAYS; j++)
            url_unref(cache->sets[i][j].url);
    }
    free(cache);
}

/* The entry's place in its set, or N_WAYS. */
static size_t find_way(const struct url_entry *set, uint64_t hash, struct str text)
{
    for (size_t i = 0; i < N_WAYS; i++) {
        if (set[i].url && set[i].hash == hash && str_eq(set[i].url->original, text))
            return i;
    }
    return N_WAYS;
}

/* Moves a found entry one place forward; what is used often ends up in front. */
static void promote(struct url_entry *set, size_t i)
{
    struct url_entry found = set[i];

    if (i > 0) {
        set[i] = set[i - 1];
        set[i - 1] = found;
    }
}

int url_cache_get(struct url_cache *cache, struct str text, struct url **ret_url)
{
    uint64_t hash = hash_bytes(text.p, text.n, 0);
    struct url_entry *set = cache->sets[hash % N_SETS];
    size_t i = find_way(set, hash, text);
    struct url *u = NULL;

    if (i < N_WAYS) {
        u = url_ref(set[i].url);
        promote(set, i);
        *ret_url = u;
        return 0;
    }
    TRY(url_parse(text, NULL, &u));
    if (text.n <= KEEP_BYTES) {
        url_unref(set[N_WAYS - 1].url);
        set[N_WAYS - 1] = (struct url_entry){hash, url_ref(u)};
    }
    *ret_url = u;
    return 0;
}
