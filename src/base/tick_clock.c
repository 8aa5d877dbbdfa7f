#include "base/tick_clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#ifdef __x86_64__
#    include <cpuid.h>
#endif

#define LEAST_SPAN (5 * NS_PER_MS) /* before a rate can be told from two readings */
#define REACH      NS_PER_MS

enum {
    READINGS = 3,        /* of which the least disturbed counts */
    CALM_TICKS = 1 << 9, /* a reading that took no longer was not disturbed */
};

/* ---- whether to trust it ---- */

#ifdef __x86_64__
/* The same rate in all states of the processor: what its maker promises. */
static bool is_invariant(void)
{
    unsigned a, b, c, d;

    return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d >> 8 & 1);
}

/* The kernel compares the counters of all processors, and leaves them when they differ. */
static bool kernel_uses_it(void)
{
    char name[32] = "";
    FILE *f = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");

    if (!f)
        return false;
    if (!fgets(name, sizeof(name), f))
        name[0] = '\0';
    fclose(f);
    return strcmp(name, "tsc\n") == 0;
}

static bool look_up(void)
{
    return is_invariant() && kernel_uses_it();
}
#elif defined(__aarch64__)
/* The counter of the architecture is one for the whole system. */
static bool look_up(void)
{
    return true;
}
#else
static bool look_up(void)
{
    return false;
}
#endif

bool ticks_are_even(void)
{
    static atomic_int known; /* 0: not looked up */
    int k = atomic_load_explicit(&known, memory_order_relaxed);

    if (!k) {
        k = look_up() ? 1 : -1;
        atomic_store_explicit(&known, k, memory_order_relaxed);
    }
    return k > 0;
}

/* ---- the clock ---- */

void tick_clock_init(struct tick_clock *c, bool is_even)
{
    *c = (struct tick_clock){.is_even = is_even};
    tick_clock_read(c);
}

/* A counter that jumped, or a machine that slept: the rate is learned anew. */
static void start_over(struct tick_clock *c, uint64_t ticks, mono_ns at)
{
    c->origin = (struct ticks_origin){.ticks = ticks, .at = at};
    c->rate = 0;
    c->reach = 0;
}

/* What the counter would have said now, against what the clock said: within a thousandth. */
static bool has_kept_pace(const struct tick_clock *c, uint64_t ticks, mono_ns at)
{
    double said = (double)(at - c->at);
    double counted = (double)(ticks - c->ticks) * (double)c->rate / 0x1p32;

    return counted < said * 1.001 + 1e5 && counted > said * 0.999 - 1e5;
}

void tick_clock_learn(struct tick_clock *c, uint64_t ticks, mono_ns at)
{
    if (!c->origin.at || (c->rate && !has_kept_pace(c, ticks, at)))
        start_over(c, ticks, at);
    c->ticks = ticks;
    c->at = at;

    span_ns span = at - c->origin.at;
    uint64_t n = ticks - c->origin.ticks;

    if (span < LEAST_SPAN || n == 0 || n >> 62)
        return;
    double rate = (double)span / (double)n;

    c->rate = (uint64_t)(rate * 0x1p32);
    c->reach = (uint64_t)((double)REACH / rate);
}

/* The clock and the counter at one moment, as nearly as they can be read. */
static mono_ns read_both(uint64_t *ret_ticks)
{
    uint64_t least = UINT64_MAX;
    mono_ns at = 0;

    for (int i = 0; i < READINGS && least > CALM_TICKS; i++) {
        uint64_t before = ticks_now();
        mono_ns now = clock_mono();
        uint64_t took = ticks_now() - before;

        if (took < least) {
            least = took;
            at = now;
            *ret_ticks = before + took / 2;
        }
    }
    return at;
}

mono_ns tick_clock_read(struct tick_clock *c)
{
    uint64_t ticks = 0;

    if (!c->is_even)
        return clock_mono();
    mono_ns at = read_both(&ticks);

    tick_clock_learn(c, ticks, at);
    return at;
}
