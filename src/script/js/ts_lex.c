/*
 * Tokens of JavaScript and TypeScript. Whether a slash begins a regular expression and where a
 * template goes on is known to the parser only, which asks for it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/js/ts_priv.h"

enum {
    MAX_DEPTH = 200,
};

/* Longest first. */
static const char *const puncts[] = {
    ">>>=", "...", "===", "!==", "**=", "<<=", ">>=", ">>>", "&&=", "||=", "?\?=", "=>",
    "==",   "!=",  "<=",  ">=",  "&&",  "||",  "??",  "?.",  "++",  "--",  "+=",   "-=",
    "*=",   "/=",  "%=",  "&=",  "|=",  "^=",  "<<",  ">>",  "**",  "{",   "}",    "(",
    ")",    "[",   "]",   ";",   ",",   "<",   ">",   "+",   "-",   "*",   "/",    "%",
    "&",    "|",   "^",   "!",   "~",   "?",   ":",   "=",   ".",   "@",
};

static const char *const reserved[] = {
    "break",  "case",     "catch",  "class",  "const",  "continue",   "debugger", "default",
    "delete", "do",       "else",   "enum",   "export", "extends",    "false",    "finally",
    "for",    "function", "if",     "import", "in",     "instanceof", "new",      "null",
    "return", "super",    "switch", "this",   "throw",  "true",       "try",      "typeof",
    "var",    "void",     "while",  "with",
};

static char at(const struct ts *t, size_t i)
{
    return i < t->source.n ? t->source.p[i] : '\0';
}

static bool is_name_start(char c)
{
    char low = ascii_lower(c);

    return (low >= 'a' && low <= 'z') || c == '_' || c == '$' || c == '\\' ||
           (unsigned char)c >= 0x80;
}

static bool is_name_part(char c)
{
    return is_name_start(c) || ascii_digit(c);
}

static size_t scan_name(const struct ts *t, size_t i)
{
    while (i < t->source.n && is_name_part(t->source.p[i])) {
        /* The braces of \u{61}. */
        if (at(t, i) == '\\' && at(t, i + 1) == 'u' && at(t, i + 2) == '{') {
            while (i < t->source.n && t->source.p[i] != '}')
                i++;
        }
        i += i < t->source.n;
    }
    return i;
}

static size_t scan_number(const struct ts *t, size_t i)
{
    char previous = '\0';

    while (i < t->source.n) {
        char c = t->source.p[i];
        bool sign = (c == '+' || c == '-') && ascii_lower(previous) == 'e';
        bool hex = t->source.n > i && (sign && at(t, i - 2) == 'x');

        if (!is_name_part(c) && c != '.' && !(sign && !hex))
            break;
        if (c == '.' && at(t, i + 1) == '.')
            return i + 1; /* 1..toString() */
        previous = c;
        i++;
    }
    return i;
}

static size_t scan_quoted(const struct ts *t, size_t i)
{
    char quote = at(t, i++);

    while (i < t->source.n && t->source.p[i] != quote && t->source.p[i] != '\n')
        i += t->source.p[i] == '\\' ? 2 : 1;
    return i < t->source.n ? i + 1 : t->source.n;
}

static size_t skip_block_comment(const struct ts *t, size_t i, bool *newline)
{
    for (i += 2; i < t->source.n; i++) {
        *newline |= t->source.p[i] == '\n';
        if (t->source.p[i] == '*' && at(t, i + 1) == '/')
            return i + 2;
    }
    return t->source.n;
}

static size_t skip_blanks(const struct ts *t, size_t i, bool *newline)
{
    static const char bom[] = "\xef\xbb\xbf";
    static const char nbsp[] = "\xc2\xa0";
    struct str rest;

    for (;;) {
        rest = str_from_index(t->source, i);
        if (rest.n && ascii_space(rest.p[0])) {
            *newline |= rest.p[0] == '\n' || rest.p[0] == '\r';
            i++;
        } else if (str_starts(rest, STR("//")) || (i == 0 && str_starts(rest, STR("#!")))) {
            i += str_find(rest, '\n');
        } else if (str_starts(rest, STR("/*"))) {
            i = skip_block_comment(t, i, newline);
        } else if (str_starts(rest, str_of(bom))) {
            i += 3;
        } else if (str_starts(rest, str_of(nbsp))) {
            i += 2;
        } else {
            return i;
        }
    }
}

static struct ts_token punct_at(const struct ts *t, struct ts_token token)
{
    struct str rest = str_from_index(t->source, token.start);

    token.kind = TS_PUNCT;
    for (size_t i = 0; i < countof(puncts); i++) {
        struct str p = str_of(puncts[i]);

        if (!str_starts(rest, p))
            continue;
        if (str_is(p, "?.") && rest.n > 2 && ascii_digit(rest.p[2]))
            continue; /* a ? .5 : b */
        token.end = token.start + p.n;
        return token;
    }
    token.end = token.start + 1; /* no token at all: the parser will not expect it */
    return token;
}

static struct ts_token token_at(const struct ts *t, size_t i)
{
    struct ts_token token = {.kind = TS_END};

    token.start = skip_blanks(t, i, &token.newline);
    token.end = token.start;
    if (token.start >= t->source.n)
        return token;
    char c = t->source.p[token.start];

    if (is_name_start(c)) {
        token.kind = TS_NAME;
        token.end = scan_name(t, token.start);
    } else if (c == '#' && is_name_start(at(t, token.start + 1))) {
        token.kind = TS_PRIVATE;
        token.end = scan_name(t, token.start + 1);
    } else if (ascii_digit(c) || (c == '.' && ascii_digit(at(t, token.start + 1)))) {
        token.kind = TS_NUMBER;
        token.end = scan_number(t, token.start);
    } else if (c == '"' || c == '\'') {
        token.kind = TS_STRING;
        token.end = scan_quoted(t, token.start);
    } else if (c == '`') {
        token.kind = TS_TEMPLATE;
        token.end = token.start + 1;
    } else {
        return punct_at(t, token);
    }
    return token;
}

