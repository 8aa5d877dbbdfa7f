/*
 * Expressions and functions. Without a tree there is no need for precedence: an expression is
 * operands joined by operators. What needs care is where TypeScript is ambiguous: `(a) ... =>`,
 * `<T>(a) =>` against `<T>a`, `f<T>(a)` against comparisons, and `a ? (b) : c => d`. There the
 * text is read on trial; where a trial failed is remembered, or nested ones would take exponential
 * time.
 */
#include "base/mem.h"
#include "script/js/ts_priv.h"

static void unary(struct ts *t, unsigned flags);

/* ---- names ---- */

/* A name in value position; inside an enum it may be one of its members. */
static void use_name(struct ts *t)
{
    struct str name = ts_text(t, t->tok);

    ts_use(t, name);
    for (size_t i = 0; t->in_enum && i < t->in_enum->n_members; i++) {
        if (str_eq(t->in_enum->members[i], name)) {
            ts_insert(t, t->tok.start, "%.*s.", STR_ARG(t->in_enum->name));
            return;
        }
    }
}

void ts_property_name(struct ts *t)
{
    if (ts_take(t, "[")) {
        ts_assign(t, 0);
        ts_expect(t, "]");
    } else if (t->tok.kind == TS_END || t->tok.kind == TS_PUNCT || t->tok.kind == TS_TEMPLATE) {
        ts_unexpected(t);
    } else {
        ts_next(t);
    }
}

/* ---- binding patterns and parameters ---- */

static void binding_default(struct ts *t)
{
    if (ts_take(t, "="))
        ts_assign(t, 0);
}

static void array_binding(struct ts *t, enum ts_names names)
{
    ts_next(t);
    while (!ts_is(t, "]") && t->tok.kind != TS_END) {
        if (ts_take(t, ","))
            continue;
        ts_take(t, "...");
        ts_binding(t, names);
        binding_default(t);
        if (!ts_is(t, "]"))
            ts_expect(t, ",");
    }
    ts_expect(t, "]");
}

static void object_binding(struct ts *t, enum ts_names names)
{
    ts_next(t);
    while (!ts_is(t, "}") && t->tok.kind != TS_END) {
        struct ts_token after = ts_peek(t);

        if (ts_take(t, "...")) {
            ts_binding(t, names);
        } else if (t->tok.kind == TS_NAME && !ts_token_is(t, after, ":")) {
            ts_binding(t, names);
        } else {
            ts_property_name(t);
            ts_expect(t, ":");
            ts_binding(t, names);
        }
        binding_default(t);
        if (!ts_is(t, "}"))
            ts_expect(t, ",");
    }
    ts_expect(t, "}");
}

void ts_binding(struct ts *t, enum ts_names names)
{
    if (!ts_enter(t))
        return;
    if (ts_is(t, "[")) {
        array_binding(t, names);
    } else if (ts_is(t, "{")) {
        object_binding(t, names);
    } else if (ts_is_name(t)) {
        if (names == TS_DECLARED)
            vec_push(t->values, t->n_values, t->cap_values) = ts_text(t, t->tok);
        ts_next(t);
    } else {
        ts_unexpected(t);
    }
    ts_leave(t);
}

static bool at_parameter_modifier(const struct ts *t)
{
    static const char *const words[] = {"public", "private", "protected", "readonly", "override"};
    struct ts_token after = ts_peek(t);

    if (after.kind != TS_NAME && !ts_token_is(t, after, "{") && !ts_token_is(t, after, "["))
        return false;
    for (size_t i = 0; i < countof(words); i++) {
        if (ts_is_word(t, words[i]))
            return true;
    }
    return false;
}

/* `private x`: erases the words and notes the name. */
static void parameter_modifiers(struct ts *t, enum ts_params kind)
{
    bool is_property = false;

    while (at_parameter_modifier(t)) {
        if (kind != TS_CONSTRUCTOR_PARAMS) {
            ts_fail(t, "a parameter property is only allowed in a constructor");
            return;
        }
        ts_erase(t, t->tok.start, t->tok.end);
        ts_next(t);
        is_property = true;
    }
    if (!is_property)
        return;
    if (!ts_is_name(t)) {
        ts_fail(t, "a parameter property may not be a pattern");
    } else {
        vec_push(t->properties, t->n_properties, t->cap_properties) = ts_text(t, t->tok);
    }
}

