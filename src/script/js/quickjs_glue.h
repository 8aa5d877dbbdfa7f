#pragma once
/*
 * What this engine needs of QuickJS beyond its public header. Implemented in quickjs_glue.c, which
 * is compiled together with quickjs.c and so sees the fields that the header hides; a release that
 * moves them fails to compile. The other half of these functions is declared in js_priv.h.
 */
#include "script/js/js_priv.h"

/* ---- one user among many ---- */

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
bool js_module_unlinked(JSModuleDef *m);

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
