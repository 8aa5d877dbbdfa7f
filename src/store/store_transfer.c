/*
 * One run as a file of its own, and back. A file from elsewhere is first copied page by page to a
 * temporary one; there it is brought up to date and looked at as a whole, and only then read from.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/store_priv.h"

/* What belongs to a run, and its columns but for the run's key and rows' own. */
static const struct {
    const char *table, *columns;
} parts[] = {
    {"series", "id, data"},
    {"ticks", "seq, t_from, t_to, data"},
    {"totals", "data"},
    {"events", "at, elapsed, kind, text, json"},
    {"exchanges",
     "kind, name, method, url, status, error_code, error, scenario, at, duration, har"},
    {"exceptions", "kind, message, place, scenario, count, first, last, workers, others, stack"},
};

/* Runs a text of its own with up to two numbers. */
static int run_text(struct store *s, const char *sql, int64_t first, int64_t second)
{
    struct query q = {.store = s, .cached = -1};
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &q.statement, NULL);

    if (rc != SQLITE_OK)
        return store_fault(s, rc);
    query_int(&q, first);
    if (sqlite3_bind_parameter_count(q.statement) > 1)
        query_int(&q, second);
    int r = query_run(&q);

    query_close(&q);
    return r;
}

static int attach(struct store *s, const char *path)
{
    scoped(query_close) struct query q = {0};
    scoped(freep) char *name = path[0] == '/' ? xstrdup(path) : xasprintf("./%s", path);

    TRY(query_open(s, "ATTACH DATABASE ? AS other", &q));
    query_text(&q, str_of(name));
    return query_run(&q);
}

static void detach(struct store *s)
{
    sqlite3_exec(s->db, "DETACH DATABASE other", NULL, NULL, NULL);
}

/* The names of the columns of runs but for the key. */
static int run_columns(struct store *s, struct buf *out)
{
    scoped(query_close) struct query q = {0};
    int r;

    TRY(query_open(s, "SELECT name FROM pragma_table_info('runs') WHERE name <> 'key'", &q));
    while ((r = query_step(&q)) == QUERY_ROW)
        buf_printf(out, "%s%.*s", out->len ? ", " : "", STR_ARG(query_get_text(&q, 0)));
    return r;
}

static int copy_parts(struct store *s, const char *from, const char *to, int64_t key,
                      int64_t new_key)
{
    for (size_t i = 0; i < countof(parts); i++) {
        scoped(freep) char *sql =
            xasprintf("INSERT INTO %s.%s(run, %s) SELECT ?2, %s FROM %s.%s WHERE run = ?1", to,
                      parts[i].table, parts[i].columns, parts[i].columns, from, parts[i].table);

        TRY(run_text(s, sql, key, new_key));
    }
    return 0;
}

/* Its process means nothing in another file: a run that goes on becomes one that was interrupted.
 */
static int disown(struct store *s, const char *to, int64_t key)
{
    scoped(freep) char *sql = xasprintf(
        "UPDATE %s.runs SET boot = '', pid = 0, pid_start = 0, pid_ns = 0 WHERE key = ?", to);

    return run_text(s, sql, key, 0);
}

/* Copies one run between "main" and "other", within a transaction of the caller's. */
static int copy_run(struct store *s, const char *from, const char *to, int64_t key)
{
    scoped(buf_fini) struct buf columns = {0};

    TRY(run_columns(s, &columns));
    scoped(freep) char *row =
        xasprintf("INSERT INTO %s.runs(%s) SELECT %s FROM %s.runs WHERE key = ?", to,
                  buf_cstr(&columns), buf_cstr(&columns), from);
    scoped(freep) char *script =
        xasprintf("INSERT OR IGNORE INTO %s.scripts(hash, text) SELECT hash, text FROM %s.scripts "
                  "WHERE hash = (SELECT script_hash FROM %s.runs WHERE key = ?)",
                  to, from, from);

    TRY(run_text(s, script, key, 0));
    TRY(run_text(s, row, key, 0));
    int64_t new_key = sqlite3_last_insert_rowid(s->db);

    TRY(copy_parts(s, from, to, key, new_key));
    return disown(s, to, new_key);
}

/* ---- export ---- */

