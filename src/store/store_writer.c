/*
 * The caller makes pieces of work, each with its own memory; the thread takes all that wait and
 * writes them in one transaction. A tick is one piece, so while the disk follows there is a commit
 * a tick. When too many ticks wait, the next ones are added up (store/backlog.h) until the thread
 * has caught up, and go as one.
 *
 * Another process that holds the file is waited for; any other failure ends the writing: later work
 * is taken and dropped.
 */
#include "store/store_writer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "base/mem.h"
#include "metric/tick_codec.h"
#include "store/backlog.h"
#include "store/store_priv.h"

enum {
    TICKS_WAITING_MAX = 30, /* then they are added up */
    OPEN_AFTER_MS = 30,     /* the first requests of a test go first */
    BUSY_TRIES = 6,         /* of STORE_BUSY_MS each */
    WRITER_NICENESS = 10,
};

enum work_kind {
    WORK_BEGIN,
    WORK_SERIES,
    WORK_TICK,
    WORK_UPDATE,
    WORK_EVENT,
    WORK_EXCHANGES,
    WORK_EXCEPTIONS,
    WORK_TOTALS,
    WORK_SYNC, /* nothing, but that all before it is committed */
};

/* One piece; everything it points to is in its arena or `bytes`. */
struct work {
    struct list link;
    enum work_kind kind;
    struct arena arena;
    struct buf bytes; /* series one after the other, a tick, totals */
    struct store_run run;
    struct store_event event;
    struct store_exchange *exchanges;
    size_t n_exchanges;
    struct exception *exceptions;
    size_t n_exceptions;
    int64_t first_series;
    struct store_tick tick;
};

struct store_writer {
    struct store_writer_config config; /* without the path */
    char *wanted;                      /* NULL: STORE_TEMP */
    pthread_t thread;

    /* The caller's. */
    struct backlog *backlog;
    size_t n_defined;
    uint64_t seq; /* of the last tick that was given, as its snapshot counts */
    span_ns backlog_from, last_to;

    /* The thread's. */
    struct store *store; /* NULL: it could not be opened */
    int64_t run;         /* key; 0: none yet */
    struct work *begun;  /* the run was added just now; NULL: it was not */

    struct {
        pthread_mutex_t lock;
        pthread_cond_t work, done;
        struct list queue;
        size_t n_ticks;            /* waiting, or being written */
        uint64_t n_put, n_written; /* pieces */
        int64_t key;
        char *failure; /* NULL: none */
        char *path;    /* of the file that is open; NULL: none is, yet */
        int open_error;
        bool is_wanted; /* somebody waits for it */
        bool has_tried; /* to open it */
        bool closing;
    } shared;
};

/* ---- pieces ---- */

static struct work *work_new(enum work_kind kind)
{
    struct work *work = xnew(struct work);

    list_init(&work->link);
    work->kind = kind;
    return work;
}

static void work_free(struct work *work)
{
    arena_fini(&work->arena);
    buf_fini(&work->bytes);
    free(work);
}

static void free_all(struct list *all)
{
    struct list *link;

    while ((link = list_pop(all)))
        work_free(container_of(link, struct work, link));
}

enum wake {
    WAKE_LATER, /* it goes with the next tick */
    WAKE_NOW,
};

static void put(struct store_writer *w, struct work *work, enum wake wake)
{
    pthread_mutex_lock(&w->shared.lock);
    list_add_tail(&w->shared.queue, &work->link);
    w->shared.n_put++;
    w->shared.n_ticks += work->kind == WORK_TICK;
    if (wake == WAKE_NOW)
        pthread_cond_signal(&w->shared.work);
    pthread_mutex_unlock(&w->shared.lock);
}

/* ---- the thread: one piece ---- */

/* --run-id may be given twice: the second is no reason to lose a run. */
static int choose_id(struct store_writer *w, struct work *work)
{
    struct str wanted = work->run.id;
    bool taken = false;

    TRY(store_run_has_id(w->store, wanted, &taken));
    for (int i = 2; taken; i++) {
        work->run.id = str_of(arena_printf(&work->arena, "%.*s-%d", STR_ARG(wanted), i));
        TRY(store_run_has_id(w->store, work->run.id, &taken));
    }
    return 0;
}

