#pragma once
/* The last lines of a log, kept for whoever asks. Any thread. */
#include "base/err.h"
#include "base/str.h"

struct json_out;
struct log_tail;

enum {
    LOG_TAIL_LINES = 500,
    LOG_TAIL_BYTES = 2000, /* of a line; the rest of a longer one is cut */
};

struct log_tail *log_tail_new(void);
void log_tail_free(struct log_tail *t); /* accepts NULL */

/* A line, its newline included or not; `arg` is a struct log_tail (log_set_tap). */
void log_tail_add(void *arg, struct str line);

/* Puts an array of texts, the oldest first. */
void log_tail_put(void *arg, struct json_out *j);