/* `this: T` is only type; with the comma behind it. */
static void this_parameter(struct ts *t)
{
    size_t start = t->tok.start;

    ts_next(t);
    if (ts_take(t, ":"))
        ts_type(t);
    ts_take(t, ",");
    ts_erase(t, start, t->prev_end);
}

static void parameter(struct ts *t, enum ts_params kind)
{
    if (ts_is(t, "@")) {
        ts_fail(t, "decorators are not supported");
        return;
    }
    parameter_modifiers(t, kind);
    ts_take(t, "...");
    ts_binding(t, TS_LOCAL);
    ts_erase_optional(t, "?");
    ts_erase_annotation(t);
    binding_default(t);
}

void ts_parameters(struct ts *t, enum ts_params kind)
{
    ts_expect(t, "(");
    if (ts_is_word(t, "this"))
        this_parameter(t);
    while (!ts_is(t, ")") && t->tok.kind != TS_END) {
        parameter(t, kind);
        if (!ts_is(t, ")"))
            ts_expect(t, ",");
    }
    ts_expect(t, ")");
}

/* ---- functions ---- */

/* What an expression in a function refers to is not an enum's business, nor is its namespace. */
static void function_body(struct ts *t)
{
    struct str in_namespace = t->in_namespace;

    t->in_namespace = (struct str){0};
    ts_block(t);
    t->in_namespace = in_namespace;
}

bool ts_function_rest(struct ts *t)
{
    ts_erase_type_parameters(t);
    ts_parameters(t, TS_PLAIN_PARAMS);
    ts_erase_annotation(t);
    if (ts_is(t, "{")) {
        function_body(t);
        return true;
    }
    ts_semicolon(t);
    return false;
}

bool ts_function(struct ts *t, struct str *ret_name)
{
    ts_next(t);
    ts_take(t, "*");
    if (t->tok.kind == TS_NAME) {
        *ret_name = ts_text(t, t->tok);
        ts_next(t);
    }
    return ts_function_rest(t);
}

/* ---- arrow functions ---- */

static void arrow_body(struct ts *t, unsigned flags)
{
    ts_expect(t, "=>");
    if (ts_is(t, "{")) {
        function_body(t);
    } else {
        ts_assign(t, flags);
    }
}

/*
 * The return type of an arrow function. When it spans lines, the `)` moves to its end: a line may
 * not end before `=>`.
 */
static void arrow_return(struct ts *t)
{
    size_t paren = t->prev_end - 1;
    size_t start = t->tok.start;

    if (!ts_take(t, ":"))
        return;
    ts_type(t);
    struct str between = str_from(t->source.p + paren, t->tok.start - paren);

    if (str_find(between, '\n') == between.n) {
        ts_erase(t, start, t->prev_end);
        return;
    }
    ts_erase(t, paren, paren + 1);
    ts_erase_marked(t, start, t->prev_end, '\0', ')');
}

/* Parameters and body, if that is what is here; `failed` tells. */
static void parenthesised_arrow(struct ts *t, unsigned flags)
{
    size_t types = t->tok.start;
    bool is_async = ts_take_word(t, "async");

    if (is_async)
        types = t->tok.start;
    if (ts_is(t, "<")) {
        ts_type_parameters(t);
        if (is_async) {
            ts_erase_flat(t, types, t->prev_end);
        } else {
            ts_erase(t, types, t->prev_end);
        }
    }
    ts_parameters(t, TS_PLAIN_PARAMS);
    bool typed = ts_is(t, ":");

    arrow_return(t);
    if (!ts_is(t, "=>")) {
        ts_unexpected(t);
        return;
    }
    /* From here on it is an arrow function, whatever is wrong in it; but see below. */
    arrow_body(t, flags);
    if (typed && (flags & TS_IN_COND) && !ts_is(t, ":"))
        ts_unexpected(t); /* a ? (b) : c => d */
}

