#pragma once
/*
 * A hierarchical timer wheel over intrusive timers: setting, moving and clearing cost a few
 * nanoseconds, whatever the distance. A tick is 32.768 µs, but a timer fires no earlier than its
 * deadline and, when the wheel is advanced often enough, no later: the tick only sorts.
 *
 * Pure data: it knows no clock. The loop owns one and advances it; use timer_set (loop/loop.h).
 * Zeroed timers are unarmed. A timer must be cleared before its memory goes away.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/list.h"

enum {
    WHEEL_TICK_SHIFT = 15, /* ns per tick, as a power of two: 32.768 µs */
    WHEEL_SLOT_SHIFT = 6,  /* slots per level, as a power of two: one bitmap word */
    WHEEL_SLOTS = 1 << WHEEL_SLOT_SHIFT,
    WHEEL_LEVELS = 8, /* 15 + 8 * 6 = 63 bits: every non-negative time has a slot */
};

#define MONO_NEVER ((mono_ns)INT64_MAX)

struct loop;
struct timer;

/* Called on the loop, outside any coroutine. The timer is unarmed and may be set again or freed. */
typedef void(timer_fn)(struct loop *l, struct timer *t);

struct timer {
    struct list link; /* prev == NULL: never linked */
    mono_ns deadline; /* when to fire; MONO_NEVER: linked, but switched off */
    mono_ns slotted;  /* the deadline its slot was chosen by; at most `deadline` */
    timer_fn *fn;
};

struct wheel {
    uint64_t tick; /* all earlier ticks have been fired */
    uint64_t
        occupied[WHEEL_LEVELS]; /* a bit per slot; may be set for an empty slot, never vice versa */
    struct list slots[WHEEL_LEVELS][WHEEL_SLOTS];
};

void wheel_init(struct wheel *w, mono_ns now);

/* Places t (which must be unlinked) by its deadline; a time that has passed fires at the next
 * advance. */
void wheel_add(struct wheel *w, struct timer *t);

/*
 * Moves all timers due at `now` to the end of `expired`, tick by tick (within a tick in the order
 * they were set), still linked so that clearing one there works. `now` never goes back.
 */
void wheel_advance(struct wheel *w, mono_ns now, struct list *expired);

/*
 * The time to advance at next: a deadline, or an earlier moment when far timers must move closer.
 * MONO_NEVER when the wheel is empty.
 */
mono_ns wheel_next(struct wheel *w);

static inline bool timer_linked(const struct timer *t)
{
    return t->link.prev && t->link.next != &t->link;
}

/* True when t is set and has not fired. */
static inline bool timer_armed(const struct timer *t)
{
    return timer_linked(t) && t->deadline != MONO_NEVER;
}

/* Takes t out for good; harmless when it is not set. Needed before its memory goes away. */
static inline void timer_clear(struct timer *t)
{
    if (t->link.prev)
        list_remove(&t->link);
}

/*
 * Switches t off with one store and leaves it in its slot, so that setting it again is one store
 * too: for deadlines armed and disarmed once per request. It needs timer_clear in the end.
 */
static inline void timer_disarm(struct timer *t)
{
    t->deadline = MONO_NEVER;
}

/* Arms or moves t. Moving to a later time is lazy: one store. */
static inline void wheel_set(struct wheel *w, struct timer *t, mono_ns deadline, timer_fn *fn)
{
    t->fn = fn;
    t->deadline = deadline;
    if (timer_linked(t)) {
        if (deadline >= t->slotted)
            return;
        list_remove(&t->link);
    }
    wheel_add(w, t);
}
