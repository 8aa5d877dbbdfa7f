/*
 * Runs that nobody writes any more. Their process was killed, or the machine was: the row says
 * "running", and its process is gone. Whoever comes next gives it the end that its ticks show.
 */
#include "base/mem.h"
#include "store/headline.h"
#include "store/store_priv.h"

enum {
    UNSEEN_S = 60, /* a process that can't be seen is gone when it wrote nothing for so long */
};

struct running {
    int64_t key;
    struct store_owner owner;
    wall_ns started;
};

static int read_running(struct store *s, struct arena *arena, struct running **ret_all,
                        size_t *ret_n)
{
    static const char sql[] = "SELECT key, boot, pid, pid_start, pid_ns, max(started, created) "
                              "FROM runs WHERE state = 'running'";
    scoped(query_close) struct query q = {0};
    struct running *all = NULL;
    size_t n = 0, cap = 0;
    int r;

    TRY(query_open(s, sql, &q));
    while ((r = query_step(&q)) == QUERY_ROW) {
        vec_push(all, n, cap) = (struct running){
            .key = query_get_int(&q, 0),
            .owner = {.boot = arena_str(arena, query_get_text(&q, 1)),
                      .pid = query_get_int(&q, 2),
                      .pid_start = query_get_int(&q, 3),
                      .pid_ns = query_get_int(&q, 4)},
            .started = query_get_int(&q, 5),
        };
    }
    *ret_all = all;
    *ret_n = n;
    return r;
}

static bool is_gone(struct store *s, const struct running *run)
{
    enum store_owner_state state = store_owner_look(&run->owner);
    int64_t n;
    span_ns to;

    if (state != OWNER_UNSEEN)
        return state == OWNER_GONE;
    if (store_ticks_end(s, run->key, &n, &to) != 0)
        return false;
    return clock_wall() - (run->started + to) > UNSEEN_S * NS_PER_S;
}

static int on_step(void *arg, struct snapshot *snapshot, span_ns from, span_ns to)
{
    (void)from;
    (void)to;
    headline_tick(arg, snapshot);
    return 0;
}

/* What the list shows of it; empty when its measurements can't be read. */
static void make_headline(struct store *s, int64_t key, span_ns duration, struct buf *out)
{
    struct headline *h = headline_new();
    struct store_replay how = {.max_steps = HEADLINE_SPARK, .step = on_step, .arg = h};
    struct metric_registry *registry = NULL;
    struct snapshot *snapshot = NULL;

    if (store_replay(s, key, &how, &registry, &snapshot) == 0)
        headline_put(h, snapshot, duration, out);
    snapshot_free(snapshot);
    metric_registry_free(registry);
    headline_free(h);
}

static int settle(struct store *s, int64_t key)
{
    static const char sql[] =
        "UPDATE runs SET state = 'interrupted', duration = ?1, "
        "ended = iif(started > 0, started + ?1, 0), exit_code = -1, "
        "reason = 'its process ended without a word', "
        "headline = iif(?2 = '', headline, ?2) WHERE key = ?3 AND state = 'running'";
    scoped(query_close) struct query q = {0};
    scoped(buf_fini) struct buf headline = {0};
    int64_t n;
    span_ns to;

    TRY(store_ticks_end(s, key, &n, &to));
    if (n)
        make_headline(s, key, to, &headline);
    TRY(query_open(s, sql, &q));
    query_int(&q, to);
    query_text(&q, buf_str(&headline));
    query_int(&q, key);
    return query_run(&q);
}

int store_settle(struct store *s)
{
    struct arena arena = {0};
    struct running *all = NULL;
    size_t n = 0;
    int r = s->read_only ? 0 : read_running(s, &arena, &all, &n);

    /* A disk that is full or a file that is held is no reason not to show the others. */
    for (size_t i = 0; i < n && r == 0; i++) {
        if (is_gone(s, &all[i]))
            ignored(settle(s, all[i].key));
    }
    free(all);
    arena_fini(&arena);
    return r;
}
