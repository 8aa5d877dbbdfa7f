#pragma once
/*
 * A file of raw samples, one line each: a large buffer before it, gzip when its name ends in .gz,
 * and the account of every sample.
 *
 * When writing fails, that is said once, and all samples from there on are dropped and counted. An
 * ordinary file is cut back to the last write that was whole: it holds what the account says, and
 * ends with a whole line. Gzip is written as one member for each write, so that such a file, and
 * that of a program that was killed, can be read to its end.
 *
 * One thread writes; sample_file_account() may be called on another meanwhile.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "sink/sink.h"

struct sample_file;

enum {
    SAMPLE_FILE_BYTES = 256 << 10, /* with so much in the buffer, sample_file_added() is due */
};

struct sample_file_config {
    const char *path; /* NULL or "-": standard output */
    const char *label;
    span_ns flush; /* how long a line may wait */

    /* Takes the sentence about a failure; on the thread that writes. NULL: nothing is said. */
    void (*say)(void *arg, bool is_warning, const char *text);
    void *say_arg;
};

/* Creates the file, or empties it. Returns 0 or FAULT_EXIT(104). */
MUST_USE int sample_file_open(const struct sample_file_config *config, struct sample_file **ret);

/* Frees it; what was not finished is lost. Accepts NULL. */
void sample_file_close(struct sample_file *f);

/*
 * Where lines are to be appended, only whole ones. After a failure they go nowhere, and need not be
 * made: sample_file_failed().
 */
struct buf *sample_file_buf(struct sample_file *f);

/* n lines with samples were appended (n may be 0). Writes when it is time; `now` is the present. */
void sample_file_added(struct sample_file *f, size_t n, mono_ns now);

/* A line was appended, the *n-th since sample_file_added(): calls that when it is due. */
static inline void sample_file_line(struct sample_file *f, const struct buf *lines, size_t *n,
                                    mono_ns now)
{
    ++*n;
    if (likely(lines->len < SAMPLE_FILE_BYTES))
        return;
    sample_file_added(f, *n, now);
    *n = 0;
}

/* So many samples came when it had failed. */
void sample_file_drop(struct sample_file *f, size_t n);

bool sample_file_failed(const struct sample_file *f);

/* Writes what waits and closes the file; gives whether all of it is there. */
bool sample_file_finish(struct sample_file *f);

void sample_file_account(const struct sample_file *f, struct sink_account *ret_account);
