/*
 * Each selector of the expression is counted over the range. One that is empty is asked for by its
 * name alone, and then with its matchers added one by one. When all have series, the ranges are
 * looked at: a rate needs two points in each.
 */
#include "dashboard/query_scan.h"
#include "dashboard/query_why_priv.h"

static bool any(struct why *w, struct str expression)
{
    scoped(buf_fini) struct buf text = {0};

    buf_printf(&text, "count(%.*s)", STR_ARG(expression));
    return query_ask_any(w->servers, QUERY_PROMETHEUS, buf_str(&text), w->span);
}

/* name{m0,...,mn-1}, or name{mi} alone when `only` is not -1. */
static void put_selector(const struct scan_selector *s, size_t n, int only, struct buf *out)
{
    bool is_first = true;

    buf_putstr(out, s->name);
    buf_putc(out, '{');
    for (size_t i = 0; i < n; i++) {
        if (only >= 0 && (size_t)only != i)
            continue;
        buf_puts(out, is_first ? "" : ",");
        buf_putstr(out, s->matchers[i]);
        is_first = false;
    }
    buf_putc(out, '}');
}

/* ---- a metric that is not there ---- */

/* As much of a name as its relatives share: up to the last underscore but one. */
static struct str stem(struct str name)
{
    size_t n = name.n;

    while (n > 0 && name.p[n - 1] != '_')
        n--;
    return str_from(name.p, n);
}

static void say_metric(struct why *w, struct str name)
{
    struct why_list all = {.look = name, .prefix = stem(name)};
    int r =
        query_ask_list(w->servers, QUERY_PROMETHEUS, QUERY_LIST_VALUES,
                       STR("/api/v1/label/__name__/values"), (struct str){0}, why_list_add, &all);

    if (r == 0 && all.found) {
        buf_printf(w->out, "the metric %.*s has no samples in this time range", STR_ARG(name));
    } else {
        buf_printf(w->out, "there is no metric %.*s", STR_ARG(name));
        if (r == 0 && all.n) {
            buf_puts(w->out, "; near it: ");
            why_list_put(&all, w->out);
        }
    }
    why_list_fini(&all);
}

/* ---- a matcher that takes everything away ---- */

static struct str label_of(struct str matcher)
{
    size_t n = 0;

    while (n < matcher.n && scan_is_word(matcher.p[n]))
        n++;
    return str_from(matcher.p, n);
}

static void say_values(struct why *w, const struct scan_selector *s, struct str label)
{
    scoped(buf_fini) struct buf path = {0};
    struct why_list values = {0};

    buf_printf(&path, "/api/v1/label/%.*s/values", STR_ARG(label));
    query_put_time(&path, "start", w->span->from);
    query_put_time(&path, "end", w->span->to);
    if (s->name.n)
        query_put_param(&path, "match[]", s->name);
    int r = query_ask_list(w->servers, QUERY_PROMETHEUS, QUERY_LIST_VALUES, buf_str(&path),
                           (struct str){0}, why_list_add, &values);

    if (r == 0 && values.n) {
        buf_printf(w->out, "; %.*s is ", STR_ARG(label));
        why_list_put(&values, w->out);
    } else if (r == 0) {
        buf_printf(w->out, "; it has no label %.*s", STR_ARG(label));
    }
    why_list_fini(&values);
}

static void say_matcher(struct why *w, const struct scan_selector *s, size_t culprit)
{
    scoped(buf_fini) struct buf alone = {0};
    bool has_name = s->name.n > 0;

    put_selector(s, s->n_matchers, (int)culprit, &alone);
    buf_puts(w->out, "no series of ");
    why_put(w->out, has_name ? s->name : s->text);
    buf_puts(w->out, " has ");
    if (culprit > 0 && any(w, buf_str(&alone))) {
        buf_puts(w->out, "all of ");
        for (size_t i = 0; i <= culprit; i++) {
            buf_puts(w->out, i ? ", " : "");
            why_put(w->out, s->matchers[i]);
        }
        return;
    }
    why_put(w->out, s->matchers[culprit]);
    if (label_of(s->matchers[culprit]).n)
        say_values(w, s, label_of(s->matchers[culprit]));
}

/* An instant query looks at the end of the range only, and not further back than five minutes. */
static bool is_earlier(struct why *w, const struct scan_selector *s)
{
    struct query_span range = *w->span;
    scoped(buf_fini) struct buf text = {0};

    if (!range.instant)
        return false;
    range.instant = false;
    buf_printf(&text, "count(%.*s)", STR_ARG(s->text));
    if (!query_ask_any(w->servers, QUERY_PROMETHEUS, buf_str(&text), &range))
        return false;
    why_put(w->out, s->text);
    buf_puts(w->out, " has samples in this time range, but none at its end, where an instant query "
                     "looks");
    return true;
}

/* The selector gives nothing: finds the part that is to blame. */
static void blame(struct why *w, const struct scan_selector *s)
{
    scoped(buf_fini) struct buf part = {0};

    if (is_earlier(w, s))
        return;
    if (s->name.n && !any(w, s->name)) {
        say_metric(w, s->name);
        return;
    }
    for (size_t i = 0; i < s->n_matchers; i++) {
        buf_reset(&part);
        put_selector(s, i + 1, -1, &part);
        if (!any(w, buf_str(&part))) {
            say_matcher(w, s, i);
            return;
        }
    }
}

/* ---- a range that holds too little ---- */

static bool is_too_short(struct why *w, const struct scan_selector *s)
{
    scoped(buf_fini) struct buf text = {0};

    buf_printf(&text, "count_over_time(%.*s[%.*s]) >= 2", STR_ARG(s->text), STR_ARG(s->range));
    if (query_ask_any(w->servers, QUERY_PROMETHEUS, buf_str(&text), w->span))
        return false;
    buf_printf(w->out, "[%.*s] holds fewer than two samples of ", STR_ARG(s->range));
    why_put(w->out, s->name.n ? s->name : s->text);
    buf_puts(w->out, ", and a rate needs two");
    return true;
}

static bool is_only_zero(struct why *w)
{
    if (w->answer->n_not_numbers)
        buf_printf(w->out,
                   "%zu series of NaN: a division of nothing by nothing, or a quantile of no "
                   "observations",
                   w->answer->n_series);
    return w->answer->n_not_numbers > 0;
}

static void look(struct why *w, struct str text)
{
    struct scan_selector s;
    size_t at = 0;

    for (int n = 0; n < WHY_PARTS_MAX && scan_promql(text, &at, &s); n++) {
        if (!any(w, s.text)) {
            blame(w, &s);
            return;
        }
    }
    at = 0;
    for (int n = 0; n < WHY_PARTS_MAX && scan_promql(text, &at, &s); n++) {
        if (s.range.n && is_too_short(w, &s))
            return;
    }
    if (!is_only_zero(w))
        buf_puts(w->out, "each metric has series, but the expression none: labels of the two sides "
                         "do not match, or a comparison is never true");
}

void why_prometheus(struct why *w, struct str text)
{
    struct query_span range = *w->span;
    struct why ranged = *w;

    /* A subquery looks back from the instant: its parts are to be found in the range. */
    range.instant = range.instant && str_find_str(text, STR(")[")) == text.n;
    ranged.span = &range;
    look(&ranged, text);
}
