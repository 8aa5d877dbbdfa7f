/* The time and some chance: readable, sortable, and unique wherever runs end up together. */
#include "cli/run_id.h"

#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "cli/loadtest.h"

struct str run_id_make(struct arena *arena)
{
    wall_ns now = clock_wall();
    time_t seconds = (time_t)(now / NS_PER_S);
    struct rng rng;
    struct tm tm;
    char text[24];

    rng_seed(&rng, (uint64_t)now ^ (uint64_t)getpid() << 32);
    gmtime_r(&seconds, &tm);
    strftime(text, sizeof(text), "%Y%m%dT%H%M%S", &tm);
    return str_of(arena_printf(arena, "%s-%04x", text, (unsigned)rng_below(&rng, 65536)));
}

void run_id_choose(struct loadtest *t)
{
    if (!t->own.run_id)
        t->own.run_id = run_id_make(&t->arena).p;
}
