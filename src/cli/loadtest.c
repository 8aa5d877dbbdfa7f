/*
 * From argv to a plan. The environment and the command line are read first, because they say where
 * to log; then the script, whose options lie between the configuration file and those two.
 */
#include "cli/loadtest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/loadtest_url.h"
#include "cli/report_file.h"
#include "cli/run_workers.h"
#include "cli/secrets.h"
#include "metric/exchange_book.h"
#include "metric/tagset.h"
#include "proto/http1/http1_encode.h"
#include "proto/url.h"
#include "run/run.h"
#include "vu/vu_fetch.h"

extern char **environ;

/* ---- the command line ---- */

#define OWN(field) offsetof(struct loadtest, own.field)

static int take_corrected(void *object, const struct opt_row *row UNUSED, const char *value)
{
    struct loadtest_own *own = &((struct loadtest *)object)->own;
    span_ns interval = 0;

    if (strcmp(value, "median") != 0 &&
        (duration_parse_strict(str_of(value), &interval) || interval <= 0))
        return fault(-EINVAL, "'%s' is no time between starts such as 100ms, or median", value);
    own->corrected = true;
    own->corrected_interval = interval;
    return 0;
}

/* It becomes the name of a folder, and a label. */
static int take_run_id(void *object, const struct opt_row *row UNUSED, const char *value)
{
    size_t n = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    if (!n || value[n] || n > 39)
        return fault(-EINVAL, "'%s' is no name of up to 39 letters, digits, _ and -", value);
    ((struct loadtest *)object)->own.run_id = value;
    return 0;
}

static int take_capture(void *object, const struct opt_row *row UNUSED, const char *value)
{
    struct loadtest_own *own = &((struct loadtest *)object)->own;
    uint64_t n = 0;

    if (strcmp(value, "off") != 0 && (!str_u64(str_of(value), &n) || n > EXCHANGE_KEEP_MAX))
        return fault(-EINVAL, "'%s' is no number up to %d, or off", value, EXCHANGE_KEEP_MAX);
    own->capture = (int64_t)n;
    return 0;
}

static int take_age(void *object, const struct opt_row *row, const char *value)
{
    span_ns age;

    if (duration_parse(str_of(value), &age) || age < 0 || ascii_digit(value[strlen(value) - 1]))
        return fault(-EINVAL, "'%s' is no age such as 90d or 36h", value);
    *(span_ns *)((char *)object + row->offset) = age;
    return 0;
}

/* Refused at once, and not after an hour. */
static int take_report(void *object, const struct opt_row *row UNUSED, const char *value)
{
    struct opt_list *list = &((struct loadtest *)object)->own.reports;

    TRY(report_file_check(value));
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): a list of pointers is meant */
    vec_push(list->items, list->n_items, list->cap) = value;
    return 0;
}

