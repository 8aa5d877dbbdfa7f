/*
 * Nothing is simulated step by step: because service takes a fixed time, the instant of an answer
 * is known when its request comes.
 */
#include "target/target_pace.h"

#include <stdbool.h>

#include "base/mem.h"

/* ---- a server that stalls ---- */

mono_ns pace_stalls_due(const struct pace_stalls *p, mono_ns arrival)
{
    if (p->period <= 0)
        return arrival + p->service;
    span_ns into = (arrival - p->origin) % p->period;

    if (into < 0)
        into += p->period;
    bool held = into >= p->period - p->stall;

    return arrival + p->service + (held ? p->period - into : 0);
}

/* ---- servers behind a queue ---- */

/*
 * Requests leave in the order in which they came, so those in the system are a ring of the instants
 * at which they leave. A request is served when the one `n_servers` before it has left.
 */
struct pace_queue {
    span_ns service;
    uint32_t n_servers;
    uint32_t room;   /* entries of `due`: those served and those who wait */
    uint64_t n_in;   /* requests taken in; number n has its entry at n % room */
    uint64_t n_gone; /* of them, those that have left */
    mono_ns due[];
};

struct pace_queue *pace_queue_new(span_ns service, uint32_t n_servers, uint32_t n_waiting)
{
    uint32_t room = n_servers + n_waiting;
    struct pace_queue *q = xmalloc(sizeof(*q) + room * sizeof(q->due[0]));

    *q = (struct pace_queue){.service = service, .n_servers = n_servers, .room = room};
    return q;
}

void pace_queue_free(struct pace_queue *q)
{
    free(q);
}

int pace_queue_take(struct pace_queue *q, mono_ns now, mono_ns *ret_start, mono_ns *ret_due)
{
    mono_ns start = now;

    while (q->n_gone < q->n_in && q->due[q->n_gone % q->room] <= now)
        q->n_gone++;
    if (q->n_in - q->n_gone == q->room)
        return PACE_E_FULL;
    if (q->n_in - q->n_gone >= q->n_servers)
        start = q->due[(q->n_in - q->n_servers) % q->room];
    q->due[q->n_in++ % q->room] = start + q->service;
    *ret_start = start;
    *ret_due = start + q->service;
    return 0;
}
