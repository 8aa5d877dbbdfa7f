/*
 * The interval of each panel is reckoned as Grafana reckons it for a panel 1000 pixels wide,
 * because what a window holds is part of what can be empty.
 */
#include "dashboard/query_check.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "dashboard/query_time.h"
#include "dashboard/query_why.h"

enum {
    POINTS = 1000,      /* of a panel that does not say */
    REPEATS_MAX = 20,   /* of one panel */
    POINTS_MAX = 11000, /* more, and Prometheus refuses */
};

struct check {
    const struct queries *q;
    struct query_servers *servers;
    const struct query_check_options *options;
    struct query_context context;
    struct query_resolved *resolved;
    struct query_tally *tally;
    struct arena arena;
    size_t n_panel;
};

const char *query_verdict_name(enum query_verdict verdict)
{
    static const char *const names[] = {"ok", "empty", "failed", "skipped"};

    return names[verdict];
}

/* ---- one query ---- */

static span_ns interval_of(const struct check *c, const struct query_panel *panel,
                           const struct query_target *t)
{
    scoped(buf_fini) struct buf text = {0};
    span_ns range = c->context.to - c->context.from;
    int64_t points = panel && panel->max_points > 0 ? panel->max_points : POINTS;
    struct str written = t->interval.n ? t->interval : panel ? panel->interval : (struct str){0};

    ignored(query_fill(QUERY_OTHER, written, &c->context, &text));

    span_ns least = query_span_parse(buf_str(&text));

    if (!least && t->kind == QUERY_PROMETHEUS)
        least = c->context.scrape;
    if (least < range / POINTS_MAX)
        least = range / POINTS_MAX;
    return query_interval(range, points, least);
}

/* The text with everything filled in. A fault says why it cannot be. */
static int fill_target(struct check *c, const struct query_panel *panel,
                       const struct query_target *t, struct buf *out)
{
    scoped(buf_fini) struct buf whole = BUF_INIT(QUERIES_TEXT_BYTES * 4);
    struct str text = t->text;

    if (t->kind == QUERY_GRAPHITE && panel) {
        int r = query_fill_references(panel, text, &whole);

        if (r)
            return r < 0 ? r : fault(-EINVAL, "its references make it too long");
        text = buf_str(&whole);
    }
    if (query_fill(t->kind, text, &c->context, out))
        return fault(-EINVAL, "it is too long with its variables filled in");
    return 0;
}

static const char *why_not_asked(const struct check *c, const struct query_target *t)
{
    switch (t->kind) {
    case QUERY_OTHER:
        return "its data source is none that is asked here";
    case QUERY_SHARED:
        return "shows the result of another panel";
    case QUERY_GRAFANA:
        return "asks Grafana itself";
    default:
        break;
    }
    if (!t->text.n)
        return "has no query";
    return c->servers->has[t->kind] ? NULL : "no such server was given";
}

/* The variables of the query that have no value: the first thing to know. */
static void put_empty_variables(const struct check *c, struct str text, struct buf *out)
{
    size_t at = 0;
    struct str name;

    while (query_fill_next(text, &at, &name)) {
        for (size_t i = 0; i < c->q->n_variables; i++) {
            const struct query_resolved *v = &c->resolved[i];

            if (v->why.n && str_eq(v->variable->name, name))
                buf_printf(out, "$%.*s is empty: %.*s; ", STR_ARG(name), STR_ARG(v->why));
        }
    }
}

static void ask(struct check *c, const struct query_panel *panel, struct query_result *r,
                struct buf *text, struct buf *why)
{
    struct query_span span = {.from = c->context.from,
                              .to = c->context.to,
                              .step = c->context.interval,
                              .instant = r->target->instant};

    if (fill_target(c, panel, r->target, text)) {
        r->verdict = QUERY_FAILED;
        buf_puts(why, fault_text());
        return;
    }
    query_ask(c->servers, r->target->kind, buf_str(text), &span, &r->answer);
    if (r->answer.error[0]) {
        r->verdict = QUERY_FAILED;
        put_empty_variables(c, r->target->text, why);
        buf_puts(why, r->answer.error);
    } else if (!r->answer.n_points) {
        r->verdict = QUERY_EMPTY;
        put_empty_variables(c, r->target->text, why);
        query_why(c->servers, r->target->kind, buf_str(text), &span, &r->answer, why);
    }
}

static void count(struct check *c, const struct query_result *r)
{
    if (r->target->hidden || !r->panel)
        c->tally->n_hidden++;
    else
        c->tally->n[r->verdict]++;
}

static void check_target(struct check *c, const struct query_panel *panel,
                         const struct query_target *t, struct str title)
{
    scoped(buf_fini) struct buf text = BUF_INIT(QUERIES_TEXT_BYTES * 8);
    scoped(buf_fini) struct buf why = {0}, shown = {0}, row = {0};
    struct query_result r = {
        .panel = panel, .target = t, .n_panel = c->n_panel, .answer = {.last = NAN}};
    const char *not_asked = why_not_asked(c, t);

    c->context.interval = interval_of(c, panel, t);
    ignored(query_fill_title(title, &c->context, &shown));
    ignored(query_fill_title(panel ? panel->row : (struct str){0}, &c->context, &row));
    if (not_asked) {
        r.verdict = QUERY_SKIPPED;
        buf_puts(&why, not_asked);
    } else {
        ask(c, panel, &r, &text, &why);
    }
    r.title = buf_str(&shown);
    r.row = buf_str(&row);
    r.text = buf_str(&text);
    r.why = buf_str(&why);
    count(c, &r);
    c->options->result(c->options->arg, &r);
}

