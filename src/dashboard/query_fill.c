/*
 * One pass over the text looks for $name, ${name:format} and [[name:format]]. Those beginning with
 * two underscores, and $timeFilter, are made of the time range; the rest are the dashboard's. Flux
 * has besides v.timeRangeStart and its like, which Grafana replaces whatever stands before the dot.
 */
#include "dashboard/query_fill.h"

#include <errno.h>
#include <stdio.h>

#include "dashboard/query_format.h"
#include "dashboard/query_time.h"

enum {
    INNER_BYTES = 512,     /* between "${" and "}" */
    REFERENCE_DEPTH = 8,   /* of "#A" whose target has "#B" ... */
    REFERENCES_MAX = 1000, /* altogether */
};

/* ---- finding them ---- */

/* A place in a text that stands for a value. */
struct place {
    size_t start, end; /* in the text, its signs included */
    struct str name;
    struct str format; /* or empty */
};

static bool is_word(char c)
{
    return ascii_digit(c) || c == '_' || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

static size_t word_length(struct str s)
{
    size_t n = 0;

    while (n < s.n && is_word(s.p[n]))
        n++;
    return n;
}

/* "name:format" or "name.field:format" between signs; `inner` is all of it. */
static bool take_inner(struct str inner, struct place *p)
{
    size_t n = word_length(inner);
    struct str rest = str_from_index(inner, n);
    size_t colon = str_find(rest, ':');

    if (n == 0 || (rest.n && rest.p[0] != ':' && rest.p[0] != '.'))
        return false;
    p->name = str_from(inner.p, n);
    p->format = colon < rest.n ? str_from_index(rest, colon + 1) : (struct str){0};
    return true;
}

/* Whether a place begins at text[at]. */
static bool place_at(struct str text, size_t at, struct place *p)
{
    struct str rest = str_from_index(text, at);
    bool is_braced = str_starts(rest, STR("${"));

    p->start = at;
    if (is_braced || str_starts(rest, STR("[["))) {
        struct str inner = str_from_index(rest, 2);

        inner.n = inner.n < INNER_BYTES ? inner.n : INNER_BYTES;
        size_t n = is_braced ? str_find(inner, '}') : str_find_str(inner, STR("]]"));

        p->end = at + 2 + n + (is_braced ? 1 : 2);
        return n < inner.n && take_inner(str_from(inner.p, n), p);
    }
    if (rest.n == 0 || rest.p[0] != '$')
        return false;

    size_t n = word_length(str_from_index(rest, 1));

    p->end = at + 1 + n;
    p->name = str_from(rest.p + 1, n);
    p->format = (struct str){0};
    return n > 0;
}

static bool next_place(struct str text, size_t from, struct place *p)
{
    for (size_t at = from; at < text.n; at++) {
        if ((text.p[at] == '$' || text.p[at] == '[') && place_at(text, at, p))
            return true;
    }
    return false;
}

bool query_fill_next(struct str text, size_t *at, struct str *ret_name)
{
    struct place p;

    if (!next_place(text, *at, &p))
        return false;
    *at = p.end;
    *ret_name = p.name;
    return true;
}

/* ---- what the time range gives ---- */

static int add_text(struct buf *out, const char *text)
{
    return buf_add(out, text, strlen(text));
}

static int add_int(struct buf *out, int64_t n)
{
    char text[24];

    return buf_add(out, text, (size_t)snprintf(text, sizeof(text), "%lld", (long long)n));
}

static int add_span(struct buf *out, span_ns span)
{
    char text[QUERY_SPAN_BYTES];

    return add_text(out, query_span_text(span, text));
}

span_ns query_rate_interval(const struct query_context *c)
{
    span_ns scrape = c->scrape > 0 ? c->scrape : 15 * NS_PER_S;
    span_ns least = 4 * scrape;

    return c->interval + scrape > least ? c->interval + scrape : least;
}

static int add_time_filter(struct buf *out, const struct query_context *c)
{
    char text[120];
    int n = snprintf(text, sizeof(text), "time >= %lldms and time <= %lldms",
                     (long long)(c->from / NS_PER_MS), (long long)(c->to / NS_PER_MS));

    return buf_add(out, text, (size_t)n);
}

/* ${__from}, ${__from:date:iso}, ${__from:date:seconds} */
static int add_moment(struct buf *out, wall_ns at, struct str format)
{
    char text[QUERY_SPAN_BYTES];

    if (str_is(format, "date:seconds"))
        return add_int(out, at / NS_PER_S);
    if (str_starts(format, STR("date")))
        return add_text(out, query_time_text(at, text));
    return add_int(out, at / NS_PER_MS);
}

/* Returns 0, BUF_E_LIMIT, or -ENOENT: it is none of these. */
static int add_builtin(struct buf *out, const struct query_context *c, const struct place *p)
{
    span_ns range = c->to - c->from;

    if (str_is(p->name, "__interval") || str_is(p->name, "interval"))
        return add_span(out, c->interval);
    if (str_is(p->name, "__interval_ms"))
        return add_int(out, c->interval / NS_PER_MS);
    if (str_is(p->name, "__rate_interval"))
        return add_span(out, query_rate_interval(c));
    if (str_is(p->name, "__rate_interval_ms"))
        return add_int(out, query_rate_interval(c) / NS_PER_MS);
    if (str_is(p->name, "__range") || str_is(p->name, "__range_s")) {
        int r = add_int(out, (range + NS_PER_S / 2) / NS_PER_S);

        return r || p->name.n > 7 ? r : add_text(out, "s");
    }
    if (str_is(p->name, "__range_ms"))
        return add_int(out, range / NS_PER_MS);
    if (str_is(p->name, "timeFilter") || str_is(p->name, "__timeFilter"))
        return add_time_filter(out, c);
    if (str_is(p->name, "__from"))
        return add_moment(out, c->from, p->format);
    if (str_is(p->name, "__to"))
        return add_moment(out, c->to, p->format);
    if (str_is(p->name, "__dashboard"))
        return buf_add(out, c->dashboard.p, c->dashboard.n);
    return -ENOENT;
}

/* ---- the dashboard's variables ---- */

static const struct query_value *find_in(const struct query_value *values, size_t n,
                                         struct str name)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(values[i].name, name))
            return &values[i];
    }
    return NULL;
}

