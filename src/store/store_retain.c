/*
 * Keeping house. Each run is removed in a transaction of its own, so that other processes get their
 * turn; what that frees goes back to the file system.
 */
#include "store/store_priv.h"

int store_drop_scripts(struct store *s)
{
    return store_exec(s, "DELETE FROM scripts WHERE hash NOT IN (SELECT script_hash FROM runs)");
}

static int used_bytes(struct store *s, uint64_t *ret_bytes)
{
    int64_t pages = 0, free_pages = 0, page = 0;

    TRY(store_ask_int(s, "PRAGMA page_count", &pages));
    TRY(store_ask_int(s, "PRAGMA freelist_count", &free_pages));
    TRY(store_ask_int(s, "PRAGMA page_size", &page));
    *ret_bytes = (uint64_t)(pages - free_pages) * (uint64_t)page;
    return 0;
}

/* Whether something must go for the rest to fit; age is asked of the run itself. */
static int too_much(struct store *s, const struct store_retention *keep, bool *ret_yes)
{
    int64_t runs = 0;
    uint64_t bytes = 0;

    TRY(store_ask_int(s, "SELECT count(*) FROM runs", &runs));
    TRY(used_bytes(s, &bytes));
    *ret_yes = (keep->max_runs && (uint64_t)runs > keep->max_runs) ||
               (keep->max_bytes && bytes > keep->max_bytes);
    return 0;
}

/* The oldest run that may go; QUERY_DONE when there is none. */
static int oldest(struct store *s, int64_t *ret_key, wall_ns *ret_created)
{
    static const char sql[] =
        "SELECT key, created FROM runs WHERE state <> 'running' AND NOT baseline AND labels IN "
        "('', '[]') ORDER BY created, key LIMIT 1";
    scoped(query_close) struct query q = {0};

    TRY(query_open(s, sql, &q));
    int r = query_step(&q);

    if (r == QUERY_ROW) {
        *ret_key = query_get_int(&q, 0);
        *ret_created = query_get_int(&q, 1);
    }
    return r;
}

/* Removes one run; QUERY_DONE when nothing has to go, or nothing may. */
static int remove_one(struct store *s, const struct store_retention *keep, wall_ns now)
{
    int64_t key = 0;
    wall_ns created = 0;
    bool much = false;
    int r = oldest(s, &key, &created);

    if (r != QUERY_ROW)
        return r;
    TRY(too_much(s, keep, &much));
    if (!much && !(keep->max_age && now - created > keep->max_age))
        return QUERY_DONE;
    TRY(store_run_remove(s, key));
    return QUERY_ROW;
}

int store_retain(struct store *s, const struct store_retention *keep, size_t *ret_removed)
{
    wall_ns now = clock_wall();
    size_t n = 0;
    int r;

    TRY(store_settle(s));
    while ((r = remove_one(s, keep, now)) == QUERY_ROW)
        n++;
    if (r == 0 && n)
        r = store_exec(s, "PRAGMA incremental_vacuum");
    *ret_removed = n;
    return r;
}
