#pragma once
/*
 * Locust's web API over the runs of a locustfile: a server that may live longer than a run.
 *
 * While a run is there, what is asked is answered on the run's main loop; otherwise the server's
 * threads answer themselves, from what the last run has left. Two users:
 *
 * - a run with --web-port makes the server, begins and ends it, and frees it;
 * - cli/locust_swarm.h keeps it for any number of runs, and waits with locust_web_wait() for the
 *   next POST /swarm in between.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct loadtest;
struct locust_web;
struct log;
struct loop;
struct run;
struct run_locust;
struct run_workers;

struct locust_web_config {
    const struct loadtest *test; /* whose script is loaded; its `log` outlives the server */
    struct log *log;
    bool can_swarm; /* somebody waits for /swarm when no run is there */
};

/* Whether a test that is run at once is to be served meanwhile: --web-port was given. */
bool locust_web_is_wanted(const struct loadtest *t);

/* Serves from here on. Returns 0 or a fault: an address that cannot be, a port that is taken. */
MUST_USE int locust_web_new(const struct locust_web_config *config, struct locust_web **ret_web);

/* After locust_web_left(), when there was a run. Accepts NULL. */
void locust_web_free(struct locust_web *w);

/* "http://127.0.0.1:8089/" */
const char *locust_web_url(const struct locust_web *w);

/* ---- a run, on its main loop; all accept NULL ---- */

struct locust_web_run {
    const struct loadtest *test;
    struct loop *loop;
    struct run *run;
    struct run_locust *locust;   /* has its view; the server's after locust_web_end() */
    struct run_workers *workers; /* NULL: none */
    const char *store;           /* path that the run is stored at; NULL: it is not */
};

/* The run is about to be executed. */
void locust_web_begin(struct locust_web *w, const struct locust_web_run *run);

/* Under which key its store has it, as soon as it does; 0: not yet. */
void locust_web_key(struct locust_web *w, long long key);

/* The run has been executed: who waits for its end need not wait for its outputs. */
void locust_web_over(struct locust_web *w);

/* Nothing changes the statistics any more: no question comes to the run's loop from here on. */
void locust_web_end(struct locust_web *w);

/*
 * Takes what has the run's statistics, which goes on being shown: *locust is NULL then. Nothing for
 * a run that never began. After locust_web_end().
 */
void locust_web_keep(struct locust_web *w, struct run_locust **locust);

/* The run's loop has gone. */
void locust_web_left(struct locust_web *w);

/* ---- between runs ---- */

enum {
    LOCUST_WEB_QUIT = 1,    /* condition: locust_web_quit() was called */
    LOCUST_WEB_TIMEOUT = 2, /* condition */
};

/*
 * Waits for a POST /swarm, or at most `seconds` (< 0: without limit). Returns 0 with the form's
 * fields as JSON text in *ret_fields, which the caller frees, or a condition. What follows is
 * locust_web_begin(), or locust_web_failed().
 */
MUST_USE int locust_web_wait(struct locust_web *w, double seconds, char **ret_fields);

/* There will be no run: whoever asked for it is told why. Accepts NULL. */
void locust_web_failed(struct locust_web *w, const char *why);

/* Ends waiting. Any thread. */
void locust_web_quit(struct locust_web *w);

/* Whether it was called. Any thread. */
bool locust_web_has_quit(struct locust_web *w);

/* The same, as a stop_signal_fn; `arg` is a struct locust_web. */
void locust_web_on_signal(void *arg, const char *name);
