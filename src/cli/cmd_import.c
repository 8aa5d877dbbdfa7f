/* brunt import FILE...: takes runs of other files into the history. */
#include <stdio.h>

#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/history_store.h"

struct import_command {
    const char *store_path;
    struct opt_args args;
};

#define AT(field) offsetof(struct import_command, field)

static const struct opt_row option_rows[] = {
    HISTORY_STORE_ROW(AT(store_path)),
};

static const struct opt_example examples[] = {
    {"brunt import slow.brunt", "what brunt export wrote"},
    {"brunt import --store all.db ci-1.db ci-2.db", "several histories into one"},
};

static const struct opt_table table = {
    .name = "brunt import",
    .operands = "FILE...",
    .summary = "Take runs of other files into the history.",
    .about = "FILE is what `brunt export` wrote, or any other history of runs. A run whose id is "
             "there already is left out. Files are checked before anything is taken from them, and "
             "are not changed.",
    .rows = option_rows,
    .n_rows = countof(option_rows),
    .examples = examples,
    .n_examples = countof(examples),
    .min_operands = 1,
    .max_operands = 10000,
    .operand_hint = OPT_HINT_FILE,
};

static int import_all(const struct import_command *c, struct store *s)
{
    for (size_t i = 0; i < c->args.n_operands; i++) {
        size_t n = 0;

        TRY(store_import(s, c->args.operands[i], &n));
        printf("%s: %zu run%s taken in\n", c->args.operands[i], n, n == 1 ? "" : "s");
    }
    return 0;
}

static int import(const struct import_command *c)
{
    struct store *s = NULL;

    TRY(history_open(c->store_path, STORE_WRITE, &s));
    int r = import_all(c, s);

    store_close(s);
    return r;
}

static int run_import(int argc, char **argv)
{
    struct import_command c = {0};
    int r = opt_parse(&table, &c, argc, argv, &c.args);

    if (r == OPT_E_HELP) {
        r = cli_help(&table, &c.args);
        c.args = (struct opt_args){0};
    } else if (r == 0) {
        r = import(&c);
    }
    opt_args_fini(&c.args);
    return r;
}

const struct command cmd_import = {
    .name = "import",
    .help = "take runs of other files into the history",
    .run = run_import,
    .options = &table,
};
