/*
 * brunt run SCRIPT|URL: everything happens on one coroutine of the main loop, from reading the
 * script to writing the summary; users have loops of their own (run/).
 */
#include "cli/cmd_run.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/loadtest.h"
#include "cli/loadtest_run.h"
#include "cli/locust_swarm.h"
#include "cli/locust_web.h"
#include "cli/run_api.h"
#include "cli/run_capture.h"
#include "cli/run_id.h"
#include "cli/run_live.h"
#include "cli/run_loadpilot.h"
#include "cli/run_locust.h"
#include "cli/run_output.h"
#include "cli/run_report.h"
#include "cli/run_row.h"
#include "cli/run_sinks.h"
#include "cli/run_store.h"
#include "cli/run_ui.h"
#include "cli/run_verdict.h"
#include "cli/run_workers.h"
#include "cli/stop_signals.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "run/preflight.h"
#include "run/run.h"

struct run_command {
    struct loadtest test;
    char *const *argv;
    struct loop *loop;
    struct stop_signals *signals;
    struct run *run;
    struct run_workers *workers;
    enum run_style style;
    struct run_locust *locust;
    struct locust_web *web; /* NULL: none */
    bool is_served;         /* `web` and `signals` live longer than this run */
    bool is_to_serve;       /* it is no run, but waits for others (cli/locust_swarm.h) */
    struct run_live *live;
    struct run_api *api;
    struct run_sinks *sinks;
    struct run_capture *capture;
    struct run_store *store;
    struct run_loadpilot *loadpilot;
    struct run_ui *ui;
    char *reason; /* the fault that ended the run; NULL: none */
    int exit_code;
};

static void on_signal(void *arg, const char *name)
{
    struct run_command *c = arg;

    log_debug(c->test.log, "stopping on a signal: %s", name);
    if (c->is_served)
        locust_web_quit(c->web);
    run_stop(c->run, RUN_STOP_SIGNAL, str_of(name));
}

/* What this machine cannot do is said before it fails. */
static void look_ahead(struct run_command *c)
{
    struct loadtest *t = &c->test;
    struct preflight_facts facts;
    struct run_totals totals;
    struct buf warnings = {0};
    struct str rest, line;

    run_totals(c->run, &totals);
    preflight_look(t->plan, totals.n_loops, &facts);
    preflight_judge(&facts, &warnings);
    rest = buf_str(&warnings);
    while (str_split(&rest, '\n', &line)) {
        if (line.n)
            log_warn(t->log, "%.*s", STR_ARG(line));
    }
    buf_fini(&warnings);
}

static void on_sample(void *arg, struct run *run, mono_ns now)
{
    run_sinks_sample(((struct run_command *)arg)->sinks, run, now);
}

static void on_tick(void *arg, struct run *run)
{
    struct run_command *c = arg;

    run_live_tick(c->live, run);
    run_loadpilot_tick(c->loadpilot, run);
    run_sinks_tick(c->sinks, run, c->loadpilot);
    run_locust_tick(c->locust);
    run_capture_tick(c->capture, run);
    run_store_tick(c->store);
    locust_web_key(c->web, run_store_key(c->store));
    run_ui_tick(c->ui);
}

/* ---- the page ---- */

static const struct store_run *row_of(void *arg)
{
    return run_store_run(((struct run_command *)arg)->store);
}

static void on_event(void *arg, const struct store_event *e)
{
    run_ui_event(((struct run_command *)arg)->ui, e);
}

static int open_page(struct run_command *c)
{
    const struct run_ui_config config = {
        .test = &c->test,
        .loop = c->loop,
        .run = c->run,
        .store = run_ui_is_wanted(&c->test) ? run_store_path(c->store) : NULL,
        .row = row_of,
        .arg = c,
    };

    TRY(run_ui_new(&config, &c->ui));
    run_store_tell(c->store, on_event, c);
    return 0;
}

static int make_run(struct run_command *c)
{
    struct loadtest *t = &c->test;
    struct run_config config = loadtest_run_config(t, c->loop);

    config.no_thresholds = t->plan->options->no_thresholds;
    config.paused = t->plan->options->paused;
    config.capture = (unsigned)t->own.capture;
    config.capture_body = (size_t)t->own.capture_body;
    config.secrets = t->redact;
    config.on_recorder = run_sinks_recorder;
    config.on_recorder_arg = &c->sinks;
    config.on_sample = on_sample;
    config.on_tick = on_tick;
    config.arg = c;
    TRY(run_workers_new(t, c->loop, c->argv, &c->workers));
    run_workers_configure(c->workers, &config);
    TRY(run_new(&config, &c->run));
    TRY(run_sinks_open(c->sinks, c->run));
    if (c->workers && run_sinks_want_samples(c->sinks)) {
        return fault(FAULT_EXIT(104),
                     "--workers: single samples (-o json, csv, samples=all) stay in "
                     "the workers; use threads, --loops N");
    }
    return 0;
}