static int write_begin(struct store_writer *w, struct work *work)
{
    if (w->config.fill)
        w->config.fill(w->config.arg, &work->arena, &work->run);
    TRY(choose_id(w, work));
    TRY(store_run_add(w->store, &work->run, &w->run));
    w->begun = work;
    return 0;
}

static int write_series(struct store_writer *w, struct work *work)
{
    struct str rest = buf_str(&work->bytes);

    for (int64_t id = work->first_series; rest.n; id++) {
        struct str before = rest;
        struct tick_series series;

        if (tick_get_series(&rest, &work->arena, &series) != 0)
            return fault(-EINVAL, "a series can't be written"); /* we made it: not reached */
        before.n -= rest.n;
        TRY(store_series_add(w->store, w->run, id, before));
    }
    return 0;
}

static int write_tick(struct store_writer *w, struct work *work)
{
    work->tick.data = buf_str(&work->bytes);
    return store_tick_add(w->store, w->run, &work->tick);
}

static int write_update(struct store_writer *w, struct work *work)
{
    work->run.key = w->run;
    return store_run_update_measured(w->store, &work->run);
}

static int write_event(struct store_writer *w, struct work *work)
{
    return store_event_add(w->store, w->run, &work->event);
}

static int write_exchanges(struct store_writer *w, struct work *work)
{
    TRY(store_exchanges_clear(w->store, w->run));
    for (size_t i = 0; i < work->n_exchanges; i++)
        TRY(store_exchange_add(w->store, w->run, &work->exchanges[i]));
    return 0;
}

static int write_exceptions(struct store_writer *w, struct work *work)
{
    return store_exceptions_put(w->store, w->run, work->exceptions, work->n_exceptions);
}

static int write_totals(struct store_writer *w, struct work *work)
{
    return store_totals_put(w->store, w->run, buf_str(&work->bytes));
}

static int write_nothing(struct store_writer *w, struct work *work)
{
    (void)w;
    (void)work;
    return 0;
}

static int (*const writers[])(struct store_writer *w, struct work *work) = {
    [WORK_BEGIN] = write_begin,
    [WORK_SERIES] = write_series,
    [WORK_TICK] = write_tick,
    [WORK_UPDATE] = write_update,
    [WORK_EVENT] = write_event,
    [WORK_EXCHANGES] = write_exchanges,
    [WORK_EXCEPTIONS] = write_exceptions,
    [WORK_TOTALS] = write_totals,
    [WORK_SYNC] = write_nothing,
};

/* ---- the thread: all that waits ---- */

static int write_all(struct store_writer *w, struct list *all)
{
    struct work *work;
    int r = 0;

    list_each(work, all, link) {
        if (!w->run && work->kind != WORK_BEGIN)
            continue;
        r = writers[work->kind](w, work);
        if (r < 0)
            return r;
    }
    return 0;
}

static int transact(struct store_writer *w, struct list *all)
{
    int64_t run_before = w->run;
    int r = store_begin(w->store);

    if (r == 0)
        r = write_all(w, all);
    if (r == 0)
        return store_commit(w->store);
    store_rollback(w->store);
    w->run = run_before;
    w->begun = NULL;
    return r;
}

static int transact_patiently(struct store_writer *w, struct list *all)
{
    int r = transact(w, all);

    for (int i = 1; i < BUSY_TRIES && r == -EBUSY; i++)
        r = transact(w, all);
    return r;
}

/* What takes time is found out while nothing is held: others may write meanwhile. */
static void look_around(struct store_writer *w)
{
    struct work *begun = take(w->begun);

    if (!begun || !w->config.look)
        return;
    pthread_mutex_lock(&w->shared.lock);
    w->shared.key = w->run;
    pthread_mutex_unlock(&w->shared.lock);
    begun->run.key = w->run;
    w->config.look(w->config.arg, &begun->arena, &begun->run);
    if (begun->run.git_commit.n)
        ignored(store_run_put_git(w->store, &begun->run));
}