static void go_to(struct ts *t, size_t i)
{
    t->tok = token_at(t, i);
    if (t->failed)
        t->tok.kind = TS_END;
}

void ts_next(struct ts *t)
{
    t->prev_end = t->tok.end;
    go_to(t, t->tok.end);
}

struct ts_token ts_peek(const struct ts *t)
{
    return token_at(t, t->tok.end);
}

void ts_rescan_regexp(struct ts *t)
{
    size_t i = t->tok.start + 1;
    bool in_class = false;

    for (; i < t->source.n && t->source.p[i] != '\n'; i++) {
        char c = t->source.p[i];

        if (c == '/' && !in_class)
            break;
        if (c == '\\') {
            i++;
        } else if (c == '[') {
            in_class = true;
        } else if (c == ']') {
            in_class = false;
        }
    }
    if (at(t, i) != '/') {
        ts_fail(t, "this regular expression does not end");
        return;
    }
    t->tok.end = scan_name(t, i + 1);
}

void ts_split_greater(struct ts *t)
{
    t->tok.end = t->tok.start + 1;
}

bool ts_template_part(struct ts *t, size_t i)
{
    for (; i < t->source.n; i++) {
        char c = t->source.p[i];

        if (c == '\\') {
            i++;
        } else if (c == '`') {
            t->prev_end = i + 1;
            go_to(t, i + 1);
            return false;
        } else if (c == '$' && at(t, i + 1) == '{') {
            t->prev_end = i + 2;
            go_to(t, i + 2);
            return true;
        }
    }
    ts_fail(t, "this template does not end");
    return false;
}

struct str ts_text(const struct ts *t, struct ts_token token)
{
    return str_from(t->source.p + token.start, token.end - token.start);
}

bool ts_token_is(const struct ts *t, struct ts_token token, const char *text)
{
    return (token.kind == TS_PUNCT || token.kind == TS_NAME) && str_is(ts_text(t, token), text);
}

bool ts_is(const struct ts *t, const char *punct)
{
    return t->tok.kind == TS_PUNCT && str_is(ts_text(t, t->tok), punct);
}

bool ts_is_word(const struct ts *t, const char *word)
{
    return t->tok.kind == TS_NAME && str_is(ts_text(t, t->tok), word);
}

bool ts_is_reserved(struct str word)
{
    for (size_t i = 0; i < countof(reserved); i++) {
        if (str_is(word, reserved[i]))
            return true;
    }
    return false;
}

bool ts_is_name(const struct ts *t)
{
    return t->tok.kind == TS_NAME && !ts_is_reserved(ts_text(t, t->tok));
}

bool ts_take(struct ts *t, const char *punct)
{
    if (!ts_is(t, punct))
        return false;
    ts_next(t);
    return true;
}

bool ts_take_word(struct ts *t, const char *word)
{
    if (!ts_is_word(t, word))
        return false;
    ts_next(t);
    return true;
}

void ts_expect(struct ts *t, const char *punct)
{
    if (!ts_take(t, punct))
        ts_unexpected(t);
}

void ts_expect_word(struct ts *t, const char *word)
{
    if (!ts_take_word(t, word))
        ts_unexpected(t);
}

void ts_semicolon(struct ts *t)
{
    if (ts_take(t, ";") || ts_is(t, "}") || t->tok.kind == TS_END || t->tok.newline)
        return;
    ts_unexpected(t);
}

static void locate(struct ts *t, size_t offset)
{
    size_t line_start = 0;

    t->error.line = 1;
    for (size_t i = 0; i < offset && i < t->source.n; i++) {
        if (t->source.p[i] == '\n') {
            t->error.line++;
            line_start = i + 1;
        }
    }
    t->error.column = (uint32_t)(offset - line_start) + 1;
}

void ts_fail(struct ts *t, const char *message)
{
    if (!t->failed) {
        locate(t, t->tok.start);
        snprintf(t->error.text, sizeof(t->error.text), "%s", message);
    }
    t->failed = true;
    t->tok.kind = TS_END;
}

void ts_unexpected(struct ts *t)
{
    char text[80];
    struct str found = ts_text(t, t->tok);

    if (found.n > 40)
        found.n = 40;
    if (t->tok.kind == TS_END || !found.n) {
        snprintf(text, sizeof(text), "unexpected end of the file");
    } else {
        snprintf(text, sizeof(text), "unexpected '%.*s'", STR_ARG(found));
    }
    ts_fail(t, text);
}

struct ts_mark ts_mark(const struct ts *t)
{
    return (struct ts_mark){
        .tok = t->tok,
        .prev_end = t->prev_end,
        .n_edits = t->n_edits,
        .n_uses = t->n_uses,
        .n_values = t->n_values,
        .n_properties = t->n_properties,
        .depth = t->depth,
    };
}

void ts_back(struct ts *t, const struct ts_mark *m)
{
    while (t->n_edits > m->n_edits)
        free(t->edits[--t->n_edits].text);
    t->tok = m->tok;
    t->prev_end = m->prev_end;
    t->n_uses = m->n_uses;
    t->n_values = m->n_values;
    t->n_properties = m->n_properties;
    t->depth = m->depth;
    t->failed = false;
}

bool ts_enter(struct ts *t)
{
    if (t->depth == MAX_DEPTH) {
        ts_fail(t, "this is nested too deeply");
        return false;
    }
    t->depth++;
    return true;
}

void ts_leave(struct ts *t)
{
    t->depth--;
}
