#pragma once
/*
 * Writes JSON into a buffer as a stream of calls; commas, quotes and indentation come by
 * themselves. Strings are UTF-8; bytes that are not become U+FFFD. Numbers are printed with the
 * fewest digits that read back as the same double, in the manner of JavaScript; NaN and the
 * infinities become null.
 *
 *     struct json_out j = JSON_OUT(&buf, 2);
 *     json_open_object(&j);
 *     json_key(&j, "vus");
 *     json_put_int(&j, 10);
 *     json_close(&j);
 *
 * Text goes into the buffer by buf_put: give it a limit that what is written cannot reach, or test
 * beforehand. Nesting is limited to JSON_DEPTH_MAX (asserted).
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum {
    JSON_DEPTH_MAX = 64,
    JSON_NUMBER_BYTES = 40
};

struct json_out {
    struct buf *out;
    int indent;      /* spaces each level; 0: all on one line, no spaces */
    int depth;       /* open objects and arrays */
    uint64_t arrays; /* bit per level: it is an array */
    uint64_t filled; /* bit per level: it has an element already */
    bool after_key;
};

#define JSON_OUT(buf, spaces) ((struct json_out){.out = (buf), .indent = (spaces)})

void json_open_object(struct json_out *j);
void json_open_array(struct json_out *j);

/* Closes the innermost object or array. */
void json_close(struct json_out *j);

void json_key(struct json_out *j, const char *key);
void json_key_str(struct json_out *j, struct str key);

void json_put_null(struct json_out *j);
void json_put_bool(struct json_out *j, bool value);
void json_put_int(struct json_out *j, int64_t value);
void json_put_u64(struct json_out *j, uint64_t value);
void json_put_f64(struct json_out *j, double value);
void json_put_cstr(struct json_out *j, const char *value); /* NULL becomes null */
void json_put_str(struct json_out *j, struct str value);

/* Puts JSON text as it is: a value that was made elsewhere. */
void json_put_raw(struct json_out *j, struct str text);

/* The shortest text of a double that reads back as the same, as JavaScript's String() has it.
 * Returns its length; `text` is NUL-terminated. */
size_t json_number(double value, char text[JSON_NUMBER_BYTES]);

/* Appends a string literal with its quotes. */
void json_quote(struct buf *out, struct str value);
