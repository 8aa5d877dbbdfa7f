#pragma once
/* A comparison as the terminal shows it. */
#include <stdbool.h>

struct buf;
struct comparison;

enum compare_rows {
    COMPARE_CHANGED, /* of endpoints those alone that are better or worse */
    COMPARE_ALL,
};

/* Appends tables, notes and the sentence at the end. */
void compare_text(const struct comparison *c, enum compare_rows rows, struct buf *out);
