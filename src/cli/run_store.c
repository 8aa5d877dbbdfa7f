/*
 * The row is written at the beginning, every few seconds and when something happens; ticks are
 * written each. Texts that change are made in an arena that each making empties, and only when the
 * row is written or asked for.
 */
#include "cli/run_store.h"

#include "base/log.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/git_state.h"
#include "cli/history_store.h"
#include "cli/loadtest.h"
#include "cli/run_row.h"
#include "cli/run_watch.h"
#include "run/run.h"
#include "store/headline.h"
#include "store/store_writer.h"

/* How old the row of a running test may be, beside its ticks. */
#define ROW_PERIOD (5 * NS_PER_S)

enum {
    TICKS_PER_EXCEPTIONS = 3, /* their rows are written all anew */
};

struct run_store {
    const struct loadtest *test;
    struct run *run; /* NULL: not begun */
    const struct run_sinks *sinks;
    struct store_writer *writer;
    struct run_watch *watch;
    struct headline *headline;
    char *script_folder; /* NULL: none; read on the writer's thread */
    bool is_named;       /* by --store: a file that can't be opened ends the command */

    struct arena fixed, moving; /* strings of the row */
    struct store_run row;
    bool is_fresh;      /* the row is of the last tick */
    bool has_news;      /* the row is to be written with the next tick */
    span_ns written_at; /* of the test, when the row was last written */
    unsigned n_ticks;
    uint64_t exceptions_version; /* that was written */
    bool has_ended;
    void (*told)(void *arg, const struct store_event *e); /* NULL: nobody */
    void *told_arg;
};

/* ---- opening ---- */

/* On the writer's thread. */
static void on_failure(void *arg, bool is_open, const char *text)
{
    struct run_store *rs = arg;

    /* A file that was named is the caller's to tell of. */
    if (is_open || !rs->is_named)
        log_warn(rs->test->log, "the run is %s kept in the history: %s",
                 is_open ? "no longer" : "not", text);
}

/* On the writer's thread. */
static void on_fill(void *arg, struct arena *arena, struct store_run *row)
{
    struct run_store *rs = arg;

    run_row_hash(rs->test, arena, row);
}

/* On the writer's thread. */
static void on_look(void *arg, struct arena *arena, struct store_run *row)
{
    struct run_store *rs = arg;
    struct git_state git;

    if (!rs->script_folder)
        return;
    git_state_read(rs->script_folder, arena, &git);
    row->git_commit = git.commit;
    row->git_branch = git.branch;
    row->git_dirty = git.dirty;
}

static char *folder_of(const struct loadtest *t)
{
    if (t->is_url || strcmp(t->operand, "-") == 0)
        return NULL;
    const char *slash = strrchr(t->operand, '/');

    return slash ? xstrndup(t->operand, (size_t)(slash - t->operand) + 1) : xstrdup(".");
}

static int open_at(struct run_store *rs, const char *path, bool or_temp)
{
    const struct loadtest_own *own = &rs->test->own;
    struct store_writer_config config = {
        .path = path,
        .or_temp = or_temp,
        .keep = {.max_runs = (size_t)own->store_runs,
                 .max_age = own->store_age,
                 .max_bytes = (uint64_t)own->store_size << 20},
        .failed = on_failure,
        .fill = on_fill,
        .look = on_look,
        .arg = rs,
    };

    return store_writer_new(&config, &rs->writer);
}

static int open_named(struct run_store *rs, const char *path)
{
    rs->is_named = true;
    TRY(open_at(rs, path, false));
    if (store_writer_opened(rs->writer) == 0)
        return 0;
    scoped(freep) char *why = xstrdup(fault_text());

    return fault(FAULT_EXIT(104), "--store: %s", why);
}

static int open_writer(struct run_store *rs, enum run_store_need need)
{
    const struct loadtest_own *own = &rs->test->own;
    bool is_needed = need == RUN_STORE_NEEDED;

    if (own->no_store)
        return is_needed ? open_at(rs, NULL, false) : 0;
    if (own->store)
        return open_named(rs, own->store);
    scoped(freep) char *path = history_path(NULL);

    return open_at(rs, path, is_needed);
}

int run_store_new(const struct loadtest *t, enum run_store_need need, struct run_store **ret_store)
{
    struct run_store *rs = xnew(struct run_store);

    rs->test = t;
    rs->script_folder = folder_of(t);
    int r = open_writer(rs, need);

    if (r < 0 || !rs->writer) {
        run_store_free(rs);
        *ret_store = NULL;
        return r;
    }
    *ret_store = rs;
    return 0;
}

