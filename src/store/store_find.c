/* Runs by what users write. */
#include <errno.h>

#include "base/mem.h"
#include "store/store_priv.h"

enum {
    NAMED_MAX = 5, /* of several that fit, so many are named */
};

static int none(struct store *s, struct str text)
{
    fault(-ENOENT,
          "there is no run '%.*s' in the store '%s'; `brunt history` lists those that there are",
          STR_ARG(text), s->shown);
    return STORE_E_NONE;
}

/* The one key that a statement with one value gives; STORE_E_NONE without a text when none. */
static int ask_key(struct store *s, const char *sql, int64_t value, int64_t *ret_key)
{
    scoped(query_close) struct query q = {0};

    TRY(query_open(s, sql, &q));
    query_int(&q, value);
    int r = query_step(&q);

    if (r != QUERY_ROW)
        return r < 0 ? r : STORE_E_NONE;
    *ret_key = query_get_int(&q, 0);
    return 0;
}

static int find_nth(struct store *s, uint64_t n, int64_t *ret_key)
{
    static const char sql[] =
        "SELECT key FROM runs ORDER BY created DESC, key DESC LIMIT 1 OFFSET ?";

    return n > INT64_MAX ? STORE_E_NONE : ask_key(s, sql, (int64_t)n, ret_key);
}

static int find_baseline(struct store *s, int64_t *ret_key)
{
    static const char sql[] =
        "SELECT key FROM runs WHERE baseline >= ? AND baseline ORDER BY created DESC LIMIT 1";

    return ask_key(s, sql, 1, ret_key);
}

static int find_number(struct store *s, uint64_t key, int64_t *ret_key)
{
    static const char sql[] = "SELECT key FROM runs WHERE key = ?";

    return key > INT64_MAX ? STORE_E_NONE : ask_key(s, sql, (int64_t)key, ret_key);
}

static int several(struct store *s, struct str text, struct query *q, struct str first)
{
    scoped(buf_fini) struct buf names = {0};
    int r = QUERY_ROW;

    buf_putstr(&names, first);
    for (int i = 1; i < NAMED_MAX && r == QUERY_ROW; i++) {
        buf_printf(&names, ", %.*s", STR_ARG(query_get_text(q, 1)));
        r = query_step(q);
    }
    fault(-EEXIST, "several runs of the store '%s' begin with '%.*s': %s%s", s->shown,
          STR_ARG(text), buf_cstr(&names), r == QUERY_ROW ? " ..." : "");
    return r < 0 ? r : STORE_E_MANY;
}

static int find_id(struct store *s, struct str text, int64_t *ret_key)
{
    static const char sql[] = "SELECT key, id FROM runs WHERE substr(id, 1, length(?1)) = ?1 "
                              "ORDER BY id <> ?1, created DESC";
    scoped(query_close) struct query q = {0};
    struct arena arena = {0};

    TRY(query_open(s, sql, &q));
    query_text(&q, text);
    int r = query_step(&q);

    if (r != QUERY_ROW)
        return r < 0 ? r : STORE_E_NONE;

    int64_t key = query_get_int(&q, 0);
    struct str id = arena_str(&arena, query_get_text(&q, 1));

    r = str_eq(id, text) ? QUERY_DONE : query_step(&q);
    if (r == QUERY_ROW)
        r = several(s, text, &q, id);
    if (r == QUERY_DONE)
        *ret_key = key;
    arena_fini(&arena);
    return r;
}

static int find(struct store *s, struct str text, int64_t *ret_key)
{
    uint64_t n = 0;

    if (str_is(text, "latest"))
        return find_nth(s, 0, ret_key);
    if (str_starts(text, STR("latest~")) && str_u64(str_from_index(text, 7), &n))
        return find_nth(s, n, ret_key);
    if (str_is(text, "baseline"))
        return find_baseline(s, ret_key);
    if (str_starts(text, STR("#")) && str_u64(str_from_index(text, 1), &n))
        return find_number(s, n, ret_key);
    return text.n ? find_id(s, text, ret_key) : STORE_E_NONE;
}

int store_run_find(struct store *s, struct str text, int64_t *ret_key)
{
    int r = find(s, text, ret_key);

    return r == STORE_E_NONE ? none(s, text) : r;
}