/* ---- panels ---- */

static void check_once(struct check *c, const struct query_panel *panel)
{
    for (size_t i = 0; i < panel->n_targets; i++)
        check_target(c, panel, &panel->targets[i], panel->title);
    c->n_panel++;
}

static const struct query_resolved *variable(const struct check *c, struct str name)
{
    for (size_t i = 0; name.n && i < c->q->n_variables; i++) {
        if (str_eq(c->q->variables[i].name, name))
            return &c->resolved[i];
    }
    return NULL;
}

/* Panels one after another, for each value of a variable; once without one. */
static void check_each(struct check *c, struct str name, const struct query_panel *panels, size_t n)
{
    const struct query_resolved *v = variable(c, name);
    size_t n_values = v ? v->value.n_values : 0;

    for (size_t i = 0; i < (n_values ? n_values : 1) && i < REPEATS_MAX; i++) {
        struct query_value one = v ? v->value : (struct query_value){0};

        if (n_values) {
            one.values = &v->value.values[i];
            one.n_values = 1;
            one.raw = (struct str){0};
            c->context.scoped = &one;
            c->context.n_scoped = 1;
        }
        for (size_t j = 0; j < n; j++)
            check_once(c, &panels[j]);
        c->context.scoped = NULL;
        c->context.n_scoped = 0;
    }
}

/* How many panels from the first on are of one row that is repeated. */
static size_t row_length(const struct query_panel *panels, size_t n)
{
    size_t i = 1;

    while (panels[0].row_repeat.n && i < n && str_eq(panels[i].row_repeat, panels[0].row_repeat) &&
           str_eq(panels[i].row, panels[0].row) && !panels[i].repeat.n)
        i++;
    return i;
}

static void check_all(struct check *c)
{
    for (size_t i = 0, n; i < c->q->n_panels; i += n) {
        const struct query_panel *p = &c->q->panels[i];

        n = p->repeat.n ? 1 : row_length(p, c->q->n_panels - i);
        check_each(c, p->repeat.n ? p->repeat : p->row_repeat, p, n);
    }
    for (size_t i = 0; c->options->annotations && i < c->q->n_annotations; i++) {
        const struct query_annotation *a = &c->q->annotations[i];

        if (a->target.kind != QUERY_GRAFANA)
            check_target(c, NULL, &a->target, a->name);
    }
}

/* ---- the beginning ---- */

static struct str either(struct str a, struct str b, struct str c)
{
    return a.n ? a : b.n ? b : c;
}

static int take_time(struct check *c)
{
    const struct query_check_options *o = c->options;
    struct str from = either(o->from, c->q->from, STR("now-15m"));
    struct str to = either(o->to, o->from.n ? STR("now") : c->q->to, STR("now"));

    TRY(query_time_parse(from, o->now, false, &c->context.from));
    TRY(query_time_parse(to, o->now, true, &c->context.to));
    if (c->context.from >= c->context.to)
        return fault(-EINVAL, "the time range from %.*s to %.*s is empty", STR_ARG(from),
                     STR_ARG(to));
    return 0;
}

static int check_given(const struct check *c)
{
    for (size_t i = 0; i < c->options->n_given; i++) {
        struct str name = c->options->given[i].name;

        if (!queries_variable(c->q, name))
            return fault(-EINVAL, "--var %.*s: the dashboard '%.*s' has no such variable",
                         STR_ARG(name), STR_ARG(c->q->title));
    }
    return 0;
}

static int prepare(struct check *c)
{
    c->context.scrape = c->options->scrape > 0 ? c->options->scrape : 15 * NS_PER_S;
    c->context.dashboard = c->q->title;
    c->context.bucket = c->servers->bucket;
    c->context.organization = c->servers->organization;
    TRY(check_given(c));
    TRY(take_time(c));
    c->context.interval =
        query_interval(c->context.to - c->context.from, POINTS, c->context.scrape);
    query_lookup(c->q, c->servers, c->options->given, c->options->n_given, &c->arena, &c->context,
                 &c->resolved);
    if (c->options->resolved)
        c->options->resolved(c->options->arg, c->q, &c->context, c->resolved);
    return 0;
}

int query_check(const struct queries *q, struct query_servers *servers,
                const struct query_check_options *options, struct query_tally *ret_tally)
{
    struct query_tally tally = {0};
    struct check c = {.q = q, .servers = servers, .options = options, .tally = &tally};
    int r = prepare(&c);

    if (r == 0) {
        check_all(&c);
        *ret_tally = tally;
    }
    arena_fini(&c.arena);
    return r;
}
