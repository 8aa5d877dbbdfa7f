/* One pass over the words, with the state of the statement that is being read. */
#include "dashboard/influxql_check.h"

struct reader {
    struct str q;
    size_t at;
    struct str word; /* the newest; a quoted one with its quotes */
    size_t word_at;
    bool begun;        /* the statement has a word */
    bool select, from; /* words of it that were seen; of the innermost SELECT */
    bool after_from, after_operator;
    size_t depth;
    size_t open_at[QUERY_DEPTH_MAX];
    struct influxql_facts facts;
    query_name_fn *fn;
    void *arg;
    struct query_error *error;
};

/* ---- words ---- */

static bool is_word(const struct reader *r, const char *word)
{
    return str_eq_nocase(r->word, str_of(word));
}

static bool starts(const struct reader *r, const char *text)
{
    return str_starts(str_from_index(r->q, r->at), str_of(text));
}

static int skip(struct reader *r)
{
    while (r->at < r->q.n) {
        if (starts(r, "--")) {
            r->at += str_find(str_from_index(r->q, r->at), '\n');
        } else if (starts(r, "/*")) {
            size_t end = str_find_str(str_from_index(r->q, r->at), STR("*/"));

            if (r->at + end >= r->q.n)
                return query_wrong(r->error, r->at, "a comment does not end");
            r->at += end + 2;
        } else if (ascii_space(r->q.p[r->at])) {
            r->at++;
        } else {
            break;
        }
    }
    return 0;
}

static int take_quoted(struct reader *r, const char *what)
{
    size_t end = query_string_end(r->q, r->at, true);

    if (end > r->q.n)
        return query_wrong(r->error, r->at, "%s does not end", what);
    r->at = end;
    return 0;
}

static void take_bare(struct reader *r)
{
    struct query_variable v;

    while (r->at < r->q.n) {
        char c = r->q.p[r->at];

        if (query_variable_at(r->q, r->at, &v)) {
            r->at += v.n;
        } else if (query_is_word(c) || c == '.' || (c & 0x80)) {
            r->at++;
        } else {
            return;
        }
    }
}

static int take_mark(struct reader *r)
{
    char c = r->q.p[r->at];

    if (c == '\\') {
        return query_wrong(
            r->error, r->at,
            "there is a backslash outside of a string: the text was escaped once too "
            "often when it was put into JSON");
    }
    if (c == '\0' || !strchr("+-*/%^&|=<>!~(),;:$", c))
        return query_wrong(r->error, r->at, "a byte here has no meaning in InfluxQL");
    r->at += starts(r, "=~") || starts(r, "!~") ? 2 : 1;
    return 0;
}

static int take_word(struct reader *r)
{
    struct query_variable v;
    char c = r->q.p[r->at];

    if (c == '\'')
        return take_quoted(r, "a string");
    if (c == '"')
        return take_quoted(r, "a name in quotes");
    if (c == '/' && (r->after_operator || r->after_from))
        return take_quoted(r, "a regular expression");
    if (query_is_word(c) || (c & 0x80) || query_variable_at(r->q, r->at, &v)) {
        take_bare(r);
        return 0;
    }
    return take_mark(r);
}

/* ---- statements ---- */

static int end_statement(struct reader *r)
{
    if (r->depth)
        return query_wrong(r->error, r->open_at[r->depth - 1], "'(' is never closed");
    if (r->after_from)
        return query_wrong(r->error, r->word_at, "nothing stands behind FROM");
    if (r->select && !r->from)
        return query_wrong(r->error, r->word_at, "SELECT has no FROM");
    r->begun = r->select = r->from = r->after_operator = false;
    return 0;
}

static int begin_statement(struct reader *r)
{
    static const char *const verbs[] = {"SELECT", "SHOW", "EXPLAIN", "WITH"};

    r->begun = true;
    for (size_t i = 0; i < countof(verbs); i++) {
        if (is_word(r, verbs[i]))
            return 0;
    }
    if (query_has_variable(r->word) || r->word.p[0] == '(')
        return 0;
    return query_wrong(r->error, r->word_at, "a query begins with SELECT or SHOW, not with '%.*s'",
                       r->word.n > 40 ? 40 : STR_ARG(r->word));
}

static int bracket(struct reader *r)
{
    if (is_word(r, "(")) {
        if (r->depth >= QUERY_DEPTH_MAX)
            return query_wrong(r->error, r->word_at, "the query is nested too deep");
        r->open_at[r->depth++] = r->word_at;
    } else if (is_word(r, ")")) {
        if (r->depth == 0)
            return query_wrong(r->error, r->word_at, "')' closes nothing that is open");
        r->depth--;
    }
    return 0;
}

/* "db"."policy"."name" is told by its last part. */
static void tell_name(struct reader *r)
{
    struct str name = r->word;

    if (r->fn && name.n > 2 && name.p[0] == '"' && !(r->at < r->q.n && r->q.p[r->at] == '.'))
        r->fn(r->arg, str_from(name.p + 1, name.n - 2));
}

static void clause(struct reader *r)
{
    if (is_word(r, "SELECT")) {
        r->facts.reads = r->select = true;
        r->from = false;
    }
    if (is_word(r, "time") || query_has_variable(r->word))
        r->facts.timed |= is_word(r, "time") || str_find_str(r->word, STR("imeFilter")) < r->word.n;
    if (r->after_from)
        tell_name(r);
    r->after_from = is_word(r, "FROM") || (r->after_from && r->at < r->q.n && r->q.p[r->at] == '.');
    r->from |= is_word(r, "FROM");
    r->after_operator = is_word(r, "=~") || is_word(r, "!~");
}

static int see(struct reader *r)
{
    if (is_word(r, ";"))
        return end_statement(r);
    if (!r->begun && begin_statement(r))
        return QUERY_E_SYNTAX;
    if (bracket(r))
        return QUERY_E_SYNTAX;
    clause(r);
    return 0;
}

int influxql_check(struct str query, query_name_fn *fn, void *arg, struct influxql_facts *ret_facts,
                   struct query_error *ret_error)
{
    struct reader r = {.q = query, .fn = fn, .arg = arg, .error = ret_error};

    if (query.n > QUERY_BYTES_MAX)
        return query_wrong(ret_error, 0, "the query has more than %d bytes", QUERY_BYTES_MAX);
    if (str_trim(query).n == 0)
        return query_wrong(ret_error, 0, "the query is empty");
    while (!skip(&r)) {
        if (r.at >= query.n) {
            *ret_facts = r.facts;
            return end_statement(&r);
        }
        r.word_at = r.at;
        /* What joins the parts of a name. */
        if (r.after_from && query.p[r.at] == '.') {
            r.at++;
            continue;
        }
        if (take_word(&r))
            return QUERY_E_SYNTAX;
        r.word = str_from(query.p + r.word_at, r.at - r.word_at);
        if (see(&r))
            return QUERY_E_SYNTAX;
    }
    return QUERY_E_SYNTAX;
}