/* Says once, on standard error, why the run ended; gives its exit code. */
static int conclude(struct run_command *c, int r)
{
    struct run_totals totals;

    /* Who serves /swarm ends its tests by /stop: nothing has gone wrong. */
    bool is_usual = c->is_served && run_stopped(c->run) == RUN_STOP_REMOTE;

    if (r < 0) {
        if (is_usual)
            log_info(c->test.log, "%s", fault_text());
        else
            log_error(c->test.log, "%s", fault_text());
        c->reason = xstrdup(fault_text());
    }
    run_totals(c->run, &totals);
    if (!totals.complete && fault_exit_code(r) != 107)
        log_warn(c->test.log, "No script iterations fully finished, consider making the test "
                              "duration longer");
    return run_exit_code(c->run, r);
}

static enum run_store_need store_need(const struct run_command *c)
{
    const struct loadtest *t = &c->test;

    return run_report_is_wanted(t) || run_ui_is_wanted(t) || c->web ? RUN_STORE_NEEDED
                                                                    : RUN_STORE_KEEP;
}

/* ---- Locust's web API ---- */

static int open_web(struct run_command *c)
{
    const struct locust_web_config config = {.test = &c->test, .log = c->test.log};

    if (c->web || !locust_web_is_wanted(&c->test))
        return 0;
    TRY(locust_web_new(&config, &c->web));
    log_info(c->test.log, "Locust's web API at %s", locust_web_url(c->web));
    return 0;
}

static void begin_web(struct run_command *c)
{
    /* Asking for the store's path waits until its file is open. */
    if (!c->web)
        return;
    locust_web_begin(c->web, &(struct locust_web_run){
                                 .test = &c->test,
                                 .loop = c->loop,
                                 .run = c->run,
                                 .locust = c->locust,
                                 .workers = c->workers,
                                 .store = run_store_path(c->store),
                             });
}

/* A signal that came before anybody told the run of it. */
static void catch_up(struct run_command *c)
{
    if (c->is_served && locust_web_has_quit(c->web))
        run_stop(c->run, RUN_STOP_SIGNAL, STR("interrupt"));
}

/* After the loop has gone. */
static void leave_web(struct run_command *c)
{
    locust_web_left(c->web);
    if (!c->is_served)
        locust_web_free(c->web);
}

/* --dry-run: the plan in the words of the script's own tool. */
static int show_plan(const struct loadtest *t)
{
    if (!t->script->plan_json) {
        return fault(-EINVAL,
                     "--dry-run prints the plan of a LoadPilot scenario; for other scripts "
                     "there is 'brunt inspect'");
    }
    printf("%s\n", t->script->plan_json);
    return 0;
}

/* Until nobody wants to see the end any more. Who is served may begin the next test. */
static void linger(struct run_command *c)
{
    const struct loadtest *t = &c->test;

    if (t->plan->options->linger && !c->is_served) {
        log_info(t->log, "the test is over; --linger waits for Ctrl-C");
        run_live_linger(c->live, c->signals);
        return;
    }
    run_sinks_linger(c->sinks, c->signals);
    if (!c->is_served)
        run_ui_linger(c->ui, c->signals);
}

