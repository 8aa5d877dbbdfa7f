#pragma once
/*
 * The history of runs: one SQLite file in WAL mode. A run has a row; its series are defined once;
 * each tick is a row with what it added (metric/tick_codec.h), committed as it comes, so that a
 * killed run is a readable run. At the end the totals of all series are kept beside the ticks,
 * so that lists and comparisons need not read them.
 *
 * A `struct store` is one connection, used by one thread at a time; several processes and threads
 * may each have their own. Nothing of it may be called on a loop that carries load: it blocks.
 * store/store_writer.h writes a running test from a thread of its own.
 *
 * Faults are -errno with a text that names the file; what a file that was not made by us, is newer
 * than we, or is broken gives is -EINVAL.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "metric/exception_book.h"
#include "metric/snapshot.h"

struct store;

enum store_mode {
    STORE_READ,  /* must exist; migrations are made, or refused when it cannot be written */
    STORE_WRITE, /* made, with its folder, when it is not there */
    STORE_TEMP,  /* a file that is gone with its last connection; `path` is made up */
};

/* Where runs are kept when nobody says: $XDG_DATA_HOME or ~/.local/share, brunt/runs.db. */
char *store_default_path(const char *(*env)(void *arg, const char *name), void *arg);

/* Opens a connection. *ret_store is freed by store_close(). */
MUST_USE int store_open(const char *path, enum store_mode mode, struct store **ret_store);
void store_close(struct store *s); /* accepts NULL */

/* The file, for another connection and for messages. */
const char *store_path(const struct store *s);

/* ---- runs ---- */

enum store_state {
    STORE_RUNNING,     /* and its process is alive */
    STORE_FINISHED,    /* to the end of its plan; thresholds may have failed */
    STORE_STOPPED,     /* by a signal, the API, test.abort() or a threshold */
    STORE_FAILED,      /* setup, teardown, init code */
    STORE_INTERRUPTED, /* its process is gone and never said the end */
};

/* "running" ... */
const char *store_state_name(enum store_state state);

/*
 * All that is known of a run but its measurements. Strings are borrowed when writing and live in
 * the caller's arena when reading; an empty one is not known. Those named *_json are JSON texts in
 * the shapes of the run document (docs/reference/run-document.md), kept and given as they are.
 */
struct store_run {
    int64_t key;   /* of this file; 0: not stored */
    struct str id; /* of the run, unique: "r-20260102-150405-1a2b" */
    struct str name;
    enum store_state state;
    wall_ns started; /* of the test; 0: not yet */
    wall_ns created; /* of the row */
    wall_ns ended;   /* 0: not yet, or not known */
    span_ns duration;
    int exit_code;     /* -1: not yet, or not known */
    struct str reason; /* why it ended as it did, in words */

    struct str script; /* as it was named: a path, "-" or an URL */
    struct str kind;   /* "k6", "url", later "loadpilot", "locust", "timeline" */
    struct str
        script_hash; /* SHA-256, hexadecimal; runs of one script share it while it is unchanged */
    struct str script_text; /* written once a hash; read by store_script() only */
    struct str git_commit;  /* of the script's folder */
    struct str git_branch;
    bool git_dirty;
    bool is_baseline; /* what comparisons of the same script are made with */
    struct str note;  /* a user's */

    struct str labels_json;      /* array of strings: what `brunt tag` puts on a run */
    struct str tags_json;        /* object: --tag */
    struct str options_json;     /* object: the consolidated options */
    struct str environment_json; /* object: program, host, processors, memory, kernel */
    struct str thresholds_json;  /* array */
    struct str scenarios_json;   /* array */
    struct str verdict_json;     /* object, or empty */
    struct str generator_json;   /* object: what the generator says of itself */
    struct str outputs_json;     /* object: the accounts of outputs */
    struct str submetrics_json;  /* array of names that a reader makes again, in order */
    struct str headline_json;    /* object: the few figures of the list, and its sparkline */
};

/* Adds a run; `run->key` and `state` are ignored. This process owns it until it has ended. */
MUST_USE int store_run_add(struct store *s, const struct store_run *run, int64_t *ret_key);

/* Replaces everything but id, script (its git_* with it) and creation. */
MUST_USE int store_run_update(struct store *s, const struct store_run *run);

/* Replaces only what users put on a run: labels, note, baseline. A run that goes on is not hurt. */
MUST_USE int store_run_mark(struct store *s, const struct store_run *run);

/* Reads one by key, strings into the arena. Returns 0, STORE_E_NONE or a fault. */
MUST_USE int store_run_get(struct store *s, int64_t key, struct arena *arena,
                           struct store_run *ret_run);

enum {
    STORE_E_NONE = 1, /* there is no such thing */
    STORE_E_MANY = 2, /* several; the text of the fault record names them */
};

/*
 * Finds a run by what a user writes: an id or a unique start of one, "latest", "latest~2" (the
 * third last), "baseline" (the newest that is one), "#12" (its key). Returns 0, a condition above
 * (with a text for the user in fault_text()) or a fault.
 */
MUST_USE int store_run_find(struct store *s, struct str text, int64_t *ret_key);

