/*
 * The interning pool. A set's hash is the sum of its tags' hashes, so the hash of a merged set is
 * known before the set is built, whatever the order of tags.
 *
 * Merging goes through a memo first: the same few tags are added to the same base again and again.
 * A memo entry is found by a hash over base and tags, and believed only after the tags have been
 * compared with the result, at the places where they were put. Otherwise the merged set is laid out
 * in scratch memory, looked for among the known ones, and copied to the arena when it is new.
 */
#include "metric/tagset.h"

#include "base/arena.h"
#include "base/mem.h"

enum {
    MEMO_SLOTS = 2048,
    MEMO_TAGS = 8, /* merging more at once goes the long way */
    ARENA_BLOCK_BYTES = 64 << 10,
    SLOTS_AT_FIRST = 64,
};

struct memo {
    const struct tagset *base;
    const struct tagset *result; /* NULL: free */
    uint64_t hash;
    uint16_t n;
    uint16_t place[MEMO_TAGS]; /* of each tag in the result */
};

struct tag_pool {
    struct arena arena;
    const struct tagset **slots; /* by hash, open addressing; n_slots is a power of two */
    size_t n_slots;
    uint32_t n_sets, max_sets;
    const struct tagset *empty;
    const struct tagset *overflow;
    struct tag *scratch;
    size_t cap_scratch;
    struct memo memo[MEMO_SLOTS];
};