static void fail(struct store_writer *w, const char *text)
{
    pthread_mutex_lock(&w->shared.lock);
    w->shared.failure = xstrdup(text);
    pthread_mutex_unlock(&w->shared.lock);
    if (w->config.failed)
        w->config.failed(w->config.arg, w->store != NULL, text);
}

/* Waits for work; false when there is none and none will come. */
static bool take_work(struct store_writer *w, struct list *ret_all)
{
    list_init(ret_all);
    pthread_mutex_lock(&w->shared.lock);
    while (list_empty(&w->shared.queue) && !w->shared.closing)
        pthread_cond_wait(&w->shared.work, &w->shared.lock);
    list_splice(ret_all, &w->shared.queue);
    pthread_mutex_unlock(&w->shared.lock);
    return !list_empty(ret_all);
}

static void done(struct store_writer *w, struct list *all)
{
    struct work *work;

    pthread_mutex_lock(&w->shared.lock);
    list_each(work, all, link) {
        w->shared.n_written++;
        w->shared.n_ticks -= work->kind == WORK_TICK;
    }
    w->shared.key = w->run;
    pthread_cond_broadcast(&w->shared.done);
    pthread_mutex_unlock(&w->shared.lock);
    free_all(all);
}

/* Until somebody wants the file, or a moment has passed. */
static void wait_a_moment(struct store_writer *w)
{
    wall_ns then = clock_wall() + OPEN_AFTER_MS * NS_PER_MS;
    struct timespec until = {then / NS_PER_S, then % NS_PER_S};

    pthread_mutex_lock(&w->shared.lock);
    while (!w->shared.is_wanted && !w->shared.closing &&
           pthread_cond_timedwait(&w->shared.work, &w->shared.lock, &until) == 0)
        ;
    pthread_mutex_unlock(&w->shared.lock);
}

static int open_file(struct store_writer *w)
{
    int r = store_open(w->wanted, w->wanted ? STORE_WRITE : STORE_TEMP, &w->store);

    if (r < 0 && w->config.or_temp && w->config.failed) {
        w->config.failed(w->config.arg, false, fault_text());
        r = store_open(NULL, STORE_TEMP, &w->store);
    }
    return r;
}

/* Returns whether there is a file to write to. */
static bool open_store(struct store_writer *w)
{
    wait_a_moment(w);
    int r = open_file(w);

    if (r < 0)
        fail(w, fault_text());
    pthread_mutex_lock(&w->shared.lock);
    w->shared.open_error = r;
    w->shared.path = r < 0 ? NULL : xstrdup(store_path(w->store));
    w->shared.has_tried = true;
    pthread_cond_broadcast(&w->shared.done);
    pthread_mutex_unlock(&w->shared.lock);
    return r == 0;
}

static void *thread_main(void *arg)
{
    struct store_writer *w = arg;
    size_t n_removed;
    struct list all;

    /* Where it shares a processor with the load, the load goes first. */
    ignored(setpriority(PRIO_PROCESS, (id_t)gettid(), WRITER_NICENESS));
    bool broken = !open_store(w);

    /* What can't be removed is no reason not to write. */
    if (!broken && !store_is_temp(w->store))
        ignored(store_retain(w->store, &w->config.keep, &n_removed));
    while (take_work(w, &all)) {
        if (!broken && transact_patiently(w, &all) != 0) {
            broken = true;
            fail(w, fault_text());
        }
        look_around(w);
        done(w, &all);
    }
    fault_clear();
    return NULL;
}

/* ---- beginning and end ---- */

static int start_thread(struct store_writer *w)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&w->thread, NULL, thread_main, w);

    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error ? fault(-error, "cannot start the thread that writes the store") : 0;
}

