#pragma once
/*
 * The interface between a virtual user and the script it runs.
 *
 * A script is loaded once per process (`struct script`: compiled, immutable, shared by all loops),
 * opened once per loop (`struct script_loop`: what users of one thread share, such as JavaScript
 * runtimes) and instantiated once per virtual user (`struct script_vu`).
 *
 * Downward calls go through `struct script_ops`, one per language. Upward calls go through
 * `struct script_host`, which `vu` embeds in its virtual user and fills in. A host call may suspend
 * the coroutine it was made on unless it says otherwise: other users of the same loop run
 * meanwhile, so a language must save what its runtime keeps per running user before each such call
 * and restore it after.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

struct arena;
struct buf;
struct cookie_jar;
struct coro;
struct http_request;
struct http_response;
struct plan_options;
struct metric_registry;
struct secret_store;
struct tag_pool;
struct tagset;

/* Conditions of run_iteration and the other calls into script code. */
enum {
    SCRIPT_E_EXCEPTION = 1,   /* uncaught; host->ops->exception has been told */
    SCRIPT_E_INTERRUPTED = 2, /* by script_vu_interrupt or a cancelled coroutine; not logged */
    SCRIPT_E_ABORTED = 3,     /* the script called test.abort(); host->ops->abort has been told */
    SCRIPT_E_TIMEOUT = 4,     /* setup, teardown or handleSummary passed its deadline */
    SCRIPT_E_REFUSED = 5,     /* of host->ops->secret: there is none; its text says why */
};

enum script_phase {
    SCRIPT_INIT,     /* init context: imports, open(), new metrics; no requests */
    SCRIPT_SETUP,    /* setup() */
    SCRIPT_RUN,      /* an iteration */
    SCRIPT_TEARDOWN, /* teardown() */
    SCRIPT_SUMMARY,  /* handleSummary() */
};

/* What the process gives to a script before any user exists. Borrowed for the script's life. */
struct script_config {
    const char *path; /* file to run, "-" for standard input */
    const char *const *env_names;
    const char *const *env_values; /* __ENV, n_env pairs */
    size_t n_env;
    struct metric_registry *metrics;    /* thread-safe; new Trend() and kin register here */
    struct secret_store *secrets;       /* NULL: none configured */
    const char *lock_path;              /* pins of remote imports; NULL: beside the script */
    const struct http_request *request; /* for script/null: what to send, again and again */
    int users_per_runtime;              /* 0: the default (64) */
    bool full_contexts;                 /* for scripts that extend built-in prototypes */
    bool compat_base;                   /* compatibility mode `base`: no `global` */
    bool offline;                       /* remote imports come from the cache only */
    const char *cache_dir;              /* fetched modules; NULL: ~/.cache/brunt/modules */
    /*
     * Fetches a remote import with GET; called during load only, may block. Appends the body to
     * *ret_body and gives the status (0 with a fault's text when there was no response). NULL:
     * remote imports that are not in the cache fail.
     */
    int (*fetch)(void *arg, const char *url, struct buf *ret_body, int *ret_status);
    void *fetch_arg;
    /* For languages whose files leave these to the command line; NULL: not given. */
    const char *target;          /* base of relative URLs */
    const char *scenario;        /* which of the file's */
    bool wants_plan;             /* script.plan_json will be asked for */
    int helper_threads;          /* at most, for calls that block; 0: the default (64) */
    const char *const *blocking; /* functions that block, as MODULE:NAME, n_blocking */
    size_t n_blocking;
    const char *const *args; /* what stands behind `--` on the command line, n_args */
    size_t n_args;
    /* That its users will be dealt out to, at most one per user; 0: they run in this one. */
    unsigned n_processes;
    unsigned n_processes_least; /* however few users there are */
};

/*
 * What a script and its run have to say to each other while it runs. Any thread may read and write
 * all of it; the run looks once a second.
 */
