/*
 * One pass over the words. A slash begins a regular expression where no value stands before it.
 * What the text says in a few words in a row (`_measurement == "x"`) is seen in the last of them.
 */
#include "dashboard/flux_check.h"

enum kind {
    NOTHING, /* before the first word */
    NAME,
    NUMBER,
    STRING,
    REGEX,
    MARK,
};

enum {
    RECENT = 5, /* words that are remembered */
};

struct word {
    enum kind kind;
    struct str text;
    size_t at;
};

struct reader {
    struct str q;
    size_t at;
    struct word recent[RECENT]; /* the newest last */
    char open[QUERY_DEPTH_MAX]; /* brackets */
    size_t open_at[QUERY_DEPTH_MAX];
    size_t n_open;
    size_t from_at; /* of a from() that has no range() yet */
    bool from, own_v;
    query_name_fn *fn;
    void *arg;
    struct query_error *error;
};

/* ---- words ---- */

static const struct word *recent(const struct reader *r, size_t back)
{
    return &r->recent[RECENT - 1 - back];
}

static bool is(const struct word *w, const char *text)
{
    return w->kind != STRING && str_is(w->text, text);
}

static bool is_value(const struct word *w)
{
    return w->kind == NUMBER || w->kind == STRING || w->kind == REGEX || is(w, ")") || is(w, "]") ||
           (w->kind == NAME && !is(w, "return") && !is(w, "and") && !is(w, "or") && !is(w, "not"));
}

static void skip(struct reader *r)
{
    while (r->at < r->q.n) {
        bool comment = r->q.p[r->at] == '/' && r->at + 1 < r->q.n && r->q.p[r->at + 1] == '/';

        if (!ascii_space(r->q.p[r->at]) && !comment)
            return;
        while (comment && r->at < r->q.n && r->q.p[r->at] != '\n')
            r->at++;
        r->at += !comment;
    }
}

static int take_quoted(struct reader *r, struct word *w, enum kind kind)
{
    size_t end = query_string_end(r->q, r->at, true);

    if (end > r->q.n) {
        return query_wrong(r->error, r->at, "%s does not end",
                           kind == STRING ? "a string" : "a regular expression");
    }
    w->kind = kind;
    r->at = end;
    return 0;
}

static void take_name(struct reader *r, struct word *w)
{
    struct query_variable v;

    w->kind = ascii_digit(r->q.p[r->at]) ? NUMBER : NAME;
    while (r->at < r->q.n) {
        bool point = w->kind == NUMBER && r->q.p[r->at] == '.';

        if (query_variable_at(r->q, r->at, &v)) {
            r->at += v.n;
        } else if (query_is_word(r->q.p[r->at]) || point || (r->q.p[r->at] & 0x80)) {
            r->at++;
        } else {
            return;
        }
    }
}

static int take_mark(struct reader *r, struct word *w)
{
    static const char *const pairs[] = {"|>", "=>", "<-", "==", "!=", "=~", "!~", "<=", ">=", "->"};

    w->kind = MARK;
    for (size_t i = 0; i < countof(pairs); i++) {
        if (str_starts(str_from_index(r->q, r->at), str_of(pairs[i]))) {
            r->at += 2;
            return 0;
        }
    }
    if (r->q.p[r->at] == '\\') {
        return query_wrong(
            r->error, r->at,
            "there is a backslash outside of a string: the text was escaped once too "
            "often when it was put into JSON (\\\\n instead of \\n)");
    }
    if (r->q.p[r->at] == '\0' || !strchr("+-*/%^=<>(){}[].,:?|!@;", r->q.p[r->at]))
        return query_wrong(r->error, r->at, "a byte here has no meaning in Flux");
    r->at++;
    return 0;
}

static int take_word(struct reader *r, struct word *w)
{
    char c = r->q.p[r->at];
    struct query_variable v;

    if (c == '"')
        return take_quoted(r, w, STRING);
    if (c == '/' && !is_value(recent(r, 0)))
        return take_quoted(r, w, REGEX);
    if (query_is_word(c) || (c & 0x80) || query_variable_at(r->q, r->at, &v)) {
        take_name(r, w);
        return 0;
    }
    return take_mark(r, w);
}

/* ---- brackets ---- */

static int close_bracket(struct reader *r, char c)
{
    char wanted = (char)(c == ')' ? '(' : c == ']' ? '[' : '{');

    if (r->n_open == 0 || r->open[r->n_open - 1] != wanted)
        return query_wrong(r->error, r->at - 1, "'%c' closes nothing that is open", c);
    r->n_open--;
    return 0;
}

