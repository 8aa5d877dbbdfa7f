/*
 * Parsing. One pass over the arguments stores values through the rows and collects operands; then
 * the environment fills in what was not given. opt_help.c and opt_completion.c read the same rows.
 */
#include "base/opt.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct parse {
    const struct opt_table *table;
    char *object;
    int argc;
    char **argv;
    int next; /* index of the next argument */
    struct opt_args args;
    size_t operands_cap;
};

/* Where a value comes from, for error texts: "--vus", "-u" or "K6_VUS". */
struct origin {
    char text[128];
    int code; /* of the fault when the value is bad */
};

static bool takes_no_value(const struct opt_row *row)
{
    return row->type == OPT_FLAG || (row->type == OPT_CALL && row->is_flag);
}

/* ---- storing values ---- */

static bool parse_bool(const char *value, bool *ret_on)
{
    static const char *const words[2][6] = {
        {"0", "f", "false", "F", "FALSE", "False"},
        {"1", "t", "true", "T", "TRUE", "True"},
    };

    for (int on = 0; on < 2; on++) {
        for (size_t i = 0; i < countof(words[on]); i++) {
            if (strcmp(value, words[on][i]) == 0) {
                *ret_on = on;
                return true;
            }
        }
    }
    return false;
}

static bool is_in_range(const struct opt_row *row, double n)
{
    return (row->min == 0 && row->max == 0) || (n >= row->min && n <= row->max);
}

static int check_range(const struct opt_row *row, const struct origin *o, double n)
{
    if (is_in_range(row, n))
        return 0;
    return fault(o->code, "%s must be from %.15g to %.15g", o->text, row->min, row->max);
}

static int set_flag(const struct opt_row *row, void *target, const struct origin *o,
                    const char *value)
{
    (void)row;
    if (!parse_bool(value, target)) {
        return fault(o->code, "invalid value '%s' for %s: it must be true or false", value,
                     o->text);
    }
    return 0;
}

static int set_string(const struct opt_row *row, void *target, const struct origin *o,
                      const char *value)
{
    (void)row;
    (void)o;
    *(const char **)target = value;
    return 0;
}

static int set_int(const struct opt_row *row, void *target, const struct origin *o,
                   const char *value)
{
    int64_t n;

    if (!str_i64(str_of(value), &n)) {
        return fault(o->code, "invalid value '%s' for %s: it must be a whole number", value,
                     o->text);
    }
    TRY(check_range(row, o, (double)n));
    *(int64_t *)target = n;
    return 0;
}

static int set_number(const struct opt_row *row, void *target, const struct origin *o,
                      const char *value)
{
    double n;

    if (!str_f64(str_of(value), &n) || n != n)
        return fault(o->code, "invalid value '%s' for %s: it must be a number", value, o->text);
    TRY(check_range(row, o, n));
    *(double *)target = n;
    return 0;
}

static int set_list(const struct opt_row *row, void *target, const struct origin *o,
                    const char *value)
{
    struct opt_list *list = target;

    (void)row;
    (void)o;
    vec_push(list->items, list->n_items, list->cap) = value;
    return 0;
}

typedef int(set_fn)(const struct opt_row *row, void *target, const struct origin *o,
                    const char *value);

static set_fn *const setters[] = {
    [OPT_FLAG] = set_flag,     [OPT_STRING] = set_string, [OPT_INT] = set_int,
    [OPT_NUMBER] = set_number, [OPT_LIST] = set_list,
};

static int set_call(struct parse *p, const struct opt_row *row, const struct origin *o,
                    const char *value)
{
    bool on;

    if (row->is_flag) {
        if (!parse_bool(value, &on)) {
            return fault(o->code, "invalid value '%s' for %s: it must be true or false", value,
                         o->text);
        }
        value = on ? "true" : "false";
    }
    int r = row->call(p->object, row, value);

    return r ? fault(r, "%s: %s", o->text, fault_text()) : 0;
}

static int check_values(const struct opt_row *row, const struct origin *o, const char *value)
{
    scoped(buf_fini) struct buf all = {0};

    if (!row->values)
        return 0;
    for (const char *const *v = row->values; *v; v++) {
        if (strcmp(*v, value) == 0)
            return 0;
        buf_printf(&all, "%s%s", all.len ? ", " : "", *v);
    }
    return fault(o->code, "invalid value '%s' for %s: it must be one of %s", value, o->text,
                 buf_cstr(&all));
}

