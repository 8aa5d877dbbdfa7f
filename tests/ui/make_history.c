/*
 * Makes stores that no test has the time to run for:
 *
 *     make_history FILE drift 40     40 daily runs of one script, whose p95 steps up by 12 % at the
 * 24th make_history FILE long 7200    one run of so many seconds with 200 series make_history FILE
 * many 3000    as many runs without measurements, for lists
 *
 * The measurements are synthetic but travel as real ones: a recorder, a snapshot, the store's
 * writer. The same arguments give the same numbers; only the dates count back from now.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/random.h"
#include "metric/recorder.h"
#include "metric/snapshot.h"
#include "store/headline.h"
#include "store/store.h"
#include "store/store_writer.h"

enum {
    ENDPOINTS_MAX = 16,
    SYNC_EVERY = 16, /* ticks: more could be merged on the way */
};

struct endpoint {
    const char *name;
    const char *method;
    double ms;     /* median */
    double per_s;  /* requests */
    double failed; /* share */
};

static const struct endpoint shop[] = {
    {"/", "GET", 18, 14, 0},
    {"/search", "GET", 64, 9, 0.002},
    {"/products/{id}", "GET", 31, 12, 0.001},
    {"/products/{id}/reviews", "GET", 44, 5, 0},
    {"/cart", "POST", 52, 6, 0.004},
    {"/cart/{line}", "PUT", 38, 3, 0},
    {"/cart/{line}", "DELETE", 29, 1, 0},
    {"/login", "POST", 96, 3, 0.008},
    {"/orders", "POST", 140, 2, 0.012},
    {"/orders/{id}", "GET", 47, 3, 0},
    {"/recommendations", "GET", 83, 7, 0},
    {"/prices", "GET", 12, 10, 0},
    {"/stock/{warehouse}", "GET", 22, 8, 0.001},
    {"/account", "GET", 36, 2, 0},
    {"/account", "PATCH", 58, 1, 0},
    {"/health", "GET", 3, 1, 0},
};

/* A run to be made: what it is called, when it was, how it went. */
struct shape {
    const char *id, *name, *script, *hash, *commit, *labels;
    wall_ns created;
    unsigned seconds;
    double slower; /* factor on times */
    double load;   /* factor on rates */
    size_t n_endpoints;
    uint64_t seed;
    bool baseline;
};

struct maker {
    const struct shape *shape;
    struct metric_registry *registry;
    struct tag_pool *pool;
    struct recorder *recorder;
    struct snapshot *snapshot;
    struct store_writer *writer;
    struct rng rng;
    struct http_series *good[ENDPOINTS_MAX], *bad[ENDPOINTS_MAX];
    struct headline *headline;
};

static const struct tagset *endpoint_tags(struct maker *m, const struct endpoint *e,
                                          const char *status)
{
    const struct tag tags[] = {
        {STR("scenario"), STR("default")},
        {STR("name"), str_of(e->name)},
        {STR("method"), str_of(e->method)},
        {STR("status"), str_of(status)},
        {STR("proto"), STR("HTTP/1.1")},
        {STR("group"), STR("")},
        {STR("expected_response"), *status == '2' ? STR("true") : STR("false")},
        {STR("error_code"), STR("1503")},
    };

    return tagset_merge(m->pool, tagset_empty(m->pool), tags,
                        sizeof(tags) / sizeof(tags[0]) - (*status == '2'));
}

static void open_maker(struct maker *m, const struct shape *shape)
{
    *m = (struct maker){.shape = shape, .registry = metric_registry_new(), .pool = tag_pool_new()};
    m->recorder = recorder_new(&(struct recorder_config){.registry = m->registry, .pool = m->pool});
    m->snapshot = snapshot_new(&(struct snapshot_config){.registry = m->registry});
    m->headline = headline_new();
    rng_seed(&m->rng, shape->seed);
    for (size_t i = 0; i < shape->n_endpoints; i++) {
        m->good[i] = recorder_http_series(m->recorder, endpoint_tags(m, &shop[i], "200"));
        m->bad[i] = recorder_http_series(m->recorder, endpoint_tags(m, &shop[i], "503"));
    }
}

static void close_maker(struct maker *m)
{
    store_writer_free(m->writer);
    headline_free(m->headline);
    snapshot_free(m->snapshot);
    recorder_free(m->recorder);
    tag_pool_free(m->pool);
    metric_registry_free(m->registry);
}

