#pragma once
/*
 * Log lines for people and machines, in the four shapes that k6 prints:
 *
 *   text, a terminal   INFO[0001] hello                                        source=console
 *   text, otherwise    time="2026-01-02T03:04:05Z" level=info msg=hello source=console
 *   json               {"level":"info","msg":"hello","source":"console","time":"…"}
 *   raw                hello
 *
 * Only cli, run, dist and web log. Calls may come from any thread; a line is written whole, with
 * one write. A line that cannot be written is dropped: logging never stops a run.
 */
#include "base/clock.h"
#include "base/err.h"
#include "base/redact.h"
#include "base/str.h"

struct log;

enum log_level {
    LOG_LEVEL_TRACE,
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_ERROR,
};

enum log_format {
    LOG_FORMAT_TEXT,
    LOG_FORMAT_JSON,
    LOG_FORMAT_RAW,
};

enum log_color {
    LOG_COLOR_AUTO,  /* colours on a terminal, unless NO_COLOR is set and not empty */
    LOG_COLOR_NEVER, /* a terminal gets the same text as a file, as with k6 */
    LOG_COLOR_ALWAYS,
};

struct log_options {
    enum log_level level;
    enum log_format format;
    enum log_color color;
    struct redact *redact; /* borrowed while the log lives; NULL: nothing is secret */
    /*
     * Takes each finished line (its newline included) in place of the descriptor, under the log's
     * lock: for whoever shares the terminal with a progress display. NULL: written at once.
     */
    void (*emit)(void *arg, struct str line);
    void *emit_arg;
    wall_ns (*wall)(void); /* the clock, for tests; NULL: the real one. [0000] is log_new's time */
};

/* Printed as name=value; fields are put in the order of their names. */
struct log_field {
    struct str name;
    struct str value;
};

/*
 * Opens a log; the caller owns *ret_log until log_free(). `output` is "stderr", "stdout", "none" or
 * "file=PATH[,level=LEVEL]" (appended to, created with mode 0600). Returns 0 or a fault.
 */
MUST_USE int log_open(const char *output, const struct log_options *options, struct log **ret_log);

/* A log over an open descriptor, which stays the caller's. Used by tests and for stdout. */
struct log *log_new(int fd, const struct log_options *options);

void log_free(struct log *log); /* accepts NULL */

/*
 * Shows each further line to `tap` as well, its newline included, under the log's lock: it must not
 * log. NULL: to nobody. `log` may be NULL.
 */
void log_set_tap(struct log *log, void (*tap)(void *arg, struct str line), void *arg);

/* Whether a line of that level would be written; cheap enough to ask before formatting. */
bool log_wants(const struct log *log, enum log_level level);

/*
 * Writes one line. `fields` may be NULL when n_fields is 0; at most LOG_FIELDS_MAX are printed.
 * `log` may be NULL: nothing is written.
 */
enum {
    LOG_FIELDS_MAX = 16,
};

void log_write(struct log *log, enum log_level level, struct str msg,
               const struct log_field *fields, size_t n_fields);

/* Puts a line that another process has made of the same options; `line` without its newline. */
void log_put_line(struct log *log, struct str line);

void log_printf(struct log *log, enum log_level level, const char *fmt, ...) PRINTF_LIKE(3, 4);

#define log_debug(log, ...) log_printf((log), LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(log, ...)  log_printf((log), LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warn(log, ...)  log_printf((log), LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_error(log, ...) log_printf((log), LOG_LEVEL_ERROR, __VA_ARGS__)

/* The level or format of that name ("warn" is "warning"); false if there is none. */
bool log_level_parse(struct str name, enum log_level *ret_level);
bool log_format_parse(struct str name, enum log_format *ret_format);
