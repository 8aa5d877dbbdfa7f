#pragma once
/*
 * What this engine needs of QuickJS beyond its public header. Implemented in quickjs_glue.c, which
 * is compiled together with quickjs.c and so sees the fields that the header hides; a release that
 * moves them fails to compile. Includes little, because compiling the other side takes long.
 */
#include <stdbool.h>
#include <stdint.h>

#include <quickjs.h>

#include "base/list.h"
#include "base/str.h"

enum {
    JSC_FIRST = 96, /* class ids of ours begin here, above all of QuickJS' own */
};

/* ---- one user among many ---- */

/* What of a runtime belongs to the running user; kept here while another one runs. */
struct js_swap {
    JSValue global;       /* global object */
    JSValue lexical;      /* top-level let, const and class of scripts */
    struct list modules;  /* module instances */
    struct list jobs;     /* promise reactions that are due */
    void *frame;          /* innermost stack frame of a suspended call */
    uintptr_t stack_top;  /* of the user's coroutine */
    uintptr_t stack_low;  /* lowest address that script code may reach */
    bool in_native_error; /* building a stack text */
};

/*
 * Fills *s with a global object whose prototype is the context's own global object, an empty
 * lexical scope and empty queues. With `own_context` the user keeps the context's own two objects.
 * Returns 0, or -1 when out of memory.
 */
int js_swap_init(JSContext *ctx, struct js_swap *s, bool own_context);

/* Frees all of it; vu must not be swapped in. Jobs are dropped, module instances freed. */
void js_swap_fini(JSContext *ctx, struct js_swap *s);

/* Exchanges what belongs to the user with what is in the runtime. */
void js_swap_in(JSContext *ctx, struct js_swap *s);
void js_swap_out(JSContext *ctx, struct js_swap *s);

/* For the running user: drops the jobs that wait. */
void js_jobs_drop(JSRuntime *rt);

/* Makes the interrupt handler run at the next chance. */
void js_poll_soon(JSContext *ctx);

/* Bytes allocated by a runtime now. */
size_t js_heap_bytes(JSRuntime *rt);

/*
 * Objects set apart from a runtime's collections: they are not looked at, and whatever they refer
 * to counts as referred to. QuickJS finds cycles by taking each object's references off what it
 * refers to; those of objects set apart are never taken off. So a collection stays right whatever
 * is set apart, and it costs what has been made since. What is freed by its count is freed as ever;
 * a cycle that goes through such an object, or one that only garbage refers to, is found once they
 * are given back. Before the runtime is freed they have to be.
 */
void js_set_apart(JSRuntime *rt, struct list *apart); /* all objects that there are; adds to it */
void js_give_back(JSRuntime *rt, struct list *apart); /* empties it */

/* ---- modules ---- */

/* What a compiled module is, to tell ES modules from CommonJS (§1.9). */
bool js_module_is_plain(JSModuleDef *m); /* no import, export or top-level await */

/* Takes a module out of the running user's list and puts it into another, or back. */
void js_module_move(JSModuleDef *m, struct list *home);

/* A new, unlinked instance of a module that was read and never linked; shares its bytecode. */
JSModuleDef *js_module_clone(JSContext *ctx, JSModuleDef *from);

/* Frees the modules of a list that is not the running user's. */
void js_module_list_free(JSContext *ctx, struct list *home);

/* The running user's instance of that name, or NULL. */
JSModuleDef *js_module_find(JSContext *ctx, JSAtom name);

/* The definition behind a value with JS_TAG_MODULE; the value is freed. */
JSModuleDef *js_module_take(JSContext *ctx, JSValue v);

/* A value for JS_ResolveModule and JS_EvalFunction. */
JSValue js_module_value(JSModuleDef *m);

/*
 * Gives native modules an export `undefined` for every name that the running user's modules import
 * from them in vain, since k6 lets such imports pass. Returns 0, or -1 with an exception.
 */
int js_modules_fill_missing(JSContext *ctx);

/* Whether all of a module's imports, deeply, have been resolved to modules. */
bool js_module_complete(JSModuleDef *m);

/* The value of an export, or JS_UNINITIALIZED when there is no such name or no value yet. */
JSValue js_module_get(JSContext *ctx, JSModuleDef *m, JSAtom name);

/* File name of the innermost script function on the stack, or JS_ATOM_NULL. */
JSAtom js_caller_file(JSContext *ctx);

/* ---- shared built-ins ---- */

struct js_builtins;

/*
 * Lists the built-in objects of a context (prototypes, constructors, namespaces, and the given
 * `extra` objects) with a fingerprint of each.
 */
struct js_builtins *js_builtins_take(JSContext *ctx, const JSValue *extra, size_t n_extra);
void js_builtins_free(struct js_builtins *b);

/* Makes all of them refuse new properties. */
void js_builtins_close(struct js_builtins *b);

/*
 * True when one of them was changed since. *ret_name then is a word for it (an atom to free, or
 * JS_ATOM_NULL).
 */
bool js_builtins_changed(JSContext *ctx, const struct js_builtins *b, JSAtom *ret_name);

/* ---- values ---- */

/* Bits to hash by: equal for the same number, object or string. */
uint64_t js_value_bits(JSValueConst v);

/* The same number, or the very same object or string. */
bool js_value_same(JSValueConst a, JSValueConst b);

/* A view of an atom's text, valid while the atom lives; false unless it is pure ASCII. */
bool js_atom_ascii(JSContext *ctx, JSAtom atom, struct str *ret_text);

/* The array index that an atom stands for, below 2^31; false for any other name. */
bool js_atom_index(JSAtom atom, uint32_t *ret_index);

/*
 * Walks the own enumerable string-keyed properties of a plain object without making a list of them:
 *
 *     struct js_props it = js_props(ctx, obj);
 *     while (js_props_next(ctx, &it))
 *         ... it.key (an atom, borrowed), it.value (borrowed until the next step) ...
 *     if (js_props_end(ctx, &it) < 0) return JS_EXCEPTION;
 *
 * Objects with accessors, exotic objects and arrays take the slow and general way behind the same
 * calls. The body may run script code as long as it does not keep key or value.
 */
struct js_props {
    JSValue obj; /* a reference is held */
    JSAtom key;
    JSValue value;
    JSPropertyEnum *names; /* slow way */
    uint32_t n_names;
    uint32_t at;
    bool fast;
    bool failed;
};

struct js_props js_props(JSContext *ctx, JSValueConst obj);
bool js_props_next(JSContext *ctx, struct js_props *it);
int js_props_end(JSContext *ctx, struct js_props *it); /* -1 when an exception is pending */

/*
 * The shape of a plain object (properties' names, order and prototype) as an identity to cache by,
 * or NULL for exotic objects; and the value of its i-th property, borrowed. The shape stays alive
 * while it is held.
 */
struct JSShape *js_shape_of(JSValueConst obj);
struct JSShape *js_shape_hold(struct JSShape *shape);
void js_shape_drop(JSRuntime *rt, struct JSShape *shape);
uint32_t js_shape_count(const struct JSShape *shape);

/* Whether each slot is a plain enumerable value under a string key: no holes, no accessors. */
bool js_shape_is_plain(const struct JSShape *shape);
JSValueConst js_shape_value(JSValueConst obj, uint32_t index);
