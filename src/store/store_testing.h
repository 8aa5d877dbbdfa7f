#pragma once
/* For tests of the store: a folder that goes with the test, and a run to write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "metric/tick_codec.h"
#include "store/store.h"
#include "store/store_priv.h"

struct place {
    char folder[64];
    char file[96];
};

static inline void place_make(struct place *p)
{
    snprintf(p->folder, sizeof(p->folder), "/tmp/brunt-store-test-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    snprintf(p->file, sizeof(p->file), "%s/runs.db", p->folder);
}

static inline void place_remove(struct place *p)
{
    static const char *const names[] = {"runs.db",  "runs.db-wal",  "runs.db-shm",
                                        "other.db", "other.db-wal", "other.db-shm",
                                        "one.db",   "one.db-wal",   "one.db-shm"};

    for (size_t i = 0; i < countof(names); i++) {
        scoped(freep) char *path = xasprintf("%s/%s", p->folder, names[i]);

        unlink(path);
    }
    assert_int_equal(rmdir(p->folder), 0);
}

static inline struct store *place_open(struct place *p, enum store_mode mode)
{
    struct store *s = NULL;
    int r = store_open(p->file, mode, &s);

    if (r != 0)
        print_message("%s\n", fault_text());
    assert_int_equal(r, 0);
    return s;
}

static inline struct store_run a_run(const char *id, wall_ns created)
{
    return (struct store_run){
        .id = str_of(id),
        .name = STR("checkout"),
        .created = created,
        .exit_code = -1,
        .script = STR("checkout.js"),
        .kind = STR("k6"),
        .script_hash = STR("abc"),
        .script_text = STR("export default function () {}"),
    };
}

static inline int64_t add_run(struct store *s, const char *id, wall_ns created)
{
    struct store_run run = a_run(id, created);
    int64_t key = 0;

    assert_int_equal(store_run_add(s, &run, &key), 0);
    return key;
}

static inline void set_state(struct store *s, int64_t key, enum store_state state)
{
    struct arena arena = {0};
    struct store_run run;

    assert_int_equal(store_run_get(s, key, &arena, &run), 0);
    run.state = state;
    assert_int_equal(store_run_update(s, &run), 0);
    arena_fini(&arena);
}

/* Makes a run one of a process that is gone. */
static inline void lose_owner(struct store *s, int64_t key)
{
    char sql[100];

    snprintf(sql, sizeof(sql), "UPDATE runs SET pid_start = 1 WHERE key = %lld", (long long)key);
    assert_int_equal(store_exec(s, sql), 0);
}

/* A live test, a second a tick: n requests of 1..n ms, written as the writer does it. */
struct live {
    struct metric_registry *registry;
    struct snapshot *snap;
    size_t n_defined;
    int64_t seq;
};

static inline void live_open(struct live *l)
{
    *l = (struct live){.registry = metric_registry_new()};
    l->snap = snapshot_new(&(struct snapshot_config){.registry = l->registry});
}

static inline void live_close(struct live *l)
{
    snapshot_free(l->snap);
    metric_registry_free(l->registry);
}

static inline void live_tick(struct live *l, int n)
{
    mono_ns now = (l->seq + 1) * NS_PER_S + 1;
    struct tag tag = {STR("status"), l->seq % 2 ? STR("500") : STR("200")};

    l->seq++;
    snapshot_tick_begin(l->snap);
    for (int i = 1; i <= n; i++) {
        snapshot_sample(l->snap, M_HTTP_REQ_DURATION, &tag, 1, i, now - 1);
        snapshot_sample(l->snap, M_HTTP_REQS, &tag, 1, 1, now - 1);
        snapshot_sample(l->snap, M_HTTP_REQ_FAILED, &tag, 1, l->seq % 2 == 0, now - 1);
    }
    snapshot_sample(l->snap, M_VUS, NULL, 0, n, now - 1);
    snapshot_tick_end(l->snap, now);
}

static inline void live_write(struct live *l, struct store *s, int64_t run)
{
    size_t n;
    struct snap_series *const *all = snapshot_series(l->snap, &n);
    scoped(buf_fini) struct buf b = {0};

    for (; l->n_defined < n; l->n_defined++) {
        buf_reset(&b);
        tick_put_series(all[l->n_defined], 0, &b);
        assert_int_equal(store_series_add(s, run, (int64_t)l->n_defined, buf_str(&b)), 0);
    }
    buf_reset(&b);
    tick_put(l->snap, 0, &b);
    struct store_tick tick = {l->seq, (l->seq - 1) * NS_PER_S, l->seq * NS_PER_S, buf_str(&b)};

    assert_int_equal(store_tick_add(s, run, &tick), 0);
}
