#pragma once
/*
 * Exchanges as HAR 1.2 (HTTP Archive), the form that the developer tools of browsers, proxies and
 * editors open. What HAR has no place for stands in fields that begin with an underscore.
 * Pure: text goes to a buffer of the caller's.
 */
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

struct exchange;

/*
 * Appends one entry as JSON on one line. Redirects and challenges before it are entries, too, the
 * first one first, in its `_before`.
 */
void har_entry(const struct exchange *x, struct buf *out);

/* Appends the entries of it and of those before it, the first one first, with commas between. */
void har_entries(const struct exchange *x, struct buf *out);

/*
 * Writes a whole file: begin, any number of entries as they were made above, end. `out` holds what
 * is to be appended to the file.
 */
struct har {
    struct buf *out;
    size_t n; /* private */
};

void har_begin(struct har *har, struct buf *out);
void har_put(struct har *har, struct str entries);
/* `comment` is of the whole file; empty: none. */
void har_end(struct har *har, struct str comment);