static const struct opt_row own_rows[] = {
    {.name = "loops",
     .type = OPT_INT,
     .offset = OWN(loops),
     .min = 1,
     .max = 1024,
     .env = "BRUNT_LOOPS",
     .value_name = "N",
     .group = "Engine",
     .help = "threads that send requests (default: one per processor)"},
    {.name = "workers",
     .type = OPT_INT,
     .offset = OWN(workers),
     .min = 1,
     .max = 256,
     .env = "BRUNT_WORKERS",
     .value_name = "N",
     .group = "Engine",
     .help = "processes that send requests, each with a thread of its own and an equal share of "
             "the test (default: none; for Python one per processor)"},
    {.name = "lost-worker",
     .type = OPT_STRING,
     .offset = OWN(lost_worker),
     .values = (const char *const[]){"stop", "continue", NULL},
     .group = "Engine",
     .help = "what a run does when one of its workers dies: stop (the default), or continue with "
             "the others"},
    {.name = "io",
     .type = OPT_STRING,
     .offset = OWN(io),
     .values = cli_io_values,
     .env = "BRUNT_IO",
     .group = "Engine",
     .help = "how to talk to the kernel: epoll, io_uring (fewer system calls; Linux 6.1), or auto "
             "(the default): io_uring where it is allowed, else epoll"},
    {.name = "precise",
     .type = OPT_FLAG,
     .offset = OWN(precise),
     .env = "BRUNT_PRECISE",
     .group = "Engine",
     .help = "watch the clock for the last 100 us before an iteration is due, and do not sleep: "
             "start within microseconds, for a processor's time"},
    {.name = "kernel-timestamps",
     .type = OPT_FLAG,
     .offset = OWN(kernel_timestamps),
     .env = "BRUNT_KERNEL_TIMESTAMPS",
     .group = "Engine",
     .help = "ask the kernel when each answer came, and show how long it lay there unread"},
    {.name = "fail-on-invalid",
     .type = OPT_FLAG,
     .offset = OWN(fail_on_invalid),
     .env = "BRUNT_FAIL_ON_INVALID",
     .group = "Engine",
     .help = "end with 112 when the generator calls its own numbers invalid"},
    {.name = "corrected",
     .type = OPT_CALL,
     .offset = OWN(corrected),
     .value_name = "INTERVAL",
     .implied = "median",
     .group = "Running",
     .help = "show in the summary what a closed model may have hidden: durations with those added "
             "that starts each INTERVAL (the median of the durations) would have met",
     .call = take_corrected},
    {.name = "full-contexts",
     .type = OPT_FLAG,
     .offset = OWN(full_contexts),
     .group = "Engine",
     .help =
         "give each user its own JavaScript built-ins; scripts that extend them get it unasked"},
    {.name = "offline",
     .type = OPT_FLAG,
     .offset = OWN(offline),
     .group = "Engine",
     .help = "use no network for https imports, only what is in the cache"},
    {.name = "address-token",
     .type = OPT_STRING,
     .offset = OWN(address_token),
     .env = "BRUNT_ADDRESS_TOKEN",
     .value_name = "TOKEN",
     .group = "Control",
     .help = "what callers of the REST API must show; needed when --address is not loopback"},
    {.name = "ui",
     .type = OPT_STRING,
     .offset = OWN(ui),
     .env = "BRUNT_UI",
     .value_name = "ADDRESS:PORT",
     .implied = "true",
     .group = "Page",
     .help = "show the run in the browser while it goes on, at 127.0.0.1:6460 (a free port when "
             "that one is taken) or at ADDRESS; K6_WEB_DASHBOARD=true does it too"},
    {.name = "open",
     .type = OPT_FLAG,
     .offset = OWN(open),
     .group = "Page",
     .help = "open the page in the browser; --ui goes with it"},
    {.name = "ui-token",
     .type = OPT_STRING,
     .offset = OWN(ui_token),
     .env = "BRUNT_UI_TOKEN",
     .value_name = "TOKEN",
     .group = "Page",
     .help = "what the page must show; an address that is not loopback gets one when none is "
             "given"},
    {.name = "vocab",
     .type = OPT_STRING,
     .offset = OWN(vocab),
     .env = "BRUNT_VOCAB",
     .value_name = "NAME[,NAME]",
     .group = "Outputs",
     .help = "the names under which outputs get metrics: brunt, k6, loadpilot, locust, leapwork "
             "(default: what suits the output; ?vocab= for one)"},
    {.name = "drain-timeout",
     .type = OPT_CALL,
     .offset = OWN(drain_timeout),
     .env = "BRUNT_DRAIN_TIMEOUT",
     .value_name = "TIME",
     .group = "Outputs",
     .help = "how long to wait at the end for outputs that are away (30s); what is left then stays "
             "on disk",
     .call = cli_take_span},
    {.name = "spool-dir",
     .type = OPT_STRING,
     .offset = OWN(spool_dir),
     .env = "BRUNT_SPOOL_DIR",
     .value_name = "DIR",
     .hint = OPT_HINT_DIR,
     .group = "Outputs",
     .help = "where points wait for outputs that are away (~/.local/state/brunt/spool); off: in "
             "memory only"},
    {.name = "spool-max",
     .type = OPT_INT,
     .offset = OWN(spool_max),
     .env = "BRUNT_SPOOL_MAX",
     .min = 1,
     .max = 1 << 20,
     .value_name = "MIB",
     .group = "Outputs",
     .help = "how much each output may have waiting on disk (1024)"},
    {.name = "run-id",
     .type = OPT_CALL,
     .offset = OWN(run_id),
     .env = "BRUNT_RUN_ID",
     .value_name = "ID",
     .group = "Outputs",
     .help = "what the run is called in outputs (default: its time, and four letters by chance)",
     .call = take_run_id},
    {.name = "results-json",
     .type = OPT_STRING,
     .offset = OWN(results_json),
     .env = "BRUNT_RESULTS_JSON",
     .value_name = "FILE",
     .hint = OPT_HINT_FILE,
     .group = "Outputs",
     .help = "write all results to a file at the end, for `brunt publish`"},
    {.name = "report",
     .type = OPT_CALL,
     .offset = OWN(reports),
     .env = "BRUNT_REPORT",
     .value_name = "FILE",
     .hint = OPT_HINT_FILE,
     .group = "Reports",
     .help = "write a report at the end: .html for people, .json for programs, .junit.xml for CI, "
             ".md for a pull request; may be given several times",
     .call = take_report},
    {.name = "save-baseline",
     .type = OPT_FLAG,
     .offset = OWN(save_baseline),
     .env = "BRUNT_SAVE_BASELINE",
     .group = "Reports",
     .help =
         "make this run what later ones of the script are compared with: mark it in the history, "
         "and write .brunt/baseline.json"},
    {.name = "no-publish",
     .type = OPT_FLAG,
     .offset = OWN(no_publish),
     .env = "BRUNT_NO_PUBLISH",
     .group = "Outputs",
     .help = "do not publish the run to the enabled connections of `brunt connection`"},
    {.name = "capture",
     .type = OPT_CALL,
     .offset = OWN(capture),
     .env = "BRUNT_CAPTURE",
     .value_name = "N|off",
     .group = "Failures",
     .help = "how many failed exchanges to keep of each endpoint and error, and how many of the "
             "slowest of each endpoint (3)",
     .call = take_capture},
    {.name = "capture-body",
     .type = OPT_INT,
     .offset = OWN(capture_body),
     .env = "BRUNT_CAPTURE_BODY",
     .max = 1 << 20,
     .value_name = "BYTES",
     .group = "Failures",
     .help = "how much to keep of a body (4096)"},
    {.name = "har",
     .type = OPT_STRING,
     .offset = OWN(har),
     .env = "BRUNT_HAR",
     .value_name = "FILE",
     .hint = OPT_HINT_FILE,
     .group = "Failures",
     .help = "write the exchanges that were kept to a HAR file at the end"},
    {.name = "store",
     .type = OPT_STRING,
     .offset = OWN(store),
     .env = "BRUNT_STORE",
     .value_name = "FILE",
     .hint = OPT_HINT_FILE,
     .group = "History",
     .help = "where runs are kept (~/.local/share/brunt/runs.db)"},
    {.name = "no-store",
     .type = OPT_FLAG,
     .offset = OWN(no_store),
     .env = "BRUNT_NO_STORE",
     .group = "History",
     .help = "do not keep the run"},
    {.name = "store-runs",
     .type = OPT_INT,
     .offset = OWN(store_runs),
     .env = "BRUNT_STORE_RUNS",
     .max = 10000000,
     .value_name = "N",
     .group = "History",
     .help = "keep so many runs (1000); older ones go, but for those with a label and baselines; "
             "0: any number"},
    {.name = "store-age",
     .type = OPT_CALL,
     .offset = OWN(store_age),
     .env = "BRUNT_STORE_AGE",
     .value_name = "TIME",
     .group = "History",
     .help = "the same for runs that are older, as 90d or 36h (any age)",
     .call = take_age},
    {.name = "store-size",
     .type = OPT_INT,
     .offset = OWN(store_size),
     .env = "BRUNT_STORE_SIZE",
     .max = 1 << 30,
     .value_name = "MIB",
     .group = "History",
     .help = "the same once the file holds more (2048); 0: any size"},
    {.name = "label",
     .type = OPT_LIST,
     .offset = OWN(labels),
     .value_name = "NAME",
     .group = "History",
     .help = "put a label on the run, as brunt tag does"},
    {.name = "rate",
     .type = OPT_STRING,
     .offset = OWN(rate),
     .value_name = "N[/UNIT]",
     .group = "At a rate",
     .help = "start so many iterations a second (or 90/m), whatever they take, in place of the "
             "script's scenarios; with --stage, the rate to begin with"},
    {.name = "max-vus",
     .type = OPT_INT,
     .offset = OWN(max_vus),
     .min = 1,
     .max = 1000000,
     .value_name = "N",
     .group = "At a rate",
     .help = "with --rate: users to make at most (1000); --vus is the number to begin with (10)"},
    {.name = "arrival",
     .type = OPT_STRING,
     .offset = OWN(arrival),
     .value_name = "constant|poisson|gamma",
     .group = "At a rate",
     .help = "with --rate: evenly (the default), by chance, or in bursts"},
    {.name = "when-busy",
     .type = OPT_STRING,
     .offset = OWN(when_busy),
     .value_name = "drop|queue",
     .group = "At a rate",
     .help = "with --rate: what becomes of an iteration when all users are busy (drop)"},
    {.name = "method",
     .short_name = 'X',
     .type = OPT_STRING,
     .offset = OWN(method),
     .value_name = "METHOD",
     .group = "With a URL",
     .help = "the request's method (default: GET, with --body POST)"},
    {.name = "header",
     .short_name = 'H',
     .type = OPT_LIST,
     .offset = OWN(headers),
     .value_name = "'NAME: VALUE'",
     .group = "With a URL",
     .help = "add a header to the request"},
    {.name = "body",
     .type = OPT_STRING,
     .offset = OWN(body),
     .value_name = "TEXT",
     .group = "With a URL",
     .help = "the request's body"},
    {.name = "target",
     .type = OPT_STRING,
     .offset = OWN(target),
     .env = "LOADPILOT_TARGET",
     .value_name = "URL",
     .group = "With Python",
     .help =
         "what the paths of a LoadPilot scenario are relative to (LOADPILOT_TARGET in .env, else "
         "http://localhost:8000)"},
    {.name = "scenario",
     .type = OPT_STRING,
     .offset = OWN(scenario),
     .value_name = "NAME",
     .group = "With Python",
     .help = "which scenario of the file to run, when there are several"},
    {.name = "blocking",
     .type = OPT_LIST,
     .offset = OWN(blocking),
     .value_name = "MODULE:NAME",
     .group = "With Python",
     .help = "a function or method that blocks, such as sqlite3:connect: calls of it run on helper "
             "threads (several times)"},
    {.name = "helper-threads",
     .type = OPT_INT,
     .offset = OWN(helper_threads),
     .min = 1,
     .max = 10000,
     .value_name = "N",
     .group = "With Python",
     .help = "how many calls marked as blocking run at once in a process; more wait (64)"},
    {.name = "dry-run",
     .type = OPT_FLAG,
     .offset = OWN(dry_run),
     .group = "With Python",
     .help = "print the plan as JSON, as LoadPilot does, and send nothing"},
    {.name = "summary",
     .type = OPT_STRING,
     .offset = OWN(summary),
     .env = "BRUNT_SUMMARY",
     .values = (const char *const[]){"brunt", "locust", NULL},
     .group = "With Python",
     .help = "whose tables a locustfile's run shows: brunt's, or Locust's while it runs and at its "
             "end (default: the command's own)"},
    {.name = "compat",
     .type = OPT_STRING,
     .offset = OWN(compat),
     .env = "BRUNT_COMPAT",
     .values = (const char *const[]){"exact", NULL},
     .group = "With Python",
     .help = "exact: a locustfile's files, tables and web API have percentiles of times that were "
             "rounded to two digits, as Locust has them"},
};

