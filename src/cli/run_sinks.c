/*
 * Between the run and the sinks. Single samples go from the loops' recorders over the sampling
 * thread; everything else is done at ticks. A sink that is asked rather than pushing has a server
 * of its own, whose questions are answered on the main loop between ticks.
 */
#include "cli/run_sinks.h"

#include <jansson.h>

#include "base/json_out.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/loadtest.h"
#include "cli/run_about.h"
#include "cli/run_facts.h"
#include "cli/run_loadpilot.h"
#include "cli/run_scrape.h"
#include "cli/sinks_accounts.h"
#include "cli/sinks_deliver.h"
#include "cli/spool_dir.h"
#include "cli/stop_signals.h"
#include "loop/coro.h"
#include "loop/loop.h"
#include "run/run.h"
#include "sink/sample_pump.h"
#include "sink/sinks.h"

#define LOOK_PERIOD (50 * NS_PER_MS)

struct run_sinks {
    const struct loadtest *test;
    struct loop *loop;
    struct run *run;
    struct sinks *sinks;
    struct sample_pump *pump;  /* NULL: nobody wants single samples */
    struct run_scrape *scrape; /* NULL: nobody is asked */
    json_t *settings;          /* of the configuration file: `collectors` */
    struct run_about about;
    char *spool_dir;
    struct sink_account *told; /* what sink_points has counted so far, by sink */
    wall_ns last_tick;
    struct message wake;
    bool hurry; /* a signal came */
};

/* ---- what was asked for ---- */

/* In place of the value: it has to live as long as we do. */
static const char *keep_text(json_t *section, const char *key, char *text)
{
    json_object_set_new(section, key, json_string(text));
    free(text);
    return json_string_value(json_object_get(section, key));
}

/* {"influxdb": {"db": "k6", "pushInterval": "1s", "insecure": true, "concurrentWrites": 4}} */
static const char *get_setting(void *arg, const char *sink, const char *key)
{
    struct run_sinks *s = arg;
    json_t *section = json_object_get(s->settings, sink);
    json_t *value = json_object_get(section, key);
    char text[JSON_NUMBER_BYTES];

    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_boolean(value))
        return json_is_true(value) ? "true" : "false";
    if (json_is_array(value) || json_is_object(value))
        return keep_text(section, key, json_dumps(value, JSON_COMPACT));
    if (!json_is_number(value))
        return NULL;
    json_number(json_number_value(value), text);
    return keep_text(section, key, xstrdup(text));
}

static void say(void *arg, bool is_warning, const char *text)
{
    const struct run_sinks *s = arg;

    if (is_warning) {
        log_warn(s->test->log, "output %s", text);
    } else {
        log_info(s->test->log, "output %s", text);
    }
}

static int read_settings(struct run_sinks *s)
{
    const char *text = s->test->plan->options->collectors;
    json_error_t error;

    if (!text)
        return 0;
    s->settings = json_loads(text, 0, &error);
    if (!json_is_object(s->settings)) {
        return fault(FAULT_EXIT(104),
                     "\"collectors\" of the configuration is no object of objects");
    }
    return 0;
}

static int describe_run(struct run_sinks *s)
{
    struct run_about_source from = {
        .json = s->test->plan->options->leapwork,
        .run_id = s->test->own.run_id,
        .script = s->test->operand,
        .started = clock_wall(),
        .env = cli_env,
    };

    return run_about_read(&s->about, &from);
}

static void warn(void *arg, const char *text)
{
    log_warn(((struct run_sinks *)arg)->test->log, "%s", text);
}

/* Those of -o, the file of results, and enabled connections. */
static int find_outputs(struct run_sinks *s, struct plan_strings *ret_specs)
{
    const char *file = s->test->own.results_json;
    struct run_publication from = {
        .asked = &s->test->plan->options->out,
        .inline_list = get_setting(s, "leapwork", "connections"),
        .automatic = !s->test->own.no_publish,
        .env = cli_env,
        .warn = warn,
        .arg = s,
    };

    run_publication_outputs(&from, &s->about.arena, ret_specs);
    if (!file)
        return 0;
    if (strchr(file, '?'))
        return fault(FAULT_EXIT(104), "--results-json '%s': a name without ?", file);
    output_list_add(ret_specs, &s->about.arena, arena_printf(&s->about.arena, "results=%s", file));
    return 0;
}

static int add_all(struct run_sinks *s, const struct plan_strings *specs)
{
    for (size_t i = 0; i < specs->n; i++)
        TRY(sinks_add(s->sinks, specs->items[i]));
    return 0;
}

