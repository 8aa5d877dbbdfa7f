/* What happened during a run. */
#include "store/store_priv.h"

int store_event_add(struct store *s, int64_t run, const struct store_event *e)
{
    static const char sql[] =
        "INSERT INTO events(run, at, elapsed, kind, text, json) VALUES(?, ?, ?, ?, ?, ?)";
    scoped(query_close) struct query q = {0};

    TRY(query_open(s, sql, &q));
    query_int(&q, run);
    query_int(&q, e->at);
    query_int(&q, e->elapsed);
    query_text(&q, e->kind);
    query_text(&q, e->text);
    query_text(&q, e->json);
    return query_run(&q);
}

int store_events(struct store *s, int64_t run, store_event_fn *fn, void *arg)
{
    static const char sql[] =
        "SELECT at, elapsed, kind, text, iif(json_valid(json), json, '') FROM events WHERE run = ? "
        "ORDER BY elapsed, key";
    scoped(query_close) struct query q = {0};
    int r;

    TRY(query_open(s, sql, &q));
    query_int(&q, run);
    while ((r = query_step(&q)) == QUERY_ROW) {
        struct store_event e = {
            .at = query_get_time(&q, 0),
            .elapsed = query_get_time(&q, 1),
            .kind = query_get_text(&q, 2),
            .text = query_get_text(&q, 3),
            .json = query_get_text(&q, 4),
        };

        r = fn(arg, &e);
        if (r)
            return r;
    }
    return r;
}