struct script_talk {
    /* from the script */
    _Atomic uint64_t wanted; /* users that its only scenario is to have, plus 1; 0: as planned */
    _Atomic bool is_over;    /* the test has come to its end */
    /* from the run */
    _Atomic bool has_begun;
    _Atomic uint64_t n_users; /* that there are, in all processes */
    _Atomic bool is_ending;   /* users are being stopped, and no more begin */
};

struct script_export {
    char *name;
    bool callable;
};

/* Common head of a loaded script; languages embed it. Read-only after load. */
struct script {
    const struct script_ops *ops;
    struct script_export *exports;
    size_t n_exports;
    char *options_json; /* JSON text of the exported options, or NULL */
    char *plan_json;    /* the plan in the words of the script's own tool, for --dry-run, or NULL */
    char *web_json;     /* what Locust's web API tells of the script, JSON (web/), or NULL */
    char *front_json;   /* what its own command line asks of the program, JSON, or NULL */
    const char *vocab;  /* names under which its users know metrics (--vocab), or NULL */
    char *title;        /* what its tool calls the test, such as a scenario's name, or NULL */
    char *target;       /* the URL that the script's paths are relative to, or NULL */
    unsigned n_steps;   /* levels of equal length in which its load rises; 0: not in steps */
    char *text;         /* source of the main script, for reports and the store */
    size_t n_text;
    struct script_talk *talk; /* the language's; NULL: neither side has anything to say */
    bool has_setup, has_teardown, has_handle_summary;
};

/* What k6/execution reads. Filled by host->ops->exec_info on demand. */
struct script_exec_info {
    double test_run_ms;              /* instance.currentTestRunDuration */
    uint64_t iterations_completed;   /* of this process */
    uint64_t iterations_interrupted; /* of this process */
    uint64_t vus_active;
    uint64_t vus_initialized;
    bool has_scenario; /* false in setup, teardown and handleSummary */
    const char *scenario_name;
    const char *executor; /* "constant-vus" */
    double scenario_start_unix_ms;
    double scenario_progress;            /* 0..1 */
    uint64_t scenario_iteration;         /* iterationInInstance: unique in the scenario */
    uint64_t scenario_iteration_in_test; /* the same among all execution segments */
};

/* How one log line came to be. */
enum script_log_source {
    SCRIPT_LOG_CONSOLE,    /* console.*: field source=console */
    SCRIPT_LOG_STACKTRACE, /* an exception: field source=stacktrace */
    SCRIPT_LOG_ENGINE,     /* a warning of ours, no source field */
};

/* Levels as in base/log.h, repeated so that languages need not include it. */
enum script_log_level {
    SCRIPT_LOG_DEBUG,
    SCRIPT_LOG_INFO,
    SCRIPT_LOG_WARN,
    SCRIPT_LOG_ERROR
};

/*
 * An uncaught exception. A language that tells by itself which ones are alike keeps the number that
 * the host gave for the first, and of the others says no more than that; 0: the host does not know
 * that number, or it keeps no count, and is to be told in full.
 */
struct script_exception {
    struct str line;  /* what is logged of it; empty: nothing */
    uint64_t number;  /* of one like it; 0: none. The rest is then not looked at. */
    struct str stack; /* as the language prints it */
    /* For a stack that is not in the form of JavaScript's; all empty: they are read off it. */
    struct str kind, message, place;
};

struct script_host;

/*
 * Called on the user's loop when an asynchronous request is over; owns the reference to `r`, which
 * is NULL when the iteration was interrupted meanwhile.
 */
typedef void(script_request_done_fn)(void *arg, struct http_response *r);

/* What a descriptor is waited for. */
enum script_fd {
    SCRIPT_FD_READ,
    SCRIPT_FD_WRITE
};

/* The life of a strand; it ends with its return. */
typedef void(script_strand_fn)(void *arg);

/* Called on the user's loop, outside of its coroutines. */
typedef void(script_posted_fn)(void *arg);

