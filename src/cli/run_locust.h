#pragma once
/*
 * A locustfile's run as Locust shows it: its statistics, kept up from tick to tick, the files and
 * tables that its command line asked for, and its exit code. For other scripts there is none: then
 * it is NULL, which all of these accept.
 */
#include "base/err.h"

struct locust_view;
struct loadtest;
struct run;
struct run_locust;

/* Whose command line it is. */
enum run_style {
    RUN_STYLE_BRUNT,  /* brunt run */
    RUN_STYLE_LOCUST, /* brunt locust: its tables, its exit codes */
};

/*
 * After the script is loaded, before there is a run: opens files, and adds to the test what else
 * was asked for (the report, the number of workers). *ret_locust may be NULL. Returns 0 or a fault.
 */
MUST_USE int run_locust_new(struct loadtest *t, enum run_style style,
                            struct run_locust **ret_locust);
void run_locust_free(struct run_locust *l);

/* The run was made. */
void run_locust_begin(struct run_locust *l, struct run *run);

/* After each tick. */
void run_locust_tick(struct run_locust *l);

/*
 * After the last tick: tells the script the numbers of all workers and asks it for its exit code
 * (events.quitting), writes the files once more and prints the tables. Gives the exit code, which
 * is `exit_code` where that says that something went wrong.
 */
int run_locust_end(struct run_locust *l, int exit_code);

/* The statistics; valid until run_locust_free(). NULL: there are none, or no run yet. */
struct locust_view *run_locust_view(struct run_locust *l);

/* The file of --csv with --csv-full-history; NULL: there is none. */
const char *run_locust_history(const struct run_locust *l);
