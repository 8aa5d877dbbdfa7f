#pragma once
/*
 * Memory that dies together lives together: allocate piece by piece, free all at once. Used for
 * what lasts one iteration; reset keeps the first block, so a steady state allocates nothing.
 * Zeroed memory is a valid empty arena. Not thread-safe.
 */
#include <stddef.h>

#include "base/str.h"

struct arena_block;

struct arena {
    char *at;  /* next free byte of the newest block */
    char *end; /* its end */
    struct arena_block *newest;
    size_t block_bytes; /* size of a new block; 0 means 4 KiB */
};

void arena_fini(struct arena *a);

/* Frees all but one block and starts over. Pointers from before are dead. */
void arena_reset(struct arena *a);

/* Aligned to 16 bytes, not zeroed; never NULL. */
void *arena_alloc_slow(struct arena *a, size_t n);

static inline void *arena_alloc(struct arena *a, size_t n)
{
    n = (n + 15) & ~(size_t)15;
    if (unlikely((size_t)(a->end - a->at) < n))
        return arena_alloc_slow(a, n);
    void *p = a->at;

    a->at += n;
    return p;
}

#define arena_new(a, T)      ((T *)arena_zalloc((a), sizeof(T)))
#define arena_new_n(a, T, n) ((T *)arena_zalloc((a), sizeof(T) * (n)))

void *arena_zalloc(struct arena *a, size_t n);

/* Copies; the result is NUL-terminated as well. */
struct str arena_str(struct arena *a, struct str s);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
