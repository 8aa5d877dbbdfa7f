/*
 * Each variable gets its options first: a list it has, or what a server answers, cut by a regular
 * expression. Of these what is chosen is taken. Before a query is asked, the variables in it are
 * resolved, whatever their order; a circle is cut where it closes.
 */
#include "dashboard/query_lookup.h"

#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/table.h"
#include "dashboard/query_pattern.h"
#include "dashboard/query_scan.h"

enum {
    OPTIONS_MAX = 2000,
    VALUE_BYTES = 4096, /* a longer one is left out */
    SHOWN_BYTES = 200,  /* of a query, in messages */
};

struct lookup {
    const struct queries *q;
    struct query_servers *servers;
    const struct query_given *given;
    size_t n_given;
    struct arena *arena;
    struct query_context *context;
    struct query_resolved *resolved;
    struct query_value *values; /* the context's */
    enum {
        UNSEEN,
        OPEN,
        DONE
    } * state;
};

/* The options of one variable as they come in. */
struct options {
    struct arena *arena;
    const struct query_pattern *pattern; /* NULL: all are taken */
    struct str *list;
    size_t n, cap;
    size_t n_seen; /* before the pattern */
    struct table known;
};

static void add_option(void *arg, struct str value)
{
    struct options *o = arg;

    o->n_seen++;
    if (value.n > VALUE_BYTES || o->n >= OPTIONS_MAX ||
        (o->pattern && !query_pattern_match(o->pattern, value, &value)) || !value.n ||
        table_get(&o->known, value))
        return;
    ignored(table_set(&o->known, value, o));
    vec_push(o->list, o->n, o->cap) = arena_str(o->arena, value);
}

/* ---- lists that the dashboard has ---- */

/* "a, b" and "text : value"; a comma after a backslash belongs to the value. */
static void list_custom(struct str text, struct options *o)
{
    scoped(buf_fini) struct buf one = {0};

    for (size_t i = 0; i <= text.n; i++) {
        char c = i < text.n ? text.p[i] : ',';

        if (c == '\\' && i + 1 < text.n && text.p[i + 1] == ',') {
            buf_putc(&one, text.p[++i]);
        } else if (c != ',') {
            buf_putc(&one, c);
        } else {
            struct str value = str_trim(buf_str(&one));
            size_t colon = str_find_str(value, STR(" : "));

            add_option(o, colon < value.n ? str_trim(str_from_index(value, colon + 3)) : value);
            buf_reset(&one);
        }
    }
}

/* ---- lists that servers have ---- */

/* "name(arguments)": the arguments, when `text` is that call and nothing else. */
static bool is_call(struct str text, const char *name, struct str *ret_arguments)
{
    size_t n = strlen(name);

    text = str_trim(text);
    if (!str_starts(text, str_of(name)))
        return false;
    struct str rest = str_trim(str_from_index(text, n));

    if (rest.n < 2 || rest.p[0] != '(' || rest.p[rest.n - 1] != ')')
        return false;
    *ret_arguments = str_trim(str_from(rest.p + 1, rest.n - 2));
    return true;
}

/* What is behind the last comma that is in no bracket. */
static struct str last_argument(struct str arguments, struct str *ret_before)
{
    struct str rest = arguments, part = {0}, last = {0};

    *ret_before = (struct str){0};
    while (scan_split(&rest, ',', &part)) {
        if (last.p)
            *ret_before = str_trim(str_from(arguments.p, (size_t)(part.p - arguments.p)));
        last = part;
    }
    if (ret_before->n && ret_before->p[ret_before->n - 1] == ',')
        ret_before->n--;
    return last;
}

static void put_range(const struct lookup *l, struct buf *path)
{
    query_put_time(path, "start", l->context->from);
    query_put_time(path, "end", l->context->to);
}

static int ask_label(struct lookup *l, struct str label, struct str match, struct options *o)
{
    scoped(buf_fini) struct buf path = {0};

    buf_printf(&path, "/api/v1/label/%.*s/values", STR_ARG(label));
    put_range(l, &path);
    if (match.n)
        query_put_param(&path, "match[]", match);
    return query_ask_list(l->servers, QUERY_PROMETHEUS, QUERY_LIST_VALUES, buf_str(&path),
                          (struct str){0}, add_option, o);
}

