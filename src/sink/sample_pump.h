#pragma once
/*
 * The sampling thread: takes raw samples out of the rings of all loops and hands them to the sinks
 * that want them (sinks_samples), in arrays, with wall time.
 *
 *   sample_pump_new(config)
 *   sample_pump_tap(p, recorder, source)    as run_config.on_recorder, for each recorder
 *   sample_pump_tap_snapshot(p, snapshot)   for what the run itself samples
 *   sample_pump_start(p)
 *   ...
 *   sample_pump_stop(p)                     after the last tick: everything is delivered
 *
 * Order: samples of one loop come in the order in which they were taken. Over loops there is none
 * within a round, a few milliseconds; whatever was taken before a round began comes before
 * everything taken after it ended.
 *
 * Wall times are the monotonic ones moved by one offset for the whole run: when the machine's clock
 * is set meanwhile, the samples do not jump.
 *
 * A sink that cannot keep up holds up the pump, never the load: rings run full, and what finds no
 * room is counted (sample_pump_lost).
 */
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "metric/recorder.h"
#include "metric/snapshot.h"
#include "sink/sink.h"

struct sample_pump;

struct sample_pump_config {
    struct metric_registry *registry; /* outlives the pump */
    unsigned n_sources;               /* recorders: the loops' and the main one */
    size_t ring_samples;              /* of each; 0: a second or more of a loop at full speed */

    /* Takes samples, on the sampling thread; n is 0 when there was nothing for a moment. */
    void (*deliver)(void *arg, const struct sink_sample *samples, size_t n);
    void *arg;

    mono_ns mono; /* one instant on both clocks; 0 and 0: now */
    wall_ns wall;
};

/* The pool of tag sets of each source outlives the last round. */
struct sample_pump *sample_pump_new(const struct sample_pump_config *config);

/* Stops it if that was not done; accepts NULL. */
void sample_pump_free(struct sample_pump *p);

/* Has the pump see every sample of a recorder; on the recorder's thread. source < n_sources. */
void sample_pump_tap(struct sample_pump *p, struct recorder *recorder, unsigned source);

/* The same for snapshot_sample(); on the run's thread. */
void sample_pump_tap_snapshot(struct sample_pump *p, struct snapshot *snapshot);

/* Starts the thread. Returns 0 or a fault. */
MUST_USE int sample_pump_start(struct sample_pump *p);

/*
 * Waits until everything that was recorded before is delivered, and ends the thread. No recorder
 * may record any more what is to be delivered. Not on a loop's thread that has something else to
 * do: it blocks.
 */
void sample_pump_stop(struct sample_pump *p);

/* One round: hands over what is there; gives how many samples. The thread does nothing else; call
 * it only where there is no thread. */
size_t sample_pump_round(struct sample_pump *p);

/* Samples that found no room in a ring and were delivered to nobody (sinks_lose_samples). Any
 * thread.
 */
uint64_t sample_pump_lost(const struct sample_pump *p);
