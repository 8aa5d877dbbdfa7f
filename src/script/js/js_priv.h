#pragma once
/*
 * What the files of script/js share. Nobody else includes this.
 *
 *   struct js_script   one per process: sources, bytecode, opened files, shared arrays; locked
 *                      where several loops write it, otherwise read-only after load
 *   struct js_loop     one per loop: its groups
 *   struct js_group    one JSRuntime with one JSContext, shared by up to 64 users of a loop
 *   struct js_vu       one user: own global object, lexical scope, module instances, job queue
 *
 * How users share a runtime. The built-ins, the k6 modules and the functions' bytecode of a group
 * exist once. What belongs to one user (struct js_swap) is swapped into the runtime while that user
 * runs: js_enter() and js_leave() around each call from the host into the script, js_suspend() and
 * js_resume() exactly around each host call that may suspend the coroutine. Between js_suspend()
 * and js_resume() no function of QuickJS may be called. With `full_contexts` each user has a
 * JSContext of its own in the group's runtime and only the rest is swapped.
 *
 * A native function finds its user with js_vu_of(ctx), never through the context: the context it
 * is handed is the group's, whoever calls. Objects that a module's init() makes are shared by all
 * users of the group and cannot be extended; what is one user's lives in js_vu_data().
 */
#include <stdbool.h>
#include <stdint.h>

#include <quickjs.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/list.h"
#include "base/str.h"
#include "base/table.h"
#include "metric/tagset.h"
#include "script/js/quickjs_glue.h"
#include "script/script.h"

struct js_group;
struct js_loop;
struct js_module;
struct js_realm;
struct js_script;
struct js_vu;

/* The class ids of ours are the same in every runtime. */
enum js_class {
    JSC_METRIC = JSC_FIRST,
    JSC_SHARED_ARRAY,
    JSC_TAGS, /* exec.vu.tags, exec.vu.metrics.metadata */
    JSC_SECRET_SOURCE,
    JSC_TEXT_ENCODER,
    JSC_TEXT_DECODER,
    JSC_HTTP_RESPONSE,
    JSC_HTTP_COOKIE_JAR,
    JSC_HTTP_EXPECTED,
    JSC_HTTP_FILE,
    JSC_HTTP_URL,
    JSC_HTTP_STATE,
    JSC_CRYPTO_HASHER,
    JSC_SPARE_1,
    JSC_SPARE_2,
    JSC_SPARE_3,
    JSC_SPARE_4,
    JSC_END,
};

/*
 * A built-in module. One row in js_modules.c; one file each. init() fills `exports`, a plain
 * object, once per group (per user with full contexts): its own enumerable properties become the
 * named exports and the object itself the default export.
 */
struct js_module {
    const char *name;                                  /* "k6/http" */
    int (*init)(JSContext *ctx, JSValueConst exports); /* 0, or -1 with an exception thrown */
    bool default_only;     /* require() gives the default object; see §1.9 of the k6 surface */
    bool no_named_exports; /* k6/secrets */
    size_t vu_bytes;       /* zeroed memory of each user that asks for it with js_vu_data() */
    void (*vu_fini)(struct js_vu *vu, void *data); /* entered; frees JSValues in it; or NULL */
    /* Called when an iteration has ended, entered, only where js_vu_data() was asked for; or NULL.
     */
    void (*vu_reset)(struct js_vu *vu, void *data);
    const char *unsupported; /* why importing it fails, a whole sentence; NULL: it works */
};

enum {
    JS_MODULES_MAX = 32,
    JS_GROUP_USERS = 64,
};

/* A completion for the user's event loop. Embed it; see js_post(). */
struct js_task {
    struct list link;
    void (*run)(struct js_vu *vu, struct js_task *task); /* entered; owns the task */
    /* Frees the task when the iteration was interrupted before it ran; entered. */
    void (*drop)(struct js_vu *vu, struct js_task *task);
};

struct js_timer;

struct js_vu {
    struct js_swap swap; /* valid while the user is not running */
    struct js_script *script;
    struct js_loop *loop;
    struct js_group *group;
    JSContext *ctx;
    struct js_realm *own_realm; /* with full contexts, else NULL */
    struct script_host *host;
    bool running;     /* between enter and leave */
    bool interrupted; /* until the current call into the script returns */
    bool aborted;     /* by test.abort() */
    bool timed_out;   /* the deadline passed */
    bool limited;     /* by the deadline of setup, teardown or handleSummary */
    bool rejected;    /* the exception is about an unhandled rejection: its text is complete */
    bool initialized; /* the init code is over */
    mono_ns deadline; /* 0: none; atomic access */
    /* Event loop. */
    struct list tasks;       /* posted completions */
    unsigned n_pending;      /* operations whose completion is to come */
    struct js_timer *timers; /* a heap, see js_timers.c */
    size_t n_timers, cap_timers;
    uint32_t last_timer_id;
    uint32_t running_timer; /* id of the interval whose callback runs, or 0 */
    uint64_t timer_age;     /* counts timers, for their order */
    struct list rejections; /* promises rejected and not handled yet */
    /* Instances. */
    JSValue *exports;   /* by index in script->exports */
    JSValue setup_data; /* parsed once; JS_UNINITIALIZED before */
    JSValue env;        /* __ENV; JS_UNINITIALIZED before its first use */
    uint64_t env_activation;
    JSValue iter, vu_id;   /* assigned by the script, else JS_UNINITIALIZED */
    struct table required; /* URL → struct js_cjs, CommonJS modules that ran */
    uint64_t random[2];
    void *module_data[JS_MODULES_MAX];
    uint32_t module_resets; /* bits of those whose vu_reset() is called */
    struct list link;       /* in the group's users */
};

