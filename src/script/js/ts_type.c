/*
 * Types. Nothing inside a type matters but where it ends, so bodies in brackets are skipped as
 * balanced tokens and only what follows them is looked at.
 */
#include "script/js/ts_priv.h"

static void union_type(struct ts *t);

/* At a backquote: a template literal type. */
static void template_type(struct ts *t)
{
    bool more = ts_template_part(t, t->tok.end);

    while (more && !t->failed) {
        ts_type(t);
        if (!ts_is(t, "}")) {
            ts_unexpected(t);
            return;
        }
        more = ts_template_part(t, t->tok.end);
    }
}

void ts_skip_balanced(struct ts *t)
{
    unsigned depth = 0;

    do {
        if (ts_is(t, "(") || ts_is(t, "[") || ts_is(t, "{")) {
            depth++;
        } else if (ts_is(t, ")") || ts_is(t, "]") || ts_is(t, "}")) {
            depth--;
        }
        if (t->tok.kind == TS_TEMPLATE) {
            template_type(t);
        } else {
            ts_next(t);
        }
    } while (depth && t->tok.kind != TS_END);
    if (depth)
        ts_unexpected(t);
}

static void greater(struct ts *t)
{
    if (t->tok.kind != TS_PUNCT || t->source.p[t->tok.start] != '>') {
        ts_unexpected(t);
        return;
    }
    ts_split_greater(t);
    ts_next(t);
}

static bool at_greater(const struct ts *t)
{
    return t->tok.kind == TS_PUNCT && t->source.p[t->tok.start] == '>';
}

void ts_type_arguments(struct ts *t)
{
    ts_expect(t, "<");
    do {
        ts_type(t);
    } while (ts_take(t, ","));
    greater(t);
}

static void type_parameter(struct ts *t)
{
    while ((ts_is_word(t, "const") || ts_is_word(t, "in") || ts_is_word(t, "out")) &&
           ts_peek(t).kind == TS_NAME && !ts_token_is(t, ts_peek(t), "extends"))
        ts_next(t);
    if (!ts_is_name(t)) {
        ts_unexpected(t);
        return;
    }
    ts_next(t);
    if (ts_take_word(t, "extends"))
        ts_type(t);
    if (ts_take(t, "="))
        ts_type(t);
}

void ts_type_parameters(struct ts *t)
{
    ts_expect(t, "<");
    do {
        if (at_greater(t))
            break;
        type_parameter(t);
    } while (ts_take(t, ","));
    greater(t);
}

/* Types that are words of the language take no arguments: `a as number < b` compares. */
static bool at_keyword_type(const struct ts *t)
{
    static const char *const words[] = {"any",     "unknown", "number", "string",
                                        "boolean", "bigint",  "symbol", "never",
                                        "void",    "null",    "object", "undefined"};

    for (size_t i = 0; i < countof(words); i++) {
        if (ts_is_word(t, words[i]))
            return true;
    }
    return false;
}

/* a.b.c, and type arguments on the same line */
static void entity_name(struct ts *t)
{
    bool keyword = at_keyword_type(t);

    ts_next(t);
    if (keyword)
        return;
    while (ts_is(t, ".")) {
        ts_next(t);
        if (t->tok.kind != TS_NAME && t->tok.kind != TS_PRIVATE)
            ts_unexpected(t);
        ts_next(t);
    }
    if (ts_is(t, "<") && !t->tok.newline)
        ts_type_arguments(t);
}

/* At the parameters of a function type, or at a type in parentheses. */
static void parenthesised(struct ts *t)
{
    if (ts_is(t, "<"))
        ts_type_parameters(t);
    if (!ts_is(t, "(")) {
        ts_unexpected(t);
        return;
    }
    ts_skip_balanced(t);
    if (ts_take(t, "=>"))
        ts_type(t);
}

