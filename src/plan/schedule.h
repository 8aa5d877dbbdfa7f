#pragma once
/*
 * When the iterations of an arrival-rate scenario are due: a timetable, fixed before the run
 * starts, that never waits for the system under test. It is a pure function of the plan, random
 * arrivals (by their seed) included. Loops share one timetable and walk it with cursors of their
 * own: a cursor with stride n, begun at k, sees every n-th iteration from the k-th on, so that
 * together n loops fire each exactly once, whatever n is. Of an execution segment, only its own
 * iterations are counted and seen, at the instants that they have in the whole test.
 *
 * (Ramps of users are steps, computed by plan/ramp.c.)
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/random.h"

struct arena;
struct plan_scenario;
struct schedule;

/*
 * The timetable of a constant-arrival-rate or ramping-arrival-rate scenario; in the arena, which
 * must outlive it. Immutable: for all threads.
 */
const struct schedule *schedule_new(const struct plan_scenario *plan, struct arena *arena);

/* How many iterations it has in all; of random arrivals: how many are expected. */
uint64_t schedule_total(const struct schedule *s);

/*
 * How many iterations are due by a moment, it included (ns since the start of the scenario): the
 * inverse of schedule_next(). Random arrivals are walked through, which takes a time proportional
 * to the result; others need none.
 */
uint64_t schedule_count(const struct schedule *s, span_ns by);

/* Iterations a second that it plans for at a moment (since the start of the scenario); 0 outside.
 */
double schedule_rate(const struct schedule *s, span_ns at);

/* One walk through a timetable. Belongs to one loop. */
struct schedule_cursor {
    const struct schedule *schedule;
    uint64_t next; /* index of the iteration that is due next, among ours, from 0 */
    uint64_t stride;
    uint32_t stage; /* where the last one was found */
    /* random arrivals: how many gaps were drawn, from what, and their sum in iterations */
    uint64_t drawn;
    struct rng rng;
    double sum;
};

/* A cursor that takes every stride-th iteration from the first-th on. */
struct schedule_cursor schedule_cursor(const struct schedule *s, uint64_t first, uint64_t stride);

/*
 * Takes the next iteration: its index among ours in the scenario and when it is due, in ns since
 * the scenario's start, never earlier than the one before. Returns false when there are no more.
 * Random arrivals draw a gap for each iteration that others take, too (some 20 ns each).
 */
bool schedule_next(struct schedule_cursor *c, uint64_t *ret_index, span_ns *ret_due);
