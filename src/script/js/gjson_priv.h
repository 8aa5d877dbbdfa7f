#pragma once
/*
 * Between the files of the JSON paths: gjson.c (paths), gjson_query.c (queries), gjson_mod.c
 * (modifiers), gjson_text.c (walking JSON text that is known to be valid).
 */
#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

enum {
    GJSON_MAX_DEPTH = 64,       /* of paths in paths */
    GJSON_MAX_STEPS = 8000000,  /* values looked at, and 64-byte pieces skipped */
    GJSON_MAX_BUILT = 64 << 20, /* bytes constructed */
};

/* One evaluation. */
struct gjson {
    struct arena arena; /* what is constructed on the way */
    size_t n_built;
    unsigned long n_steps;
    unsigned depth;
};

/* ---- gjson_text.c ---- */

enum gjson_type {
    GJSON_NULL,
    GJSON_FALSE,
    GJSON_TRUE,
    GJSON_NUMBER,
    GJSON_STRING,
    GJSON_ARRAY,
    GJSON_OBJECT,
};

/* Walks the members of an array or object: init, then next while true. */
struct gjson_items {
    const char *p;
    const char *end;
    bool is_object;
    struct str key; /* raw, between its quotes; objects only */
    struct str value;
};

enum gjson_type gjson_type_of(struct str json);
struct gjson_items gjson_items(struct str json);
bool gjson_next(struct gjson *g, struct gjson_items *it);

/* The text of a raw string; in the arena if it has escapes. */
struct str gjson_unescape(struct gjson *g, struct str raw);

/* The text of a JSON string value, or the JSON itself of another. */
struct str gjson_text(struct gjson *g, struct str json);
double gjson_number(struct str json);

/* Does the text match a pattern with `*`, `?` and `\`-escapes? */
bool gjson_like(struct str text, struct str pattern);

/* Appends text as a JSON string. */
void gjson_quote(struct buf *out, struct str text);

/* Moves what was built into the arena; false when that was too much. Frees the buffer. */
bool gjson_keep(struct gjson *g, struct buf *built, struct str *ret_json);

/* The index behind the JSON value, bracket or quoted string that begins at s[i]. */
size_t gjson_span(struct str s, size_t i);

/* ---- gjson.c ---- */

/* The value at a path in a valid JSON text; false when there is none. */
bool gjson_eval(struct gjson *g, struct str json, struct str path, struct str *ret_json);

/* ---- gjson_query.c ---- */

/* Is the condition (what stands in the parentheses) true of the element? */
bool gjson_query(struct gjson *g, struct str element, struct str condition);

/* ---- gjson_mod.c ---- */

/* Is there a modifier of that name? */
bool gjson_has_modifier(struct str name);

/* Its result; false when there is none. */
bool gjson_modify(struct gjson *g, struct str name, struct str argument, struct str json,
                  struct str *ret_json);
