#pragma once
/*
 * Making values with knowledge of the engine's hidden fields, for js_json.c. The functions are
 * defined in js_json_build.inc, which the file that includes quickjs.c includes after it.
 */
#include <stddef.h>
#include <stdint.h>

#include <quickjs.h>

struct JSShape;

/* A string of n (> 0) ASCII bytes. */
JSValue js_build_ascii(JSContext *ctx, const char *p, size_t n);

/*
 * The shape of a plain object (prototype Object.prototype) whose n own properties are `atoms`, in
 * that order, all writable, enumerable and configurable; no atom may repeat. A reference of the
 * caller's, or NULL with an exception pending.
 */
struct JSShape *js_build_shape(JSContext *ctx, const JSAtom *atoms, uint32_t n);
void js_build_shape_free(JSRuntime *rt, struct JSShape *shape);

/* A plain object of that shape; takes over the values, also when it fails. */
JSValue js_build_object(JSContext *ctx, struct JSShape *shape, const JSValue *values);

/* An array of n values, which it takes over, also when it fails. */
JSValue js_build_array(JSContext *ctx, const JSValue *values, uint32_t n);

/* The number at [p, end), which has the form of a JSON number. */
double js_build_double(const char *p, const char *end);