static bool starts_type(const struct ts *t, struct ts_token token)
{
    if (token.kind == TS_PUNCT) {
        return ts_token_is(t, token, "{") || ts_token_is(t, token, "[") ||
               ts_token_is(t, token, "(") || ts_token_is(t, token, "-");
    }
    return token.kind != TS_END && !ts_token_is(t, token, "extends") &&
           !ts_token_is(t, token, "is");
}

/* keyof, unique, readonly, infer: words that may also be names of types */
static bool at_type_operator(const struct ts *t)
{
    static const char *const words[] = {"keyof", "unique", "readonly", "infer"};
    struct ts_token after = ts_peek(t);

    for (size_t i = 0; i < countof(words); i++) {
        if (ts_is_word(t, words[i]))
            return !after.newline && starts_type(t, after);
    }
    return false;
}

static void named_type(struct ts *t)
{
    struct ts_token after = ts_peek(t);

    if (ts_is_word(t, "asserts") && after.kind == TS_NAME && !after.newline &&
        !ts_token_is(t, after, "is"))
        ts_next(t);
    after = ts_peek(t);
    if (ts_token_is(t, after, "is") && !after.newline) {
        ts_next(t);
        ts_next(t);
        ts_type(t);
    } else if (ts_is_word(t, "typeof")) {
        ts_next(t);
        named_type(t);
    } else if (ts_is_word(t, "import")) {
        ts_next(t);
        ts_skip_balanced(t);
        while (ts_take(t, "."))
            ts_next(t);
        if (ts_is(t, "<"))
            ts_type_arguments(t);
    } else {
        entity_name(t);
    }
}

static void primary_type(struct ts *t)
{
    while (at_type_operator(t))
        ts_next(t);
    if (ts_is_word(t, "abstract") && ts_token_is(t, ts_peek(t), "new"))
        ts_next(t);
    if (ts_is_word(t, "new")) {
        ts_next(t);
        parenthesised(t);
    } else if (ts_is(t, "(") || ts_is(t, "<")) {
        parenthesised(t);
    } else if (ts_is(t, "{") || ts_is(t, "[")) {
        ts_skip_balanced(t);
    } else if (t->tok.kind == TS_TEMPLATE) {
        template_type(t);
    } else if (t->tok.kind == TS_NAME) {
        named_type(t);
    } else if (t->tok.kind == TS_STRING || t->tok.kind == TS_NUMBER) {
        ts_next(t);
    } else if (ts_is(t, "-")) {
        ts_next(t);
        ts_next(t);
    } else {
        ts_unexpected(t);
    }
}

/* T[], T[K] */
static void postfix_type(struct ts *t)
{
    primary_type(t);
    while (ts_is(t, "[") && !t->tok.newline) {
        ts_next(t);
        if (ts_take(t, "]"))
            continue;
        ts_type(t);
        ts_expect(t, "]");
    }
}

static void union_type(struct ts *t)
{
    do {
        while (ts_is(t, "|") || ts_is(t, "&"))
            ts_next(t);
        postfix_type(t);
    } while (ts_is(t, "|") || ts_is(t, "&"));
}

void ts_type(struct ts *t)
{
    if (!ts_enter(t))
        return;
    union_type(t);
    while (ts_is_word(t, "extends") && !t->tok.newline && !t->failed) {
        ts_next(t);
        union_type(t);
        if (ts_take(t, "?")) {
            ts_type(t);
            ts_expect(t, ":");
            ts_type(t);
        }
    }
    ts_leave(t);
}

void ts_erase_annotation(struct ts *t)
{
    size_t start = t->tok.start;

    if (!ts_take(t, ":"))
        return;
    ts_type(t);
    ts_erase(t, start, t->prev_end);
}

void ts_erase_type_parameters(struct ts *t)
{
    size_t start = t->tok.start;

    if (!ts_is(t, "<"))
        return;
    ts_type_parameters(t);
    ts_erase(t, start, t->prev_end);
}

void ts_erase_optional(struct ts *t, const char *punct)
{
    size_t start = t->tok.start;

    if (ts_take(t, punct))
        ts_erase(t, start, start + 1);
}
