#pragma once
/* Bodies of forms, and percent-encoding. Encoders append to buffers of the caller's. */
#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * Appends `name=value`, with '&' before it when `out` is longer than `start` (its length when the
 * form began); escapes as Go's url.QueryEscape does: '+' for a space, everything but letters,
 * digits and "-_.~" as %XX. Sorting is the caller's. Returns 0 or BUF_E_LIMIT.
 */
MUST_USE int form_add(struct buf *out, size_t start, struct str name, struct str value);

/* Appends s escaped as by form_add. Returns 0 or BUF_E_LIMIT. */
MUST_USE int form_escape(struct buf *out, struct str s);

/*
 * Appends s with '+' as a space and %XX decoded; a '%' without two digits stays as it is.
 * Returns 0 or BUF_E_LIMIT.
 */
MUST_USE int form_unescape(struct buf *out, struct str s);

/* The same without the rule for '+'. */
MUST_USE int percent_decode(struct buf *out, struct str s);

/* Appends s as a path segment, as encodeURIComponent would. Returns 0 or BUF_E_LIMIT. */
MUST_USE int percent_encode_component(struct buf *out, struct str s);

/* A multipart/form-data body (RFC 7578) in the making. */
struct multipart {
    struct buf *out;
    struct str boundary; /* 1 to 70 bytes of RFC 2046's; chosen by the caller, not in the data */
    size_t n_parts;      /* private */
};

/*
 * One part with its data. `filename` and `content_type` are left out when their p is NULL. Quotes
 * and backslashes are escaped with a backslash, CR and LF as %0D and %0A. Return 0 or BUF_E_LIMIT.
 */
MUST_USE int multipart_add(struct multipart *m, struct str name, struct str filename,
                           struct str content_type, struct str data);

/* The closing boundary. */
MUST_USE int multipart_end(struct multipart *m);

/* Appends `multipart/form-data; boundary=…`. */
void multipart_content_type(const struct multipart *m, struct buf *out);