int store_writer_new(const struct store_writer_config *config, struct store_writer **ret_writer)
{
    struct store_writer *w = xnew(struct store_writer);

    w->config = *config;
    w->config.path = NULL;
    w->wanted = config->path ? xstrdup(config->path) : NULL;
    w->backlog = backlog_new();
    pthread_mutex_init(&w->shared.lock, NULL);
    pthread_cond_init(&w->shared.work, NULL);
    pthread_cond_init(&w->shared.done, NULL);
    list_init(&w->shared.queue);
    int r = start_thread(w);

    if (r < 0) {
        w->thread = 0;
        store_writer_free(w);
        return r;
    }
    *ret_writer = w;
    return 0;
}

void store_writer_free(struct store_writer *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->shared.lock);
    w->shared.closing = true;
    pthread_cond_signal(&w->shared.work);
    pthread_mutex_unlock(&w->shared.lock);
    if (w->thread)
        pthread_join(w->thread, NULL);
    free_all(&w->shared.queue);
    store_close(w->store);
    backlog_free(w->backlog);
    pthread_mutex_destroy(&w->shared.lock);
    pthread_cond_destroy(&w->shared.work);
    pthread_cond_destroy(&w->shared.done);
    free(w->shared.failure);
    free(w->shared.path);
    free(w->wanted);
    free(w);
}

/* ---- what the caller tells ---- */

static struct work *work_of_run(enum work_kind kind, const struct store_run *run)
{
    struct work *work = work_new(kind);

    store_row_copy(run, &work->arena, &work->run);
    return work;
}

void store_writer_begin(struct store_writer *w, const struct store_run *run)
{
    put(w, work_of_run(WORK_BEGIN, run), WAKE_NOW);
}

void store_writer_update(struct store_writer *w, const struct store_run *run)
{
    put(w, work_of_run(WORK_UPDATE, run), WAKE_LATER);
}

void store_writer_event(struct store_writer *w, const struct store_event *e)
{
    struct work *work = work_new(WORK_EVENT);

    work->event = *e;
    work->event.kind = arena_str(&work->arena, e->kind);
    work->event.text = arena_str(&work->arena, e->text);
    work->event.json = arena_str(&work->arena, e->json);
    put(w, work, WAKE_LATER);
}

void store_writer_exchanges(struct store_writer *w, const struct store_exchange *all, size_t n)
{
    struct work *work = work_new(WORK_EXCHANGES);

    work->exchanges = arena_new_n(&work->arena, struct store_exchange, n + 1);
    work->n_exchanges = n;
    for (size_t i = 0; i < n; i++) {
        work->exchanges[i] = all[i];
        store_exchange_keep(&work->arena, &work->exchanges[i]);
        work->exchanges[i].har = arena_str(&work->arena, all[i].har);
    }
    put(w, work, WAKE_LATER);
}

void store_writer_exceptions(struct store_writer *w, const struct exception *const *all, size_t n)
{
    struct work *work = work_new(WORK_EXCEPTIONS);

    work->exceptions = arena_new_n(&work->arena, struct exception, n + 1);
    work->n_exceptions = n;
    for (size_t i = 0; i < n; i++) {
        work->exceptions[i] = *all[i];
        store_exception_keep(&work->arena, &work->exceptions[i]);
    }
    put(w, work, WAKE_LATER);
}

/* ---- ticks ---- */

static void put_series(struct store_writer *w, const struct snapshot *snapshot, mono_ns epoch)
{
    size_t n;
    struct snap_series *const *all = snapshot_series(snapshot, &n);

    if (w->n_defined == n)
        return;
    struct work *work = work_new(WORK_SERIES);

    work->first_series = (int64_t)w->n_defined;
    for (; w->n_defined < n; w->n_defined++)
        tick_put_series(all[w->n_defined], epoch, &work->bytes);
    put(w, work, WAKE_LATER);
}

/* Up to the last tick that was given. */
static struct work *work_of_tick(struct store_writer *w, span_ns from)
{
    struct work *work = work_new(WORK_TICK);

