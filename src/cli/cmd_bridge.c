/*
 * brunt bridge locust: serves what Locust masters tell as Prometheus metrics, carries it to outputs
 * and keeps it in the history. Each master is asked on a coroutine of its own
 * (cli/locust_master.h); a scrape takes what is known and waits for nobody, so a slow master never
 * makes a scrape late.
 *
 * Outputs get a tick when all masters have been asked since the last one, or when it is time and
 * one of them is slow.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/history_store.h"
#include "cli/locust_master.h"
#include "cli/locust_outputs.h"
#include "cli/main_call.h"
#include "cli/stop_signals.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "sink/exposition.h"
#include "web/web_server.h"

enum {
    MASTERS_MAX = 64,
    PAGE_BYTES = 64 << 20,
};

struct bridge {
    struct opt_list urls;
    const char *listen, *namespace, *user, *password_file;
    span_ns interval, timeout;
    bool exact, once, quiet;
    struct opt_list outs;
    const char *vocab, *spool_dir, *store;
    int64_t spool_max; /* MiB */
    span_ns drain_timeout;
    bool no_store;
    struct opt_args args;

    struct log *log;
    struct loop *loop;
    struct stop_signals *signals;
    struct coro *main;
    struct message stop;
    char *authorization;
    struct locust_master *masters[MASTERS_MAX];
    uint64_t asked[MASTERS_MAX]; /* questions to each at the last tick */
    char *labels[MASTERS_MAX];   /* owned */
    size_t n;
    struct locust_outputs *outputs; /* NULL: there are none */
    mono_ns ticked;                 /* when outputs had a tick last */
    bool hurry;                     /* a second signal came */
    bool is_over;                   /* a first did */
    struct web_server *server;
    struct main_call *call;
    int result;
};

#define AT(field) offsetof(struct bridge, field)

/* clang-format off */
static const struct opt_row rows[] = {
    {.name = "url", .short_name = 'u', .type = OPT_LIST, .offset = AT(urls), .value_name = "[NAME=]URL", .env = "LOCUST_EXPORTER_URI",
     .help = "a Locust master's web address (default http://localhost:8089); repeatable: each then has a label master=\"NAME\""},
    {.name = "listen", .short_name = 'l', .type = OPT_STRING, .offset = AT(listen), .value_name = "ADDRESS:PORT",
     .env = "LOCUST_EXPORTER_WEB_LISTEN_ADDRESS", .help = "where metrics are served (default 127.0.0.1:9646); 0.0.0.0:9646 serves other machines too"},
    {.name = "interval", .type = OPT_CALL, .call = cli_take_span, .offset = AT(interval), .value_name = "DURATION",
     .help = "between two questions to a master (default 2s: Locust makes its statistics anew as often)"},
    {.name = "timeout", .type = OPT_CALL, .call = cli_take_span, .offset = AT(timeout), .value_name = "DURATION", .env = "LOCUST_EXPORTER_TIMEOUT",
     .help = "how long an answer may take (default 5s)"},
    {.name = "user", .type = OPT_STRING, .offset = AT(user), .value_name = "NAME", .env = "LOCUST_WEB_USER",
     .help = "user name, where a proxy or Locust asks for one"},
    {.name = "password-file", .type = OPT_STRING, .offset = AT(password_file), .value_name = "FILE", .hint = OPT_HINT_FILE,
     .help = "its password; without this option BRUNT_BRIDGE_PASSWORD has it"},
    {.name = "namespace", .type = OPT_STRING, .offset = AT(namespace), .value_name = "NAME", .env = "LOCUST_METRIC_NAMESPACE",
     .help = "what every name begins with (default locust)"},
    {.name = "exact", .type = OPT_FLAG, .offset = AT(exact),
     .help = "as the originals: the row \"Aggregated\" in every family, which sums then count twice"},
    {.name = "out", .short_name = 'o', .type = OPT_LIST, .offset = AT(outs), .value_name = "OUTPUT", .group = "Outputs",
     .help = "also carry it to an output, as brunt run -o does: remote-write=URL, influxdb=URL, graphite=HOST ...; repeatable"},
    {.name = "vocab", .type = OPT_STRING, .offset = AT(vocab), .env = "BRUNT_VOCAB", .value_name = "NAME[,NAME]", .group = "Outputs",
     .help = "the names under which outputs get it (default locust; ?vocab= for one)"},
    {.name = "drain-timeout", .type = OPT_CALL, .call = cli_take_span, .offset = AT(drain_timeout), .env = "BRUNT_DRAIN_TIMEOUT", .value_name = "TIME",
     .group = "Outputs", .help = "how long to wait at the end for outputs that are away (30s); what is left then stays on disk"},
    {.name = "spool-dir", .type = OPT_STRING, .offset = AT(spool_dir), .env = "BRUNT_SPOOL_DIR", .value_name = "DIR", .hint = OPT_HINT_DIR,
     .group = "Outputs", .help = "where it stays (~/.local/state/brunt/spool); \"off\": in memory only"},
    {.name = "spool-max", .type = OPT_INT, .offset = AT(spool_max), .env = "BRUNT_SPOOL_MAX", .min = 1, .max = 1 << 20, .value_name = "MIB",
     .group = "Outputs", .help = "what one output may keep on disk (1024)"},
    {.name = "store", .type = OPT_STRING, .offset = AT(store), .env = "BRUNT_STORE", .value_name = "FILE", .hint = OPT_HINT_FILE,
     .group = "History", .help = "where Locust's tests are kept as runs (~/.local/share/brunt/runs.db)"},
    {.name = "no-store", .type = OPT_FLAG, .offset = AT(no_store), .env = "BRUNT_NO_STORE", .group = "History", .help = "do not keep them"},
    {.name = "once", .type = OPT_FLAG, .offset = AT(once), .help = "ask once, print the metrics, and end; 1 when a master does not answer"},
    {.name = "quiet", .short_name = 'q', .type = OPT_FLAG, .offset = AT(quiet), .help = "say nothing but what goes wrong"},
};
/* clang-format on */

