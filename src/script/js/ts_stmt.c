/*
 * Statements, and TypeScript's own declarations: interfaces and aliases go; enums and namespaces
 * become the functions that TypeScript makes of them, in the lines where they stood.
 */
#include <stdio.h>

#include "base/mem.h"
#include "script/js/ts_priv.h"

/* ---- statements of JavaScript ---- */

void ts_block(struct ts *t)
{
    ts_expect(t, "{");
    while (!ts_is(t, "}") && t->tok.kind != TS_END)
        ts_statement(t);
    ts_expect(t, "}");
}

/* var, let, const, using: the list behind the word. */
static void declarators(struct ts *t, unsigned flags)
{
    do {
        ts_binding(t, TS_DECLARED);
        ts_erase_optional(t, "!");
        ts_erase_annotation(t);
        if (ts_take(t, "="))
            ts_assign(t, flags);
    } while (ts_take(t, ","));
}

static bool at_variables(const struct ts *t)
{
    struct ts_token after;

    if (ts_is_word(t, "var") || ts_is_word(t, "const"))
        return true;
    after = ts_peek(t);
    return ts_is_word(t, "let") &&
           (after.kind == TS_NAME || ts_token_is(t, after, "[") || ts_token_is(t, after, "{"));
}

static void variables(struct ts *t, unsigned flags)
{
    ts_next(t);
    declarators(t, flags);
}

static void parenthesised(struct ts *t)
{
    ts_expect(t, "(");
    ts_expression(t, 0);
    ts_expect(t, ")");
}

static void for_head(struct ts *t)
{
    ts_expect(t, "(");
    if (at_variables(t)) {
        variables(t, TS_NO_IN);
    } else if (!ts_is(t, ";")) {
        ts_expression(t, TS_NO_IN);
    }
    if (ts_take_word(t, "of")) {
        ts_assign(t, 0);
    } else if (ts_take_word(t, "in")) {
        ts_expression(t, 0);
    } else {
        ts_expect(t, ";");
        if (!ts_is(t, ";"))
            ts_expression(t, 0);
        ts_expect(t, ";");
        if (!ts_is(t, ")"))
            ts_expression(t, 0);
    }
    ts_expect(t, ")");
}

static void for_statement(struct ts *t)
{
    ts_next(t);
    ts_take_word(t, "await");
    for_head(t);
    ts_statement(t);
}

/* A loop, so that a long chain of `else if` is not deep. */
static void if_statement(struct ts *t)
{
    while (ts_take_word(t, "if")) {
        parenthesised(t);
        ts_statement(t);
        if (!ts_take_word(t, "else"))
            return;
    }
    ts_statement(t);
}

static void while_statement(struct ts *t)
{
    ts_next(t);
    parenthesised(t);
    ts_statement(t);
}

static void do_statement(struct ts *t)
{
    ts_next(t);
    ts_statement(t);
    ts_expect_word(t, "while");
    parenthesised(t);
    ts_take(t, ";");
}

static void jump_statement(struct ts *t)
{
    ts_next(t);
    if (!t->tok.newline && !ts_is(t, ";") && !ts_is(t, "}") && t->tok.kind != TS_END)
        ts_expression(t, 0);
    ts_semicolon(t);
}

static void catch_clause(struct ts *t)
{
    if (!ts_take_word(t, "catch"))
        return;
    if (ts_take(t, "(")) {
        ts_binding(t, TS_LOCAL);
        ts_erase_annotation(t);
        ts_expect(t, ")");
    }
    ts_block(t);
}

static void try_statement(struct ts *t)
{
    ts_next(t);
    ts_block(t);
    catch_clause(t);
    if (ts_take_word(t, "finally"))
        ts_block(t);
}

static void switch_statement(struct ts *t)
{
    ts_next(t);
    parenthesised(t);
    ts_expect(t, "{");
    while (!ts_is(t, "}") && t->tok.kind != TS_END) {
        if (ts_take_word(t, "case")) {
            ts_expression(t, 0);
        } else if (!ts_take_word(t, "default")) {
            ts_unexpected(t);
        }
        ts_expect(t, ":");
        while (!ts_is(t, "}") && !ts_is_word(t, "case") && !ts_is_word(t, "default") &&
               t->tok.kind != TS_END)
            ts_statement(t);
    }
    ts_expect(t, "}");
}

