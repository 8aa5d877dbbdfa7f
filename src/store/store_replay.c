/*
 * Reading what was measured: the definitions first, so that the snapshot has the series of the one
 * that was written, under the same ids; then tick after tick. All of it is read in one transaction:
 * a run that goes on meanwhile does not change under it.
 */
#include <errno.h>
#include <math.h>

#include "base/mem.h"
#include "metric/tick_codec.h"
#include "store/store_priv.h"

struct replay {
    struct store *store;
    int64_t run;
    struct metric_registry *registry;
    struct snapshot *snapshot;
    struct tick_reader *reader;
    struct buf bytes; /* of one tick */
};

static void replay_fini(struct replay *r)
{
    tick_reader_free(r->reader);
    snapshot_free(r->snapshot);
    metric_registry_free(r->registry);
    buf_fini(&r->bytes);
}

static int damaged(const struct replay *r)
{
    return fault(-EINVAL, "the store '%s': the measurements of run #%lld are damaged",
                 r->store->shown, (long long)r->run);
}

static int define(struct replay *r, struct arena *arena, struct str data)
{
    struct tick_series series;

    if (tick_get_series(&data, arena, &series) != 0 || data.n)
        return damaged(r);
    int got = tick_reader_series(r->reader, &series);

    return got > 0 ? damaged(r) : got;
}

static int load_series(struct replay *r)
{
    static const char sql[] = "SELECT data FROM series WHERE run = ? ORDER BY id";
    scoped(query_close) struct query q = {0};
    struct arena arena = {0};
    int got;

    TRY(query_open(r->store, sql, &q));
    query_int(&q, r->run);
    while ((got = query_step(&q)) == QUERY_ROW) {
        got = define(r, &arena, query_get_blob(&q, 0));
        arena_reset(&arena);
        if (got < 0)
            break;
    }
    arena_fini(&arena);
    return got;
}

/* A name whose metric was never measured makes nothing here. */
static int load_submetrics(struct replay *r)
{
    static const char sql[] =
        "SELECT value FROM runs, json_each(iif(json_valid(submetrics), submetrics, '[]')) "
        "WHERE runs.key = ? AND type = 'text'";
    scoped(query_close) struct query q = {0};
    struct submetric_name name;
    struct snap_metric *made;
    int got;

    TRY(query_open(r->store, sql, &q));
    query_int(&q, r->run);
    while ((got = query_step(&q)) == QUERY_ROW) {
        struct str text = query_get_text(&q, 0);

        if (submetric_parse(text, &name) == 0)
            ignored(snapshot_submetric(r->snapshot, &name, text, &made));
    }
    return got;
}

static int exists(struct replay *r)
{
    static const char sql[] = "SELECT 1 FROM runs WHERE key = ?";
    scoped(query_close) struct query q = {0};

    TRY(query_open(r->store, sql, &q));
    query_int(&q, r->run);
    int got = query_step(&q);

    if (got == QUERY_DONE) {
        return fault(-ENOENT, "the store '%s' has no run #%lld", r->store->shown,
                     (long long)r->run);
    }
    return got < 0 ? got : 0;
}

static int replay_init(struct replay *r, struct store *s, int64_t run)
{
    *r = (struct replay){.store = s, .run = run, .bytes = BUF_INIT(STORE_BLOB_MAX)};
    TRY(exists(r));
    r->registry = metric_registry_new();
    r->snapshot = snapshot_new(
        &(struct snapshot_config){.registry = r->registry, .max_series = UINT32_MAX / 2});
    r->reader = tick_reader_new(r->snapshot, r->registry);
    TRY(load_series(r));
    return load_submetrics(r);
}

static int apply(struct replay *r, struct str packed)
{
    buf_reset(&r->bytes);
    TRY(blob_unpack(r->store, packed, &r->bytes));
    return tick_reader_apply(r->reader, buf_str(&r->bytes), STORE_EPOCH) == 0 ? 0 : damaged(r);
}

static void give(struct replay *r, struct metric_registry **ret_registry,
                 struct snapshot **ret_snapshot)
{
    *ret_registry = take(r->registry);
    *ret_snapshot = take(r->snapshot);
}

/* ---- steps ---- */

