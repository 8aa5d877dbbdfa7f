/*
 * The tables, as steps from one version to the next: a new file takes all of them, an older one
 * those that it lacks. PRAGMA user_version is the number of steps that were taken. A step that was
 * released is never changed.
 */
#include <errno.h>
#include <stdio.h>

#include "store/store_priv.h"

/* clang-format off */
static const char *const steps[] = {
    /* 1: runs, what was measured, what happened */
    "CREATE TABLE scripts("
    "  hash TEXT PRIMARY KEY,"
    "  text BLOB NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE runs("
    "  key INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  id TEXT NOT NULL UNIQUE,"
    "  name TEXT NOT NULL,"
    "  state TEXT NOT NULL,"
    "  created INTEGER NOT NULL," /* wall times and durations are in ns */
    "  started INTEGER NOT NULL,"
    "  ended INTEGER NOT NULL,"
    "  duration INTEGER NOT NULL,"
    "  exit_code INTEGER NOT NULL,"
    "  reason TEXT NOT NULL,"
    "  script TEXT NOT NULL,"
    "  kind TEXT NOT NULL,"
    "  script_hash TEXT NOT NULL,"
    "  git_commit TEXT NOT NULL,"
    "  git_branch TEXT NOT NULL,"
    "  git_dirty INTEGER NOT NULL,"
    "  baseline INTEGER NOT NULL,"
    "  note TEXT NOT NULL,"
    "  labels TEXT NOT NULL,"
    "  tags TEXT NOT NULL,"
    "  options TEXT NOT NULL,"
    "  environment TEXT NOT NULL,"
    "  thresholds TEXT NOT NULL,"
    "  scenarios TEXT NOT NULL,"
    "  verdict TEXT NOT NULL,"
    "  generator TEXT NOT NULL,"
    "  outputs TEXT NOT NULL,"
    "  submetrics TEXT NOT NULL,"
    "  headline TEXT NOT NULL,"
    "  boot TEXT NOT NULL DEFAULT ''," /* the process that writes it */
    "  pid INTEGER NOT NULL DEFAULT 0,"
    "  pid_start INTEGER NOT NULL DEFAULT 0,"
    "  pid_ns INTEGER NOT NULL DEFAULT 0"
    ") STRICT;"
    "CREATE INDEX runs_created ON runs(created);"
    "CREATE INDEX runs_script ON runs(script, created);"
    "CREATE INDEX runs_running ON runs(state) WHERE state = 'running';"
    "CREATE TABLE series("
    "  run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE,"
    "  id INTEGER NOT NULL,"
    "  data BLOB NOT NULL,"
    "  PRIMARY KEY(run, id)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE ticks("
    "  run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE,"
    "  seq INTEGER NOT NULL,"
    "  t_from INTEGER NOT NULL,"
    "  t_to INTEGER NOT NULL,"
    "  data BLOB NOT NULL,"
    "  PRIMARY KEY(run, seq)"
    ") STRICT;"
    "CREATE TABLE totals("
    "  run INTEGER PRIMARY KEY REFERENCES runs(key) ON DELETE CASCADE,"
    "  data BLOB NOT NULL"
    ") STRICT;"
    "CREATE TABLE events("
    "  key INTEGER PRIMARY KEY,"
    "  run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE,"
    "  at INTEGER NOT NULL,"
    "  elapsed INTEGER NOT NULL,"
    "  kind TEXT NOT NULL,"
    "  text TEXT NOT NULL,"
    "  json TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX events_run ON events(run);"
    "CREATE TABLE exchanges("
    "  key INTEGER PRIMARY KEY,"
    "  run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE,"
    "  kind TEXT NOT NULL,"
    "  name TEXT NOT NULL,"
    "  method TEXT NOT NULL,"
    "  url TEXT NOT NULL,"
    "  status INTEGER NOT NULL,"
    "  error_code TEXT NOT NULL,"
    "  error TEXT NOT NULL,"
    "  scenario TEXT NOT NULL,"
    "  at INTEGER NOT NULL,"
    "  duration INTEGER NOT NULL,"
    "  har BLOB NOT NULL"
    ") STRICT;"
    "CREATE INDEX exchanges_run ON exchanges(run);",
    /* 2: uncaught exceptions */
    "CREATE TABLE exceptions("
    "  key INTEGER PRIMARY KEY,"
    "  run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE,"
    "  kind TEXT NOT NULL,"
    "  message TEXT NOT NULL,"
    "  place TEXT NOT NULL,"
    "  scenario TEXT NOT NULL,"
    "  count INTEGER NOT NULL,"
    "  first INTEGER NOT NULL,"
    "  last INTEGER NOT NULL,"
    "  workers INTEGER NOT NULL," /* bits: struct exception */
    "  others INTEGER NOT NULL,"
    "  stack BLOB NOT NULL"
    ") STRICT;"
    "CREATE INDEX exceptions_run ON exceptions(run);",
};
/* clang-format on */

