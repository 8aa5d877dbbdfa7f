/* Series and ticks as the writer adds them. */
#include "store/store_priv.h"

int store_series_add(struct store *s, int64_t run, int64_t id, struct str data)
{
    static const char sql[] = "INSERT INTO series(run, id, data) VALUES(?, ?, ?)";
    scoped(query_close) struct query q = {0};

    TRY(query_open(s, sql, &q));
    query_int(&q, run);
    query_int(&q, id);
    query_blob(&q, data);
    return query_run(&q);
}

int store_tick_add(struct store *s, int64_t run, const struct store_tick *tick)
{
    static const char sql[] =
        "INSERT INTO ticks(run, seq, t_from, t_to, data) VALUES(?, ?, ?, ?, ?)";
    scoped(query_close) struct query q = {0};

    TRY(query_open(s, sql, &q));
    query_int(&q, run);
    query_int(&q, tick->seq);
    query_int(&q, tick->from);
    query_int(&q, tick->to);
    query_blob(&q, blob_pack(s, tick->data));
    return query_run(&q);
}

int store_totals_put(struct store *s, int64_t run, struct str data)
{
    static const char sql[] = "INSERT OR REPLACE INTO totals(run, data) VALUES(?, ?)";
    scoped(query_close) struct query q = {0};

    TRY(query_open(s, sql, &q));
    query_int(&q, run);
    query_blob(&q, blob_pack(s, data));
    return query_run(&q);
}

int store_ticks_end(struct store *s, int64_t run, int64_t *ret_n, span_ns *ret_to)
{
    static const char sql[] = "SELECT count(*), coalesce(max(t_to), 0) FROM ticks WHERE run = ?";
    scoped(query_close) struct query q = {0};

    TRY(query_open(s, sql, &q));
    query_int(&q, run);
    int r = query_step(&q);

    if (r < 0)
        return r;
    *ret_n = query_get_int(&q, 0);
    *ret_to = query_get_time(&q, 1);
    return 0;
}
