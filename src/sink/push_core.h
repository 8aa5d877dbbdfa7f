#pragma once
/*
 * The state of one delivery, for the files that carry it out: push.c (what comes in, beginning and
 * end), push_sender.c (from memory and disk to the receiver), push_saver.c (from memory to disk).
 */
#include <pthread.h>

#include "base/random.h"
#include "sink/push_priv.h"
#include "sink/sink.h"

enum {
    PUSH_CAUSES = 16, /* told apart; further ones are counted together */
};

struct push_cause {
    char text[400];
    uint64_t points;
};

struct push_sender {
    struct push *push;
    struct push_wire wire;
    struct push_chunk *held; /* failed, and older than what is on disk */
    unsigned index;
};

struct push {
    struct push_config config;
    const struct push_host *host;
    const char *spec;
    struct loop *loop; /* NULL: not started */
    struct push_clients *clients;
    struct coro_waitgroup sending, saving;
    struct coro_waitlist work;  /* senders without any */
    struct coro_waitlist pause; /* senders that will try again */
    struct coro_waitlist save;  /* the saver */
    struct coro_semaphore disk; /* one at a time uses the spool */
    struct spool *spool;
    struct push_sender *senders;
    struct rng rng;
    uint64_t settled;   /* points of the oldest record on disk that are done with */
    uint64_t damaged;   /* of the spool, as counted so far */
    uint64_t refused;   /* points in a row, with nothing taken between */
    span_ns backoff;    /* the next pause; 0: the shortest */
    unsigned tries;     /* of one delivery, with a bounded cause */
    mono_ns away_since; /* 0: the receiver is there */
    bool blocked, draining, stopping;
    bool is_saving;   /* the saver has the oldest piece in its hands */
    bool disk_broken; /* has been said */
    struct message wake;
    struct {
        pthread_mutex_t lock;
        struct push_queue queue;
        uint64_t produced, acknowledged, dropped, spooled, bytes, retries;
        uint64_t taken; /* points out of the queue and not settled */
        bool posted;    /* the wake message is on its way */
        bool blocked, draining;
        struct push_cause causes[PUSH_CAUSES];
        size_t n_causes;
        char trouble[400];
    } shared;
};

static inline void push_lock(struct push *p)
{
    pthread_mutex_lock(&p->shared.lock);
}

static inline void push_unlock(struct push *p)
{
    pthread_mutex_unlock(&p->shared.lock);
}

/* Whether what cannot be sent may go to disk. */
static inline bool push_has_disk(const struct push *p)
{
    return !p->config.no_spool && p->host->spool_dir;
}

/* ---- push.c ---- */

/* Tells the user, with the label before it. */
void push_tell(struct push *p, enum push_say level, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Counts points as dropped. True when the cause is new: push_tell_dropped() is due. Under the lock.
 */
bool push_drop(struct push *p, uint64_t points, const char *cause);
void push_tell_dropped(struct push *p, uint64_t points, const char *cause);

/* The oldest piece in memory, or NULL; and back again. */
struct push_chunk *push_take_chunk(struct push *p);
void push_untake_chunk(struct push *p, struct push_chunk *chunk);

/* ---- push_sender.c ---- */

/* A coroutine: sends until p->stopping. The argument is a struct push_sender. */
void push_run_sender(void *arg);

/* ---- push_saver.c ---- */

/* A coroutine: saves until p->stopping. The argument is the struct push. */
void push_run_saver(void *arg);

/* Moves the oldest piece to disk. False when there is nothing to move, or it cannot be. */
bool push_save_one(struct push *p);

/* Drops a piece that was taken. */
void push_drop_chunk(struct push *p, struct push_chunk *chunk, const char *cause);

/* The oldest record on disk that is not done: 0, SPOOL_E_EMPTY or a fault. Suspends. */
MUST_USE int push_peek_record(struct push *p, struct batch *ret_batch, uint64_t *ret_id);

/* That record is done with. Suspends. */
void push_record_done(struct push *p, uint64_t id);
