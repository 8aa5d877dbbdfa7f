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

static int print_completion(const char *shell)
{
    struct opt_command commands[32];
    struct buf out = {0};
    size_t n = 0;

    for (; cli_commands[n] && n < countof(commands); n++) {
        const struct command *c = cli_commands[n];

        commands[n] = (struct opt_command){
            .name = c->name,
            .help = c->help,
            .table = c->make_options ? c->make_options() : c->options,
        };
    }
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
