#pragma once
/*
 * A JSON reader that makes JavaScript values, several times faster than the engine's own: behind
 * JSON.parse() and response.json().
 *
 * A `struct js_json` remembers the keys and object shapes it has seen, so that the next document
 * like an earlier one is built without looking up a name. It belongs to one JSContext (or to
 * several that share Object.prototype) and holds references into its runtime: free it before them.
 * Results are exactly JSON.parse()'s.
 */
#include <stddef.h>
#include <stdint.h>

#include <quickjs.h>

#include "base/err.h"
#include "base/str.h"

struct js_json;

enum {
    JS_JSON_E_SYNTAX = 1,      /* condition: not JSON; no exception is pending */
    JS_JSON_E_THROWN = 2,      /* condition: the engine threw (memory is out) */
    JS_JSON_MAX_DEPTH = 10000, /* arrays and objects in each other; more is a syntax error */
};

struct js_json_error {
    size_t at;       /* byte offset of the offending byte */
    uint32_t line;   /* from 1 */
    uint32_t column; /* in bytes, from 1 */
    char text[80];   /* "invalid character 'x' after array element" */
};

struct js_json *js_json_new(JSContext *ctx);
void js_json_free(struct js_json *j); /* accepts NULL */

/*
 * Reads one document, with white space around it. Bytes that are not UTF-8 become U+FFFD inside
 * strings. Returns 0 with a value of the caller's, or a condition above; *ret_error is written for
 * JS_JSON_E_SYNTAX only.
 */
MUST_USE int js_json_parse(struct js_json *j, JSContext *ctx, struct str text, JSValue *ret_value,
                           struct js_json_error *ret_error);

/* The same, throwing SyntaxError as JSON.parse() does. */
JSValue js_json_parse_or_throw(struct js_json *j, JSContext *ctx, struct str text);

/*
 * Replaces JSON.parse of the context's global object; calls with a reviver still go to the engine's
 * own. `j` must outlive the function. Returns 0, or -1 with an exception pending.
 */
MUST_USE int js_json_install(struct js_json *j, JSContext *ctx);
