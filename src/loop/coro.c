/*
 * The loop switches into a coroutine and the coroutine switches back; no coroutine switches to
 * another. So a fault record, the one piece of per-thread state that belongs to whoever runs, is
 * exchanged in a single place.
 */
#include "loop/coro.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "loop/loop_priv.h"

enum {
    /*
     * Stacks begin at multiples of their size, so their tops would all fall into the same cache
     * sets; the head is moved down by up to 15 lines to spread them.
     */
    COLOURS = 16,
    MANY = 200, /* coroutines whose memory the second cache does not hold */
};

struct coro *coro_self(void)
{
    struct loop *l = loop_self();

    return l ? l->running : NULL;
}

struct loop *coro_loop(const struct coro *c)
{
    return c->loop;
}

static void coro_main(struct coro_context *self)
{
    struct coro *c = container_of(self, struct coro, context);

    context_entered(&c->loop->context);
    c->fn(c->arg);
    c->state = CORO_ENDED;
    context_leave(&c->context, &c->loop->context);
}

/* Places the coroutine's head at the top of its stack. */
static struct coro *coro_place(struct stack *s)
{
    uintptr_t top = (uintptr_t)s->base + s->bytes;
    uint32_t mixed = (uint32_t)(top >> 16) * 2654435761U; /* by the golden ratio */
    size_t colour = (size_t)(mixed >> 28) % COLOURS * CACHE_LINE;
    size_t head = (sizeof(struct coro) + colour + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);

    s->bytes -= head;
    return (struct coro *)(void *)(s->base + s->bytes);
}

int coro_spawn(struct loop *l, enum coro_stack stack, coro_fn *fn, void *arg,
               struct coro **ret_coro)
{
    struct stack whole;

    assert(l == loop_self());
    TRY(stack_get(&l->stacks, stack, &whole));

    struct coro *c = coro_place(&whole);

    memset(c, 0, sizeof(*c));
    *c = (struct coro){.loop = l, .fn = fn, .arg = arg, .stack = whole, .kind = (uint8_t)stack};
    c->n_near_stack = CORO_NEAR_STACK_LINES;
    context_init(&c->context, whole.base, whole.bytes, coro_main);
    list_init(&c->sibling);
    list_add_tail(&l->alive, &c->alive);
    list_add_tail(&l->ready, &c->ready);
    l->stats.n_coros++;
    if (ret_coro)
        *ret_coro = c;
    return 0;
}

static void coro_leave_group(struct coro *c)
{
    struct coro_waitgroup *g = c->group;

    if (!g)
        return;
    list_remove(&c->sibling);
    if (list_empty(&g->children) && g->waiter)
        coro_wake(g->waiter, 0);
}

static void coro_release(struct loop *l, struct coro *c)
{
    char *base = c->stack.base; /* c itself lies on that stack */
    enum coro_stack kind = c->kind;

    coro_leave_group(c);
    list_remove(&c->alive);
    fault_record_free(c->fault);
    context_fini(&c->context);
    l->stats.n_coros--;
    stack_put(&l->stacks, kind, base);
}

static inline void prefetch_lines(const char *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        __builtin_prefetch(at + i * CACHE_LINE);
}

void coro_prefetch(const struct coro *c)
{
    const char *sp = context_stack(&c->context);

    if (sp)
        prefetch_lines(sp, c->n_near_stack);
    if (c->loop->stats.n_coros < MANY)
        return;
    for (size_t i = 0; i < CORO_NEAR_MAX; i++) {
        if (c->near[i])
            prefetch_lines(c->near[i], c->n_near[i]);
    }
}

void coro_set_near(struct coro *c, unsigned i, const void *at, unsigned n_lines)
{
    assert(i < CORO_NEAR_MAX);
    c->near[i] = at;
    c->n_near[i] = (uint8_t)n_lines;
}

void coro_set_near_stack(struct coro *c, unsigned n_lines)
{
    c->n_near_stack = (uint8_t)n_lines;
}

void coro_run(struct loop *l, struct coro *c)
{
    assert(!l->running);
    c->state = CORO_RUNNING;
    l->running = c;
    l->stats.resumes++;

    struct fault_record *loops = fault_record_swap(c->fault);

    context_switch(&l->context, &c->context);
    c->fault = fault_record_swap(loops);
    l->running = NULL;
    if (unlikely(c->state == CORO_ENDED))
        coro_release(l, c);
}

static int park(struct coro *c, enum coro_state state)
{
    assert(!c->on_loop_stack);
    c->state = (uint8_t)state;
    context_switch(&c->context, &c->loop->context);
    return c->value;
}

int coro_park(void)
{
    struct coro *c = coro_self();

    assert(c);
    if (unlikely(c->cancelled))
        return -ECANCELED;
    return park(c, CORO_PARKED);
}

int coro_park_firm(void)
{
    struct coro *c = coro_self();

    assert(c);
    return park(c, CORO_PARKED_FIRM);
}

int coro_yield(void)
{
    struct coro *c = coro_self();

    assert(c);
    if (c->cancelled)
        return -ECANCELED;
    c->value = 0;
    list_add_tail(&c->loop->yielded, &c->ready);
    return park(c, CORO_READY);
}

static bool coro_is_parked(const struct coro *c)
{
    return c->state == CORO_PARKED || c->state == CORO_PARKED_FIRM;
}

bool coro_wake(struct coro *c, int value)
{
    if (!coro_is_parked(c))
        return false;
    c->value = value;
    c->state = CORO_READY;
    list_add_tail(&c->loop->ready, &c->ready);
    return true;
}

bool coro_resume_now(struct coro *c, int value)
{
    struct loop *l = c->loop;

    if (l->running)
        return coro_wake(c, value);
    if (!coro_is_parked(c))
        return false;
    c->value = value;
    coro_run(l, c);
    return true;
}

void coro_cancel(struct coro *c)
{
    c->cancelled = true;
    if (c->state == CORO_PARKED)
        coro_wake(c, -ECANCELED);
}

void coro_uncancel(struct coro *c)
{
    c->cancelled = false;
}

bool coro_cancelled(const struct coro *c)
{
    return c->cancelled;
}

void coro_on_loop_stack(coro_fn *fn, void *arg)
{
    struct coro *c = coro_self();

    /* Without a coroutine, or from such a call, we are there. */
    if (!c || c->on_loop_stack) {
        fn(arg);
        return;
    }
    /* Whoever suspended there would leave fn's frames to be overwritten. */
    c->on_loop_stack = true;
    context_call(&c->loop->context, fn, arg);
    c->on_loop_stack = false;
}

void coro_stack_bounds(const struct coro *c, void **ret_base, size_t *ret_bytes)
{
    *ret_base = c->stack.base;
    *ret_bytes = c->stack.bytes;
}

void coro_set_local(struct coro *c, void *local)
{
    c->local = local;
}

void *coro_local(const struct coro *c)
{
    return c->local;
}