static const struct opt_example examples[] = {
    {"brunt run script.js", "run a script with the options it exports"},
    {"brunt run scenario.py --target https://staging", "run a LoadPilot scenario"},
    {"brunt run -u 50 -d 30s script.js", "50 users for 30 seconds"},
    {"brunt run -s 30s:20 -s 1m:100 -s 10s:0 script.js", "up, further up, and down"},
    {"brunt run -e BASE_URL=https://staging script.js", "set a variable of __ENV"},
    {"brunt run http://127.0.0.1:8080/ -c 50 -d 10s", "one URL over 50 connections"},
    {"brunt run http://127.0.0.1:8080/ --rate 2000 -d 1m",
     "2,000 requests a second, come what may"},
};

const struct opt_table *loadtest_table(const char *command)
{
    static struct opt_row rows[PLAN_OPTION_COUNT + countof(own_rows)];
    static struct opt_table table = {
        .operands = "SCRIPT|URL|- [-- ARGUMENT...]",
        .about =
            "SCRIPT is a k6 script (.js, .ts), a LoadPilot scenario (.py), or - for standard input. With a URL, one request "
            "is repeated; -c is the number of connections (10), -d the time (10s), and --rate starts "
            "requests at a rate, whatever the answers take.\n\n"
            "Options are taken from the file that --config names, the script, the environment "
            "and the command line; the later ones win. Most have a variable: --vus is K6_VUS.",
        .rows = rows,
        .examples = examples,
        .n_examples = countof(examples),
        .min_operands = 1,
        .max_operands = 200,
        .operand_hint = OPT_HINT_FILE,
    };

    if (!table.n_rows) {
        size_t n = plan_option_opt_rows(offsetof(struct loadtest, cli), rows);

        memcpy(rows + n, own_rows, sizeof(own_rows));
        table.n_rows = n + countof(own_rows);
    }
    table.name = command;
    table.summary = strcmp(command, "brunt run") == 0
                        ? "Run a load test."
                        : "Print the options and scenarios of a test as JSON.";
    return &table;
}

