#pragma once
/*
 * CLOCK_MONOTONIC by the processor's counter, for who asks what time it is several times a request:
 * a third of the price. The clock itself is read every millisecond; in between what the counter
 * says is added, at the rate that the two have shown so far. So an answer is off by what rates
 * differ in a millisecond: nanoseconds.
 *
 * Where the counter is not known to go evenly on all processors, each answer is the clock's.
 */
#include <stdbool.h>

#include "base/ticks.h"

struct tick_clock {
    uint64_t ticks;             /* at the latest reading of the clock */
    mono_ns at;                 /* and what it said */
    uint64_t reach;             /* ticks from there within which the counter decides; 0: never */
    uint64_t rate;              /* ns a tick, times 2^32; 0: not known yet */
    struct ticks_origin origin; /* from where the rate is measured */
    bool is_even;
};

/* Whether the counter of this machine can be trusted; looked up once. Any thread. */
bool ticks_are_even(void);

void tick_clock_init(struct tick_clock *c, bool is_even);

/* The clock said `at` when the counter stood at `ticks`. */
void tick_clock_learn(struct tick_clock *c, uint64_t ticks, mono_ns at);

/* Reads the clock itself. */
mono_ns tick_clock_read(struct tick_clock *c);

/* By the counter, where it is within reach; may be less than the answer before by nanoseconds. */
static inline mono_ns tick_clock_now(struct tick_clock *c)
{
    uint64_t passed = ticks_now() - c->ticks;

    if (__builtin_expect(passed < c->reach, 1))
        return c->at + (mono_ns)(passed * c->rate >> 32);
    return tick_clock_read(c);
}