static int copy_out(struct store *s, int64_t key)
{
    TRY(store_begin(s));
    int r = copy_run(s, "main", "other", key);

    if (r == 0)
        return store_commit(s);
    store_rollback(s);
    return r;
}

/* A file that goes elsewhere is one file, without a log beside it. */
static int make_single(const char *path)
{
    struct store *s = NULL;

    TRY(store_open(path, STORE_WRITE, &s));
    int r = store_exec(s, "PRAGMA journal_mode = DELETE");

    store_close(s);
    return r;
}

int store_export(struct store *s, int64_t key, const char *path)
{
    struct store *made = NULL;

    if (access(path, F_OK) == 0)
        return fault(-EEXIST, "'%s' is there already: name a file that is not", path);
    TRY(store_open(path, STORE_WRITE, &made));
    store_close(made);
    int r = attach(s, path);

    if (r == 0) {
        r = copy_out(s, key);
        detach(s);
    }
    if (r == 0)
        r = make_single(path);
    if (r < 0)
        unlink(path);
    return r;
}

/* ---- import ---- */

static int quick_check(struct store *s)
{
    scoped(query_close) struct query q = {0};

    TRY(query_open(s, "PRAGMA quick_check(1)", &q));
    int r = query_step(&q);

    if (r < 0)
        return r;
    struct str text = query_get_text(&q, 0);

    return str_is(text, "ok") ? 0
                              : fault(-EINVAL, "'%s' is damaged: %.*s", s->shown, STR_ARG(text));
}

static int copy_pages(struct store *from, struct store *to)
{
    sqlite3_backup *backup = sqlite3_backup_init(to->db, "main", from->db, "main");

    if (!backup)
        return store_fault(to, sqlite3_errcode(to->db));
    int rc = sqlite3_backup_step(backup, -1);
    int finished = sqlite3_backup_finish(backup);

    return rc == SQLITE_DONE && finished == SQLITE_OK ? 0 : store_fault(from, rc);
}

static int take_over(struct store *copy, const char *path)
{
    struct store *from = NULL;

    TRY(store_connect(path, &from));
    int r = copy_pages(from, copy);

    store_close(from);
    return r;
}

static int is_known(struct store *s, int64_t key, bool *ret_known)
{
    static const char sql[] =
        "SELECT 1 FROM main.runs WHERE id = (SELECT id FROM other.runs WHERE key = ?)";
    scoped(query_close) struct query q = {0};

    TRY(query_open(s, sql, &q));
    query_int(&q, key);
    int r = query_step(&q);

    *ret_known = r == QUERY_ROW;
    return r < 0 ? r : 0;
}

static int copy_in(struct store *s, size_t *ret_n)
{
    scoped(query_close) struct query q = {0};
    size_t n = 0;
    int r;

    TRY(query_open(s, "SELECT key FROM other.runs ORDER BY created, key", &q));
    while ((r = query_step(&q)) == QUERY_ROW) {
        int64_t key = query_get_int(&q, 0);
        bool known = false;

        TRY(is_known(s, key, &known));
        if (known)
            continue;
        TRY(copy_run(s, "other", "main", key));
        n++;
    }
    *ret_n = n;
    return r;
}

/* The texts of statements over "other" mean nothing once it is another file. */
static void forget_statements(struct store *s)
{
    for (size_t i = 0; i < s->n_cache; i++)
        sqlite3_finalize(s->cache[i].statement);
    s->n_cache = 0;
}

static int import_copy(struct store *s, const char *copy, size_t *ret_n)
{
    TRY(attach(s, copy));
    int r = store_begin(s);

    if (r == 0) {
        r = copy_in(s, ret_n);
        if (r == 0)
            r = store_commit(s);
        store_rollback(s);
    }
    forget_statements(s);
    detach(s);
    return r;
}

static int check_copy(struct store *copy)
{
    TRY(quick_check(copy));
    TRY(store_schema_open(copy, STORE_READ));
    return store_schema_check(copy);
}

int store_import(struct store *s, const char *path, size_t *ret_n)
{
    struct store *copy = NULL;

    TRY(store_connect_temp(&copy));
    copy->shown = path;
    int r = take_over(copy, path);

    if (r == 0)
        r = check_copy(copy);
    if (r == 0)
        r = import_copy(s, store_path(copy), ret_n);
    store_close(copy);
    return r;
}