static struct log_options log_options(const struct loadtest *t, enum log_level level)
{
    const struct plan_options *o = &t->early;

    return (struct log_options){.level = o->verbose ? LOG_LEVEL_DEBUG : level,
                                .color = o->no_color ? LOG_COLOR_NEVER : LOG_COLOR_AUTO,
                                .redact = t->redact};
}

int loadtest_open_log(const struct loadtest *t, enum log_level level, struct log **ret_log)
{
    const struct plan_options *o = &t->early;
    struct log_options options = log_options(t, level);

    if (!log_format_parse(str_of(o->log_format), &options.format))
        return fault(-EINVAL, "--log-format: '%s' is none of text, json, raw", o->log_format);
    TRY(log_open(o->log_output, &options, ret_log));
    return 0;
}

static int open_logs(struct loadtest *t)
{
    const struct plan_options *o = &t->early;

    TRY(loadtest_open_log(t, LOG_LEVEL_INFO, &t->log));
    if (o->console_output[0]) {
        scoped(freep) char *output = xasprintf("file=%s", o->console_output);

        struct log_options options = log_options(t, LOG_LEVEL_INFO);

        ignored(log_format_parse(str_of(o->log_format), &options.format));
        TRY(log_open(output, &options, &t->console));
    }
    return 0;
}

