#pragma once
/*
 * Files of variables as Docker Compose and shells read them: NAME=VALUE a line, `export` before it,
 * comments behind #, values in single or double quotes. In double quotes a backslash makes a new
 * line of n, a tab of t, and takes the meaning from all else. Variables are not expanded.
 */
#include "base/str.h"

enum {
    LAB_DOTENV_BYTES_MAX = 64 << 10,
    LAB_DOTENV_VALUE_MAX = 4096, /* with its NUL; a longer one is no entry */
};

struct lab_dotenv_entry {
    struct str name; /* into the text */
    char value[LAB_DOTENV_VALUE_MAX];
    size_t n_value;
};

/* Takes lines off *rest up to the next entry. False: there is none left. */
bool lab_dotenv_next(struct str *rest, struct lab_dotenv_entry *ret_entry);

/* The value of the last entry of that name; false when there is none. */
bool lab_dotenv_find(struct str text, const char *name, struct lab_dotenv_entry *ret_entry);
