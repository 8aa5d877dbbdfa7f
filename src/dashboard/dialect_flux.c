/*
 * Flux over single samples: the data of dialect_influxql.c, asked in steps that are piped into each
 * other. Percentiles are estimated by t-digest, which is what quantile() does unless told to sort.
 */
#include <string.h>

#include "dashboard/dialect_priv.h"

#define BEGIN                                                      \
    "from(bucket: v.defaultBucket)\n"                              \
    "  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)\n" \
    "  |> filter(fn: (r) => r._measurement == \"%s\" and r._field == \"value\"%s)\n"

#define A_SECOND                                                                 \
    "\n  |> map(fn: (r) => ({r with _value: r._value * 1000000000.0 / float(v: " \
    "int(v: v.windowPeriod))}))"

static const char *filter_text(const struct asking *q, const struct filter *f)
{
    static const char *const signs[] = {
        [FILTER_IS] = "==", [FILTER_NOT] = "!=", [FILTER_LIKE] = "=~", [FILTER_UNLIKE] = "!~"};
    bool is_word = f->op == FILTER_IS || f->op == FILTER_NOT;
    const char *form = f->is_variable ? (is_word ? "r.%s %s \"${%s}\"" : "r.%s %s /^${%s:regex}$/")
                       : is_word      ? "r.%s %s \"%s\""
                                      : "r.%s %s /^(%s)$/";
    const char *parts[] = {f->tag, signs[f->op], f->value};
    struct buf out = {0};

    for (size_t i = 0; *form; form++) {
        if (form[0] == '%') {
            buf_puts(&out, parts[i++]);
            form++;
        } else {
            buf_putc(&out, *form);
        }
    }
    struct str kept = arena_str(q->words, buf_str(&out));

    buf_fini(&out);
    return kept.p;
}

static const char *filters(struct asking *q)
{
    const char *items[QUERY_FILTERS_MAX];

    for (size_t i = 0; i < q->n_filters; i++)
        items[i] = filter_text(q, &q->filters[i]);
    return q->n_filters ? dialect_list(q->words, items, q->n_filters, "%s", " and ") : "true";
}

/* The samples, with what is to be told apart as the group. `more` is another column. */
static const char *samples(struct asking *q, const struct measured *m)
{
    const char *begin =
        arena_printf(q->words, BEGIN, m->name,
                     q->n_filters ? arena_printf(q->words, " and %s", filters(q)) : "");
    const char *by = dialect_list(q->words, q->by, q->n_by, "\"%s\"", ", ");

    return arena_printf(q->words, "%s  |> group(%s)", begin,
                        q->n_by ? arena_printf(q->words, "columns: [%s]", by) : "");
}

/* The samples of a gauge, each series for itself. */
static const char *each_series(struct asking *q, const struct measured *m)
{
    const char *begin =
        arena_printf(q->words, BEGIN, m->name,
                     q->n_filters ? arena_printf(q->words, " and %s", filters(q)) : "");

    return arena_printf(q->words, "%s", begin);
}

static const char *windowed(struct asking *q, const char *data, const char *fn)
{
    return arena_printf(
        q->words, "%s\n  |> aggregateWindow(every: v.windowPeriod, fn: %s, createEmpty: false)",
        data, fn);
}

/*
 * The smallest or largest of each step. InfluxDB 2.7 plans min() and max() of windows over groups
 * into its storage, and there panics with some data; quantile() it does not plan into it.
 */
static const char *extreme(struct asking *q, const char *data, const char *fn)
{
    return windowed(q, data,
                    arena_printf(q->words,
                                 "(tables=<-, column) => tables |> quantile(q: %s, method: "
                                 "\"exact_mean\", column: column)",
                                 fn[1] == 'a' ? "1.0" : "0.0"));
}

/* One number for each step, or one for all. */
static const char *reduced(struct asking *q, const struct measured *m, const char *fn)
{
    const char *data = samples(q, m);

    if (q->said->span == SPAN_STEP && (strcmp(fn, "max") == 0 || strcmp(fn, "min") == 0))
        return extreme(q, data, fn);
    return q->said->span == SPAN_STEP ? windowed(q, data, fn)
                                      : arena_printf(q->words, "%s\n  |> %s()", data, fn);
}

/* ---- what is asked ---- */

static const char *value(struct asking *q, const struct measured *m)
{
    static const char *const fns[] = {
        [JOIN_SUM] = "sum", [JOIN_MAX] = "max", [JOIN_MIN] = "min", [JOIN_MEAN] = "mean"};

    if (q->said->join != JOIN_SUM && !q->said->latest)
        return reduced(q, m, fns[q->said->join]);
    const char *by = dialect_list(q->words, q->by, q->n_by, "\"%s\"", ", ");
    const char *group = q->n_by ? arena_printf(q->words, "columns: [%s]", by) : "";
    const char *data = each_series(q, m);

    if (q->said->span == SPAN_RANGE)
        return arena_printf(q->words, "%s  |> last()\n  |> group(%s)\n  |> %s()", data, group,
                            fns[q->said->join]);
    return arena_printf(q->words,
                        "%s  |> aggregateWindow(every: v.windowPeriod, fn: last, createEmpty: "
                        "false)\n  |> group(%s)\n  |> aggregateWindow(every: v.windowPeriod, fn: "
                        "%s, createEmpty: false, timeSrc: \"_start\")",
                        data, group, fns[q->said->join]);
}

