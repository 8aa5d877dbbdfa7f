/*
 * brunt publish FILE|RUN: sends the results of a run again. The outputs are opened as for a run.
 *
 * From the file that --results-json wrote, those that take stored points get the points of the
 * catalogue; the others get one tick in which everything happened, dated to the end of the run.
 * From the history they get the run's ticks, as if it happened now, under the times at which it
 * did.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/opt.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/history_store.h"
#include "cli/publish_stored.h"
#include "cli/stored_run.h"
#include "sink/results.h"
#include "sink/sinks.h"

struct publish {
    const char *store_path;
    struct opt_list to, out;
    span_ns patience;
    bool quiet;
    struct opt_args args;
    const char *path;
    struct results *results; /* of a file; NULL: of a stored run */
    struct stored_run stored;
    struct publish_stored *ticks;
    struct sinks *sinks;
    bool interrupted;
};

#define AT(field) offsetof(struct publish, field)

/* The service's limit is about an hour. */
#define OLD (3600 * NS_PER_S)

static const struct opt_row rows[] = {
    HISTORY_STORE_ROW(AT(store_path)),
    {.name = "to",
     .type = OPT_LIST,
     .offset = AT(to),
     .value_name = "CONNECTION",
     .help = "a connection of `brunt connection list`; may be given several times"},
    {.name = "out",
     .short_name = 'o',
     .type = OPT_LIST,
     .offset = AT(out),
     .value_name = "OUTPUT",
     .help = "any output, as for brunt run; may be given several times"},
    {.name = "drain-timeout",
     .type = OPT_CALL,
     .offset = AT(patience),
     .value_name = "TIME",
     .help = "how long to wait for receivers that are away (default 30s)",
     .call = cli_take_span},
    {.name = "quiet",
     .short_name = 'q',
     .type = OPT_FLAG,
     .offset = AT(quiet),
     .help = "say nothing but what went wrong"},
};

static const struct opt_example examples[] = {
    {"brunt publish latest --to prod", "send the latest run to a Grafana connection"},
    {"brunt publish 20261121T15 -o influxdb=http://127.0.0.1:8086/k6", "or to any other output"},
    {"brunt run --results-json run.json script.js", "keep the results of a run in a file"},
    {"brunt publish run.json --to prod", "and send them from there"},
};

static const struct opt_table table = {
    .name = "brunt publish",
    .operands = "RUN|FILE",
    .summary = "Send the results of a run that is over.",
    .about = HISTORY_RUN_HELP
    " FILE is what `brunt run --results-json FILE` wrote. Points keep the time at which they "
    "were true; Grafana Cloud refuses those that are older than an hour.\n\n"
    "Exit codes: 0 everything was delivered, 104 an output or connection is wrong, 105 "
    "interrupted, 115 something was not delivered, 255 there is no such run, or the file cannot be "
    "read.",
    .rows = rows,
    .n_rows = countof(rows),
    .examples = examples,
    .n_examples = countof(examples),
    .min_operands = 1,
    .max_operands = 1,
    .operand_hint = OPT_HINT_FILE,
};

/* ---- what is sent ---- */

static int read_results(struct publish *p)
{
    scoped(buf_fini) struct buf text = BUF_INIT((size_t)RESULTS_BYTES_MAX + (1 << 20));

    TRY(cli_read_file(p->path, &text));
    if (results_read(buf_str(&text), &p->results) == 0)
        return 0;
    scoped(freep) char *why = xstrdup(fault_text());

    return fault(-EINVAL, "%s: %s", p->path, why);
}

static void warn_of_age(const struct publish *p, wall_ns ended)
{
    span_ns age = clock_wall() - ended;

    if (age > OLD && !p->quiet) {
        fprintf(stderr,
                "brunt: warning: the run ended %lld h ago; Grafana Cloud refuses points that are "
                "older than an hour, and other receivers may too\n",
                (long long)(age / OLD));
    }
}

static void give_points(struct publish *p)
{
    const struct results *r = p->results;

    for (size_t i = 0; i < r->n_points; i++) {
        const struct results_point *stored = &r->points[i];
        struct point_family family = {.name = stored->name, .kind = POINT_GAUGE};
        struct point point = {.family = &family,
                              .labels = stored->tags,
                              .n_labels = stored->n_tags,
                              .value = stored->value,
                              .fresh = true,
                              .start = r->facts.started,
                              .at = stored->at};

        sinks_point(p->sinks, &point);
    }
    sinks_point(p->sinks, NULL);
}

static void give_tick(struct publish *p)
{
    const struct results *r = p->results;
    struct sink_tick tick = {.snapshot = r->snapshot,
                             .facts = &r->facts,
                             .at = r->facts.now,
                             .span = r->facts.elapsed,
                             .is_last = true};

    sinks_tick(p->sinks, &tick);
}

/* ---- outputs ---- */

