#pragma once
/*
 * The REST API of a run (--address): the web server's thread asks, the main loop answers. Between
 * the two is one message, because the server asks one thing at a time.
 */
#include "base/err.h"

struct loadtest;
struct loop;
struct run;
struct run_api;
struct web_run_ops;

/* What the API may do to a run; `self` is a struct run_api_target. On the main loop. */
extern const struct web_run_ops run_api_ops;

struct run_api_target {
    const struct loadtest *test;
    struct run *run;
};

/* Serves the API when the options want it, else *ret_api is NULL. Returns 0 or a fault. */
MUST_USE int run_api_new(const struct loadtest *t, struct loop *loop, struct run *run,
                         struct run_api **ret_api);

/* Stops serving, before the run is freed. On the main loop; accepts NULL. */
void run_api_close(struct run_api *api);

/* After the loop has gone: its mailbox may hold the message until then. Accepts NULL. */
void run_api_free(struct run_api *api);
