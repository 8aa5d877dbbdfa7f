#pragma once
/* A run of the history, for outputs: its ticks as they were, under the times at which they were. */
#include "base/clock.h"
#include "base/err.h"

struct publish_stored;
struct sinks;
struct store;
struct vocab_run;

/* Reads the run's row. The store outlives it. Returns 0 or a fault. */
MUST_USE int publish_stored_new(struct store *store, int64_t key,
                                struct publish_stored **ret_publication);

/* After the sinks, which look at what it holds. Accepts NULL. */
void publish_stored_free(struct publish_stored *p);

/* What the run is called; lives as long as it. */
const struct vocab_run *publish_stored_run(const struct publish_stored *p);
wall_ns publish_stored_ended(const struct publish_stored *p);

/*
 * Opens the sinks and gives them tick after tick, no faster than they are delivered: it waits while
 * much is under way, but not for longer than `patience` without any progress. Returns 0 or a fault,
 * after which *sinks is NULL and the sinks are freed.
 */
MUST_USE int publish_stored_give(struct publish_stored *p, struct sinks **sinks, span_ns patience);