static void expression_statement(struct ts *t)
{
    if (ts_is_name(t) && ts_token_is(t, ts_peek(t), ":")) {
        ts_next(t); /* a label */
        ts_next(t);
        ts_statement(t);
        return;
    }
    ts_expression(t, 0);
    ts_semicolon(t);
}

static void variable_statement(struct ts *t)
{
    variables(t, 0);
    ts_semicolon(t);
}

/* ---- enums ---- */

enum member_kind {
    MEMBER_NUMBER, /* a number that is known */
    MEMBER_VALUE,  /* whatever the expression gives */
    MEMBER_STRING, /* has no reverse mapping */
};

/* The member before, from which the next counts on. */
struct previous {
    enum member_kind kind;
    long number;
    struct str name;
    bool any;
};

static struct str member_name(struct ts *t)
{
    struct str name = ts_text(t, t->tok);

    if (t->tok.kind == TS_STRING && name.n >= 2) {
        name = str_from(name.p + 1, name.n - 2);
    } else if (t->tok.kind != TS_NAME) {
        ts_unexpected(t);
    }
    ts_next(t);
    return name;
}

static bool is_string_member(const struct ts *t, struct str name)
{
    for (size_t i = 0; i < t->in_enum->n_members; i++) {
        if (str_eq(t->in_enum->members[i], name))
            return t->in_enum->is_string[i];
    }
    return false;
}

/* Reads the expression; a string makes the whole a string. */
static enum member_kind initialiser(struct ts *t, long *ret_number)
{
    size_t start = t->tok.start;
    bool is_string = t->tok.kind == TS_STRING || t->tok.kind == TS_TEMPLATE;
    struct str text;
    int64_t number;

    if (t->tok.kind == TS_NAME)
        is_string = is_string_member(t, ts_text(t, t->tok));
    ts_assign(t, 0);
    text = str_from(t->source.p + start, t->prev_end - start);
    if (is_string)
        return MEMBER_STRING;
    if (!str_i64(text, &number) || number < -1000000000 || number > 1000000000)
        return MEMBER_VALUE;
    *ret_number = (long)number;
    return MEMBER_NUMBER;
}

/* What a member without an initialiser gets, as text in front of `] = "name"`. */
static void counted_value(struct ts *t, size_t at, struct previous *p)
{
    const struct str name = t->in_enum->name;

    if (!p->any || p->kind == MEMBER_NUMBER) {
        p->number = p->any ? p->number + 1 : 0;
        ts_insert(t, at, "%ld", p->number);
        p->kind = MEMBER_NUMBER;
    } else {
        ts_insert(t, at, "%.*s[\"%.*s\"] + 1", STR_ARG(name), STR_ARG(p->name));
        p->kind = MEMBER_VALUE;
    }
}

/*
 * `A = 1` becomes E[E["A"] = 1] = "A"; `B = "b"` becomes E["B"] = "b". The name and its `=` are
 * erased and written anew, the expression stays in its place.
 */
static void enum_member(struct ts *t, struct previous *p)
{
    struct str e = t->in_enum->name;
    size_t start = t->tok.start;
    struct str name = member_name(t);
    bool counted = !ts_take(t, "=");
    size_t before = counted ? t->prev_end : t->tok.start;
    enum member_kind kind = MEMBER_NUMBER;
    size_t edit = t->n_edits;

    ts_erase(t, start, t->prev_end);
    ts_insert(t, before, "%s", ""); /* filled in when the kind is known */
    edit = t->n_edits - 1;
    if (counted) {
        counted_value(t, before, p);
        kind = p->kind;
    } else {
        kind = initialiser(t, &p->number);
        p->kind = kind;
    }
    if (t->failed)
        return;
    p->name = name;
    p->any = true;
    free(t->edits[edit].text);
    if (kind == MEMBER_STRING) {
        t->edits[edit].text = xasprintf("%.*s[\"%.*s\"] = ", STR_ARG(e), STR_ARG(name));
        ts_insert(t, t->prev_end, ";");
    } else {
        t->edits[edit].text =
            xasprintf("%.*s[%.*s[\"%.*s\"] = ", STR_ARG(e), STR_ARG(e), STR_ARG(name));
        ts_insert(t, t->prev_end, "] = \"%.*s\";", STR_ARG(name));
    }
    vec_push(t->in_enum->is_string, t->in_enum->n_members, t->in_enum->cap_strings) =
        kind == MEMBER_STRING;
    t->in_enum->n_members--;
    vec_push(t->in_enum->members, t->in_enum->n_members, t->in_enum->cap_members) = name;
}