static bool may_be_arrow(const struct ts *t)
{
    struct ts_token after;

    if (ts_is(t, "(") || ts_is(t, "<"))
        return true;
    if (!ts_is_word(t, "async"))
        return false;
    after = ts_peek(t);
    return !after.newline && (ts_token_is(t, after, "(") || ts_token_is(t, after, "<"));
}

static bool name_arrow(struct ts *t, unsigned flags)
{
    struct ts_token after = ts_peek(t);

    if (!ts_is_name(t))
        return false;
    if (ts_is_word(t, "async") && after.kind == TS_NAME && !after.newline &&
        !ts_is_reserved(ts_text(t, after))) {
        struct ts_mark m = ts_mark(t);

        ts_next(t);
        if (name_arrow(t, flags))
            return true;
        ts_back(t, &m);
        return false;
    }
    if (!ts_token_is(t, after, "=>"))
        return false;
    ts_next(t);
    arrow_body(t, flags);
    return true;
}

static bool try_arrow(struct ts *t, unsigned flags)
{
    unsigned char bit = flags & TS_IN_COND ? 2 : 1;
    struct ts_mark m = ts_mark(t);

    if (t->failed || name_arrow(t, flags))
        return true;
    if (!may_be_arrow(t) || t->not_arrow[m.tok.start] & bit)
        return false;
    parenthesised_arrow(t, flags);
    if (!t->failed)
        return true;
    t->not_arrow[m.tok.start] |= bit;
    ts_back(t, &m);
    return false;
}

/* ---- primary expressions ---- */

static void template(struct ts *t)
{
    bool more = ts_template_part(t, t->tok.end);

    while (more && !t->failed) {
        ts_expression(t, 0);
        if (!ts_is(t, "}")) {
            ts_unexpected(t);
            return;
        }
        more = ts_template_part(t, t->tok.end);
    }
}

static void list(struct ts *t, const char *close)
{
    ts_next(t);
    while (!ts_is(t, close) && t->tok.kind != TS_END) {
        if (ts_take(t, ","))
            continue;
        ts_take(t, "...");
        ts_assign(t, 0);
        if (!ts_is(t, close))
            ts_expect(t, ",");
    }
    ts_expect(t, close);
}

/* get, set, async in front of a name */
static void member_modifiers(struct ts *t)
{
    static const char *const not_after[] = {",", ":", "(", "}", "=", "<"};

    while (ts_is_word(t, "get") || ts_is_word(t, "set") || ts_is_word(t, "async")) {
        struct ts_token after = ts_peek(t);

        for (size_t i = 0; i < countof(not_after); i++) {
            if (ts_token_is(t, after, not_after[i]))
                return;
        }
        ts_next(t);
    }
    ts_take(t, "*");
}

static void object_member(struct ts *t)
{
    struct ts_mark shorthand;

    if (ts_take(t, "...")) {
        ts_assign(t, 0);
        return;
    }
    member_modifiers(t);
    shorthand = ts_mark(t);
    ts_property_name(t);
    if (ts_is(t, "(") || ts_is(t, "<")) {
        ts_function_rest(t);
    } else if (ts_take(t, ":")) {
        ts_assign(t, 0);
    } else if (shorthand.tok.kind == TS_NAME) {
        ts_use(t, ts_text(t, shorthand.tok));
        binding_default(t); /* as in ({a = 1} = b) */
    } else {
        ts_unexpected(t);
    }
}

static void object(struct ts *t)
{
    ts_next(t);
    while (!ts_is(t, "}") && t->tok.kind != TS_END) {
        object_member(t);
        if (!ts_is(t, "}"))
            ts_expect(t, ",");
    }
    ts_expect(t, "}");
}