static const struct opt_example examples[] = {
    {"brunt bridge locust --url http://localhost:8089",
     "metrics at http://127.0.0.1:9646/metrics; Prometheus scrapes them every 2 s"},
    {"brunt bridge locust --url a=http://one:8089 --url b=http://two:8089 --listen 0.0.0.0:9646",
     "two masters, told apart by the label master"},
    {"brunt bridge locust -o remote-write=http://prometheus:9090/api/v1/write",
     "also pushes to Prometheus, under the names that the dashboards ask for"},
    {"brunt bridge locust -o influxdb=http://localhost:8086/locust --no-store",
     "to InfluxDB as well, without keeping tests in the history"},
    {"brunt bridge locust --url http://localhost:8089 --once", "prints what Prometheus would get"},
};

static const struct opt_table table = {
    .name = "brunt bridge",
    .operands = "locust",
    .summary =
        "Serve a running Locust's statistics as Prometheus metrics, carry them to other outputs, and "
        "keep its tests in the history of runs.",
    .about = "/metrics has the names of ContainerSolutions' and vokash3's exporters (dashboards "
             "11985 and 20462), /export/prometheus those of boomer's. A master that does not "
             "answer has locust_up 0 and no other numbers; an endpoint, an error or a worker that "
             "Locust forgets is forgotten here as well.\n\nEach test of a master becomes a run of "
             "`brunt history`: it begins when Locust starts one, and ends when it is stopped, or "
             "when Locust does not answer any more. Requests, failures and users are Locust's "
             "counts; of times there are the quantiles that Locust tells.\n\nEvery Locust since "
             "0.8 is understood.\n\nExit codes: 0 ended by a signal and everything was "
             "delivered, 1 with --once: a master does not answer, 104 an option is wrong, 115 an "
             "output is incomplete.",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
    .min_operands = 1,
    .max_operands = 1,
};

/* ---- a page of metrics, on the main loop ---- */