/* Log-normal times with waves over the run, so that charts have something to show. */
static span_ns request_time(struct maker *m, const struct endpoint *e, double at_s)
{
    double wave = 1 + 0.12 * sin(at_s / 47) + 0.06 * sin(at_s / 11);
    double ms = e->ms * m->shape->slower * wave * exp(0.42 * rng_normal(&m->rng));

    return (span_ns)(ms * (double)NS_PER_MS);
}

static void one_request(struct maker *m, size_t i, mono_ns now, double at_s)
{
    bool failed = rng_unit(&m->rng) < shop[i].failed;
    span_ns t = request_time(m, &shop[i], at_s);
    struct http_sample s = {.duration = t,
                            .blocked = 2 * NS_PER_US,
                            .sending = t / 50,
                            .waiting = t - t / 50 - t / 20,
                            .receiving = t / 20,
                            .failed = failed ? HTTP_FAILED_YES : HTTP_FAILED_NO,
                            .sent = 300,
                            .received = 2400,
                            .has_response = true,
                            .response = t + (span_ns)rng_exponential(&m->rng, 2e6)};

    recorder_http(m->recorder, failed ? m->bad[i] : m->good[i], &s, now);
}

static void other_samples(struct maker *m, mono_ns now, double at_s)
{
    const struct tagset *tags =
        tagset_add(m->pool, tagset_empty(m->pool), STR("scenario"), STR("default"));
    const struct tagset *check = tagset_add(m->pool, tags, STR("check"), STR("status is 200"));

    recorder_sample(m->recorder, M_VUS, tagset_empty(m->pool), 20, now);
    recorder_sample(m->recorder, M_VUS_MAX, tagset_empty(m->pool), 20, now);
    for (int i = 0; i < 8; i++) {
        recorder_sample(m->recorder, M_ITERATIONS, tags, 1, now);
        recorder_sample(m->recorder, M_ITERATION_DURATION, tags,
                        400 + 40 * rng_normal(&m->rng) + 20 * sin(at_s / 47), now);
        recorder_sample(m->recorder, M_CHECKS, check, rng_unit(&m->rng) < 0.997, now);
    }
}

static void one_tick(struct maker *m, unsigned second, mono_ns epoch)
{
    mono_ns now = epoch + (mono_ns)(second + 1) * NS_PER_S;

    for (size_t i = 0; i < m->shape->n_endpoints; i++) {
        size_t n = (size_t)(shop[i].per_s * m->shape->load + rng_unit(&m->rng));

        for (size_t k = 0; k < n; k++)
            one_request(m, i, now, second);
    }
    other_samples(m, now, second);
    snapshot_tick_begin(m->snapshot);
    snapshot_merge(m->snapshot, recorder_swap(m->recorder));
    snapshot_tick_end(m->snapshot, now);
    headline_tick(m->headline, m->snapshot);
    store_writer_tick(m->writer, m->snapshot, epoch);
}

static struct store_run run_of(const struct shape *s)
{
    return (struct store_run){
        .id = str_of(s->id),
        .name = str_of(s->name),
        .state = STORE_RUNNING,
        .started = s->created,
        .created = s->created,
        .exit_code = -1,
        .script = str_of(s->script),
        .kind = STR("k6"),
        .script_hash = str_of(s->hash),
        .script_text = STR("export default function () {}\n"),
        .git_commit = str_of(s->commit),
        .git_branch = STR("main"),
        .labels_json = str_of(s->labels),
        .is_baseline = s->baseline,
        .tags_json = STR("{}"),
        .options_json = STR("{\"vus\":20}"),
        .environment_json = STR("{\"host\":\"loadgen-1\",\"processors\":8}"),
        .thresholds_json = STR("[]"),
        .scenarios_json = STR("[]"),
        .outputs_json = STR("{}"),
        .submetrics_json = STR("[]"),
        .verdict_json = STR("{\"level\":\"valid\",\"reasons\":[]}"),
    };
}

static struct store_run ended(struct store_run run, const struct shape *s)
{
    run.state = STORE_FINISHED;
    run.duration = s->seconds * NS_PER_S;
    run.ended = s->created + run.duration;
    run.exit_code = 0;
    return run;
}

static int measure(struct maker *m, const char *path)
{
    scoped(buf_fini) struct buf headline = {0};
    struct store_run run = run_of(m->shape);
    mono_ns epoch = NS_PER_S;

    TRY(store_writer_new(&(struct store_writer_config){.path = path}, &m->writer));
    store_writer_begin(m->writer, &run);
    for (unsigned second = 0; second < m->shape->seconds; second++) {
        one_tick(m, second, epoch);
        if (second % SYNC_EVERY == SYNC_EVERY - 1)
            TRY(store_writer_sync(m->writer));
    }
    size_t n_series;

    snapshot_series(m->snapshot, &n_series);
    printf("%s: %zu series\n", m->shape->id, n_series);
    headline_put(m->headline, m->snapshot, m->shape->seconds * NS_PER_S, &headline);
    run = ended(run, m->shape);
    run.headline_json = buf_str(&headline);
    store_writer_update(m->writer, &run);
    return store_writer_sync(m->writer);
}

