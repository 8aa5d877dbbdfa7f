#pragma once
/* What executors share: slots and parts (executor.c), and arrivals (arrival.c). On the worker's
 * loop. */
#include "run/run_priv.h"

/* One iteration of the slot's user; `due` as for vu_iterate(). */
void slot_iterate(struct slot *slot, mono_ns due);

/* Wants the slot's user to run, and starts it unless it does. */
void slot_start(struct slot *slot);

/* Tags of samples that belong to the scenario and no iteration, in the worker's pool. */
const struct tagset *part_tags(const struct part *p);

/* How many of the scenario's first n users are this worker's. */
size_t part_share(const struct part *p, uint64_t n);

/* What a user of an open model does: serves iterations until it is released. */
void arrival_serve(struct slot *slot);

/* The slot got no user; what it was to do is dropped. */
void arrival_missing(struct slot *slot);

/* Lets a user that waits for an iteration end; one that has none to wait for is left alone. */
void arrival_release(struct slot *slot);

/* Starts iterations by the timetable from the scenario's start to its end. On the driver. */
void arrival_run(struct part *p);

/* The timetable may have been replaced. */
void arrival_control(struct part *p);
