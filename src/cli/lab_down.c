/* brunt lab down: ends what runs; data, logs and configuration stay. */
#include <stdio.h>

#include "base/mem.h"
#include "base/opt.h"
#include "cli/actions.h"
#include "cli/lab_containers.h"
#include "cli/lab_start.h"

static const struct opt_row option_rows[] = {
    LAB_SERVICE_ROW(0),
    LAB_DIR_ROW(0),
};

static const struct opt_example examples[] = {
    {"brunt lab down", "end all of it"},
    {"brunt lab down -s grafana", "end one"},
};

static const struct opt_table table = {
    .name = "brunt lab down",
    .summary = "End what `brunt lab up` started; data stays for the next time.",
    .about = "Processes are asked to end, and ended by force after 10 s. A process that only has "
             "the number of one of ours is left alone.",
    .rows = option_rows,
    .n_rows = countof(option_rows),
    .examples = examples,
    .n_examples = countof(examples),
};

static int end_containers(struct lab_use *use)
{
    return use->chosen_by_name
               ? lab_containers_each(use, (const char *const[]){"rm", "--stop", "--force", NULL})
               : lab_containers_call(use, (const char *const[]){"down", NULL});
}

static int forget(struct lab_use *use)
{
    bool any = false;

    for (size_t i = 0; i < LAB_SERVICE_COUNT; i++) {
        use->state.services[i] &= !use->chosen[i];
        any |= use->state.services[i];
    }
    return any ? lab_use_save(use) : lab_state_remove(use->lab.dir);
}

static int down(void *object)
{
    struct lab_use *use = object;

    TRY(lab_use_open(use, LAB_CHANGE));
    if (!use->has_state) {
        printf("nothing runs from '%s'\n", use->lab.dir);
        return 0;
    }
    if (use->lab.backend == LAB_COMPOSE)
        TRY(end_containers(use));
    size_t n = lab_stop(use, use->chosen);

    TRY(forget(use));
    printf("%zu process%s ended\n", n, n == 1 ? "" : "es");
    return 0;
}

static int run(int argc, char **argv)
{
    struct lab_use use = {0};

    return lab_action(&table, &use, &use, argc, argv, down);
}

const struct command action_lab_down = {
    .name = "down",
    .help = "end what runs; data stays",
    .run = run,
    .options = &table,
};
