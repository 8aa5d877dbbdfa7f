/*
 * What the history of runs costs: the main loop a tick, the disk a run, a reader a run.
 *
 *     bench_store [SECONDS] [SERIES]      7200 seconds of 200 series, 20 requests a second each
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/random.h"
#include "metric/tick_codec.h"
#include "store/store_writer.h"

enum {
    PER_TICK = 20, /* samples of a series, in each tick */
};

struct world {
    struct metric_registry *registry;
    struct snapshot *snapshot;
    struct rng rng;
    int n_series;
};

/* Of this thread's processor time: on a shared machine the clock on the wall says little. */
static span_ns cpu(void)
{
    return clock_read(CLOCK_THREAD_CPUTIME_ID);
}

static double milliseconds(span_ns from)
{
    return (double)(cpu() - from) / 1e6;
}

/* Half of the series are times, the others counters and rates, as a test of some endpoints has. */
static void tick(struct world *w, mono_ns now)
{
    static const uint32_t metrics[] = {M_HTTP_REQ_DURATION, M_HTTP_REQS, M_HTTP_REQ_WAITING,
                                       M_HTTP_REQ_FAILED};

    snapshot_tick_begin(w->snapshot);
    for (int i = 0; i < w->n_series; i++) {
        char name[32];

        snprintf(name, sizeof(name), "/endpoint/%d", i / 4);
        const struct tag tags[] = {
            {STR("method"), STR("GET")}, {STR("name"), str_of(name)}, {STR("status"), STR("200")}};

        for (int k = 0; k < PER_TICK; k++) {
            double chance = (double)rng_below(&w->rng, 1000) / 1000;

            snapshot_sample(w->snapshot, metrics[i % 4], tags, countof(tags),
                            i % 2 ? i % 4 == 1 : 20 + i % 7 + 30 * chance * chance * chance,
                            now - 1);
        }
    }
    snapshot_tick_end(w->snapshot, now);
}

static int nothing(void *arg, struct snapshot *snapshot, span_ns from, span_ns to)
{
    (void)arg;
    (void)snapshot;
    (void)from;
    (void)to;
    return 0;
}

static void read_back(struct store *s, int64_t key, size_t max_steps)
{
    struct store_replay how = {.max_steps = max_steps, .step = nothing};
    struct metric_registry *registry = NULL;
    struct snapshot *snapshot = NULL;
    span_ns from = cpu();

    if (store_replay(s, key, &how, &registry, &snapshot) < 0)
        fprintf(stderr, "%s\n", fault_text());
    printf("replay in %5zu steps     %10.1f ms\n", max_steps, milliseconds(from));
    snapshot_free(snapshot);
    metric_registry_free(registry);
}

static void read_totals(struct store *s, int64_t key)
{
    struct metric_registry *registry = NULL;
    struct snapshot *snapshot = NULL;
    span_ns from = cpu();

    if (store_totals(s, key, &registry, &snapshot) < 0)
        fprintf(stderr, "%s\n", fault_text());
    printf("totals                    %10.1f ms\n", milliseconds(from));
    snapshot_free(snapshot);
    metric_registry_free(registry);
}

static int write_run(struct world *w, const char *path, int n_ticks)
{
    struct store_writer *writer = NULL;
    struct store_run run = {.id = STR("bench"), .created = 1, .started = 1};
    span_ns spent = 0, most = 0;

    TRY(store_writer_new(&(struct store_writer_config){.path = path}, &writer));
    store_writer_begin(writer, &run);
    for (int i = 1; i <= n_ticks; i++) {
        tick(w, i * NS_PER_S);
        span_ns from = cpu();

        store_writer_tick(writer, w->snapshot, 1);
        span_ns took = cpu() - from;

        spent += took;
        most = took > most ? took : most;
        if (i % 20 == 0)
            ignored(store_writer_sync(writer));
    }
    store_writer_end(writer, w->snapshot, 1);
    run.state = STORE_FINISHED;
    store_writer_update(writer, &run);
    store_writer_free(writer);
    printf("main loop, a tick         %10.1f us, at most %.1f us\n", (double)spent / 1e3 / n_ticks,
           (double)most / 1e3);
    return 0;
}

static void measure(struct world *w, const char *path, int n_ticks)
{
    struct store *s = NULL;
    struct stat st;

    if (write_run(w, path, n_ticks) < 0 || store_open(path, STORE_READ, &s) < 0) {
        fprintf(stderr, "%s\n", fault_text());
        return;
    }
    store_close(s);
    stat(path, &st);
    printf("file                      %10.1f MB, %.0f bytes a tick\n", (double)st.st_size / 1e6,
           (double)st.st_size / n_ticks);
    if (store_open(path, STORE_READ, &s) < 0)
        return;
    read_back(s, 1, 600);
    read_totals(s, 1);
    store_close(s);
}

int main(int argc, char **argv)
{
    int n_ticks = argc > 1 ? atoi(argv[1]) : 7200;
    struct world w = {.n_series = argc > 2 ? atoi(argv[2]) : 200};
    char path[] = "/tmp/brunt-bench-XXXXXX.db";
    int fd = mkstemps(path, 3);

    close(fd);
    rng_seed(&w.rng, 1);
    w.registry = metric_registry_new();
    w.snapshot = snapshot_new(&(struct snapshot_config){.registry = w.registry});
    printf("%d ticks of %d series\n", n_ticks, w.n_series);
    measure(&w, path, n_ticks);
    unlink(path);
    snapshot_free(w.snapshot);
    metric_registry_free(w.registry);
    return 0;
}
