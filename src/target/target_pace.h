#pragma once
/*
 * When a request is answered whose service takes a fixed time: by a server that stalls now and
 * then, or by a few servers behind a queue. Arithmetic on instants that the caller gives; no clock.
 */
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

/* ---- a server that stalls ---- */

/* Whatever its load, it answers after `service`, but nothing moves in the last `stall` of a period.
 */
struct pace_stalls {
    mono_ns origin; /* when a period began */
    span_ns service;
    span_ns stall;  /* shorter than `period` */
    span_ns period; /* 0: it never stalls */
};

/*
 * When a request is answered that came at `arrival`: `service` later, or, when it came during a
 * stall, `service` after the end of that. One that is being served when a stall begins is not held.
 */
mono_ns pace_stalls_due(const struct pace_stalls *p, mono_ns arrival);

/* ---- servers behind a queue ---- */

enum {
    PACE_E_FULL = 1, /* condition: as many wait as may */
};

/* `n_servers` that each serve one request in `service`, in the order in which requests come. */
struct pace_queue;

/* With room for `n_waiting` besides those that are served; freed with pace_queue_free(). */
struct pace_queue *pace_queue_new(span_ns service, uint32_t n_servers, uint32_t n_waiting);
void pace_queue_free(struct pace_queue *q); /* accepts NULL */

/*
 * Takes in a request that comes at `now`, which does not go back by more than threads' clocks do.
 * *ret_start is when a server is free for it, *ret_due when it is answered. Returns 0 or
 * PACE_E_FULL.
 */
MUST_USE int pace_queue_take(struct pace_queue *q, mono_ns now, mono_ns *ret_start,
                             mono_ns *ret_due);
