#pragma once
/*
 * TypeScript to JavaScript, one file at a time and without checking types. What is only type is
 * overwritten with spaces, so lines and, almost always, columns of the rest stay where they were.
 * Only enums, namespaces, parameter properties and `import x = require()` become other code, which
 * is put into the line where they stood.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum {
    TS_E_SYNTAX = 3, /* condition: not TypeScript that can be stripped; *ret_error says why */
};

struct ts_error {
    uint32_t line;   /* from 1 */
    uint32_t column; /* in bytes, from 1 */
    char text[120];  /* "decorators are not supported" */
};

/*
 * Appends the JavaScript of `source` to `out`. Returns 0, BUF_E_LIMIT, or TS_E_SYNTAX. Syntax
 * errors that are not about types are left for the JavaScript engine to find.
 */
MUST_USE int ts_strip(struct str source, struct buf *out, struct ts_error *ret_error);