static bool is_label(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!scan_is_word(s.p[i]))
            return false;
    }
    return s.n > 0;
}

/* Names of metrics are cut by a pattern of their own before the variable's. */
struct names {
    struct query_pattern *pattern;
    struct options *to;
};

static void add_name(void *arg, struct str value)
{
    struct names *n = arg;
    struct str group;

    if (query_pattern_match(n->pattern, value, &group))
        add_option(n->to, value);
}

static int ask_names(struct lookup *l, struct str pattern, struct options *o)
{
    scoped(buf_fini) struct buf path = {0};
    struct names names = {.to = o};

    TRY(query_pattern_new(pattern, &names.pattern));
    buf_puts(&path, "/api/v1/label/__name__/values");
    put_range(l, &path);
    int r = query_ask_list(l->servers, QUERY_PROMETHEUS, QUERY_LIST_VALUES, buf_str(&path),
                           (struct str){0}, add_name, &names);

    query_pattern_free(names.pattern);
    return r;
}

static int ask_results(struct lookup *l, struct str expression, struct options *o)
{
    scoped(buf_fini) struct buf path = {0};

    buf_puts(&path, "/api/v1/query");
    query_put_param(&path, "query", expression);
    query_put_time(&path, "time", l->context->to);
    return query_ask_list(l->servers, QUERY_PROMETHEUS, QUERY_LIST_RESULTS, buf_str(&path),
                          (struct str){0}, add_option, o);
}

static int ask_prometheus(struct lookup *l, struct str text, struct options *o)
{
    struct str arguments, match;

    if (is_call(text, "label_names", &arguments)) {
        scoped(buf_fini) struct buf path = {0};

        buf_puts(&path, "/api/v1/labels");
        put_range(l, &path);
        return query_ask_list(l->servers, QUERY_PROMETHEUS, QUERY_LIST_VALUES, buf_str(&path),
                              (struct str){0}, add_option, o);
    }
    if (is_call(text, "label_values", &arguments)) {
        struct str label = last_argument(arguments, &match);

        if (is_label(label))
            return ask_label(l, label, match, o);
        return fault(-EINVAL, "'%.*s' is no label", STR_ARG(label));
    }
    if (is_call(text, "metrics", &arguments))
        return ask_names(l, arguments, o);
    if (is_call(text, "query_result", &arguments))
        return ask_results(l, arguments, o);
    return fault(-EINVAL, "it is none of label_names(), label_values(), metrics(), query_result()");
}

static int ask_influxql(struct lookup *l, struct str text, struct options *o)
{
    struct str trimmed = str_trim(text);
    bool is_keys = str_starts_nocase(trimmed, STR("show tag keys")) ||
                   str_starts_nocase(trimmed, STR("show field keys")) ||
                   str_starts_nocase(trimmed, STR("show retention"));

    return query_ask_list(l->servers, QUERY_INFLUXQL,
                          is_keys ? QUERY_LIST_NAMES : QUERY_LIST_VALUES, (struct str){0}, text,
                          add_option, o);
}

/* tags(), tag_values(tag, expressions...), or a pattern of paths. */
static int ask_graphite(struct lookup *l, struct str text, struct options *o)
{
    scoped(buf_fini) struct buf path = {0};
    struct str arguments, one;

    if (is_call(text, "tags", &arguments)) {
        buf_puts(&path, "/tags/autoComplete/tags");
    } else if (is_call(text, "tag_values", &arguments)) {
        buf_puts(&path, "/tags/autoComplete/values");
        for (bool is_tag = true; scan_split(&arguments, ',', &one); is_tag = false)
            query_put_param(&path, is_tag ? "tag" : "expr", one);
    } else {
        buf_puts(&path, "/metrics/find");
        query_put_param(&path, "query", text);
    }
    if (str_starts(buf_str(&path), STR("/tags")))
        query_put_param(&path, "limit", STR("1000"));
    return query_ask_list(l->servers, QUERY_GRAPHITE, QUERY_LIST_NAMES, buf_str(&path),
                          (struct str){0}, add_option, o);
}

