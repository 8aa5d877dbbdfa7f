/*
 * A gate without a lock: the next free moment is one atomic number, and who passes moves it on by
 * one period. Waiting happens outside.
 */
#include "client/rate_gate.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/mem.h"
#include "loop/coro.h"
#include "loop/loop.h"

struct rate_gate {
    span_ns period;
    _Atomic mono_ns next;
};

struct rate_gate *rate_gate_new(double per_second)
{
    struct rate_gate *g = xnew(struct rate_gate);

    g->period = (span_ns)(1e9 / per_second);
    return g;
}

void rate_gate_free(struct rate_gate *g)
{
    free(g);
}

int rate_gate_pass(struct rate_gate *g, struct loop *l)
{
    mono_ns now = loop_clock(l);
    mono_ns next = atomic_load(&g->next);
    mono_ns mine;

    do {
        mine = next > now ? next : now;
    } while (!atomic_compare_exchange_weak(&g->next, &next, mine + g->period));
    return mine > now ? coro_sleep_until(mine) : 0;
}
