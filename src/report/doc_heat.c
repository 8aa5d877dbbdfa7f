/* A bucket of schema 2 is 64 buckets of schema 8, so counts are added up and none is split. */
#include "report/doc_heat.h"

#include "metric/metric.h"

enum {
    FOLD_BITS = 6,
};

const uint32_t doc_heat_metrics[DOC_HEAT_METRICS] = {M_HTTP_REQ_DURATION, M_HTTP_REQ_RESPONSE_TIME,
                                                     M_ITERATION_DURATION};

/* Bucket i ends where bucket 64·i of the histogram does. */
static int32_t fold(int32_t index)
{
    int32_t bucket = (index + (1 << FOLD_BITS) - 1) >> FOLD_BITS;

    return bucket < DOC_HEAT_LOWEST ? DOC_HEAT_LOWEST : bucket;
}

static void put_bucket(struct buf *out, int32_t bucket, uint64_t n)
{
    if (!n)
        return;
    if (out->len && out->data[out->len - 1] != '[')
        buf_putc(out, ',');
    if (bucket < 0)
        buf_putc(out, '-');
    buf_put_u64(out, (uint64_t)(bucket < 0 ? -bucket : bucket));
    buf_putc(out, ',');
    buf_put_u64(out, n);
}

bool doc_heat_row(struct snapshot *s, size_t place, struct buf *out)
{
    const struct snap_metric *m = snapshot_metric(s, doc_heat_metrics[place]);
    int32_t cursor = INT32_MIN, index, bucket = DOC_HEAT_LOWEST;
    uint64_t n, sum;

    if (!snap_metric_fresh(s, m))
        return false;
    /* Times are not negative; what a clock made so counts as none. */
    sum = m->delta.trend.n_zero;
    while (hist_next(&m->delta.trend, HIST_NEGATIVE, &cursor, &index, &n))
        sum += n;
    cursor = INT32_MIN;
    while (hist_next(&m->delta.trend, HIST_POSITIVE, &cursor, &index, &n)) {
        if (fold(index) != bucket) {
            put_bucket(out, bucket, sum);
            bucket = fold(index);
            sum = 0;
        }
        sum += n;
    }
    put_bucket(out, bucket, sum);
    return true;
}
