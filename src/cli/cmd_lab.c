/* brunt lab: a whole monitoring stack on this machine, ready to read runs. */
#include <stddef.h>

#include "cli/actions.h"

static const struct command *const actions[] = {NULL};

static const struct action_list list = {
    .name = "brunt lab",
    .summary = "Prometheus, InfluxDB, Graphite and Grafana on this machine, ready to read runs.",
    .actions = actions,
};

static int lab_run(int argc, char **argv)
{
    return actions_run(&list, argc, argv);
}

const struct command cmd_lab = {
    .name = "lab",
    .help = "a monitoring stack on this machine: up, down, restart, status, logs, reset",
    .run = lab_run,
    .actions = actions,
};
