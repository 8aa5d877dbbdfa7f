#pragma once
/*
 * The parts of the TypeScript stripper: a lexer that the parser drives, a parser without a tree
 * that notes which bytes are only type, and a list of edits made from that in the end.
 *
 *   ts_lex.c    tokens          ts_expr.c    expressions, functions
 *   ts_type.c   types           ts_stmt.c    statements, enums, namespaces
 *   ts_class.c  classes         ts_module.c  import and export
 *   ts_strip.c  edits, the whole
 *
 * After a failure every token is the end of the file, so that all loops end by themselves and only
 * speculation looks at `failed`.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "script/js/ts_strip.h"

enum ts_kind {
    TS_END,
    TS_NAME,    /* identifiers and keywords */
    TS_PRIVATE, /* #name */
    TS_NUMBER,
    TS_STRING,
    TS_TEMPLATE, /* only the opening backquote */
    TS_PUNCT,
};

struct ts_token {
    enum ts_kind kind;
    size_t start; /* byte offsets */
    size_t end;
    bool newline; /* before it */
};

/* Bytes [start, end) become blanks, but for `mark` at the start; or, with text, text is inserted.
 */
struct ts_edit {
    size_t start;
    size_t end;
    char *text; /* owned; inserted at start */
    bool flat;  /* line ends become blanks too */
    bool is_insert;
    char mark;   /* 0: none */
    char closer; /* written on the last byte; 0: none */
};

struct ts_import_name {
    struct str local;
    size_t start;
    size_t end; /* with the comma behind it */
    bool type_only;
    bool braced;
};

struct ts_import {
    size_t start;
    size_t end;
    size_t open; /* the braces; 0: none */
    size_t close;
    size_t first_name; /* in ts.import_names */
    size_t n_names;
};

/* What expressions inside an enum may refer to by bare name. */
struct ts_enum {
    struct str name;
    struct str *members;
    bool *is_string;
    size_t n_members;
    size_t cap_members;
    size_t cap_strings;
};

struct ts {
    struct str source;
    struct ts_token tok;
    size_t prev_end; /* of the token before */
    unsigned depth;
    bool failed;
    struct ts_error error;
    struct ts_edit *edits;
    size_t n_edits, cap_edits;
    struct str *uses; /* names in value positions */
    size_t n_uses, cap_uses;
    struct str *types; /* names of interfaces and aliases */
    size_t n_types, cap_types;
    struct str *values; /* names declared as values */
    size_t n_values, cap_values;
    struct ts_import *imports;
    size_t n_imports, cap_imports;
    struct ts_import_name *import_names;
    size_t n_import_names, cap_import_names;
    unsigned char *not_arrow; /* per byte: what ts_expr.c found out there */
    struct ts_enum *in_enum;  /* NULL outside */
    struct str in_namespace;  /* n = 0 outside */
    struct str *properties;   /* parameter properties of the constructor being read */
    size_t n_properties, cap_properties;
};

/* What to come back to when a speculation fails. */
struct ts_mark {
    struct ts_token tok;
    size_t prev_end;
    size_t n_edits;
    size_t n_uses;
    size_t n_values;
    size_t n_properties;
    unsigned depth;
};

/* ---- ts_lex.c ---- */

void ts_next(struct ts *t);
struct ts_token ts_peek(const struct ts *t);

/* The current token is `/` or `/=` where an operand must stand: makes it a regular expression. */
void ts_rescan_regexp(struct ts *t);

/* The current token begins with '>': makes it that one character. */
void ts_split_greater(struct ts *t);

/*
 * Reads raw template text from byte offset `at` to behind `${` or the closing backquote and makes
 * the token behind it current. True when it was `${`.
 */
bool ts_template_part(struct ts *t, size_t at);

struct str ts_text(const struct ts *t, struct ts_token token);
bool ts_token_is(const struct ts *t, struct ts_token token, const char *text);
bool ts_is(const struct ts *t, const char *punct);     /* the current token */
bool ts_is_word(const struct ts *t, const char *word); /* the current token */
bool ts_is_name(const struct ts *t);                   /* a name that is no reserved word */
bool ts_is_reserved(struct str word);