static int ask_kind(struct lookup *l, enum query_kind kind, struct str text, struct options *o)
{
    if (kind >= QUERY_N_KINDS)
        return fault(-EINVAL, "its data source is none that is asked here");
    if (!l->servers->has[kind])
        return fault(-EINVAL, "no %s server was given", query_kind_name(kind));
    switch (kind) {
    case QUERY_PROMETHEUS:
        return ask_prometheus(l, text, o);
    case QUERY_INFLUXQL:
        return ask_influxql(l, text, o);
    case QUERY_GRAPHITE:
        return ask_graphite(l, text, o);
    default:
        return query_ask_list(l->servers, QUERY_FLUX, QUERY_LIST_VALUES, (struct str){0}, text,
                              add_option, o);
    }
}

static void resolve(struct lookup *l, size_t i);

/* Those that a text uses come first. */
static void resolve_used(struct lookup *l, struct str text)
{
    size_t at = 0;
    struct str name;

    while (query_fill_next(text, &at, &name)) {
        for (size_t i = 0; i < l->q->n_variables; i++) {
            if (str_eq(l->q->variables[i].name, name))
                resolve(l, i);
        }
    }
}

static void list_query(struct lookup *l, const struct query_variable *v, struct options *o,
                       struct str *ret_why)
{
    scoped(buf_fini) struct buf text = BUF_INIT(QUERIES_TEXT_BYTES * 4);
    struct query_pattern *pattern = NULL;
    int r = 0;

    resolve_used(l, v->query);
    if (query_fill(v->kind, v->query, l->context, &text))
        r = fault(-EINVAL, "it is too long with its variables filled in");
    if (r == 0 && v->regex.n)
        r = query_pattern_new(v->regex, &pattern);
    o->pattern = pattern;
    if (r == 0)
        r = ask_kind(l, v->kind, buf_str(&text), o);
    int n = (int)(v->query.n < SHOWN_BYTES ? v->query.n : SHOWN_BYTES);

    if (r)
        *ret_why = str_of(
            arena_printf(l->arena, "%s (%.*s)", fault_text(), n, v->query.p ? v->query.p : ""));
    else if (!o->n)
        *ret_why =
            str_of(arena_printf(l->arena, "%.*s finds %s", n, v->query.p ? v->query.p : "",
                                o->n_seen ? "nothing that its regex lets through" : "nothing"));
    query_pattern_free(pattern);
    o->pattern = NULL;
}

/* ---- what is chosen ---- */

static bool is_all_word(struct str value)
{
    return str_is(value, "$__all") || str_is(value, "All");
}

static bool has_option(const struct options *o, struct str value)
{
    return table_get(&o->known, value) != NULL;
}

static void choose_all(struct query_resolved *r, const struct options *o)
{
    r->is_all = true;
    r->value.raw = r->variable->all_value;
    r->value.values = o->list;
    r->value.n_values = o->n;
}

/* What the user asks for is taken as it is, whatever the options. */
static bool choose_given(struct lookup *l, struct query_resolved *r, const struct options *o)
{
    struct str *list = arena_new_n(l->arena, struct str, l->n_given + 1);
    size_t n = 0;

    for (size_t i = 0; i < l->n_given; i++) {
        if (!str_eq(l->given[i].name, r->variable->name))
            continue;
        if (r->variable->include_all && is_all_word(l->given[i].value)) {
            choose_all(r, o);
            return true;
        }
        list[n++] = l->given[i].value;
    }
    r->value.values = list;
    r->value.n_values = n;
    return n > 0;
}

/* What it was saved with, as far as there is such a thing. */
static bool choose_saved(struct lookup *l, struct query_resolved *r, const struct options *o)
{
    const struct query_variable *v = r->variable;
    struct str *list = arena_new_n(l->arena, struct str, v->n_current + 1);
    size_t n = 0;

    for (size_t i = 0; i < v->n_current; i++) {
        if (v->include_all && str_is(v->current[i], "$__all")) {
            choose_all(r, o);
            return true;
        }
        if (has_option(o, v->current[i]))
            list[n++] = v->current[i];
    }
    r->value.values = list;
    r->value.n_values = n;
    return n > 0;
}

