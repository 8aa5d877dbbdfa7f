/*
 * import and export. Imported names that only types use are dropped in the end, when all uses are
 * known, and an import of which no name is left goes as a whole.
 */
#include "base/mem.h"
#include "script/js/ts_priv.h"

/* `from "x"`, with attributes. */
static void from_clause(struct ts *t)
{
    ts_expect_word(t, "from");
    if (t->tok.kind != TS_STRING)
        ts_unexpected(t);
    ts_next(t);
    if ((ts_is_word(t, "with") || ts_is_word(t, "assert")) && ts_token_is(t, ts_peek(t), "{")) {
        ts_next(t);
        ts_skip_balanced(t);
    }
}

static void add_name(struct ts *t, struct str local, size_t start, bool type_only, bool braced)
{
    vec_push(t->import_names, t->n_import_names, t->cap_import_names) =
        (struct ts_import_name){.local = local,
                                .start = start,
                                .end = t->prev_end,
                                .type_only = type_only,
                                .braced = braced};
}

/*
 * One name in the braces of an import or export: `a`, `a as b`, `type a`, `type a as b`. How many
 * words there are tells whether `type` is the modifier.
 */
struct specifier {
    struct str name; /* as it is called here: an export's first, an import's last */
    struct str local;
    size_t start;
    bool type_only;
};

static struct specifier specifier(struct ts *t)
{
    struct str words[4] = {{0}};
    size_t n = 0;
    struct specifier s = {.start = t->tok.start};

    while (!ts_is(t, ",") && !ts_is(t, "}") && t->tok.kind != TS_END && n < countof(words)) {
        words[n++] = ts_text(t, t->tok);
        ts_next(t);
    }
    if (!n || (n == 2 && !str_is(words[0], "type"))) {
        ts_unexpected(t);
        return s;
    }
    s.type_only = n == 2 || n == 4;
    s.name = words[s.type_only];
    s.local = words[n - 1];
    ts_take(t, ",");
    return s;
}

static void import_braces(struct ts *t, struct ts_import *import)
{
    import->open = t->tok.start;
    ts_next(t);
    while (!ts_is(t, "}") && t->tok.kind != TS_END) {
        struct specifier s = specifier(t);

        add_name(t, s.local, s.start, s.type_only, true);
    }
    import->close = t->tok.end;
    ts_expect(t, "}");
}

/* `* as a`, or braces. */
static void import_rest(struct ts *t, struct ts_import *import)
{
    size_t start = t->tok.start;

    if (ts_is(t, "{")) {
        import_braces(t, import);
        return;
    }
    ts_expect(t, "*");
    ts_expect_word(t, "as");
    struct str local = ts_text(t, t->tok);

    ts_next(t);
    add_name(t, local, start, false, false);
}

/* `import a = require("x")`, `import a = b.c` */
static void import_equals(struct ts *t, size_t start)
{
    ts_next(t);
    ts_assign(t, 0);
    ts_semicolon(t);
    ts_erase(t, start, start + 6);
    ts_insert(t, start, "const");
}

/* Is the `type` here the modifier of the whole import? */
static bool at_type_import(struct ts *t)
{
    struct ts_mark m = ts_mark(t);
    bool yes = false;

    if (!ts_take_word(t, "type"))
        return false;
    if (ts_is(t, "{") || ts_is(t, "*")) {
        yes = true;
    } else if (t->tok.kind == TS_NAME) {
        /* import type from "x" imports a default called type. */
        bool is_from = ts_is_word(t, "from");

        ts_next(t);
        yes = !is_from || ts_is_word(t, "from");
    }
    ts_back(t, &m);
    return yes;
}

static void skip_type_import(struct ts *t, size_t start)
{
    while (t->tok.kind != TS_STRING && t->tok.kind != TS_END && !ts_is(t, ";"))
        ts_next(t);
    ts_next(t);
    ts_take(t, ")"); /* import type a = require("x") */
    ts_semicolon(t);
    ts_erase_statement(t, start, t->prev_end);
}

static void import_names(struct ts *t, size_t start)
{
    struct ts_import import = {.start = start, .first_name = t->n_import_names};
    size_t name_start = t->tok.start;

    if (t->tok.kind == TS_NAME) {
        struct str local = ts_text(t, t->tok);

        ts_next(t);
        if (ts_is(t, "=")) {
            import_equals(t, start);
            return;
        }
        bool more = ts_take(t, ",");

        add_name(t, local, name_start, false, false);
        if (more)
            import_rest(t, &import);
    } else {
        import_rest(t, &import);
    }
    from_clause(t);
    ts_semicolon(t);
    import.end = t->prev_end;
    import.n_names = t->n_import_names - import.first_name;
    vec_push(t->imports, t->n_imports, t->cap_imports) = import;
}

enum ts_effect ts_import(struct ts *t)
{
    size_t start = t->tok.start;
    struct ts_token after = ts_peek(t);

    if (ts_token_is(t, after, "(") || ts_token_is(t, after, ".")) {
        ts_expression(t, 0);
        ts_semicolon(t);
        return TS_VALUE;
    }
    ts_next(t);
    if (t->tok.kind == TS_STRING) {
        ts_next(t);
        if (ts_take_word(t, "with"))
            ts_skip_balanced(t);
        ts_semicolon(t);
    } else if (at_type_import(t)) {
        skip_type_import(t, start);
        return TS_TYPE_ONLY;
    } else {
        import_names(t, start);
    }
    return TS_VALUE;
}

