/*
 * Statements are prepared once a connection and kept, found by the address of their text. One that
 * is in use, because a row of it is being looked at, is not lent again: a second is made for the
 * time.
 */
#include <errno.h>
#include <string.h>

#include "store/store_priv.h"

static int code_of(struct store *s, int rc)
{
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_READONLY:
        return -EROFS;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_ERROR: /* tables that are not ours */
        return -EINVAL;
    default:
        return s->db && sqlite3_system_errno(s->db) ? -sqlite3_system_errno(s->db) : -EIO;
    }
}

static const char *hint_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_BUSY:
        return ": another program holds it";
    case SQLITE_CORRUPT:
        return ": the file is damaged; move it away and a new one is made";
    case SQLITE_NOTADB:
        return ": this is no store of runs";
    default:
        return "";
    }
}

int store_fault(struct store *s, int rc)
{
    bool of_system = (rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN;
    int code = code_of(s, rc);

    errno = s->db ? sqlite3_system_errno(s->db) : 0;
    if (of_system && errno)
        return fault(code, "the store '%s': %m", s->shown);
    return fault(code, "the store '%s': %s%s", s->shown,
                 s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc), hint_of(rc));
}

static int prepare(struct store *s, const char *sql, unsigned flags, sqlite3_stmt **ret_statement)
{
    int rc = sqlite3_prepare_v3(s->db, sql, -1, flags, ret_statement, NULL);

    return rc == SQLITE_OK ? 0 : store_fault(s, rc);
}

int query_open(struct store *s, const char *sql, struct query *ret_query)
{
    struct query q = {.store = s, .cached = -1};

    for (size_t i = 0; i < s->n_cache; i++) {
        if (s->cache[i].text == sql && !s->cache[i].busy) {
            s->cache[i].busy = true;
            q.statement = s->cache[i].statement;
            q.cached = (int)i;
            *ret_query = q;
            return 0;
        }
    }

    bool keep = s->n_cache < STORE_STATEMENTS_MAX;

    TRY(prepare(s, sql, keep ? SQLITE_PREPARE_PERSISTENT : 0, &q.statement));
    if (keep) {
        q.cached = (int)s->n_cache++;
        s->cache[q.cached] = (typeof(s->cache[0])){sql, q.statement, true};
    }
    *ret_query = q;
    return 0;
}

void query_close(struct query *q)
{
    if (!q->statement)
        return;
    sqlite3_reset(q->statement);
    sqlite3_clear_bindings(q->statement);
    if (q->cached >= 0) {
        q->store->cache[q->cached].busy = false;
    } else {
        sqlite3_finalize(q->statement);
    }
    *q = (struct query){0};
}

void query_int(struct query *q, int64_t value)
{
    sqlite3_bind_int64(q->statement, ++q->n_bound, value);
}

void query_text(struct query *q, struct str value)
{
    sqlite3_bind_text64(q->statement, ++q->n_bound, value.n ? value.p : "", value.n, SQLITE_STATIC,
                        SQLITE_UTF8);
}

void query_blob(struct query *q, struct str value)
{
    sqlite3_bind_blob64(q->statement, ++q->n_bound, value.n ? value.p : "", value.n, SQLITE_STATIC);
}

int query_step(struct query *q)
{
    int rc = sqlite3_step(q->statement);

    if (rc == SQLITE_ROW)
        return QUERY_ROW;
    return rc == SQLITE_DONE ? QUERY_DONE : store_fault(q->store, rc);
}

int query_run(struct query *q)
{
    int r;

    while ((r = query_step(q)) == QUERY_ROW)
        ;
    return r;
}

int64_t query_get_int(struct query *q, int column)
{
    return sqlite3_column_int64(q->statement, column);
}

int64_t query_get_time(struct query *q, int column)
{
    int64_t time = query_get_int(q, column);

    return time >= 0 && time < INT64_MAX / 2 ? time : 0;
}

struct str query_get_text(struct query *q, int column)
{
    const unsigned char *text = sqlite3_column_text(q->statement, column);
    int n = sqlite3_column_bytes(q->statement, column);

    return text ? str_from((const char *)text, (size_t)n) : (struct str){0};
}

struct str query_get_blob(struct query *q, int column)
{
    const void *bytes = sqlite3_column_blob(q->statement, column);
    int n = sqlite3_column_bytes(q->statement, column);

    return bytes ? str_from(bytes, (size_t)n) : (struct str){0};
}

int store_exec(struct store *s, const char *sql)
{
    int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? 0 : store_fault(s, rc);
}

int store_ask_int(struct store *s, const char *sql, int64_t *ret_value)
{
    sqlite3_stmt *statement;

    TRY(prepare(s, sql, 0, &statement));
    struct query q = {.store = s, .statement = statement, .cached = -1};
    int r = query_step(&q);

    if (r >= 0)
        *ret_value = r == QUERY_ROW ? query_get_int(&q, 0) : 0;
    query_close(&q);
    return r < 0 ? r : 0;
}

int store_begin(struct store *s)
{
    return store_exec(s, "BEGIN IMMEDIATE");
}

int store_commit(struct store *s)
{
    int r = store_exec(s, "COMMIT");

    if (r < 0)
        store_rollback(s);
    return r;
}

void store_rollback(struct store *s)
{
    if (!sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}