static inline uint64_t mix(uint64_t a, uint64_t b)
{
    __uint128_t m = (__uint128_t)(a ^ 0x9e3779b97f4a7c15U) * (b ^ 0xd6e8feb86659fd93U);

    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t load8(const char *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static inline uint64_t load4(const char *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

/* Most keys and values are short: two loads that may overlap cover up to 16 bytes. */
static inline void load_short(struct str s, uint64_t *ret_a, uint64_t *ret_b)
{
    if (s.n >= 8) {
        *ret_a = load8(s.p);
        *ret_b = load8(s.p + s.n - 8);
    } else if (s.n >= 4) {
        *ret_a = load4(s.p);
        *ret_b = load4(s.p + s.n - 4);
    } else if (s.n > 0) {
        *ret_a = (unsigned char)s.p[0];
        *ret_b = (uint64_t)(unsigned char)s.p[s.n / 2] << 8 | (unsigned char)s.p[s.n - 1];
    } else {
        *ret_a = *ret_b = 0;
    }
}

static inline uint64_t str_hash(struct str s)
{
    uint64_t a, b;

    if (unlikely(s.n > 16))
        return hash_bytes(s.p, s.n, 0);
    load_short(s, &a, &b);
    return mix(a ^ s.n, b);
}

static inline bool same_str(struct str a, struct str b)
{
    uint64_t a1, a2, b1, b2;

    if (a.n != b.n)
        return false;
    if (a.p == b.p)
        return true;
    if (unlikely(a.n > 16))
        return memcmp(a.p, b.p, a.n) == 0;
    load_short(a, &a1, &a2);
    load_short(b, &b1, &b2);
    return ((a1 ^ b1) | (a2 ^ b2)) == 0;
}

static inline uint64_t tag_hash(const struct tag *tag)
{
    return mix(str_hash(tag->key) << 1, str_hash(tag->value));
}

static inline bool same_tag(const struct tag *a, const struct tag *b)
{
    return same_str(a->key, b->key) && same_str(a->value, b->value);
}

static bool same_tags(const struct tagset *set, const struct tag *tags, size_t n)
{
    if (set->n != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!same_tag(&set->tags[i], &tags[i]))
            return false;
    }
    return true;
}

static inline size_t first_slot(const struct tag_pool *pool, uint64_t hash)
{
    return (hash ^ hash >> 32) & (pool->n_slots - 1);
}

static void place_set(struct tag_pool *pool, const struct tagset *set)
{
    size_t i = first_slot(pool, set->hash);

    while (pool->slots[i])
        i = (i + 1) & (pool->n_slots - 1);
    pool->slots[i] = set;
}

static void grow_slots(struct tag_pool *pool)
{
    const struct tagset **old = pool->slots;
    size_t n_old = pool->n_slots;

    pool->n_slots = n_old ? n_old * 2 : SLOTS_AT_FIRST;
    pool->slots = xnew_n(const struct tagset *, pool->n_slots);
    for (size_t i = 0; i < n_old; i++) {
        if (old[i])
            place_set(pool, old[i]);
    }
    free((void *)old);
}

/* Strings that are in a set of this pool already are shared; `base` tells which. */
static struct str keep_str(struct tag_pool *pool, const struct tagset *base, struct str s)
{
    if (base) {
        for (size_t i = 0; i < base->n; i++) {
            if (s.p == base->tags[i].key.p || s.p == base->tags[i].value.p)
                return s;
        }
    }
    return s.n ? arena_str(&pool->arena, s) : (struct str){.p = ""};
}

static const struct tagset *make_set(struct tag_pool *pool, const struct tagset *base,
                                     const struct tag *tags, size_t n, uint64_t hash)
{
    struct tagset *set = arena_alloc(&pool->arena, sizeof(*set) + n * sizeof(struct tag));

    *set = (struct tagset){.id = pool->n_sets++, .n = (uint32_t)n, .hash = hash};
    for (size_t i = 0; i < n; i++) {
        set->tags[i] = (struct tag){.key = keep_str(pool, base, tags[i].key),
                                    .value = keep_str(pool, base, tags[i].value)};
    }
    if ((size_t)pool->n_sets * 2 > pool->n_slots)
        grow_slots(pool);
    place_set(pool, set);
    return set;
}

/* The set of exactly these tags, which are sorted and unique. */
static const struct tagset *intern(struct tag_pool *pool, const struct tagset *base,
                                   const struct tag *tags, size_t n)
{
    uint64_t hash = 0;

    for (size_t i = 0; i < n; i++)
        hash += tag_hash(&tags[i]);
    for (size_t i = first_slot(pool, hash); pool->slots[i]; i = (i + 1) & (pool->n_slots - 1)) {
        if (pool->slots[i]->hash == hash && same_tags(pool->slots[i], tags, n))
            return pool->slots[i];
    }
    if (pool->n_sets >= pool->max_sets)
        return pool->overflow;
    return make_set(pool, base, tags, n, hash);
}

struct tag_pool *tag_pool_new(void)
{
    static const struct tag overflow = {STR("overflow"), STR("true")};
    struct tag_pool *pool = xnew(struct tag_pool);

    pool->arena.block_bytes = ARENA_BLOCK_BYTES;
    pool->max_sets = TAG_POOL_SETS_MAX;
    grow_slots(pool);
    pool->empty = make_set(pool, NULL, NULL, 0, 0);
    pool->overflow = make_set(pool, NULL, &overflow, 1, tag_hash(&overflow));
    return pool;
}

void tag_pool_free(struct tag_pool *pool)
{
    if (!pool)
        return;
    arena_fini(&pool->arena);
    free((void *)pool->slots);
    free(pool->scratch);
    free(pool);
}

uint32_t tag_pool_count(const struct tag_pool *pool)
{
    return pool->n_sets;
}

void tag_pool_limit(struct tag_pool *pool, uint32_t n)
{
    pool->max_sets = n;
}

const struct tagset *tagset_overflow(const struct tag_pool *pool)
{
    return pool->overflow;
}

const struct tagset *tagset_empty(const struct tag_pool *pool)
{
    return pool->empty;
}

/* Where a key is or would be. */
static size_t find_key(const struct tag *tags, size_t n, struct str key, bool *ret_found)
{
    size_t low = 0;

    *ret_found = false;
    while (low < n) {
        size_t mid = low + (n - low) / 2;
        int order = str_cmp(tags[mid].key, key);

        if (order == 0) {
            *ret_found = true;
            return mid;
        }
        if (order < 0) {
            low = mid + 1;
        } else {
            n = mid;
        }
    }
    return low;
}

static struct tag *scratch_of(struct tag_pool *pool, const struct tagset *base, size_t n_more)
{
    size_t need = (size_t)base->n + n_more;

    if (need > pool->cap_scratch) {
        pool->scratch = xrealloc(pool->scratch, need * sizeof(struct tag));
        pool->cap_scratch = need;
    }
    if (base->n)
        memcpy(pool->scratch, base->tags, base->n * sizeof(struct tag));
    return pool->scratch;
}

static const struct tagset *merge_slow(struct tag_pool *pool, const struct tagset *base,
                                       const struct tag *tags, size_t n)
{
    struct tag *all = scratch_of(pool, base, n < TAGSET_TAGS_MAX ? n : TAGSET_TAGS_MAX);
    size_t n_all = base->n;

    for (size_t i = 0; i < n; i++) {
        bool found;
        size_t at = find_key(all, n_all, tags[i].key, &found);

        if (found) {
            all[at].value = tags[i].value;
        } else if (n_all < TAGSET_TAGS_MAX) {
            memmove(&all[at + 1], &all[at], (n_all - at) * sizeof(*all));
            all[at] = tags[i];
            n_all++;
        }
    }
    return intern(pool, base, all, n_all);
}

/* Notes where each tag went; a tag that is not in the result (a later one won) cannot be noted. */
static void remember(struct memo *m, const struct tagset *base, const struct tag *tags, size_t n,
                     uint64_t hash, const struct tagset *result)
{
    struct memo next = {.base = base, .result = result, .hash = hash, .n = (uint16_t)n};

    for (size_t i = 0; i < n; i++) {
        bool found;
        size_t at = find_key(result->tags, result->n, tags[i].key, &found);

        if (!found || !same_str(result->tags[at].value, tags[i].value))
            return;
        next.place[i] = (uint16_t)at;
    }
    *m = next;
}

static inline bool memo_hit(const struct memo *m, const struct tagset *base, const struct tag *tags,
                            size_t n, uint64_t hash)
{
    if (m->hash != hash || m->base != base || m->n != n || !m->result)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!same_tag(&m->result->tags[m->place[i]], &tags[i]))
            return false;
    }
    return true;
}

