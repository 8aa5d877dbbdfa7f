#pragma once
/*
 * The last seconds of a metric: what it measured within a span of time that slides along with the
 * run. It is fed with what each tick added, and is added up when somebody asks.
 *
 * However short the ticks and however long the span, at most WINDOW_SLOTS_MAX pieces are kept:
 * shorter ticks share one. So a window is as long as asked but for half a piece, which is a
 * sixtieth of it or one tick. It belongs to one thread.
 */
#include <stdbool.h>

#include "base/clock.h"
#include "metric/value.h"

enum {
    WINDOW_PIECES = 60,                   /* that a span is cut into */
    WINDOW_SLOTS_MAX = WINDOW_PIECES + 2, /* that are there at one time */
};

struct window;

/* `span` is above 0. */
struct window *window_new(const struct metric *metric, span_ns span);
void window_free(struct window *w); /* accepts NULL */

/*
 * Adds what a tick measured; NULL for nothing. `elapsed` is the test's duration at the tick's end.
 * It never falls; while it stands still, the window does, and takes what comes into its last piece.
 */
void window_push(struct window *w, const struct value *delta, span_ns elapsed);

/* The span as asked for. */
span_ns window_span(const struct window *w);

/* Whether the test has lasted for a whole span. */
bool window_is_full(const struct window *w);

/* From when to when it reaches now. */
void window_range(const struct window *w, span_ns *ret_from, span_ns *ret_to);

/* All samples in it; valid until the next call with this window. */
const struct value *window_sum(struct window *w);
