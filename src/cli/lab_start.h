#pragma once
/* Starting services natively, watching them come up, and ending them. */
#include "base/clock.h"
#include "cli/lab_use.h"

/*
 * Starts what belongs to the services of `wanted` and does not run, and waits until all of it is
 * ready, telling of it on standard error. The state is saved before each program begins. A signal
 * (Ctrl-C) or a fault to start ends what was started here. Returns 0 or a fault: one ended or was
 * not ready in time, which leaves the others running; the caller was asked to stop.
 */
MUST_USE int lab_start(struct lab_use *use, const bool wanted[LAB_SERVICE_COUNT], span_ns timeout);

/* Ends what runs of the services of `wanted`, and forgets it. Returns how many processes ended. */
size_t lab_stop(struct lab_use *use, const bool wanted[LAB_SERVICE_COUNT]);

/* Whether a program that was started still runs. */
bool lab_runs(const struct lab_use *use, enum lab_program program);

/* Whether any program of the service runs. */
bool lab_service_runs(const struct lab_use *use, enum lab_service service);
