#pragma once
/*
 * Command lines from tables. An option is a row: name, short letter, type, target, help. Parsing,
 * --help and the completions of three shells all come from the same rows.
 *
 * The style is GNU's: --name=value, --name value, -n value, -nvalue, -n=value, bundles of flags
 * (-qv), options after operands, `--` before operands that begin with a dash. A row with `implied`
 * takes its value only as --name=value. A flag takes an optional =true or =false. Given twice, the
 * last one counts, except for lists, which grow.
 *
 * Every table also understands -h and --help, unless it has rows of those names.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum opt_type {
    OPT_FLAG,   /* bool */
    OPT_STRING, /* const char *: into argv or the environment, not copied */
    OPT_INT,    /* int64_t, within min..max unless both are 0 */
    OPT_NUMBER, /* double, likewise */
    OPT_LIST,   /* struct opt_list: one more value each time */
    OPT_CALL,   /* the row's `call` takes it; `offset` is its own affair */
};

/* What a value is, for shell completion. */
enum opt_hint {
    OPT_HINT_NONE,
    OPT_HINT_FILE,
    OPT_HINT_DIR,
};

struct opt_list {
    const char **items; /* as with OPT_STRING; the array is the list's own */
    size_t n_items;
    size_t cap;
};

struct opt_row {
    const char *name; /* without dashes */
    char short_name;  /* 0: none */
    enum opt_type type;
    size_t offset;             /* of the target in the struct given to opt_parse */
    const char *env;           /* variable read when the option is not given; NULL: none */
    const char *value_name;    /* shown in help, e.g. "FILE"; NULL: by type */
    const char *implied;       /* the value that a bare --name means; NULL: a value must follow */
    const char *const *values; /* the only values allowed, NULL-terminated; NULL: any */
    double min, max;           /* for OPT_INT and OPT_NUMBER; both 0: any */
    enum opt_hint hint;
    const char *group; /* heading in help; NULL: "Options" */
    const char *help;  /* a sentence without full stop; NULL: a hidden row */

    /*
     * For OPT_CALL: takes a value for the object given to opt_parse. `value` lives as long as argv
     * or the environment. Returns 0 or a fault, to whose text the option's name is added. With
     * `is_flag` the option takes its value as a flag does, and gets "true" or "false".
     */
    int (*call)(void *object, const struct opt_row *row, const char *value);
    const void *call_arg; /* for `call`, by way of its row */
    bool is_flag;
};

struct opt_example {
    const char *command;
    const char *text;
};

struct opt_table {
    const char *name;     /* the command, as typed: "brunt run" */
    const char *operands; /* "SCRIPT" or "[DIR]"; NULL: takes none */
    const char *summary;  /* one line */
    const char *about;    /* paragraphs, separated by empty lines, wrapped for printing; or NULL */
    const struct opt_row *rows;
    size_t n_rows;
    const struct opt_example *examples;
    size_t n_examples;
    size_t min_operands;
    size_t max_operands; /* at least min_operands */
    enum opt_hint operand_hint;
};

struct opt_args {
    const char **operands; /* into argv; the array is the struct's own: opt_args_fini() */
    size_t n_operands;
    bool *given; /* by row: on the command line (not from the environment) */
};

enum {
    OPT_E_HELP = 1, /* condition: -h or --help was given; nothing else was checked */
};

/*
 * Reads argv[1..] into `object` by the rows of `table`, then the environment for rows that were not
 * given (an empty variable counts as unset). Targets keep their values as defaults where neither
 * says anything. Returns 0, OPT_E_HELP, or a fault whose text is for the user: FAULT_EXIT(104) for
 * a bad environment variable, -EINVAL for the rest. *ret_args is valid after 0 and OPT_E_HELP.
 */
MUST_USE int opt_parse(const struct opt_table *table, void *object, int argc, char **argv,
                       struct opt_args *ret_args);

void opt_args_fini(struct opt_args *args);
void opt_list_fini(struct opt_list *list);

/* Whether the option of that name was given on the command line; the name must be in the table. */
bool opt_given(const struct opt_table *table, const struct opt_args *args, const char *name);

/* Appends the help text, wrapped to `columns` (0: 80). */
void opt_help(const struct opt_table *table, size_t columns, struct buf *out);

/* One command of a program, for completion; `table` may be NULL. */
struct opt_command {
    const char *name;
    const char *help;
    const struct opt_table *table;
    const struct opt_command *actions; /* its first operand names one of these; NULL: has none */
    size_t n_actions;
};

/*
 * Appends a completion script for `shell` ("bash", "zsh" or "fish"). Returns 0, or a fault if the
 * shell is another.
 */
MUST_USE int opt_completion(const char *shell, const char *program,
                            const struct opt_command *commands, size_t n_commands, struct buf *out);

/*
 * The nearest of `names` to what was typed, or NULL when none is near; for "did you mean". `stride`
 * is the distance between the pointers to names, in bytes, so that a column of any table will do.
 */
const char *opt_nearest(const char *typed, const char *const *names, size_t n_names, size_t stride);