/* The user whose code is running. Never NULL inside a native function. */
struct js_vu *js_vu_of(JSContext *ctx);

/* A module's memory of this user, made and zeroed at the first call. */
void *js_vu_data(struct js_vu *vu, const struct js_module *module);

/* The user's host; short for js_vu_of(ctx)->host. */
static inline struct script_host *js_host_of(JSContext *ctx)
{
    return js_vu_of(ctx)->host;
}

/* ---- entering and leaving ---- */

/*
 * Makes vu its runtime's running user, on the current stack. Not to be nested; only js_vu.c and
 * js_event.c need these two.
 */
void js_enter(struct js_vu *vu);
void js_leave(struct js_vu *vu);

/* Exactly around a host call that may suspend; no QuickJS call in between. Never nested. */
void js_suspend(struct js_vu *vu);
void js_resume(struct js_vu *vu);

/*
 * After a host call gave `r`: true when it is 0, otherwise throws the uncatchable interruption and
 * returns false; the caller then returns JS_EXCEPTION.
 */
bool js_host_ok(JSContext *ctx, int r);

/* Throws the uncatchable error that stops all script code of this user; returns JS_EXCEPTION. */
JSValue js_throw_interrupt(JSContext *ctx);

/* ---- event loop ---- */

/* An operation began or ended whose completion the event loop must await. */
static inline void js_pending_begin(struct js_vu *vu)
{
    vu->n_pending++;
}

static inline void js_pending_end(struct js_vu *vu)
{
    vu->n_pending--;
}

/*
 * Queues a completion. May be called from host callbacks (script_request_done_fn) where the user is
 * not entered; touches no JavaScript. The task runs in the user's event loop.
 */
void js_post(struct js_vu *vu, struct js_task *task);

/* The JSON reader of this context. */
struct js_json;
struct js_json *js_json_of(JSContext *ctx);

/* ---- errors ---- */

/* Throws a GoError (§1.7) and returns JS_EXCEPTION. */
JSValue js_throw(JSContext *ctx, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The same object, not thrown: to reject a promise with. */
JSValue js_go_error(JSContext *ctx, struct str message);

/* Throws the latest fault's text as a GoError. */
JSValue js_throw_fault(JSContext *ctx);

/* Phase checks of §1.6. */
static inline bool js_in_init(JSContext *ctx)
{
    return js_host_of(ctx)->phase == SCRIPT_INIT;
}

/* Logs a warning of ours (SCRIPT_LOG_ENGINE). */
void js_warn(JSContext *ctx, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * An exception as k6 prints it: "Error: msg\n\tat fn (file:///x.js:1:2)\n". Appended to `out`,
 * which is bounded by itself. Consumes nothing.
 */
void js_error_text(JSContext *ctx, JSValueConst error, struct buf *out);

/* ---- values ---- */

/*
 * UTF-8 text of a value. Pure ASCII strings are given without copying. js_str_fini() must follow
 * before the value goes away; p is NULL after a failure, with an exception thrown.
 */
static inline struct str js_str(JSContext *ctx, JSValueConst v)
{
    struct str s = {0};

    s.p = JS_ToCStringLen(ctx, &s.n, v);
    return s;
}

static inline void js_str_fini(JSContext *ctx, struct str s)
{
    if (s.p)
        JS_FreeCString(ctx, s.p);
}

static inline JSValue js_new_str(JSContext *ctx, struct str s)
{
    return JS_NewStringLen(ctx, s.p ? s.p : "", s.n);
}

/* A heap copy with a NUL behind it; the bytes themselves may hold some. */
char *js_copy(struct str s);

static inline bool js_nullish(JSValueConst v)
{
    return JS_IsUndefined(v) || JS_IsNull(v);
}

/* Bytes of an ArrayBuffer or a Uint8Array; false for anything else; throws nothing. */
bool js_bytes(JSContext *ctx, JSValueConst v, struct str *ret_bytes);

/* ---- tags (§2.14) ---- */

/*
 * base plus the tags of an object argument. null and undefined give base. Returns 0, or -1 with a
 * GoError thrown: `invalid value for metric tag 'k': ...`, after `prefix` ("" or text ending in
 * ": "; with NULL a bad value throws nothing). Known combinations of shape and values cost a table
 * lookup.
 */
int js_tags(JSContext *ctx, JSValueConst arg, const struct tagset *base, const char *prefix,
            const struct tagset **ret_tags);

/* ---- modules ---- */

/* Built-in rows, in a fixed order; index < JS_MODULES_MAX. */
extern const struct js_module *const js_modules[];
extern const size_t js_n_modules;

/* Registers a class once per runtime; a prototype must still be set per context. 0 or -1. */
int js_class_register(JSContext *ctx, enum js_class id, const JSClassDef *def);

/* Sets functions, accessors and constants on an object. 0 or -1 with an exception. */
int js_define(JSContext *ctx, JSValueConst obj, const JSCFunctionListEntry *entries, size_t n);
