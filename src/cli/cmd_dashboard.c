/* brunt dashboard: Grafana dashboards, made from the metric tables. */
#include <stddef.h>

#include "cli/actions.h"

/* clang-format off */
extern const struct command action_dashboard_annotate;
extern const struct command action_dashboard_check;
extern const struct command action_dashboard_push;
extern const struct command action_dashboard_export;
extern const struct command action_dashboard_link;
extern const struct command action_dashboard_lint;
extern const struct command action_dashboard_list;
extern const struct command action_dashboard_new;
extern const struct command action_dashboard_unlink;

static const struct command *const actions[] = {
    &action_dashboard_list,
    &action_dashboard_export,
    &action_dashboard_new,
    &action_dashboard_lint,
    &action_dashboard_link,
    &action_dashboard_unlink,
    &action_dashboard_annotate,
    &action_dashboard_check,
    &action_dashboard_push,
    NULL,
};
/* clang-format on */

static const struct action_list list = {
    .name = "brunt dashboard",
    .summary = "Grafana dashboards for what brunt measures, made from its metric tables.",
    .actions = actions,
};

static int dashboard_run(int argc, char **argv)
{
    return actions_run(&list, argc, argv);
}

const struct command cmd_dashboard = {
    .name = "dashboard",
    .help = "Grafana dashboards: list, export, link, lint, check, push, new",
    .run = dashboard_run,
    .actions = actions,
};