/* Which runs a list has; zeroed memory is all of them. */
struct store_filter {
    struct str script;      /* exact name; empty: any */
    struct str script_hash; /* the same */
    struct str label;       /* the same */
    struct str text;        /* part of name, script, label, note or commit, any case */
    bool only_baselines;
    bool only_over;       /* none that runs */
    wall_ns since, until; /* 0: any; of `created` */
    size_t offset;
    size_t limit; /* 0: 100 */
};

/* Calls `fn` for each run, newest first; it returns non-zero to end, which is passed on. */
typedef int(store_run_fn)(void *arg, const struct store_run *run);
MUST_USE int store_runs(struct store *s, const struct store_filter *filter, store_run_fn *fn,
                        void *arg);
MUST_USE int store_count(struct store *s, const struct store_filter *filter, size_t *ret_n);

MUST_USE int store_run_remove(struct store *s, int64_t key);
MUST_USE int store_script(struct store *s, struct str hash, struct buf *ret_text);

/* ---- measurements ---- */

/*
 * Plays a run's ticks to a snapshot of the caller's and shows it after each step. `step` ticks at a
 * time are added as one, so that what is shown has `delta` over the step; 0: a step such that there
 * are at most `max_steps`. Sub-metrics are made again first. The snapshot's clock is the time since
 * the test started, in ns, plus STORE_EPOCH.
 */
#define STORE_EPOCH (1 * NS_PER_S)

struct store_replay {
    size_t max_steps; /* 0: every tick */
    /* After a step, between ticks of the snapshot. Non-zero ends the replay and is passed on. */
    int (*step)(void *arg, struct snapshot *snapshot, span_ns from, span_ns to);
    /* When it ends early, before the snapshot goes: for who keeps something over it. Or NULL. */
    void (*failed)(void *arg);
    void *arg;
    /* The number of the last tick that was read, as snapshot_ticks() of the run's own had it when
     * it was written: frames with a higher one come after. Left alone where there is no tick.
     * NULL: nobody asks. */
    uint64_t *ret_seq;
};

/* Returns 0, what `step` returned, or a fault. The caller frees registry and snapshot. */
MUST_USE int store_replay(struct store *s, int64_t key, const struct store_replay *how,
                          struct metric_registry **ret_registry, struct snapshot **ret_snapshot);

/* The whole run as one step, from its totals when it has them. The same duties. */
MUST_USE int store_totals(struct store *s, int64_t key, struct metric_registry **ret_registry,
                          struct snapshot **ret_snapshot);

/* ---- what happened ---- */

struct store_event {
    wall_ns at;
    span_ns elapsed;
    struct str kind; /* "pause", "scale-vus", "threshold-failed", "verdict", "agent-lost" ... */
    struct str text; /* for people */
    struct str json; /* the rest, an object, or empty */
};

MUST_USE int store_event_add(struct store *s, int64_t run, const struct store_event *e);
typedef int(store_event_fn)(void *arg, const struct store_event *e);
MUST_USE int store_events(struct store *s, int64_t run, store_event_fn *fn, void *arg);

/* ---- captured exchanges ---- */

/* One request with its answer; what it holds has been redacted. */
struct store_exchange {
    int64_t key;
    struct str kind;   /* "failed", "slow" */
    struct str name;   /* tag name */
    struct str method; /* tag method */
    struct str url;
    int status;            /* 0: none */
    struct str error_code; /* "" for none */
    struct str error;
    struct str scenario;
    span_ns at;       /* since the test's start */
    span_ns duration; /* of http_req_duration */
    struct str har;   /* a HAR 1.2 entry, JSON; empty in lists */
};

MUST_USE int store_exchange_add(struct store *s, int64_t run, const struct store_exchange *e);
/* Takes all of a run's out, for a set that replaces them. */
MUST_USE int store_exchanges_clear(struct store *s, int64_t run);
typedef int(store_exchange_fn)(void *arg, const struct store_exchange *e);
/* Without `har`, failures first, slowest first. */
MUST_USE int store_exchanges(struct store *s, int64_t run, store_exchange_fn *fn, void *arg);
/* With it. Returns 0, STORE_E_NONE or a fault. */
MUST_USE int store_exchange_get(struct store *s, int64_t run, int64_t key, struct arena *arena,
                                struct store_exchange *ret_exchange);

/* ---- exceptions ---- */

/* Replaces a run's. */
MUST_USE int store_exceptions_put(struct store *s, int64_t run, const struct exception *all,
                                  size_t n);
typedef int(store_exception_fn)(void *arg, const struct exception *e);
/* The commonest first, others last; texts are valid during the call. */
MUST_USE int store_exceptions(struct store *s, int64_t run, store_exception_fn *fn, void *arg);
/* Gives its texts to the arena. */
void store_exception_keep(struct arena *arena, struct exception *e);

/* ---- keeping house ---- */

struct store_retention {
    size_t max_runs;    /* 0: any number */
    span_ns max_age;    /* 0: any */
    uint64_t max_bytes; /* of the file; 0: any */
};

/* Removes the oldest runs that are over, no baselines and without labels, until the rest fits. */
MUST_USE int store_retain(struct store *s, const struct store_retention *keep, size_t *ret_removed);

/* One run as a file of its own (a store with one run), and back. Returns the new key. */
MUST_USE int store_export(struct store *s, int64_t key, const char *path);
MUST_USE int store_import(struct store *s, const char *path, size_t *ret_n);
