/*
 * What the page costs the main thread: CPU a tick of taking in a thousand series that the tick
 * touched, and of writing the frame. And the document of a long run: time, and bytes at 600 steps.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "metric/metric.h"
#include "metric/snapshot.h"
#include "report/doc_timeline.h"
#include "report/run_doc.h"

enum {
    METRICS = 10,
    WARM_UP = 20,
    TICKS = 200,
    SAMPLES = 30,    /* of a trend, a tick and series */
    LONG_RUN = 7200, /* ticks: two hours */
};

struct filling {
    struct metric_registry *registry;
    struct snapshot *snapshot;
    struct rng rng;
    size_t n_endpoints;
    size_t n_statuses; /* each with a series of its own: they are merged to one entry */
};

static const uint32_t metrics[METRICS] = {
    M_HTTP_REQS,        M_HTTP_REQ_FAILED,          M_HTTP_REQ_DURATION, M_HTTP_REQ_RESPONSE_TIME,
    M_HTTP_REQ_WAITING, M_HTTP_REQ_DATA_RECEIVED,   M_HTTP_REQ_SENDING,  M_HTTP_REQ_RECEIVING,
    M_HTTP_REQ_BLOCKED, M_HTTP_REQ_TLS_HANDSHAKING,
};

static mono_ns cpu_now(void)
{
    return clock_read(CLOCK_THREAD_CPUTIME_ID);
}

static void open_filling(struct filling *f, size_t n_endpoints, size_t n_statuses)
{
    struct snapshot_config config = {0};

    *f = (struct filling){.n_endpoints = n_endpoints, .n_statuses = n_statuses};
    config.registry = f->registry = metric_registry_new();
    f->snapshot = snapshot_new(&config);
    rng_seed(&f->rng, 1);
}

static void close_filling(struct filling *f)
{
    snapshot_free(f->snapshot);
    metric_registry_free(f->registry);
}

static void fill_value(struct filling *f, struct value *v, enum metric_type type)
{
    for (int i = 0; i < SAMPLES; i++) {
        double ms = (double)(int64_t)(2e6 + rng_exponential(&f->rng, 8e6)) / 1e6;

        if (type == METRIC_TREND) {
            value_trend(v, ms);
        } else if (type == METRIC_RATE) {
            value_rate(v, ms > 40);
        } else {
            value_count(v, 1);
        }
    }
    v->touched = true;
}

static void fill_series(struct filling *f, uint32_t metric, const struct tag *tags, size_t n_tags,
                        struct hist_slab *slab)
{
    const struct metric *def = metric_get(f->registry, metric);
    struct value v;

    value_init(&v, def, slab);
    fill_value(f, &v, def->type);
    snapshot_merge_value(f->snapshot, metric, tags, n_tags, &v, 1);
    value_fini(&v, def->type);
}

/* All series of one tick. */
static void fill(struct filling *f)
{
    struct hist_slab *slab = hist_slab_new();
    char name[64], status[16];

    for (size_t e = 0; e < f->n_endpoints * f->n_statuses; e++) {
        int n = snprintf(name, sizeof(name), "http://shop.example/api/%zu", e / f->n_statuses);
        int n_status = snprintf(status, sizeof(status), "%zu", 200 + e % f->n_statuses);
        struct tag tags[] = {
            {STR("method"), STR("GET")},
            {STR("name"), str_from(name, (size_t)n)},
            {STR("scenario"), STR("default")},
            {STR("status"), str_from(status, (size_t)n_status)},
        };

        for (size_t i = 0; i < METRICS; i++)
            fill_series(f, metrics[i], tags, countof(tags), slab);
    }
    hist_slab_free(slab);
}

static void bench_frames(size_t n_endpoints, size_t n_statuses)
{
    struct filling f;
    struct store_run run = {0};
    struct buf out = {0};
    mono_ns in_tick = 0, in_put = 0;

    open_filling(&f, n_endpoints, n_statuses);
    struct run_frames *frames = run_frames_new(f.snapshot, 0);

    for (int i = 0; i < WARM_UP + TICKS; i++) {
        snapshot_tick_begin(f.snapshot);
        fill(&f);
        snapshot_tick_end(f.snapshot, i * NS_PER_S);
        mono_ns a = cpu_now();

        run_frames_tick(frames);
        mono_ns b = cpu_now();

        buf_reset(&out);
        run_frames_put(frames, &run, &out);
        in_tick += i < WARM_UP ? 0 : b - a;
        in_put += i < WARM_UP ? 0 : cpu_now() - b;
    }
    printf("%5zu series, %3zu endpoints: tick %6.3f ms, frame %6.3f ms, %zu bytes\n",
           n_endpoints * n_statuses * METRICS, n_endpoints, (double)in_tick / TICKS / 1e6,
           (double)in_put / TICKS / 1e6, out.len);
    run_frames_free(frames);
    close_filling(&f);
    buf_fini(&out);
}

/* ---- the document ---- */

/* Stands for the store, whose own time is not measured here; `spent` is that of filling. */
struct long_run {
    size_t n_endpoints;
    size_t n_ticks;
    mono_ns spent;
};

static void play(struct filling *f, struct long_run *r, size_t tick)
{
    mono_ns start = cpu_now();

    snapshot_tick_begin(f->snapshot);
    fill(f);
    snapshot_tick_end(f->snapshot, (mono_ns)tick * NS_PER_S);
    r->spent += cpu_now() - start;
}

static int totals(void *arg, struct metric_registry **ret_registry, struct snapshot **ret_snapshot)
{
    struct long_run *r = arg;
    struct filling f;

    open_filling(&f, r->n_endpoints, 1);
    play(&f, r, r->n_ticks);
    *ret_registry = f.registry;
    *ret_snapshot = f.snapshot;
    return 0;
}

static int replay(void *arg, const struct store_replay *how, struct metric_registry **ret_registry,
                  struct snapshot **ret_snapshot)
{
    struct long_run *r = arg;
    struct filling f;
    size_t each = (r->n_ticks + how->max_steps - 1) / how->max_steps;

    open_filling(&f, r->n_endpoints, 1);
    *how->ret_seq = r->n_ticks;
    for (size_t i = 0; i < r->n_ticks; i += each) {
        play(&f, r, i);
        TRY(how->step(how->arg, f.snapshot, (span_ns)i * NS_PER_S, (span_ns)(i + each) * NS_PER_S));
    }
    *ret_registry = f.registry;
    *ret_snapshot = f.snapshot;
    return 0;
}

static void bench_document(size_t n_endpoints)
{
    struct long_run r = {.n_endpoints = n_endpoints, .n_ticks = LONG_RUN};
    struct doc_source source = {totals, replay, &r};
    struct doc_timeline *t = NULL;
    struct buf out = {0};
    struct json_out j = JSON_OUT(&out, 0);
    mono_ns start = cpu_now();

    if (doc_timeline_read(&source, RUN_DOC_STEPS_DEFAULT, &t) < 0)
        return;
    json_open_object(&j);
    doc_timeline_put(t, &j);
    json_close(&j);
    printf("%5zu series, 2 h: document %6.3f s, %zu KB\n", n_endpoints * METRICS,
           (double)(cpu_now() - start - r.spent) / 1e9, out.len / 1000);
    doc_timeline_free(t);
    buf_fini(&out);
}

int main(void)
{
    bench_frames(100, 1);
    bench_frames(10, 10);
    bench_document(10);
    bench_document(20);
    bench_document(100);
    bench_document(300);
    return 0;
}
