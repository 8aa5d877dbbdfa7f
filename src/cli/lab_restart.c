/* brunt lab restart: ends services and starts them again, with the configuration as it lies there.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/opt.h"
#include "cli/actions.h"
#include "cli/cli.h"
#include "cli/lab_containers.h"
#include "cli/lab_start.h"
#include "lab/lab_config.h"
#include "lab/lab_native.h"

struct restart {
    struct lab_use use;
    span_ns timeout;
};

#define AT(field) offsetof(struct restart, field)

static const struct opt_row option_rows[] = {
    LAB_SERVICE_ROW(AT(use)),
    LAB_DIR_ROW(AT(use)),
    {.name = "timeout",
     .type = OPT_CALL,
     .offset = AT(timeout),
     .value_name = "DURATION",
     .call = cli_take_span,
     .help = "how long services may take until they answer (default 60s)"},
};

static const struct opt_example examples[] = {
    {"brunt lab restart -s prometheus", "after a change of prometheus.yml, or when it has ended"},
};

static const struct opt_table table = {
    .name = "brunt lab restart",
    .summary = "End services and start them again, on the same ports.",
    .about = "Configuration files are used as they are, so that changes of yours count; `brunt lab "
             "up` writes them anew.",
    .rows = option_rows,
    .n_rows = countof(option_rows),
    .examples = examples,
    .n_examples = countof(examples),
};

/* Without -s those that were started; with it those named, which must have been. */
static int choose(struct lab_use *use, bool wanted[LAB_SERVICE_COUNT])
{
    for (size_t i = 0; i < LAB_SERVICE_COUNT; i++) {
        if (use->chosen_by_name && use->chosen[i] && !use->state.services[i]) {
            return fault(-ENOENT, "%s was not started: `brunt lab up -s %s` does",
                         lab_services[i].name, lab_services[i].name);
        }
        wanted[i] = use->chosen[i] && use->state.services[i];
    }
    return 0;
}

static int restart_native(struct restart *r, const bool wanted[LAB_SERVICE_COUNT])
{
    char self[PATH_MAX] = {0};
    int influx_version = r->use.lab.influx_version;

    ignored(readlink("/proc/self/exe", self, sizeof(self) - 1));
    lab_native_find(&r->use.lab, self);
    r->use.lab.influx_version = influx_version;
    TRY(lab_secrets(&r->use.lab));
    lab_stop(&r->use, wanted);
    return lab_start(&r->use, wanted, r->timeout);
}

static int restart(void *object)
{
    struct restart *r = object;
    bool wanted[LAB_SERVICE_COUNT] = {0}, target[LAB_SERVICE_COUNT] = {0};

    TRY(lab_use_open(&r->use, LAB_CHANGE));
    if (!r->use.has_state)
        return lab_use_none(&r->use);
    TRY(choose(&r->use, wanted));
    if (r->use.lab.backend == LAB_NATIVE)
        return restart_native(r, wanted);
    TRY(lab_containers_each(&r->use, (const char *const[]){"restart", NULL}));
    target[LAB_TARGET] = wanted[LAB_TARGET];
    return restart_native(r, target);
}

static int run(int argc, char **argv)
{
    struct restart r = {.timeout = 60 * NS_PER_S};

    return lab_action(&table, &r, &r.use, argc, argv, restart);
}

const struct command action_lab_restart = {
    .name = "restart",
    .help = "end services and start them again",
    .run = run,
    .options = &table,
};
