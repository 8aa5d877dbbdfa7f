/*
 * One registry and one snapshot for as long as the bridge runs, whatever tests come and go. What a
 * feed shows of the vocabulary locust is taken from the masters when it is asked, so that an answer
 * between two ticks is seen by who scrapes.
 */
#include "cli/locust_outputs.h"

#include <math.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "bridge/locust_record.h"
#include "cli/cli.h"
#include "cli/run_about.h"
#include "cli/run_id.h"
#include "cli/run_scrape.h"
#include "cli/sinks_accounts.h"
#include "cli/sinks_deliver.h"
#include "cli/spool_dir.h"
#include "loop/loop.h"
#include "sink/sample_pump.h"
#include "sink/sinks.h"

enum {
    SOURCES_MAX = 64,
};

struct locust_outputs {
    struct locust_outputs_config config;
    struct arena arena;
    struct metric_registry *registry;
    struct snapshot *snapshot;
    struct sinks *sinks;
    struct sample_pump *pump;  /* NULL: nobody wants single samples */
    struct run_scrape *scrape; /* NULL: nobody is asked */
    struct run_about about;
    struct vocab_given given;
    char *spool_dir;
    wall_ns started, last; /* last: of the last tick; 0: none */
    bool is_open, is_over;
};

/* ---- what is told ---- */

static size_t sources_of(const struct locust_outputs *o, struct locust_source *ret_sources)
{
    return o->config.sources(o->config.arg, ret_sources, SOURCES_MAX);
}

static void show_locust(void *arg, struct str prefix, bool exact, point_fn *fn, void *fn_arg)
{
    const struct locust_outputs *o = arg;
    struct locust_source sources[SOURCES_MAX];
    struct locust_points_options options = {
        .page = LOCUST_PAGE_ALL,
        .namespace = prefix.n ? prefix : o->config.namespace,
        .exact = exact || o->config.exact,
    };

    locust_points(&options, sources, sources_of(o, sources), fn, fn_arg);
}

static void make_facts(const struct locust_outputs *o, const struct locust_source *sources,
                       size_t n, wall_ns now, struct vocab_facts *ret_facts)
{
    double users = 0;
    bool is_running = false;
    unsigned n_workers = 0;

    for (size_t i = 0; i < n; i++) {
        const struct locust_stats *s = sources[i].stats;

        if (!s)
            continue;
        users += isfinite(s->users) && s->users > 0 && s->users < 1e9 ? s->users : 0;
        is_running |= locust_is_running(s->state);
        n_workers += s->is_distributed ? (unsigned)s->n_workers : 1;
    }
    *ret_facts = (struct vocab_facts){
        .started = o->started,
        .now = now,
        .elapsed = now - o->started,
        .target_rate = -1,
        .vus = (uint64_t)users,
        .vus_max = (uint64_t)users,
        .n_loops = n_workers,
        .phase = is_running ? VOCAB_PHASE_STEADY : VOCAB_PHASE_WAITING,
    };
}

static void give_tick(struct locust_outputs *o, bool is_last)
{
    struct locust_source sources[SOURCES_MAX];
    size_t n = sources_of(o, sources);
    wall_ns now = clock_wall();
    mono_ns mono = loop_clock(o->config.loop);
    struct vocab_facts facts;
    struct sink_tick tick = {.snapshot = o->snapshot,
                             .facts = &facts,
                             .at = now,
                             .span = o->last ? now - o->last : 0,
                             .is_last = is_last};

    make_facts(o, sources, n, now, &facts);
    snapshot_tick_begin(o->snapshot);
    for (size_t i = 0; i < n; i++)
        locust_record(o->snapshot, o->registry, &sources[i], o->config.namespace, mono);
    snapshot_tick_end(o->snapshot, mono);
    if (is_last && o->pump)
        sample_pump_stop(o->pump);
    sinks_tick(o->sinks, &tick);
    o->last = now;
}

void locust_outputs_tick(struct locust_outputs *o)
{
    if (o && o->is_open && !o->is_over)
        give_tick(o, false);
}

/* ---- making them ---- */

static void say(void *arg, bool is_warning, const char *text)
{
    const struct locust_outputs *o = arg;

    if (is_warning) {
        log_warn(o->config.log, "output %s", text);
    } else {
        log_info(o->config.log, "output %s", text);
    }
}

/* Locust tells sums: an output that can take either takes those, unless its own words say else. */
static const char *get_setting(void *arg UNUSED, const char *sink, const char *key)
{
    static const struct {
        const char *sink, *key, *value;
    } settings[] = {
        {"influxdb", "samples", "aggregate"},
        {"xk6-influxdb", "samples", "aggregate"},
    };

    for (size_t i = 0; i < countof(settings); i++) {
        if (strcmp(settings[i].sink, sink) == 0 && strcmp(settings[i].key, key) == 0)
            return settings[i].value;
    }
    return NULL;
}

