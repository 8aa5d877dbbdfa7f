/*
 * The replay's snapshot stands for the one that the run had. What a run knows beside its
 * measurements is taken from the row and from the gauges.
 */
#include "cli/publish_stored.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/run_about.h"
#include "sink/sink.h"
#include "sink/sinks.h"
#include "store/store.h"

enum {
    UNDER_WAY_MAX = 20000, /* points; outputs hold more, but not without end */
};

struct publish_stored {
    struct store *store;
    struct arena arena;
    struct store_run run;
    struct run_about about;
    struct metric_registry *registry;
    struct snapshot *snapshot;
    struct str
        scenario; /* the only one; empty: there are several, whose users are not known apart */
    unsigned n_loops;

    /* While ticks are given. */
    struct sinks **sinks;
    span_ns patience;
    bool is_open;
};

static struct str status_of(const struct store_run *run)
{
    switch (run->state) {
    case STORE_RUNNING:
        return STR("running");
    case STORE_FINISHED:
        return STR("finished");
    case STORE_STOPPED:
        return STR("stopped");
    case STORE_FAILED:
    case STORE_INTERRUPTED:
        break;
    }
    return STR("failed");
}

static json_t *parse(struct str json)
{
    return json.n ? json_loadb(json.p, json.n, 0, NULL) : NULL;
}

static void read_parts(struct publish_stored *p)
{
    json_t *scenarios = parse(p->run.scenarios_json), *generator = parse(p->run.generator_json);
    const json_t *name = json_object_get(json_array_get(scenarios, 0), "name");

    if (json_array_size(scenarios) == 1 && json_is_string(name)) {
        p->scenario =
            arena_str(&p->arena, str_from(json_string_value(name), json_string_length(name)));
    }
    p->n_loops = (unsigned)json_array_size(json_object_get(generator, "loops"));
    json_decref(scenarios);
    json_decref(generator);
}

static int read_row(struct publish_stored *p, int64_t key)
{
    TRY(store_run_get(p->store, key, &p->arena, &p->run));
    struct run_about_source from = {
        .run_id = p->run.id.p,
        .script = p->run.script.p,
        .started = p->run.started,
        .env = cli_env,
    };

    read_parts(p);
    if (!p->run.started)
        return fault(-EINVAL, "the run never began: there is nothing to send");
    return run_about_read(&p->about, &from);
}

int publish_stored_new(struct store *store, int64_t key, struct publish_stored **ret_publication)
{
    struct publish_stored *p = xnew(struct publish_stored);

    p->store = store;
    int r = read_row(p, key);

    if (r < 0) {
        publish_stored_free(p);
        return r;
    }
    *ret_publication = p;
    return 0;
}

void publish_stored_free(struct publish_stored *p)
{
    if (!p)
        return;
    snapshot_free(p->snapshot);
    metric_registry_free(p->registry);
    run_about_fini(&p->about);
    arena_fini(&p->arena);
    free(p);
}

const struct vocab_run *publish_stored_run(const struct publish_stored *p)
{
    return &p->about.run;
}

wall_ns publish_stored_ended(const struct publish_stored *p)
{
    return p->run.started + p->run.duration;
}

/* ---- ticks ---- */

static uint64_t gauge(const struct snapshot *s, struct str name)
{
    const struct snap_metric *m = snapshot_find(s, name);

    return m && m->def->type == METRIC_GAUGE && m->total.gauge.last > 0
               ? (uint64_t)m->total.gauge.last
               : 0;
}

/* Waits until there is room for more, as long as something is delivered. */
static void wait_for_room(const struct publish_stored *p)
{
    static const struct timespec between_looks = {.tv_nsec = 5000000};
    uint64_t left = sinks_left(*p->sinks);
    mono_ns until = clock_mono() + p->patience;

    while (left > UNDER_WAY_MAX && clock_mono() < until) {
        nanosleep(&between_looks, NULL);
        uint64_t now = sinks_left(*p->sinks);

        if (now < left)
            until = clock_mono() + p->patience;
        left = now;
    }
}

static void make_facts(const struct publish_stored *p, const struct snapshot *snapshot, span_ns to,
                       struct vocab_facts *ret_facts)
{
    bool is_last = to >= p->run.duration;
    uint64_t vus = is_last ? 0 : gauge(snapshot, STR("vus"));

    *ret_facts = (struct vocab_facts){
        .started = p->run.started,
        .now = p->run.started + to,
        .elapsed = is_last ? p->run.duration : to,
        .target_rate = -1,
        .vus = vus,
        .vus_max = gauge(snapshot, STR("vus_max")),
        .n_loops = p->n_loops,
        .phase = is_last ? VOCAB_PHASE_DONE : VOCAB_PHASE_STEADY,
    };
    if (p->scenario.n) {
        ret_facts->n_parts = 1;
        ret_facts->parts[0] =
            (struct vocab_part){.scenario = p->scenario, .vus = vus, .running = !is_last};
    }
}

static int on_step(void *arg, struct snapshot *snapshot, span_ns from, span_ns to)
{
    struct publish_stored *p = arg;
    struct vocab_facts facts;
    struct sink_tick tick = {.snapshot = snapshot,
                             .facts = &facts,
                             .at = p->run.started + to,
                             .span = to - from,
                             .is_last = to >= p->run.duration};

    make_facts(p, snapshot, to, &facts);
    if (!p->is_open)
        TRY(sinks_open(*p->sinks, snapshot));
    p->is_open = true;
    if (tick.is_last)
        p->about.run.run_status = status_of(&p->run);
    sinks_tick(*p->sinks, &tick);
    wait_for_room(p);
    return 0;
}

/* The sinks look at the snapshot, so they go before it. */
static void on_failure(void *arg)
{
    struct publish_stored *p = arg;

    if (p->is_open)
        sinks_close(*p->sinks);
    sinks_free(take(*p->sinks));
}

int publish_stored_give(struct publish_stored *p, struct sinks **sinks, span_ns patience)
{
    struct store_replay how = {.step = on_step, .failed = on_failure, .arg = p};

    p->sinks = sinks;
    p->patience = patience;
    TRY(store_replay(p->store, p->run.key, &how, &p->registry, &p->snapshot));
    return p->is_open ? 0 : fault(-EINVAL, "the run measured nothing: there is nothing to send");
}
