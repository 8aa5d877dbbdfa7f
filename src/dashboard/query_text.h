#pragma once
/*
 * What the checks of query languages share: where Grafana's variables stand in a text, and how a
 * check says what is wrong. Grafana writes variables into a query before anybody parses it, so a
 * check takes `$name`, `${name}`, `${name:format}` and `[[name]]` for text that it cannot know.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum {
    QUERY_E_SYNTAX = 1,      /* condition: the query cannot be right; the error says why */
    QUERY_DEPTH_MAX = 64,    /* of brackets and calls in each other */
    QUERY_BYTES_MAX = 65536, /* a longer query is refused */
};

struct query_error {
    size_t at; /* byte of the query, from 0 */
    char text[200];
};

/* Sets the error; always QUERY_E_SYNTAX. */
int query_wrong(struct query_error *e, size_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);

struct query_variable {
    struct str name;
    struct str field;  /* of ${name.field}; n 0: none */
    struct str format; /* of ${name:format}; n 0: none */
    size_t n;          /* bytes in the text */
};

/* Whether a variable begins at byte `at`. */
bool query_variable_at(struct str text, size_t at, struct query_variable *ret);

/* The next variable at or after *at, which is moved behind it; false when there is none. */
bool query_variable_next(struct str text, size_t *at, struct query_variable *ret);

/* Whether the text has a variable in it. */
bool query_has_variable(struct str text);

/*
 * The quoted string that begins at `at` with its quote, with backslash as escape or without; gives
 * the byte behind it, or text.n + 1 when it does not end.
 */
size_t query_string_end(struct str text, size_t at, bool escapes);

/* Letters, digits and underscore. */
bool query_is_word(char c);
