#pragma once
/*
 * The parts of a loaded script that all loops share, and one group of users. For the core's own
 * files; modules (k6_*.c) need only js_priv.h.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "base/ticks.h"
#include "script/js/js_priv.h"
#include "script/js/quickjs_glue.h"

enum source_kind {
    SOURCE_ESM,  /* bytecode of a module */
    SOURCE_CJS,  /* bytecode of a program whose value is function (module, exports) */
    SOURCE_JSON, /* text */
};

/* One module's source; immutable once made. */
struct js_source {
    char *url;
    enum source_kind kind;
    uint8_t *code;
    size_t n_code;
    size_t index;   /* in script->sources */
    bool uses_meta; /* mentions import.meta */
};

/* A file of open(), read once. */
struct js_file {
    char *data; /* NUL-terminated */
    size_t n_data;
};

/* A SharedArray: each element as JSON text. Immutable once in the table. */
struct js_shared_array {
    char *text;      /* all elements, one after another, each NUL-terminated */
    size_t *offsets; /* n + 1 of them */
    size_t n;
};

struct js_script {
    struct script base;
    struct script_config config; /* a copy; what it points to is borrowed */
    char *main_url;
    struct js_source **sources; /* in order of first import */
    size_t n_sources, cap_sources;
    struct table source_by_url;
    struct table files;   /* path → struct js_file; written during load only */
    struct table unknown; /* names of built-in modules that do not exist */
    bool loaded;          /* the first init is over: sources and files are complete */
    bool full_contexts;
    bool wants_full; /* the first init changed built-in objects */
    unsigned users_per_group;
    uint64_t seed; /* of Math.random() */
    struct {
        pthread_mutex_t lock;
        struct table arrays; /* name → struct js_shared_array */
    } shared;
};

/* What the users of one JSContext share: all of a group, or one user with full contexts. */
struct js_realm {
    JSContext *ctx;
    struct list home; /* modules that belong to nobody's list: built-in ones, templates */
    JSModuleDef *builtin[JS_MODULES_MAX];
    JSValue builtin_exports[JS_MODULES_MAX];
    JSValue *templates; /* by source index: JS_TAG_MODULE, bytecode or text; or undefined */
    size_t n_templates;
    bool shared;
    struct js_builtins *watch; /* NULL with full contexts */
    JSValue import_meta_resolve;
    JSValue go_error_proto;
    struct js_json *json; /* the reader behind JSON.parse */
};

enum {
    TAG_CACHE_SIZE = 64, /* a power of two */
    TAG_CACHE_VALUES = 8,
};

/* A tag argument that was seen before: same shape, same values, same base. References are held. */
struct js_tag_entry {
    struct JSShape *shape;
    const struct tagset *base;
    const struct tagset *result;
    uint32_t n;
    JSValue values[TAG_CACHE_VALUES];
};

struct js_group {
    JSRuntime *rt;
    struct js_loop *loop;
    struct js_realm *realm; /* shared; NULL with full contexts */
    struct js_vu *current;  /* the user that is entered */
    struct list users;
    unsigned n_users;
    struct list old; /* objects that have survived a collection: the next ones leave them alone */
    size_t heap_after_gc;
    size_t heap_after_full; /* after the last one that looked at all; 0: there was none */
    bool told_changed;      /* the warning about changed built-ins was given */
    struct js_tag_entry tags[TAG_CACHE_SIZE];
    struct list link; /* in the loop's groups */
};

struct js_loop {
    struct js_script *script;
    struct list groups;
    uint64_t entered; /* ticks at which script code began to run, collections since left out */
    struct ticks_origin origin;
    struct {
        _Atomic uint64_t script; /* ticks, all of them; written by this loop only */
        _Atomic uint64_t gc;
        _Atomic uint64_t gc_max;
        _Atomic uint64_t n_gc;
        _Atomic span_ns gc_max_cpu;
    } shared;
};

static inline struct js_script *js_script_of(struct script *s)
{
    return container_of(s, struct js_script, base);
}

static inline struct js_realm *js_realm_of(JSContext *ctx)
{
    return JS_GetContextOpaque(ctx);
}

/* ---- js_group.c ---- */

struct js_group *js_group_new(struct js_loop *loop);
void js_group_free(struct js_group *g); /* when it has no users; accepts NULL */

/* A context with globals, console and all that k6 scripts find; the caller frees it. */
struct js_realm *js_realm_new(struct js_group *g);
void js_realm_free(struct js_realm *r);

/* Collects when the heap has grown enough since the last time. Nobody is entered. */
void js_group_rest(struct js_group *g);

