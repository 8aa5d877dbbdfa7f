#pragma once
/*
 * The page of a run (--ui): a server beside the run, and a frame a tick to whoever looks. The past
 * is in the store, where the server's threads read it; the present comes from here. All of this is
 * the main loop's, and costs it a frame only while somebody listens.
 */
#include <stdbool.h>

#include "base/err.h"

struct loadtest;
struct loop;
struct run;
struct run_ui;
struct stop_signals;
struct store_event;
struct store_run;

struct run_ui_config {
    const struct loadtest *test;
    struct loop *loop;
    struct run *run;
    const char *store; /* the file that the run is written to; NULL: none */

    /* The run's row as it is now; NULL: it has not begun. On the main loop; borrowed until the next
     * call. */
    const struct store_run *(*row)(void *arg);
    void *arg;
};

/* Whether options or environment ask for a page: then the run has to be in a store. */
bool run_ui_is_wanted(const struct loadtest *t);

/* K6_WEB_DASHBOARD_EXPORT=FILE is one more --report FILE. */
void run_ui_add_export(struct loadtest *t);

/* Serves the page when the options want it, else *ret_ui is NULL. Returns 0 or a fault. */
MUST_USE int run_ui_new(const struct run_ui_config *config, struct run_ui **ret_ui);

/* After each tick, when the row is up to date. These accept NULL. */
void run_ui_tick(struct run_ui *ui);

/* Something happened that the time axis shows: it goes with the next frame. */
void run_ui_event(struct run_ui *ui, const struct store_event *e);

/* The run is over and all of it is in the store. */
void run_ui_end(struct run_ui *ui);

/* On a terminal: waits while a page is open, or for a signal. On a coroutine of the main loop. */
void run_ui_linger(struct run_ui *ui, struct stop_signals *signals);

/* Stops serving, before the run is freed. On the main loop. */
void run_ui_close(struct run_ui *ui);

/* After the loop has gone: its mailbox may hold a message until then. */
void run_ui_free(struct run_ui *ui);