static int make_run(const char *path, const struct shape *shape)
{
    struct maker m;

    open_maker(&m, shape);
    int r = measure(&m, path);

    close_maker(&m);
    return r;
}

static int make_drift(const char *path, unsigned n)
{
    wall_ns now = clock_wall(), day = 86400 * NS_PER_S;
    struct rng rng;

    rng_seed(&rng, 7);
    for (unsigned i = 0; i < n; i++) {
        char id[64], commit[48];

        snprintf(id, sizeof(id), "r-drift-%04u", i);
        snprintf(commit, sizeof(commit), "%08x%032x", 0x5eed1234u + i * 7919u, i);
        TRY(make_run(path, &(struct shape){.id = id,
                                           .name = "checkout",
                                           .script = "checkout.js",
                                           .hash = "c4ec0",
                                           .commit = commit,
                                           .labels = i % 8 == 0 ? "[\"release\"]" : "[\"nightly\"]",
                                           .created = now - (wall_ns)(n - i) * day,
                                           .seconds = 60,
                                           .slower = (i >= n * 3 / 5 ? 1.12 : 1) *
                                                     (1 + 0.01 * rng_normal(&rng)),
                                           .load = 1,
                                           .n_endpoints = 8,
                                           .seed = i + 1,
                                           .baseline = i == 2}));
    }
    return 0;
}

/* 16 endpoints with up to two statuses each, some ten metrics: over 200 series. */
static int make_long(const char *path, unsigned seconds)
{
    return make_run(path, &(struct shape){.id = "r-long",
                                          .name = "soak",
                                          .script = "soak.js",
                                          .hash = "50a4",
                                          .commit = "",
                                          .labels = "[]",
                                          .created = clock_wall() - seconds * NS_PER_S,
                                          .seconds = seconds,
                                          .slower = 1,
                                          .load = 0.25,
                                          .n_endpoints = ENDPOINTS_MAX,
                                          .seed = 3});
}

static int add_bare(struct store *store, unsigned i, wall_ns created)
{
    char id[64], script[64], headline[512];

    snprintf(id, sizeof(id), "r-many-%06u", i);
    snprintf(script, sizeof(script), "scenario-%u.js", i % 12);
    snprintf(headline, sizeof(headline),
             "{\"requests\":%u,\"rate\":%u,\"iterations\":%u,\"failed\":0.00%u,\"checks\":0.99,"
             "\"p50\":%u,\"p95\":%u,\"p99\":%u,\"max\":%u,\"vus_max\":20,\"spark\":[1,2,3,2,%u]}",
             6000 + i, 100 + i % 9, 1000 + i, i % 7, 20 + i % 5, 80 + i % 40, 130 + i % 60,
             400 + i % 100, i % 4);
    const struct shape shape = {.id = id,
                                .name = "many",
                                .script = script,
                                .hash = "0",
                                .commit = "",
                                .labels = "[]",
                                .created = created,
                                .seconds = 60};
    struct store_run run = run_of(&shape);

    TRY(store_run_add(store, &run, &run.key));
    run = ended(run, &shape);
    run.headline_json = str_of(headline);
    return store_run_update(store, &run);
}

static int make_many(const char *path, unsigned n)
{
    struct store *store;
    wall_ns now = clock_wall();
    int r = store_open(path, STORE_WRITE, &store);

    for (unsigned i = 0; r == 0 && i < n; i++)
        r = add_bare(store, i, now - (wall_ns)(n - i) * 600 * NS_PER_S);
    if (r == 0)
        store_close(store);
    return r;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*make)(const char *path, unsigned n);
    } kinds[] = {{"drift", make_drift}, {"long", make_long}, {"many", make_many}};

    for (size_t i = 0; argc == 4 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(argv[2], kinds[i].name) != 0)
            continue;
        if (kinds[i].make(argv[1], (unsigned)strtoul(argv[3], NULL, 10)) == 0)
            return 0;
        fprintf(stderr, "make_history: %s\n", fault_text());
        return 1;
    }
    fprintf(stderr, "usage: make_history FILE drift|long|many N\n");
    return 2;
}
