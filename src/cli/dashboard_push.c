/* brunt dashboard push: dashboards, their folder and data sources into a Grafana. */
#include "base/opt.h"
#include "cli/actions.h"
#include "cli/cli.h"
#include "cli/dashboard_texts.h"
#include "cli/grafana_push.h"
#include "cli/http_ask.h"
#include "dashboard/board.h"

struct push {
    struct grafana_push to;
    const char *dialect;
    struct opt_args args;
};

#define AT(field) offsetof(struct push, to.field)

/* clang-format off */
static const struct opt_row rows[] = {
    GRAFANA_ROWS(AT(grafana)),
    {.name = "for", .type = OPT_STRING, .offset = offsetof(struct push, dialect), .value_name = "SOURCE", .values = dialect_names,
     .help = "the data source that a dashboard of ours is to be for (default prometheus)"},
    {.name = "folder", .type = OPT_STRING, .offset = AT(folder), .value_name = "TITLE",
     .help = "the folder to put them into, made when it is not there (default: General)"},
    {.name = "folder-uid", .type = OPT_STRING, .offset = AT(folder_uid), .value_name = "UID",
     .help = "its uid (default: made of the title)"},
    {.name = "datasource", .type = OPT_LIST, .offset = AT(datasources), .value_name = "TYPE=URL",
     .help = "make a data source brunt-TYPE when it is not there: prometheus=URL, influxdb=URL?db=NAME, "
             "influxdb2=URL?org=NAME&bucket=NAME (its token from BRUNT_INFLUXDB2_TOKEN), graphite=URL"},
    {.name = "input", .type = OPT_LIST, .offset = AT(inputs), .value_name = "NAME=UID",
     .help = "what ${NAME} of an export for sharing stands for (default: a data source of its type)"},
    {.name = "message", .short_name = 'm', .type = OPT_STRING, .offset = AT(message), .value_name = "TEXT",
     .help = "what the dashboard's history says of the change"},
    {.name = "keep", .type = OPT_FLAG, .offset = AT(keep), .help = "do not replace what was changed in Grafana since"},
    {.name = "dry-run", .type = OPT_FLAG, .offset = AT(dry_run), .help = "ask what there is and say what would be done"},
};
/* clang-format on */

static const struct opt_example examples[] = {
    {"brunt dashboard push live generator --for flux --grafana http://localhost:3000",
     "two of ours (brunt dashboard list)"},
    {"brunt dashboard push dashboards/prometheus --grafana http://localhost:3000 --folder 'Load tests' "
     "--datasource prometheus=http://localhost:9090",
     "a folder of dashboards, with the data source they ask"},
    {"brunt dashboard push 11985.json --grafana https://grafana.example --token-file token.txt --input DS_PROMETHEUS=P1809F7CD",
     "an export, which is to ask a certain data source"},
    {"brunt dashboard push run.json --grafana http://localhost:3000 --dry-run",
     "what would happen"},
};

static const struct opt_table table = {
    .name = "brunt dashboard push",
    .operands = "FILE|DIR|NAME...",
    .summary = "Put dashboards into a Grafana over its HTTP API.",
    .about =
        "A dashboard is replaced by its uid, so pushing again changes what has changed. Exports "
        "for sharing get the data sources they leave open. The token is of a service account "
        "with the role Editor; data sources need Admin.",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
    .min_operands = 1,
    .max_operands = 1000,
    .operand_hint = OPT_HINT_FILE,
};

static int push_file(void *arg, const char *label, struct str text)
{
    return grafana_push_dashboard(arg, label, text);
}

static int push_all(void *arg)
{
    struct push *p = arg;
    enum dialect dialect;

    TRY(dialect_parse(str_of(p->dialect ? p->dialect : "prometheus"), &dialect));
    TRY(grafana_push_datasources(&p->to));
    TRY(grafana_push_folder(&p->to));
    return dashboard_texts(p->args.operands, p->args.n_operands, 1U << dialect, push_file, &p->to);
}

static int push(struct push *p)
{
    TRY(grafana_open(&p->to.grafana));
    return http_ask_run(push_all, p);
}

static int run(int argc, char **argv)
{
    struct push p = {0};
    int r = opt_parse(&table, &p, argc, argv, &p.args);

    if (r == OPT_E_HELP) {
        r = cli_help(&table, &p.args);
        p.args = (struct opt_args){0};
    } else if (r == 0) {
        r = push(&p);
    }
    grafana_push_fini(&p.to);
    opt_args_fini(&p.args);
    return r;
}

const struct command action_dashboard_push = {
    .name = "push",
    .help = "put dashboards, their folder and data sources into a Grafana",
    .run = run,
    .options = &table,
};