static void enum_members(struct ts *t)
{
    struct previous previous = {0};

    while (!ts_is(t, "}") && t->tok.kind != TS_END) {
        enum_member(t, &previous);
        if (ts_is(t, ","))
            ts_erase(t, t->tok.start, t->tok.end);
        if (!ts_is(t, "}"))
            ts_expect(t, ",");
    }
}

/* At `enum`; words before it were erased from `start` on. */
static void enum_declaration(struct ts *t, struct str *ret_name)
{
    struct ts_enum *outer = t->in_enum;
    struct ts_enum e = {0};
    size_t keyword = t->tok.start;

    ts_next(t);
    if (!ts_is_name(t)) {
        ts_unexpected(t);
        return;
    }
    e.name = ts_text(t, t->tok);
    *ret_name = e.name;
    ts_next(t);
    ts_erase(t, keyword, t->tok.end);
    ts_insert(t, keyword, "var %.*s; (function (%.*s) {", STR_ARG(e.name), STR_ARG(e.name));
    ts_expect(t, "{");
    t->in_enum = &e;
    enum_members(t);
    t->in_enum = outer;
    if (ts_is(t, "}"))
        ts_insert(t, t->tok.end, ")(%.*s || (%.*s = {}));", STR_ARG(e.name), STR_ARG(e.name));
    ts_expect(t, "}");
    free(e.members);
    free(e.is_string);
}

/* ---- namespaces ---- */

/* One `export` inside a namespace: the name becomes a property of it as well. */
static enum ts_effect namespace_export(struct ts *t)
{
    size_t start = t->tok.start;
    size_t first = t->n_values;
    enum ts_effect effect;

    ts_next(t);
    if (ts_is_word(t, "let") || ts_is_word(t, "var")) {
        ts_fail(t, "only constants, functions, classes and types can be exported from a namespace");
        return TS_VALUE;
    }
    struct str in_namespace = t->in_namespace;

    if (ts_declaration(t, start, &effect)) {
        if (effect == TS_TYPE_ONLY)
            return effect;
    } else {
        effect = TS_VALUE;
        variable_statement(t);
    }
    ts_erase(t, start, start + 6);
    for (size_t i = first; i < t->n_values; i++) {
        ts_insert(t, t->prev_end, "%s %.*s.%.*s = %.*s;", i == first ? ";" : "",
                  STR_ARG(in_namespace), STR_ARG(t->values[i]), STR_ARG(t->values[i]));
    }
    t->n_values = first;
    return effect;
}

static enum ts_effect namespace_body(struct ts *t)
{
    enum ts_effect effect = TS_TYPE_ONLY;
    size_t first = t->n_values;

    while (!ts_is(t, "}") && t->tok.kind != TS_END) {
        enum ts_effect one = ts_is_word(t, "export") ? namespace_export(t) : ts_statement(t);

        if (one == TS_VALUE)
            effect = TS_VALUE;
    }
    t->n_values = first; /* what is declared inside is not visible outside */
    return effect;
}

/* At `namespace` or `module`. */
static enum ts_effect namespace_declaration(struct ts *t, size_t start, struct str *ret_name)
{
    struct str outer = t->in_namespace;
    size_t keyword = t->tok.start;
    enum ts_effect effect;

    if (!ts_enter(t))
        return TS_VALUE;
    ts_next(t);
    struct str name = ts_text(t, t->tok);