static int bracket(struct reader *r, const struct word *w)
{
    char c = (char)(w->kind == MARK && w->text.n == 1 ? w->text.p[0] : '\0');

    if (c == ')' || c == ']' || c == '}')
        return close_bracket(r, c);
    if (c != '(' && c != '[' && c != '{')
        return 0;
    if (r->n_open >= QUERY_DEPTH_MAX)
        return query_wrong(r->error, w->at, "the query is nested too deep");
    r->open_at[r->n_open] = w->at;
    r->open[r->n_open++] = c;
    return 0;
}

/* ---- what words in a row say ---- */

static int no_range(struct reader *r)
{
    return query_wrong(r->error, r->from_at,
                       "there is no range() behind from(): InfluxDB refuses to "
                       "read all there is");
}

static int see_source(struct reader *r)
{
    if (!is(recent(r, 0), "(") || is(recent(r, 2), "."))
        return 0;
    if (is(recent(r, 1), "from")) {
        if (r->from)
            return no_range(r);
        r->from = true;
        r->from_at = recent(r, 1)->at;
    }
    if (is(recent(r, 1), "range"))
        r->from = false;
    return 0;
}

/* A function's own parameter may be called v. */
static void see_own_v(struct reader *r)
{
    const struct word *w = recent(r, 0);

    if (is(recent(r, 1), "v") && !is(recent(r, 2), ".") &&
        (is(w, ")") || is(w, ",") || is(w, "=") || is(w, "=>")))
        r->own_v = true;
}

static int see_member(struct reader *r)
{
    static const char *const members[] = {"timeRangeStart", "timeRangeStop", "windowPeriod",
                                          "defaultBucket", "organization"};
    const struct word *w = recent(r, 0);

    see_own_v(r);
    if (r->own_v || w->kind != NAME || !is(recent(r, 1), ".") || !is(recent(r, 2), "v") ||
        is(recent(r, 3), "."))
        return 0;
    for (size_t i = 0; i < countof(members); i++) {
        if (is(w, members[i]))
            return 0;
    }
    return query_wrong(
        r->error, w->at,
        "Grafana has no v.%.*s: there are timeRangeStart, timeRangeStop, windowPeriod, "
        "defaultBucket, organization",
        w->text.n > 40 ? 40 : STR_ARG(w->text));
}

/* `_measurement == "x"` and `["_measurement"] == "x"`. */
static void see_measurement(struct reader *r)
{
    const struct word *value = recent(r, 0);
    bool bare = is(recent(r, 2), "_measurement");
    bool quoted = is(recent(r, 2), "]") && recent(r, 3)->kind == STRING &&
                  str_is(recent(r, 3)->text, "\"_measurement\"");

    if (r->fn && value->kind == STRING && is(recent(r, 1), "==") && (bare || quoted))
        r->fn(r->arg, str_from(value->text.p + 1, value->text.n - 2));
}

static int see_pipe(struct reader *r)
{
    if (is(recent(r, 1), "|>") && recent(r, 0)->kind != NAME)
        return query_wrong(r->error, recent(r, 0)->at, "no function stands behind '|>'");
    if (is(recent(r, 0), "|>") && !is_value(recent(r, 1)))
        return query_wrong(r->error, recent(r, 0)->at, "nothing stands before '|>'");
    return 0;
}

static int see(struct reader *r, struct word w)
{
    int result = bracket(r, &w);

    for (size_t i = 0; i + 1 < RECENT; i++)
        r->recent[i] = r->recent[i + 1];
    r->recent[RECENT - 1] = w;
    see_measurement(r);
    if (!result)
        result = see_source(r);
    if (!result)
        result = see_member(r);
    return result ? result : see_pipe(r);
}

/* ---- the query ---- */

static int end(struct reader *r)
{
    const struct word *last = recent(r, 0);

    if (last->kind == NOTHING)
        return query_wrong(r->error, 0, "the query is empty");
    if (r->n_open) {
        return query_wrong(r->error, r->open_at[r->n_open - 1], "'%c' is never closed",
                           r->open[r->n_open - 1]);
    }
    if (last->kind == MARK && !is_value(last) && !is(last, "}") && !is(last, ";"))
        return query_wrong(r->error, last->at, "the query ends behind '%.*s'", STR_ARG(last->text));
    return r->from ? no_range(r) : 0;
}

int flux_check(struct str query, query_name_fn *fn, void *arg, struct query_error *ret_error)
{
    struct reader r = {.q = query, .fn = fn, .arg = arg, .error = ret_error};

    if (query.n > QUERY_BYTES_MAX)
        return query_wrong(ret_error, 0, "the query has more than %d bytes", QUERY_BYTES_MAX);
    for (skip(&r); r.at < query.n; skip(&r)) {
        struct word w = {.at = r.at};

        if (take_word(&r, &w))
            return QUERY_E_SYNTAX;
        w.text = str_from(query.p + w.at, r.at - w.at);
        if (see(&r, w))
            return QUERY_E_SYNTAX;
    }
    return end(&r);
}
