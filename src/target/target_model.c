/* Everything decays from the instant of its last use, so nothing runs in the background. */
#include "target/target_model.h"

#include <math.h>

#include "base/mem.h"

/* Seconds since *at, which becomes `now`. */
static double advance(mono_ns *at, mono_ns now)
{
    double seconds = *at && now > *at ? (double)(now - *at) / NS_PER_S : 0;

    if (now > *at)
        *at = now;
    return seconds;
}

/* ---- a quota ---- */

double quota_left(struct quota *q, double limit, mono_ns now)
{
    q->used -= advance(&q->at, now) * limit / 60;
    if (q->used < 0)
        q->used = 0;
    return q->used < limit ? limit - q->used : 0;
}

span_ns quota_take(struct quota *q, double limit, double amount, mono_ns now)
{
    double left = quota_left(q, limit, now);

    if (amount > limit)
        return 60 * NS_PER_S;
    if (amount > left) {
        double wait = (q->used + amount - limit) * 60 / limit * NS_PER_S;

        /* Caller's limits differ: what one has taken may be many minutes of another. */
        return wait < 3600e9 ? (span_ns)ceil(wait) : 3600 * NS_PER_S;
    }
    q->used += amount;
    return 0;
}

/* ---- a circuit breaker ---- */

bool breaker_allows(struct breaker *b, mono_ns now, span_ns pause)
{
    if (b->state == CIRCUIT_CLOSED)
        return true;
    if (now < b->retry_at)
        return false;
    /* A trial whose caller never reports must not keep the circuit open for ever. */
    b->state = CIRCUIT_HALF_OPEN;
    b->retry_at = now + pause;
    return true;
}

void breaker_report(struct breaker *b, bool is_ok, unsigned threshold, mono_ns now, span_ns pause)
{
    if (is_ok) {
        b->n_failures = 0;
        b->state = CIRCUIT_CLOSED;
        return;
    }
    b->n_failures++;
    /* Calls that were under way when it opened prove nothing new. */
    if (b->state == CIRCUIT_OPEN)
        return;
    if (b->state == CIRCUIT_CLOSED && b->n_failures < threshold)
        return;
    b->state = CIRCUIT_OPEN;
    b->retry_at = now + pause;
    b->n_openings++;
}

const char *circuit_name(enum circuit c)
{
    static const char *const names[] = {
        [CIRCUIT_CLOSED] = "closed",
        [CIRCUIT_OPEN] = "open",
        [CIRCUIT_HALF_OPEN] = "half-open",
    };

    return names[c];
}

/* ---- a meter ---- */

double meter_count(struct meter *m, mono_ns now, span_ns memory)
{
    double tau = (double)memory / NS_PER_S;

    m->events *= exp(-advance(&m->at, now) / tau);
    m->events += 1;
    return m->events / tau;
}
