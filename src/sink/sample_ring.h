#pragma once
/*
 * Raw samples on their way from one thread that measures to the one that hands them to sinks: a
 * bounded ring, one producer, one consumer, no lock. A sample that finds no room is counted and
 * gone; the producer never waits.
 *
 * The memory is touched only as far as it was ever filled.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "metric/recorder.h"
#include "metric/tagset.h"

struct ring_sample {
    const struct tagset *tags; /* of the producer's pool, which outlives the ring */
    double value;
    mono_ns at;
    uint32_t metric;
    int32_t vu;                    /* < 0: not told */
    int64_t iter;                  /* the same */
    const struct tagset *metadata; /* NULL: none */
};

struct sample_ring;

/* A ring for at least n samples, n > 0; the size is the next power of two. */
struct sample_ring *sample_ring_new(size_t n);
void sample_ring_free(struct sample_ring *r); /* accepts NULL */

/* ---- the producer ---- */

void sample_ring_put(struct sample_ring *r, const struct ring_sample *sample);

/* A recorder_tap_fn; `arg` is the ring. */
void sample_ring_tap(void *arg, const struct series *s, double value, mono_ns now,
                     const struct sample_origin *origin);

/* ---- the consumer ---- */

/*
 * The oldest samples that stand in a row: gives how many there are, at most `max`, and where. They
 * stay until sample_ring_drop(). 0: there are none.
 */
size_t sample_ring_peek(struct sample_ring *r, size_t max, const struct ring_sample **ret_samples);

/* The oldest n are done with; n is at most what was last given. */
void sample_ring_drop(struct sample_ring *r, size_t n);

/* ---- any thread ---- */

/* Samples put in so far, and samples taken out so far: a position in the stream. */
uint64_t sample_ring_written(const struct sample_ring *r);
uint64_t sample_ring_read(const struct sample_ring *r);

/* Samples that found no room. */
uint64_t sample_ring_lost(const struct sample_ring *r);