void run_store_free(struct run_store *rs)
{
    if (!rs)
        return;
    store_writer_free(rs->writer);
    run_watch_free(rs->watch);
    headline_free(rs->headline);
    arena_fini(&rs->fixed);
    arena_fini(&rs->moving);
    free(rs->script_folder);
    free(rs);
}

/* ---- the row ---- */

static void refresh(struct run_store *rs)
{
    scoped(buf_fini) struct buf headline = {0};

    if (rs->is_fresh)
        return;
    rs->is_fresh = true;
    arena_reset(&rs->moving);
    run_row_moving(rs->test, rs->run, rs->sinks, &rs->moving, &rs->row);
    headline_put(rs->headline, run_snapshot(rs->run), rs->row.duration, &headline);
    rs->row.headline_json = arena_str(&rs->moving, buf_str(&headline));
}

static void write_row(struct run_store *rs)
{
    refresh(rs);
    store_writer_update(rs->writer, &rs->row);
    rs->has_news = false;
    rs->written_at = rs->row.duration;
}

static void on_event(void *arg, const struct store_event *e)
{
    struct run_store *rs = arg;

    store_writer_event(rs->writer, e);
    rs->has_news = true;
    if (rs->told)
        rs->told(rs->told_arg, e);
}

/* ---- the run ---- */

void run_store_begin(struct run_store *rs, struct run *run, const struct run_sinks *sinks)
{
    if (!rs)
        return;
    rs->run = run;
    rs->sinks = sinks;
    rs->watch = run_watch_new(rs->test, run);
    rs->headline = headline_new();
    run_row_fixed(rs->test, &rs->fixed, &rs->row);
    refresh(rs);
    store_writer_begin(rs->writer, &rs->row);
    rs->has_news = true; /* its start is not known yet */
}

void run_store_tell(struct run_store *rs, void (*fn)(void *arg, const struct store_event *e),
                    void *arg)
{
    if (!rs)
        return;
    rs->told = fn;
    rs->told_arg = arg;
}

static void write_exceptions(struct run_store *rs)
{
    struct run_exceptions all;

    run_exceptions(rs->run, &all);
    if (all.version == rs->exceptions_version)
        return;
    rs->exceptions_version = all.version;
    store_writer_exceptions(rs->writer, all.items, all.n);
}

void run_store_tick(struct run_store *rs)
{
    if (!rs || !rs->run)
        return;
    const struct snapshot *snapshot = run_snapshot(rs->run);
    mono_ns epoch = run_started_mono(rs->run);

    rs->is_fresh = false;
    headline_tick(rs->headline, snapshot);
    run_watch_look(rs->watch, on_event, rs);
    if (epoch && (rs->has_news || run_elapsed(rs->run) - rs->written_at >= ROW_PERIOD))
        write_row(rs);
    if (++rs->n_ticks % TICKS_PER_EXCEPTIONS == 1)
        write_exceptions(rs);
    store_writer_tick(rs->writer, snapshot, epoch);
}

void run_store_end(struct run_store *rs, const struct run_ending *ending)
{
    if (!rs || !rs->run || rs->has_ended)
        return;
    rs->has_ended = true;
    rs->is_fresh = false;
    run_watch_look(rs->watch, on_event, rs);
    write_exceptions(rs);
    store_writer_end(rs->writer, run_snapshot(rs->run), run_started_mono(rs->run));
    refresh(rs);
    run_row_end(rs->test, rs->run, ending, &rs->moving, &rs->row);
    store_writer_update(rs->writer, &rs->row);
    /* A failure was told when it came. */
    ignored(store_writer_sync(rs->writer));
}

/* ---- for others ---- */

const struct store_run *run_store_run(struct run_store *rs)
{
    if (!rs || !rs->run)
        return NULL;
    if (!rs->has_ended)
        refresh(rs);
    run_row_hash(rs->test, &rs->fixed, &rs->row);
    rs->row.key = store_writer_key(rs->writer);
    return &rs->row;
}

const char *run_store_path(struct run_store *rs)
{
    return rs ? store_writer_path(rs->writer) : NULL;
}

int64_t run_store_key(struct run_store *rs)
{
    return rs ? store_writer_key(rs->writer) : 0;
}

void run_store_exchanges(void *arg, const struct store_exchange *all, size_t n)
{
    struct run_store *rs = arg;

    if (rs && rs->run)
        store_writer_exchanges(rs->writer, all, n);
}

struct store_writer *run_store_writer(struct run_store *rs)
{
    return rs ? rs->writer : NULL;
}