static size_t sources_of(void *arg, struct locust_source *ret_sources, size_t max)
{
    const struct bridge *b = arg;
    mono_ns now = loop_clock(b->loop);
    size_t n = b->n < max ? b->n : max;

    for (size_t i = 0; i < n; i++)
        locust_master_source(b->masters[i], now, &ret_sources[i]);
    return n;
}

static void put_page(struct bridge *b, enum locust_page page, enum exposition_format format,
                     struct buf *out)
{
    struct locust_source sources[MASTERS_MAX];
    struct locust_points_options options = {
        .page = page, .namespace = str_of(b->namespace), .exact = b->exact};
    struct exposition_options how = {
        .format = format, .seconds = &exposition_seconds, .max_bytes = PAGE_BYTES};
    size_t n = sources_of(b, sources, MASTERS_MAX);
    struct exposition *x = exposition_new(&how, out);

    locust_points(&options, sources, n, exposition_point, x);
    exposition_end(x);
    exposition_free(x);
}

struct question {
    const struct web_request *req;
    struct web_answer *answer;
};

static void answer(void *arg, void *question)
{
    static const struct {
        const char *path;
        enum locust_page page;
    } pages[] = {
        {"/metrics", LOCUST_PAGE_CS},
        {"/export/prometheus", LOCUST_PAGE_BOOMER},
    };
    const struct question *q = question;
    struct web_answer *a = q->answer;

    if (!str_is(q->req->method, "GET")) {
        web_answer_error(a, 405, "Method not allowed", "metrics are read with GET");
        return;
    }
    for (size_t i = 0; i < countof(pages); i++) {
        if (str_is(q->req->path, pages[i].path)) {
            enum exposition_format format = exposition_negotiate(q->req->accept);

            a->status = 200;
            a->content_type = exposition_type(format);
            a->body.limit = PAGE_BYTES;
            put_page(arg, pages[i].page, format, &a->body);
            return;
        }
    }
    web_answer_error(a, 404, "Not found", "metrics are at /metrics and at /export/prometheus");
}

/* On a thread of the server. */
static bool ask(void *arg, const struct web_request *req, struct web_answer *ret_answer)
{
    struct question q = {req, ret_answer};

    return main_call_ask(((struct bridge *)arg)->call, &q);
}

/* ---- outputs ---- */

static bool all_were_asked(const struct bridge *b)
{
    for (size_t i = 0; i < b->n; i++) {
        if (locust_master_asked(b->masters[i]) == b->asked[i])
            return false;
    }
    return true;
}

/* After each question to a master. */
static void on_asked(void *arg)
{
    struct bridge *b = arg;
    mono_ns now = loop_clock(b->loop);

    if (!b->outputs || b->is_over)
        return;
    if (!all_were_asked(b) && now - b->ticked < b->interval + b->interval / 2)
        return;
    for (size_t i = 0; i < b->n; i++) {
        b->asked[i] = locust_master_asked(b->masters[i]);
        locust_master_count(b->masters[i]);
    }
    locust_outputs_tick(b->outputs);
    b->ticked = now;
}

static int make_outputs(struct bridge *b)
{
    struct locust_outputs_config config = {
        .loop = b->loop,
        .log = b->log,
        .specs = &b->outs,
        .vocab = b->vocab,
        .spool_dir = b->spool_dir,
        .spool_bytes = (uint64_t)b->spool_max << 20,
        .namespace = str_of(b->namespace),
        .exact = b->exact,
        .quiet = b->quiet,
        .patience = b->drain_timeout,
        .sources = sources_of,
        .arg = b,
    };

    TRY(locust_outputs_new(&config, &b->outputs));
    return locust_outputs_open(b->outputs);
}

/* A file that was named has to be one; the default one may fail later, with a warning. */
static int check_store(const struct bridge *b)
{
    struct store *store;

    if (!b->store || b->no_store || b->once)
        return 0;
    if (history_open(b->store, STORE_WRITE, &store)) {
        scoped(freep) char *why = xstrdup(fault_text());

        return fault(FAULT_EXIT(104), "--store: %s", why);
    }
    store_close(store);
    return 0;
}

/* ---- masters ---- */

