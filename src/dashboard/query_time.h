#pragma once
/* Times and intervals as dashboards have them. */
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

enum {
    QUERY_SPAN_BYTES = 32,
};

/*
 * "now", "now-15m", "now-1d/d" (rounded in UTC, up when `is_end`), milliseconds since the epoch,
 * or "2026-11-21T15:04:05Z" with as much of it as there is. Returns 0, or -EINVAL.
 */
MUST_USE int query_time_parse(struct str text, wall_ns now, bool is_end, wall_ns *ret_at);

/* "15s", "1m", "2h", ">10s": an interval with one unit; 0 when it is none. */
span_ns query_span_parse(struct str text);

/* The $__interval of a range that is shown as `points` points: a round one, at least `least`. */
span_ns query_interval(span_ns range, int64_t points, span_ns least);

/* "15s", "200ms", "1m"; `text` holds QUERY_SPAN_BYTES. Returns it. */
const char *query_span_text(span_ns span, char text[QUERY_SPAN_BYTES]);

/* "2026-11-21T15:04:05.000Z"; `text` holds QUERY_SPAN_BYTES. Returns it. */
const char *query_time_text(wall_ns at, char text[QUERY_SPAN_BYTES]);
