/* A run's uncaught exceptions; their stacks are compressed. */
#include <string.h>

#include "base/mem.h"
#include "store/store_priv.h"

static int clear(struct store *s, int64_t run)
{
    scoped(query_close) struct query q = {0};

    TRY(query_open(s, "DELETE FROM exceptions WHERE run = ?", &q));
    query_int(&q, run);
    return query_run(&q);
}

static int64_t bits_of(uint64_t workers)
{
    int64_t n;

    memcpy(&n, &workers, sizeof(n));
    return n;
}

static int add(struct store *s, int64_t run, const struct exception *e)
{
    static const char sql[] =
        "INSERT INTO exceptions(run, kind, message, place, scenario, count, first, last, workers, "
        "others, stack) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    scoped(query_close) struct query q = {0};

    TRY(query_open(s, sql, &q));
    query_int(&q, run);
    query_text(&q, e->kind);
    query_text(&q, e->message);
    query_text(&q, e->place);
    query_text(&q, e->scenario);
    query_int(&q, e->count < INT64_MAX ? (int64_t)e->count : INT64_MAX);
    query_int(&q, e->first);
    query_int(&q, e->last);
    query_int(&q, bits_of(e->workers));
    query_int(&q, e->is_others);
    query_blob(&q, blob_pack(s, e->stack));
    return query_run(&q);
}

int store_exceptions_put(struct store *s, int64_t run, const struct exception *all, size_t n)
{
    TRY(clear(s, run));
    for (size_t i = 0; i < n; i++)
        TRY(add(s, run, &all[i]));
    return 0;
}

enum {
    COLUMN_STACK = 9,
};

/* The stack is put in `stack`. */
static int get(struct store *s, struct query *q, struct buf *stack, struct exception *ret_e)
{
    int64_t n = query_get_int(q, 4);

    buf_reset(stack);
    TRY(blob_unpack(s, query_get_blob(q, COLUMN_STACK), stack));
    *ret_e = (struct exception){
        .kind = query_get_text(q, 0),
        .message = query_get_text(q, 1),
        .place = query_get_text(q, 2),
        .scenario = query_get_text(q, 3),
        .count = n > 0 ? (uint64_t)n : 0,
        .first = query_get_time(q, 5),
        .last = query_get_time(q, 6),
        .is_others = query_get_int(q, 8) != 0,
        .stack = buf_str(stack),
    };
    int64_t bits = query_get_int(q, 7);

    memcpy(&ret_e->workers, &bits, sizeof(bits));
    return 0;
}

int store_exceptions(struct store *s, int64_t run, store_exception_fn *fn, void *arg)
{
    static const char sql[] =
        "SELECT kind, message, place, scenario, count, first, last, workers, others, stack "
        "FROM exceptions WHERE run = ? ORDER BY others, count DESC, key";
    scoped(query_close) struct query q = {0};
    scoped(buf_fini) struct buf stack = BUF_INIT(STORE_BLOB_MAX);
    int r;

    TRY(query_open(s, sql, &q));
    query_int(&q, run);
    while ((r = query_step(&q)) == QUERY_ROW) {
        struct exception e;

        r = get(s, &q, &stack, &e);
        if (r == 0)
            r = fn(arg, &e);
        if (r)
            return r;
    }
    return r;
}

void store_exception_keep(struct arena *arena, struct exception *e)
{
    struct str *const texts[] = {&e->kind, &e->message, &e->place, &e->stack, &e->scenario};

    for (size_t i = 0; i < countof(texts); i++)
        *texts[i] = arena_str(arena, *texts[i]);
}
