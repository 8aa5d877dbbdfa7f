/*
 * Stack switching by coro_switch.S, or by ucontext where there is no assembly for the processor
 * (or BRUNT_UCONTEXT asks for it). AddressSanitizer must know the bounds of the stack it runs on,
 * ThreadSanitizer which fiber it follows; without them those parts are empty.
 */
#include "loop/coro_context.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef CORO_ASAN
#    include <sanitizer/asan_interface.h>
#    include <sanitizer/common_interface_defs.h>
#endif
#ifdef CORO_TSAN
#    include <sanitizer/tsan_interface.h>
#endif

#include "base/err.h"

/* ---- the sanitizers ---- */

static inline void before_switch(struct coro_context *from UNUSED, struct coro_context *to UNUSED,
                                 bool last UNUSED)
{
#ifdef CORO_ASAN
    __sanitizer_start_switch_fiber(last ? NULL : &from->fake_stack, to->stack_base,
                                   to->stack_bytes);
#endif
#ifdef CORO_TSAN
    __tsan_switch_to_fiber(to->fiber, 0);
#endif
}

static inline void after_switch(struct coro_context *self UNUSED)
{
#ifdef CORO_ASAN
    __sanitizer_finish_switch_fiber(self->fake_stack, NULL, NULL);
#endif
}

void context_entered(struct coro_context *from UNUSED)
{
#ifdef CORO_ASAN
    __sanitizer_finish_switch_fiber(NULL, &from->stack_base, &from->stack_bytes);
#endif
}

void context_init_thread(struct coro_context *c)
{
    memset(c, 0, sizeof(*c));
#ifdef CORO_TSAN
    c->fiber = __tsan_get_current_fiber();
#endif
}

static void sanitizer_init(struct coro_context *c UNUSED, void *base UNUSED, size_t bytes UNUSED)
{
#ifdef CORO_ASAN
    /* The stack may have been another coroutine's. */
    ASAN_UNPOISON_MEMORY_REGION(base, bytes);
    c->stack_base = base;
    c->stack_bytes = bytes;
#endif
#ifdef CORO_TSAN
    c->fiber = __tsan_create_fiber(0);
#endif
}

void context_fini(struct coro_context *c UNUSED)
{
#ifdef CORO_TSAN
    __tsan_destroy_fiber(c->fiber);
#endif
}

/* ---- the switch ---- */

#ifdef BRUNT_UCONTEXT

/* makecontext passes ints only: the pointer travels in two halves. */
static void uc_entry(unsigned high, unsigned low)
{
    uintptr_t bits = ((uintptr_t)high << 16 << 16) | low;
    struct coro_context *c;

    memcpy(&c, &bits, sizeof(c));
    c->fn(c);
}

void context_init(struct coro_context *c, void *base, size_t bytes, context_fn *fn)
{
    memset(c, 0, sizeof(*c));
    sanitizer_init(c, base, bytes);
    getcontext(&c->uc);
    c->uc.uc_stack.ss_sp = base;
    c->uc.uc_stack.ss_size = bytes;
    c->fn = fn;
    uintptr_t bits = (uintptr_t)c;

    makecontext(&c->uc, (void (*)(void))uc_entry, 2, (unsigned)(bits >> 16 >> 16), (unsigned)bits);
}

static inline void do_switch(struct coro_context *from, struct coro_context *to)
{
    swapcontext(&from->uc, &to->uc);
}

#else

void *coro_switch(void **save_sp, void *next_sp, void *value);
void coro_boot(void);
void coro_call(void *sp, void (*fn)(void *arg), void *arg);

#    ifdef __x86_64__
enum {
    FRAME_WORDS = 7,  /* r15 r14 r13 r12 rbx rbp, return address */
    FRAME_FN = 4,     /* rbx, which coro_boot calls */
    FRAME_RETURN = 6, /* popped last */
    FRAME_PAD = 2     /* leaves the stack aligned by 16 at coro_boot's call */
};
#    else
enum {
    FRAME_WORDS = 20,  /* x19 to x30, d8 to d15 */
    FRAME_FN = 0,      /* x19, which coro_boot calls */
    FRAME_RETURN = 11, /* x30 */
    FRAME_PAD = 0
};
#    endif

/* Builds the frame that coro_switch will pop. */
void context_init(struct coro_context *c, void *base, size_t bytes, context_fn *fn)
{
    void (*boot)(void) = coro_boot;
    char *top = (char *)base + bytes - (((uintptr_t)base + bytes) & 15);
    void **frame = (void **)top - FRAME_PAD - FRAME_WORDS;

    memset(c, 0, sizeof(*c));
    sanitizer_init(c, base, bytes);
    memset(frame, 0, FRAME_WORDS * sizeof(*frame));
    memcpy(&frame[FRAME_FN], &fn, sizeof(fn));
    memcpy(&frame[FRAME_RETURN], &boot, sizeof(boot));
    c->sp = frame;
}

static inline void do_switch(struct coro_context *from, struct coro_context *to)
{
    coro_switch(&from->sp, to->sp, to);
}

#endif

void context_switch(struct coro_context *from, struct coro_context *to)
{
    before_switch(from, to, false);
    do_switch(from, to);
    after_switch(from);
}

void context_leave(struct coro_context *from, struct coro_context *to)
{
    before_switch(from, to, true);
    do_switch(from, to);
    __builtin_unreachable();
}

void context_call(const struct coro_context *below, void (*fn)(void *arg), void *arg)
{
#if defined(BRUNT_UCONTEXT) || defined(CORO_ASAN) || defined(CORO_TSAN)
    (void)below;
    fn(arg);
#else
    coro_call(below->sp, fn, arg);
#endif
}
