#pragma once
/*
 * Durations as people write them in test scripts: "1h2m3.5s", "250ms", "1d12h", or a number of
 * milliseconds. Nanoseconds inside. A negative sign is accepted; the caller judges the value.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

enum {
    DURATION_E_SYNTAX = 1
}; /* condition: not a duration, or beyond ±292 years */

/* Longest text that duration_format writes, with its NUL. */
enum {
    DURATION_TEXT_BYTES = 40
};

/*
 * Numbers with units ns us µs ms s m h, combined; a unit is required, except in "0". Used for flags
 * of the command line. Returns 0 or DURATION_E_SYNTAX.
 */
MUST_USE int duration_parse_strict(struct str text, span_ns *ret_span);

/*
 * The same, and whole days first ("1d12h"), and a bare number means milliseconds ("1500", "0.5").
 * Used for scripts, configuration files and the environment. Returns 0 or DURATION_E_SYNTAX.
 */
MUST_USE int duration_parse(struct str text, span_ns *ret_span);

/* Milliseconds as a script gives them. Returns 0 or DURATION_E_SYNTAX (NaN, too big). */
MUST_USE int duration_from_ms(double ms, span_ns *ret_span);

/* "1m30s", "1.5s", "2h0m0s", "250ms", "0s". Returns `text`, which holds DURATION_TEXT_BYTES. */
const char *duration_format(span_ns span, char text[DURATION_TEXT_BYTES]);
