/*
 * A slab is one mapping; a stack is cut from it at first need, and only then gets its guard. The
 * guard is a MADV_GUARD_INSTALL mark where the kernel has it (6.13), for that leaves the slab one
 * mapping; else an inaccessible page, which costs two mappings a stack of the 65,530 that
 * vm.max_map_count allows by default.
 *
 * Huge pages are refused: a slab made of them would take two megabytes per handful of stacks.
 */
#include "loop/coro_stack.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"

#ifndef MADV_GUARD_INSTALL
#    define MADV_GUARD_INSTALL 102
#endif

enum {
    SLAB_BYTES = 16 << 20,
    GUARD_BYTES = 4096,
    PAGE_BYTES = 4096,
    KEEP_BYTES = 32 << 10, /* below its top, that a resting stack may keep resident */
};

static const size_t stack_bytes[CORO_N_STACKS] = {
    [CORO_STACK_SMALL] = 64 << 10,
    [CORO_STACK_MEDIUM] = 256 << 10,
    [CORO_STACK_LARGE] = 1 << 20,
};

struct stack_slab {
    struct stack_slab *next;
    char *memory;
    size_t n_used; /* bytes cut so far */
};

/* Puts a new slab at the head of the list. */
static int slab_add(struct stack_slab **slabs)
{
    void *memory = mmap(NULL, SLAB_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

    if (memory == MAP_FAILED)
        return fault(-errno, "cannot map memory for more stacks");
    /* Fails where the kernel was built without huge pages, which is as good. */
    ignored(madvise(memory, SLAB_BYTES, MADV_NOHUGEPAGE));

    struct stack_slab *slab = xnew(struct stack_slab);

    slab->memory = memory;
    slab->next = *slabs;
    *slabs = slab;
    return 0;
}

static int guard(char *page)
{
    if (madvise(page, GUARD_BYTES, MADV_GUARD_INSTALL) == 0)
        return 0;
    if (mprotect(page, GUARD_BYTES, PROT_NONE) == 0)
        return 0;
    return fault(-errno, "cannot guard a stack: too many mappings (vm.max_map_count)?");
}

static int stack_cut(struct stack_pool *p, enum coro_stack kind, struct stack *ret_stack)
{
    size_t bytes = stack_bytes[kind];
    struct stack_slab *slab = p->of[kind].slabs;

    if (!slab || slab->n_used + bytes > SLAB_BYTES) {
        TRY(slab_add(&p->of[kind].slabs));
        slab = p->of[kind].slabs;
        assert(slab);
    }

    char *low = slab->memory + slab->n_used;

    TRY(guard(low));
    slab->n_used += bytes;
    *ret_stack = (struct stack){.base = low + GUARD_BYTES, .bytes = bytes - GUARD_BYTES};
    return 0;
}

int stack_get(struct stack_pool *p, enum coro_stack kind, struct stack *ret_stack)
{
    char *top = p->of[kind].free;

    if (!top)
        return stack_cut(p, kind, ret_stack);

    size_t usable = stack_bytes[kind] - GUARD_BYTES;

    memcpy(&p->of[kind].free, top - sizeof(void *), sizeof(void *));
    *ret_stack = (struct stack){.base = top - usable, .bytes = usable};
    return 0;
}

/* One look at one page tells whether the stack was ever deep; most never are. */
static void stack_trim(char *base, char *top)
{
    unsigned char resident = 0;
    char *keep = top - KEEP_BYTES;

    if (mincore(keep - PAGE_BYTES, PAGE_BYTES, &resident) == 0 && (resident & 1))
        ignored(madvise(base, (size_t)(keep - base), MADV_DONTNEED));
}

void stack_put(struct stack_pool *p, enum coro_stack kind, char *base)
{
    char *top = base + stack_bytes[kind] - GUARD_BYTES;

    if (kind != CORO_STACK_SMALL)
        stack_trim(base, top);
    memcpy(top - sizeof(void *), &p->of[kind].free, sizeof(void *));
    p->of[kind].free = top;
}

void stack_pool_fini(struct stack_pool *p)
{
    for (size_t kind = 0; kind < CORO_N_STACKS; kind++) {
        struct stack_slab *slab;

        while ((slab = p->of[kind].slabs)) {
            p->of[kind].slabs = slab->next;
            munmap(slab->memory, SLAB_BYTES);
            free(slab);
        }
        p->of[kind].free = NULL;
    }
}