    work->tick = (struct store_tick){.seq = (int64_t)w->seq, .from = from, .to = w->last_to};
    return work;
}

static void put_backlog(struct store_writer *w, mono_ns epoch)
{
    if (backlog_empty(w->backlog))
        return;
    struct work *work = work_of_tick(w, w->backlog_from);

    backlog_put(w->backlog, epoch, &work->bytes);
    put(w, work, WAKE_NOW);
}

static size_t ticks_waiting(struct store_writer *w)
{
    pthread_mutex_lock(&w->shared.lock);
    size_t n = w->shared.failure ? 0 : w->shared.n_ticks;

    pthread_mutex_unlock(&w->shared.lock);
    return n;
}

static bool has_failed(struct store_writer *w)
{
    pthread_mutex_lock(&w->shared.lock);
    bool failed = w->shared.failure != NULL;

    pthread_mutex_unlock(&w->shared.lock);
    return failed;
}

void store_writer_tick(struct store_writer *w, const struct snapshot *snapshot, mono_ns epoch)
{
    span_ns from = w->last_to, to = snapshot_time(snapshot) - epoch;

    if (has_failed(w))
        return;
    w->seq = snapshot_ticks(snapshot);
    if (backlog_empty(w->backlog))
        w->backlog_from = from;
    if (!epoch) {
        backlog_add(w->backlog, snapshot);
        return;
    }
    w->last_to = to > from ? to : from;
    put_series(w, snapshot, epoch);
    bool lags = ticks_waiting(w) >= TICKS_WAITING_MAX;

    if (lags || !backlog_empty(w->backlog))
        backlog_add(w->backlog, snapshot);
    if (lags)
        return;
    if (!backlog_empty(w->backlog)) {
        put_backlog(w, epoch);
        return;
    }
    struct work *work = work_of_tick(w, from);

    tick_put(snapshot, epoch, &work->bytes);
    put(w, work, WAKE_NOW);
}

void store_writer_end(struct store_writer *w, const struct snapshot *snapshot, mono_ns epoch)
{
    if (!epoch || has_failed(w))
        return;
    put_backlog(w, epoch);
    struct work *work = work_new(WORK_TOTALS);

    tick_put_totals(snapshot, epoch, &work->bytes);
    put(w, work, WAKE_NOW);
}

/* ---- where it stands ---- */

/* Until the thread has tried to open the file. Holds the lock. */
static void await_file(struct store_writer *w)
{
    w->shared.is_wanted = true;
    pthread_cond_signal(&w->shared.work);
    while (!w->shared.has_tried)
        pthread_cond_wait(&w->shared.done, &w->shared.lock);
}

int store_writer_sync(struct store_writer *w)
{
    put(w, work_new(WORK_SYNC), WAKE_NOW);
    pthread_mutex_lock(&w->shared.lock);
    uint64_t want = w->shared.n_put;

    await_file(w);
    while (w->shared.n_written < want)
        pthread_cond_wait(&w->shared.done, &w->shared.lock);
    scoped(freep) char *failure = w->shared.failure ? xstrdup(w->shared.failure) : NULL;

    pthread_mutex_unlock(&w->shared.lock);
    return failure ? fault(-EIO, "%s", failure) : 0;
}

int store_writer_opened(struct store_writer *w)
{
    pthread_mutex_lock(&w->shared.lock);
    await_file(w);
    int r = w->shared.open_error ? fault(w->shared.open_error, "%s", w->shared.failure) : 0;

    pthread_mutex_unlock(&w->shared.lock);
    return r;
}

const char *store_writer_path(struct store_writer *w)
{
    pthread_mutex_lock(&w->shared.lock);
    await_file(w);
    const char *path = w->shared.path;

    pthread_mutex_unlock(&w->shared.lock);
    return path;
}

int64_t store_writer_key(struct store_writer *w)
{
    pthread_mutex_lock(&w->shared.lock);
    int64_t key = w->shared.key;

    pthread_mutex_unlock(&w->shared.lock);
    return key;
}
