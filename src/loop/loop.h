#pragma once
/*
 * One event loop per thread: descriptors, timers, coroutines, messages from other threads.
 *
 * A turn has these phases: wait; call each ready descriptor's watch; messages; due timers; woken
 * coroutines; deferred work (where streams send). So everything a turn received is read before
 * anything is sent, and one wait serves many events.
 *
 * Everything here belongs to the loop's thread unless it says otherwise.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "base/tick_clock.h"
#include "loop/mailbox.h"
#include "loop/wheel.h"

struct coro;
struct loop;
struct loop_time;
struct offload;
struct watch;

/*
 * Where time comes from. Tests give their own, so that a minute passes in no time. `wait` is called
 * when nothing is ready, with the time of the next timer (MONO_NEVER: none), and returns true when
 * the loop should look again at once (time was moved), false to sleep on descriptors and messages.
 */
struct loop_time {
    mono_ns (*now)(struct loop_time *self);
    bool (*wait)(struct loop_time *self, mono_ns until);
};

/* A clock that stands still until the loop has nothing to do, and then jumps to the next timer. */
struct loop_time_virtual {
    struct loop_time time;
    mono_ns now;
};

void loop_time_virtual_init(struct loop_time_virtual *v, mono_ns start);

/* How a loop waits for descriptors and moves bytes. */
enum loop_io {
    LOOP_IO_EPOLL,
    LOOP_IO_AUTO,  /* io_uring where the kernel lets us, else epoll */
    LOOP_IO_URING, /* io_uring, or a fault */
};

struct loop_options {
    enum loop_io io; /* epoll whatever it says with `stamps`, which io_uring has no room for */
    struct loop_time *time; /* NULL: CLOCK_MONOTONIC; borrowed */
    span_ns spin;           /* poll instead of sleeping this long before a timer is due; 0: sleep */
    bool stamps;            /* ask the kernel when bytes came: loop_stats.reads_by_delay */
    struct offload
        *offload; /* helper threads to share; NULL: two of its own at first use; borrowed */
};

/* Lengths of turns, four buckets to an octave. */
enum {
    LOOP_TURN_BUCKETS = 4 * 44 /* up to some hours */
};

static inline unsigned loop_turn_bucket(span_ns turn)
{
    uint64_t n = turn > 4 ? (uint64_t)turn : 4;
    unsigned octave = 63 - (unsigned)__builtin_clzll(n);
    unsigned bucket = (octave - 2) * 4 + (unsigned)(n >> (octave - 2) & 3);

    return bucket < LOOP_TURN_BUCKETS ? bucket : LOOP_TURN_BUCKETS - 1;
}

/* The shortest turn that lies in a bucket. */
static inline span_ns loop_turn_of(unsigned bucket)
{
    return (span_ns)(4 + bucket % 4) << (bucket / 4);
}

/* Counted since loop_new; busy + waiting is the loop's life. */
struct loop_stats {
    uint64_t turns;
    uint64_t events;  /* ready descriptors */
    uint64_t resumes; /* switches into coroutines */
    span_ns busy;     /* between two waits */
    span_ns waiting;  /* asleep, or spinning */
    span_ns max_turn; /* longest busy stretch since loop_new or loop_forget_max_turn */
    uint64_t n_coros; /* alive now */
    /* events by the length of the turn that handled them: so long each may have had to wait */
    uint64_t events_by_turn[LOOP_TURN_BUCKETS];
    /* turns in which timers were due, by how late the latest of them was noticed */
    uint64_t turns_by_lag[LOOP_TURN_BUCKETS];
    /* with `stamps`: receives by the time from the kernel's to loop_now(); buckets as above */
    uint64_t reads_by_delay[LOOP_TURN_BUCKETS];
};

/*
 * A loop is created, run and freed on one thread, one per thread at a time; `options` may be NULL.
 * Returns 0 or a fault (descriptors used up, io_uring asked for and refused).
 */
MUST_USE int loop_new(const struct loop_options *options, struct loop **ret_loop);

/*
 * Cancels every coroutine that is left and runs until they have unwound, then frees; accepts NULL.
 * Watches must have been removed and foreign threads must have stopped posting.
 */
void loop_free(struct loop *l);

/* What the loop uses: "epoll" or "io_uring"; static. */
const char *loop_io(const struct loop *l);

/* Takes turns until loop_stop. Returns 0, or a fault when waiting itself fails. */
MUST_USE int loop_run(struct loop *l);

/* One turn; sleeps at most until `until`. For tests and for embedding. Returns as loop_run. */
MUST_USE int loop_turn(struct loop *l, mono_ns until);

/* Makes loop_run return after the current turn, or the next loop_run at once. Any thread. */
void loop_stop(struct loop *l);

/* The loop of this thread, or NULL. */
struct loop *loop_self(void);

/* What a backend that moves bytes itself has to tell; see loop/delivery.h. */
struct watch_result {
    const char *data;
    ssize_t n;
    bool more;
};

/* The part that inline functions read; do not touch. */
struct loop_head {
    mono_ns now;
    struct loop_time *time;  /* NULL: CLOCK_MONOTONIC */
    struct tick_clock clock; /* then */
    struct list deferred;
    struct wheel *wheel;
    bool stamps;
    struct watch_result result; /* of the watch being called */
};

/*
 * The time at which the event being handled was seen, or that of the latest loop_clock(); costs a
 * load.
 */
static inline mono_ns loop_now(const struct loop *l)
{
    return ((const struct loop_head *)l)->now;
}

