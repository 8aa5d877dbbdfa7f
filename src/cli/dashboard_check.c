/*
 * brunt dashboard check: asks every query of dashboards of their servers, with variables filled in,
 * and says which panels would be empty, and why (dashboard/query_check.h).
 */
#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/opt.h"
#include "cli/actions.h"
#include "cli/cli.h"
#include "cli/dashboard_servers.h"
#include "cli/dashboard_show.h"
#include "cli/dashboard_texts.h"
#include "cli/http_ask.h"

struct check {
    struct dashboard_servers servers;
    const char *from, *to;
    span_ns scrape;
    struct opt_list vars;
    bool json, only_bad, annotations;
    struct opt_args args;

    struct query_given *given;
    struct dashboard_show *show;
    struct query_tally all;
    size_t n_dashboards;
    size_t n_variables; /* of the one that is checked */
};

#define AT(field) offsetof(struct check, field)

/* clang-format off */
static const struct opt_row rows[] = {
    DASHBOARD_SERVER_ROWS(AT(servers)),
    {.name = "from", .type = OPT_STRING, .offset = AT(from), .value_name = "TIME",
     .help = "the beginning of the time range, as Grafana writes it: now-15m, 2026-11-21T15:00:00Z, or milliseconds since 1970 "
             "(default: the dashboard's own)"},
    {.name = "to", .type = OPT_STRING, .offset = AT(to), .value_name = "TIME", .help = "its end (default now with --from)"},
    {.name = "var", .type = OPT_LIST, .offset = AT(vars), .value_name = "NAME=VALUE",
     .help = "a variable's value; again for several, All for all (default: as the dashboard opens)"},
    {.name = "scrape-interval", .type = OPT_CALL, .call = cli_take_span, .offset = AT(scrape), .value_name = "DURATION",
     .help = "how often Prometheus gets a point, as the data source in Grafana says; the least step of graphs, and a quarter of "
             "the least $__rate_interval (default 15s)"},
    {.name = "annotations", .type = OPT_FLAG, .offset = AT(annotations), .help = "ask what annotations are made of as well"},
    {.name = "only-bad", .type = OPT_FLAG, .offset = AT(only_bad), .help = "show the empty and the failed ones only"},
    {.name = "json", .type = OPT_FLAG, .offset = AT(json), .help = "print JSON"},
};
/* clang-format on */

static const struct opt_example examples[] = {
    {"brunt dashboard check live --prometheus http://localhost:9090",
     "one of ours (brunt dashboard list)"},
    {"brunt dashboard check 19665.json --prometheus http://localhost:9090 --from now-5m",
     "which panels of a dashboard have data of the last five minutes"},
    {"brunt dashboard check dashboards/ --prometheus http://localhost:9090 "
     "--influxdb 'http://localhost:8086?db=k6' --only-bad",
     "all of a folder; what is wrong with the empty ones"},
    {"brunt dashboard check run.json --influxdb2 'http://localhost:8086?org=me&bucket=loadtests' "
     "--auth-file influxdb2=token.txt",
     "queries in Flux; the token is in a file"},
    {"brunt dashboard check d.json --prometheus http://localhost:9090 --var testid=nightly --json",
     "for a program to read"},
};

static const struct opt_table table = {
    .name = "brunt dashboard check",
    .operands = "FILE|DIR|NAME...",
    .summary =
        "Ask every query of Grafana dashboards, and say which panels would be empty and why.",
    .about = "Variables are filled in as Grafana does when the dashboard is opened, and those that "
             "are queries are asked. Of an empty query the part is named that takes everything "
             "away: a metric that is not there, a label without such a value, the time range.\n\n"
             "Exit code 0 when every query that is shown has data, 1 when one is empty or fails.",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
    .min_operands = 1,
    .max_operands = 1000,
    .operand_hint = OPT_HINT_FILE,
};

static void take_resolved(void *arg, const struct queries *q, const struct query_context *context,
                          const struct query_resolved *resolved)
{
    struct check *c = arg;

    dashboard_show_variables(c->show, context, resolved, q->n_variables);
}

