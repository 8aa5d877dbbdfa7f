/*
 * A name may hold Grafana's variables anywhere, "k6_http_req_duration_$stat", so that variables are
 * looked for at each byte of a name; a number may too, "${minutes}m".
 */
#include "dashboard/promql_tokens.h"

/* ---- space and single bytes ---- */

static void skip_space(struct str q, size_t *at)
{
    while (*at < q.n && (ascii_space(q.p[*at]) || q.p[*at] == '#')) {
        if (q.p[*at] == '#') {
            while (*at < q.n && q.p[*at] != '\n')
                (*at)++;
        } else {
            (*at)++;
        }
    }
}

static bool is_name_byte(char c)
{
    return query_is_word(c) || c == ':';
}

/* A sign belongs to a number behind its exponent's letter: 1e-3. */
static bool is_exponent_sign(struct str q, size_t from, size_t at)
{
    bool hex = at - from > 1 && q.p[from] == '0' && ascii_lower(q.p[from + 1]) == 'x';

    return (q.p[at] == '-' || q.p[at] == '+') && at > from && !hex &&
           ascii_lower(q.p[at - 1]) == 'e' && at + 1 < q.n && ascii_digit(q.p[at + 1]);
}

/* ---- kinds of token ---- */

static void take_word(struct str q, size_t *at, struct promql_token *t, bool number)
{
    size_t from = *at;
    struct query_variable v;

    while (*at < q.n) {
        char c = q.p[*at];

        if (query_variable_at(q, *at, &v)) {
            t->variable = true;
            *at += v.n;
        } else if (number ? query_is_word(c) || c == '.' || is_exponent_sign(q, from, *at)
                          : is_name_byte(c)) {
            (*at)++;
        } else {
            break;
        }
    }
    t->kind = number ? PROMQL_NUMBER : PROMQL_NAME;
}

static int take_string(struct str q, size_t *at, struct promql_token *t, struct query_error *e)
{
    size_t end = query_string_end(q, *at, q.p[*at] != '`');

    if (end > q.n)
        return query_wrong(e, *at, "a string that begins with %c does not end", q.p[*at]);
    t->kind = PROMQL_STRING;
    *at = end;
    return 0;
}

static int take_mark(struct str q, size_t *at, struct promql_token *t, struct query_error *e)
{
    static const char *const pairs[] = {"==", "!=", "=~", "!~", ">=", "<="};
    char c = q.p[*at];

    t->kind = PROMQL_MARK;
    for (size_t i = 0; i < countof(pairs); i++) {
        if (str_starts(str_from_index(q, *at), str_of(pairs[i]))) {
            *at += 2;
            return 0;
        }
    }
    if (c == '\\') {
        return query_wrong(
            e, *at,
            "there is a backslash outside of a string: the text was escaped once too "
            "often when it was put into JSON");
    }
    if (!strchr("+-*/%^=<>(){}[],@", c) || c == '\0') {
        return query_wrong(e, *at,
                           (unsigned char)c < 0x80 ? "'%c' has no meaning in PromQL"
                                                   : "this letter has no meaning in PromQL",
                           c >= ' ' ? c : '?');
    }
    (*at)++;
    return 0;
}

int promql_token_next(struct str q, size_t *at, struct promql_token *ret, struct query_error *e)
{
    struct promql_token t = {0};
    struct query_variable v;
    int r = 0;

    skip_space(q, at);
    t.at = *at;
    if (*at >= q.n) {
        *ret = t;
        return 0;
    }
    char c = q.p[*at];
    bool digits = ascii_digit(c) || (c == '.' && *at + 1 < q.n && ascii_digit(q.p[*at + 1]));

    if (digits || is_name_byte(c) || query_variable_at(q, *at, &v)) {
        take_word(q, at, &t, digits);
    } else if (c == '"' || c == '\'' || c == '`') {
        r = take_string(q, at, &t, e);
    } else {
        r = take_mark(q, at, &t, e);
    }
    if (r)
        return r;
    t.text = str_from(q.p + t.at, *at - t.at);
    *ret = t;
    return 0;
}

int promql_range_text(struct str q, size_t *at, struct str *ret, struct query_error *e)
{
    size_t from = *at;
    struct query_variable v;

    while (*at < q.n && q.p[*at] != ']')
        *at += query_variable_at(q, *at, &v) ? v.n : 1;
    if (*at >= q.n)
        return query_wrong(e, from ? from - 1 : 0, "a range that begins with [ does not end");
    *ret = str_trim(str_from(q.p + from, *at - from));
    (*at)++;
    return 0;
}

/* ---- durations and numbers ---- */

/* "ms" is looked for before "m"; `rank` is the order in which a duration names them. */
static const struct {
    struct str name;
    int rank;
} units[] = {
    {STR("y"), 1},  {STR("w"), 2}, {STR("d"), 3}, {STR("h"), 4},
    {STR("ms"), 7}, {STR("m"), 5}, {STR("s"), 6},
};

static size_t digits_at(struct str s)
{
    size_t n = 0;

    while (n < s.n && ascii_digit(s.p[n]))
        n++;
    return n;
}

/* Takes a number and its unit off; the unit's rank, or 0. */
static int take_part(struct str *s)
{
    size_t n = digits_at(*s), i = 0;
    struct str unit = str_from_index(*s, n);

    while (i < countof(units) && !str_starts(unit, units[i].name))
        i++;
    if (n == 0 || i == countof(units))
        return 0;
    *s = str_from_index(unit, units[i].name.n);
    return units[i].rank;
}

bool promql_is_duration(struct str s)
{
    int last = 0;

    if (query_has_variable(s))
        return true;
    if (s.n == 0)
        return false;
    while (s.n) {
        int rank = take_part(&s);

        if (rank <= last)
            return false;
        last = rank;
    }
    return true;
}

bool promql_is_number(struct str s)
{
    double value;
    size_t n = 2;

    if (str_f64(s, &value))
        return true;
    if (!str_starts_nocase(s, STR("0x")) || s.n == 2)
        return false;
    while (n < s.n && ascii_hex(s.p[n]) >= 0)
        n++;
    return n == s.n;
}