static void word(struct ts *t)
{
    struct ts_token after = ts_peek(t);
    struct str name = {0};

    if (ts_is_word(t, "async") && ts_token_is(t, after, "function") && !after.newline)
        ts_next(t);
    if (ts_is_word(t, "function")) {
        ts_function(t, &name);
    } else if (ts_is_word(t, "class")) {
        ts_class(t, &name);
    } else if (ts_is_name(t)) {
        use_name(t);
        ts_next(t);
    } else if (ts_is_word(t, "this") || ts_is_word(t, "super") || ts_is_word(t, "null") ||
               ts_is_word(t, "true") || ts_is_word(t, "false") || ts_is_word(t, "import")) {
        ts_next(t);
    } else {
        ts_unexpected(t);
    }
}

static void primary(struct ts *t)
{
    if (t->tok.kind == TS_NAME) {
        word(t);
    } else if (t->tok.kind == TS_NUMBER || t->tok.kind == TS_STRING || t->tok.kind == TS_PRIVATE) {
        ts_next(t);
    } else if (t->tok.kind == TS_TEMPLATE) {
        template(t);
    } else if (ts_take(t, "(")) {
        ts_expression(t, 0);
        ts_expect(t, ")");
    } else if (ts_is(t, "[")) {
        list(t, "]");
    } else if (ts_is(t, "{")) {
        object(t);
    } else if (ts_is(t, "/") || ts_is(t, "/=")) {
        ts_rescan_regexp(t);
        ts_next(t);
    } else if (ts_is(t, "@")) {
        ts_fail(t, "decorators are not supported");
    } else {
        ts_unexpected(t);
    }
}

/* ---- members, calls ---- */

/* May the token go on behind the type arguments of `f<T>`? Otherwise `<` compares. */
static bool follows_type_arguments(const struct ts *t)
{
    static const char *const never[] = {"<", ">", "+", "-",  "[",  "{",
                                        "~", "!", "/", "/=", "++", "--"};
    static const char *const operators[] = {"in", "instanceof", "as", "satisfies", "of"};

    if (ts_is(t, "(") || t->tok.kind == TS_TEMPLATE || t->tok.kind == TS_END)
        return true;
    if (t->tok.kind == TS_PUNCT) {
        for (size_t i = 0; i < countof(never); i++) {
            if (ts_is(t, never[i]))
                return t->tok.newline && i >= 4;
        }
        return true;
    }
    for (size_t i = 0; i < countof(operators); i++) {
        if (ts_is_word(t, operators[i]))
            return true;
    }
    return t->tok.newline;
}

static bool call_type_arguments(struct ts *t)
{
    struct ts_mark m = ts_mark(t);

    ts_type_arguments(t);
    if (!t->failed && follows_type_arguments(t)) {
        ts_erase(t, m.tok.start, t->prev_end);
        return true;
    }
    ts_back(t, &m);
    return false;
}

static bool member(struct ts *t)
{
    if (ts_take(t, "?.")) {
        if (t->tok.kind != TS_NAME && t->tok.kind != TS_PRIVATE)
            return true; /* ?.( or ?.[ */
        ts_next(t);
        return true;
    }
    if (ts_take(t, ".")) {
        if (t->tok.kind != TS_NAME && t->tok.kind != TS_PRIVATE)
            ts_unexpected(t);
        ts_next(t);
        return true;
    }
    if (ts_take(t, "[")) {
        ts_expression(t, 0);
        ts_expect(t, "]");
        return true;
    }
    if (ts_is(t, "(")) {
        list(t, ")");
        return true;
    }
    return false;
}

void ts_postfix(struct ts *t, unsigned flags UNUSED)
{
    primary(t);
    while (!t->failed) {
        if (member(t))
            continue;
        if (t->tok.kind == TS_TEMPLATE) {
            template(t);
        } else if (ts_is(t, "!") && !t->tok.newline) {
            ts_erase_optional(t, "!");
        } else if ((ts_is(t, "++") || ts_is(t, "--")) && !t->tok.newline) {
            ts_next(t);
        } else if (!ts_is(t, "<") || !call_type_arguments(t)) {
            return;
        }
    }
}

/* ---- operators ---- */