static int describe(struct locust_outputs *o)
{
    struct run_about_source from = {
        .run_id = run_id_make(&o->arena).p,
        .script = "locust",
        .started = o->started,
        .env = cli_env,
    };

    return run_about_read(&o->about, &from);
}

static void find_spool_dir(struct locust_outputs *o)
{
    const char *given = o->config.spool_dir;

    if (given && strcmp(given, "off") == 0)
        return;
    if (spool_dir(given, &o->spool_dir))
        log_warn(o->config.log, "outputs that are away have no place on disk: %s", fault_text());
}

/* What tells a run as a whole has to know when it ended; a bridge sees many, or none. */
static int check_spec(const char *spec)
{
    static const char *const of_runs[] = {"leapwork", "results"};
    struct str name = str_from(spec, strcspn(spec, "=?"));

    for (size_t i = 0; i < countof(of_runs); i++) {
        if (str_is(str_trim(name), of_runs[i])) {
            return fault(FAULT_EXIT(104),
                         "output %s is told of a run as a whole: send a test of the history with "
                         "`brunt publish RUN`",
                         of_runs[i]);
        }
    }
    return 0;
}

static int make(struct locust_outputs *o)
{
    find_spool_dir(o);
    TRY(describe(o));
    o->given = (struct vocab_given){.vocab = VOCAB_LOCUST, .each = show_locust, .arg = o};
    struct sinks_config config = {
        .vocab = o->config.vocab ? o->config.vocab : vocab_name(VOCAB_LOCUST),
        .spool_dir = o->spool_dir,
        .spool_bytes = o->config.spool_bytes,
        .run_id = o->about.run.run_id.p,
        .run = &o->about.run,
        .given = &o->given,
        .env = cli_env,
        .setting = get_setting,
        .say = say,
        .arg = o,
    };

    o->sinks = sinks_new(&config);
    for (size_t i = 0; i < o->config.specs->n_items; i++) {
        TRY(check_spec(o->config.specs->items[i]));
        TRY(sinks_add(o->sinks, o->config.specs->items[i]));
    }
    return 0;
}

int locust_outputs_new(const struct locust_outputs_config *config,
                       struct locust_outputs **ret_outputs)
{
    *ret_outputs = NULL;
    if (!config->specs->n_items)
        return 0;
    struct locust_outputs *o = xnew(struct locust_outputs);

    o->config = *config;
    o->started = clock_wall();
    o->registry = metric_registry_new();
    o->snapshot = snapshot_new(&(struct snapshot_config){.registry = o->registry});
    int r = make(o);

    if (r < 0) {
        locust_outputs_free(o);
        return r;
    }
    *ret_outputs = o;
    return 0;
}

static int open_pump(struct locust_outputs *o)
{
    if (!sinks_want_samples(o->sinks))
        return 0;
    struct sample_pump_config config = {
        .registry = o->registry, .n_sources = 1, .deliver = sinks_samples, .arg = o->sinks};

    o->pump = sample_pump_new(&config);
    sample_pump_tap_snapshot(o->pump, o->snapshot);
    return sample_pump_start(o->pump);
}

int locust_outputs_open(struct locust_outputs *o)
{
    if (!o)
        return 0;
    TRY(sinks_open(o->sinks, o->snapshot));
    TRY(open_pump(o));
    TRY(run_scrape_new(o->config.log, o->config.loop, o->sinks, &o->scrape));
    o->is_open = true;
    return 0;
}

/* ---- their end ---- */

static void show_accounts(const struct locust_outputs *o)
{
    scoped(buf_fini) struct buf out = {0};

    if (o->config.quiet)
        return;
    sinks_accounts_text(o->sinks, cli_wants_color(STDOUT_FILENO), &out);
    cli_write(STDOUT_FILENO, buf_str(&out));
}

int locust_outputs_finish(struct locust_outputs *o, const bool *hurry)
{
    if (!o || !o->is_open)
        return 0;
    o->about.run.run_status = STR("stopped");
    give_tick(o, true);
    o->is_over = true;
    sinks_deliver(&(struct sinks_delivery){.loop = o->config.loop,
                                           .sinks = o->sinks,
                                           .patience = o->config.patience,
                                           .hurry = hurry,
                                           .quiet = o->config.quiet});
    show_accounts(o);
    return sinks_are_complete(o->sinks) ? 0 : 115;
}

void locust_outputs_close(struct locust_outputs *o)
{
    if (!o)
        return;
    run_scrape_close(o->scrape);
    if (o->pump)
        sample_pump_stop(o->pump);
    sinks_free(take(o->sinks));
}

void locust_outputs_free(struct locust_outputs *o)
{
    if (!o)
        return;
    locust_outputs_close(o);
    run_scrape_free(o->scrape);
    sample_pump_free(o->pump);
    snapshot_free(o->snapshot);
    metric_registry_free(o->registry);
    run_about_fini(&o->about);
    arena_fini(&o->arena);
    free(o->spool_dir);
    free(o);
}