/* Without a home the run goes on: only what outlives it has no place. */
static void find_spool_dir(struct run_sinks *s)
{
    const char *given = s->test->own.spool_dir;

    if (given && strcmp(given, "off") == 0)
        return;
    if (spool_dir(given, &s->spool_dir))
        log_warn(s->test->log, "outputs that are away have no place on disk: %s", fault_text());
}

int run_sinks_new(const struct loadtest *t, struct loop *loop, struct run_sinks **ret_sinks)
{
    *ret_sinks = NULL;
    struct run_sinks *s = xnew(struct run_sinks);
    struct plan_strings specs;

    *ret_sinks = s;

    s->test = t;
    s->loop = loop;
    find_spool_dir(s);
    TRY(describe_run(s));
    run_loadpilot_name(t, &s->about.run);
    TRY(read_settings(s));
    TRY(find_outputs(s, &specs));
    if (!specs.n) {
        run_sinks_free(s);
        *ret_sinks = NULL;
        return 0;
    }
    struct sinks_config config = {.vocab = t->own.vocab,
                                  .usual = t->script->vocab,
                                  .spool_dir = s->spool_dir,
                                  .spool_bytes = (uint64_t)t->own.spool_max << 20,
                                  .run_id = s->test->own.run_id,
                                  .run = &s->about.run,
                                  .env = cli_env,
                                  .setting = get_setting,
                                  .say = say,
                                  .arg = s};

    s->sinks = sinks_new(&config);
    TRY(add_all(s, &specs));
    s->told = xnew_n(struct sink_account, sinks_count(s->sinks));
    return 0;
}

bool run_sinks_want_samples(const struct run_sinks *s)
{
    return s && sinks_want_samples(s->sinks);
}

/* ---- opening ---- */

static int open_pump(struct run_sinks *s)
{
    struct run_totals totals;

    if (!sinks_want_samples(s->sinks))
        return 0;
    run_totals(s->run, &totals);
    struct sample_pump_config config = {.registry = s->test->registry,
                                        .n_sources = totals.n_loops + 1,
                                        .deliver = sinks_samples,
                                        .arg = s->sinks};

    s->pump = sample_pump_new(&config);
    sample_pump_tap_snapshot(s->pump, run_snapshot(s->run));
    TRY(sample_pump_start(s->pump));
    return 0;
}

int run_sinks_open(struct run_sinks *s, struct run *run)
{
    if (!s)
        return 0;
    s->run = run;
    sinks_describe(s->sinks, run_thresholds(run), s->test->plan->options->system_tags);
    TRY(sinks_open(s->sinks, run_snapshot(run)));
    TRY(open_pump(s));
    TRY(run_scrape_new(s->test->log, s->loop, s->sinks, &s->scrape));
    return 0;
}

/* ---- while it runs ---- */

void run_sinks_recorder(void *arg, struct recorder *recorder, unsigned source)
{
    struct run_sinks *s = *(struct run_sinks **)arg;

    if (s && s->pump)
        sample_pump_tap(s->pump, recorder, source);
}

struct telling {
    struct run_sinks *sinks;
    const char *label;
    mono_ns now;
};

static void tell(const struct telling *t, uint32_t metric, struct str key, struct str kind,
                 double value)
{
    struct tag tags[] = {{STR("sink"), str_of(t->label)}, {key, kind}};

    snapshot_sample(run_snapshot(t->sinks->run), metric, tags, countof(tags), value, t->now);
}

static void tell_gain(const struct telling *t, struct str state, uint64_t before, uint64_t after)
{
    if (after > before)
        tell(t, M_SINK_POINTS, STR("state"), state, (double)(after - before));
}

void run_sinks_sample(struct run_sinks *s, struct run *run, mono_ns now)
{
    if (!s || !s->run)
        return;
    s->run = run;
    for (size_t i = 0; i < sinks_count(s->sinks); i++) {
        struct sink_account *before = &s->told[i];
        struct sinks_status status;

        sinks_status(s->sinks, i, &status);
        const struct sink_account *a = &status.account;
        struct telling t = {s, status.label, now};

        tell_gain(&t, STR("produced"), before->produced, a->produced);
        tell_gain(&t, STR("acknowledged"), before->acknowledged, a->acknowledged);
        tell_gain(&t, STR("dropped"), before->dropped, a->dropped);
        tell(&t, M_SINK_BACKLOG, STR("place"), STR("memory"), (double)a->queued);
        tell(&t, M_SINK_BACKLOG, STR("place"), STR("disk"), (double)a->spooled);
        *before = *a;
    }
}