int loadtest_open(struct loadtest *t, const struct opt_table *table, int argc, char **argv)
{
    *t = (struct loadtest){.own = {.spool_max = 1024,
                                   .drain_timeout = 30 * NS_PER_S,
                                   .capture = 3,
                                   .capture_body = 4096,
                                   .store_runs = 1000,
                                   .store_size = 2048}};
    plan_options_init(&t->cli, &t->arena);
    plan_options_init(&t->env, &t->arena);
    plan_options_init(&t->early, &t->arena);
    plan_options_init(&t->config, &t->arena);
    plan_options_init(&t->script_options, &t->arena);
    struct opt_args args;
    int r = opt_parse(table, t, argc, argv, &args);

    if (r < 0)
        return r;
    t->args = args;
    if (r)
        return r;
    t->operand = t->args.operands[0];
    t->is_url = loadtest_is_url(t->operand);
    if (t->args.n_operands > 1 && !str_ends(str_of(t->operand), STR(".py"))) {
        return fault(-EINVAL, "%s takes one script or URL, and '%s' is one more", table->name,
                     t->args.operands[1]);
    }
    if (t->is_url)
        TRY(loadtest_url_options(t));
    TRY(loadtest_rate_options(t));
    TRY(plan_options_from_env(&t->env, cli_env, NULL));
    plan_options_apply(&t->early, &t->env, PLAN_TIER_ENV, &(struct plan_strings){0});
    plan_options_apply(&t->early, &t->cli, PLAN_TIER_CLI, &(struct plan_strings){0});
    t->redact = redact_new();
    TRY(open_logs(t));
    TRY(secrets_open(t->early.secret_source.items, t->early.secret_source.n, t->redact,
                     &t->secrets));
    return 0;
}

