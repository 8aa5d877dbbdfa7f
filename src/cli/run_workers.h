#pragma once
/*
 * --workers: the load of a run in processes of its own, each with one loop and an equal share of
 * the plan, which this process adds up (dist/share_process.h).
 */
#include "base/err.h"

struct loadtest;
struct loop;
struct run_config;
struct run_workers;
struct script_ops;

/*
 * How many processes its users are dealt out to at most, as far as its options say that before the
 * script is loaded; 0: none. One user is no matter for two.
 */
unsigned run_workers_most(const struct loadtest *t, const struct script_ops *language);

/*
 * For the test as its options say; argv is the command's, argv[0] its name, and outlives it. NULL
 * in *ret_workers: it has none. Returns 0, or FAULT_EXIT(104) for what does not go with workers.
 */
MUST_USE int run_workers_new(const struct loadtest *t, struct loop *loop, char *const *argv,
                             struct run_workers **ret_workers);

/* Adds them to the run's configuration. Accepts NULL. */
void run_workers_configure(const struct run_workers *w, struct run_config *config);

/* How many processes; 0 for NULL. */
unsigned run_workers_count(const struct run_workers *w);

/* The process id of one, from 0; 0: it is not there. */
int run_workers_pid(const struct run_workers *w, unsigned index);

/* After run_free(). Accepts NULL. */
void run_workers_free(struct run_workers *w);
