#pragma once
/*
 * Ticks that could not be written yet, added up: they take the memory of one, however many there
 * are. What comes out is a tick of the same stream, with the series' ids of the live snapshot. On
 * the live snapshot's thread.
 */
#include <stdbool.h>

#include "base/buf.h"
#include "base/clock.h"
#include "metric/snapshot.h"

struct backlog;

struct backlog *backlog_new(void);
void backlog_free(struct backlog *b); /* accepts NULL */

/* Adds what the last tick of `live` added. */
void backlog_add(struct backlog *b, const struct snapshot *live);

bool backlog_empty(const struct backlog *b);

/* Appends all of it as one tick, and empties it. */
void backlog_put(struct backlog *b, mono_ns epoch, struct buf *out);