static struct str terminal_status(const struct run *run)
{
    switch (run_stopped(run)) {
    case RUN_STOP_NONE:
    case RUN_STOP_OVER:
        return STR("finished");
    case RUN_STOP_SIGNAL:
    case RUN_STOP_REMOTE:
    case RUN_STOP_ABORT:
        return STR("stopped");
    case RUN_STOP_THRESHOLD:
    case RUN_STOP_ERROR:
        break;
    }
    return STR("failed");
}

static void tell_lost(const struct run_sinks *s, uint64_t n)
{
    if (n) {
        log_warn(s->test->log,
                 "%llu samples were lost: outputs of single samples did not keep up with the load; "
                 "a plain file is faster than gzip, and aggregated outputs lose nothing",
                 (unsigned long long)n);
    }
}

void run_sinks_tick(struct run_sinks *s, struct run *run, const struct run_loadpilot *loadpilot)
{
    struct vocab_facts facts;

    if (!s || !s->run)
        return;
    run_facts(run, &facts);
    struct sink_tick tick = {.snapshot = run_snapshot(run),
                             .facts = &facts,
                             .at = facts.now,
                             .span = s->last_tick ? facts.now - s->last_tick : 0,
                             .is_last = run_is_last_tick(run)};

    if (tick.is_last) {
        s->about.run.run_status = terminal_status(run);
        run_loadpilot_knee(loadpilot, run, &facts.knee);
        if (s->pump) {
            sample_pump_stop(s->pump);
            tell_lost(s, sample_pump_lost(s->pump));
        }
    }
    if (s->pump)
        sinks_lose_samples(s->sinks, sample_pump_lost(s->pump));
    sinks_tick(s->sinks, &tick);
    s->last_tick = facts.now;
}

/* ---- the end ---- */

static void on_wake(struct loop *l UNUSED, struct message *m)
{
    container_of(m, struct run_sinks, wake)->hurry = true;
}

static void on_signal(void *arg, const char *name UNUSED)
{
    struct run_sinks *s = arg;

    loop_post(s->loop, &s->wake);
}

void run_sinks_finish(struct run_sinks *s, struct stop_signals *signals)
{
    if (!s || !s->run)
        return;
    s->wake.fn = on_wake;
    stop_signals_tell(signals, on_signal, s);
    sinks_deliver(&(struct sinks_delivery){.loop = s->loop,
                                           .sinks = s->sinks,
                                           .patience = s->test->own.drain_timeout,
                                           .hurry = &s->hurry,
                                           .quiet = s->test->plan->options->quiet});
    stop_signals_tell(signals, NULL, NULL);
}

void run_sinks_linger(struct run_sinks *s, struct stop_signals *signals)
{
    if (!s || !s->scrape)
        return;
    s->hurry = false;
    stop_signals_tell(signals, on_signal, s);
    while (!s->hurry && run_scrape_is_awaited(s->scrape))
        ignored(coro_sleep_until(loop_clock(s->loop) + LOOK_PERIOD));
    stop_signals_tell(signals, NULL, NULL);
}

void run_sinks_close(struct run_sinks *s)
{
    if (!s)
        return;
    run_scrape_close(s->scrape);
    if (s->pump)
        sample_pump_stop(s->pump);
    sinks_free(take(s->sinks));
}

void run_sinks_free(struct run_sinks *s)
{
    if (!s)
        return;
    run_sinks_close(s);
    run_scrape_free(s->scrape);
    /* handleSummary() may still record, after the last tick; only now there are no recorders. */
    sample_pump_free(s->pump);
    json_decref(s->settings);
    run_about_fini(&s->about);
    free(s->told);
    free(s->spool_dir);
    free(s);
}

/* ---- accounts ---- */

void run_sinks_text(const struct run_sinks *s, bool colored, struct buf *out)
{
    if (s && s->run)
        sinks_accounts_text(s->sinks, colored, out);
}

void run_sinks_json(const struct run_sinks *s, struct json_out *j)
{
    sinks_accounts_summary(s && s->run ? s->sinks : NULL, j);
}

void run_sinks_accounts(const struct run_sinks *s, struct json_out *j)
{
    sinks_accounts_json(s && s->run ? s->sinks : NULL, j);
}

int run_sinks_exit_code(const struct run_sinks *s, int exit_code)
{
    if (!s || exit_code != 0)
        return exit_code;
    return sinks_are_complete(s->sinks) ? 0 : 115;
}
