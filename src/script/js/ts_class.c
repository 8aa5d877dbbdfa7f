/*
 * Classes. Members that are only type go as a whole; modifiers go from the others. A constructor
 * with parameter properties gets the assignments that they stand for.
 */
#include "base/mem.h"
#include "script/js/ts_priv.h"

/* A member being read. */
struct member {
    size_t start;
    bool is_static;
    bool type_only; /* abstract or declare */
    bool derived;   /* in a class that extends another */
};

static const char *const type_modifiers[] = {"public",   "private",  "protected", "readonly",
                                             "abstract", "override", "declare"};
static const char *const value_modifiers[] = {"static", "async", "get", "set", "accessor"};

static bool is_one_of(const struct ts *t, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (ts_is_word(t, words[i]))
            return true;
    }
    return false;
}

/* Is the current word the name of the member after all? */
static bool is_member_name(const struct ts *t)
{
    static const char *const ends[] = {"(", "=", ";", ":", ",", "?", "!", "<", "}"};
    struct ts_token after = ts_peek(t);

    for (size_t i = 0; i < countof(ends); i++) {
        if (ts_token_is(t, after, ends[i]))
            return true;
    }
    return after.kind == TS_END;
}

/* A line that began with an erased word must not be taken for more of the field before it. */
static void erase_modifier(struct ts *t, const struct member *m)
{
    struct ts_token after = ts_peek(t);
    bool joins =
        t->tok.start == m->start && (ts_token_is(t, after, "[") || ts_token_is(t, after, "*"));

    ts_erase_marked(t, t->tok.start, t->tok.end, joins ? ';' : '\0', '\0');
}

static void modifiers(struct ts *t, struct member *m)
{
    for (;;) {
        bool of_types = is_one_of(t, type_modifiers, countof(type_modifiers));

        if ((!of_types && !is_one_of(t, value_modifiers, countof(value_modifiers))) ||
            is_member_name(t))
            return;
        m->is_static |= ts_is_word(t, "static");
        m->type_only |= ts_is_word(t, "abstract") || ts_is_word(t, "declare");
        if (of_types)
            erase_modifier(t, m);
        ts_next(t);
        if (m->is_static && ts_is(t, "{"))
            return;
    }
}

/* [key: string]: T */
static bool index_signature(struct ts *t, const struct member *m)
{
    struct ts_mark back = ts_mark(t);

    if (!ts_take(t, "["))
        return false;
    if (ts_is_name(t)) {
        ts_next(t);
        if (ts_is(t, ":")) {
            ts_back(t, &back);
            ts_skip_balanced(t);
            ts_take(t, ":");
            ts_type(t);
            ts_semicolon(t);
            ts_erase_statement(t, m->start, t->prev_end);
            return true;
        }
    }
    ts_back(t, &back);
    return false;
}

/* Writes `this.x = x` for the parameter properties from index `first` on. */
static void assign_properties(struct ts *t, size_t at, size_t first)
{
    for (size_t i = first; i < t->n_properties; i++) {
        ts_insert(t, at, "%s this.%.*s = %.*s;", i == first ? ";" : "", STR_ARG(t->properties[i]),
                  STR_ARG(t->properties[i]));
    }
    t->n_properties = first;
}

static bool at_super_call(const struct ts *t)
{
    return ts_is_word(t, "super") && ts_token_is(t, ts_peek(t), "(");
}

/* They are assigned as soon as there is a `this`: at once, or after super(). */
static void constructor_body(struct ts *t, const struct member *m, size_t first)
{
    size_t at = t->tok.end;

    ts_expect(t, "{");
    while (t->tok.kind == TS_STRING) {
        ts_statement(t);
        at = t->prev_end;
    }
    if (!m->derived)
        assign_properties(t, at, first);
    while (!ts_is(t, "}") && t->tok.kind != TS_END) {
        bool is_super = at_super_call(t);

        ts_statement(t);
        if (is_super)
            assign_properties(t, t->prev_end, first);
    }
    if (t->n_properties > first && !t->failed)
        ts_fail(t, "a constructor with parameter properties must call super() as a statement");
    ts_expect(t, "}");
}

static void constructor(struct ts *t, const struct member *m)
{
    size_t first = t->n_properties;

    ts_parameters(t, TS_CONSTRUCTOR_PARAMS);
    if (ts_is(t, "{")) {
        constructor_body(t, m, first);
        return;
    }
    t->n_properties = first;
    ts_semicolon(t);
    ts_erase_statement(t, m->start, t->prev_end);
}

static void method(struct ts *t, const struct member *m)
{
    if (!ts_function_rest(t) || m->type_only)
        ts_erase_statement(t, m->start, t->prev_end);
}

static void field(struct ts *t, const struct member *m)
{
    ts_erase_annotation(t);
    if (ts_take(t, "="))
        ts_assign(t, 0);
    ts_semicolon(t);
    if (m->type_only)
        ts_erase_statement(t, m->start, t->prev_end);
}

static void class_member(struct ts *t, bool derived)
{
    struct member m = {.start = t->tok.start, .derived = derived};

    if (ts_take(t, ";"))
        return;
    if (ts_is(t, "@")) {
        ts_fail(t, "decorators are not supported");
        return;
    }
    modifiers(t, &m);
    if (m.is_static && ts_is(t, "{")) {
        ts_block(t);
        return;
    }
    if (index_signature(t, &m))
        return;
    ts_take(t, "*");
    bool is_constructor = !m.is_static && ts_is_word(t, "constructor");

    ts_property_name(t);
    ts_erase_optional(t, "?");
    ts_erase_optional(t, "!");
    if (is_constructor && ts_is(t, "(")) {
        constructor(t, &m);
    } else if (ts_is(t, "(") || ts_is(t, "<")) {
        method(t, &m);
    } else {
        field(t, &m);
    }
}

/* `extends Base<T> implements A, B`; true when there is a base. */
static bool heritage(struct ts *t)
{
    bool derived = ts_take_word(t, "extends");
    size_t start;

    if (derived) {
        ts_postfix(t, 0);
        start = t->tok.start;
        if (ts_is(t, "<")) {
            ts_type_arguments(t);
            ts_erase(t, start, t->prev_end);
        }
    }
    start = t->tok.start;
    if (ts_take_word(t, "implements")) {
        do {
            ts_type(t);
        } while (ts_take(t, ","));
        ts_erase(t, start, t->prev_end);
    }
    return derived;
}

void ts_class(struct ts *t, struct str *ret_name)
{
    if (!ts_enter(t))
        return;
    ts_next(t);
    if (ts_is_name(t) && !ts_is_word(t, "implements")) {
        *ret_name = ts_text(t, t->tok);
        ts_next(t);
    }
    ts_erase_type_parameters(t);
    bool derived = heritage(t);

    ts_expect(t, "{");
    while (!ts_is(t, "}") && t->tok.kind != TS_END)
        class_member(t, derived);
    ts_expect(t, "}");
    ts_leave(t);
}
