/*
 * brunt dashboard export: dashboards as files that Grafana imports or is provisioned with. The same
 * command keeps the files of the source tree current: with --check it writes nothing and says what
 * is not as it would be written.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "dashboard/board.h"

struct export_command {
    const char *dialect, *folder;
    bool check, share;
    struct opt_args args;

    dialect_set dialects;
    bool to_stdout;
    unsigned n_files, n_stale;
};

#define AT(field)   offsetof(struct export_command, field)
#define ALL_OF_THEM ((1U << DIALECT_COUNT) - 1)

static const struct opt_row rows[] = {
    {.name = "for",
     .type = OPT_STRING,
     .offset = AT(dialect),
     .value_name = "SOURCE",
     .values = dialect_names,
     .help = "only for this data source"},
    {.name = "to",
     .type = OPT_STRING,
     .offset = AT(folder),
     .value_name = "DIR",
     .hint = OPT_HINT_DIR,
     .help = "write below this folder; - prints"},
    {.name = "share",
     .type = OPT_FLAG,
     .offset = AT(share),
     .help = "in the form of grafana.com, which asks for the data source on import"},
    {.name = "check",
     .type = OPT_FLAG,
     .offset = AT(check),
     .help = "write nothing; say which files are not current, and fail if there are any"},
};

static const struct opt_example examples[] = {
    {"brunt dashboard export", "all of them, into dashboards/SOURCE/NAME.json"},
    {"brunt dashboard export live --for prometheus > live.json", "one of them"},
    {"brunt dashboard export --for flux --to /etc/grafana/dashboards", "for provisioning"},
    {"brunt dashboard export live --for graphite --share", "to share it on grafana.com"},
    {"brunt dashboard export --check", "whether the files in dashboards/ are current"},
};

static const struct opt_table table = {
    .name = "brunt dashboard export",
    .operands = "[NAME...]",
    .summary = "Write dashboards as JSON that Grafana imports; all of them when none is named.",
    .about = "Files go to dashboards/SOURCE/NAME.json below the current folder. With --for they go "
             "straight into the folder of --to; and one dashboard for one data source is printed "
             "when no folder is named.",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
    .max_operands = 1000,
};

/* ---- files ---- */

/* dashboards/flux/live.json; the folders are made. */
static int file_of(const struct export_command *c, const struct board *b, enum dialect d,
                   char **ret_path)
{
    scoped(freep) char *folder =
        c->dialect ? xstrdup(c->folder) : xasprintf("%s/%s", c->folder, dialect_name(d));

    if (!c->check) {
        TRY(file_make_folder(c->folder, 0755));
        TRY(file_make_folder(folder, 0755));
    }
    *ret_path = xasprintf("%s/%s.json", folder, b->name);
    return 0;
}

static void say(const char *what, const char *path)
{
    struct buf line = {0};

    buf_printf(&line, "%s: %s\n", path, what);
    cli_write(STDOUT_FILENO, buf_str(&line));
    buf_fini(&line);
}

static void check_file(struct export_command *c, const char *path, struct str now)
{
    scoped(buf_fini) struct buf there = {0};
    const char *wrong = NULL;

    if (cli_read_file(path, &there) < 0) {
        wrong = "is not there, or cannot be read";
    } else if (!str_eq(buf_str(&there), now)) {
        wrong = "is not current";
    }
    c->n_stale += wrong != NULL;
    if (wrong)
        say(wrong, path);
}

static int put_file(struct export_command *c, const struct board *b, enum dialect d,
                    struct str text)
{
    scoped(freep) char *path = NULL;

    TRY(file_of(c, b, d, &path));
    if (c->check) {
        check_file(c, path, text);
        return 0;
    }
    return cli_write_file(path, text);
}

/* ---- boards ---- */

static int export_one(struct export_command *c, const struct board *b, enum dialect d)
{
    scoped(buf_fini) struct buf text = {0};

    TRY(board_json(b, &(struct board_form){.dialect = d, .share = c->share}, &text));
    c->n_files++;
    if (!c->to_stdout)
        return put_file(c, b, d, buf_str(&text));
    cli_write(STDOUT_FILENO, buf_str(&text));
    return 0;
}

static int export_board(struct export_command *c, const struct board *b)
{
    for (enum dialect d = 0; d < DIALECT_COUNT; d++) {
        if (dialect_in(c->dialects, d) && board_is_for(b, d))
            TRY(export_one(c, b, d));
    }
    return 0;
}

static int find(const char *name, const struct board **ret)
{
    struct buf names = {0};
    size_t n;
    const struct board *const *boards = board_all(&n);

    *ret = board_find(str_of(name));
    if (*ret)
        return 0;
    for (size_t i = 0; i < n; i++)
        buf_printf(&names, "%s%s", i ? ", " : "", boards[i]->name);
    int r = fault(-EINVAL, "there is no dashboard '%s'; there are: %s", name, buf_cstr(&names));

    buf_fini(&names);
    return r;
}

static int export_all(struct export_command *c)
{
    size_t n;
    const struct board *const *boards = board_all(&n);

    for (size_t i = 0; i < n && !c->args.n_operands; i++)
        TRY(export_board(c, boards[i]));
    for (size_t i = 0; i < c->args.n_operands; i++) {
        const struct board *b;

        TRY(find(c->args.operands[i], &b));
        TRY(export_board(c, b));
    }
    return 0;
}

static int settle(struct export_command *c)
{
    enum dialect d;

    c->dialects = ALL_OF_THEM;
    if (c->dialect) {
        TRY(dialect_parse(str_of(c->dialect), &d));
        c->dialects = 1U << d;
    }
    c->to_stdout = c->folder ? strcmp(c->folder, "-") == 0
                             : c->dialect && c->args.n_operands == 1 && !c->check;
    if (c->to_stdout && c->check)
        return fault(-EINVAL, "--check compares files: name their folder with --to");
    if (c->to_stdout && (!c->dialect || c->args.n_operands != 1))
        return fault(-EINVAL, "one dashboard can be printed: NAME and --for SOURCE are missing");
    if (!c->folder)
        c->folder = "dashboards";
    return 0;
}

static int export(struct export_command *c)
{
    TRY(settle(c));
    TRY(export_all(c));
    if (!c->n_files)
        return fault(-EINVAL, "none of these dashboards is for %s; see 'brunt dashboard list'",
                     c->dialect);
    if (c->n_stale) {
        return fault(-ESTALE, "%u of %u files are not current: 'brunt dashboard export --to %s'%s",
                     c->n_stale, c->n_files, c->folder, " writes them");
    }
    if (!c->to_stdout) {
        struct buf line = {0};

        buf_printf(&line, "%u dashboards %s %s\n", c->n_files,
                   c->check ? "are current in" : "are in", c->folder);
        cli_write(STDOUT_FILENO, buf_str(&line));
        buf_fini(&line);
    }
    return 0;
}

static int run(int argc, char **argv)
{
    struct export_command c = {0};
    int r = opt_parse(&table, &c, argc, argv, &c.args);

    if (r == OPT_E_HELP)
        return cli_help(&table, &c.args);
    if (r == 0)
        r = export(&c);
    opt_args_fini(&c.args);
    return r;
}

const struct command action_dashboard_export = {
    .name = "export",
    .help = "write dashboards as files for Grafana",
    .run = run,
    .options = &table,
};