static const char *rate(struct asking *q, const struct measured *m)
{
    const char *fn = m->type == METRIC_TREND ? "count" : "sum";
    const char *steps = windowed(q, samples(q, m), fn);

    if (m->type == METRIC_TREND)
        steps = arena_printf(q->words, "%s\n  |> toFloat()", steps);
    steps = arena_printf(q->words, "%s" A_SECOND, steps);
    return q->said->span == SPAN_STEP ? steps : arena_printf(q->words, "%s\n  |> mean()", steps);
}

static const char *total(struct asking *q, const struct measured *m)
{
    const char *sums = reduced(q, m, m->type == METRIC_TREND ? "count" : "sum");

    return q->said->span == SPAN_STEP ? arena_printf(q->words, "%s\n  |> cumulativeSum()", sums)
                                      : sums;
}

static const char *share(struct asking *q, const struct measured *m)
{
    const char *mean = reduced(q, m, "mean");

    if (!q->said->rest)
        return mean;
    return arena_printf(q->words, "%s\n  |> map(fn: (r) => ({r with _value: 1.0 - r._value}))",
                        mean);
}

static const char *quantile(struct asking *q, const struct measured *m)
{
    const char *of = dialect_number(q->words, q->said->q);

    if (q->said->span == SPAN_RANGE)
        return arena_printf(q->words, "%s\n  |> quantile(q: %s)", samples(q, m), of);
    return windowed(q, samples(q, m),
                    arena_printf(q->words,
                                 "(tables=<-, column) => tables |> quantile(q: %s, column: column)",
                                 of));
}

/*
 * Some samples of each step. Grafana ends an answer after ten rows for each point that the panel
 * has room for, which is about one a step, and shows an error then. Columns that not all series
 * have would make InfluxDB 2.7 panic.
 */
static const char *spread(struct asking *q, const struct measured *m)
{
    const char *by = dialect_list(q->words, q->by, q->n_by, "\"%s\"", ", ");
    const char *more = dialect_list(q->words, q->by, q->n_by, ", \"%s\"", "");

    return arena_printf(q->words,
                        "%s\n  |> keep(columns: [\"_start\", \"_stop\", \"_time\", \"_value\"%s])\n"
                        "  |> window(every: v.windowPeriod)\n  |> limit(n: 9)\n  |> group(%s)",
                        samples(q, m), more,
                        q->n_by ? arena_printf(q->words, "columns: [%s]", by) : "");
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
        return share(q, m);
    case ASK_QUANTILE:
        return quantile(q, m);
    case ASK_MEAN:
        return reduced(q, m, "mean");
    case ASK_MIN:
        return reduced(q, m, "min");
    case ASK_MAX:
        return reduced(q, m, "max");
    case ASK_SPREAD:
        return spread(q, m);
    }
    return NULL;
}

/* Two streams as one, by the time of the step and the tags that keep series apart. */
static const char *divided(struct asking *q, const char *above, const char *below)
{
    const char *by = dialect_list(q->words, q->by, q->n_by, ", \"%s\"", "");
    const char *key = q->said->span == SPAN_STEP ? "_time" : "_one";
    const char *one = q->said->span == SPAN_STEP ? "" : "\n  |> set(key: \"_one\", value: \"1\")";

    return arena_printf(
        q->words,
        "above = %s%s\nbelow = %s%s\njoin(tables: {above: above, below: below}, on: "
        "[\"%s\"%s])\n  |> map(fn: (r) => ({r with _value: float(v: "
        "r._value_above) / float(v: r._value_below)}))",
        above, one, below, one, key, by);
}

static const char *finished(struct asking *q, const char *text)
{
    const char *by = dialect_list(q->words, q->by, q->n_by, ", \"%s\"", "");
    const char *time = q->said->span == SPAN_STEP ? "\"_time\", " : "";

    if (q->said->scale != 0) {
        text = arena_printf(q->words,
                            "%s\n  |> map(fn: (r) => ({r with _value: float(v: r._value) * "
                            "float(v: %s)}))",
                            text, dialect_number(q->words, q->said->scale));
    }
    if (q->said->span == SPAN_RANGE)
        text = arena_printf(q->words, "%s\n  |> group()", text);
    text = arena_printf(q->words, "%s\n  |> keep(columns: [%s\"_value\"%s])", text, time, by);
    if (q->said->span == SPAN_STEP || !q->said->legend)
        return text;
    return arena_printf(q->words, "%s\n  |> rename(columns: {_value: \"%s\"})", text,
                        q->said->legend);
}

static int compose(struct asking *q, const char **ret_text)
{
    const char *text = answer(q, &q->metric);

    if (q->per.name)
        text = divided(q, text, answer(q, &q->per));
    *ret_text = finished(q, text);
    return 0;
}

const struct dialect_ops dialect_flux_ops = {
    .compose = compose,
    .filters = filters,
};
