#pragma once
/*
 * The processor's own counter: a third of the price of reading the clock, for stretches that are
 * timed several times a request. Its unit is whatever the processor says; ticks_to_ns() learns it
 * by comparing with the clock over a longer time. Differences only, on one thread.
 */
#include <stdint.h>

#include "base/clock.h"

static inline uint64_t ticks_now(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t t;

    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(t));
    return t;
#else
    return (uint64_t)clock_mono();
#endif
}

/* A moment by both: where ticks_to_ns() compares from. */
struct ticks_origin {
    uint64_t ticks;
    mono_ns at;
};

static inline struct ticks_origin ticks_origin_now(void)
{
    return (struct ticks_origin){ticks_now(), clock_mono()};
}

/* `ticks` as nanoseconds, by how many there were from `origin` to `now`; 0 when there were none. */
static inline span_ns ticks_to_ns(uint64_t ticks, struct ticks_origin origin,
                                  struct ticks_origin now)
{
    int64_t n = (int64_t)(now.ticks - origin.ticks);

    if (n <= 0 || now.at <= origin.at)
        return 0;
    return (span_ns)((double)ticks * ((double)(now.at - origin.at) / (double)n));
}
