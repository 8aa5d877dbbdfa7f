#pragma once
/*
 * Small models of what real services do to their callers: a quota that refills, a circuit breaker,
 * a meter that an autoscaler looks at. Arithmetic on instants that the caller gives; no clock, no
 * lock. Instants need not be in order: one that lies before the last counts as the last.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

/* ---- a quota ---- */

/* What was taken and has not been given back yet. Zeroed memory is one that nobody has used. */
struct quota {
    double used;
    mono_ns at;
};

/*
 * Takes `amount` of a quota of `limit` a minute, all of which may be taken at once and which comes
 * back evenly. Returns 0, or, when too much is taken, how long to wait until it is not; nothing is
 * taken then. What is more than `limit` is never granted: a minute is answered.
 */
span_ns quota_take(struct quota *q, double limit, double amount, mono_ns now);

/* What may be taken at `now`; at least 0. */
double quota_left(struct quota *q, double limit, mono_ns now);

/* ---- a circuit breaker ---- */

enum circuit {
    CIRCUIT_CLOSED,    /* calls go through */
    CIRCUIT_OPEN,      /* calls fail at once, to spare what is behind */
    CIRCUIT_HALF_OPEN, /* one call is let through, to see whether it works again */
};

/* Zeroed memory is a closed one. */
struct breaker {
    enum circuit state;
    unsigned n_failures; /* in a row */
    mono_ns retry_at;    /* of an open one; of a half-open one, when its trial counts as lost */
    uint64_t n_openings;
};

/* Whether a call may go through at `now`; when one may, breaker_report() has to follow. */
bool breaker_allows(struct breaker *b, mono_ns now, span_ns pause);

/* How that call ended: `threshold` failures in a row open the circuit for `pause`. */
void breaker_report(struct breaker *b, bool is_ok, unsigned threshold, mono_ns now, span_ns pause);

/* "closed", "open", "half-open" */
const char *circuit_name(enum circuit c);

/* ---- a meter ---- */

/* Events a second, of the last seconds more than of those before. Zeroed memory is a new one. */
struct meter {
    double events; /* those that count still */
    mono_ns at;
};

/* Counts an event at `now` and gives the rate; `memory` is the time after which 63 % is forgotten.
 */
double meter_count(struct meter *m, mono_ns now, span_ns memory);
