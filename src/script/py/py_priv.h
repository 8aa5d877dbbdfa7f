#pragma once
/*
 * What the files of the Python plug-in share.
 *
 *   struct py_script   the loaded file: the object that the packages under py/ made of it
 *   struct py_loop     what users of one loop share: parsed URLs, responses that are alive, the
 *                      watchman for code that never waits
 *   struct py_vu       one user: a thread state of Python's and the user's object
 *
 * One interpreter, many users on one operating-system thread. Each user has a PyThreadState of its
 * own, which is what Python keeps on a stack: frames, exceptions being handled, context variables,
 * recursion depth. Around every call that suspends, the user gives back the interpreter's lock and
 * its state with it (py_out), and takes both again on its return (py_in): to Python it looks like a
 * thread that waits for the network. So everything else may run Python meanwhile: other users,
 * threads that the script has started, the main thread.
 */
#include <stdatomic.h>
#include <stdbool.h>

#define PY_SSIZE_T_CLEAN

#include <Python.h>

#include "base/arena.h"
#include "base/list.h"
#include "base/ticks.h"
#include "script/plugin.h"
#include "script/script.h"

struct http_header;
struct http_request;
struct status_set;

/* The program's functions; set once before anything else. */
extern const struct script_plugin_calls *py_calls;

/* The language; the table that the program gets. */
extern const struct script_ops py_ops;

/* The folder of the plug-in. */
extern const char *py_folder;

/* ---- the interpreter (py_start.c) ---- */

/*
 * Starts the interpreter, once for the process, and imports the package that runs scripts. On any
 * thread, without the interpreter's lock. Returns 0 or a fault.
 */
MUST_USE int py_start(void);

/* Names of the package under py/ that all scripts go through; valid after py_start(). */
struct py_names {
    PyObject *load;      /* load(path, target, scenario, wants_plan) */
    PyObject *report;    /* report(exception) -> name of its type: it has been noted */
    PyObject *farewells; /* farewells() -> [text] */
    PyObject *ending;    /* ending(): the script is done with */
    PyObject *place;     /* place(frame) -> text, or None: it was told before */
    PyObject *helpers;   /* set_helpers(n threads or 0, names): before load() */
    PyObject *begun;     /* begun(): the first user of a loop runs */
    PyObject *route;     /* route(name, arguments): a call of a thread that runs no user */
};

extern struct py_names py_names;

/*
 * Takes the interpreter's lock for a thread that runs no user (loading, freeing), and gives it
 * back. They do not nest.
 */
void py_lock(void);
void py_unlock(void);

/* The last thing that a thread does with Python which has called py_lock(). */
void py_forget_thread(void);

/* ---- scripts (py_script.c) ---- */

struct py_script {
    struct script base; /* first */
    struct metric_registry *metrics;
    PyObject *object;
    char *vocab;
    uint32_t exceptions;  /* the metric script_exceptions */
    uint32_t helper_wait; /* the metric script_helper_wait */
    struct script_talk talk;
};

/* That of the script that is loaded, for its threads; NULL: none is. With the interpreter's lock.
 */
extern struct script_talk *py_talk;

static inline struct py_script *py_script_of(struct script *s)
{
    return (struct py_script *)(void *)s;
}

int py_load(const struct script_config *config, struct script_host *host,
            struct script **ret_script);
void py_free(struct script *s);
int py_find_export(struct script *s, const char *name);
int py_over(struct script *s, const char *stats_json, struct script_ending *ret_ending);

/* Text of a str or None as a heap string; NULL: neither, or it is no UTF-8. */
char *py_text(PyObject *o);

/* ---- texts (py_text.c) ---- */

/*
 * A view of the text of a str, valid while the object is. 0, or -1 with an exception set: it is
 * none (then the sentence begins with `what`), or it has surrogates.
 */
MUST_USE int py_text_of(PyObject *o, const char *what, struct str *ret_text);

/* The same where a script's mistake is not worth an exception: "" for all else. */
struct str py_text_or_empty(PyObject *o);

/* What of an error's text goes into a tag: at most 200 bytes, cut between characters. */
struct str py_error_tag(struct str text);

/* ---- loops (py_loop.c) ---- */

struct py_urls;
struct py_verdicts;

struct py_loop {
    struct py_script *script;
    struct py_urls *urls;
    struct py_verdicts *verdicts;
    struct list responses; /* all struct py_response that hold one of the loop's */
    struct list dead;      /* those that died on another thread */
    struct list users;     /* all struct py_vu but strands, oldest first */
    bool has_begun;        /* a user has run */
    pthread_t thread;      /* that of the loop; once is_bound */
    bool is_bound;
    size_t n_users;
    struct py_watch *watch;
    struct ticks_origin origin;
    uint64_t entered; /* ticks at which the user that is inside entered */
    struct {
        _Atomic uint64_t script; /* ticks inside Python, written by the loop's thread alone */
    } shared;
};

