#pragma once
/* For tests: a snapshot that takes requests one by one, and a view over it. */
#include <assert.h>

#include "base/buf.h"
#include "locust/locust_view.h"
#include "metric/metric.h"

#define BENCH_START ((wall_ns)1700000000 * NS_PER_S)

struct locust_bench {
    struct metric_registry *registry;
    struct snapshot *snapshot;
    struct locust_view *view;
    struct locust_tick tick;
    bool is_open; /* a tick is */
    struct buf text;
};

static UNUSED void locust_bench_open(struct locust_bench *b, bool exact, bool keep_seconds)
{
    *b = (struct locust_bench){
        .tick = {.started = BENCH_START, .now = BENCH_START, .state = LOCUST_RUNNING}};
    b->registry = metric_registry_new();
    b->snapshot = snapshot_new(&(struct snapshot_config){.registry = b->registry});
    b->view = locust_view_new(&(struct locust_view_config){.snapshot = b->snapshot,
                                                           .exact = exact,
                                                           .keep_seconds = keep_seconds,
                                                           .keep_recent = keep_seconds});
}

static UNUSED void locust_bench_close(struct locust_bench *b)
{
    locust_view_free(b->view);
    snapshot_free(b->snapshot);
    metric_registry_free(b->registry);
    buf_fini(&b->text);
}

static UNUSED void locust_bench_sample(struct locust_bench *b, uint32_t metric, const char *tags,
                                       double value)
{
    struct tag list[8];
    struct str rest = str_of(tags);
    struct str part;
    size_t n = 0;

    while (tags[0] && str_split(&rest, ',', &part)) {
        size_t at = str_find(part, '=');

        assert(n < countof(list));
        list[n++] = (struct tag){str_from(part.p, at), str_from_index(part, at + 1)};
    }
    if (!b->is_open)
        snapshot_tick_begin(b->snapshot);
    b->is_open = true;
    snapshot_sample(b->snapshot, metric, list, n, value, 1);
}

/* One request; `tags` is "key=value,key=value". */
static UNUSED void locust_bench_request(struct locust_bench *b, const char *tags, bool failed,
                                        double ms)
{
    locust_bench_sample(b, M_HTTP_REQS, tags, 1);
    locust_bench_sample(b, M_HTTP_REQ_DURATION, tags, ms);
    locust_bench_sample(b, M_HTTP_REQ_FAILED, tags, failed);
    locust_bench_sample(b, M_HTTP_REQ_DATA_RECEIVED, tags, 100);
}

/* The tick ends `seconds` after the one before. */
static UNUSED void locust_bench_tick(struct locust_bench *b, double seconds)
{
    if (!b->is_open)
        snapshot_tick_begin(b->snapshot);
    b->is_open = false;
    b->tick.now += (wall_ns)(seconds * (double)NS_PER_S);
    snapshot_tick_end(b->snapshot, (mono_ns)(b->tick.now - BENCH_START + 1));
    locust_view_tick(b->view, &b->tick);
}

static UNUSED const struct locust_row *locust_bench_row(struct locust_bench *b, const char *name)
{
    size_t n;
    struct locust_row *const *rows = locust_view_rows(b->view, &n);

    for (size_t i = 0; i < n; i++) {
        if (str_is(rows[i]->name, name))
            return rows[i];
    }
    return NULL;
}
