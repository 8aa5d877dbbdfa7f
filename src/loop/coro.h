#pragma once
/*
 * Coroutines: code that looks as if it blocked. Each has a stack of its own with a guard page below
 * it and belongs to one loop for life. Only the loop switches into a coroutine and a coroutine only
 * switches back, so whatever runs between two parks runs undisturbed.
 *
 * Waiting is always: arrange to be woken, park, undo the arrangement. A wake of a coroutine that is
 * not parked does nothing, and of several wakes the first counts; so nothing is ever woken late by
 * an arrangement of the past, and conditions are checked before parking, not after a lost wake.
 *
 * A suspended coroutine is never freed: cancelling makes its park return -ECANCELED, and it unwinds
 * by itself. A handle is valid until the coroutine's function returns.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"

struct coro;
struct loop;

/* Virtual sizes, guard included; only touched pages take memory. */
enum coro_stack {
    CORO_STACK_SMALL,  /* 64 KiB: connections, helpers in C */
    CORO_STACK_MEDIUM, /* 256 KiB: JavaScript */
    CORO_STACK_LARGE,  /* 1 MiB: Python */
    CORO_N_STACKS,
};

typedef void(coro_fn)(void *arg);

/*
 * Creates a coroutine that starts in this turn of the loop (from the ready queue, after the caller
 * parks or returns). *ret_coro may be NULL. Returns 0 or a fault when no stack can be mapped.
 */
MUST_USE int coro_spawn(struct loop *l, enum coro_stack stack, coro_fn *fn, void *arg,
                        struct coro **ret_coro);

/* The running coroutine, or NULL on the loop itself. */
struct coro *coro_self(void);

struct loop *coro_loop(const struct coro *c);

/*
 * Suspends the running coroutine until coro_wake or coro_resume_now and returns the value given
 * there (0 or positive by convention), or -ECANCELED; at once when it is cancelled.
 */
int coro_park(void);

/* As coro_park, but cancelling does not end it: for when others hold pointers into our stack. */
int coro_park_firm(void);

/* Lets everything else that is ready run first, timers and descriptors too: goes on in the next
 * turn. Returns 0 or -ECANCELED. */
int coro_yield(void);

/* Makes c run again this turn, its park returning `value`. False when c was not parked (no effect).
 */
bool coro_wake(struct coro *c, int value);

/*
 * The same without the queue: switches into c at once and returns when it parks again or ends.
 * On the loop itself only (watch, timer, message); inside a coroutine it acts as coro_wake.
 */
bool coro_resume_now(struct coro *c, int value);

/*
 * Makes the park of c return -ECANCELED, and every further one at once, until coro_uncancel.
 * A coroutine that has not started yet starts cancelled.
 */
void coro_cancel(struct coro *c);
void coro_uncancel(struct coro *c);
bool coro_cancelled(const struct coro *c);

/* Suspends until the loop's clock reaches `deadline`. Returns 0 or -ECANCELED. */
int coro_sleep_until(mono_ns deadline);

/* Parks with a limit: the value of the wake, -ETIMEDOUT once `deadline` has passed, -ECANCELED. */
int coro_park_until(mono_ns deadline);

/*
 * Calls fn(arg) on the loop's own stack, from a coroutine or not. With thousands of coroutines each
 * stack is cold when its turn comes, and every line that a call touches there is fetched from far
 * away; the loop's is always near. fn must not suspend.
 */
void coro_on_loop_stack(coro_fn *fn, void *arg);

enum {
    CORO_NEAR_MAX = 5,
};

/*
 * A hint: what is looked at when c's turn comes (i < CORO_NEAR_MAX), which the loop then asks for
 * while it is busy with others: n cache lines from `at` on. NULL: nothing. It need not be valid
 * when it is asked for.
 */
void coro_set_near(struct coro *c, unsigned i, const void *at, unsigned n_lines);

/* The same of c's own stack, from where it is suspended; 0: what it waits for will not resume it.
 */
enum {
    CORO_NEAR_STACK_LINES = 10 /* at first */
};
void coro_set_near_stack(struct coro *c, unsigned n_lines);

/* The lowest usable byte and the usable size of the stack (QuickJS needs them). */
void coro_stack_bounds(const struct coro *c, void **ret_base, size_t *ret_bytes);

/* A word for the user of the coroutine (a script host's context, say); NULL at first. */
void coro_set_local(struct coro *c, void *local);
void *coro_local(const struct coro *c);

/* ---- waiting for one another ---- */

/*
 * Coroutines waiting for the same thing, in order of arrival. LIST_INIT by coro_waitlist_init; must
 * be empty when its memory goes away. All on one loop.
 */
struct coro_waitlist {
    struct list waiters;
};

void coro_waitlist_init(struct coro_waitlist *w);

/* Suspends until woken: returns the value given, -ETIMEDOUT at `deadline` (MONO_NEVER: none),
 * -ECANCELED. */
int coro_waitlist_wait(struct coro_waitlist *w, mono_ns deadline);

/* Wakes the first one or all; they leave the list at once. Returns how many. */
size_t coro_waitlist_wake_one(struct coro_waitlist *w, int value);
size_t coro_waitlist_wake_all(struct coro_waitlist *w, int value);

/* A counting semaphore: at most n holders at a time, first come, first served. */
struct coro_semaphore {
    size_t n_free;
    struct coro_waitlist waiting;
};

void coro_semaphore_init(struct coro_semaphore *s, size_t n);

/* Takes one place, waiting for it if need be. Returns 0, -ETIMEDOUT or -ECANCELED (nothing taken).
 */
MUST_USE int coro_semaphore_take(struct coro_semaphore *s, mono_ns deadline);
void coro_semaphore_give(struct coro_semaphore *s);

/*
 * Children that their parent waits for. The parent must not leave the group's scope before
 * coro_waitgroup_wait has returned: children may use its stack.
 */
struct coro_waitgroup {
    struct loop *loop;
    struct list children;
    struct coro *waiter;
};

void coro_waitgroup_init(struct coro_waitgroup *g, struct loop *l);

/* Starts a child of the group. Returns 0 or a fault. */
MUST_USE int coro_waitgroup_spawn(struct coro_waitgroup *g, enum coro_stack stack, coro_fn *fn,
                                  void *arg);

/* Cancels every child that is still running. */
void coro_waitgroup_cancel(struct coro_waitgroup *g);

/*
 * Suspends until all children have ended. When the caller is cancelled, the children are too, and
 * it still waits for them. Returns 0, or -ECANCELED if that happened.
 */
int coro_waitgroup_wait(struct coro_waitgroup *g);
