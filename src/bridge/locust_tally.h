#pragma once
/*
 * From counts since Locust's start to what was added: Locust tells sums, and whoever counts on
 * needs differences. Each consumer has a tally of its own, because it takes what was added at its
 * own times.
 *
 *   locust_tally_answer(t, stats);   each answer of the master
 *   locust_tally_put(t, stats);      before the rows are read: into their `added_...`
 *
 * Counts that went back began anew, so what they are now was added; what was counted between the
 * last answer and the reset is known to nobody.
 */
#include <stdbool.h>

#include "bridge/locust_stats.h"

struct locust_tally;

struct locust_tally *locust_tally_new(void);
void locust_tally_free(struct locust_tally *t); /* accepts NULL */

/* Takes in an answer. Returns whether counts went back. */
bool locust_tally_answer(struct locust_tally *t, const struct locust_stats *stats);

/* Writes what was added since this was called last into the rows, and begins again from 0. */
void locust_tally_put(struct locust_tally *t, struct locust_stats *stats);

/* Everything that an answer counts: its row of all, or the sum over rows. */
double locust_requests(const struct locust_stats *stats);
double locust_failures(const struct locust_stats *stats);
