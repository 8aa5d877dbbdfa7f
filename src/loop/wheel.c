/*
 * Level 0 has a slot per tick, level n one per 64^n ticks. A timer lives on the level of the
 * highest base-64 digit in which its tick differs from the wheel's, in the slot of its own digit.
 * So all slots in use lie ahead of the wheel's own digit on every level, lower levels are due
 * before higher ones, and the next slot is found by one bit scan per level.
 *
 * Moving past the start of a higher slot spreads its timers over lower levels. Taking a timer out
 * only unlinks it; the slot's bit is corrected when somebody looks.
 */
#include "loop/wheel.h"

static uint64_t tick_of(mono_ns t)
{
    return t <= 0 ? 0 : (uint64_t)t >> WHEEL_TICK_SHIFT;
}

static unsigned digit(uint64_t tick, unsigned level)
{
    return (unsigned)(tick >> (level * WHEEL_SLOT_SHIFT)) & (WHEEL_SLOTS - 1);
}

void wheel_init(struct wheel *w, mono_ns now)
{
    w->tick = tick_of(now);
    for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
        w->occupied[level] = 0;
        for (unsigned slot = 0; slot < WHEEL_SLOTS; slot++)
            list_init(&w->slots[level][slot]);
    }
}

void wheel_add(struct wheel *w, struct timer *t)
{
    uint64_t tick = tick_of(t->deadline);

    if (tick < w->tick)
        tick = w->tick;

    uint64_t differ = tick ^ w->tick;
    unsigned level = differ ? (63 - (unsigned)__builtin_clzll(differ)) / WHEEL_SLOT_SHIFT : 0;
    unsigned slot = digit(tick, level);

    t->slotted = t->deadline;
    list_add_tail(&w->slots[level][slot], &t->link);
    w->occupied[level] |= (uint64_t)1 << slot;
}

/* The first slot in use of a level, at or after the wheel's own; false when there is none. */
static bool first_slot(struct wheel *w, unsigned level, unsigned *ret_slot)
{
    uint64_t ahead = w->occupied[level] & (~(uint64_t)0 << digit(w->tick, level));

    while (ahead) {
        unsigned slot = (unsigned)__builtin_ctzll(ahead);

        if (!list_empty(&w->slots[level][slot])) {
            *ret_slot = slot;
            return true;
        }
        ahead &= ahead - 1;
        w->occupied[level] &= ~((uint64_t)1 << slot);
    }
    return false;
}

/* The first tick of a slot ahead of the wheel. */
static uint64_t slot_start(const struct wheel *w, unsigned level, unsigned slot)
{
    unsigned shift = level * WHEEL_SLOT_SHIFT;
    uint64_t above = (w->tick >> shift) & ~(uint64_t)(WHEEL_SLOTS - 1);

    return (above | slot) << shift;
}

static bool first_used(struct wheel *w, unsigned *ret_level, unsigned *ret_slot)
{
    for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
        if (first_slot(w, level, ret_slot)) {
            *ret_level = level;
            return true;
        }
    }
    return false;
}

/* Takes a whole slot and sorts its timers: due ones to `expired`, others where they belong now. */
static void slot_sort(struct wheel *w, unsigned level, unsigned slot, mono_ns now,
                      struct list *expired)
{
    struct list taken;
    struct list *link;

    list_init(&taken);
    list_splice(&taken, &w->slots[level][slot]);
    w->occupied[level] &= ~((uint64_t)1 << slot);
    while ((link = list_pop(&taken))) {
        struct timer *t = list_entry(link, struct timer, link);

        if (t->deadline <= now) {
            list_add_tail(expired, link);
        } else if (t->deadline != MONO_NEVER) {
            wheel_add(w, t);
        }
    }
}

void wheel_advance(struct wheel *w, mono_ns now, struct list *expired)
{
    uint64_t now_tick = tick_of(now);
    unsigned level, slot;

    while (first_used(w, &level, &slot)) {
        uint64_t start = slot_start(w, level, slot);

        if (start > now_tick)
            break;
        if (start > w->tick)
            w->tick = start;
        slot_sort(w, level, slot, now, expired);
        /* What is left of the present tick is due later in it, and nothing comes before. */
        if (level == 0 && start == now_tick)
            break;
    }
    if (now_tick > w->tick)
        w->tick = now_tick;
}

mono_ns wheel_next(struct wheel *w)
{
    unsigned level, slot;

    if (!first_used(w, &level, &slot))
        return MONO_NEVER;

    uint64_t start = slot_start(w, level, slot);

    if (level > 0)
        return (mono_ns)(start << WHEEL_TICK_SHIFT);

    /* Timers that were moved to a later time still lie here; the tick's end sorts them anew. */
    mono_ns next = (mono_ns)((start + 1) << WHEEL_TICK_SHIFT);
    const struct timer *t;

    list_each(t, &w->slots[0][slot], link) {
        if (t->deadline < next)
            next = t->deadline;
    }
    return next;
}
