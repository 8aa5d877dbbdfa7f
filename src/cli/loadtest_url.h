#pragma once
/* Load by the command line alone: a test of one URL, which has no script, and --rate. */
#include <stdbool.h>

#include "base/clock.h"
#include "base/str.h"

struct loadtest;

/* Whether the operand is a page to load. A script may come from a URL too: it ends as one. */
bool loadtest_is_url(const char *operand);

/* Completes the options for a URL: users and duration, as wrk has them. Returns 0 or a fault. */
MUST_USE int loadtest_url_options(struct loadtest *t);

/* Makes a scenario of --rate and what goes with it, if it is given. Returns 0 or a fault. */
MUST_USE int loadtest_rate_options(struct loadtest *t);

/*
 * "2000", "0.5", "90/m", "1/10s": iterations for each second, or for each unit, as the two whole
 * numbers that a scenario wants. Returns 0 or a fault.
 */
MUST_USE int loadtest_rate_parse(struct str text, int64_t *ret_rate, span_ns *ret_time_unit);
