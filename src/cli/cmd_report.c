/* brunt report RUN [FILE...]: a report of a run that is in the history. */
#include <errno.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/history_store.h"
#include "cli/report_file.h"
#include "cli/stored_run.h"
#include "cli/ui_server.h"
#include "store/store.h"

struct report_command {
    const char *store;
    bool open, quiet;
    struct opt_args args;
    struct stored_run run;
    char *made; /* the default file's name */
};

#define AT(field) offsetof(struct report_command, field)

static const struct opt_row rows[] = {
    HISTORY_STORE_ROW(AT(store)),
    {.name = "open",
     .type = OPT_FLAG,
     .offset = AT(open),
     .help = "show the first file in $BROWSER or the desktop's browser"},
    {.name = "quiet",
     .short_name = 'q',
     .type = OPT_FLAG,
     .offset = AT(quiet),
     .help = "do not say what was written"},
};

static const struct opt_example examples[] = {
    {"brunt report latest --open", "the last run, in the browser"},
    {"brunt report latest~1 before.html", "the one before it"},
    {"brunt report r-20261121 report.html report.junit.xml report.md", "several forms at once"},
};

static const struct opt_table table = {
    .name = "brunt report",
    .operands = "RUN [FILE...]",
    .summary = "Write a report of a run of the history.",
    .about =
        "RUN is an id of `brunt history` or a unique beginning of one, latest, latest~N or "
        "baseline. What FILE ends in says what it becomes: .html one page for a browser, with "
        "everything inside; .json the run document; .junit.xml thresholds and checks for CI; .md a "
        "comment for a pull request. Without FILE it is brunt-RUN.html.\n\n"
        "Exit codes: 0 all were written, 255 there is no such run or a file cannot be written.",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
    .min_operands = 1,
    .max_operands = 100,
    .operand_hint = OPT_HINT_FILE,
};

static int open_file(const char *path)
{
    scoped(freep) char *whole = realpath(path, NULL);

    if (whole && ui_open_browser(whole))
        return 0;
    return fault(-ENOENT,
                 "%s was written, but there is no browser to show it: set BROWSER, or "
                 "open it yourself",
                 path);
}

/* The run's id, of what is harmless in a file's name. */
static int name_default(struct report_command *c)
{
    scoped(arena_fini) struct arena arena = {0};
    struct store_run run;

    TRY(history_fault(store_run_get(c->run.store, c->run.key, &arena, &run), c->args.operands[0]));
    c->made = xasprintf("brunt-%.*s.html", run.id.n < 100 ? (int)run.id.n : 100, run.id.p);
    for (char *p = c->made; *p; p++) {
        if (!ascii_digit(*p) && !(ascii_lower(*p) >= 'a' && ascii_lower(*p) <= 'z') && *p != '-' &&
            *p != '.')
            *p = '_';
    }
    return 0;
}

static int write_files(struct report_command *c, const char *const *paths, size_t n)
{
    struct report_file_source from = {.store = c->run.store, .key = c->run.key};

    for (size_t i = 0; i < n; i++)
        TRY(report_file_check(paths[i]));
    for (size_t i = 0; i < n; i++) {
        TRY(report_file_write(&from, paths[i]));
        if (!c->quiet)
            printf("%s\n", paths[i]);
    }
    fflush(stdout);
    return c->open ? open_file(paths[0]) : 0;
}

static int report(struct report_command *c)
{
    TRY(stored_run_open(c->store, c->args.operands[0], &c->run));
    if (c->args.n_operands > 1)
        return write_files(c, c->args.operands + 1, c->args.n_operands - 1);
    TRY(name_default(c));
    const char *path = c->made;

    return write_files(c, &path, 1);
}

static int run_report(int argc, char **argv)
{
    struct report_command c = {0};
    int r = opt_parse(&table, &c, argc, argv, &c.args);

    if (r == OPT_E_HELP) {
        r = cli_help(&table, &c.args);
        c.args = (struct opt_args){0};
    } else if (r == 0) {
        r = report(&c);
    }
    stored_run_close(&c.run);
    free(c.made);
    opt_args_fini(&c.args);
    return r;
}

const struct command cmd_report = {
    .name = "report",
    .help = "write a report of a run: HTML, JSON, JUnit, Markdown",
    .run = run_report,
    .options = &table,
};
