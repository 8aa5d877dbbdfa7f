#pragma once
/* Uncaught exceptions as text for people: the list at the end of a summary and of `brunt show`. */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "metric/exception_book.h"

struct exception_list {
    const struct exception *const *items;
    size_t n;
    wall_ns started; /* of the test: times are told from there */
};

enum exception_detail {
    EXCEPTION_LINES,  /* what and where: two lines of each */
    EXCEPTION_STACKS, /* and the stacks */
};

struct exception_style {
    size_t max;     /* entries shown; of the others the number is told */
    size_t columns; /* of a line; 0: any */
    enum exception_detail detail;
    bool color;
};

/* Appends them with a title, the commonest first; nothing when there are none. */
void exception_list_put(const struct exception_list *list, const struct exception_style *style,
                        struct buf *out);

/* "ValueError: no such item"; "217 others" has neither. On one line, as it came. */
void exception_put_head(const struct exception *e, struct buf *out);

/* An array of its own of the same entries, the commonest first, others last; the caller frees it.
 */
const struct exception **exception_list_sorted(const struct exception_list *list);
