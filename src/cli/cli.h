#pragma once
/* What the commands share. */
#include "base/err.h"
#include "base/str.h"
#include "loop/loop.h"

#if defined(__x86_64__)
#    define CLI_ARCH "amd64"
#elif defined(__aarch64__)
#    define CLI_ARCH "arm64"
#else
#    define CLI_ARCH "unknown"
#endif

struct buf;
struct command;
struct opt_args;
struct opt_row;
struct opt_table;

/* All commands, NULL-ended, in the order that help shows them. */
extern const struct command *const cli_commands[];

/* Prints the latest fault for the user, with its trace under --debug, and gives its exit code. */
int cli_fault(int code);

/* Prints the help of a command and frees args. Returns 0. */
int cli_help(const struct opt_table *table, struct opt_args *args);

/* For rows of type OPT_CALL: puts a duration, not below 0, into the span_ns at the row's offset. */
MUST_USE int cli_take_span(void *object, const struct opt_row *row, const char *value);

/* The values of an option --io, and what the one given (NULL: none) means. */
extern const char *const cli_io_values[];
enum loop_io cli_io(const char *value);

/* A variable of the environment, for those who are given a way to look them up; `arg` is not used.
 */
const char *cli_env(void *arg, const char *name);

/* Whether standard output or standard error is a terminal that takes colours and movements. */
bool cli_is_terminal(int fd);
bool cli_wants_color(int fd);

/* Columns of the terminal behind fd, or 80. */
size_t cli_columns(int fd);

/* Writes all of it, whatever it takes; a failure is ignored (a closed pipe ends us anyway). */
void cli_write(int fd, struct str s);

/* The whole file, or standard input for "-". Returns 0 or a fault. */
MUST_USE int cli_read_file(const char *path, struct buf *ret_data);

/* Creates or truncates. Returns 0 or a fault. */
MUST_USE int cli_write_file(const char *path, struct str data);
