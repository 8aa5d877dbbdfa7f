/*
 * Which rows a list of metrics has as text, and in which order. Most stand as they are sorted. The
 * response times of an open model stand below the durations that they are to be compared with, if
 * they differ; what a closed model hides may be estimated below them; and a run at a rate says that
 * it dropped nothing.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "metric/hist_corrected.h"
#include "report/summary_priv.h"

/* From here on two numbers differ. */
#define DIFFERENCE 0.05

static const struct {
    const char *service;
    const char *response;
} pairs[SUMMARY_N_PAIRS] = {
    {"http_req_duration", "http_req_response_time"},
    {"iteration_duration", "iteration_response_time"},
};

/* --- service and response time --- */

const struct summary_metric *summary_find(const struct summary_metrics *metrics, const char *name)
{
    for (size_t i = 0; i < metrics->n; i++) {
        if (!metrics->items[i].suffix.n && str_is(metrics->items[i].parent, name))
            return &metrics->items[i];
    }
    return NULL;
}

/* How much longer the response time is than the duration at a quantile: 0.5 for half. */
static double gap(const struct summary_metrics *metrics, size_t pair, double q)
{
    const struct summary_metric *service = summary_find(metrics, pairs[pair].service);
    const struct summary_metric *response = summary_find(metrics, pairs[pair].response);

    if (!service || !response || !service->value->trend.count || !response->value->trend.count)
        return 0;
    double a = hist_quantile(&service->value->trend, q);
    double b = hist_quantile(&response->value->trend, q);

    return a > 0 ? b / a - 1 : b > 0 ? INFINITY : 0;
}

static bool differs(const struct summary_metrics *metrics, size_t pair)
{
    static const double quantiles[] = {0.5, 0.9, 0.95, 0.99, 1};

    for (size_t i = 0; i < countof(quantiles); i++) {
        if (fabs(gap(metrics, pair, quantiles[i])) > DIFFERENCE)
            return true;
    }
    return false;
}

static bool has_thresholds(const struct summary_metrics *metrics, const char *parent)
{
    for (size_t i = 0; i < metrics->n; i++) {
        if (str_is(metrics->items[i].parent, parent) && metrics->items[i].n_thresholds)
            return true;
    }
    return false;
}

bool summary_shows_pair(const struct summary_metrics *metrics, size_t pair)
{
    return differs(metrics, pair) || has_thresholds(metrics, pairs[pair].response);
}

/* --- rows of our own --- */

/* The correction of one of the durations, if there is something to correct. */
static void correct(struct summary *s, size_t pair)
{
    const struct summary_metric *service = summary_find(&s->metrics, pairs[pair].service);

    if (!service || !service->value->trend.count)
        return;
    const struct hist *measured = &service->value->trend;
    double interval = s->in.corrected_interval > 0
                          ? (double)s->in.corrected_interval / (double)NS_PER_MS
                          : hist_quantile(measured, 0.5);
    struct value *v = summary_new_value(s, service->def);

    hist_correct(measured, interval, &v->trend);
    v->touched = true;
    s->corrected[pair] = *service;
    s->corrected[pair].suffix = STR("{corrected}");
    s->corrected[pair].value = v;
    s->corrected[pair].own = v;
}

void summary_correct(struct summary *s)
{
    if (!s->in.corrected || s->in.model == SUMMARY_MODEL_OPEN)
        return;
    for (size_t i = 0; i < countof(pairs); i++)
        correct(s, i);
}

/* A run at a rate that dropped nothing has no such metric, and it is what one wants to know. */
static const struct summary_metric *nothing_dropped(void)
{
    static const struct metric def = {.name = "dropped_iterations",
                                      .help = "",
                                      .id = M_DROPPED_ITERATIONS,
                                      .type = METRIC_COUNTER};
    static const struct value zero = {0};
    static const struct summary_metric none = {
        .name = "dropped_iterations",
        .parent = {"dropped_iterations", 18},
        .def = &def,
        .value = &zero,
    };

    return &none;
}

/* --- the list --- */

static void push(struct summary_list *l, const struct summary_metric *m, enum summary_mode mode)
{
    if (!summary_hides(m, mode))
        l->items[l->n++] = m;
}

/* The pair that the metric is the response time of; SUMMARY_N_PAIRS: of none. */
static size_t pair_of_response(const struct summary_metrics *metrics,
                               const struct summary_metric *m)
{
    size_t i = 0;

    while (i < SUMMARY_N_PAIRS && !str_is(m->parent, pairs[i].response))
        i++;
    /* Without the duration beside it, it is a metric as any other. */
    return i < SUMMARY_N_PAIRS && summary_find(metrics, pairs[i].service) ? i : SUMMARY_N_PAIRS;
}

static void push_family(struct summary_list *l, const struct summary_metrics *metrics,
                        const char *parent, enum summary_mode mode)
{
    for (size_t i = 0; i < metrics->n; i++) {
        if (str_is(metrics->items[i].parent, parent))
            push(l, &metrics->items[i], mode);
    }
}

/* What is to stand below the metric. */
static void push_below(struct summary_list *l, const struct summary *s,
                       const struct summary_metrics *metrics, size_t at, enum summary_mode mode)
{
    const struct summary_metric *m = &metrics->items[at];
    bool is_last = at + 1 == metrics->n || !str_eq(m[1].parent, m->parent);

    for (size_t i = 0; i < SUMMARY_N_PAIRS; i++) {
        if (!str_is(m->parent, pairs[i].service))
            continue;
        if (metrics == &s->metrics && !m->suffix.n && s->corrected[i].value)
            push(l, &s->corrected[i], mode);
        if (is_last && summary_shows_pair(metrics, i))
            push_family(l, metrics, pairs[i].response, mode);
    }
}

void summary_arrange(const struct summary *s, const struct summary_metrics *metrics,
                     enum summary_mode mode, struct summary_list *ret_list)
{
    struct summary_list l = {
        xnew_n(const struct summary_metric *, metrics->n + SUMMARY_N_PAIRS + 1), 0};

    if (metrics == &s->metrics && s->in.model == SUMMARY_MODEL_OPEN &&
        !summary_find(metrics, "dropped_iterations"))
        push(&l, nothing_dropped(), mode);
    for (size_t i = 0; i < metrics->n; i++) {
        if (pair_of_response(metrics, &metrics->items[i]) < SUMMARY_N_PAIRS)
            continue;
        push(&l, &metrics->items[i], mode);
        push_below(&l, s, metrics, i, mode);
    }
    *ret_list = l;
}