/* Takes the token if it is that; else leaves it. */
bool ts_take(struct ts *t, const char *punct);
bool ts_take_word(struct ts *t, const char *word);

/* Takes the token, or fails. */
void ts_expect(struct ts *t, const char *punct);
void ts_expect_word(struct ts *t, const char *word);

/* The end of a statement: `;`, or where one may be left out. */
void ts_semicolon(struct ts *t);

/* The first failure stays. */
void ts_fail(struct ts *t, const char *message);
void ts_unexpected(struct ts *t);

struct ts_mark ts_mark(const struct ts *t);
void ts_back(struct ts *t, const struct ts_mark *m); /* forgets a failure, too */

/* Around everything that recurses; false (and failed) when it is too deep. */
bool ts_enter(struct ts *t);
void ts_leave(struct ts *t);

/* ---- ts_strip.c: edits ---- */

void ts_erase(struct ts *t, size_t start, size_t end);

/* Erases with its line ends, where a new line would change the meaning. */
void ts_erase_flat(struct ts *t, size_t start, size_t end);

/* Erases a whole statement, leaves `;`, and forgets what was noted inside it. */
void ts_erase_statement(struct ts *t, size_t start, size_t end);

/* Inserts text, formatted, at an offset. */
void ts_insert(struct ts *t, size_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Erases and puts something of at most the same length there. */
void ts_erase_marked(struct ts *t, size_t start, size_t end, char first, char last);

void ts_use(struct ts *t, struct str name);

/* ---- ts_type.c ---- */

void ts_type(struct ts *t);
void ts_type_arguments(struct ts *t);  /* from '<' to '>' */
void ts_type_parameters(struct ts *t); /* from '<' to '>' */

/* If there is `: type`, `<...>` parameters or `?`: erases it. */
void ts_erase_annotation(struct ts *t);
void ts_erase_type_parameters(struct ts *t);
void ts_erase_optional(struct ts *t, const char *punct);
void ts_skip_balanced(struct ts *t); /* from an opening bracket to behind its closing one */

/* ---- ts_expr.c ---- */

enum ts_flags {
    TS_NO_IN = 1,   /* `in` ends the expression: the head of a for */
    TS_IN_COND = 2, /* between `?` and `:` */
};

enum ts_names {
    TS_LOCAL,
    TS_DECLARED, /* the names are added to ts.values */
};

enum ts_params {
    TS_PLAIN_PARAMS,
    TS_CONSTRUCTOR_PARAMS,
};

void ts_expression(struct ts *t, unsigned flags);
void ts_assign(struct ts *t, unsigned flags);
void ts_postfix(struct ts *t, unsigned flags); /* primary with members and calls */
void ts_binding(struct ts *t, enum ts_names names);
void ts_property_name(struct ts *t);
void ts_parameters(struct ts *t, enum ts_params kind);

/* From type parameters to body; false when there is none, as in an overload. */
bool ts_function_rest(struct ts *t);

/* At `function`; false when there is no body. Gives the name, if there is one. */
bool ts_function(struct ts *t, struct str *ret_name);

/* ---- ts_class.c ---- */

/* At `class`. */
void ts_class(struct ts *t, struct str *ret_name);

/* ---- ts_stmt.c ---- */

enum ts_effect {
    TS_VALUE,
    TS_TYPE_ONLY, /* erased */
};

enum ts_effect ts_statement(struct ts *t);
void ts_block(struct ts *t);

/*
 * A declaration of TypeScript's own or a function or class whose text begins at `start` (there may
 * be an `export` before the current token). False when there is none here.
 */
bool ts_declaration(struct ts *t, size_t start, enum ts_effect *ret_effect);

/* ---- ts_module.c ---- */

enum ts_effect ts_import(struct ts *t);
enum ts_effect ts_export(struct ts *t);

/* In the end: erases imported names that no value uses. */
void ts_drop_unused_imports(struct ts *t);
