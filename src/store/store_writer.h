#pragma once
/*
 * Writes a running test to a store from a thread of its own, so that neither disk nor SQLite ever
 * delays the main loop. Everything is copied or encoded by the caller; a queue carries it. When the
 * disk cannot follow, ticks that wait are merged, never dropped. A store that fails is told to the
 * log once, and the run goes on without.
 */
#include "base/clock.h"
#include "base/err.h"
#include "metric/snapshot.h"
#include "store/store.h"

struct log;
struct store_writer;

struct store_writer_config {
    const char *path; /* NULL: STORE_TEMP; copied */
    bool or_temp;     /* a file that can't be opened is told to `failed`, and STORE_TEMP opened */
    struct store_retention keep;
    /* On the writer's thread: why nothing is written from now on, or (`is_open` false) at all. */
    void (*failed)(void *arg, bool is_open, const char *text);
    /*
     * On the writer's thread, before the run is added: fills in what is laborious, with strings in
     * the arena. May be NULL.
     */
    void (*fill)(void *arg, struct arena *arena, struct store_run *run);
    /*
     * On the writer's thread, when the run begins: fills in git_*, which take time to find out,
     * with strings in the arena. May be NULL.
     */
    void (*look)(void *arg, struct arena *arena, struct store_run *run);
    void *arg;
};

/*
 * Starts the thread. It opens the file, which takes milliseconds, a moment later or when somebody
 * waits for it, so that the first requests of a test go first. Returns 0 or a fault.
 */
MUST_USE int store_writer_new(const struct store_writer_config *config,
                              struct store_writer **ret_writer);

/* Waits until the file is open. Returns 0 or the fault why it isn't. */
MUST_USE int store_writer_opened(struct store_writer *w);

/* Adds the run; what is written from now on is of it. */
void store_writer_begin(struct store_writer *w, const struct store_run *run);

/*
 * After snapshot_tick_end(): what the tick added. `epoch` is the test's start; 0: it has not
 * started, and the tick goes with the first that has. One commit.
 */
void store_writer_tick(struct store_writer *w, const struct snapshot *snapshot, mono_ns epoch);

/*
 * After the last tick: keeps the totals of all series beside the ticks, for who reads the whole
 * run. Without it they are added up from the ticks.
 */
void store_writer_end(struct store_writer *w, const struct snapshot *snapshot, mono_ns epoch);

/*
 * The run's row as it is now; goes with the next tick. Leaves alone what is a user's (labels, note,
 * baseline), and git_*.
 */
void store_writer_update(struct store_writer *w, const struct store_run *run);
void store_writer_event(struct store_writer *w, const struct store_event *e);
/* Replaces the exchanges kept so far. */
void store_writer_exchanges(struct store_writer *w, const struct store_exchange *all, size_t n);
/* Replaces the exceptions. */
void store_writer_exceptions(struct store_writer *w, const struct exception *const *all, size_t n);

/*
 * Waits until all that came before is committed, but for ticks that are being added up: they go
 * with the next tick that finds the disk ready, or with store_writer_end(). Returns 0 or the fault
 * that ended the writing.
 */
MUST_USE int store_writer_sync(struct store_writer *w);

/*
 * The file that other connections open, for which it waits until it is open (NULL: it can't be
 * opened), and the run's key in it (0: not committed yet).
 */
const char *store_writer_path(struct store_writer *w);
int64_t store_writer_key(struct store_writer *w);

/* Writes what is left, ends the thread. A temporary file is gone then. Accepts NULL. */
void store_writer_free(struct store_writer *w);
