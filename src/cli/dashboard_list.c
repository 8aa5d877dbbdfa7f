/* brunt dashboard list: what there is, and for which data sources. */
#include <unistd.h>

#include "base/buf.h"
#include "base/json_out.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "dashboard/board.h"

struct list_options {
    bool json;
    struct opt_args args;
};

static const struct opt_row rows[] = {
    {.name = "json",
     .type = OPT_FLAG,
     .offset = offsetof(struct list_options, json),
     .help = "print the list as JSON"},
};

static const struct opt_example examples[] = {
    {"brunt dashboard list", "what there is"},
    {"brunt dashboard export live --for flux", "one of them, for InfluxDB 2"},
};

static const struct opt_table table = {
    .name = "brunt dashboard list",
    .summary = "List brunt's dashboards, the data sources that each is for, and what feeds it.",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
};

static void put_text(struct buf *out, const struct board *b)
{
    buf_printf(out, "%s  %s\n    %s\n", b->name, b->title, b->about);
    for (enum dialect d = 0; d < DIALECT_COUNT; d++) {
        if (board_is_for(b, d)) {
            buf_printf(out, "    %-10s  %s\n", dialect_name(d), b->asks[d] ? b->asks[d] : "");
        }
    }
}

static void put_member(struct json_out *j, const char *key, const char *value)
{
    json_key(j, key);
    json_put_cstr(j, value);
}

static void put_json(struct json_out *j, const struct board *b)
{
    json_open_object(j);
    put_member(j, "name", b->name);
    put_member(j, "uid", b->uid);
    put_member(j, "title", b->title);
    put_member(j, "description", b->about);
    json_key(j, "for");
    json_open_object(j);
    for (enum dialect d = 0; d < DIALECT_COUNT; d++) {
        if (board_is_for(b, d))
            put_member(j, dialect_name(d), b->asks[d]);
    }
    json_close(j);
    json_close(j);
}

static void list(const struct list_options *o)
{
    struct buf out = {0};
    struct json_out j = JSON_OUT(&out, 2);
    size_t n;
    const struct board *const *boards = board_all(&n);

    if (o->json)
        json_open_array(&j);
    for (size_t i = 0; i < n; i++) {
        if (o->json) {
            put_json(&j, boards[i]);
        } else {
            put_text(&out, boards[i]);
        }
    }
    if (o->json) {
        json_close(&j);
        buf_putc(&out, '\n');
    }
    cli_write(STDOUT_FILENO, buf_str(&out));
    buf_fini(&out);
}

static int run(int argc, char **argv)
{
    struct list_options o = {0};
    int r = opt_parse(&table, &o, argc, argv, &o.args);

    if (r == OPT_E_HELP)
        return cli_help(&table, &o.args);
    TRY(r);
    list(&o);
    opt_args_fini(&o.args);
    return 0;
}

const struct command action_dashboard_list = {
    .name = "list",
    .help = "list the dashboards and what feeds them",
    .run = run,
    .options = &table,
};
