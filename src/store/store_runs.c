/* Rows of runs: adding, changing, finding, listing. */
#include <errno.h>

#include "base/mem.h"
#include "store/store_priv.h"

/* ---- writing ---- */

static int add_script(struct store *s, const struct store_run *run)
{
    static const char sql[] = "INSERT OR IGNORE INTO scripts(hash, text) VALUES(?, ?)";
    scoped(query_close) struct query q = {0};

    if (!run->script_hash.n || !run->script_text.n)
        return 0;
    TRY(query_open(s, sql, &q));
    query_text(&q, run->script_hash);
    query_blob(&q, blob_pack(s, run->script_text));
    return query_run(&q);
}

static int add_row(struct store *s, const struct store_run *run, struct arena *arena)
{
    scoped(query_close) struct query q = {0};
    struct store_owner owner;

    store_owner_self(arena, &owner);
    TRY(query_open(s, s->sql.insert_run, &q));
    store_row_bind_insert(&q, run);
    query_text(&q, owner.boot);
    query_int(&q, owner.pid);
    query_int(&q, owner.pid_start);
    query_int(&q, owner.pid_ns);
    return query_run(&q);
}

int store_run_insert(struct store *s, const struct store_run *run, int64_t *ret_key)
{
    struct arena arena = {0};
    int r = add_script(s, run);

    if (r == 0)
        r = add_row(s, run, &arena);
    if (r == 0)
        *ret_key = sqlite3_last_insert_rowid(s->db);
    arena_fini(&arena);
    return r;
}

int store_run_add(struct store *s, const struct store_run *run, int64_t *ret_key)
{
    struct store_run row = *run;

    row.state = STORE_RUNNING;
    return store_run_insert(s, &row, ret_key);
}

typedef void(bind_fn)(struct query *q, const struct store_run *run);

static int update(struct store *s, const struct store_run *run, const char *sql, bind_fn *bind)
{
    scoped(query_close) struct query q = {0};

    TRY(query_open(s, sql, &q));
    bind(&q, run);
    TRY(query_run(&q));
    if (sqlite3_changes(s->db) == 0)
        return fault(-ENOENT, "the store '%s' has no run #%lld", s->shown, (long long)run->key);
    return 0;
}

int store_run_update(struct store *s, const struct store_run *run)
{
    return update(s, run, s->sql.update_run, store_row_bind_update);
}

int store_run_update_measured(struct store *s, const struct store_run *run)
{
    return update(s, run, s->sql.update_measured, store_row_bind_measured);
}

int store_run_mark(struct store *s, const struct store_run *run)
{
    return update(s, run, s->sql.update_user, store_row_bind_user);
}

int store_run_put_git(struct store *s, const struct store_run *run)
{
    static const char sql[] =
        "UPDATE runs SET git_commit = ?, git_branch = ?, git_dirty = ? WHERE key = ?";
    scoped(query_close) struct query q = {0};

    TRY(query_open(s, sql, &q));
    query_text(&q, run->git_commit);
    query_text(&q, run->git_branch);
    query_int(&q, run->git_dirty);
    query_int(&q, run->key);
    return query_run(&q);
}

int store_run_remove(struct store *s, int64_t key)
{
    static const char sql[] = "DELETE FROM runs WHERE key = ?";
    scoped(query_close) struct query q = {0};

    TRY(query_open(s, sql, &q));
    query_int(&q, key);
    TRY(query_run(&q));
    if (sqlite3_changes(s->db) == 0)
        return fault(-ENOENT, "the store '%s' has no run #%lld", s->shown, (long long)key);
    return store_drop_scripts(s);
}

/* ---- reading ---- */

/*
 * What cannot be given its end, because the file can't be written, is shown with it nevertheless.
 */
static void note_owner(struct store *s, struct query *q, struct store_run *run)
{
    int first = sqlite3_column_count(q->statement) - 4;
    struct store_owner owner = {
        .boot = query_get_text(q, first),
        .pid = query_get_int(q, first + 1),
        .pid_start = query_get_int(q, first + 2),
        .pid_ns = query_get_int(q, first + 3),
    };
    int64_t n;
    span_ns to;

    if (run->state != STORE_RUNNING || store_owner_look(&owner) != OWNER_GONE)
        return;
    run->state = STORE_INTERRUPTED;
    run->exit_code = -1;
    if (store_ticks_end(s, run->key, &n, &to) == 0 && run->started) {
        run->duration = to;
        run->ended = run->started + to;
    }
}

int store_run_get(struct store *s, int64_t key, struct arena *arena, struct store_run *ret_run)
{
    scoped(query_close) struct query q = {0};

    TRY(store_settle(s));
    TRY(query_open(s, s->sql.select_by_key, &q));
    query_int(&q, key);
    int r = query_step(&q);

    if (r != QUERY_ROW)
        return r < 0 ? r : STORE_E_NONE;
    store_row_get(&q, arena, ret_run);
    note_owner(s, &q, ret_run);
    return 0;
}

int store_run_has_id(struct store *s, struct str id, bool *ret_has)
{
    static const char sql[] = "SELECT 1 FROM runs WHERE id = ?";
    scoped(query_close) struct query q = {0};

    TRY(query_open(s, sql, &q));
    query_text(&q, id);
    int r = query_step(&q);

    *ret_has = r == QUERY_ROW;
    return r < 0 ? r : 0;
}

static void bind_filter(struct query *q, const struct store_filter *f)
{
    query_text(q, f->script);
    query_text(q, f->script_hash);
    query_text(q, f->label);
    query_text(q, f->text);
    query_int(q, f->only_baselines);
    query_int(q, f->only_over);
    query_int(q, f->since);
    query_int(q, f->until);
}

enum {
    LIST_DEFAULT = 100,
};

int store_runs(struct store *s, const struct store_filter *filter, store_run_fn *fn, void *arg)
{
    scoped(query_close) struct query q = {0};
    struct arena arena = {0};
    int r;

    TRY(store_settle(s));
    TRY(query_open(s, s->sql.select_list, &q));
    bind_filter(&q, filter);
    query_int(&q, filter->limit ? (int64_t)filter->limit : LIST_DEFAULT);
    query_int(&q, (int64_t)filter->offset);
    while ((r = query_step(&q)) == QUERY_ROW) {
        struct store_run run;

        store_row_get(&q, &arena, &run);
        note_owner(s, &q, &run);
        r = fn(arg, &run);
        arena_reset(&arena);
        if (r)
            break;
    }
    arena_fini(&arena);
    return r;
}

int store_count(struct store *s, const struct store_filter *filter, size_t *ret_n)
{
    scoped(query_close) struct query q = {0};

    TRY(store_settle(s));
    TRY(query_open(s, store_count_sql, &q));
    bind_filter(&q, filter);
    int r = query_step(&q);

    if (r < 0)
        return r;
    *ret_n = r == QUERY_ROW ? (size_t)query_get_int(&q, 0) : 0;
    return 0;
}

int store_script(struct store *s, struct str hash, struct buf *ret_text)
{
    static const char sql[] = "SELECT text FROM scripts WHERE hash = ?";
    scoped(query_close) struct query q = {0};

    TRY(query_open(s, sql, &q));
    query_text(&q, hash);
    int r = query_step(&q);

    if (r != QUERY_ROW)
        return r < 0 ? r : STORE_E_NONE;
    return blob_unpack(s, query_get_blob(&q, 0), ret_text);
}