struct script_host_ops {
    /*
     * Sends a request and suspends until its response is there. Always gives a response, with
     * status 0 and an error code when there was none; the caller owns the reference. Samples have
     * been recorded. Returns 0, or SCRIPT_E_INTERRUPTED when the iteration was interrupted
     * (*ret_response is then NULL).
     */
    int (*request)(struct script_host *h, const struct http_request *req,
                   struct http_response **ret_response);

    /*
     * Sends n requests at once within the limits of options.batch and batchPerHost, suspends until
     * all are answered, and fills ret_responses in the order of reqs. Returns as request().
     */
    int (*batch)(struct script_host *h, const struct http_request *const *reqs, size_t n,
                 struct http_response **ret_responses);

    /*
     * Starts a request and returns at once. `done` runs later, in between suspensions of this user
     * (inside wait_event), never inside this call. `req` and all it points to must live until then.
     */
    void (*request_async)(struct script_host *h, const struct http_request *req,
                          script_request_done_fn *done, void *arg);

    /* Suspends for a time (<= 0: not at all). Returns 0 or SCRIPT_E_INTERRUPTED. */
    int (*sleep)(struct script_host *h, span_ns span);

    /*
     * For the script's event loop: suspends until `due` (0: no limit) or until at least one
     * asynchronous completion has been delivered. Returns 0 or SCRIPT_E_INTERRUPTED. After an
     * interruption the language calls it again until each of its asynchronous requests has been
     * delivered: the host then cancels them, suspends until at least one is, and delivers it.
     */
    int (*wait_event)(struct script_host *h, mono_ns due);

    /*
     * Strands: coroutines of this user beside the one that its iterations run on. They may call
     * all of these services, live on when an iteration ends, and are cancelled when the user leaves
     * its scenario (after script_ops.leave), which waits for them. A host without them leaves these
     * six NULL.
     *
     * spawn() starts one when the caller suspends; 0 or a fault. strand() is the running one, or
     * the iteration's: a name for the others, valid until it ends. park() suspends until wake() or
     * until `due` (0: no limit); 0, SCRIPT_E_TIMEOUT or SCRIPT_E_INTERRUPTED. wake() is for one
     * that is in park() and for no other. disturb() makes whatever it waits for, now or next,
     * return SCRIPT_E_INTERRUPTED, until it calls settle() itself; what the run interrupts stays
     * so.
     */
    int (*spawn)(struct script_host *h, script_strand_fn *fn, void *arg);
    struct coro *(*strand)(struct script_host *h);
    int (*park)(struct script_host *h, mono_ns due);
    void (*wake)(struct script_host *h, struct coro *strand);
    void (*disturb)(struct script_host *h, struct coro *strand);
    void (*settle)(struct script_host *h);

    /*
     * Suspends the running strand until a descriptor, of which others may wait for the same, can be
     * read or written without blocking, or until `due` (0: no limit). Returns as park(), or a
     * fault. May be NULL.
     */
    int (*wait_fd)(struct script_host *h, int fd, enum script_fd what, mono_ns due);

    /*
     * Has fn called soon on the user's loop. Any thread, while the user exists; `fn` may be called
     * when it no longer does. May be NULL.
     */
    void (*post)(struct script_host *h, script_posted_fn *fn, void *arg);

    /* Monotonic now; reads the clock. */
    mono_ns (*now)(struct script_host *h);

    /* Records value for a metric id of the registry under `tags`. Never suspends. */
    void (*sample)(struct script_host *h, uint32_t metric_id, const struct tagset *tags,
                   double value);

    /* One check: metric `checks` with tag check=name; never suspends. */
    void (*check)(struct script_host *h, struct str name, const struct tagset *tags, bool passed);

    /* Never suspends. `message` is complete; secrets are redacted below this call. */
    void (*log)(struct script_host *h, enum script_log_level level, enum script_log_source source,
                struct str message);

    /*
     * The same with one field beside the message, such as error="dial: connection refused". NULL
     * where nobody offers it; callers then put the value into the message.
     */
    void (*log_field)(struct script_host *h, enum script_log_level level,
                      enum script_log_source source, struct str message, struct str field,
                      struct str value);

