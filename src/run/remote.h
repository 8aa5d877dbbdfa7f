#pragma once
/*
 * A worker in another process, as a run sees it: who brings it (dist/) gives the run a table of
 * what it can be told, and tells the run what it answered. To the rest of the run it is a worker
 * like one of its threads: a tick asks it for what it recorded and waits for the answer, and its
 * counts are added to the others'. On the main loop, all of it.
 *
 * The other process makes a run of its own of its share of the plan (plan/segment of options), with
 * run_config.share set: it waits until it is told to start, ticks when it is told to, and leaves
 * setup(), teardown(), the number of users and the judging to the run that it is a share of.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "metric/snapshot.h"
#include "run/health.h"
#include "run/run.h"

struct run_remote;

/* What was changed while the run runs (run/control.h). */
struct run_remote_scale {
    int64_t vus; /* users that all shares together should have; < 0: as planned */
    double rate; /* iterations a second, the same */
};

/* None of these suspends; one that is gone ignores them. */
struct run_remote_ops {
    /* Begins; run_remote_ready() or run_remote_lost() follows. Returns 0 or a fault. */
    int (*open)(struct run_remote *r, struct run *run, unsigned index);
    /* Scenarios begin now. `setup_data` is JSON text, or NULL. run_remote_done() follows. */
    void (*start)(struct run_remote *r, const char *setup_data);
    /* Iterations are to be interrupted. */
    void (*stop)(struct run_remote *r);
    /* run_remote_tick() follows. */
    void (*tick)(struct run_remote *r);
    /* What holds from now on, for each scenario of the plan. */
    void (*control)(struct run_remote *r, bool paused, const struct run_remote_scale *scales,
                    size_t n);
    /* Nothing is wanted any more: it ends. */
    void (*quit)(struct run_remote *r);
};

/* Embedded by whoever brings it. */
struct run_remote {
    const struct run_remote_ops *ops;
};

/* ---- what it answers ---- */

/* A scenario there. */
struct run_remote_part {
    uint64_t active, complete, dropped, attempted;
    bool is_interrupted;
};

/* What it has done so far; what it recorded since the tick before is in the two texts. */
struct run_remote_news {
    struct str series; /* new series, tick_put_series() one after the other, epoch 0 */
    struct str tick;   /* tick_put(), epoch 0; the monotonic clock is the machine's */
    struct run_totals totals;
    struct script_stats script;
    bool failed;                     /* test.fail() was called */
    struct str exceptions;           /* exception_book_news() since the last */
    uint64_t left_out;               /* exchanges for which there was no room */
    struct health_counters from, to; /* its loop's, as in struct health_loop */
    const struct run_remote_part *parts;
    size_t n_parts; /* as many as the plan has scenarios */
};

/* Its users are there; or they can't be made (`result` a fault's code), which ends it. */
void run_remote_ready(struct run *run, unsigned index, int result, const char *text);

/*
 * An answer to tick, or, without one, the last of a run that is over. Returns 0, or a fault of
 * bytes that are none: the sender is then to be given up by run_remote_lost().
 */
MUST_USE int run_remote_tick(struct run *run, unsigned index, const struct run_remote_news *news);

/* Exchanges that it has kept since the last; the list is empty then. */
void run_remote_exchanges(struct run *run, unsigned index, struct list *exchanges);

/* Its scenarios are over, and its last tick was told. */
void run_remote_done(struct run *run, unsigned index);

/* It is gone before it was done: `why` is a phrase. */
void run_remote_lost(struct run *run, unsigned index, const char *why);
