#pragma once
/*
 * What becomes of the exchanges that a run keeps (run_exchanges): a HAR file, rows of the store,
 * lines below the summary.
 */
#include <stddef.h>

#include "base/err.h"

struct loadtest;
struct run;
struct run_capture;
struct store_exchange;

/* Makes sure that the file of --har can be written. Returns 0 or a fault. */
MUST_USE int run_capture_new(struct loadtest *t, struct run_capture **ret_capture);
void run_capture_free(struct run_capture *c); /* accepts NULL */

/*
 * `put` gets all exchanges kept so far, whenever they have changed, but not on every tick; borrowed
 * for the call. On the main loop.
 */
void run_capture_to(struct run_capture *c,
                    void (*put)(void *arg, const struct store_exchange *all, size_t n), void *arg);

/* After each tick. Accepts NULL. */
void run_capture_tick(struct run_capture *c, struct run *run);

/* After the run: tells `put` for the last time, and writes the file. Accepts NULL. */
void run_capture_finish(struct run_capture *c, struct run *run);

/* The first failures, on standard output below the summary, where there is one to read. */
void run_capture_show(struct run_capture *c, struct run *run);