    /* An uncaught exception: it is counted, and its line logged as the phase demands. */
    uint64_t (*exception)(struct script_host *h, const struct script_exception *e);

    void (*exec_info)(struct script_host *h, struct script_exec_info *ret_info);

    /*
     * k6/secrets: appends the value of `key` from the source of that name ("": the default one).
     * May suspend. Returns 0, SCRIPT_E_REFUSED with the reason in *ret_value ("no value"), or
     * SCRIPT_E_INTERRUPTED. The op may be NULL: no secret sources are configured.
     */
    int (*secret)(struct script_host *h, struct str source, struct str key, struct buf *ret_value);

    /* test.abort() and test.fail(); the language then interrupts itself on abort. */
    void (*abort)(struct script_host *h, struct str message);
    void (*fail)(struct script_host *h, struct str message);

    /*
     * The test has come to its end, as the script sees it: as if its time were over, users may
     * finish what they do.
     */
    void (*end)(struct script_host *h, struct str message);
};

/* One per virtual user; embedded in it by `vu`. The language may read all and write what says so.
 */
struct script_host {
    struct tag_pool *tag_pool;
    struct arena *arena;                /* reset by the host after each iteration */
    const struct plan_options *options; /* consolidated; NULL in the first init */
    const char *options_json; /* the consolidated options as JSON, for `options` and exec.test */
    const char *exec_options_json;         /* for exec.test.options (§2.10); NULL: options_json */
    const char *const *scenario_env_names; /* merged over __ENV at activation; may be NULL */
    const char *const *scenario_env_values;
    size_t n_scenario_env;
    uint64_t activation; /* changes when the user is activated for a scenario: __ENV is rebuilt */
    uint64_t vu_id_in_test; /* unique among all execution segments; 0 like vu_id */

    /* From here on what every iteration looks at, on one cache line. */
    const struct script_host_ops *ops;
    const struct tagset *tags; /* the user's current tags; written by group() and exec.vu.tags */
    const struct tagset *metadata; /* exec.vu.metrics.metadata; NULL is empty; written by exec.vu */
    struct cookie_jar *jar;        /* of the current iteration */
    uint64_t vu_id;                /* from 1; 0 in first init, setup, teardown, handleSummary */
    int64_t iteration;             /* __ITER; -1 before the first */
    uint64_t iteration_in_scenario; /* of this user */
    enum script_phase phase;
    bool is_idle; /* written by the language: it sleeps between two things to do; when its user is
                     to go, there is nothing to wait for, and the sleep is cancelled */
    /*
     * Lowest usable address of the coroutine's stack; 0 when unknown: script code then gets 192 KiB
     * below the frame that enters it.
     */
    uintptr_t stack_low;
};

/* One file that handleSummary() asks to write; "stdout" and "stderr" are streams. */
struct script_summary_file {
    char *name;
    char *data;
    size_t n_data;
};

/* What the users of one loop have cost since loop_open. */
struct script_stats {
    span_ns script_ns; /* inside the script and its language, waits and collections left out */
    span_ns gc_ns;     /* in garbage collections */
    span_ns gc_max_ns; /* the longest of them */
    /* The most processor time that one took: what it would have been on a machine of its own. */
    span_ns gc_max_cpu;
    uint64_t n_gc;
};

/* What a script says at the very end. */
struct script_ending {
    int exit_code;     /* that it wishes; < 0: none */
    bool failed;       /* a handler of an event raised */
    uint64_t n_failed; /* of the uncaught exceptions, those of handlers of this process */
};

/* One language. Faults of the calls below are printed by cli; scripts' own errors carry
 * FAULT_EXIT(107). */
struct script_ops {
    const char *name;
    const char *const *suffixes; /* ".js", ".ts", NULL-ended */
    bool deep_stack;             /* its coroutines need the largest stacks */
    bool one_loop;               /* its users all run on one loop */

