/*
 * Graphite's functions over tagged series. Points come once a tick into a store whose resolution
 * may be finer, so counters are first put into steps of $step: perSecond() of single points
 * with gaps between them is empty.
 *
 * A distribution is series of its percentiles there, and percentiles of several series cannot be
 * put together: the worst of them is taken, and panels say so. Sums and counts are exact, and so
 * are means, the smallest and the largest.
 */
#include <string.h>

#include "dashboard/dialect_priv.h"

#define DIVISION "asPercent("

static const char *filters(struct asking *q)
{
    static const char *const signs[] = {
        [FILTER_IS] = "=", [FILTER_NOT] = "!=", [FILTER_LIKE] = "=~", [FILTER_UNLIKE] = "!=~"};
    const char *items[QUERY_FILTERS_MAX];

    for (size_t i = 0; i < q->n_filters; i++) {
        const struct filter *f = &q->filters[i];
        bool is_word = f->op == FILTER_IS || f->op == FILTER_NOT;
        const char *value = !f->is_variable ? f->value
                            : is_word       ? arena_printf(q->words, "$%s", f->value)
                                            : arena_printf(q->words, "${%s:regex}", f->value);

        items[i] = is_word ? arena_printf(q->words, "%s%s%s", f->tag, signs[f->op], value)
                           : arena_printf(q->words, "%s%s^(%s)$", f->tag, signs[f->op], value);
    }
    return dialect_list(q->words, items, q->n_filters, "'%s'", ", ");
}

static const char *series(struct asking *q, const char *name, const char *ending)
{
    const char *more = filters(q);

    return arena_printf(q->words, "seriesByTag('name=%s%s'%s%s)", name, ending,
                        q->n_filters ? ", " : "", more);
}

static const char *joined(struct asking *q, const char *fn, const char *what)
{
    if (!q->n_by)
        return arena_printf(q->words, "%sSeries(%s)", fn, what);
    return arena_printf(q->words, "groupByTags(%s, '%s', %s)", what, fn,
                        dialect_list(q->words, q->by, q->n_by, "'%s'", ", "));
}

static const char *stepped(struct asking *q, const char *what, const char *fn)
{
    return arena_printf(q->words, "summarize(%s, '$step', '%s')", what, fn);
}

/* What cumulative series gain a second, together. */
static const char *gained(struct asking *q, const char *name, const char *ending)
{
    const char *steps = stepped(q, series(q, name, ending), "max");

    return joined(q, "sum", arena_printf(q->words, "perSecond(%s)", steps));
}

/*
 * One by the other. With tags, those of the same tag: divideSeriesLists() would go by their order
 * and fail when one is missing. Percent, as asPercent() gives it, and with it the tags go.
 */
static const char *divided(struct asking *q, const char *above, const char *below)
{
    const char *tags = dialect_list(q->words, q->by, q->n_by, "'%s'", ", ");

    if (!q->n_by)
        return arena_printf(q->words, "divideSeries(%s, %s)", above, below);
    return arena_printf(q->words,
                        "scale(" DIVISION "aliasByTags(%s, %s), aliasByTags(%s, %s), %s), 0.01)",
                        above, tags, below, tags, tags);
}

/* ---- what is asked ---- */

static const char *value(struct asking *q, const struct measured *m)
{
    static const char *const fns[] = {
        [JOIN_SUM] = "sum", [JOIN_MAX] = "max", [JOIN_MIN] = "min", [JOIN_MEAN] = "average"};
    const char *fn = fns[q->said->join];

    return joined(q, fn, stepped(q, series(q, m->name, ""), "last"));
}

static const char *total(struct asking *q, const struct measured *m)
{
    const char *all = series(q, m->name, m->type == METRIC_TREND ? ".count" : "");

    return joined(q, "sum", arena_printf(q->words, "keepLastValue(%s)", stepped(q, all, "max")));
}

static const char *share(struct asking *q, const struct measured *m)
{
    const char *text = divided(q, gained(q, m->name, ""), gained(q, m->samples, ""));

    return q->said->rest ? arena_printf(q->words, "offset(scale(%s, -1), 1)", text) : text;
}

/* NULL: there are no such series. */
static const char *quantile(struct asking *q, const struct measured *m)
{
    static const struct {
        double q;
        const char *ending;
    } kept[] = {{0.5, ".p50"}, {0.9, ".p90"}, {0.95, ".p95"}, {0.99, ".p99"}};

    for (size_t i = 0; i < countof(kept); i++) {
        if (kept[i].q == q->said->q)
            return joined(q, "max", stepped(q, series(q, m->name, kept[i].ending), "max"));
    }
    return NULL;
}

static const char *answer(struct asking *q, const struct measured *m)
{
    const char *ending = m->type == METRIC_TREND ? ".count" : "";

    switch (q->said->ask) {
    case ASK_VALUE:
        return value(q, m);
    case ASK_RATE:
        return gained(q, m->name, ending);
    case ASK_TOTAL:
        return total(q, m);
    case ASK_SHARE:
        return share(q, m);
    case ASK_QUANTILE:
        return quantile(q, m);
    case ASK_MEAN:
        return divided(q, gained(q, m->name, ".sum"), gained(q, m->name, ".count"));
    case ASK_MIN:
        return joined(q, "min", stepped(q, series(q, m->name, ".min"), "min"));
    case ASK_MAX:
        return joined(q, "max", stepped(q, series(q, m->name, ".max"), "max"));
    case ASK_SPREAD:
        break;
    }
    return NULL;
}

/* Series are called by their tags, with the rest of the legend around. */
static const char *named(struct asking *q, const char *text)
{
    if (!q->said->legend)
        return text;
    const char *mark = dialect_legend(q, "{", "}");
    struct str legend = str_of(mark);
    size_t open = str_find(legend, '{'), close = legend.n;

    if (open == legend.n || !q->n_by)
        return arena_printf(q->words, "alias(%s, '%s')", text, mark);
    while (legend.p[close - 1] != '}')
        close--;
    struct str before = str_from(legend.p, open), after = str_from_index(legend, close);
    /* asPercent(home,home) is what is left of the tag. */
    bool is_divided = strstr(text, DIVISION) != NULL;
    const char *tags = dialect_list(q->words, q->by, q->n_by, "'%s'", ", ");

    if (!is_divided)
        text = arena_printf(q->words, "aliasByTags(%s, %s)", text, tags);
    if (!before.n && !after.n && !is_divided)
        return text;
    return arena_printf(q->words, "aliasSub(%s, '%s', '%.*s\\1%.*s')", text,
                        is_divided ? "^.*asPercent\\((.*),\\1\\).*$" : "^(.*)$", STR_ARG(before),
                        STR_ARG(after));
}

static int compose(struct asking *q, const char **ret_text)
{
    const char *text = answer(q, &q->metric);

    if (!text)
        return dialect_refuse(q,
                              "Graphite has p50, p90, p95 and p99 of distributions, and no shapes");
    if (q->per.name)
        text = divided(q, text, answer(q, &q->per));
    if (q->said->scale != 0)
        text =
            arena_printf(q->words, "scale(%s, %s)", text, dialect_number(q->words, q->said->scale));
    *ret_text = named(q, text);
    return 0;
}

const struct dialect_ops dialect_graphite_ops = {
    .compose = compose,
    .filters = filters,
};