bool loadtest_colors(const struct loadtest *t, int fd)
{
    return !t->early.no_color && cli_wants_color(fd);
}

/* ---- the script ---- */

struct env_list {
    const char **names;
    const char **values;
    size_t n;
};

static void env_put(struct env_list *list, struct arena *arena, struct str name, const char *value)
{
    for (size_t i = 0; i < list->n; i++) {
        if (str_is(name, list->names[i])) {
            list->values[i] = value;
            return;
        }
    }
    list->names[list->n] = arena_str(arena, name).p;
    list->values[list->n++] = value;
}

static void collect_env(struct loadtest *t, struct env_list *ret_list)
{
    const struct plan_map *given = &t->early.script_env;
    size_t n = 0;

    while (environ[n])
        n++;
    ret_list->names = arena_new_n(&t->arena, const char *, n + given->n + 1);
    ret_list->values = arena_new_n(&t->arena, const char *, n + given->n + 1);
    ret_list->n = 0;
    for (size_t i = 0; i < n && t->early.include_system_env_vars; i++) {
        struct str pair = str_of(environ[i]);
        size_t at = str_find(pair, '=');

        if (at < pair.n)
            env_put(ret_list, &t->arena, str_from(pair.p, at), environ[i] + at + 1);
    }
    for (size_t i = 0; i < given->n; i++)
        env_put(ret_list, &t->arena, str_of(given->items[i].name), given->items[i].value);
}

static int split_header(const char *text, struct http_header *ret_header)
{
    struct str s = str_of(text);
    size_t at = str_find(s, ':');

    if (at == 0 || at == s.n)
        return fault(-EINVAL, "--header '%s': a header is written as 'Name: value'", text);
    ret_header->name = str_trim(str_from(s.p, at));
    ret_header->value = str_trim(str_from_index(s, at + 1));
    if (!http1_is_token(ret_header->name) || !http1_is_value(ret_header->value))
        return fault(-EINVAL, "--header '%s': a name or value that cannot be sent", text);
    return 0;
}

static int make_request(struct loadtest *t)
{
    const struct loadtest_own *own = &t->own;
    struct url *url;

    t->headers = xnew_n(struct http_header, own->headers.n_items);
    for (size_t i = 0; i < own->headers.n_items; i++)
        TRY(split_header(own->headers.items[i], &t->headers[i]));
    t->expected = xcalloc(1, sizeof(*t->expected) + sizeof(t->expected->range[0]));
    t->expected->n = 1;
    t->expected->range[0].min = 200;
    t->expected->range[0].max = 399;
    TRY(url_parse(str_of(t->operand), NULL, &url));
    t->request = (struct http_request){
        .method = str_of(own->method ? own->method
                         : own->body ? "POST"
                                     : "GET"),
        .url = url,
        .headers = t->headers,
        .n_headers = own->headers.n_items,
        .body = str_of(own->body),
        .has_body = own->body != NULL,
        .body_mode = HTTP_BODY_DISCARD,
        .lean = true,
        .timeout = 60 * NS_PER_S,
        .max_redirects = (int)t->early.max_redirects,
        .expected = t->expected,
    };
    return 0;
}

static const struct script_ops *language_of(const char *path)
{
    struct str name = str_of(path);

    for (size_t i = 0; script_languages[i]; i++)
        for (size_t k = 0; script_languages[i]->suffixes[k]; k++)
            if (str_ends(name, str_of(script_languages[i]->suffixes[k])))
                return script_languages[i];
    /* Standard input, and files without a telling name, are JavaScript as they are for k6. */
    return script_languages[0];
}

/* Before there is a run: logs only. */
static void init_log(void *arg, const struct vu *vu UNUSED, enum script_log_level level,
                     enum script_log_source source, struct str message, struct str field,
                     struct str value)
{
    const struct run_script_line line = {level, source, message, field, value};
    struct loadtest *t = arg;