static void choose(struct lookup *l, struct query_resolved *r, const struct options *o)
{
    if (choose_given(l, r, o) || choose_saved(l, r, o))
        return;
    if (r->variable->include_all) {
        choose_all(r, o);
        return;
    }
    r->value.values = o->list;
    r->value.n_values = o->n ? 1 : 0;
}

/* ---- one variable ---- */

static void list_options(struct lookup *l, struct query_resolved *r, struct options *o)
{
    const struct query_variable *v = r->variable;

    switch (v->type) {
    case QUERY_VAR_QUERY:
        list_query(l, v, o, &r->why);
        break;
    case QUERY_VAR_CUSTOM:
    case QUERY_VAR_INTERVAL:
        list_custom(v->query, o);
        break;
    case QUERY_VAR_TEXTBOX:
        for (size_t i = 0; i < v->n_current; i++)
            add_option(o, v->current[i]);
        add_option(o, v->query);
        break;
    case QUERY_VAR_CONSTANT:
    case QUERY_VAR_DATASOURCE:
        add_option(o, v->query);
        break;
    default:
        break;
    }
}

/* "auto" of an interval is $__interval. */
static void replace_auto(struct lookup *l, struct query_resolved *r)
{
    scoped(buf_fini) struct buf text = {0};

    if (r->variable->type != QUERY_VAR_INTERVAL || r->value.n_values != 1 ||
        !str_starts(r->value.values[0], STR("$__auto")))
        return;
    ignored(query_fill(QUERY_OTHER, STR("$__interval"), l->context, &text));
    struct str *list = arena_new(l->arena, struct str);

    *list = arena_str(l->arena, buf_str(&text));
    r->value.values = list;
}

static void resolve(struct lookup *l, size_t i)
{
    struct query_resolved *r = &l->resolved[i];
    struct options o = {.arena = l->arena};

    if (l->state[i] != UNSEEN)
        return;
    l->state[i] = OPEN;
    r->variable = &l->q->variables[i];
    r->value = (struct query_value){.name = r->variable->name,
                                    .is_list = r->variable->multi || r->variable->include_all};
    list_options(l, r, &o);
    choose(l, r, &o);
    replace_auto(l, r);
    if (r->value.n_values || r->value.raw.n || r->variable->type == QUERY_VAR_ADHOC)
        r->why = (struct str){0};
    else if (!r->why.n && r->variable->type != QUERY_VAR_TEXTBOX)
        r->why = STR("it has no values");
    /* The options outlive the list. */
    if (r->value.values == o.list && o.n) {
        struct str *list = arena_new_n(l->arena, struct str, o.n);

        memcpy(list, o.list, o.n * sizeof(*list));
        r->value.values = list;
    }
    free(o.list);
    table_fini(&o.known);
    l->values[i] = r->value;
    l->state[i] = DONE;
}

void query_lookup(const struct queries *q, struct query_servers *servers,
                  const struct query_given *given, size_t n_given, struct arena *arena,
                  struct query_context *context, struct query_resolved **ret_resolved)
{
    struct lookup l = {.q = q,
                       .servers = servers,
                       .given = given,
                       .n_given = n_given,
                       .arena = arena,
                       .context = context};

    l.resolved = arena_new_n(arena, struct query_resolved, q->n_variables + 1);
    l.values = arena_new_n(arena, struct query_value, q->n_variables + 1);
    l.state = xcalloc(q->n_variables + 1, sizeof(*l.state));
    context->values = l.values;
    context->n_values = q->n_variables;
    for (size_t i = 0; i < q->n_variables; i++)
        l.values[i].name = (struct str){0};
    for (size_t i = 0; i < q->n_variables; i++)
        resolve(&l, i);
    free(l.state);
    *ret_resolved = l.resolved;
}