const struct tagset *tagset_merge(struct tag_pool *pool, const struct tagset *base,
                                  const struct tag *tags, size_t n)
{
    uint64_t hash = base->hash;

    if (n == 0)
        return base;
    if (n > MEMO_TAGS)
        return merge_slow(pool, base, tags, n);
    for (size_t i = 0; i < n; i++)
        hash = hash * 31 + tag_hash(&tags[i]);

    struct memo *m = &pool->memo[(hash ^ hash >> 32) & (MEMO_SLOTS - 1)];

    if (likely(memo_hit(m, base, tags, n, hash)))
        return m->result;
    const struct tagset *result = merge_slow(pool, base, tags, n);

    remember(m, base, tags, n, hash, result);
    return result;
}

const struct tagset *tagset_add(struct tag_pool *pool, const struct tagset *base, struct str key,
                                struct str value)
{
    return tagset_merge(pool, base, &(struct tag){key, value}, 1);
}

const struct tagset *tagset_remove(struct tag_pool *pool, const struct tagset *base, struct str key)
{
    bool found;
    size_t at = find_key(base->tags, base->n, key, &found);

    if (!found)
        return base;
    struct tag *all = scratch_of(pool, base, 0);

    memmove(&all[at], &all[at + 1], (base->n - at - 1) * sizeof(*all));
    return intern(pool, base, all, base->n - 1);
}

bool tagset_get(const struct tagset *set, struct str key, struct str *ret_value)
{
    for (uint32_t i = 0; i < set->n; i++) {
        if (same_str(set->tags[i].key, key)) {
            if (ret_value)
                *ret_value = set->tags[i].value;
            return true;
        }
    }
    return false;
}

bool tagset_contains(const struct tagset *set, const struct tagset *part)
{
    uint32_t at = 0;

    for (uint32_t i = 0; i < part->n; i++) {
        while (at < set->n && str_cmp(set->tags[at].key, part->tags[i].key) < 0)
            at++;
        if (at == set->n || !same_tag(&set->tags[at], &part->tags[i]))
            return false;
    }
    return true;
}