    ts_next(t);
    if (ts_is(t, ".")) {
        ts_fail(t, "dotted namespace names are not supported; nest the namespaces");
        return TS_VALUE;
    }
    ts_erase(t, keyword, t->tok.end);
    ts_insert(t, keyword, "var %.*s; (function (%.*s) {", STR_ARG(name), STR_ARG(name));
    ts_expect(t, "{");
    t->in_namespace = name;
    effect = namespace_body(t);
    t->in_namespace = outer;
    if (ts_is(t, "}"))
        ts_insert(t, t->tok.end, ")(%.*s || (%.*s = {}));", STR_ARG(name), STR_ARG(name));
    ts_expect(t, "}");
    ts_leave(t);
    *ret_name = name;
    if (effect == TS_TYPE_ONLY && !t->failed)
        ts_erase_statement(t, start, t->prev_end);
    return effect;
}

/* ---- interfaces, aliases, declare ---- */

static void note_type(struct ts *t)
{
    vec_push(t->types, t->n_types, t->cap_types) = ts_text(t, t->tok);
}

static void interface_declaration(struct ts *t, size_t start)
{
    ts_next(t);
    note_type(t);
    ts_next(t);
    if (ts_is(t, "<"))
        ts_type_parameters(t);
    if (ts_take_word(t, "extends")) {
        do {
            ts_type(t);
        } while (ts_take(t, ","));
    }
    if (ts_is(t, "{")) {
        ts_skip_balanced(t);
    } else {
        ts_unexpected(t);
    }
    ts_erase_statement(t, start, t->prev_end);
}

static void alias_declaration(struct ts *t, size_t start)
{
    ts_next(t);
    note_type(t);
    ts_next(t);
    if (ts_is(t, "<"))
        ts_type_parameters(t);
    ts_expect(t, "=");
    ts_type(t);
    ts_semicolon(t);
    ts_erase_statement(t, start, t->prev_end);
}

/* `declare` and whatever it declares. */
static void ambient_declaration(struct ts *t, size_t start)
{
    enum ts_effect effect;
    size_t n_values = t->n_values;

    ts_next(t);
    if (ts_is_word(t, "global") || ts_is_word(t, "module") || ts_is_word(t, "namespace")) {
        while (!ts_is(t, "{") && !ts_is(t, ";") && t->tok.kind != TS_END)
            ts_next(t);
        if (ts_is(t, "{")) {
            ts_skip_balanced(t);
        } else {
            ts_take(t, ";");
        }
    } else if (!ts_declaration(t, start, &effect)) {
        if (at_variables(t)) {
            variable_statement(t);
        } else {
            ts_unexpected(t);
        }
    }
    t->n_values = n_values;
    ts_erase_statement(t, start, t->prev_end);
}

/* The current word followed by a name on the same line: `type A`, `namespace A`. */
static bool at_named(const struct ts *t, const char *word)
{
    struct ts_token after = ts_peek(t);

    return ts_is_word(t, word) && after.kind == TS_NAME && !after.newline &&
           !ts_is_reserved(ts_text(t, after));
}

/* `type` is a word like others; an alias has `=` or `<` behind its name. */
static bool at_alias(struct ts *t)
{
    struct ts_mark m = ts_mark(t);
    bool is_alias = at_named(t, "type");

    if (!is_alias)
        return false;
    ts_next(t);
    ts_next(t);
    is_alias = ts_is(t, "=") || ts_is(t, "<");
    ts_back(t, &m);
    return is_alias;
}

static bool at_ambient(const struct ts *t)
{
    static const char *const words[] = {"var",   "let",      "const",    "function",  "class",
                                        "enum",  "global",   "module",   "namespace", "type",
                                        "async", "abstract", "interface"};
    struct ts_token after = ts_peek(t);

    if (!ts_is_word(t, "declare") || after.newline)
        return false;
    for (size_t i = 0; i < countof(words); i++) {
        if (ts_token_is(t, after, words[i]))
            return true;
    }
    return false;
}

static void declared(struct ts *t, struct str name)
{
    if (name.n)
        vec_push(t->values, t->n_values, t->cap_values) = name;
}

