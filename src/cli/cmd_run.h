#pragma once
/* `brunt run`, for commands that are it with another command line. */
#include "cli/run_locust.h"

/* Does what `brunt run` does with these arguments, argv[0] being the command; the same result. */
int cmd_run_as(enum run_style style, int argc, char **argv);

struct locust_web;
struct stop_signals;

/* A run below Locust's web API (cli/locust_swarm.h): what lives longer than it. */
struct cmd_run_served {
    struct locust_web *web;
    struct stop_signals *signals;
};

/* The same, in Locust's style. `web` is told when the run begins, or why there is none. */
int cmd_run_served(const struct cmd_run_served *served, int argc, char **argv);
