#pragma once
/*
 * One run on one host: loops with their users, scenarios by the plan, ticks, thresholds, the end.
 *
 * The run belongs to the main loop; run_execute() is called on a coroutine of it and returns when
 * everything is over. Users live on loops of their own, a thread each; main talks to them by
 * messages. A tick swaps their recorders and merges them into one snapshot.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "loop/loop.h"
#include "metric/snapshot.h"
#include "metric/threshold.h"
#include "script/script.h"
#include "vu/vu.h"

struct exception;
struct exchange;
struct list;
struct log;
struct loop;
struct plan;
struct redact;
struct run;
struct run_remote;

/* Why a run ended before its plan did. The first reason counts, but for RUN_STOP_OVER. */
enum run_stop {
    RUN_STOP_NONE,
    RUN_STOP_THRESHOLD, /* abortOnFail */
    RUN_STOP_ABORT,     /* test.abort() */
    RUN_STOP_SIGNAL,
    RUN_STOP_REMOTE, /* asked for through an API */
    RUN_STOP_ERROR,  /* setup, teardown or a user's init code failed */
    RUN_STOP_OVER,   /* the script says that the test has come to its end; no failure */
};

enum run_stage {
    RUN_INIT,
    RUN_SETUP,
    RUN_SCENARIOS,
    RUN_TEARDOWN,
    RUN_OVER,
};

/* How long a precise worker watches the clock before a timer is due. */
#define RUN_SPIN (100 * NS_PER_US)

struct run_config {
    struct loop *loop; /* the main one */
    struct script *script;
    const struct plan *plan;
    struct metric_registry *registry;
    struct log *log;
    unsigned n_loops; /* 0: as many as there are processors for us, at most one per user */
    span_ns tick;     /* 0: 1 s */
    bool no_thresholds;
    enum loop_io io;        /* of the workers' loops */
    bool kernel_timestamps; /* compare the time of receives with the kernel's */
    bool precise;           /* workers spin before a timer is due, for RUN_SPIN */
    bool paused;            /* wait before setup() until run_resume() (run/control.h) */

    /* Which exchanges are kept as evidence, run_exchanges(); zeroed: none. */
    unsigned capture;       /* of each endpoint and error, and the slowest of each endpoint */
    size_t capture_body;    /* bytes of a body */
    struct redact *secrets; /* what must not be in them; NULL: nothing is known; outlives the run */

    /* Workers in other processes (run/remote.h) in place of loops; n_remotes 0: none. */
    struct run_remote *const *remotes;
    unsigned n_remotes;
    bool go_on_without_lost; /* one that is lost does not end the run */

    /*
     * It is the share of another run, in another process: no setup(), teardown(), samples of users
     * or of the generator, no judging, no ticks but those of run_tick_now() and the last one. It
     * waits to be resumed.
     */
    bool share;

    /* Its users are there, and nothing has begun; on the main loop. May be NULL. */
    void (*on_ready)(void *arg, struct run *run);

    /* It was told to stop: once, or twice when the first was RUN_STOP_OVER; on the main loop. May
     * be NULL. */
    void (*on_stop)(void *arg, struct run *run, enum run_stop why, const char *message);

    /* k6/secrets; may be NULL. Any thread. */
    int (*secret)(void *arg, struct str source, struct str key, struct buf *ret_value);
    void *secret_arg;

    /* Where console.log goes besides `log`; NULL: to the log. */
    struct log *console;

    /*
     * A recorder was made: the place to tap it (metric/recorder.h) for whoever wants samples raw.
     * `source` is 0, 1 ... for the loops, on whose threads it is called, and the number of loops
     * for the main one's. May be NULL. What the run itself samples does not pass a recorder:
     * snapshot_set_tap(run_snapshot(run), ...) shows it.
     */
    void (*on_recorder)(void *arg, struct recorder *recorder, unsigned source);
    void *on_recorder_arg;

    /*
     * Before each tick ends, on the main loop: what else is to be measured, by snapshot_sample().
     * May be NULL.
     */
    void (*on_sample)(void *arg, struct run *run, mono_ns now);

    /* After each tick, on the main loop: the snapshot holds what the tick added. May be NULL. */
    void (*on_tick)(void *arg, struct run *run);
    void *arg;
};

/* Those that this process may use. */
unsigned run_processors(void);

/* Prepares everything that can fail before load starts. Returns 0 or a fault with its exit code. */
MUST_USE int run_new(const struct run_config *config, struct run **ret_run);
void run_free(struct run *run); /* accepts NULL */

/*
 * Runs it all but handleSummary: init, setup, scenarios, teardown, last tick. On a coroutine of the
 * main loop. Returns 0, or the fault of what went wrong; the run's results stand either way.
 */
