#pragma once
/*
 * The processor's side of a coroutine: two ways to switch stacks behind one interface, and what
 * the sanitizers must be told about it. Private to src/loop.
 */
#include <stddef.h>

#if !defined(__x86_64__) && !defined(__aarch64__) && !defined(BRUNT_UCONTEXT)
#    define BRUNT_UCONTEXT 1
#endif
#ifdef BRUNT_UCONTEXT
#    include <ucontext.h>
#endif

#ifdef __has_feature
#    if __has_feature(address_sanitizer)
#        define CORO_ASAN 1
#    endif
#    if __has_feature(thread_sanitizer)
#        define CORO_TSAN 1
#    endif
#endif
#ifdef __SANITIZE_ADDRESS__
#    define CORO_ASAN 1
#endif
#ifdef __SANITIZE_THREAD__
#    define CORO_TSAN 1
#endif

struct coro_context;

/* First function on a new stack; must not return. */
typedef void(context_fn)(struct coro_context *self);

struct coro_context {
#ifdef BRUNT_UCONTEXT
    ucontext_t uc;
    context_fn *fn;
#else
    void *sp; /* where it was left */
#endif
#ifdef CORO_ASAN
    const void *stack_base;
    size_t stack_bytes;
    void *fake_stack;
#endif
#ifdef CORO_TSAN
    void *fiber;
#endif
};

/* The context of the thread itself, to switch back to. */
void context_init_thread(struct coro_context *c);

/* A context that will run fn(c) on the stack of `bytes` from `base` up. */
void context_init(struct coro_context *c, void *base, size_t bytes, context_fn *fn);
void context_fini(struct coro_context *c);

/* Where its stack was left, or NULL when that is not known. */
static inline const void *context_stack(const struct coro_context *c)
{
#ifdef BRUNT_UCONTEXT
    (void)c;
    return NULL;
#else
    return c->sp;
#endif
}

/* First thing on a new stack, with the context it was entered from. */
void context_entered(struct coro_context *from);

/* Leaves `from`, which can be switched to later, and continues `to`. */
void context_switch(struct coro_context *from, struct coro_context *to);

/* The same for the last time: `from` is never continued. */
void context_leave(struct coro_context *from, struct coro_context *to);

/*
 * Calls fn(arg) on the stack on which `below` was left, under what is there; a plain call where
 * stacks are switched by ucontext or watched by a sanitizer.
 */
void context_call(const struct coro_context *below, void (*fn)(void *arg), void *arg);
