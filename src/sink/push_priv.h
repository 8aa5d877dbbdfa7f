#pragma once
/* What the files of delivery share, and what the hub (sinks.c) asks of it. */
#include <pthread.h>
#include <stdatomic.h>

#include "base/list.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "sink/push.h"

struct push_clients;
struct sink_account;

enum push_say {
    PUSH_SAY_INFO,
    PUSH_SAY_WARNING,
};

/* What the hub gives to each delivery; outlives it. */
struct push_host {
    const char *spool_dir; /* NULL: no spools */
    uint64_t spool_bytes;  /* cap of each */
    const char *run;       /* the run's id */

    /* A sentence for the user; any thread. */
    void (*say)(void *arg, enum push_say level, const char *text);
    void *arg;
};

/* `spec` is what opens the sink again, without secrets. All is borrowed but the numbers. */
struct push *push_new(const struct push_config *config, const struct push_host *host,
                      const char *spec);
void push_free(struct push *p); /* after push_stop or when never started; accepts NULL */

/* On the sinks' loop. Returns 0 or a fault. */
MUST_USE int push_start(struct push *p, struct push_clients *clients);

/* Nothing more will be put: what waits is tried at once, then every second. On the loop. */
void push_drain(struct push *p);

/* Whether nothing is left that may still be delivered. Any thread. */
bool push_is_drained(struct push *p);

/* On a coroutine of the loop: ends sending; what is left goes to disk, or is dropped. Suspends. */
void push_stop(struct push *p);

/* Any thread. */
void push_account(struct push *p, struct sink_account *ret_account);

/* The causes for which points were dropped, with their counts; after push_stop. */
size_t push_causes(const struct push *p, const char **ret_text, uint64_t *ret_points, size_t max);

/*
 * Before push_start, for `brunt spool send`: what a spool holds, encoded in that format, is
 * delivered as if it had just come. Returns 0, and owns the spool, or a fault: another format.
 */
MUST_USE int push_adopt(struct push *p, struct spool *spool, const char *format);

/* ---- push_http.c ---- */

/* HTTP clients on the sinks' loop; made on its thread, and on a coroutine. */
MUST_USE int push_clients_new(struct push_clients **ret_clients);
void push_clients_free(struct push_clients *c); /* accepts NULL */

/* What one sender talks with. */
struct push_wire {
    struct loop *loop;
    struct push_clients *clients;
    struct client *client[2];       /* verifying certificates, and not; made when first used */
    struct http_response *response; /* the latest, for its headers */
};

void push_wire_init(struct push_wire *w, struct loop *loop, struct push_clients *clients);
void push_wire_fini(struct push_wire *w);

/* ---- push_queue.c: the part in memory; under the lock of the delivery ---- */

struct push_chunk {
    struct list link;
    struct batch batch;
};

struct push_queue {
    struct list chunks; /* oldest first */
    size_t bytes;
    uint64_t points;
};

void push_queue_init(struct push_queue *q);
void push_queue_fini(struct push_queue *q);

/* Takes the points of b, in pieces of at most so many points and bytes (a larger point alone). */
void push_queue_add(struct push_queue *q, struct batch *b, size_t max_points, size_t max_bytes);

/* The oldest, which is the caller's then; NULL: none. */
struct push_chunk *push_queue_take(struct push_queue *q);

/* Puts back what was taken, or what is left of it, as the oldest. */
void push_queue_untake(struct push_queue *q, struct push_chunk *chunk);

void push_chunk_free(struct push_chunk *chunk); /* accepts NULL */
