/* Captured exchanges; their HAR entries are compressed. */
#include "base/mem.h"
#include "store/store_priv.h"

int store_exchange_add(struct store *s, int64_t run, const struct store_exchange *e)
{
    static const char sql[] =
        "INSERT INTO exchanges(run, kind, name, method, url, status, error_code, error, scenario, "
        "at, duration, har) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    scoped(query_close) struct query q = {0};

    TRY(query_open(s, sql, &q));
    query_int(&q, run);
    query_text(&q, e->kind);
    query_text(&q, e->name);
    query_text(&q, e->method);
    query_text(&q, e->url);
    query_int(&q, e->status);
    query_text(&q, e->error_code);
    query_text(&q, e->error);
    query_text(&q, e->scenario);
    query_int(&q, e->at);
    query_int(&q, e->duration);
    query_blob(&q, blob_pack(s, e->har));
    return query_run(&q);
}

int store_exchanges_clear(struct store *s, int64_t run)
{
    static const char sql[] = "DELETE FROM exchanges WHERE run = ?";
    scoped(query_close) struct query q = {0};

    TRY(query_open(s, sql, &q));
    query_int(&q, run);
    return query_run(&q);
}

#define COLUMNS "key, kind, name, method, url, status, error_code, error, scenario, at, duration"

enum {
    COLUMN_HAR = 11,
};

static void get(struct query *q, struct store_exchange *ret_e)
{
    *ret_e = (struct store_exchange){
        .key = query_get_int(q, 0),
        .kind = query_get_text(q, 1),
        .name = query_get_text(q, 2),
        .method = query_get_text(q, 3),
        .url = query_get_text(q, 4),
        .status = (int)query_get_int(q, 5),
        .error_code = query_get_text(q, 6),
        .error = query_get_text(q, 7),
        .scenario = query_get_text(q, 8),
        .at = query_get_time(q, 9),
        .duration = query_get_time(q, 10),
    };
}

int store_exchanges(struct store *s, int64_t run, store_exchange_fn *fn, void *arg)
{
    static const char sql[] = "SELECT " COLUMNS " FROM exchanges WHERE run = ? "
                              "ORDER BY kind <> 'failed', duration DESC, key";
    scoped(query_close) struct query q = {0};
    int r;

    TRY(query_open(s, sql, &q));
    query_int(&q, run);
    while ((r = query_step(&q)) == QUERY_ROW) {
        struct store_exchange e;

        get(&q, &e);
        r = fn(arg, &e);
        if (r)
            return r;
    }
    return r;
}

void store_exchange_keep(struct arena *arena, struct store_exchange *e)
{
    struct str *const texts[] = {&e->kind,       &e->name,  &e->method,  &e->url,
                                 &e->error_code, &e->error, &e->scenario};

    for (size_t i = 0; i < countof(texts); i++)
        *texts[i] = arena_str(arena, *texts[i]);
}

/* A HAR entry goes into documents as it is, so that it must be JSON whoever wrote the file. */
static int check_har(struct store *s, struct str har, bool *ret_ok)
{
    static const char sql[] = "SELECT iif(json_valid(?1), json_type(?1) = 'object', 0)";
    scoped(query_close) struct query q = {0};

    TRY(query_open(s, sql, &q));
    query_text(&q, har);
    int r = query_step(&q);

    *ret_ok = r == QUERY_ROW && query_get_int(&q, 0);
    return r < 0 ? r : 0;
}

int store_exchange_get(struct store *s, int64_t run, int64_t key, struct arena *arena,
                       struct store_exchange *ret_exchange)
{
    static const char sql[] = "SELECT " COLUMNS ", har FROM exchanges WHERE run = ? AND key = ?";
    scoped(query_close) struct query q = {0};
    scoped(buf_fini) struct buf har = BUF_INIT(STORE_BLOB_MAX);
    struct store_exchange e;

    TRY(query_open(s, sql, &q));
    query_int(&q, run);
    query_int(&q, key);
    int r = query_step(&q);

    if (r != QUERY_ROW)
        return r < 0 ? r : STORE_E_NONE;
    get(&q, &e);
    store_exchange_keep(arena, &e);
    TRY(blob_unpack(s, query_get_blob(&q, COLUMN_HAR), &har));
    bool is_json = false;

    TRY(check_har(s, buf_str(&har), &is_json));
    if (is_json)
        e.har = arena_str(arena, buf_str(&har));
    *ret_exchange = e;
    return 0;
}