static int take_authorization(struct bridge *b)
{
    scoped(buf_fini) struct buf password = {0}, both = {0}, encoded = {0};

    if (!b->user || !b->user[0])
        return 0;
    if (b->password_file) {
        TRY(cli_read_file(b->password_file, &password));
    } else {
        const char *said =
            getenv("BRUNT_BRIDGE_PASSWORD"); /* NOLINT(concurrency-mt-unsafe): nothing sets it */

        if (!said)
            return fault(FAULT_EXIT(104), "--user needs a password: give --password-file, or set "
                                          "BRUNT_BRIDGE_PASSWORD");
        buf_puts(&password, said);
    }
    struct str word = str_trim(buf_str(&password));

    buf_printf(&both, "%s:%.*s", b->user, STR_ARG(word));
    ignored(base64_encode(BASE64_STD, buf_str(&both), &encoded));
    b->authorization = xasprintf("Basic %.*s", STR_ARG(buf_str(&encoded)));
    return 0;
}

/* "NAME=URL", or an URL whose host is the name when there are several. */
static const char *name_of(struct bridge *b, const char *text, bool several, const char **ret_label)
{
    struct str s = str_of(text);
    size_t at = str_find(s, '=');
    size_t colon = str_find(s, ':');

    if (at < colon) {
        b->labels[b->n] = xstrndup(text, at);
        *ret_label = b->labels[b->n];
        return text + at + 1;
    }
    *ret_label = several ? text : "";
    return text;
}

static int add_master(struct bridge *b, const char *text, bool several)
{
    const char *label;
    const char *url = name_of(b, text, several, &label);
    struct locust_master_config config = {
        .poll = {.loop = b->loop,
                 .log = b->log,
                 .url = url,
                 .label = label,
                 .authorization = b->authorization,
                 .interval = b->interval,
                 .timeout = b->timeout,
                 .once = b->once},
        .history = {.store = b->store, .namespace = str_of(b->namespace), .log = b->log},
        .keeps_history = !b->no_store && !b->once,
        .quiet = b->quiet,
        .asked = on_asked,
        .arg = b,
    };

    TRY(locust_master_new(&config, &b->masters[b->n]));
    b->n++;
    return 0;
}

static int add_masters(struct bridge *b)
{
    if (b->urls.n_items > MASTERS_MAX)
        return fault(FAULT_EXIT(104), "at most %d masters", MASTERS_MAX);
    for (size_t i = 0; i < b->urls.n_items; i++)
        TRY(add_master(b, b->urls.items[i], b->urls.n_items > 1));
    if (!b->urls.n_items)
        TRY(add_master(b, "http://localhost:8089", false));
    return 0;
}

/* ---- the course of it ---- */

static int serve(struct bridge *b)
{
    struct web_server_config config = {
        .address = b->listen, .option = "--listen", .is_public = true, .answer = ask, .arg = b};

    b->call = main_call_new(b->loop, answer, b);
    TRY(web_server_new(&config, &b->server));
    log_info(b->log, "metrics of %zu Locust%s at http://%s/metrics", b->n, b->n == 1 ? "" : "s",
             web_server_address(b->server));
    coro_park(); /* until a signal */
    return 0;
}

/* Prints one page once every master has been asked; says by the result whether all answered. */
static int print_once(struct bridge *b)
{
    scoped(buf_fini) struct buf out = BUF_INIT(PAGE_BYTES);
    bool all = true;

    for (size_t i = 0; i < b->n; i++) {
        struct locust_source source;

        locust_master_wait(b->masters[i]);
        locust_master_source(b->masters[i], loop_clock(b->loop), &source);
        all &= source.stats != NULL;
    }
    put_page(b, LOCUST_PAGE_CS, EXPOSITION_TEXT, &out);
    cli_write(STDOUT_FILENO, buf_str(&out));
    return all ? 0 : 1;
}

static int work(struct bridge *b)
{
    TRY(take_authorization(b));
    TRY(check_store(b));
    TRY(make_outputs(b));
    TRY(add_masters(b));
    return b->once ? print_once(b) : serve(b);
}