int py_loop_open(struct script *s, void **ret_loop);
void py_loop_close(void *script_loop);
void py_loop_stats(const void *script_loop, struct script_stats *ret_stats);

/* The parsed URL, borrowed from the loop until the next call. Returns 0 or the fault. */
MUST_USE int py_urls_get(struct py_urls *urls, struct str text, const struct url **ret_url);
struct py_urls *py_urls_new(void);
void py_urls_free(struct py_urls *urls); /* accepts NULL */

/* ---- users (py_user.c) ---- */

struct py_parking;
struct py_response;

/* A user, or a strand of one (py_strand.c). */
struct py_vu {
    struct list link;   /* in its loop's users; alone: a strand */
    struct py_vu *root; /* the user; itself, unless it is a strand */
    struct py_script *script;
    struct py_loop *loop;
    struct script_host *host;
    PyThreadState *ts;
    PyObject *object;           /* what the script's user() gave; NULL: of user 0, not yet */
    PyObject *run;              /* its bound method run(index) */
    bool is_inside;             /* its code runs, or waits */
    PyObject *pending;          /* an exception that its wait is to raise, or NULL */
    struct py_parking *parking; /* NULL: nobody has asked */
    struct py_response *open;   /* whose verdict is still out, or NULL; a reference */
    struct arena arena;         /* of the request under way */
    _Atomic bool interrupted;   /* told to stop; until the call into the script returns */
    _Atomic mono_ns deadline;   /* of the root: 0: none */
};

/* The user whose code this thread is running, or NULL. */
extern _Thread_local struct py_vu *py_current;

/* The running user, or NULL with a RuntimeError that says that `what` needs one. */
struct py_vu *py_running(const char *what);

/* Enters and leaves Python as that user. */
void py_in(struct py_vu *vu);
void py_out(struct py_vu *vu);

/*
 * After a call that suspended gave `condition`: raises Interrupted when it is not 0. Returns 0 or
 * -1 with the exception set.
 */
int py_resumed(struct py_vu *vu, int condition);

/* Suspends for a time. 0, or -1 with an exception set. */
int py_sleep(struct py_vu *vu, double seconds);

/*
 * The same between two tasks: ends at once when the user is to go. Returns 1 when it is, 0 or -1
 * with an exception set.
 */
int py_rest(struct py_vu *vu, double seconds);

/* Tells the host of the exception that is set, and counts it; clears it. */
void py_tell_exception(struct py_vu *vu);

int py_vu_new(struct script *s, void *script_loop, struct script_host *host, void **ret_vu);
void py_vu_free(void *vu);
int py_run_iteration(void *vu, int export_index, const char *setup_data);
int py_leave_scenario(void *vu);
void py_interrupt(void *vu);
void py_set_deadline(void *vu, mono_ns deadline);

/*
 * A struct py_vu beside a user, for a strand; NULL: memory is out. py_vu_end() ends it from within
 * and py_vu_drop(), with Python's lock, when it has not begun.
 */
struct py_vu *py_vu_beside(struct py_vu *root);
void py_vu_end(struct py_vu *vu);
void py_vu_drop(struct py_vu *vu);

/* ---- strands and waiting (py_strand.c) ---- */

int py_strand_ready(void); /* makes the type; -1 with an exception set */

/* The user or strand ends: nobody wakes it any more. */
void py_parking_close(struct py_vu *vu);

/* The exception that waits to be raised is not raised. */
void py_forget_pending(struct py_vu *vu);

/* The loop has opened, or closes; with Python's lock. */
void py_strand_loop(struct py_loop *l, bool is_open);