static int store(struct parse *p, const struct opt_row *row, const struct origin *o,
                 const char *value)
{
    TRY(check_values(row, o, value));
    if (row->type == OPT_CALL)
        return set_call(p, row, o, value);
    return setters[row->type](row, p->object + row->offset, o, value);
}

/* ---- the command line ---- */

static const struct opt_row *find_long(const struct opt_table *t, struct str name)
{
    for (size_t i = 0; i < t->n_rows; i++) {
        if (str_is(name, t->rows[i].name))
            return &t->rows[i];
    }
    return NULL;
}

static const struct opt_row *find_short(const struct opt_table *t, char c)
{
    for (size_t i = 0; i < t->n_rows; i++) {
        if (t->rows[i].short_name && t->rows[i].short_name == c)
            return &t->rows[i];
    }
    return NULL;
}

static int unknown_long(const struct opt_table *t, struct str name)
{
    scoped(freep) char *typed = xstrndup(name.p, name.n);
    const char *near =
        t->n_rows ? opt_nearest(typed, &t->rows[0].name, t->n_rows, sizeof(t->rows[0])) : NULL;

    if (near)
        return fault(-EINVAL, "unknown option '--%s'; did you mean '--%s'?", typed, near);
    return fault(-EINVAL, "unknown option '--%s'; see '%s --help'", typed, t->name);
}

static int given(struct parse *p, const struct opt_row *row, const struct origin *o,
                 const char *value)
{
    TRY(store(p, row, o, value));
    p->args.given[row - p->table->rows] = true;
    return 0;
}

/* The argument after this one, as an option's value. */
static int value_follows(struct parse *p, const struct opt_row *row, const struct origin *o)
{
    if (p->next >= p->argc)
        return fault(-EINVAL, "option %s needs a value", o->text);
    return given(p, row, o, p->argv[p->next++]);
}

static int parse_long(struct parse *p, const char *arg)
{
    struct str name = str_of(arg + 2);
    size_t equals = str_find(name, '=');
    const char *value = equals < name.n ? name.p + equals + 1 : NULL;
    struct origin o = {.code = -EINVAL};

    name.n = equals;
    const struct opt_row *row = find_long(p->table, name);

    if (!row && str_is(name, "help") && !value)
        return OPT_E_HELP;
    if (!row)
        return unknown_long(p->table, name);
    snprintf(o.text, sizeof(o.text), "--%s", row->name);
    if (value)
        return given(p, row, &o, value);
    if (takes_no_value(row))
        return given(p, row, &o, "true");
    return row->implied ? given(p, row, &o, row->implied) : value_follows(p, row, &o);
}

/* -q, -qv, -u10, -u=10, -u 10. The first option that takes a value takes the rest. */
static int parse_short(struct parse *p, const char *arg)
{
    for (const char *c = arg + 1; *c; c++) {
        const struct opt_row *row = find_short(p->table, *c);
        struct origin o = {.code = -EINVAL};

        if (!row && *c == 'h')
            return OPT_E_HELP;
        if (!row) {
            return fault(-EINVAL, "unknown option '-%c' in '%s'; see '%s --help'", *c, arg,
                         p->table->name);
        }
        snprintf(o.text, sizeof(o.text), "-%c", *c);
        if (c[1] == '=')
            return given(p, row, &o, c + 2);
        if (takes_no_value(row)) {
            TRY(given(p, row, &o, "true"));
            continue;
        }
        if (row->implied)
            return given(p, row, &o, c[1] ? c + 1 : row->implied);
        return c[1] ? given(p, row, &o, c + 1) : value_follows(p, row, &o);
    }
    return 0;
}

static void add_operand(struct parse *p, const char *arg)
{
    vec_push(p->args.operands, p->args.n_operands, p->operands_cap) = arg;
}

static int parse_arguments(struct parse *p)
{
    while (p->next < p->argc) {
        const char *arg = p->argv[p->next++];
        int r = 0;

        if (strcmp(arg, "--") == 0)
            break;
        if (arg[0] == '-' && arg[1] == '-') {
            r = parse_long(p, arg);
        } else if (arg[0] == '-' && arg[1]) {
            r = parse_short(p, arg);
        } else {
            add_operand(p, arg);
        }
        if (r)
            return r;
    }
    while (p->next < p->argc)
        add_operand(p, p->argv[p->next++]);
    return 0;
}

