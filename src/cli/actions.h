#pragma once
/*
 * A command of several actions: `brunt dashboard lint FILE`, `brunt lab up`. An action is a file
 * of its own, cli/COMMAND_ACTION.c, that ends in a `struct command` named action_COMMAND_ACTION;
 * its option table is named "brunt COMMAND ACTION". The command's file lists them.
 */
#include "base/err.h"
#include "cli/command.h"

struct action_list {
    const char *name;    /* "brunt dashboard" */
    const char *summary; /* a sentence */
    const char *about;   /* paragraphs, wrapped at 80 columns by their author; NULL: none */
    const struct command *const *actions; /* NULL-ended */
};

/*
 * Runs the action that argv[1] names; with none, or --help, prints what there is. Returns as a
 * command's run(): -EINVAL for a name that there isn't.
 */
MUST_USE int actions_run(const struct action_list *list, int argc, char **argv);
