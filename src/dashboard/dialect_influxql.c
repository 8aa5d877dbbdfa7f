/*
 * InfluxQL over single samples, as `-o influxdb` writes them unless told otherwise: the measurement
 * is the metric, the number is the field `value`. So a counter's rate is the sum of its samples in
 * a step, a rate's share is their mean, and percentiles are those of the samples themselves. What
 * the bridge tells of a Locust is sums of its looks, whose `value` can be asked the same.
 *
 * Measurements cannot be calculated with each other here: a query with `per` becomes three targets,
 * of which Grafana's expressions make one (board_targets.c); this makes the text of one of them.
 */
#include "dashboard/dialect_priv.h"

/* A number of samples in a step, as one a second. */
#define A_SECOND " * 1000 / $__interval_ms"

static const char *filter_value(const struct asking *q, const struct filter *f)
{
    bool is_word = f->op == FILTER_IS || f->op == FILTER_NOT;

    /* Grafana escapes what a variable has for the expression, slashes too. */
    if (f->is_variable)
        return arena_printf(q->words, is_word ? "'$%s'" : "/^${%s:regex}$/", f->value);
    return arena_printf(q->words, is_word ? "'%s'" : "/^(%s)$/", f->value);
}

static const char *filters(struct asking *q)
{
    static const char *const signs[] = {
        [FILTER_IS] = "=", [FILTER_NOT] = "!=", [FILTER_LIKE] = "=~", [FILTER_UNLIKE] = "!~"};
    const char *items[QUERY_FILTERS_MAX + 1];
    size_t n = 0;

    for (size_t i = 0; i < q->n_filters; i++) {
        const struct filter *f = &q->filters[i];

        items[n++] =
            arena_printf(q->words, "\"%s\" %s %s", f->tag, signs[f->op], filter_value(q, f));
    }
    items[n++] = "$timeFilter";
    return dialect_list(q->words, items, n, "%s", " AND ");
}

/* " GROUP BY time($__interval), "a"". `more` is another tag, or *. */
static const char *grouped(struct asking *q, enum span span, const char *more, const char *fill)
{
    const char *items[QUERY_TAGS_MAX + 2];
    size_t n = 0;

    if (span == SPAN_STEP)
        items[n++] = "time($__interval)";
    for (size_t i = 0; !more && i < q->n_by; i++)
        items[n++] = arena_printf(q->words, "\"%s\"", q->by[i]);
    if (more)
        items[n++] = more;
    if (!n)
        return "";
    return arena_printf(q->words, " GROUP BY %s%s", dialect_list(q->words, items, n, "%s", ", "),
                        span == SPAN_STEP ? fill : "");
}

/* Columns of tables are called as the table wants it. */
static const char *column(struct asking *q)
{
    return q->said->legend && q->said->span == SPAN_RANGE
               ? arena_printf(q->words, " AS \"%s\"", q->said->legend)
               : "";
}

static const char *select_of(struct asking *q, const struct measured *m, const char *what)
{
    return arena_printf(q->words, "SELECT %s%s FROM \"%s\" WHERE %s%s", what, column(q), m->name,
                        filters(q), grouped(q, q->said->span, NULL, " fill(null)"));
}

/*
 * What is made of numbers of steps, or of series: of the inner query's field v. One number for all
 * has no limits of time outside: the first step begins before them, and 1.6 then gives no row.
 */
static const char *select_over(struct asking *q, const struct measured *m, const char *outer,
                               const char *inner, enum span inner_span, const char *inner_by)
{
    return arena_printf(
        q->words, "SELECT %s%s FROM (SELECT %s AS \"v\" FROM \"%s\" WHERE %s%s)%s%s", outer,
        column(q), inner, m->name, filters(q), grouped(q, inner_span, inner_by, " fill(none)"),
        q->said->span == SPAN_STEP ? " WHERE $timeFilter" : "",
        grouped(q, q->said->span, NULL, " fill(null)"));
}

/* ---- what is asked ---- */

static const char *scaled(struct asking *q, const char *what)
{
    if (q->said->scale == 0)
        return what;
    return arena_printf(q->words, "%s * %s", what, dialect_number(q->words, q->said->scale));
}

/* Gauges of several series: the last of each, added up; or the largest of all that they had. */
static const char *value(struct asking *q, const struct measured *m)
{
    static const char *const fns[] = {[JOIN_MAX] = "max(\"value\")",
                                      [JOIN_MIN] = "min(\"value\")",
                                      [JOIN_MEAN] = "mean(\"value\")"};
    static const char *const of_last[] = {[JOIN_SUM] = "sum(\"v\")",
                                          [JOIN_MAX] = "max(\"v\")",
                                          [JOIN_MIN] = "min(\"v\")",
                                          [JOIN_MEAN] = "mean(\"v\")"};

    if (q->said->join != JOIN_SUM && !q->said->latest)
        return select_of(q, m, scaled(q, fns[q->said->join]));
    return select_over(q, m, scaled(q, of_last[q->said->join]), "last(\"value\")", q->said->span,
                       "*");
}

/* Of the whole time: the mean of its steps that had samples. */
static const char *rate(struct asking *q, const struct measured *m)
{
    const char *sum = m->type == METRIC_TREND ? "count(\"value\")" : "sum(\"value\")";
    const char *by = q->n_by ? dialect_list(q->words, q->by, q->n_by, "\"%s\"", ", ") : NULL;

    if (q->said->span == SPAN_STEP)
        return select_of(q, m, scaled(q, arena_printf(q->words, "%s" A_SECOND, sum)));
    return select_over(q, m, scaled(q, "mean(\"v\")" A_SECOND), sum, SPAN_STEP, by);
}

static const char *total(struct asking *q, const struct measured *m)
{
    const char *sum = m->type == METRIC_TREND ? "count(\"value\")" : "sum(\"value\")";

    if (q->said->span == SPAN_STEP)
        sum = arena_printf(q->words, "cumulative_sum(%s)", sum);
    return select_of(q, m, scaled(q, sum));
}

static const char *answer(struct asking *q, const struct measured *m)
{
    switch (q->said->ask) {
    case ASK_VALUE:
        return value(q, m);
    case ASK_RATE:
        return rate(q, m);
    case ASK_TOTAL:
        return total(q, m);
    case ASK_SHARE:
        return select_of(q, m,
                         scaled(q, q->said->rest ? "(1 - mean(\"value\"))" : "mean(\"value\")"));
    case ASK_QUANTILE:
        return select_of(q, m,
                         scaled(q, arena_printf(q->words, "percentile(\"value\", %s)",
                                                dialect_number(q->words, q->said->q * 100))));
    case ASK_MEAN:
        return select_of(q, m, scaled(q, "mean(\"value\")"));
    case ASK_MIN:
        return select_of(q, m, scaled(q, "min(\"value\")"));
    case ASK_MAX:
        return select_of(q, m, scaled(q, "max(\"value\")"));
    case ASK_SPREAD:
        return select_of(q, m, "sample(\"value\", 50)");
    }
    return NULL;
}

static int compose(struct asking *q, const char **ret_text)
{
    *ret_text = answer(q, &q->metric);
    return 0;
}

const struct dialect_ops dialect_influxql_ops = {
    .compose = compose,
    .filters = filters,
};
