/*
 * PromQL. Distributions are asked for as classic histograms and, where those are not there, as
 * native ones: which a server has depends on how it scrapes, and `or` is empty-handed without
 * complaint. A number of all the time shown is that of the run's own sums at its end, so that it is
 * what the run's summary says, and not what rate() makes of it at the edges.
 */
#include "dashboard/dialect_priv.h"

static const char *filters_of(struct asking *q, bool targets_only)
{
    static const char *const signs[] = {
        [FILTER_IS] = "=", [FILTER_NOT] = "!=", [FILTER_LIKE] = "=~", [FILTER_UNLIKE] = "!~"};
    const char *items[QUERY_FILTERS_MAX];
    size_t n = 0;

    for (size_t i = 0; i < q->n_filters; i++) {
        const struct filter *f = &q->filters[i];

        if (targets_only && !f->is_target)
            continue;
        items[n++] = arena_printf(q->words, "%s%s\"%s%s\"", f->tag, signs[f->op],
                                  f->is_variable ? "$" : "", f->value);
    }
    return dialect_list(q->words, items, n, "%s", ", ");
}

static const char *filters(struct asking *q)
{
    return filters_of(q, false);
}

static const char *targets(struct asking *q)
{
    return filters_of(q, true);
}

/* name{filters} */
static const char *vector(struct asking *q, const char *name, const char *ending)
{
    return arena_printf(q->words, "%s%s{%s}", name, ending, filters(q));
}

/* sum by (a, b) (…), with one more label where `more` is one. */
static const char *joined(struct asking *q, const char *fn, const char *more, const char *what)
{
    const char *by = dialect_list(q->words, q->by, q->n_by, "%s", ", ");

    if (!q->n_by && !more)
        return arena_printf(q->words, "%s(%s)", fn, what);
    return arena_printf(q->words, "%s by (%s%s%s) (%s)", fn, more ? more : "",
                        more && q->n_by ? ", " : "", by, what);
}

/* What a cumulative series gained: a second, or since the start of the run. */
static const char *gained(struct asking *q, const char *name, const char *ending)
{
    if (q->said->span == SPAN_RANGE)
        return arena_printf(q->words, "last_over_time(%s[$__range])", vector(q, name, ending));
    return arena_printf(q->words, "rate(%s[$__rate_interval])", vector(q, name, ending));
}

static const char *sum(struct asking *q, const char *name, const char *ending)
{
    return joined(q, "sum", NULL, gained(q, name, ending));
}

/* The same of native histograms, which last_over_time() takes from Prometheus 3 on only. */
static const char *sum_native(struct asking *q, const char *name)
{
    const char *fn =
        q->said->span == SPAN_RANGE ? "increase(%s[$__range])" : "rate(%s[$__rate_interval])";

    return joined(q, "sum", NULL, dialect_replace(q->words, fn, "%s", vector(q, name, "")));
}

/* ---- what is asked ---- */

static const char *value(struct asking *q, const struct measured *m)
{
    static const char *const fns[] = {
        [JOIN_SUM] = "sum", [JOIN_MAX] = "max", [JOIN_MIN] = "min", [JOIN_MEAN] = "avg"};
    const char *what = vector(q, m->name, "");

    if (q->said->span == SPAN_RANGE)
        what = gained(q, m->name, "");
    return joined(q, fns[q->said->join], NULL, what);
}

/* Samples of a trend: of the one kind of histogram or the other. */
static const char *counted(struct asking *q, const struct measured *m)
{
    return arena_printf(q->words, "%s or histogram_count(%s)", sum(q, m->name, "_count"),
                        sum_native(q, m->name));
}

/* A whole run's rate is its sum over the time it took. */
static const char *rate(struct asking *q, const struct measured *m)
{
    const char *all = m->type == METRIC_TREND ? counted(q, m) : sum(q, m->name, "");

    if (q->said->span != SPAN_RANGE)
        return all;
    return arena_printf(q->words, "(%s) / scalar(max(last_over_time(%s{%s}[$__range])))", all,
                        dialect_metric(q, STR("run_elapsed_seconds")), targets(q));
}

static const char *total(struct asking *q, const struct measured *m)
{
    if (q->said->span == SPAN_RANGE)
        return m->type == METRIC_TREND ? counted(q, m) : sum(q, m->name, "");
    if (m->type != METRIC_TREND)
        return joined(q, "sum", NULL, vector(q, m->name, ""));
    return arena_printf(q->words, "%s or histogram_count(%s)",
                        joined(q, "sum", NULL, vector(q, m->name, "_count")),
                        joined(q, "sum", NULL, vector(q, m->name, "")));
}

static const char *share(struct asking *q, const struct measured *m)
{
    const char *hits = sum(q, m->name, ""), *samples = sum(q, m->samples, "");

    return arena_printf(q->words, "%s%s / %s", q->said->rest ? "1 - " : "", hits, samples);
}

static const char *quantile(struct asking *q, const struct measured *m, double of)
{
    const char *number = dialect_number(q->words, of);
    const char *classic = joined(q, "sum", "le", gained(q, m->name, "_bucket"));

    return arena_printf(q->words, "histogram_quantile(%s, %s) or histogram_quantile(%s, %s)",
                        number, classic, number, sum_native(q, m->name));
}

static const char *mean(struct asking *q, const struct measured *m)
{
    const char *native = sum_native(q, m->name);

    return arena_printf(q->words, "%s / %s or histogram_sum(%s) / histogram_count(%s)",
                        sum(q, m->name, "_sum"), sum(q, m->name, "_count"), native, native);
}

static const char *spread(struct asking *q, const struct measured *m)
{
    return arena_printf(
        q->words,
        "sum by (le) (increase(%s[$__rate_interval])) or sum(increase(%s[$__rate_interval]))",
        vector(q, m->name, "_bucket"), vector(q, m->name, ""));
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
        return quantile(q, m, q->said->q);
    case ASK_MEAN:
        return mean(q, m);
    case ASK_MIN:
        return quantile(q, m, 0);
    case ASK_MAX:
        return quantile(q, m, 1);
    case ASK_SPREAD:
        return spread(q, m);
    }
    return NULL;
}

static int compose(struct asking *q, const char **ret_text)
{
    const char *text = answer(q, &q->metric);

    if (q->per.name)
        text = arena_printf(q->words, "(%s) / (%s)", text, answer(q, &q->per));
    if (q->said->scale != 0)
        text = arena_printf(q->words, "%s * (%s)", dialect_number(q->words, q->said->scale), text);
    *ret_text = text;
    return 0;
}

const struct dialect_ops dialect_prometheus_ops = {
    .compose = compose,
    .filters = filters,
    .targets = targets,
};
