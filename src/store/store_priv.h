#pragma once
/* What the files of the store share: the connection and small words over SQLite. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "store/store.h"

enum {
    STORE_APPLICATION = 0x6272756e, /* "brun": PRAGMA application_id */
    STORE_BUSY_MS = 10000,          /* how long to wait for another process's commit */
    STORE_STATEMENTS_MAX = 64,
    STORE_BLOB_MAX = 256 << 20, /* bytes of a cell, and of what it unpacks to */
};

/* The texts that are made of the table of columns (store_row.c). */
struct store_sql {
    char *insert_run;
    char *update_run;
    char *update_measured; /* without what is a user's */
    char *update_user;     /* only that */
    char *select_by_key;
    char *select_list;
};

struct store {
    sqlite3 *db;
    char *path;
    const char *shown; /* in messages: the path, or what the file is a copy of */
    bool temp;         /* the file goes with this connection */
    bool read_only;    /* the file, or the place it is in */
    struct store_sql sql;
    struct {
        const char *text; /* compared by address */
        sqlite3_stmt *statement;
        bool busy;
    } cache[STORE_STATEMENTS_MAX];
    size_t n_cache;
    struct buf packed; /* scratch of blob_pack() */
};

/* ---- store.c ---- */

/* A connection to what there is, or to a temporary file that is empty; no table was looked at. */
MUST_USE int store_connect(const char *path, struct store **ret_store);
MUST_USE int store_connect_temp(struct store **ret_store);

bool store_is_temp(const struct store *s);

/* ---- store_query.c: one statement at a time ---- */

struct query {
    struct store *store;
    sqlite3_stmt *statement;
    int n_bound;
    int cached; /* place in the cache, or -1 */
};

/* Text that lives as long as the store (a literal): its statement is kept. */
MUST_USE int query_open(struct store *s, const char *sql, struct query *ret_query);
void query_close(struct query *q); /* accepts a zeroed one; for scoped() */

/* Values for the next `?`; memory stays the caller's and is borrowed until query_close(). */
void query_int(struct query *q, int64_t value);
void query_text(struct query *q, struct str value);
void query_blob(struct query *q, struct str value);

enum {
    QUERY_DONE = 0,
    QUERY_ROW = 1,
};

/* QUERY_ROW, QUERY_DONE or a fault. */
MUST_USE int query_step(struct query *q);

/* Runs a statement that gives no rows. */
MUST_USE int query_run(struct query *q);

int64_t query_get_int(struct query *q, int column);
/* A time or a span; one that is negative or beyond all years is 0. */
int64_t query_get_time(struct query *q, int column);
/* Valid until the next step. */
struct str query_get_text(struct query *q, int column);
struct str query_get_blob(struct query *q, int column);

/* Statements without values. */
MUST_USE int store_exec(struct store *s, const char *sql);

/* One number; 0 when there is no row. */
MUST_USE int store_ask_int(struct store *s, const char *sql, int64_t *ret_value);

/* What SQLite says of the last call, as a fault that names the file. */
int store_fault(struct store *s, int rc);

/* A transaction that writes; store_commit() ends it, store_rollback() gives it up. */
MUST_USE int store_begin(struct store *s);
MUST_USE int store_commit(struct store *s);
void store_rollback(struct store *s);

/* ---- store_blob.c: cells that may be compressed ---- */

/* Packed bytes, valid until the next call on the store. */
struct str blob_pack(struct store *s, struct str bytes);

/* Appends what was packed. Returns 0 or a fault that names the store. */
MUST_USE int blob_unpack(struct store *s, struct str packed, struct buf *out);

/* ---- store_schema.c ---- */

/* Makes the tables, or brings them up to date; refuses what is not ours. */
MUST_USE int store_schema_open(struct store *s, enum store_mode mode);

/* Whether the tables are what we would have made, for files of others. Returns 0 or a fault. */
MUST_USE int store_schema_check(struct store *s);

/* ---- store_row.c ---- */

void store_sql_make(struct store_sql *sql);
void store_sql_fini(struct store_sql *sql);

/* Binds what insert_run or one of the updates has. */
void store_row_bind_insert(struct query *q, const struct store_run *run);
void store_row_bind_update(struct query *q, const struct store_run *run);
void store_row_bind_measured(struct query *q, const struct store_run *run);
void store_row_bind_user(struct query *q, const struct store_run *run);

/* How many runs the filter of select_list lets through; the same values. */
extern const char store_count_sql[];

/* A copy whose strings are in the arena. */
void store_row_copy(const struct store_run *run, struct arena *arena, struct store_run *ret_run);

/* Reads a row of one of the selects. */
void store_row_get(struct query *q, struct arena *arena, struct store_run *ret_run);

/* ---- store_owner.c: which process writes a run ---- */

struct store_owner {
    struct str boot;
    int64_t pid;
    int64_t pid_start;
    int64_t pid_ns;
};

/* This process; `boot` is of the arena. */
void store_owner_self(struct arena *arena, struct store_owner *ret_owner);

enum store_owner_state {
    OWNER_ALIVE,
    OWNER_GONE,
    OWNER_UNSEEN, /* in a container of its own: it can't be seen from here */
};

enum store_owner_state store_owner_look(const struct store_owner *owner);

/* ---- store_settle.c ---- */

/* Gives runs whose process is gone their end. What cannot be written is left as it is. */
MUST_USE int store_settle(struct store *s);

/* ---- store_ticks.c: what the writer adds ---- */

struct store_tick {
    int64_t seq; /* from 1 */
    span_ns from, to;
    struct str data; /* tick_put() */
};

MUST_USE int store_series_add(struct store *s, int64_t run, int64_t id, struct str data);
MUST_USE int store_tick_add(struct store *s, int64_t run, const struct store_tick *tick);
MUST_USE int store_totals_put(struct store *s, int64_t run, struct str data);

/* How many ticks there are, and when the last one ended; 0 when there is none. */
MUST_USE int store_ticks_end(struct store *s, int64_t run, int64_t *ret_n, span_ns *ret_to);

/* store_run_add() with the run's own state. */
MUST_USE int store_run_insert(struct store *s, const struct store_run *run, int64_t *ret_key);

/* The update of a running test: leaves alone what is a user's (labels, note, baseline). */
MUST_USE int store_run_update_measured(struct store *s, const struct store_run *run);

/* Whether there is a run of exactly that id. */
MUST_USE int store_run_has_id(struct store *s, struct str id, bool *ret_has);

/* Only the columns git_*. */
MUST_USE int store_run_put_git(struct store *s, const struct store_run *run);

/* ---- store_exchanges.c ---- */

/* Copies the strings of a list's entry to the arena. */
void store_exchange_keep(struct arena *arena, struct store_exchange *e);

/* ---- store_retain.c ---- */

/* Scripts that no run has any more. */
MUST_USE int store_drop_scripts(struct store *s);
