/*
 * The histogram: a directory of blocks for each sign, indexed by bucket.
 *
 * A bucket's index is the exponent and a table's answer for the mantissa (hist.h, hist_table.c), so
 * recording takes no logarithm. Index - 1, cut into HIST_BLOCK pieces, names a block; the directory
 * holds a pointer for each block between the lowest and the highest that was ever hit, which for
 * response times is a few dozen. Blocks come zeroed from a slab shared by many histograms.
 */
#include "metric/hist.h"

#include <assert.h>

#include "base/mem.h"
#include "metric/hist_priv.h"

enum {
    CHUNK_BLOCKS = 64, /* of a slab, allocated together */
};

union slab_item {
    struct hist_block block;
    union slab_item *next_free;
};

struct hist_slab {
    union slab_item *free;
    void **chunks;
    size_t n_chunks, cap_chunks;
};

struct hist_slab *hist_slab_new(void)
{
    return xnew(struct hist_slab);
}

void hist_slab_free(struct hist_slab *slab)
{
    if (!slab)
        return;
    for (size_t i = 0; i < slab->n_chunks; i++)
        free(slab->chunks[i]);
    free(slab->chunks);
    free(slab);
}

static void slab_put(struct hist_slab *slab, struct hist_block *block)
{
    union slab_item *item = (union slab_item *)block;

    item->next_free = slab->free;
    slab->free = item;
}

static void slab_grow(struct hist_slab *slab)
{
    char *chunk = xmalloc(CHUNK_BLOCKS * sizeof(union slab_item) + CACHE_LINE);
    size_t skip = CACHE_LINE - ((uintptr_t)chunk & (CACHE_LINE - 1));
    union slab_item *items = (union slab_item *)(chunk + skip);

    vec_push(slab->chunks, slab->n_chunks, slab->cap_chunks) = chunk;
    for (size_t i = CHUNK_BLOCKS; i-- > 0;)
        slab_put(slab, &items[i].block);
}

static struct hist_block *slab_get(struct hist_slab *slab)
{
    if (!slab->free)
        slab_grow(slab);
    union slab_item *item = slab->free;

    slab->free = item->next_free;
    memset(item, 0, sizeof(*item));
    return &item->block;
}

/* Makes the directory reach from block k to its present end, or from its start to k. */
static void side_reach(struct hist_side *side, int32_t k)
{
    int32_t first = side->n && side->first < k ? side->first : k;
    int32_t end =
        side->n && side->first + (int32_t)side->n > k ? side->first + (int32_t)side->n : k + 1;
    uint32_t n = (uint32_t)(end - first);

    if (n == side->n)
        return;
    struct hist_block **blocks = xnew_n(struct hist_block *, n);

    if (side->n)
        memcpy(blocks + (side->first - first), side->blocks, side->n * sizeof(struct hist_block *));
    free(side->blocks);
    *side = (struct hist_side){.blocks = blocks, .first = first, .n = n};
}

static struct hist_block *side_block(struct hist_side *side, struct hist_slab *slab, int32_t k)
{
    side_reach(side, k);
    struct hist_block **at = &side->blocks[k - side->first];

    if (!*at)
        *at = slab_get(slab);
    return *at;
}

/* Gives the blocks back; the directory stays, for the same blocks will be hit again. */
static void side_release(struct hist_side *side, struct hist_slab *slab)
{
    for (uint32_t k = 0; k < side->n; k++) {
        if (side->blocks[k])
            slab_put(slab, side->blocks[k]);
        side->blocks[k] = NULL;
    }
}

static void side_zero(struct hist_side *side)
{
    for (uint32_t k = 0; k < side->n; k++) {
        if (side->blocks[k])
            memset(side->blocks[k], 0, sizeof(struct hist_block));
    }
}

static void side_merge(struct hist_side *to, struct hist_slab *slab, const struct hist_side *from)
{
    if (from->n == 0)
        return;
    side_reach(to, from->first);
    side_reach(to, from->first + (int32_t)from->n - 1);
    for (uint32_t k = 0; k < from->n; k++) {
        const struct hist_block *src = from->blocks[k];

        if (!src)
            continue;
        struct hist_block *dst = side_block(to, slab, from->first + (int32_t)k);

        for (size_t i = 0; i < HIST_BLOCK; i++)
            dst->count[i] += src->count[i];
    }
}

void hist_put(struct hist *h, enum hist_sign sign, int32_t index, uint64_t n)
{
    int32_t at = index - 1;

    side_block(sign == HIST_POSITIVE ? &h->pos : &h->neg, h->slab, at >> HIST_BLOCK_BITS)
        ->count[at & (HIST_BLOCK - 1)] += n;
}