/* Function or class; an overload's signature goes. */
static enum ts_effect function_declaration(struct ts *t, size_t start)
{
    struct str name = {0};

    ts_take_word(t, "async");
    if (!ts_function(t, &name)) {
        ts_erase_statement(t, start, t->prev_end);
        return TS_TYPE_ONLY;
    }
    declared(t, name);
    return TS_VALUE;
}

static enum ts_effect class_declaration(struct ts *t)
{
    struct str name = {0};

    if (ts_is_word(t, "abstract")) {
        ts_erase(t, t->tok.start, t->tok.end);
        ts_next(t);
    }
    ts_class(t, &name);
    declared(t, name);
    return TS_VALUE;
}

static enum ts_effect enum_statement(struct ts *t)
{
    struct str name = {0};

    if (ts_is_word(t, "const")) {
        ts_erase(t, t->tok.start, t->tok.end);
        ts_next(t);
    }
    enum_declaration(t, &name);
    declared(t, name);
    return TS_VALUE;
}

/* Types and ambient declarations: false when there is none here. */
static bool type_declaration(struct ts *t, size_t start)
{
    if (at_named(t, "interface")) {
        interface_declaration(t, start);
    } else if (at_alias(t)) {
        alias_declaration(t, start);
    } else if (at_ambient(t)) {
        ambient_declaration(t, start);
    } else {
        return false;
    }
    return true;
}

bool ts_declaration(struct ts *t, size_t start, enum ts_effect *ret_effect)
{
    struct ts_token after = ts_peek(t);
    struct str name = {0};

    *ret_effect = TS_TYPE_ONLY;
    if (type_declaration(t, start))
        return true;
    if (ts_is_word(t, "enum") || (ts_is_word(t, "const") && ts_token_is(t, after, "enum"))) {
        *ret_effect = enum_statement(t);
    } else if (at_named(t, "namespace") || at_named(t, "module")) {
        *ret_effect = namespace_declaration(t, start, &name);
        if (*ret_effect == TS_VALUE)
            declared(t, name);
    } else if (ts_is_word(t, "function") ||
               (ts_is_word(t, "async") && ts_token_is(t, after, "function") && !after.newline)) {
        *ret_effect = function_declaration(t, start);
    } else if (ts_is_word(t, "class") ||
               (ts_is_word(t, "abstract") && ts_token_is(t, after, "class"))) {
        *ret_effect = class_declaration(t);
    } else {
        return false;
    }
    return true;
}

/* ---- any statement ---- */

static const struct {
    const char *word;
    void (*read)(struct ts *t);
} statements[] = {
    {"if", if_statement},         {"for", for_statement},       {"while", while_statement},
    {"do", do_statement},         {"return", jump_statement},   {"throw", jump_statement},
    {"break", jump_statement},    {"continue", jump_statement}, {"try", try_statement},
    {"switch", switch_statement}, {"with", while_statement},    {"debugger", jump_statement},
};

static enum ts_effect any_statement(struct ts *t)
{
    enum ts_effect effect = TS_VALUE;

    for (size_t i = 0; i < countof(statements); i++) {
        if (ts_is_word(t, statements[i].word)) {
            statements[i].read(t);
            return TS_VALUE;
        }
    }
    if (ts_is(t, "{")) {
        ts_block(t);
    } else if (ts_is(t, "@")) {
        ts_fail(t, "decorators are not supported");
    } else if (ts_is_word(t, "import")) {
        return ts_import(t);
    } else if (ts_is_word(t, "export")) {
        return ts_export(t);
    } else if (ts_declaration(t, t->tok.start, &effect)) {
        return effect;
    } else if (at_variables(t)) {
        variable_statement(t);
    } else if (!ts_take(t, ";")) {
        expression_statement(t);
    }
    return TS_VALUE;
}

enum ts_effect ts_statement(struct ts *t)
{
    enum ts_effect effect;

    if (!ts_enter(t))
        return TS_VALUE;
    effect = any_statement(t);
    ts_leave(t);
    return effect;
}