static void take_result(void *arg, const struct query_result *r)
{
    dashboard_show_result(((struct check *)arg)->show, r);
}

static void add_tally(struct query_tally *to, const struct query_tally *t)
{
    for (size_t v = 0; v < countof(to->n); v++)
        to->n[v] += t->n[v];
    to->n_hidden += t->n_hidden;
}

static int check_one(struct check *c, const char *label, const struct queries *q)
{
    struct query_check_options options = {.now = clock_wall(),
                                          .from = str_of(c->from),
                                          .to = str_of(c->to),
                                          .scrape = c->scrape,
                                          .given = c->given,
                                          .n_given = c->vars.n_items,
                                          .annotations = c->annotations,
                                          .resolved = take_resolved,
                                          .result = take_result,
                                          .arg = c};
    struct query_tally tally;

    dashboard_show_begin(c->show, label, q);
    TRY(query_check(q, &c->servers.servers, &options, &tally));
    dashboard_show_end(c->show, &tally);
    add_tally(&c->all, &tally);
    c->n_dashboards++;
    return 0;
}

static int check_file(void *arg, const char *label, struct str text)
{
    struct queries *q;
    int r = queries_read(text, &q);

    if (r) {
        scoped(freep) char *words = xstrdup(fault_text());

        return fault(FAULT_EXIT(104), "%s: %s", label, words);
    }
    r = check_one(arg, label, q);
    queries_free(q);
    return r;
}

/* Our own dashboards are taken for the servers that were given. */
static dialect_set dialects(const struct query_servers *s)
{
    static const enum dialect of[QUERY_N_KINDS] = {[QUERY_PROMETHEUS] = DIALECT_PROMETHEUS,
                                                   [QUERY_INFLUXQL] = DIALECT_INFLUXQL,
                                                   [QUERY_FLUX] = DIALECT_FLUX,
                                                   [QUERY_GRAPHITE] = DIALECT_GRAPHITE};
    dialect_set set = 0;

    for (size_t k = 0; k < QUERY_N_KINDS; k++)
        set |= s->has[k] ? 1U << of[k] : 0;
    return set;
}

static int check_all(void *arg)
{
    struct check *c = arg;

    TRY(dashboard_texts(c->args.operands, c->args.n_operands, dialects(&c->servers.servers),
                        check_file, c));
    dashboard_show_finish(c->show, &c->all, c->n_dashboards);
    return 0;
}

static int take_vars(struct check *c)
{
    c->given = xnew_n(struct query_given, c->vars.n_items + 1);
    for (size_t i = 0; i < c->vars.n_items; i++) {
        struct str text = str_of(c->vars.items[i]);
        size_t eq = str_find(text, '=');

        if (eq == text.n || eq == 0)
            return fault(FAULT_EXIT(104), "--var %s: write NAME=VALUE", text.p);
        c->given[i] = (struct query_given){str_from(text.p, eq), str_from_index(text, eq + 1)};
    }
    return 0;
}

static int check(struct check *c)
{
    TRY(dashboard_servers_open(&c->servers));
    TRY(take_vars(c));
    c->show = dashboard_show_new(c->json ? DASHBOARD_SHOW_JSON : DASHBOARD_SHOW_TABLE, c->only_bad);
    TRY(http_ask_run(check_all, c));
    return c->all.n[QUERY_EMPTY] || c->all.n[QUERY_FAILED];
}

static int run(int argc, char **argv)
{
    struct check c = {0};
    int r = opt_parse(&table, &c, argc, argv, &c.args);

    if (r == OPT_E_HELP) {
        r = cli_help(&table, &c.args);
        c.args = (struct opt_args){0};
    } else if (r == 0) {
        r = check(&c);
    }
    dashboard_show_free(c.show);
    dashboard_servers_fini(&c.servers);
    opt_list_fini(&c.vars);
    free(c.given);
    opt_args_fini(&c.args);
    return r;
}

const struct command action_dashboard_check = {
    .name = "check",
    .help = "ask every query of dashboards; which panels would be empty, and why",
    .run = run,
    .options = &table,
};
