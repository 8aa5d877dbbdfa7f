#pragma once
/*
 * A command is one file cmd_NAME.c that ends in one of these; main.c holds the list.
 */
struct opt_table;

struct command {
    const char *name;
    const char *help; /* one line, for the list of commands; NULL: not for people, and last */

    /* argv[0] is the command's name. Returns the exit code, or a fault that main prints. */
    int (*run)(int argc, char **argv);
    const struct opt_table *options; /* for completion; NULL: takes none */

    const struct command *const *actions; /* NULL-ended; NULL: has none (cli/actions.h) */

    /* The same for a table that is made at run time; NULL: `options` is it. */
    const struct opt_table *(*make_options)(void);
};

extern const struct command cmd_find, cmd_target;
