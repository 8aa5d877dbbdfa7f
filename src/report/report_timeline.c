/* A few figures of each step: what the terminal's charts are drawn of. */
#include <math.h>

#include "base/mem.h"
#include "report/report.h"

static const struct snap_metric *fresh(const struct snapshot *s, const char *name)
{
    const struct snap_metric *m = snapshot_find(s, str_of(name));

    return m && snap_metric_fresh(s, m) ? m : NULL;
}

static double sum_per_s(const struct snapshot *s, const char *name, double seconds)
{
    const struct snap_metric *m = fresh(s, name);

    return m && seconds > 0 ? m->delta.counter.sum / seconds : 0;
}

static double p95(const struct snapshot *s, const char *name)
{
    const struct snap_metric *m = fresh(s, name);

    return m ? hist_quantile(&m->delta.trend, 0.95) : NAN;
}

static double share(const struct snapshot *s, const char *name)
{
    const struct snap_metric *m = fresh(s, name);

    return m && m->delta.rate.total ? (double)m->delta.rate.trues / (double)m->delta.rate.total
                                    : NAN;
}

static double last(const struct snapshot *s, const char *name)
{
    const struct snap_metric *m = fresh(s, name);

    return m ? m->delta.gauge.last : NAN;
}

/* A test that has made a request is told by its requests from then on. */
static bool has_requests(const struct snapshot *s)
{
    const struct snap_metric *m = snapshot_find(s, STR("http_reqs"));

    return m && snap_metric_observed(m);
}

void report_timeline_add(struct report_timeline *t, const struct snapshot *s, span_ns from,
                         span_ns to)
{
    double seconds = (double)(to - from) / (double)NS_PER_S;
    double users = last(s, "vus");
    double before = t->n ? t->steps[t->n - 1].vus : NAN;
    bool requests = has_requests(s);

    t->of_iterations = !requests;
    t->has_dropped |= fresh(s, "dropped_iterations") != NULL;
    t->seconds = (double)to / (double)NS_PER_S;
    vec_push(t->steps, t->n, t->cap) = (struct report_step){
        .rate = sum_per_s(s, requests ? "http_reqs" : "iterations", seconds),
        .p95_ms = p95(s, requests ? "http_req_duration" : "iteration_duration"),
        .failed = share(s, "http_req_failed"),
        .vus = isnan(users) ? before : users,
        .dropped = sum_per_s(s, "dropped_iterations", seconds),
    };
}

void report_timeline_fini(struct report_timeline *t)
{
    free(t->steps);
    *t = (struct report_timeline){0};
}