static const struct query_value *find_value(const struct query_context *c, struct str name)
{
    const struct query_value *v = find_in(c->scoped, c->n_scoped, name);

    return v ? v : find_in(c->values, c->n_values, name);
}

typedef int(put_fn)(enum query_kind kind, const struct query_value *v, struct str format,
                    struct buf *out);

static int put_value(enum query_kind kind, const struct query_value *v, struct str format,
                     struct buf *out)
{
    if (v->raw.n && !str_is(format, "text") && !str_is(format, "percentencode"))
        return buf_add(out, v->raw.p, v->raw.n);
    if (format.n || kind >= QUERY_FLUX)
        return query_format(format, v->values, v->n_values, out);
    if (kind == QUERY_PROMETHEUS)
        return query_format_prometheus(v->is_list, v->values, v->n_values, out);
    return query_format_influxql(v->is_list, v->values, v->n_values, out);
}

static int put_title(enum query_kind kind UNUSED, const struct query_value *v,
                     struct str format UNUSED, struct buf *out)
{
    if (v->raw.n || v->n_values > 3)
        return add_text(out, "All");
    return query_format(STR("text"), v->values, v->n_values, out);
}

static int fill(enum query_kind kind, struct str text, const struct query_context *c, put_fn *put,
                struct buf *out)
{
    size_t done = 0;
    struct place p;

    while (next_place(text, done, &p)) {
        const struct query_value *v = find_value(c, p.name);

        if (buf_add(out, text.p + done, p.start - done))
            return BUF_E_LIMIT;
        int r = v ? put(kind, v, p.format, out) : add_builtin(out, c, &p);

        if (r == -ENOENT)
            r = buf_add(out, text.p + p.start, p.end - p.start);
        if (r)
            return r;
        done = p.end;
    }
    return text.n > done ? buf_add(out, text.p + done, text.n - done) : 0;
}