static bool at_prefix(const struct ts *t)
{
    static const char *const words[] = {"typeof", "void", "delete", "await", "new"};
    static const char *const signs[] = {"!", "~", "+", "-", "++", "--"};

    for (size_t i = 0; i < countof(words); i++) {
        if (ts_is_word(t, words[i]))
            return true;
    }
    for (size_t i = 0; i < countof(signs); i++) {
        if (ts_is(t, signs[i]))
            return true;
    }
    return false;
}

static void unary(struct ts *t, unsigned flags)
{
    for (;;) {
        size_t start = t->tok.start;

        if (at_prefix(t)) {
            bool is_new = ts_is_word(t, "new");

            ts_next(t);
            if (!is_new || !ts_take(t, "."))
                continue;
            ts_next(t); /* new.target */
            while (!t->failed && member(t))
                continue;
            return;
        }
        if (!ts_take(t, "<"))
            break;
        ts_type(t);
        ts_expect(t, ">");
        /* A cast in front: its line ends may not come between `return` and its value. */
        ts_erase_flat(t, start, t->prev_end);
    }
    ts_postfix(t, flags);
}

/* `as T`, `satisfies T`; the statement must still end where it did */
static void casts(struct ts *t)
{
    while ((ts_is_word(t, "as") || ts_is_word(t, "satisfies")) && !t->tok.newline) {
        size_t start = t->tok.start;

        ts_next(t);
        ts_type(t);
        bool joins =
            t->tok.newline && (ts_is(t, "(") || ts_is(t, "[") || t->tok.kind == TS_TEMPLATE);

        ts_erase_marked(t, start, t->prev_end, joins ? ';' : '\0', '\0');
    }
}

static bool at_binary(const struct ts *t, unsigned flags)
{
    static const char *const signs[] = {"+",  "-",  "*",  "/",  "%",   "**",  "<",  ">",
                                        "<=", ">=", "==", "!=", "===", "!==", "&&", "||",
                                        "??", "&",  "|",  "^",  "<<",  ">>",  ">>>"};

    if (ts_is_word(t, "in"))
        return !(flags & TS_NO_IN);
    if (ts_is_word(t, "instanceof"))
        return true;
    for (size_t i = 0; i < countof(signs); i++) {
        if (ts_is(t, signs[i]))
            return true;
    }
    return false;
}

static bool at_assignment(const struct ts *t)
{
    struct str text = ts_text(t, t->tok);

    if (t->tok.kind != TS_PUNCT || !str_ends(text, STR("=")))
        return false;
    return !ts_is(t, "==") && !ts_is(t, "===") && !ts_is(t, "!=") && !ts_is(t, "!==") &&
           !ts_is(t, "<=") && !ts_is(t, ">=");
}

static void yield(struct ts *t, unsigned flags)
{
    static const char *const ends[] = {")", "]", "}", ",", ";", ":"};

    ts_next(t);
    for (size_t i = 0; i < countof(ends); i++) {
        if (ts_is(t, ends[i]))
            return;
    }
    if (t->tok.kind == TS_END || t->tok.newline)
        return;
    ts_take(t, "*");
    ts_assign(t, flags);
}

static void conditional(struct ts *t, unsigned flags)
{
    if (!ts_take(t, "?"))
        return;
    ts_assign(t, TS_IN_COND);
    ts_expect(t, ":");
    ts_assign(t, flags);
}

void ts_assign(struct ts *t, unsigned flags)
{
    if (!ts_enter(t))
        return;
    if (ts_is_word(t, "yield")) {
        yield(t, flags);
    } else if (!try_arrow(t, flags)) {
        unary(t, flags);
        casts(t);
        while (at_binary(t, flags)) {
            ts_next(t);
            unary(t, flags);
            casts(t);
        }
        if (at_assignment(t)) {
            ts_next(t);
            ts_assign(t, flags);
        } else {
            conditional(t, flags);
        }
    }
    ts_leave(t);
}

void ts_expression(struct ts *t, unsigned flags)
{
    do {
        ts_assign(t, flags);
    } while (ts_take(t, ","));
}