/* Reads the clock (8 ns) and makes it loop_now(). It never goes back. */
static inline mono_ns loop_clock(struct loop *l)
{
    struct loop_head *h = (struct loop_head *)l;
    mono_ns now = likely(!h->time) ? tick_clock_now(&h->clock) : h->time->now(h->time);

    if (likely(now > h->now))
        h->now = now;
    return h->now;
}

void loop_stats(const struct loop *l, struct loop_stats *ret_stats);

/* Looks for the longest turn from here on. */
void loop_forget_max_turn(struct loop *l);

/* loop_stats.turns alone: what tells whether the loop went on meanwhile. */
uint64_t loop_turns(const struct loop *l);

/* Whether the kernel is to be asked when bytes came. */
static inline bool loop_stamps(const struct loop *l)
{
    return ((const struct loop_head *)l)->stamps;
}

/* Counts a receive of bytes that the kernel had at `at`; below loop_now() or not. */
void loop_stamped(struct loop *l, wall_ns at);

/* ---- descriptors ---- */

enum {
    WATCH_READ = 1 << 0,   /* bytes, a connection or the end can be read */
    WATCH_WRITE = 1 << 1,  /* there is room to write; a connect has finished */
    WATCH_HANGUP = 1 << 2, /* the peer will send no more; comes with WATCH_READ */
    WATCH_ERROR = 1 << 3,  /* the next read or write will fail; comes with READ and WRITE */
    WATCH_BYTES = 1 << 4,  /* delivered (loop/delivery.h), not to be read; comes with WATCH_READ */
    WATCH_SENT = 1 << 5,   /* how a watch_send() went (loop/delivery.h); comes alone */
};

/*
 * Edge-triggered: called when something changed. The callback runs outside any coroutine and may
 * resume one at once (coro_resume_now); it may close its own watch or any other.
 */
typedef void(watch_fn)(struct loop *l, struct watch *w, unsigned events);

/*
 * Called for all that is readable, before the first watch_fn of the turn: to take what has come
 * into loop_early_room(). Receiving for everybody first and handling afterwards keeps the kernel's
 * code and ours each in the cache while it works. Must not resume or close anything.
 */
typedef void(watch_early_fn)(struct loop *l, struct watch *w);

struct watch {
    int fd;
    uint32_t slot; /* the backend's; 0: it only tells of readiness */
    watch_fn *fn;
    watch_early_fn *early; /* NULL: nothing to take early */
    struct coro *waiter; /* who will be resumed, if that is known; only a hint, to fetch it early */
};

/* Registers once, for reading and writing. Returns 0 or a fault; w and fd stay the caller's. */
MUST_USE int watch_open(struct loop *l, struct watch *w, int fd, watch_fn *fn);

/* Unregisters; the descriptor stays open. Events already collected for it are dropped. */
void watch_remove(struct loop *l, struct watch *w);

/* The same, and closes the descriptor. Sets w->fd to -1. */
void watch_close(struct loop *l, struct watch *w);

/* Room for n bytes that last until the end of the turn, or NULL when it is used up. */
void *loop_early_room(struct loop *l, size_t n);

/* The first n bytes of the latest room are taken; the rest is given again. */
void loop_early_used(struct loop *l, size_t n);

/* ---- the end of the turn ---- */

/* Room for n bytes that last until the deferred work has been done, or NULL when it is used up. */
void *loop_out_room(struct loop *l, size_t n);

struct loop_deferred;
typedef void(deferred_fn)(struct loop *l, struct loop_deferred *d);

/* Work queued for the end of the turn; embed it. */
struct loop_deferred {
    struct list link;
    deferred_fn *fn;
};

static inline void loop_deferred_init(struct loop_deferred *d, deferred_fn *fn)
{
    list_init(&d->link);
    d->fn = fn;
}

/* Queues d; once, however often it is called in a turn. */
static inline void loop_defer(struct loop *l, struct loop_deferred *d)
{
    if (list_empty(&d->link))
        list_add_tail(&((struct loop_head *)l)->deferred, &d->link);
}

static inline void loop_deferred_cancel(struct loop_deferred *d)
{
    list_remove(&d->link);
}

/* ---- timers ---- */

/*
 * Calls fn on the loop at `deadline` or as soon after as it can; moves a timer that is set.
 * MONO_NEVER disarms. See loop/wheel.h for timer_clear, timer_disarm and their cost.
 */
static inline void timer_set(struct loop *l, struct timer *t, mono_ns deadline, timer_fn *fn)
{
    if (deadline == MONO_NEVER) {
        timer_disarm(t);
        return;
    }
    wheel_set(((struct loop_head *)l)->wheel, t, deadline, fn);
}

/* ---- other threads ---- */

/* Hands msg to the loop's thread, which calls msg->fn. Any thread; wakes the loop if it sleeps. */
void loop_post(struct loop *l, struct message *msg);

/* Runs on a helper thread, away from the loop; returns 0 or a fault. */
typedef int(offload_fn)(void *arg);

/*
 * Suspends the calling coroutine while fn runs on a helper thread, and returns what it returned,
 * with the words of its fault. Cannot be cancelled halfway: arg may live on the caller's stack.
 */
MUST_USE int loop_offload(struct loop *l, offload_fn *fn, void *arg);

/* Helper threads that several loops may share. Start at first use. */
struct offload *offload_new(unsigned n_threads);

/* Waits for running work; accepts NULL. */
void offload_free(struct offload *o);
