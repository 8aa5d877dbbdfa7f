/*
 * What measuring costs on the hot path, in ns: adding to a histogram, looking up and merging tags,
 * one whole HTTP round trip of nine samples, over one tag set and over a thousand; and what a tick
 * costs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "metric/recorder.h"
#include "metric/snapshot.h"

enum {
    N_VALUES = 4096,
    REPEATS = 4000000,
    N_SETS = 1000,
};

static volatile uint64_t sink;

/* Response times around 1 ms with a tail, in ns. */
static void fill_spans(span_ns *spans)
{
    struct rng r;

    rng_seed(&r, 1);
    for (size_t i = 0; i < N_VALUES; i++)
        spans[i] = (span_ns)(200000 + rng_exponential(&r, 800000));
}

/* Of this thread, so that what else runs on the machine shows less. */
static mono_ns cpu_now(void)
{
    return clock_read(CLOCK_THREAD_CPUTIME_ID);
}

static void report(const char *what, mono_ns start, double n)
{
    printf("%-44s %8.2f ns\n", what, (double)(cpu_now() - start) / n);
}

static void bench_hist(const span_ns *spans)
{
    struct hist_slab *slab = hist_slab_new();
    struct hist h = HIST_INIT(slab), sum = HIST_INIT(slab);
    scoped(freep) double *values = xnew_n(double, N_VALUES);

    for (size_t i = 0; i < N_VALUES; i++)
        values[i] = (double)spans[i] / 1e6;
    mono_ns start = cpu_now();

    for (size_t i = 0; i < REPEATS; i++)
        hist_add(&h, values[i % N_VALUES]);
    report("hist_add", start, REPEATS);
    start = cpu_now();
    for (size_t i = 0; i < 100000; i++)
        hist_merge(&sum, &h);
    report("hist_merge", start, 100000);
    start = cpu_now();
    for (size_t i = 0; i < 10000; i++)
        sink += (uint64_t)hist_quantile(&h, 0.95);
    report("hist_quantile", start, 10000);
    sink += sum.count;
    hist_fini(&h);
    hist_fini(&sum);
    hist_slab_free(slab);
}

static const struct tagset *request_tags(struct tag_pool *pool, const struct tagset *base, int i)
{
    char url[64];
    int n = snprintf(url, sizeof(url), "http://127.0.0.1:8080/api/v1/items/%d", i);
    struct tag tags[] = {
        {STR("url"), str_from(url, (size_t)n)},
        {STR("name"), str_from(url, (size_t)n)},
        {STR("method"), STR("GET")},
        {STR("status"), STR("200")},
        {STR("proto"), STR("HTTP/1.1")},
        {STR("expected_response"), STR("true")},
    };

    return tagset_merge(pool, base, tags, countof(tags));
}

static void bench_tags(struct tag_pool *pool, const struct tagset *base)
{
    static const struct tag three[] = {
        {STR("endpoint"), STR("login")}, {STR("kind"), STR("api")}, {STR("team"), STR("checkout")}};
    mono_ns start = cpu_now();

    for (size_t i = 0; i < REPEATS; i++)
        sink += tagset_merge(pool, base, three, countof(three))->id;
    report("tagset_merge, 3 tags, known", start, REPEATS);
    start = cpu_now();
    for (size_t i = 0; i < REPEATS; i++)
        sink += tagset_add(pool, base, STR("group"), STR("::login"))->id;
    report("tagset_add, known", start, REPEATS);
    start = cpu_now();
    for (size_t i = 0; i < REPEATS; i++)
        sink += request_tags(pool, base, 7)->id;
    report("tagset_merge, 6 tags and printing a URL", start, REPEATS);
}

static void bench_http(const char *what, struct recorder *rec, const struct tagset **sets,
                       size_t n_sets, const span_ns *spans)
{
    mono_ns start = cpu_now();

    for (size_t i = 0; i < REPEATS; i++) {
        struct http_series *hs = recorder_http_series(rec, sets[i % n_sets]);
        span_ns span = spans[i % N_VALUES];
        struct http_sample sample = {
            .duration = span,
            .sending = 20000,
            .waiting = span - 30000,
            .receiving = 10000,
        };

        recorder_http(rec, hs, &sample, 1);
    }
    report(what, start, REPEATS);
}

static void bench_series(struct recorder *rec, const struct tagset *tags, const span_ns *spans)
{
    mono_ns start = cpu_now();

    for (size_t i = 0; i < REPEATS; i++)
        sink += recorder_series(rec, M_CHECKS, tags)->index;
    report("recorder_series, known", start, REPEATS);

    struct series *s = recorder_series(rec, M_GROUP_DURATION, tags);

    start = cpu_now();
    for (size_t i = 0; i < REPEATS; i++)
        recorder_trend(rec, s, (double)spans[i % N_VALUES], 1);
    report("recorder_trend", start, REPEATS);
    s = recorder_series(rec, M_CHECKS, tags);
    start = cpu_now();
    for (size_t i = 0; i < REPEATS; i++)
        recorder_rate(rec, s, 1, 1);
    report("recorder_rate", start, REPEATS);
}

static void bench_tick(const char *what, struct snapshot *snap, struct recorder *rec)
{
    mono_ns start = cpu_now();
    struct interval *iv = recorder_swap(rec);
    double n = (double)iv->n;

    snapshot_tick_begin(snap);
    snapshot_merge(snap, iv);
    snapshot_tick_end(snap, 1);
    report(what, start, n);
}

int main(void)
{
    struct metric_registry *registry = metric_registry_new();
    struct tag_pool *pool = tag_pool_new();
    struct recorder *rec =
        recorder_new(&(struct recorder_config){.registry = registry, .pool = pool});
    struct snapshot *snap = snapshot_new(&(struct snapshot_config){.registry = registry});
    const struct tagset *base = tagset_add(pool, tagset_empty(pool), STR("scenario"), STR("s"));
    scoped(freep) span_ns *spans = xnew_n(span_ns, N_VALUES);
    scoped(freep) const struct tagset **sets = xnew_n(const struct tagset *, N_SETS);

    fill_spans(spans);
    base = tagset_add(pool, base, STR("group"), STR(""));
    for (int i = 0; i < N_SETS; i++)
        sets[i] = request_tags(pool, base, i);

    bench_hist(spans);
    bench_tags(pool, base);
    bench_series(rec, base, spans);
    bench_http("recorder_http, 1 tag set", rec, sets, 1, spans);
    bench_http("recorder_http, 100 tag sets", rec, sets, 100, spans);
    bench_http("recorder_http, 1000 tag sets", rec, sets, N_SETS, spans);
    bench_tick("tick, first, per series", snap, rec);
    bench_http("recorder_http, 1000 tag sets, other side", rec, sets, N_SETS, spans);
    bench_tick("tick, later, per series", snap, rec);

    recorder_free(rec);
    snapshot_free(snap);
    tag_pool_free(pool);
    metric_registry_free(registry);
    return 0;
}