    /*
     * Loads and runs the init code once in a throw-away instance (`__VU` 0): finds exports and
     * options, all modules and files. `host` serves that run (phase SCRIPT_INIT); only its log,
     * exception and now are called. Returns 0 or a fault: FAULT_EXIT(107) with position and caret
     * for script errors, FAULT_EXIT(108) for test.abort() in init code, an errno for a missing
     * file.
     */
    int (*load)(const struct script_config *config, struct script_host *host,
                struct script **ret_script);
    void (*free)(struct script *s);

    /* What the users of one loop share; created and used on that loop's thread only. */
    int (*loop_open)(struct script *s, void **ret_loop);
    void (*loop_close)(void *script_loop); /* after all its users are freed; accepts NULL */

    /* What it has cost so far. Any thread while the loop's part is open. NULL: it costs nothing. */
    void (*loop_stats)(const void *script_loop, struct script_stats *ret_stats);

    /*
     * Instantiates the script for one user and runs its init code. Must run on a coroutine of the
     * loop. Returns 0, a condition above, or a fault.
     */
    int (*vu_new)(struct script *s, void *script_loop, struct script_host *host, void **ret_vu);
    void (*vu_free)(void *vu);

    /* The index of an export for run_iteration, or -1 when there is no callable one of that name.
     */
    int (*find_export)(struct script *s, const char *name);

    /*
     * Calls the exported function with the setup data (JSON text, or NULL for undefined; parsed
     * once per user) and runs the event loop until it is empty. Returns 0 or a condition above.
     */
    int (*run_iteration)(void *vu, int export_index, const char *setup_data);

    /*
     * The request that is all that run_iteration does, its response unread; borrowed until the
     * user's tags change. The host may then carry it out by itself, again and again. NULL: there is
     * code to run.
     */
    const struct http_request *(*fixed_request)(void *vu);

    /*
     * The user leaves its scenario: hooks that scripts have for it run, as an iteration does (they
     * may suspend). Returns 0 or a condition above. NULL: there are no such hooks.
     */
    int (*leave)(void *vu);

    /*
     * setup(): *ret_json is the heap JSON text of its result, or NULL for undefined. teardown()
     * takes that text. handle_summary() takes the data of §4.8 as JSON text and gives the files to
     * write (a heap array of heap strings; n 0 and NULL when the script wants the default summary).
     * `deadline` bounds each, SCRIPT_E_TIMEOUT when it passes.
     */
    int (*setup)(void *vu, mono_ns deadline, char **ret_json);
    int (*teardown)(void *vu, const char *setup_data, mono_ns deadline);
    int (*handle_summary)(void *vu, const char *data_json, mono_ns deadline,
                          struct script_summary_file **ret_files, size_t *ret_n);

    /*
     * The run is over, and no user runs any more. `stats_json` is what was measured in all
     * processes (locust/locust_json.h); NULL in a process that had a share of it. Returns 0 with
     * *ret_ending, or a fault. NULL: there is nothing that wants to know.
     */
    int (*over)(struct script *s, const char *stats_json, struct script_ending *ret_ending);

    /*
     * Makes the running code of this user stop as soon as it can, uncatchably; effective until the
     * current call into the script returns. The host cancels the coroutine as well when it is
     * suspended. Called on the user's loop, from a timer or another coroutine; for a tight loop the
     * host has set `deadline_ns` beforehand (see below).
     */
    void (*interrupt)(void *vu);

    /*
     * A tight loop never returns to the event loop, so nobody could call interrupt(): script code
     * running past this monotonic instant is interrupted from within. 0 removes it. Thread-safe.
     */
    void (*set_deadline)(void *vu, mono_ns deadline);
};

/* No script: script_config.request, again and again (script/null). */
extern const struct script_ops script_null_ops;

/* JavaScript: k6 v2 API (script/js). NULL-ended list of all languages in script/languages.c. */
extern const struct script_ops script_js_ops;

/* Python: loads the plug-in of script/py when a script needs it (script/python_plugin.c). */
extern const struct script_ops script_python_ops;
extern const struct script_ops *const script_languages[];
