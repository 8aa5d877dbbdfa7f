/* brunt lab: a whole monitoring stack on this machine, ready to read runs. */
#include <stddef.h>

#include "cli/actions.h"

/* clang-format off */
extern const struct command action_lab_up;
extern const struct command action_lab_down;
extern const struct command action_lab_restart;
extern const struct command action_lab_status;
extern const struct command action_lab_logs;
extern const struct command action_lab_reset;
extern const struct command action_lab_files;

static const struct command *const actions[] = {
    &action_lab_up,
    &action_lab_down,
    &action_lab_restart,
    &action_lab_status,
    &action_lab_logs,
    &action_lab_reset,
    &action_lab_files,
    NULL,
};
/* clang-format on */

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