static int run_test(struct run_command *c)
{
    struct loadtest *t = &c->test;

    TRY(loadtest_load(t));
    if (t->own.dry_run)
        return show_plan(t);
    c->is_to_serve = !c->is_served && locust_swarm_is_wanted(t, c->style);
    if (c->is_to_serve)
        return 0;
    run_id_choose(t);
    TRY(run_locust_new(t, c->style, &c->locust));
    TRY(open_web(c));
    run_ui_add_export(t);
    TRY(run_store_new(t, store_need(c), &c->store));
    TRY(run_sinks_new(t, c->loop, &c->sinks));
    TRY(run_capture_new(t, &c->capture));
    c->loadpilot = run_loadpilot_new(t);
    c->live = run_live_new(t, c->loop);
    TRY(make_run(c));
    run_locust_begin(c->locust, c->run);
    look_ahead(c);
    TRY(run_api_new(t, c->loop, c->run, &c->api));
    TRY(open_page(c));
    stop_signals_tell(c->signals, on_signal, c);
    run_store_begin(c->store, c->run, c->sinks);
    run_capture_to(c->capture, run_store_exchanges, c->store);
    begin_web(c);
    catch_up(c);
    run_live_start(c->live, c->run);
    int r = run_execute(c->run);

    locust_web_over(c->web);
    run_live_stop(c->live);
    c->exit_code = conclude(c, r);
    run_capture_finish(c->capture, c->run);
    run_sinks_finish(c->sinks, c->signals);
    run_output_summary(t, c->run, c->sinks);
    run_capture_show(c->capture, c->run);
    c->exit_code = run_verdict_exit_code(t, c->run, c->exit_code);
    c->exit_code = run_sinks_exit_code(c->sinks, c->exit_code);
    run_loadpilot_show(c->loadpilot, c->run, c->exit_code);
    c->exit_code = run_locust_end(c->locust, c->exit_code);
    locust_web_end(c->web);
    run_store_end(c->store, &(struct run_ending){c->exit_code, c->reason});
    locust_web_key(c->web, run_store_key(c->store));
    run_report_write(t, c->run, run_store_path(c->store), run_store_key(c->store));
    run_ui_end(c->ui);
    linger(c);
    return 0;
}

/* The run is going away: from now on a signal is for whoever waits for the next one, if anybody. */
static void hear_no_more(struct run_command *c)
{
    stop_signals_tell(c->signals, c->is_served ? locust_web_on_signal : NULL, c->web);
}

static void main_coroutine(void *arg)
{
    struct run_command *c = arg;
    int r = run_test(c);

    if (r < 0) {
        log_error(c->test.log, "%s", fault_text());
        locust_web_failed(c->web, fault_text());
        c->exit_code = fault_exit_code(r);
    }
    hear_no_more(c);
    run_api_close(c->api);
    run_ui_close(c->ui);
    run_sinks_close(c->sinks);
    run_capture_free(c->capture);
    locust_web_keep(c->web, &c->locust);
    run_locust_free(c->locust);
    run_free(c->run);
    run_workers_free(c->workers);
    run_live_free(c->live);
    run_loadpilot_free(c->loadpilot);
    loop_stop(c->loop);
}

static int with_loop(struct run_command *c)
{
    if (!c->is_served)
        TRY(stop_signals_start(&c->signals));
    TRY(loop_new(NULL, &c->loop));
    int r = coro_spawn(c->loop, CORO_STACK_LARGE, main_coroutine, c, NULL);

    if (r == 0)
        r = loop_run(c->loop);
    loop_free(c->loop);
    run_api_free(c->api);
    run_ui_free(c->ui);
    run_sinks_free(c->sinks);
    run_store_free(c->store);
    free(c->reason);
    leave_web(c);
    if (!c->is_served)
        stop_signals_stop(c->signals);
    return r < 0 ? r : c->exit_code;
}

static const struct opt_table *make_options(void)
{
    return loadtest_table("brunt run");
}

static int run_command(struct run_command *c, int argc, char **argv)
{
    const struct opt_table *table = make_options();

    c->argv = argv;
    int r = loadtest_open(&c->test, table, argc, argv);

    if (r == OPT_E_HELP) {
        cli_help(table, &c->test.args);
        c->test.args = (struct opt_args){0};
        r = 0;
    } else if (r == 0) {
        r = with_loop(c);
    }
    if (c->is_to_serve)
        r = locust_swarm_serve(&c->test, argc, argv);
    loadtest_close(&c->test);
    return r;
}

int cmd_run_as(enum run_style style, int argc, char **argv)
{
    struct run_command c = {.style = style};

    return run_command(&c, argc, argv);
}

int cmd_run_served(const struct cmd_run_served *served, int argc, char **argv)
{
    struct run_command c = {.style = RUN_STYLE_LOCUST,
                            .web = served->web,
                            .signals = served->signals,
                            .is_served = true};
    int r = run_command(&c, argc, argv);

    /* Said by the log when there was one; whoever has asked for it is told in any case. */
    if (r < 0)
        locust_web_failed(served->web, fault_text());
    return r;
}

static int run_run(int argc, char **argv)
{
    return cmd_run_as(RUN_STYLE_BRUNT, argc, argv);
}

const struct command cmd_run = {
    .name = "run",
    .help = "run a load test: a script, or one URL",
    .run = run_run,
    .make_options = make_options,
};
