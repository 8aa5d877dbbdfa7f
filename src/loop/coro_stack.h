#pragma once
/*
 * Stacks for coroutines, cut from slabs of 16 MiB of address space, each with a guard page at its
 * low end, and reused last in, first out. One pool per loop. Private to src/loop.
 */
#include <stddef.h>

#include "base/err.h"
#include "loop/coro.h"

struct stack_slab;

struct stack_pool {
    struct {
        void *free; /* tops of stacks given back, linked by their last word */
        struct stack_slab *slabs;
    } of[CORO_N_STACKS];
};

/* Usable bytes [base, base + bytes); zeroed only when never used before. */
struct stack {
    char *base;
    size_t bytes;
};

/* Returns 0 or a fault: no address space or no mappings left. */
MUST_USE int stack_get(struct stack_pool *p, enum coro_stack kind, struct stack *ret_stack);

/* Gives back the stack that began at `base`; what it touched far below its top goes to the system.
 */
void stack_put(struct stack_pool *p, enum coro_stack kind, char *base);

/* Unmaps everything; no stack may be in use. */
void stack_pool_fini(struct stack_pool *p);