/* A step in the making. */
struct step {
    const struct store_replay *how;
    int64_t ticks_each;
    int64_t n; /* ticks in it so far */
    span_ns from, to;
};

static int end_step(struct replay *r, struct step *step)
{
    snapshot_tick_end(r->snapshot, STORE_EPOCH + step->to);
    step->n = 0;
    return step->how->step ? step->how->step(step->how->arg, r->snapshot, step->from, step->to) : 0;
}

/* Times that no run has would be lost in arithmetic. */
static bool sane(span_ns from, span_ns to)
{
    return from >= 0 && to >= from && to < INT64_MAX / 4;
}

static int add_tick(struct replay *r, struct step *step, struct query *q)
{
    span_ns from = query_get_int(q, 0), to = query_get_int(q, 1);

    if (!sane(from, to))
        return damaged(r);
    if (step->n == 0) {
        step->from = from;
        snapshot_tick_begin(r->snapshot);
    }
    step->to = to;
    step->n++;
    TRY(apply(r, query_get_blob(q, 2)));
    if (step->how->ret_seq)
        *step->how->ret_seq = (uint64_t)query_get_int(q, 3);
    return step->n == step->ticks_each ? end_step(r, step) : 0;
}

static int play(struct replay *r, const struct store_replay *how)
{
    static const char sql[] =
        "SELECT t_from, t_to, data, seq FROM ticks WHERE run = ? ORDER BY seq";
    scoped(query_close) struct query q = {0};
    struct step step = {.how = how, .ticks_each = 1};
    int64_t n;
    span_ns last;
    int got;

    TRY(store_ticks_end(r->store, r->run, &n, &last));
    if (how->max_steps && n > (int64_t)how->max_steps)
        step.ticks_each = (n + (int64_t)how->max_steps - 1) / (int64_t)how->max_steps;
    TRY(query_open(r->store, sql, &q));
    query_int(&q, r->run);
    while ((got = query_step(&q)) == QUERY_ROW) {
        got = add_tick(r, &step, &q);
        if (got != 0)
            return got;
    }
    if (got == 0 && step.n)
        got = end_step(r, &step);
    return got;
}

/* One view of the file for all that is read; within a transaction of the caller's, that one. */
static bool begin_read(struct store *s)
{
    return sqlite3_get_autocommit(s->db) && store_exec(s, "BEGIN") == 0;
}

int store_replay(struct store *s, int64_t key, const struct store_replay *how,
                 struct metric_registry **ret_registry, struct snapshot **ret_snapshot)
{
    scoped(replay_fini) struct replay r = {0};
    bool began = begin_read(s);
    int got = replay_init(&r, s, key);

    if (got == 0)
        got = play(&r, how);
    if (began)
        store_rollback(s);
    if (got == 0) {
        give(&r, ret_registry, ret_snapshot);
    } else if (how->failed) {
        how->failed(how->arg);
    }
    return got;
}

/* ---- totals ---- */

/* Returns QUERY_ROW when there were some. */
static int load_totals(struct replay *r, span_ns end)
{
    static const char sql[] = "SELECT data FROM totals WHERE run = ?";
    scoped(query_close) struct query q = {0};

    TRY(query_open(r->store, sql, &q));
    query_int(&q, r->run);
    int got = query_step(&q);

    if (got != QUERY_ROW)
        return got;
    snapshot_tick_begin(r->snapshot);
    TRY(apply(r, query_get_blob(&q, 0)));
    snapshot_tick_end(r->snapshot, STORE_EPOCH + end);
    return QUERY_ROW;
}

int store_totals(struct store *s, int64_t key, struct metric_registry **ret_registry,
                 struct snapshot **ret_snapshot)
{
    scoped(replay_fini) struct replay r = {0};
    bool began = begin_read(s);
    int64_t n;
    span_ns end = 0;
    int got = replay_init(&r, s, key);

    if (got == 0)
        got = store_ticks_end(s, key, &n, &end);
    if (got == 0)
        got = sane(0, end) ? load_totals(&r, end) : damaged(&r);
    if (got == QUERY_DONE)
        got = play(&r, &(struct store_replay){.max_steps = 1});
    if (began)
        store_rollback(s);
    if (got < 0)
        return got;
    give(&r, ret_registry, ret_snapshot);
    return 0;
}