static int not_ours(struct store *s)
{
    return fault(-EINVAL, "'%s' is a database of another program, not a store of runs", s->shown);
}

static int take_steps(struct store *s, int64_t from)
{
    for (size_t i = (size_t)from; i < countof(steps); i++)
        TRY(store_exec(s, steps[i]));

    char pragma[100];

    snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %zu; PRAGMA application_id = %d",
             countof(steps), STORE_APPLICATION);
    return store_exec(s, pragma);
}

struct stamp {
    int64_t version;
    int64_t application;
    int64_t tables;
    int64_t foreign; /* views and triggers: we make none, so nobody's are run */
};

static int read_stamp(struct store *s, struct stamp *ret_stamp)
{
    TRY(store_ask_int(s, "PRAGMA user_version", &ret_stamp->version));
    TRY(store_ask_int(s, "PRAGMA application_id", &ret_stamp->application));
    TRY(store_ask_int(s, "SELECT count(*) FROM sqlite_schema", &ret_stamp->tables));
    TRY(store_ask_int(s,
                      "SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index') OR "
                      "sql LIKE 'CREATE VIRTUAL%'",
                      &ret_stamp->foreign));
    return 0;
}

static int judge(struct store *s, const struct stamp *stamp, enum store_mode mode)
{
    bool empty = stamp->tables == 0 && stamp->application == 0 && stamp->version == 0;

    if (empty && mode == STORE_READ && s->read_only)
        return fault(-EINVAL, "'%s' is empty: there are no runs in it", s->shown);
    if (empty)
        return 0;
    if (stamp->application != STORE_APPLICATION || stamp->foreign || stamp->version < 1)
        return not_ours(s);
    if (stamp->version > (int64_t)countof(steps)) {
        return fault(-EINVAL,
                     "the store '%s' was written by a newer version of brunt (its format is %lld, "
                     "this program knows %zu): use that version, or another file with --store",
                     s->shown, (long long)stamp->version, countof(steps));
    }
    if (s->read_only && stamp->version < (int64_t)countof(steps)) {
        return fault(-EROFS,
                     "the store '%s' was written by an older version of brunt and has to be "
                     "brought up to date, but it cannot be written",
                     s->shown);
    }
    return 0;
}

/* Another process may have been quicker: the stamp is read again with the file held. */
static int bring_up_to_date(struct store *s, enum store_mode mode)
{
    struct stamp stamp;

    TRY(store_begin(s));
    int r = read_stamp(s, &stamp);

    if (r == 0)
        r = judge(s, &stamp, mode);
    if (r == 0 && stamp.version < (int64_t)countof(steps))
        r = take_steps(s, stamp.version);
    if (r == 0)
        return store_commit(s);
    store_rollback(s);
    return r;
}

int store_schema_open(struct store *s, enum store_mode mode)
{
    struct stamp stamp;

    TRY(read_stamp(s, &stamp));
    TRY(judge(s, &stamp, mode));
    if (stamp.version == (int64_t)countof(steps))
        return 0;
    if (stamp.tables == 0) /* before anything is written: it shapes the file */
        TRY(store_exec(s, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL"));
    return bring_up_to_date(s, mode);
}

/* All that was ever said to make the tables, in an order of its own. */
static int schema_text(struct store *s, struct buf *out)
{
    static const char sql[] = "SELECT coalesce(sql, '') FROM sqlite_schema "
                              "WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name";
    struct query q;
    int r;

    TRY(query_open(s, sql, &q));
    while ((r = query_step(&q)) == QUERY_ROW) {
        struct str line = query_get_text(&q, 0);

        if (buf_add(out, line.p, line.n) != 0 || buf_add(out, "\n", 1) != 0)
            r = not_ours(s);
        if (r < 0)
            break;
    }
    query_close(&q);
    return r;
}

static void free_pattern(struct store *s)
{
    for (size_t i = 0; i < s->n_cache; i++)
        sqlite3_finalize(s->cache[i].statement);
    sqlite3_close(s->db);
}

int store_schema_check(struct store *s)
{
    scoped(free_pattern) struct store pattern = {.shown = s->shown};
    scoped(buf_fini) struct buf want = BUF_INIT(1 << 20), have = BUF_INIT(1 << 20);
    int rc =
        sqlite3_open_v2(":memory:", &pattern.db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc != SQLITE_OK)
        return store_fault(&pattern, rc);
    TRY(take_steps(&pattern, 0));
    TRY(schema_text(&pattern, &want));
    TRY(schema_text(s, &have));
    return str_eq(buf_str(&want), buf_str(&have)) ? 0 : not_ours(s);
}
