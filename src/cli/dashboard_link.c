/*
 * brunt dashboard link [DIR]: a project's dashboards in the lab's Grafana. Without DIR, what is
 * linked is linked again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json_out.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cli/actions.h"
#include "cli/cli.h"
#include "cli/dashboard_place.h"
#include "report/markup.h"

struct link_command {
    const char *lab, *name;
    bool list, json, force, strict;
    struct opt_args args;
    char *custom; /* owned */
    struct buf out;
};

#define AT(field) offsetof(struct link_command, field)

/* clang-format off */
static const struct opt_row rows[] = {
    DASHBOARD_LAB_ROW(AT(lab)),
    {.name = "name", .type = OPT_STRING, .offset = AT(name), .value_name = "NAME",
     .help = "the folder's name in Grafana (default: that of DIR)"},
    {.name = "list", .type = OPT_FLAG, .offset = AT(list), .help = "name what is linked, and whether it is current"},
    {.name = "json", .type = OPT_FLAG, .offset = AT(json), .help = "with --list: as JSON"},
    {.name = "strict", .type = OPT_FLAG, .offset = AT(strict), .help = "link nothing when lint finds errors"},
    {.name = "force", .type = OPT_FLAG, .offset = AT(force), .help = "replace what was changed in the lab"},
};
/* clang-format on */

static const struct opt_example examples[] = {
    {"brunt dashboard link dashboards/",
     "the *.json of the folder, as the folder dashboards in Grafana"},
    {"brunt dashboard link", "again all that is linked: what changed, came and went"},
    {"brunt dashboard link --list", "what is linked"},
};

static const struct opt_table table = {
    .name = "brunt dashboard link",
    .operands = "[DIR]",
    .summary = "Show a project's dashboards in the lab's Grafana.",
    .about =
        "Copies the *.json of DIR into the lab's folder of linked dashboards; Grafana sees them "
        "within ten seconds. DIR is the source of truth: linking it again adds, changes and removes. "
        "A file that was changed in the lab, or that no link put there, is left alone and named. "
        "JSON that is broken or no dashboard is refused, and then nothing is changed.",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
    .max_operands = 1,
    .operand_hint = OPT_HINT_DIR,
};

/* ---- linking ---- */

static int link_one(struct link_command *c, const char *name, const char *source)
{
    struct link_options options = {
        .force = c->force, .strict = c->strict, .fn = dashboard_put_news, .arg = &c->out};
    struct link_counts counts;

    TRY(link_sync(c->custom, name, source, &options, &counts));
    markup_put_terminal(&c->out, str_of(name), 0);
    buf_puts(&c->out, ": ");
    dashboard_put_counts(&c->out, &counts);
    buf_puts(&c->out, ", from ");
    markup_put_terminal(&c->out, str_of(source), 0);
    buf_putc(&c->out, '\n');
    return 0;
}

static int link_folder(struct link_command *c, const char *dir)
{
    scoped(freep) char *source = realpath(dir, NULL);

    if (!source)
        return fault(-errno, "cannot look into '%s': %m", dir);
    TRY(link_one(c, c->name ? c->name : strrchr(source, '/') + 1, source));
    buf_printf(&c->out, "It lies in %s\n", c->custom);
    return 0;
}

/* One whose source has gone does not keep the others from being linked. */
static int link_again(struct link_command *c)
{
    scoped(link_list_fini) struct link_list linked = {0};
    int result = 0;

    TRY(link_list_read(c->custom, &linked));
    if (!linked.n)
        return fault(-ENOENT, "nothing is linked yet: brunt dashboard link DIR");
    for (size_t i = 0; i < linked.n; i++) {
        if (linked.list[i].source_gone) {
            buf_printf(&c->out, "%s: %s is gone; `brunt dashboard unlink %s` takes it away\n",
                       linked.list[i].name, linked.list[i].source, linked.list[i].name);
            result = 1;
        } else {
            TRY(link_one(c, linked.list[i].name, linked.list[i].source));
        }
    }
    return result;
}

/* ---- the list ---- */

static const char *state_of(const struct link_about *a)
{
    return a->source_gone      ? "source is gone"
           : a->source_differs ? "differs from its source"
                               : "current";
}

static void put_text(struct buf *out, const struct link_about *a)
{
    markup_put_terminal(out, str_of(a->name), 0);
    buf_printf(out, "  %zu file%s  %s  ", a->n_files, a->n_files == 1 ? "" : "s", state_of(a));
    markup_put_terminal(out, str_of(a->source), 0);
    buf_putc(out, '\n');
}

static void put_json(struct json_out *j, const struct link_about *a)
{
    json_open_object(j);
    json_key(j, "name");
    json_put_cstr(j, a->name);
    json_key(j, "source");
    json_put_cstr(j, a->source);
    json_key(j, "files");
    json_put_u64(j, a->n_files);
    json_key(j, "state");
    json_put_cstr(j, a->source_gone ? "gone" : a->source_differs ? "changed" : "current");
    json_close(j);
}

static int list(struct link_command *c)
{
    scoped(link_list_fini) struct link_list linked = {0};
    struct json_out j = JSON_OUT(&c->out, 2);

    TRY(link_list_read(c->custom, &linked));
    if (c->json)
        json_open_array(&j);
    for (size_t i = 0; i < linked.n; i++) {
        if (c->json) {
            put_json(&j, &linked.list[i]);
        } else {
            put_text(&c->out, &linked.list[i]);
        }
    }
    if (c->json) {
        json_close(&j);
        buf_putc(&c->out, '\n');
    } else if (!linked.n) {
        buf_puts(&c->out, "nothing is linked\n");
    }
    return 0;
}

static int run(struct link_command *c)
{
    TRY(dashboard_custom_folder(c->lab, &c->custom));
    if (c->list)
        return list(c);
    return c->args.n_operands ? link_folder(c, c->args.operands[0]) : link_again(c);
}

static int run_link(int argc, char **argv)
{
    struct link_command c = {0};
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

const struct command action_dashboard_link = {
    .name = "link",
    .help = "show a project's dashboards in the lab's Grafana",
    .run = run_link,
    .options = &table,
};
