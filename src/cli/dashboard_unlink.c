/* brunt dashboard unlink NAME|--all: takes linked dashboards out of the lab. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/opt.h"
#include "cli/actions.h"
#include "cli/cli.h"
#include "cli/dashboard_place.h"
#include "report/markup.h"

struct unlink_command {
    const char *lab;
    bool all, force;
    struct opt_args args;
    char *custom; /* owned */
    struct buf out;
};

#define AT(field) offsetof(struct unlink_command, field)

/* clang-format off */
static const struct opt_row rows[] = {
    DASHBOARD_LAB_ROW(AT(lab)),
    {.name = "all", .type = OPT_FLAG, .offset = AT(all), .help = "everything that is linked"},
    {.name = "force", .type = OPT_FLAG, .offset = AT(force), .help = "remove what was changed in the lab too"},
};
/* clang-format on */

static const struct opt_example examples[] = {
    {"brunt dashboard unlink dashboards", "by the name that `link --list` shows"},
    {"brunt dashboard unlink --all", "all of them"},
};

static const struct opt_table table = {
    .name = "brunt dashboard unlink",
    .operands = "[NAME...]",
    .summary = "Take linked dashboards out of the lab's Grafana.",
    .about =
        "Removes what `brunt dashboard link` put there. A file that was changed since, or that "
        "no link put there, stays and is named.",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
    .max_operands = 1000,
};

static int unlink_one(struct unlink_command *c, const char *name)
{
    struct link_options options = {.force = c->force, .fn = dashboard_put_news, .arg = &c->out};
    struct link_counts counts;

    TRY(link_remove(c->custom, name, &options, &counts));
    markup_put_terminal(&c->out, str_of(name), 0);
    buf_puts(&c->out, ": ");
    dashboard_put_counts(&c->out, &counts);
    buf_putc(&c->out, '\n');
    return 0;
}

static int unlink_all(struct unlink_command *c)
{
    scoped(link_list_fini) struct link_list linked = {0};

    TRY(link_list_read(c->custom, &linked));
    for (size_t i = 0; i < linked.n; i++)
        TRY(unlink_one(c, linked.list[i].name));
    if (!linked.n)
        buf_puts(&c->out, "nothing is linked\n");
    return 0;
}

static int run(struct unlink_command *c)
{
    if (c->all == (c->args.n_operands > 0)) {
        return fault(-EINVAL, "say what to unlink: NAME, or --all; "
                              "`brunt dashboard link --list` has the names");
    }
    TRY(dashboard_custom_folder(c->lab, &c->custom));
    if (c->all)
        return unlink_all(c);
    for (size_t i = 0; i < c->args.n_operands; i++)
        TRY(unlink_one(c, c->args.operands[i]));
    return 0;
}

static int run_unlink(int argc, char **argv)
{
    struct unlink_command c = {0};
    int r = opt_parse(&table, &c, argc, argv, &c.args);

    if (r == OPT_E_HELP) {
        r = cli_help(&table, &c.args);
        c.args = (struct opt_args){0};
    } else if (r == 0) {
        r = run(&c);
        cli_write(STDOUT_FILENO, buf_str(&c.out));
    }
    buf_fini(&c.out);
    free(c.custom);
    opt_args_fini(&c.args);
    return r;
}

const struct command action_dashboard_unlink = {
    .name = "unlink",
    .help = "take linked dashboards out of the lab's Grafana",
    .run = run_unlink,
    .options = &table,
};