/* ---- what Flux has besides ---- */

static int add_flux_string(struct buf *out, struct str s)
{
    return query_format(STR("doublequote"), &s, 1, out);
}

static int add_flux_time(struct buf *out, wall_ns at)
{
    char text[QUERY_SPAN_BYTES];

    return add_text(out, query_time_text(at, text));
}

/* The value of "v.NAME"; -ENOENT when it has none. */
static int add_flux_builtin(struct buf *out, const struct query_context *c, struct str name)
{
    if (str_is(name, "timeRangeStart"))
        return add_flux_time(out, c->from);
    if (str_is(name, "timeRangeStop"))
        return add_flux_time(out, c->to);
    if (str_is(name, "windowPeriod")) {
        int r = add_int(out, c->interval / NS_PER_MS);

        return r ? r : add_text(out, "ms");
    }
    if (str_is(name, "defaultBucket"))
        return add_flux_string(out, c->bucket);
    if (str_is(name, "organization"))
        return add_flux_string(out, c->organization);
    return -ENOENT;
}

static int fill_flux(struct str text, const struct query_context *c, struct buf *out)
{
    size_t at = 0;

    while (at < text.n) {
        size_t n = word_length(str_from_index(text, at));
        size_t dot = at + n;
        size_t m = n && dot < text.n && text.p[dot] == '.'
                       ? word_length(str_from_index(text, dot + 1))
                       : 0;
        int r = m ? add_flux_builtin(out, c, str_from(text.p + dot + 1, m)) : -ENOENT;

        if (r == 0) {
            at = dot + 1 + m;
            continue;
        }
        n = n ? n : 1;
        if (r != -ENOENT || buf_add(out, text.p + at, n))
            return BUF_E_LIMIT;
        at += n;
    }
    return 0;
}

int query_fill(enum query_kind kind, struct str text, const struct query_context *c,
               struct buf *out)
{
    if (kind != QUERY_FLUX)
        return fill(kind, text, c, put_value, out);

    scoped(buf_fini) struct buf filled = BUF_INIT(QUERIES_TEXT_BYTES * 4);
    int r = fill(kind, text, c, put_value, &filled);

    return r ? r : fill_flux(buf_str(&filled), c, out);
}

int query_fill_title(struct str text, const struct query_context *c, struct buf *out)
{
    return fill(QUERY_OTHER, text, c, put_title, out);
}

/* ---- "#A" of Graphite ---- */

static const struct query_target *target_of(const struct query_panel *panel, char ref)
{
    for (size_t i = 0; i < panel->n_targets; i++) {
        if (panel->targets[i].ref_id.n == 1 && panel->targets[i].ref_id.p[0] == ref)
            return &panel->targets[i];
    }
    return NULL;
}

struct references {
    const struct query_panel *panel;
    int n; /* so far: what refers twice to what refers twice ... grows fast */
};

static int add_references(struct references *r, struct str text, int depth, struct buf *out);

static int add_reference(struct references *r, char ref, int depth, struct buf *out)
{
    const struct query_target *t = target_of(r->panel, ref);

    if (!t)
        return fault(-EINVAL, "it refers to #%c, which the panel has not", ref);
    if (depth >= REFERENCE_DEPTH || ++r->n > REFERENCES_MAX)
        return fault(-EINVAL, "its queries refer to each other in a circle, or too often");
    return add_references(r, t->text, depth + 1, out);
}

static int add_references(struct references *r, struct str text, int depth, struct buf *out)
{
    int result = 0;

    for (size_t i = 0; i < text.n && !result; i++) {
        bool is_reference = text.p[i] == '#' && i + 1 < text.n && text.p[i + 1] >= 'A' &&
                            text.p[i + 1] <= 'Z' && (i + 2 == text.n || !is_word(text.p[i + 2]));

        if (is_reference)
            result = add_reference(r, text.p[++i], depth, out);
        else
            result = buf_add(out, text.p + i, 1);
    }
    return result;
}

int query_fill_references(const struct query_panel *panel, struct str text, struct buf *out)
{
    struct references r = {.panel = panel};

    return add_references(&r, text, 0, out);
}