    run_log_script(t->log, t->console, &line);
}

static uint64_t init_exception(void *arg, const struct vu *vu UNUSED,
                               const struct script_exception *e)
{
    const struct log_field field = {STR("hint"), STR("script exception")};

    log_write(((struct loadtest *)arg)->log, LOG_LEVEL_ERROR, e->line, &field, 1);
    return 0;
}

static void init_exec_info(void *arg UNUSED, struct vu *vu UNUSED,
                           struct script_exec_info *ret_info)
{
    *ret_info = (struct script_exec_info){0};
}

static void init_say(void *arg UNUSED, struct vu *vu UNUSED, struct str message UNUSED)
{
}

static int init_secret(void *arg, struct str source, struct str key, struct buf *ret_value)
{
    return secrets_get(((struct loadtest *)arg)->secrets, source, key, ret_value);
}

static const struct vu_run_ops init_ops = {
    .log = init_log,
    .exception = init_exception,
    .exec_info = init_exec_info,
    .secret = init_secret,
    .abort = init_say,
    .fail = init_say,
};

static int fetch(void *arg, const char *url, struct buf *ret_body, int *ret_status)
{
    struct loadtest *t = arg;

    log_info(t->log, "fetching %s", url);
    return vu_fetch(url, ret_body, ret_status);
}

static int check_mode(const char *mode)
{
    static const char *const known[] = {"extended", "base", "experimental_enhanced"};

    for (size_t i = 0; i < countof(known); i++)
        if (strcmp(mode, known[i]) == 0)
            return 0;
    return fault(-EINVAL, "--compatibility-mode: '%s' is none of extended, base", mode);
}

static int load_script(struct loadtest *t)
{
    const struct script_ops *ops = t->is_url ? &script_null_ops : language_of(t->operand);
    struct env_list env;

    TRY(check_mode(t->early.compatibility_mode));
    collect_env(t, &env);
    if (t->is_url)
        TRY(make_request(t));
    struct script_config config = {
        .path = t->operand,
        .env_names = env.names,
        .env_values = env.values,
        .n_env = env.n,
        .metrics = t->registry,
        .request = &t->request,
        .full_contexts = t->own.full_contexts,
        .offline = t->own.offline,
        .fetch = fetch,
        .fetch_arg = t,
        .compat_base = strcmp(t->early.compatibility_mode, "extended") != 0,
        .target = t->own.target,
        .scenario = t->own.scenario,
        .wants_plan = t->own.dry_run,
        .helper_threads = (int)t->own.helper_threads,
        .blocking = t->own.blocking.items,
        .n_blocking = t->own.blocking.n_items,
        .args = t->args.operands + 1,
        .n_args = t->args.n_operands - 1,
        .n_processes = run_workers_most(t, ops),
        .n_processes_least = (unsigned)t->own.workers,
    };

    t->init_tags = tag_pool_new();
    t->init_host = vu_init_host(&init_ops, t, t->init_tags);
    TRY(ops->load(&config, t->init_host, &t->script));
    return 0;
}

/* ---- the plan ---- */

/* The default file may be missing, one that was named may not. */
static int read_config(struct loadtest *t, struct plan_strings *warnings)
{
    const char *path = t->early.config_file;
    struct buf data = BUF_INIT(64 << 20);

    if (!path[0])
        return 0;
    int r = cli_read_file(path, &data);

    if (r < 0)
        r = fault(FAULT_EXIT(104), "configuration file: %s", fault_text());
    else
        r = plan_options_from_json(&t->config, PLAN_TIER_CONFIG, buf_str(&data), warnings);
    buf_fini(&data);
    TRY(r);
    t->has_config = true;
    return 0;
}

static void log_warnings(struct loadtest *t, const struct plan_strings *warnings)
{
    for (size_t i = 0; i < warnings->n; i++)
        log_warn(t->log, "%s", warnings->items[i]);
}

/* Options that are read and do nothing yet. */
static const struct {
    enum plan_option id;
    const char *harmless; /* a value that asks for nothing, or NULL */
    const char *effect;
} missing[] = {
    {PLAN_TRACES_OUTPUT, "none", "--traces-output: there are no traces yet"},
    {PLAN_TYPE, "js", "--type: archives can't be read yet, the file is taken for a script"},
};