void hist_put_range(struct hist *h, double min, double max)
{
    h->min = h->count == 0 || min < h->min ? min : h->min;
    h->max = h->count == 0 || max > h->max ? max : h->max;
}

static void empty_numbers(struct hist *h)
{
    h->count = 0;
    h->n_zero = 0;
    h->sum = 0;
    h->min = INFINITY;
    h->max = -INFINITY;
}

void hist_reset(struct hist *h)
{
    side_zero(&h->pos);
    side_zero(&h->neg);
    empty_numbers(h);
}

void hist_clear(struct hist *h)
{
    side_release(&h->pos, h->slab);
    side_release(&h->neg, h->slab);
    empty_numbers(h);
}

void hist_fini(struct hist *h)
{
    if (!h)
        return;
    hist_clear(h);
    free(h->pos.blocks);
    free(h->neg.blocks);
    h->pos = h->neg = (struct hist_side){0};
}

void hist_add_n(struct hist *h, double v, uint64_t n)
{
    if (isnan(v) || n == 0)
        return;
    double scaled = v * h->scale;

    if (scaled > HIST_ZERO) {
        hist_put(h, HIST_POSITIVE, hist_index(scaled), n);
    } else if (scaled < -HIST_ZERO) {
        hist_put(h, HIST_NEGATIVE, hist_index(-scaled), n);
    } else {
        h->n_zero += n;
    }
    hist_put_range(h, v, v);
    h->count += n;
    h->sum += v * (double)n;
}

void hist_add_slow(struct hist *h, double v)
{
    hist_add_n(h, v, 1);
}

void hist_merge(struct hist *to, const struct hist *from)
{
    if (from->count == 0)
        return;
    assert(to->scale == from->scale);
    side_merge(&to->pos, to->slab, &from->pos);
    side_merge(&to->neg, to->slab, &from->neg);
    hist_put_range(to, from->min, from->max);
    to->n_zero += from->n_zero;
    to->count += from->count;
    to->sum += from->sum;
}

double hist_bound(int32_t index)
{
    uint64_t bits = UINT64_C(1023) << 52 | hist_root[(uint32_t)index & 255];
    double root;

    memcpy(&root, &bits, sizeof(root));
    return ldexp(root, (int)((index - (int32_t)((uint32_t)index & 255)) / 256));
}

bool hist_next(const struct hist *h, enum hist_sign sign, int32_t *cursor, int32_t *ret_index,
               uint64_t *ret_count)
{
    const struct hist_side *side = sign == HIST_POSITIVE ? &h->pos : &h->neg;
    int64_t begin = (int64_t)side->first * HIST_BLOCK;
    int64_t end = begin + (int64_t)side->n * HIST_BLOCK;

    /* The cursor is the last index given, which is one more than its place. */
    for (int64_t at = *cursor > begin ? *cursor : begin; at < end;) {
        const struct hist_block *block = side->blocks[(at - begin) >> HIST_BLOCK_BITS];

        if (!block) {
            at = (at | (HIST_BLOCK - 1)) + 1;
            continue;
        }
        if (block->count[at & (HIST_BLOCK - 1)]) {
            *ret_count = block->count[at & (HIST_BLOCK - 1)];
            *ret_index = *cursor = (int32_t)at + 1;
            return true;
        }
        at++;
    }
    return false;
}

uint64_t hist_count_upto(const struct hist *h, double limit)
{
    int32_t cursor = INT32_MIN, index;
    uint64_t n, sum = limit >= 0 ? h->n_zero : 0;

    while (hist_next(h, HIST_POSITIVE, &cursor, &index, &n) && hist_upper(h, index) <= limit)
        sum += n;
    cursor = INT32_MIN;
    while (hist_next(h, HIST_NEGATIVE, &cursor, &index, &n))
        sum += -hist_upper(h, index - 1) <= limit ? n : 0;
    return sum;
}

static bool side_equal(const struct hist *a, const struct hist *b, enum hist_sign sign)
{
    int32_t cursor_a = INT32_MIN, cursor_b = INT32_MIN, index_a = 0, index_b = 0;
    uint64_t n_a = 0, n_b = 0;

    for (;;) {
        bool more_a = hist_next(a, sign, &cursor_a, &index_a, &n_a);
        bool more_b = hist_next(b, sign, &cursor_b, &index_b, &n_b);

        if (more_a != more_b)
            return false;
        if (!more_a)
            return true;
        if (index_a != index_b || n_a != n_b)
            return false;
    }
}

bool hist_equal(const struct hist *a, const struct hist *b)
{
    if (a->scale != b->scale || a->count != b->count || a->n_zero != b->n_zero)
        return false;
    if (a->count && (a->min != b->min || a->max != b->max))
        return false;
    return side_equal(a, b, HIST_POSITIVE) && side_equal(a, b, HIST_NEGATIVE);
}