/* Functions of the module; py/README.md has them. */
PyObject *py_spawn(PyObject *module, PyObject *func);
PyObject *py_park(PyObject *module, PyObject *seconds);
PyObject *py_strand_self(PyObject *module, PyObject *none);
PyObject *py_wait_fd(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *py_call(PyObject *module, PyObject *func);
PyObject *py_waited(PyObject *module, PyObject *ms);

/* ---- code that never waits (py_watch.c) ---- */

struct py_watch;

/* A thread that looks ten times a second; NULL when none can be started. */
struct py_watch *py_watch_new(void);
void py_watch_free(struct py_watch *w); /* without the interpreter's lock; accepts NULL */

/* The user of this loop that is inside Python now, or NULL: none is. In turns. */
void py_watch_tell(struct py_watch *w, struct py_vu *vu);

/*
 * What is to be said of a stay that was too long, or NULL; the caller frees it. With the
 * interpreter's lock.
 */
char *py_watch_take_note(struct py_watch *w);

/* The deadline of the user that is inside has changed. */
void py_watch_deadline(struct py_watch *w, struct py_vu *vu);

/* ---- requests and responses (py_request.c, py_response.c, py_verdict.c) ---- */

struct py_response {
    PyObject_HEAD struct list link; /* in its loop's list; alone: there is no r any more */
    struct py_loop *loop;           /* NULL: it was closed */
    struct http_response *r;        /* a reference; NULL: the loop is gone */
    PyObject *method;               /* str */
    PyObject *name;                 /* str or None */
    const struct tagset *tags;      /* of the request; valid while its loop is */
    PyObject *headers;              /* dict, once made */
    PyObject *text;                 /* str, once made */
    PyObject *attributes;           /* dict of what the script has set, or NULL */
    bool is_open;                   /* nobody has judged it */
};

extern PyTypeObject py_response_type;

/*
 * A new object of `type` (py_response_type or derived from it) around r, which is taken over, also
 * when it fails. NULL with an exception set when memory is out.
 */
struct py_response *py_response_new(struct py_vu *vu, PyTypeObject *type, struct http_response *r);

/*
 * Samples http_req_failed for a response that is open; no effect otherwise. A failure gets `error`
 * ("": nothing is known) as its tag of that name.
 */
void py_judge(struct py_vu *vu, struct py_response *response, bool failed, struct str error);

/* The response of the user that is still open, if any. */
void py_settle(struct py_vu *vu, bool failed);

struct py_verdicts *py_verdicts_new(void);
void py_verdicts_free(struct py_verdicts *v); /* with the interpreter's lock; accepts NULL */

/* When is a response judged? */
enum py_hold {
    PY_HOLD_NONE,   /* at once, by its status */
    PY_HOLD_LAST,   /* open until the next request or the end of the call; a success unless told */
    PY_HOLD_LONG,   /* open until judge() */
    PY_HOLD_ANY,    /* the same, whatever its status: any answer may be called a success */
    PY_HOLD_FAILED, /* at once when it is a success; else open until judge() tells why */
    PY_HOLD_FAST,   /* the same by the rule of Locust's faster client */
    PY_HOLD_COUNT,
};

/* The same for the engine: which statuses are a success, and what of each is left to the script. */
struct py_rule {
    const struct status_set *expected;
    bool judged_later, blamed_later; /* as in struct http_request */
};

extern const struct py_rule py_rules[PY_HOLD_COUNT];

/* What becomes of a request's answer. All borrowed. */
struct py_sending {
    PyObject *method; /* str */
    PyObject *name;   /* str or None */
    PyTypeObject *type;
    const struct py_rule *rule;
};

/* The running user when it may send; else NULL with an exception set. */
struct py_vu *py_sender(void);

/* Sets req's URL from a str. 0, or -1 with an exception set. */
MUST_USE int py_set_url(struct py_vu *vu, struct http_request *req, PyObject *text);

/*
 * Sends and suspends. What `req` and `how` point to must live until it returns. A new reference, or
 * NULL with an exception set.
 */
struct py_response *py_send(struct py_vu *vu, const struct http_request *req,
                            const struct py_sending *how);

/* Limits of a request as scripts write them: seconds, 0 for none, and hops. */
static inline span_ns py_timeout(double seconds)
{
    return seconds > 0 && seconds < 1e8 ? (span_ns)(seconds * 1e9) : 0;
}

static inline int py_redirects(long n)
{
    return n < 0 ? 0 : n > 100 ? 100 : (int)n;
}

/* ---- headers (py_headers.c) ---- */

/*
 * Headers of a dict, copied to the arena; those whose value is None are left out. 0, or -1 with an
 * exception set.
 */
MUST_USE int py_headers_read(struct arena *arena, PyObject *dict,
                             const struct http_header **ret_headers, size_t *ret_n);

/* What a HeaderBlock comes to. Counted, under the interpreter's lock. */
struct py_block {
    struct arena arena;
    const struct http_header *headers;
    size_t n;
    unsigned n_refs;
};

extern PyTypeObject py_headers_type; /* HeaderBlock */

/* A reference to that of a HeaderBlock, or NULL with an exception set. */
struct py_block *py_block_ref(PyObject *headers);
void py_block_unref(struct py_block *b); /* accepts NULL */

/* ---- sessions (py_session.c) ---- */

extern PyTypeObject py_session_type;

/* Makes it; once, before it is used. 0, or -1 with an exception set. */
int py_session_ready(void);

/* ---- the calls of the module ---- */

PyObject *py_request(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *py_record(PyObject *module, PyObject *const *args, Py_ssize_t n_args); /* py_record.c */
PyObject *py_batch(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *py_cookies(PyObject *module, PyObject *url); /* these three: py_cookies.c */
PyObject *py_set_cookie(PyObject *module, PyObject *const *args, Py_ssize_t n_args);
PyObject *py_forget_cookies(PyObject *module, PyObject *const *args, Py_ssize_t n_args);

/* ---- the module _brunt (py_module.c) ---- */

/* For PyImport_AppendInittab. */
PyObject *py_module_init(void);

/* BaseException of a user that was told to stop; valid after the module's init. */
extern PyObject *py_interrupted;

/* The time.sleep of Python's own, for threads that run no user. */
extern PyObject *py_plain_sleep;
