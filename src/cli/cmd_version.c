/* brunt version */
#include <stdio.h>

#include "base/mem.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"

struct version_options {
    bool json;
};

static const struct opt_row rows[] = {
    {.name = "json",
     .type = OPT_FLAG,
     .offset = offsetof(struct version_options, json),
     .help = "print it as JSON"},
};

static const struct opt_table table = {
    .name = "brunt version",
    .summary = "Print the version.",
    .rows = rows,
    .n_rows = countof(rows),
};

static int version_run(int argc, char **argv)
{
    struct version_options options = {0};
    struct opt_args args;
    int r = opt_parse(&table, &options, argc, argv, &args);

    if (r == OPT_E_HELP)
        return cli_help(&table, &args);
    TRY(r);
    if (options.json)
        printf("{\"version\":\"v%s\",\"os\":\"linux\",\"arch\":\"%s\"}\n", BRUNT_VERSION, CLI_ARCH);
    else
        printf("brunt v%s (linux/%s)\n", BRUNT_VERSION, CLI_ARCH);
    opt_args_fini(&args);
    return 0;
}

const struct command cmd_version = {
    .name = "version",
    .help = "print the version",
    .run = version_run,
    .options = &table,
};