static bool asks_for_nothing(const struct plan_options *o, enum plan_option id,
                             const char *harmless)
{
    const void *field = (const char *)o + plan_option_rows[id].offset;

    if (plan_option_rows[id].type == PLAN_TYPE_BOOL)
        return !*(const bool *)field;
    return harmless && strcmp(*(const char *const *)field, harmless) == 0;
}

/* Whoever sets an option that does nothing hears of it. */
static void warn_of_missing(struct loadtest *t)
{
    const struct plan_options *o = t->plan->options;

    for (size_t i = 0; i < countof(missing); i++) {
        if (plan_is_set(o, missing[i].id) &&
            !asks_for_nothing(o, missing[i].id, missing[i].harmless))
            log_warn(t->log, "%s", missing[i].effect);
    }
}

static int build_plan(struct loadtest *t)
{
    const struct script *s = t->script;
    const char **exports = arena_new_n(&t->arena, const char *, s->n_exports + 1);
    struct plan_strings warnings = {0};
    size_t n = 0;

    for (size_t i = 0; i < s->n_exports; i++)
        if (s->exports[i].callable)
            exports[n++] = s->exports[i].name;
    TRY(read_config(t, &warnings));
    if (s->options_json)
        TRY(plan_options_from_json(&t->script_options, PLAN_TIER_SCRIPT, str_of(s->options_json),
                                   &warnings));
    log_warnings(t, &warnings);
    struct plan_layers layers = {
        .config = t->has_config ? &t->config : NULL,
        .script = s->options_json ? &t->script_options : NULL,
        .env = &t->env,
        .cli = &t->cli,
        .exports = exports,
        .n_exports = n,
    };

    t->exports = exports;
    t->n_exports = n;
    TRY(plan_build(&t->arena, &layers, &t->plan));
    log_warnings(t, &t->plan->warnings);
    warn_of_missing(t);
    return 0;
}

int loadtest_load(struct loadtest *t)
{
    t->registry = metric_registry_new();
    TRY(load_script(t));
    TRY(build_plan(t));
    return 0;
}

/* A layer without its number of users: set anywhere, it would make a scenario of its own. */
static struct plan_options without_vus(const struct plan_options *o)
{
    struct plan_options copy = *o;

    copy.set[PLAN_VUS / 64] &= ~(1ULL << PLAN_VUS % 64);
    return copy;
}

int loadtest_replan(const struct loadtest *t, struct arena *arena, const char *json,
                    struct plan **ret_plan)
{
    struct plan_options over, config = without_vus(&t->config), env = without_vus(&t->env);
    struct plan_options script = without_vus(&t->script_options), cli = without_vus(&t->cli);
    struct plan_strings warnings = {0};
    struct plan_layers layers = {
        .config = t->has_config ? &config : NULL,
        .script = &script,
        .env = &env,
        .cli = &cli,
        .exports = t->exports,
        .n_exports = t->n_exports,
    };

    plan_options_init(&over, arena);
    TRY(plan_options_from_json(&over, PLAN_TIER_SCRIPT, str_of(json), &warnings));
    cli.arena = arena;
    plan_options_apply(&cli, &over, PLAN_TIER_CLI, &warnings);
    TRY(plan_build(arena, &layers, ret_plan));
    return 0;
}

void loadtest_close(struct loadtest *t)
{
    if (t->script)
        t->script->ops->free(t->script);
    if (t->init_host)
        vu_init_host_free(t->init_host);
    tag_pool_free(t->init_tags);
    url_unref((struct url *)(uintptr_t)t->request.url);
    free(t->headers);
    free(t->expected);
    if (t->registry)
        metric_registry_free(t->registry);
    secrets_free(t->secrets);
    log_free(t->console);
    log_free(t->log);
    redact_free(t->redact);
    opt_list_fini(&t->own.headers);
    opt_list_fini(&t->own.labels);
    opt_list_fini(&t->own.blocking);
    opt_list_fini(&t->own.reports);
    opt_args_fini(&t->args);
    arena_fini(&t->arena);
}