/* Any thread. */
static void say(void *arg, bool is_warning, const char *text)
{
    const struct publish *p = arg;
    scoped(freep) char *line =
        xasprintf("%s%s\n", is_warning ? "brunt: warning: output " : "", text);

    if (is_warning || !p->quiet)
        cli_write(STDERR_FILENO, str_of(line));
}

static int add_outputs(struct publish *p)
{
    for (size_t i = 0; i < p->to.n_items; i++) {
        scoped(freep) char *spec = xasprintf("leapwork=%s", p->to.items[i]);

        TRY(sinks_add(p->sinks, spec));
    }
    for (size_t i = 0; i < p->out.n_items; i++)
        TRY(sinks_add(p->sinks, p->out.items[i]));
    return 0;
}

static int make_outputs(struct publish *p, const struct vocab_run *run)
{
    struct sinks_config config = {
        .run_id = "publish", .run = run, .env = cli_env, .say = say, .arg = p};

    if (!p->to.n_items && !p->out.n_items)
        return fault(-EINVAL, "say where to: --to CONNECTION or -o OUTPUT");
    p->sinks = sinks_new(&config);
    return add_outputs(p);
}

static int open_outputs(struct publish *p)
{
    if (p->to.n_items && !p->results->n_points)
        return fault(-EINVAL, "%s has no points of the catalogue", p->path);
    TRY(make_outputs(p, &p->results->run));
    return sinks_open(p->sinks, p->results->snapshot);
}

/* ---- delivery ---- */

static void wait_for(struct publish *p)
{
    static const struct timespec between_looks = {.tv_nsec = 20000000};
    mono_ns until = clock_mono() + p->patience;
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    while (sinks_left(p->sinks) && !p->interrupted && clock_mono() < until)
        p->interrupted = sigtimedwait(&set, NULL, &between_looks) > 0;
}

/* Before there are threads, so that none is interrupted. */
static void hold_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static int judge(const struct publish *p)
{
    bool complete = true;

    for (size_t i = 0; i < sinks_count(p->sinks); i++) {
        struct sinks_status status;

        sinks_status(p->sinks, i, &status);
        const struct sink_account *a = &status.account;

        if (!a->produced) {
            /* It takes single samples, or is asked. */
            fprintf(stderr, "brunt: %s: results cannot be published to this output\n",
                    status.label);
            complete = false;
            continue;
        }
        complete &= !status.incomplete && a->acknowledged == a->produced;
        if (!p->quiet || a->acknowledged < a->produced) {
            printf("%s: %llu of %llu points delivered%s%s\n", status.label,
                   (unsigned long long)a->acknowledged, (unsigned long long)a->produced,
                   a->trouble ? ": " : "", a->trouble ? a->trouble : "");
        }
    }
    fflush(stdout);
    if (p->interrupted)
        return fault(FAULT_EXIT(105), "interrupted");
    return complete ? 0 : fault(FAULT_EXIT(115), "not everything was delivered");
}

static int publish_file(struct publish *p)
{
    TRY(read_results(p));
    hold_signals();
    TRY(open_outputs(p));
    warn_of_age(p, p->results->facts.now);
    give_points(p);
    give_tick(p);
    return 0;
}

static int publish_run(struct publish *p)
{
    TRY(stored_run_open(p->store_path, p->path, &p->stored));
    TRY(publish_stored_new(p->stored.store, p->stored.key, &p->ticks));
    hold_signals();
    TRY(make_outputs(p, publish_stored_run(p->ticks)));
    warn_of_age(p, publish_stored_ended(p->ticks));
    return publish_stored_give(p->ticks, &p->sinks, p->patience);
}

/* A name that is both is the file: a run can be named in another way. */
static int publish(struct publish *p)
{
    p->path = p->args.operands[0];
    bool is_file = access(p->path, F_OK) == 0 || strcmp(p->path, "-") == 0;

    TRY(is_file ? publish_file(p) : publish_run(p));
    sinks_drain(p->sinks);
    wait_for(p);
    sinks_close(p->sinks);
    return judge(p);
}

static int run_publish(int argc, char **argv)
{
    struct publish p = {.patience = 30 * NS_PER_S};
    int r = opt_parse(&table, &p, argc, argv, &p.args);

    if (r == OPT_E_HELP) {
        r = cli_help(&table, &p.args);
        p.args = (struct opt_args){0};
    } else if (r == 0) {
        r = publish(&p);
    }
    sinks_free(p.sinks);
    results_free(p.results);
    publish_stored_free(p.ticks);
    stored_run_close(&p.stored);
    opt_list_fini(&p.to);
    opt_list_fini(&p.out);
    opt_args_fini(&p.args);
    return r;
}

const struct command cmd_publish = {
    .name = "publish",
    .help = "send the results of a run that is over",
    .run = run_publish,
    .options = &table,
};
