/*
 * brunt find SCRIPT|URL --slo EXPR: the highest arrival rate that holds an objective. The search
 * (run/search.h) says which rate to try, a probe (find_probe.h) tries it, on one coroutine of the
 * main loop.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/find_options.h"
#include "cli/find_probe.h"
#include "cli/find_report.h"
#include "cli/loadtest.h"
#include "cli/stop_signals.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "run/preflight.h"
#include "run/run.h"

/* Memory for users that are all busy; --max-vus says otherwise. */
#define MAX_VUS_DEFAULT 20000

/* What is left of a target's queue after a probe that it could not finish. */
#define PAUSE_MAX  (60 * NS_PER_S)
#define PAUSE_STEP (50 * NS_PER_MS)

enum {
    EXIT_INTERRUPTED = 105,
    EXIT_GENERATOR = 112,
    EXIT_NOT_HELD = 113,
    EXIT_UNSETTLED = 114,
};

struct find_command {
    struct find_options options;
    struct search *search;
    struct find_probe_config probing;
    struct find_probe *probes;
    size_t n_probes, cap_probes;
    struct loop *loop;
    struct stop_signals *signals;
    struct run *run; /* while one is under way */
    int text_fd;     /* where people read */
    bool on_terminal;
    enum search_phase phase;
    bool stopping;
    struct message stop_msg;
    const char *signal_name;
    int exit_code;
};

/* ---- what people see ---- */

static void show(struct find_command *c, struct buf *text)
{
    if (!c->options.test.plan->options->quiet)
        cli_write(c->text_fd, buf_str(text));
    buf_fini(text);
}

static void show_progress(void *arg, double rate, span_ns elapsed, bool warm)
{
    struct find_command *c = arg;
    struct buf out = {0};

    if (!c->on_terminal)
        return;
    buf_printf(&out, "\r  %-7s %g/s  %s %.1fs\033[K\r", search_phase_name(c->phase), rate,
               warm ? "measuring" : "warming up", (double)elapsed / 1e9);
    show(c, &out);
}

static void show_probe(struct find_command *c, const struct find_probe *p)
{
    struct buf out = {0};

    if (c->on_terminal)
        buf_puts(&out, "\r\033[K");
    find_report_line(c->options.objectives, p, c->phase, &out);
    show(c, &out);
}

static void fill_report(struct find_command *c, struct find_report *ret_report)
{
    size_t n;

    *ret_report = (struct find_report){
        .test = c->options.test.operand,
        .slo = buf_cstr(&c->options.slo_text),
        .objectives = c->options.objectives,
        .probes = c->probes,
        .steps = search_probes(c->search, &n),
        .n = c->n_probes,
        .config = c->options.search,
        .warmup = c->options.warmup,
        .length = c->options.length,
    };
    search_result(c->search, &ret_report->result);
}

static int write_report(struct find_command *c)
{
    struct find_report report;
    struct buf text = {0}, json = BUF_INIT(64 << 20);
    int r = 0;

    fill_report(c, &report);
    if (c->on_terminal)
        buf_puts(&text, "\r\033[K");
    find_report_text(&report, &text);
    cli_write(c->text_fd, buf_str(&text));
    buf_fini(&text);
    if (c->options.json) {
        find_report_json(&report, &json);
        if (strcmp(c->options.json, "-") == 0)
            cli_write(STDOUT_FILENO, buf_str(&json));
        else
            r = cli_write_file(c->options.json, buf_str(&json));
    }
    buf_fini(&json);
    TRY(r);
    return 0;
}

/* ---- stopping ---- */

static void on_stop_message(struct loop *l UNUSED, struct message *m)
{
    struct find_command *c = container_of(m, struct find_command, stop_msg);

    c->stopping = true;
    if (c->run)
        run_stop(c->run, RUN_STOP_SIGNAL, str_of(c->signal_name));
}

/* On the thread of the signals, once: the next one ends the program. */
static void on_signal(void *arg, const char *name)
{
    struct find_command *c = arg;

    c->signal_name = name;
    loop_post(c->loop, &c->stop_msg);
}

static void note_run(void *arg, struct run *run)
{
    struct find_command *c = arg;

    c->run = run;
    if (run && c->stopping)
        run_stop(run, RUN_STOP_SIGNAL, str_of(c->signal_name));
}

/* ---- the course ---- */

static int choose_scenario(struct find_command *c)
{
    const struct plan *plan = c->options.test.plan;
    struct buf names = {0};
    int r;

    for (size_t i = 0; i < plan->n_scenarios; i++) {
        const struct plan_scenario *s = &plan->scenarios[i];

        buf_printf(&names, "%s%s", i ? ", " : "", s->name);
        if (c->options.scenario ? strcmp(s->name, c->options.scenario) == 0
                                : plan->n_scenarios == 1)
            c->probing.scenario = s;
    }
    if (c->probing.scenario)
        r = 0;
    else if (c->options.scenario)
        r = fault(FAULT_EXIT(104), "--scenario: there is no '%s'; the script has %s",
                  c->options.scenario, buf_cstr(&names));
    else
        r = fault(FAULT_EXIT(104),
                  "the script has several scenarios: say which one to probe, by "
                  "--scenario (%s)",
                  buf_cstr(&names));
    buf_fini(&names);
    TRY(r);
    return 0;
}

/* A target that could not finish has work left: so long as it takes at the pace that it showed. */
static void let_drain(struct find_command *c, const struct find_probe *p)
{
    double s = p->throughput > 0 ? (double)p->unanswered / p->throughput : 0;
    span_ns pause = s < (double)PAUSE_MAX / 1e9 ? (span_ns)(s * 1e9) : PAUSE_MAX;
    mono_ns until = loop_clock(c->loop) + pause;

    while (!c->stopping && loop_clock(c->loop) < until)
        ignored(coro_sleep_until(loop_clock(c->loop) + PAUSE_STEP));
}

