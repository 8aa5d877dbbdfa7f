/* A chain of blocks, newest first. A request larger than a block gets a block of its own size. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

enum {
    BLOCK_BYTES = 4096
};

struct arena_block {
    struct arena_block *older;
    size_t size; /* of the whole block */
    _Alignas(16) char data[];
};

static void use_block(struct arena *a, struct arena_block *b)
{
    a->newest = b;
    a->at = b->data;
    a->end = (char *)b + b->size;
}

void arena_fini(struct arena *a)
{
    struct arena_block *b = a->newest;

    while (b) {
        struct arena_block *older = b->older;

        free(b);
        b = older;
    }
    *a = (struct arena){.block_bytes = a->block_bytes};
}

void arena_reset(struct arena *a)
{
    struct arena_block *b = a->newest;

    if (!b)
        return;
    /* The oldest block has the standard size unless the very first request was a large one. */
    while (b->older) {
        struct arena_block *older = b->older;

        free(b);
        b = older;
    }
    use_block(a, b);
}

void *arena_alloc_slow(struct arena *a, size_t n)
{
    size_t size = a->block_bytes ? a->block_bytes : BLOCK_BYTES;

    if (size < n + sizeof(struct arena_block))
        size = n + sizeof(struct arena_block);
    struct arena_block *b = xmalloc(size);

    b->older = a->newest;
    b->size = size;
    use_block(a, b);
    void *p = a->at;

    a->at += n;
    return p;
}

void *arena_zalloc(struct arena *a, size_t n)
{
    void *p = arena_alloc(a, n);

    /* An empty arena gives NULL for nothing, which memset may not be handed. */
    if (n)
        memset(p, 0, n);
    return p;
}

struct str arena_str(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);

    if (s.n)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return str_from(p, s.n);
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *p = arena_alloc(a, (size_t)n + 1);

    va_start(args, fmt);
    vsnprintf(p, (size_t)n + 1, fmt, args);
    va_end(args);
    return p;
}
