/* brunt lab reset: ends everything and removes the folder. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/opt.h"
#include "cli/actions.h"
#include "cli/lab_containers.h"
#include "cli/lab_start.h"
#include "lab/lab_folder.h"

struct reset {
    struct lab_use use;
    bool yes;
};

#define AT(field) offsetof(struct reset, field)

static const struct opt_row option_rows[] = {
    LAB_DIR_ROW(AT(use)),
    {.name = "yes", .short_name = 'y', .type = OPT_FLAG, .offset = AT(yes), .help = "do not ask"},
};

static const struct opt_example examples[] = {
    {"brunt lab reset", "asks first"},
    {"brunt lab reset --yes && brunt lab up", "begin anew, in a script"},
};

static const struct opt_table table = {
    .name = "brunt lab reset",
    .summary = "End the lab and remove its folder: data, logs, configuration, linked dashboards.",
    .about =
        "Only a folder that `brunt lab up` has marked is removed. Links in it are removed, not "
        "what they lead to.",
    .rows = option_rows,
    .n_rows = countof(option_rows),
    .examples = examples,
    .n_examples = countof(examples),
};

static int ask(const struct reset *reset)
{
    char answer[16];

    if (reset->yes)
        return 0;
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return fault(-ECANCELED, "nobody can be asked here: say --yes");
    fprintf(stderr, "Remove '%s' and all data in it for good? [y/N] ", reset->use.lab.dir);
    if (!fgets(answer, sizeof(answer), stdin) || (answer[0] != 'y' && answer[0] != 'Y'))
        return fault(-ECANCELED, "nothing was removed");
    return 0;
}

static int reset_run(void *object)
{
    struct reset *reset = object;
    struct lab_use *use = &reset->use;

    TRY(lab_use_open(use, LAB_CHANGE));
    if (!lab_folder_is_ours(use->lab.dir)) {
        printf("there is no lab in '%s'\n", use->lab.dir);
        return 0;
    }
    TRY(ask(reset));
    if (use->has_state && use->lab.backend == LAB_COMPOSE) {
        TRY(lab_containers_call(use,
                                (const char *const[]){"down", "-v", "--remove-orphans", NULL}));
    }
    lab_stop(use, use->chosen);
    TRY(lab_folder_remove(use->lab.dir));
    printf("'%s' was removed\n", use->lab.dir);
    return 0;
}

static int run(int argc, char **argv)
{
    struct reset reset = {0};

    return lab_action(&table, &reset, &reset.use, argc, argv, reset_run);
}

const struct command action_lab_reset = {
    .name = "reset",
    .help = "end it and remove its folder, with all data",
    .run = run,
    .options = &table,
};