/* A user was made: what its init code left stays, and collections need not look at it. */
void js_group_settle(struct js_group *g);

/* ---- js_source.c ---- */

/*
 * The module of that URL. During load it is read (or fetched), stripped of types and compiled;
 * later it must be known. Returns 0 or a fault, FAULT_EXIT(107) for a syntax error.
 */
MUST_USE int js_source_get(struct js_script *s, struct str url, struct js_source **ret_source);

/* Reads a file for open(), once. Returns 0 or a fault. */
MUST_USE int js_file_get(struct js_script *s, const char *path, const struct js_file **ret_file);

void js_sources_free(struct js_script *s);

/* ---- k6_data.c ---- */

void js_shared_arrays_free(struct js_script *s);

/* ---- js_compile.c ---- */

/*
 * Compiles `text` into source->code and decides its kind. Faults are FAULT_EXIT(107) with position,
 * source line and caret.
 */
MUST_USE int js_compile(struct js_source *source, struct str text);

/* ---- js_remote.c ---- */

/* Appends the source of an https:// module from the cache or by fetching it. */
MUST_USE int js_remote_get(struct js_script *s, struct str url, struct buf *ret_text);

/* ---- js_module.c ---- */

void js_module_setup(JSRuntime *rt);

/*
 * Runs the main module of the entered user. *ret_promise is its completion (undefined for
 * CommonJS). Returns 0, or -1 with an exception.
 */
int js_main_run(struct js_vu *vu, JSValue *ret_promise);

/* The value of an export of the main module, JS_UNDEFINED when there is none. */
JSValue js_main_export(struct js_vu *vu, const char *name);

/* Names of the main module's exports as an array of strings (a JSValue). */
JSValue js_main_names(struct js_vu *vu);

/* The shared exports object of a built-in module; made when it is first asked for. -1: thrown. */
int js_builtin_get(JSContext *ctx, size_t index, JSModuleDef **ret_module, JSValue *ret_exports);

JSValue js_require(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv);
JSValue js_meta_resolve(JSContext *ctx, JSValueConst this_val, int argc, JSValueConst *argv);
void js_required_free(struct js_vu *vu);

/* ---- js_globals.c, js_console.c, js_text.c, js_timers.c ---- */

int js_globals_define(JSContext *ctx);

/* Math.random() of this user from now on. */
void js_random_seed(struct js_vu *vu, uint64_t seed);

/* Appends the text of an error with QuickJS' raw stack lines, as js_error_text() does. */
void js_error_format(JSContext *ctx, JSValueConst error, struct str raw_stack, struct buf *out);
int js_console_define(JSContext *ctx, JSValueConst global);
int js_text_define(JSContext *ctx, JSValueConst global);
int js_timers_define(JSContext *ctx, JSValueConst target);

/* The earliest timer's time, or 0 when there is none. */
mono_ns js_timers_due(const struct js_vu *vu);

/* Runs the earliest timer if it is due. 1: one ran, 0: none due, -1: exception. */
int js_timers_run(struct js_vu *vu, mono_ns now);

/* Drops all timers; `tell` logs one warning each, as for an interrupted iteration. */
void js_timers_drop(struct js_vu *vu, bool tell);

/* ---- js_event.c ---- */

/*
 * Runs jobs, timers and completions until none is left. Entered. Returns 0 or -1 with an exception
 * (an unhandled rejection, an error in a callback, or an interruption).
 */
int js_event_run(struct js_vu *vu);

/* Forgets all that waits: jobs, tasks, rejections. Timers are js_timers_drop's. */
void js_event_drop(struct js_vu *vu);

void js_event_setup(JSRuntime *rt);

/* ---- js_vu.c ---- */

/* A user without its own init run yet; see js_vu_init. */
struct js_vu *js_vu_create(struct js_script *s, struct js_loop *loop, struct script_host *host);
void js_vu_destroy(struct js_vu *vu);

/* Runs the init code. Entered and left inside. Returns 0, a condition, or a fault. */
int js_vu_init(struct js_vu *vu);

/*
 * The end of a call into the script: turns the pending exception, interruption or success into a
 * condition and tells the host of an uncaught exception. Entered.
 */
int js_vu_conclude(struct js_vu *vu, int failed);

/* ---- js_script.c ---- */

int js_script_load(const struct script_config *config, struct script_host *host,
                   struct script **ret_script);
void js_script_free(struct script *base);
int js_script_loop_open(struct script *s, void **ret_loop);
void js_script_loop_close(void *script_loop);
void js_script_loop_stats(const void *script_loop, struct script_stats *ret_stats);
int js_script_find_export(struct script *s, const char *name);
