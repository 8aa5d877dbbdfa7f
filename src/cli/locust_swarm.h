#pragma once
/*
 * A locustfile served: Locust's web API (cli/locust_web.h) waits for POST /swarm, each of which is
 * a run of the same file with what the form says, until Ctrl-C or --autoquit.
 */
#include <stdbool.h>

#include "base/err.h"
#include "cli/run_locust.h"

struct loadtest;

/* Whether the loaded test is to be served rather than run at once. */
bool locust_swarm_is_wanted(const struct loadtest *t, enum run_style style);

/*
 * Serves; `test` is loaded, and argv is what it was loaded by (its own first word, NULL-ended).
 * Returns the exit code of the last run, 0 without one, or a fault.
 */
MUST_USE int locust_swarm_serve(const struct loadtest *test, int argc, char **argv);
