/* Requests, failures, times and bytes, over everything or in a group; what three vocabularies build
 * on. */
#include <math.h>

#include "vocab/vocab_priv.h"

bool vocab_request_cell(const struct metric *metric, uint32_t *ret_cell)
{
    switch (metric->id) {
    case M_HTTP_REQS:
        *ret_cell = REQS_COUNT;
        return true;
    case M_HTTP_REQ_FAILED:
        *ret_cell = REQS_FAILED;
        return true;
    case M_HTTP_REQ_DURATION:
        *ret_cell = REQS_DURATION;
        return true;
    case M_HTTP_REQ_DATA_SENT:
        *ret_cell = REQS_SENT;
        return true;
    case M_HTTP_REQ_DATA_RECEIVED:
        *ret_cell = REQS_RECEIVED;
        return true;
    default:
        return false;
    }
}

struct vocab_requests vocab_requests_total(const struct vocab_feed *feed)
{
    struct snapshot *s = feed->snapshot;

    return (struct vocab_requests){
        .count = snapshot_metric(s, M_HTTP_REQS)->total.counter.sum,
        .failed = (double)snapshot_metric(s, M_HTTP_REQ_FAILED)->total.rate.trues,
        .sent = snapshot_metric(s, M_HTTP_REQ_DATA_SENT)->total.counter.sum,
        .received = snapshot_metric(s, M_HTTP_REQ_DATA_RECEIVED)->total.counter.sum,
        .durations = &snapshot_metric(s, M_HTTP_REQ_DURATION)->total.trend,
    };
}

struct vocab_requests vocab_requests_delta(const struct vocab_feed *feed)
{
    struct snapshot *s = feed->snapshot;
    struct vocab_requests r = {0};
    const struct snap_metric *count = snapshot_metric(s, M_HTTP_REQS);
    const struct snap_metric *failed = snapshot_metric(s, M_HTTP_REQ_FAILED);
    const struct snap_metric *durations = snapshot_metric(s, M_HTTP_REQ_DURATION);

    if (snap_metric_fresh(s, count))
        r.count = count->delta.counter.sum;
    if (snap_metric_fresh(s, failed))
        r.failed = (double)failed->delta.rate.trues;
    if (snap_metric_fresh(s, durations))
        r.durations = &durations->delta.trend;
    return r;
}

struct vocab_requests vocab_group_total(const struct rollup_group *g)
{
    return (struct vocab_requests){
        .count = rollup_total(g, REQS_COUNT)->counter.sum,
        .failed = (double)rollup_total(g, REQS_FAILED)->rate.trues,
        .sent = rollup_total(g, REQS_SENT)->counter.sum,
        .received = rollup_total(g, REQS_RECEIVED)->counter.sum,
        .durations = &rollup_total(g, REQS_DURATION)->trend,
    };
}

struct vocab_requests vocab_group_delta(const struct rollup *r, const struct rollup_group *g)
{
    const struct value *count = rollup_delta(r, g, REQS_COUNT);
    const struct value *failed = rollup_delta(r, g, REQS_FAILED);
    const struct value *durations = rollup_delta(r, g, REQS_DURATION);

    return (struct vocab_requests){
        .count = count ? count->counter.sum : 0,
        .failed = failed ? (double)failed->rate.trues : 0,
        .durations = durations ? &durations->trend : NULL,
    };
}

/* Times are never negative, so only buckets above zero are walked. */
double vocab_nearest_rank(const struct hist *h, double q)
{
    int32_t cursor = INT32_MIN;
    int32_t index;
    uint64_t n;

    if (!h || h->count == 0)
        return 0;
    double rank = fmax(ceil((double)h->count * q), 1);
    double seen = (double)h->n_zero;

    if (seen >= rank)
        return 0;
    while (hist_next(h, HIST_POSITIVE, &cursor, &index, &n)) {
        seen += (double)n;
        if (seen >= rank)
            return fmin(hist_upper(h, index), h->max);
    }
    return h->max;
}
