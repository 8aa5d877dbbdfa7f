#pragma once
/* What the files of src/loop share: the loop itself, its backend and the coroutine. */
#include <stdatomic.h>

#include "base/mem.h"
#include "loop/coro.h"
#include "loop/coro_context.h"
#include "loop/coro_stack.h"
#include "loop/loop.h"

/*
 * How descriptors are waited for: epoll or io_uring. Both tell watches what changed; io_uring also
 * moves the bytes of streams, by the second table (the calls of loop/delivery.h, which says what
 * they do).
 */
struct loop_delivery {
    void (*open)(void *self, struct watch *w);
    bool (*collected)(void *self, const struct watch *w);
    void (*pause)(void *self, struct watch *w);
    void (*resume)(void *self, struct watch *w);
    void (*leave)(void *self, struct watch *w);
    void (*send)(void *self, struct watch *w, const void *data, size_t n);
    void (*want_room)(void *self, struct watch *w);
    /* Sends what was queued, and tells. */
    void (*settle)(void *self, struct loop *l);
};

struct loop_backend {
    const char *name;
    int (*open)(void **ret_self);
    void (*close)(void *self);
    int (*add)(void *self, struct watch *w);
    /* Drops collected events of w, and the kernel's interest in its descriptor. */
    void (*remove)(void *self, struct watch *w);
    /* Collects events, sleeping up to `timeout` (< 0: for ever). Returns how many, or a fault. */
    int (*wait)(void *self, span_ns timeout);
    /* Hands the collected events to their watches, reading the loop's clock before each. */
    void (*dispatch)(void *self, struct loop *l);
    const struct loop_delivery *delivery; /* NULL: it does not move bytes */
};

extern const struct loop_backend loop_backend_epoll;
extern const struct loop_backend loop_backend_uring; /* its open() faults where it is refused */

enum {
    /*
     * Collected by one wait: so few that what the kernel touched of a connection when it was read
     * is still in the cache when it is written to: with 1,000 connections a request costs a fifth
     * less than with 256.
     */
    LOOP_EPOLL_EVENTS = 32,
};

/* The descriptor behind epoll's `self`, which can be polled like any other. */
int loop_epoll_fd(const void *self);

enum coro_state {
    CORO_READY,   /* in the ready queue: woken, or not started */
    CORO_RUNNING, /* the one that runs */
    CORO_PARKED,
    CORO_PARKED_FIRM, /* parked, and cancelling does not wake it */
    CORO_ENDED,       /* its function has returned; the loop takes it away */
};

/* Lives at the top of its own stack, so that a user costs no allocation besides. */
struct coro {
    struct coro_context context;
    struct loop *loop;
    struct list ready;
    struct fault_record *fault;      /* while it is not running */
    const void *near[CORO_NEAR_MAX]; /* see coro_set_near */
    uint8_t n_near[CORO_NEAR_MAX];   /* cache lines of each */
    uint8_t n_near_stack;
    struct list alive;
    coro_fn *fn;
    void *arg;
    void *local;
    struct coro_waitgroup *group; /* NULL: nobody waits for its end */
    struct list sibling;
    struct stack stack; /* without what this struct takes of its upper end */
    int value;          /* for park to return */
    uint8_t state;      /* enum coro_state */
    uint8_t kind;       /* enum coro_stack */
    bool cancelled;
    bool on_loop_stack; /* in coro_on_loop_stack */
};

enum {
    LOOP_EARLY_BYTES = 256 << 10, /* received in one turn before anything is handled */
    LOOP_OUT_BYTES = 256 << 10,   /* queued to be sent at the end of a turn */
};

struct loop {
    struct loop_head head;
    const struct loop_backend *backend;
    void *backend_self;
    struct list ready;   /* coroutines to run */
    struct list yielded; /* to run in the next turn, after it has looked for events and timers */
    struct list alive;   /* all coroutines */
    struct coro *running;
    struct coro_context context; /* the thread's own stack */
    struct stack_pool stacks;
    struct loop_stats stats;
    mono_ns turn_start;
    int turn_events;   /* that it has to handle */
    unsigned n_helped; /* coroutines that wait for a helper thread */
    span_ns spin;
    struct offload *offload;
    bool owns_offload;
    struct watch wake; /* an eventfd */
    struct wheel wheel;
    char *early; /* EARLY_BYTES, made at first use */
    size_t n_early;
    char *out; /* LOOP_OUT_BYTES, the same */
    size_t n_out;

    /* Any thread. */
    struct {
        struct mailbox mailbox;
        atomic_bool sleeping; /* whoever clears it must write to the eventfd */
        atomic_bool stopped;
    } shared;
};

/* Switches into c, which must be ready or parked, and comes back when it parks or ends. */
void coro_run(struct loop *l, struct coro *c);

/* The loop's helper threads, started at first use. */
struct offload *loop_offload_pool(struct loop *l);

/* One more coroutine waits for a helper thread, or (-1) one less. */
void loop_helped(struct loop *l, int by);

/* Asks for the memory that resuming c will touch first. */
void coro_prefetch(const struct coro *c);

/*
 * With many connections each is cold when its turn comes; it is asked for a few turns before. These
 * are the watches whose turns come next, then, and two later; NULL: none.
 */
static inline void loop_look_ahead(const struct watch *next, const struct watch *second,
                                   const struct watch *fourth)
{
    __builtin_prefetch(fourth);
    if (second) {
        __builtin_prefetch(second->waiter);
        /* Streams are longer than their watch. */
        __builtin_prefetch((const char *)second + 2 * CACHE_LINE);
        __builtin_prefetch((const char *)second + 3 * CACHE_LINE);
    }
    if (next && next->waiter)
        coro_prefetch(next->waiter);
}
