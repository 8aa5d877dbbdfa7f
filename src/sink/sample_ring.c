/*
 * Two counters that only grow, each written by one side. The producer publishes a sample by moving
 * `written`, with release, after it stands in its place; the consumer gives places back by moving
 * `read`. Each side keeps what it last saw of the other's counter and looks again only when that
 * does not suffice, so that the cache lines rarely travel.
 */
#include "sink/sample_ring.h"

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>

#include "base/mem.h"

struct sample_ring {
    struct ring_sample *samples;
    uint64_t mask; /* places - 1 */
    void *memory;  /* as allocated: of this struct */

    alignas(64) _Atomic uint64_t written; /* the producer's line */
    uint64_t room_until;                  /* `written` may grow to this without looking at `read` */
    _Atomic uint64_t lost;

    alignas(64) _Atomic uint64_t read; /* the consumer's line */
    uint64_t seen;                     /* of `written` */
};

struct sample_ring *sample_ring_new(size_t n)
{
    char *memory = xcalloc(1, sizeof(struct sample_ring) + 64);
    struct sample_ring *r = (void *)(memory + (64 - ((uintptr_t)memory & 63)));
    uint64_t places = 1;

    assert(n > 0);
    while (places < n)
        places *= 2;
    r->memory = memory;
    r->mask = places - 1;
    r->room_until = places;
    /* Fresh zeroed pages for anything large: they cost nothing before they are written to. */
    r->samples = xnew_n(struct ring_sample, places);
    return r;
}

void sample_ring_free(struct sample_ring *r)
{
    if (!r)
        return;
    free(r->samples);
    free(r->memory);
}

static COLD bool look_for_room(struct sample_ring *r, uint64_t written)
{
    r->room_until = atomic_load_explicit(&r->read, memory_order_acquire) + r->mask + 1;
    if (written < r->room_until)
        return true;
    atomic_store_explicit(&r->lost, atomic_load_explicit(&r->lost, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    return false;
}

static inline void put(struct sample_ring *r, const struct ring_sample *sample)
{
    uint64_t written = atomic_load_explicit(&r->written, memory_order_relaxed);

    if (unlikely(written == r->room_until) && !look_for_room(r, written))
        return;
    r->samples[written & r->mask] = *sample;
    atomic_store_explicit(&r->written, written + 1, memory_order_release);
}

void sample_ring_put(struct sample_ring *r, const struct ring_sample *sample)
{
    put(r, sample);
}

void sample_ring_tap(void *arg, const struct series *s, double value, mono_ns now,
                     const struct sample_origin *origin)
{
    put(arg, &(struct ring_sample){
                 .tags = s->tags,
                 .value = value,
                 .at = now,
                 .metric = s->metric,
                 .vu = origin ? (int32_t)origin->vu : -1,
                 .iter = origin ? origin->iter : -1,
                 .metadata = origin && origin->metadata ? *origin->metadata : NULL,
             });
}

size_t sample_ring_peek(struct sample_ring *r, size_t max, const struct ring_sample **ret_samples)
{
    uint64_t read = atomic_load_explicit(&r->read, memory_order_relaxed);

    if (r->seen - read < max)
        r->seen = atomic_load_explicit(&r->written, memory_order_acquire);
    uint64_t n = r->seen - read, row = r->mask + 1 - (read & r->mask);

    *ret_samples = &r->samples[read & r->mask];
    n = n < row ? n : row;
    return n < max ? (size_t)n : max;
}

void sample_ring_drop(struct sample_ring *r, size_t n)
{
    uint64_t read = atomic_load_explicit(&r->read, memory_order_relaxed);

    assert(n <= r->seen - read);
    atomic_store_explicit(&r->read, read + n, memory_order_release);
}

uint64_t sample_ring_written(const struct sample_ring *r)
{
    return atomic_load_explicit(&r->written, memory_order_acquire);
}

uint64_t sample_ring_read(const struct sample_ring *r)
{
    return atomic_load_explicit(&r->read, memory_order_acquire);
}

uint64_t sample_ring_lost(const struct sample_ring *r)
{
    return atomic_load_explicit(&r->lost, memory_order_relaxed);
}