static int probe_once(struct find_command *c, double rate)
{
    const struct find_probe *last = c->n_probes ? &c->probes[c->n_probes - 1] : NULL;
    struct find_probe p;
    int r = find_probe_run(&c->probing, rate, last, &p);

    if (c->stopping)
        return 0;
    TRY(r);
    show_probe(c, &p);
    vec_push(c->probes, c->n_probes, c->cap_probes) = p;
    search_put(c->search, &(struct search_probe){.rate = rate,
                                                 .verdict = p.verdict,
                                                 .throughput = p.throughput,
                                                 .latency = p.latency_ms});
    let_drain(c, &p);
    return 0;
}

static int search_all(struct find_command *c)
{
    double rate;

    while (search_next(c->search, &rate, &c->phase)) {
        TRY(probe_once(c, rate));
        if (c->stopping)
            search_stop(c->search);
    }
    return 0;
}

static int exit_code_of(const struct find_command *c)
{
    struct search_result result;

    search_result(c->search, &result);
    switch (result.end) {
    case SEARCH_FOUND:
    case SEARCH_AT_MAX:
        return 0;
    case SEARCH_START_FAILED:
        return EXIT_NOT_HELD;
    case SEARCH_STOPPED:
        return EXIT_INTERRUPTED;
    case SEARCH_GENERATOR:
        return EXIT_GENERATOR;
    default:
        return EXIT_UNSETTLED;
    }
}

/* Metrics are known once the script is loaded: a wrong name is not worth a probe. */
static int check_objectives(struct find_command *c)
{
    struct snapshot_config config = {.registry = c->options.test.registry};
    struct snapshot *snap = snapshot_new(&config);
    int r = objectives_bind(c->options.objectives, snap);

    objectives_unbind(c->options.objectives);
    snapshot_free(snap);
    return r < 0 ? fault(r, "--slo: %s", fault_text()) : 0;
}

/* As many as there are descriptors for connections; loops, logs and files need a few. */
static int64_t most_users(const struct find_command *c)
{
    struct preflight_facts facts;

    preflight_look(c->options.test.plan, 1, &facts);
    if (facts.descriptor_limit < 128 || facts.descriptor_limit > MAX_VUS_DEFAULT + 64)
        return MAX_VUS_DEFAULT;
    return (int64_t)facts.descriptor_limit - 64;
}

static int prepare(struct find_command *c)
{
    struct find_options *o = &c->options;
    struct find_probe_config *p = &c->probing;
    struct buf head = {0};

    TRY(loadtest_load(&c->options.test));
    TRY(check_objectives(c));
    TRY(choose_scenario(c));
    *p = (struct find_probe_config){
        .test = &o->test,
        .loop = c->loop,
        .objectives = o->objectives,
        .scenario = p->scenario,
        .warmup = o->warmup,
        .length = o->length,
        .drain = o->drain,
        .max_vus = o->max_vus ? o->max_vus : most_users(c),
        .on_run = note_run,
        .on_progress = show_progress,
        .arg = c,
    };
    c->text_fd =
        c->options.json && strcmp(c->options.json, "-") == 0 ? STDERR_FILENO : STDOUT_FILENO;
    c->on_terminal = !c->options.test.plan->options->quiet && cli_is_terminal(c->text_fd);
    c->search = search_new(&c->options.search);
    c->stop_msg.fn = on_stop_message;
    stop_signals_tell(c->signals, on_signal, c);
    find_report_head(c->options.objectives, &head);
    show(c, &head);
    return 0;
}

/* What is known is shown even when a probe could not be made. */
static int find(struct find_command *c)
{
    TRY(prepare(c));
    int r = search_all(c);

    if (r < 0) {
        log_error(c->options.test.log, "%s", fault_text());
        search_stop(c->search);
        if (c->n_probes)
            TRY(write_report(c));
        c->exit_code = fault_exit_code(r);
        return 0;
    }
    TRY(write_report(c));
    c->exit_code = exit_code_of(c);
    return 0;
}

static void main_coroutine(void *arg)
{
    struct find_command *c = arg;
    int r = find(c);

    if (r < 0) {
        log_error(c->options.test.log, "%s", fault_text());
        c->exit_code = fault_exit_code(r);
    }
    stop_signals_tell(c->signals, NULL, NULL);
    loop_stop(c->loop);
}

static int with_loop(struct find_command *c)
{
    TRY(stop_signals_start(&c->signals));
    TRY(loop_new(NULL, &c->loop));
    int r = coro_spawn(c->loop, CORO_STACK_LARGE, main_coroutine, c, NULL);

    if (r == 0)
        r = loop_run(c->loop);
    loop_free(c->loop);
    stop_signals_stop(c->signals);
    return r < 0 ? r : c->exit_code;
}

static void find_command_free(struct find_command *c)
{
    search_free(c->search);
    find_options_fini(&c->options);
    free(c->probes);
    free(c);
}

static int run_find(int argc, char **argv)
{
    const struct opt_table *table = find_options_table();
    struct find_command *c = xnew(struct find_command);
    struct find_options *o = &c->options;

    find_options_init(o);
    int r = loadtest_open(&o->test, table, argc, argv);

    if (r == OPT_E_HELP) {
        cli_help(table, &o->test.args);
        o->test.args = (struct opt_args){0};
        r = 0;
    } else if (r == 0) {
        r = find_options_read(o);
        if (r == 0)
            r = with_loop(c);
    }
    find_command_free(c);
    return r;
}

const struct command cmd_find = {
    .name = "find",
    .help = "find the highest rate that holds an objective",
    .run = run_find,
    .make_options = find_options_table,
};
