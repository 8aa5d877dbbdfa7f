/*
 * The measurement is looked for, then its rows in the time range, then its rows under the
 * conditions one by one, then the fields that are asked for.
 */
#include "dashboard/query_scan.h"
#include "dashboard/query_why_priv.h"

static bool is_time(struct str condition)
{
    return str_starts_nocase(condition, STR("time")) &&
           (condition.n == 4 || !scan_is_word(condition.p[4]));
}

/* SELECT * FROM m WHERE the first n conditions, and those of time whatever their place. */
static bool any(struct why *w, const struct scan_select *s, size_t n)
{
    scoped(buf_fini) struct buf text = {0};
    bool is_first = true;

    buf_printf(&text, "SELECT * FROM %.*s", STR_ARG(s->from));
    for (size_t i = 0; i < s->n_conditions; i++) {
        if (i >= n && !is_time(s->conditions[i]))
            continue;
        buf_printf(&text, "%s%.*s", is_first ? " WHERE " : " AND ", STR_ARG(s->conditions[i]));
        is_first = false;
    }
    buf_puts(&text, " LIMIT 1");
    return query_ask_any(w->servers, QUERY_INFLUXQL, buf_str(&text), w->span);
}

static int list(struct why *w, struct buf *text, enum query_list what, struct why_list *ret)
{
    return query_ask_list(w->servers, QUERY_INFLUXQL, what, (struct str){0}, buf_str(text),
                          why_list_add, ret);
}

static void say_measurement(struct why *w, const struct scan_select *s)
{
    struct why_list all = {.look = s->name};
    int r = query_ask_list(w->servers, QUERY_INFLUXQL, QUERY_LIST_NAMES, (struct str){0},
                           STR("SHOW MEASUREMENTS"), why_list_add, &all);

    if (r == 0 && (all.found || !s->name.n)) {
        buf_puts(w->out, "the measurement ");
        why_put(w->out, s->from);
        buf_puts(w->out, " has no points in this time range");
    } else if (r == 0) {
        buf_puts(w->out, "there is no measurement ");
        why_put(w->out, s->from);
        if (all.n) {
            buf_printf(w->out, " in the database %.*s; there is ", STR_ARG(w->servers->db));
            why_list_put(&all, w->out);
        }
    }
    why_list_fini(&all);
}

/* The quoted or plain name that a condition begins with. */
static struct str key_of(struct str condition)
{
    size_t start = condition.n && condition.p[0] == '"';
    size_t end = start;

    while (end < condition.n && (start ? condition.p[end] != '"' : scan_is_word(condition.p[end])))
        end++;
    return str_from(condition.p + start, end - start);
}

static int list_fields(struct why *w, const struct scan_select *s, struct why_list *ret)
{
    scoped(buf_fini) struct buf text = {0};

    buf_printf(&text, "SHOW FIELD KEYS FROM %.*s", STR_ARG(s->from));
    return list(w, &text, QUERY_LIST_NAMES, ret);
}

static bool is_field(struct why *w, const struct scan_select *s, struct str name)
{
    struct why_list fields = {.look = name};
    int r = list_fields(w, s, &fields);

    why_list_fini(&fields);
    return r == 0 && fields.found;
}

static void say_condition(struct why *w, const struct scan_select *s, struct str condition)
{
    struct why_list values = {0};
    struct str key = key_of(condition);
    scoped(buf_fini) struct buf text = {0};

    buf_printf(&text, "SHOW TAG VALUES FROM %.*s WITH KEY = \"%.*s\"", STR_ARG(s->from),
               STR_ARG(key));
    int r = list(w, &text, QUERY_LIST_VALUES, &values);

    buf_puts(w->out, "no point of ");
    why_put(w->out, s->from);
    buf_puts(w->out, " has ");
    why_put(w->out, condition);
    if (r == 0 && values.n) {
        buf_printf(w->out, "; %.*s is ", STR_ARG(key));
        why_list_put(&values, w->out);
    } else if (r == 0) {
        buf_printf(w->out, "; it has no tag %.*s%s", STR_ARG(key),
                   is_field(w, s, key) ? ", but a field" : "");
    }
    why_list_fini(&values);
}

/* A quoted name among the columns that is neither a field nor a tag. */
static bool say_field(struct why *w, const struct scan_select *s)
{
    for (size_t i = 0; i < s->columns.n;) {
        size_t end = scan_skip(s->columns, i);

        if (s->columns.p[i] == '(') {
            i++; /* names are within a function's brackets as well */
            continue;
        }
        if (s->columns.p[i] == '"' && end > i + 2) {
            struct str name = str_from(s->columns.p + i + 1, end - i - 2);
            struct why_list fields = {.look = name};
            int r = list_fields(w, s, &fields);
            bool is_missing = r == 0 && fields.n && !fields.found;

            if (is_missing) {
                buf_printf(w->out, "there is no field %.*s in ", STR_ARG(name));
                why_put(w->out, s->from);
                buf_puts(w->out, "; there is ");
                why_list_put(&fields, w->out);
            }
            why_list_fini(&fields);
            return is_missing;
        }
        i = end;
    }
    return false;
}

void why_influxql(struct why *w, struct str text)
{
    struct scan_select s;

    if (!scan_influxql(text, &s) || !s.from.n)
        return;
    if (!any(w, &s, 0)) {
        say_measurement(w, &s);
        return;
    }
    for (size_t i = 0; i < s.n_conditions; i++) {
        if (!is_time(s.conditions[i]) && !any(w, &s, i + 1)) {
            say_condition(w, &s, s.conditions[i]);
            return;
        }
    }
    ignored(say_field(w, &s));
}