MUST_USE int run_execute(struct run *run);

/* The exit code after run_execute gave `fault_code` (§5.2 of the k6 surface); logs thresholds. */
int run_exit_code(struct run *run, int fault_code);

/*
 * handleSummary(), when the script has one and it wants: files to write, or none. On a coroutine of
 * the main loop, after run_execute. Failures are logged. The caller frees files and strings.
 */
void run_summary(struct run *run, const char *data_json, struct script_summary_file **ret_files,
                 size_t *ret_n);

/*
 * Asks the run to end: iterations are interrupted at once (after RUN_STOP_OVER when their graceful
 * time has passed), teardown still runs. Any thread.
 */
void run_stop(struct run *run, enum run_stop why, struct str message);

/* A tick as soon as all loops have answered, for a share. On the main loop. */
void run_tick_now(struct run *run);

/* Of a share, in its on_tick: moves the exchanges kept since the last to a list. */
void run_take_exchanges(struct run *run, struct list *to);

/* The same: appends what is new of exceptions (exception_book_news()). */
void run_take_exceptions(struct run *run, struct buf *ret_news);

/* Whether the script called test.fail(); and the same for a share of the run. Any thread. */
bool run_has_failed(const struct run *run);
void run_fail(struct run *run);

/* What a script logs, or what is logged on its behalf. */
struct run_script_line {
    enum script_log_level level;
    enum script_log_source source;
    struct str message;
    struct str field; /* a field to go with it, and its value; empty: none */
    struct str value;
};

/* Writes it to the log, or to `console` (may be NULL) when it is console.log's. Any thread. */
void run_log_script(struct log *log, struct log *console, const struct run_script_line *line);

/* ---- what is known meanwhile; on the main loop ---- */

struct snapshot *run_snapshot(const struct run *run);
const struct thresholds *run_thresholds(const struct run *run);
enum run_stage run_stage(const struct run *run);
enum run_stop run_stopped(const struct run *run);

/* Whether this tick is the last: nothing will be measured any more. */
bool run_is_last_tick(const struct run *run);

/* The wall time at which the test started; 0: not yet. */
wall_ns run_started(const struct run *run);

/* Since the test started (just before setup); frozen at its end. */
span_ns run_elapsed(const struct run *run);

/*
 * The exchanges kept so far (metric/exchange_set.h); array and exchanges are valid until the next
 * tick. They are others when `version` is another.
 */
struct run_exchanges {
    const struct exchange *const *items;
    size_t n;
    uint64_t version;
    uint64_t left_out; /* failures of endpoints and errors for which there was no room */
};

void run_exchanges(struct run *run, struct run_exchanges *ret_exchanges);

/*
 * The script's uncaught exceptions so far (metric/exception_book.h), in the order of their first
 * coming; array and entries are valid until the next tick. They are others when `version` is
 * another.
 */
struct run_exceptions {
    const struct exception *const *items;
    size_t n;
    uint64_t total; /* the counts of all of them */
    uint64_t version;
};

void run_exceptions(struct run *run, struct run_exceptions *ret_exceptions);

/* When the test started, on the clock of exchanges; 0: not yet. */
mono_ns run_started_mono(const struct run *run);

/* The setup data as JSON text, or NULL. */
const char *run_setup_data(const struct run *run);

struct run_totals {
    uint64_t complete;    /* iterations */
    uint64_t interrupted; /* the same */
    uint64_t vus_active;
    uint64_t vus_initialized;
    uint64_t requests;  /* answered or failed */
    uint64_t in_flight; /* requests */
    uint64_t failed;    /* requests */
    unsigned n_loops;
};

void run_totals(const struct run *run, struct run_totals *ret_totals);

/* The same of one of its loops or workers, from 0 to n_loops - 1. */
void run_worker_totals(const struct run *run, unsigned index, struct run_totals *ret_totals);

/* What the script has cost on all loops since the users were made. */
void run_script_stats(const struct run *run, struct script_stats *ret_stats);

enum run_part_state {
    RUN_PART_WAITING,
    RUN_PART_RUNNING,
    RUN_PART_DONE,
    RUN_PART_INTERRUPTED,
};

/* One scenario as it stands. */
struct run_part {
    const struct plan_scenario *scenario;
    enum run_part_state state;
    uint64_t vus_active;
    uint64_t vus_max;
    uint64_t complete;
    uint64_t attempted; /* shared-iterations: tickets taken */
    uint64_t dropped;   /* arrival rates: iterations that nobody could take */
    double rate;        /* the same: iterations a second that are due now */
    span_ns elapsed;    /* since its start, at most its length */
};

void run_part(const struct run *run, size_t index, struct run_part *ret_part);

/* How many there are. */
size_t run_n_parts(const struct run *run);
