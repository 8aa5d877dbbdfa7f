#pragma once
/*
 * A running test in the history of runs: its row, its ticks, what happened. Everything slow is done
 * on a thread of the store's (store/store_writer.h). On the main loop.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

struct loadtest;
struct run;
struct run_ending;
struct run_sinks;
struct run_store;
struct store_writer;

/*
 * Opens the store that the options name. With --no-store, or when the default store can't be opened
 * (which is warned of), there is a temporary one if it is `needed`, and else *ret_store is NULL.
 * Returns 0 or FAULT_EXIT(104): the store that was asked for can't be opened.
 */
enum run_store_need {
    RUN_STORE_KEEP,   /* a history */
    RUN_STORE_NEEDED, /* a page or a report reads the run from its store */
};

MUST_USE int run_store_new(const struct loadtest *t, enum run_store_need need,
                           struct run_store **ret_store);

/* Waits until all is written. After the run's loop stopped is fine. */
void run_store_free(struct run_store *rs);

/* All further calls accept NULL, and do nothing then. */

/* Adds the run; before it executes. `sinks` may be NULL. */
void run_store_begin(struct run_store *rs, struct run *run, const struct run_sinks *sinks);

/* Who else hears of each event that is written, at the tick that follows it. */
void run_store_tell(struct run_store *rs, void (*fn)(void *arg, const struct store_event *e),
                    void *arg);

/* After each tick. */
void run_store_tick(struct run_store *rs);

/* Writes how it ended, and waits until it is on disk: after it a report can be made. */
void run_store_end(struct run_store *rs, const struct run_ending *ending);

/* The run's row as it stands, valid until the next tick; made anew when the tick is. NULL: none. */
const struct store_run *run_store_run(struct run_store *rs);

/*
 * The file that another connection opens, and the run in it; NULL and 0 while there is none. Once
 * writing has failed they are of what was written before.
 */
const char *run_store_path(struct run_store *rs);
int64_t run_store_key(struct run_store *rs);

/* Replaces the exchanges that were kept; `arg` is a struct run_store. */
void run_store_exchanges(void *arg, const struct store_exchange *all, size_t n);

/* For who adds to the run; NULL: there is none. */
struct store_writer *run_store_writer(struct run_store *rs);