/* ---- the rest ---- */

static int parse_environment(struct parse *p)
{
    for (size_t i = 0; i < p->table->n_rows; i++) {
        const struct opt_row *row = &p->table->rows[i];
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets variables while we start */
        const char *value = row->env && !p->args.given[i] ? getenv(row->env) : NULL;
        struct origin o = {.code = FAULT_EXIT(104)};

        if (!value || !*value)
            continue;
        snprintf(o.text, sizeof(o.text), "%s", row->env);
        TRY(store(p, row, &o, value));
    }
    return 0;
}

static int check_operands(const struct parse *p)
{
    const struct opt_table *t = p->table;

    if (p->args.n_operands < t->min_operands) {
        return fault(-EINVAL, "%s needs %s; see '%s --help'", t->name,
                     t->operands ? t->operands : "an operand", t->name);
    }
    if (p->args.n_operands > t->max_operands) {
        return fault(-EINVAL, "%s does not take '%s'; see '%s --help'", t->name,
                     p->args.operands[t->max_operands], t->name);
    }
    return 0;
}

static int parse_all(struct parse *p)
{
    int r = parse_arguments(p);

    if (r)
        return r;
    TRY(parse_environment(p));
    return check_operands(p);
}

int opt_parse(const struct opt_table *table, void *object, int argc, char **argv,
              struct opt_args *ret_args)
{
    struct parse p = {.table = table, .object = object, .argc = argc, .argv = argv, .next = 1};

    p.args.given = xnew_n(bool, table->n_rows);
    int r = parse_all(&p);

    if (r < 0) {
        opt_args_fini(&p.args);
    } else {
        *ret_args = p.args;
    }
    return r;
}

void opt_args_fini(struct opt_args *args)
{
    free(args->operands);
    free(args->given);
    *args = (struct opt_args){0};
}

void opt_list_fini(struct opt_list *list)
{
    free(list->items);
    *list = (struct opt_list){0};
}

bool opt_given(const struct opt_table *table, const struct opt_args *args, const char *name)
{
    const struct opt_row *row = find_long(table, str_of(name));

    assert(row);
    return args->given[row - table->rows];
}

/*
 * The optimal string alignment distance: insertions, deletions, substitutions and swaps of
 * neighbours. Words longer than the table are never near anything.
 */
enum {
    WORD_MAX = 48
};

static size_t distance(struct str a, struct str b)
{
    uint8_t d[WORD_MAX + 1][WORD_MAX + 1];

    if (a.n > WORD_MAX || b.n > WORD_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b.n; j++)
        d[0][j] = (uint8_t)j;
    for (size_t i = 1; i <= a.n; i++) {
        d[i][0] = (uint8_t)i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t best = d[i - 1][j - 1] + (size_t)(a.p[i - 1] != b.p[j - 1]);
            size_t gap = (d[i - 1][j] < d[i][j - 1] ? d[i - 1][j] : d[i][j - 1]) + 1U;
            bool swapped = i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1];

            best = gap < best ? gap : best;
            if (swapped && d[i - 2][j - 2] + 1U < best)
                best = d[i - 2][j - 2] + 1U;
            d[i][j] = (uint8_t)best;
        }
    }
    return d[a.n][b.n];
}

const char *opt_nearest(const char *typed, const char *const *names, size_t n_names, size_t stride)
{
    struct str word = str_of(typed);
    /* One slip in a short word, two in a longer one; more is another word. */
    size_t best = word.n <= 3 ? 2 : 3;
    const char *nearest = NULL;

    for (size_t i = 0; i < n_names; i++) {
        const char *name;

        memcpy(&name, (const char *)names + i * stride, sizeof(name));
        size_t d = distance(word, str_of(name));
        /* What was cut short counts as near: --insecure, --thresh. */
        bool is_start = word.n >= 4 && str_starts(str_of(name), word);

        if (d < best || (is_start && !nearest)) {
            best = d < best ? d : best;
            nearest = name;
        }
    }
    return nearest;
}
