/*
 * Routes whose times are known in advance, to hold a load generator against: /fixed serves in a
 * fixed time and stalls on request, /queue has a known capacity. What is computed in target_pace.c
 * happens here.
 */
#include "base/duration.h"
#include "base/mem.h"
#include "loop/loop.h"
#include "proto/http1/http1.h"
#include "target/target_pace.h"
#include "target/target_priv.h"

enum {
    QUEUES_MAX = 32,
    SERVERS_MAX = 10000,
    WAITING_MAX = 100000,
    WAITING_DEFAULT = 1000,
};

#define SERVICE_MAX (60 * NS_PER_S)
#define PERIOD_MAX  (3600 * NS_PER_S)

/* A duration as an argument, `fallback` when it is not there; false when it is none up to `max`. */
static bool take_span(struct exchange *x, const char *name, span_ns fallback, span_ns max,
                      span_ns *ret_span)
{
    struct str text = exchange_arg(x, name);
    span_ns span = fallback;

    if (text.p && (duration_parse(text, &span) || span < 0 || span > max)) {
        answer_error(
            x, 400,
            arena_printf(&x->arena, "%s must be a duration such as 2, 0.5 (ms) or 1s", name));
        return false;
    }
    *ret_span = span;
    return true;
}

static bool take_number(struct exchange *x, const char *name, uint64_t least, uint64_t most,
                        uint64_t fallback, uint32_t *ret_n)
{
    struct str text = exchange_arg(x, name);
    uint64_t n = fallback;

    if (text.p && (!str_u64(text, &n) || n < least || n > most)) {
        answer_error(x, 400,
                     arena_printf(&x->arena, "%s must be a number from %lu to %lu", name,
                                  (unsigned long)least, (unsigned long)most));
        return false;
    }
    *ret_n = (uint32_t)n;
    return true;
}

/* Waits until `due`; false when the target is ending. */
static bool wait_until(struct exchange *x, mono_ns due)
{
    return exchange_sleep(x, due - loop_now(x->worker->loop));
}

/* ---- /fixed ---- */

void load_fixed(struct exchange *x)
{
    struct pace_stalls pace = {.origin = x->worker->target->started};
    mono_ns arrival = loop_now(x->worker->loop);
    struct json_out j;

    if (!take_span(x, "ms", 2 * NS_PER_MS, SERVICE_MAX, &pace.service) ||
        !take_span(x, "stall", 0, SERVICE_MAX, &pace.stall) ||
        !take_span(x, "every", 10 * NS_PER_S, PERIOD_MAX, &pace.period))
        return;
    if (pace.stall >= pace.period) {
        answer_error(x, 400, "stall must be shorter than every");
        return;
    }
    if (!wait_until(x, pace_stalls_due(&pace, arrival)))
        return;
    j = answer_json(x);
    json_open_object(&j);
    json_key(&j, "ok");
    json_put_bool(&j, true);
    json_close(&j);
}

/* ---- /queue ---- */

/* Queues come to be when they are first asked for, and all workers share them. */
struct target_queues {
    pthread_mutex_t lock;
    size_t n;
    struct {
        span_ns service;
        uint32_t n_servers, n_waiting;
        struct pace_queue *queue;
    } all[QUEUES_MAX];
};

struct target_queues *target_queues_new(void)
{
    struct target_queues *qs = xnew(struct target_queues);

    pthread_mutex_init(&qs->lock, NULL);
    return qs;
}

void target_queues_free(struct target_queues *qs)
{
    if (!qs)
        return;
    for (size_t i = 0; i < qs->n; i++)
        pace_queue_free(qs->all[i].queue);
    pthread_mutex_destroy(&qs->lock);
    free(qs);
}

/* Under the lock. NULL: there are too many others. */
static struct pace_queue *find_queue(struct target_queues *qs, span_ns service, uint32_t n_servers,
                                     uint32_t n_waiting)
{
    size_t i = 0;

    while (i < qs->n && (qs->all[i].service != service || qs->all[i].n_servers != n_servers ||
                         qs->all[i].n_waiting != n_waiting))
        i++;
    if (i == QUEUES_MAX)
        return NULL;
    if (i == qs->n) {
        qs->all[i].service = service;
        qs->all[i].n_servers = n_servers;
        qs->all[i].n_waiting = n_waiting;
        qs->all[i].queue = pace_queue_new(service, n_servers, n_waiting);
        qs->n++;
    }
    return qs->all[i].queue;
}

static void answer_wait(struct exchange *x, span_ns waited)
{
    struct json_out j = answer_json(x);

    json_open_object(&j);
    json_key(&j, "ok");
    json_put_bool(&j, true);
    json_key(&j, "waited_ms");
    json_put_f64(&j, (double)waited / (double)NS_PER_MS);
    json_close(&j);
}

void load_queue(struct exchange *x)
{
    struct target_queues *qs = x->worker->target->queues;
    mono_ns now = loop_now(x->worker->loop), start = now, due = now;
    uint32_t n_servers, n_waiting;
    span_ns service;

    if (!take_span(x, "ms", 5 * NS_PER_MS, SERVICE_MAX, &service) ||
        !take_number(x, "servers", 1, SERVERS_MAX, 1, &n_servers) ||
        !take_number(x, "waiting", 0, WAITING_MAX, WAITING_DEFAULT, &n_waiting))
        return;
    pthread_mutex_lock(&qs->lock);
    struct pace_queue *queue = find_queue(qs, service, n_servers, n_waiting);
    int r = queue ? pace_queue_take(queue, now, &start, &due) : 0;

    pthread_mutex_unlock(&qs->lock);
    if (!queue) {
        answer_error(x, 400, "too many different queues: restart the target to forget them");
    } else if (r == PACE_E_FULL) {
        answer_error(x, 503, "queue is full");
    } else if (wait_until(x, due)) {
        answer_wait(x, start - now);
    }
}