/* Outputs get what was counted last before the masters go. */
static void finish(struct bridge *b)
{
    for (size_t i = 0; i < b->n; i++)
        locust_master_count(b->masters[i]);
    int incomplete = locust_outputs_finish(b->outputs, &b->hurry);

    b->result = b->result ? b->result : incomplete;
}

static void main_coroutine(void *arg)
{
    struct bridge *b = arg;

    b->result = work(b);
    if (b->result < 0)
        b->result = cli_fault(b->result);
    b->is_over = true;
    main_call_close(b->call);
    web_server_free(b->server);
    coro_uncancel(coro_self());
    for (size_t i = 0; i < b->n; i++)
        locust_master_stop(b->masters[i]);
    finish(b);
    locust_outputs_close(b->outputs);
    for (size_t i = 0; i < b->n; i++)
        locust_master_free(b->masters[i]);
    loop_stop(b->loop);
}

/* The first signal ends the bridge, another one its patience with outputs. */
static void on_stop(struct loop *l UNUSED, struct message *m)
{
    struct bridge *b = container_of(m, struct bridge, stop);

    if (b->is_over)
        b->hurry = true;
    else
        coro_cancel(b->main);
}

/* On the thread of the signals. */
static void on_signal(void *arg, const char *name UNUSED)
{
    struct bridge *b = arg;

    b->stop.fn = on_stop;
    loop_post(b->loop, &b->stop);
}

static int with_loop(struct bridge *b)
{
    TRY(stop_signals_start(&b->signals));
    TRY(loop_new(NULL, &b->loop));
    int r = coro_spawn(b->loop, CORO_STACK_LARGE, main_coroutine, b, &b->main);

    stop_signals_tell(b->signals, on_signal, b);
    if (r == 0)
        r = loop_run(b->loop);
    stop_signals_tell(b->signals, NULL, NULL);
    loop_free(b->loop);
    locust_outputs_free(b->outputs);
    main_call_free(b->call);
    stop_signals_stop(b->signals);
    return r < 0 ? r : b->result;
}

static int check(struct bridge *b)
{
    if (strcmp(b->args.operands[0], "locust") != 0)
        return fault(-EINVAL, "no bridge to \"%s\": there is one to locust", b->args.operands[0]);
    if (b->interval < 100 * NS_PER_MS)
        return fault(FAULT_EXIT(104), "--interval: at least 100ms");
    if (b->timeout < NS_PER_MS)
        return fault(FAULT_EXIT(104), "--timeout: at least 1ms");
    if (b->once && b->outs.n_items)
        return fault(FAULT_EXIT(104), "--once prints the metrics: there is no -o with it");
    return 0;
}

static void bridge_fini(struct bridge *b)
{
    for (size_t i = 0; i < MASTERS_MAX; i++)
        free(b->labels[i]);
    free(b->authorization);
    log_free(b->log);
    opt_list_fini(&b->urls);
    opt_list_fini(&b->outs);
    opt_args_fini(&b->args);
    free(b);
}

static int run(int argc, char **argv)
{
    struct bridge *b = xnew(struct bridge);

    b->listen = "127.0.0.1:9646";
    b->namespace = "locust";
    b->interval = 2 * NS_PER_S;
    b->timeout = 5 * NS_PER_S;
    b->drain_timeout = 30 * NS_PER_S;
    b->spool_max = 1024;
    int r = opt_parse(&table, b, argc, argv, &b->args);

    if (r == OPT_E_HELP) {
        cli_help(&table, &b->args);
        b->args = (struct opt_args){0};
        r = 0;
    } else if (r == 0) {
        struct log_options options = {.level = b->quiet ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO};

        r = check(b);
        if (r == 0)
            r = log_open("stderr", &options, &b->log);
        if (r == 0)
            r = with_loop(b);
    }
    bridge_fini(b);
    return r;
}

const struct command cmd_bridge = {
    .name = "bridge",
    .help = "carry a running Locust's statistics to Prometheus, other outputs and the history",
    .run = run,
    .options = &table,
};
