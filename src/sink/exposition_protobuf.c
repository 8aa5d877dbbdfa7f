/*
 * io.prometheus.client.MetricFamily, each with its length before it. A histogram carries both its
 * native buckets and the classic ones, so that a server can take either.
 */
#include "base/varint.h"
#include "sink/exposition_priv.h"
#include "sink/native_hist.h"
#include "sink/protobuf.h"

/* Field numbers. */
enum {
    FAMILY_NAME = 1,
    FAMILY_HELP = 2,
    FAMILY_TYPE = 3,
    FAMILY_METRIC = 4,
    FAMILY_UNIT = 5,
    METRIC_LABEL = 1,
    METRIC_GAUGE = 2,
    METRIC_COUNTER = 3,
    METRIC_HISTOGRAM = 7,
    LABEL_NAME = 1,
    LABEL_VALUE = 2,
    VALUE = 1,
    COUNTER_START = 3,
    HISTOGRAM_BUCKET = 3,
    HISTOGRAM_START = 15,
    BUCKET_COUNT = 1,
    BUCKET_BOUND = 2,
    TIMESTAMP_SECONDS = 1,
    TIMESTAMP_NANOS = 2,
};

static void put_start(struct buf *out, unsigned field, wall_ns start)
{
    if (start <= 0)
        return;
    size_t at = pb_open(out, field);

    pb_int(out, TIMESTAMP_SECONDS, start / NS_PER_S);
    pb_int(out, TIMESTAMP_NANOS, start % NS_PER_S);
    pb_close(out, at);
}

static void put_histogram(struct exposition *x, struct buf *out, const struct point *p)
{
    uint64_t counts[EXPOSITION_BOUNDS_MAX];
    size_t at = pb_open(out, METRIC_HISTOGRAM);

    exposition_cumulate(x->bounds, p->hist, p->factor, counts);
    native_hist_put(out, &native_scrape, p->hist, p->factor, x->options.schema);
    for (size_t i = 0; i < x->bounds->n; i++) {
        size_t bucket = pb_open(out, HISTOGRAM_BUCKET);

        pb_uint(out, BUCKET_COUNT, counts[i]);
        pb_double(out, BUCKET_BOUND, x->bounds->upper[i]);
        pb_close(out, bucket);
    }
    put_start(out, HISTOGRAM_START, p->start);
    pb_close(out, at);
}

static void put_number(struct buf *out, unsigned field, const struct point *p)
{
    size_t at = pb_open(out, field);

    pb_double(out, VALUE, p->value);
    if (field == METRIC_COUNTER)
        put_start(out, COUNTER_START, p->start);
    pb_close(out, at);
}

void exposition_protobuf_point(struct exposition *x, const struct point *p)
{
    struct buf *out = &x->family_message;
    size_t metric = pb_open(out, FAMILY_METRIC);

    for (size_t i = 0; i < x->labels.n; i++) {
        size_t label = pb_open(out, METRIC_LABEL);

        pb_str(out, LABEL_NAME, x->labels.items[i].key);
        pb_str(out, LABEL_VALUE, x->labels.items[i].value);
        pb_close(out, label);
    }
    if (x->kind == EXPOSITION_HISTOGRAM) {
        put_histogram(x, out, p);
    } else {
        put_number(out, x->kind == EXPOSITION_COUNTER ? METRIC_COUNTER : METRIC_GAUGE, p);
    }
    pb_close(out, metric);
}

void exposition_protobuf_family(struct exposition *x)
{
    static const unsigned types[] = {
        [EXPOSITION_COUNTER] = 0,
        [EXPOSITION_GAUGE] = 1,
        [EXPOSITION_HISTOGRAM] = 4,
        [EXPOSITION_UNKNOWN] = 3,
    };
    struct buf head = {0};

    pb_str(&head, FAMILY_NAME, buf_str(&x->name));
    pb_str(&head, FAMILY_HELP, buf_str(&x->help));
    pb_uint(&head, FAMILY_TYPE, types[x->kind]);
    if (x->unit.len)
        pb_str(&head, FAMILY_UNIT, buf_str(&x->unit));
    varint_put(x->out, head.len + x->family_message.len);
    buf_putstr(x->out, buf_str(&head));
    buf_putstr(x->out, buf_str(&x->family_message));
    buf_reset(&x->family_message);
    buf_fini(&head);
}
