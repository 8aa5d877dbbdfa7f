/* brunt completion SHELL: prints a script that the shell evaluates. */
#include <unistd.h>

#include "base/buf.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"

static const struct opt_example examples[] = {
    {"source <(brunt completion bash)", "complete in this shell"},
    {"brunt completion zsh > ~/.zfunc/_brunt", "for good, in zsh"},
    {"brunt completion fish > ~/.config/fish/completions/brunt.fish", "for good, in fish"},
};

static const struct opt_table table = {
    .name = "brunt completion",
    .operands = "bash|zsh|fish",
    .summary = "Print a completion script for a shell.",
    .examples = examples,
    .n_examples = countof(examples),
    .min_operands = 1,
    .max_operands = 1,
};

enum {
    COMMANDS_MAX = 40,
    ACTIONS_MAX = 16, /* of one command */
};

/* A row of the script for each of a NULL-ended list; their actions are taken from `actions`. */
static size_t fill(const struct command *const *list, struct opt_command *rows, size_t max,
                   struct opt_command (*actions)[ACTIONS_MAX])
{
    size_t n = 0;

    for (; list[n] && list[n]->help && n < max; n++) {
        const struct command *c = list[n];

        rows[n] = (struct opt_command){
            .name = c->name,
            .help = c->help,
            .table = c->make_options ? c->make_options() : c->options,
        };
        if (c->actions && actions) {
            rows[n].actions = actions[n];
            rows[n].n_actions = fill(c->actions, actions[n], ACTIONS_MAX, NULL);
        }
    }
    return n;
}

static int print_completion(const char *shell)
{
    static struct opt_command commands[COMMANDS_MAX], actions[COMMANDS_MAX][ACTIONS_MAX];
    size_t n = fill(cli_commands, commands, COMMANDS_MAX, actions);
    struct buf out = {0};
    int r = opt_completion(shell, "brunt", commands, n, &out);

    if (r == 0)
        cli_write(STDOUT_FILENO, buf_str(&out));
    buf_fini(&out);
    TRY(r);
    return 0;
}

static int completion_run(int argc, char **argv)
{
    struct opt_args args;
    int r = opt_parse(&table, NULL, argc, argv, &args);

    if (r == OPT_E_HELP)
        return cli_help(&table, &args);
    TRY(r);
    r = print_completion(args.operands[0]);
    opt_args_fini(&args);
    TRY(r);
    return 0;
}

const struct command cmd_completion = {
    .name = "completion",
    .help = "print a completion script for bash, zsh or fish",
    .run = completion_run,
    .options = &table,
};