/* ---- export ---- */

static bool has(const struct str *names, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(names[i], name))
            return true;
    }
    return false;
}

/*
 * `export { a, type B }`. Types of this file are known by name; they may be declared further down,
 * so the specifiers wait as an import that is called by nobody else: see ts_drop_unused_imports().
 */
static void export_braces(struct ts *t)
{
    struct ts_import export = {.first_name = t->n_import_names};
    size_t first_use = t->n_uses;

    ts_next(t);
    while (!ts_is(t, "}") && t->tok.kind != TS_END) {
        struct specifier s = specifier(t);

        if (!s.type_only)
            ts_use(t, s.name);
        add_name(t, s.name, s.start, s.type_only, true);
    }
    ts_expect(t, "}");
    if (ts_is_word(t, "from")) {
        t->n_uses = first_use;
        from_clause(t);
        /* Names of another file: only what says so is type. */
        for (size_t i = export.first_name; i < t->n_import_names; i++) {
            if (t->import_names[i].type_only)
                ts_erase(t, t->import_names[i].start, t->import_names[i].end);
        }
        t->n_import_names = export.first_name;
    } else {
        export.n_names = t->n_import_names - export.first_name;
        vec_push(t->imports, t->n_imports, t->cap_imports) = export;
    }
    ts_semicolon(t);
}

static enum ts_effect export_default(struct ts *t, size_t start)
{
    enum ts_effect effect;

    ts_next(t);
    /* A value may begin with a word that begins a declaration elsewhere. */
    if (!ts_is_word(t, "type") && !ts_is_word(t, "namespace") && !ts_is_word(t, "module") &&
        ts_declaration(t, start, &effect))
        return effect;
    ts_assign(t, 0);
    ts_semicolon(t);
    return TS_VALUE;
}

/* Forms that only TypeScript has; false when it is none of them. */
static bool export_of_types(struct ts *t, size_t start, enum ts_effect *ret_effect)
{
    struct ts_token after = ts_peek(t);

    *ret_effect = TS_TYPE_ONLY;
    if (ts_is_word(t, "type") && (ts_token_is(t, after, "{") || ts_token_is(t, after, "*"))) {
        ts_next(t);
        if (ts_is(t, "{")) {
            ts_skip_balanced(t);
        } else {
            while (!ts_is_word(t, "from") && t->tok.kind != TS_END)
                ts_next(t);
        }
        if (ts_is_word(t, "from"))
            from_clause(t);
        ts_semicolon(t);
        ts_erase_statement(t, start, t->prev_end);
    } else if (ts_is_word(t, "as")) {
        ts_next(t);
        ts_expect_word(t, "namespace");
        ts_next(t);
        ts_semicolon(t);
        ts_erase_statement(t, start, t->prev_end);
    } else if (ts_take(t, "=")) {
        *ret_effect = TS_VALUE;
        ts_erase(t, start, t->prev_end);
        ts_insert(t, start, "module.exports =");
        ts_assign(t, 0);
        ts_semicolon(t);
    } else {
        return false;
    }
    return true;
}

enum ts_effect ts_export(struct ts *t)
{
    size_t start = t->tok.start;
    enum ts_effect effect = TS_VALUE;

    if (t->in_namespace.n) {
        ts_fail(t, "this export is not supported inside a namespace");
        return effect;
    }
    ts_next(t);
    if (export_of_types(t, start, &effect) || ts_declaration(t, start, &effect))
        return effect;
    if (ts_is_word(t, "default"))
        return export_default(t, start);
    if (ts_is(t, "{")) {
        export_braces(t);
    } else if (ts_take(t, "*")) {
        if (ts_take_word(t, "as"))
            ts_next(t);
        from_clause(t);
        ts_semicolon(t);
    } else if (ts_is_word(t, "import")) {
        ts_fail(t, "`export import` is not supported");
    } else {
        ts_statement(t);
    }
    return TS_VALUE;
}

/* ---- dropping names ---- */

static bool is_dropped(const struct ts *t, const struct ts_import *import,
                       const struct ts_import_name *name)
{
    if (name->type_only)
        return true;
    if (import->end) /* an import, else an export of this file's names */
        return !has(t->uses, t->n_uses, name->local);
    return has(t->types, t->n_types, name->local) && !has(t->values, t->n_values, name->local);
}

static void drop_names(struct ts *t, const struct ts_import *import)
{
    size_t n_dropped = 0;

    for (size_t i = 0; i < import->n_names; i++) {
        const struct ts_import_name *name = &t->import_names[import->first_name + i];
        bool dropped = is_dropped(t, import, name);

        n_dropped += dropped;
        if (dropped)
            ts_erase(t, name->start, name->end);
    }
    if (!import->end || !n_dropped)
        return;
    if (n_dropped == import->n_names) {
        ts_erase_statement(t, import->start, import->end);
        return;
    }
    /* Of `import a, { b }` or `import a, * as b` only `a` is left: the rest goes with its comma. */
    const struct ts_import_name *first = &t->import_names[import->first_name];
    const struct ts_import_name *last = first + import->n_names - 1;

    if (!first->braced && !is_dropped(t, import, first) && n_dropped == import->n_names - 1)
        ts_erase(t, first->start + first->local.n, last->braced ? import->close : last->end);
}

void ts_drop_unused_imports(struct ts *t)
{
    for (size_t i = 0; i < t->n_imports; i++) {
        if (t->imports[i].n_names)
            drop_names(t, &t->imports[i]);
    }
}
