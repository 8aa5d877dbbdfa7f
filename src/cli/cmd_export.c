/* brunt export RUN [FILE]: one run as a file that another machine can import. */
#include <stdio.h>

#include "base/mem.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/history_store.h"

struct export_command {
    const char *store_path;
    struct opt_args args;
};

#define AT(field) offsetof(struct export_command, field)

static const struct opt_row option_rows[] = {
    HISTORY_STORE_ROW(AT(store_path)),
};

static const struct opt_example examples[] = {
    {"brunt export latest", "the latest run, to ID.brunt"},
    {"brunt export 20261121T15 slow.brunt", "another, to a file of that name"},
};

static const struct opt_table table = {
    .name = "brunt export",
    .operands = "RUN [FILE]",
    .summary = "Write a run to a file of its own.",
    .about = HISTORY_RUN_HELP
    "\n\nThe file has everything that is known of the run, its script and captured exchanges with "
    "it. `brunt import` takes it in elsewhere; all commands read it with --store FILE.",
    .rows = option_rows,
    .n_rows = countof(option_rows),
    .examples = examples,
    .n_examples = countof(examples),
    .min_operands = 1,
    .max_operands = 2,
};

/* An id that was imported may be any text: what is no name of a file becomes "_". */
static char *default_name(struct str id)
{
    char *name = xasprintf("%.*s.brunt", STR_ARG(id));

    for (char *at = name; *at; at++) {
        if (*at == '/' || (unsigned char)*at < ' ' || (at == name && (*at == '.' || *at == '-')))
            *at = '_';
    }
    return name;
}

static int export_from(const struct export_command *c, struct store *s, struct arena *arena)
{
    struct store_run run;
    int64_t key;

    TRY(history_find(s, c->args.operands[0], &key));
    TRY(store_run_get(s, key, arena, &run));
    scoped(freep) char *path =
        c->args.n_operands > 1 ? xstrdup(c->args.operands[1]) : default_name(run.id);

    TRY(store_export(s, key, path));
    printf("%s\n", path);
    return 0;
}

static int export_run(const struct export_command *c)
{
    struct arena arena = {0};
    struct store *s = NULL;

    TRY(history_open(c->store_path, STORE_READ, &s));
    int r = export_from(c, s, &arena);

    arena_fini(&arena);
    store_close(s);
    return r;
}

static int run_export(int argc, char **argv)
{
    struct export_command c = {0};
    int r = opt_parse(&table, &c, argc, argv, &c.args);

    if (r == OPT_E_HELP) {
        r = cli_help(&table, &c.args);
        c.args = (struct opt_args){0};
    } else if (r == 0) {
        r = export_run(&c);
    }
    opt_args_fini(&c.args);
    return r;
}

const struct command cmd_export = {
    .name = "export",
    .help = "write a run to a file of its own",
    .run = run_export,
    .options = &table,
};
