/*
 * A record is varint(length of head), head, data point; the head is one byte for the kind and
 * temporality, then the fields name, description and unit of a Metric as they go on the wire.
 */
#include "sink/otlp.h"

#include <string.h>

#include "base/varint.h"
#include "sink/protobuf.h"

/* Numbers of the fields, by message. */
enum {
    REQUEST_RESOURCE_METRICS = 1,

    RESOURCE_METRICS_RESOURCE = 1,
    RESOURCE_METRICS_SCOPE_METRICS = 2,
    RESOURCE_ATTRIBUTES = 1,

    SCOPE_METRICS_SCOPE = 1,
    SCOPE_METRICS_METRICS = 2,
    SCOPE_NAME = 1,
    SCOPE_VERSION = 2,

    KEY_VALUE_KEY = 1,
    KEY_VALUE_VALUE = 2,
    ANY_VALUE_STRING = 1,

    METRIC_NAME = 1,
    METRIC_DESCRIPTION = 2,
    METRIC_UNIT = 3,
    DATA_POINTS = 1,
    DATA_TEMPORALITY = 2,
    DATA_IS_MONOTONIC = 3,

    /* of every kind of data point */
    POINT_START = 2,
    POINT_TIME = 3,

    NUMBER_AS_DOUBLE = 4,
    NUMBER_ATTRIBUTES = 7,

    /* of both kinds of histogram */
    HIST_COUNT = 4,
    HIST_SUM = 5,

    EXPLICIT_COUNTS = 6,
    EXPLICIT_BOUNDS = 7,
    EXPLICIT_ATTRIBUTES = 9,
    EXPLICIT_MIN = 11,
    EXPLICIT_MAX = 12,

    EXPONENTIAL_ATTRIBUTES = 1,
    EXPONENTIAL_SCALE = 6,
    EXPONENTIAL_ZERO_COUNT = 7,
    EXPONENTIAL_POSITIVE = 8,
    EXPONENTIAL_NEGATIVE = 9,
    EXPONENTIAL_MIN = 12,
    EXPONENTIAL_MAX = 13,
    EXPONENTIAL_ZERO_THRESHOLD = 14,
    BUCKETS_OFFSET = 1,
    BUCKETS_COUNTS = 2,
};

/* The member of Metric's oneof that holds the data; the upper bits of a record's first byte. */
enum data {
    DATA_GAUGE = 5,
    DATA_SUM = 7,
    DATA_EXPLICIT = 9,
    DATA_EXPONENTIAL = 10,
};

enum {
    TEMPORALITY_BITS = 2,
    SCALE_MIN = -10, /* where everything is in two buckets; lower means nothing */
};

/* ---- text ---- */

/* A string must be UTF-8, or the whole request cannot be read. */
static void put_text(struct buf *out, unsigned field, struct str text)
{
    size_t opened = pb_open(out, field);

    for (size_t i = 0; i < text.n;) {
        size_t n = utf8_length((const unsigned char *)text.p + i, text.n - i);

        if (n) {
            buf_put(out, text.p + i, n);
        } else {
            buf_puts(out, "\xef\xbf\xbd");
        }
        i += n ? n : 1;
    }
    pb_close(out, opened);
}

static void put_attributes(struct buf *out, unsigned field, const struct tag *tags, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (tags[i].key.n == 0 || tags[i].value.n == 0)
            continue;

        size_t pair = pb_open(out, field);

        put_text(out, KEY_VALUE_KEY, tags[i].key);

        size_t value = pb_open(out, KEY_VALUE_VALUE);

        put_text(out, ANY_VALUE_STRING, tags[i].value);
        pb_close(out, value);
        pb_close(out, pair);
    }
}

/* The unit in the words of UCUM, as OpenTelemetry wants them. */
static struct str unit_of(struct str unit)
{
    static const struct {
        const char *ours, *ucum;
    } units[] = {
        {"seconds", "s"}, {"milliseconds", "ms"}, {"bytes", "By"}, {"ratio", "1"}, {"percent", "%"},
    };

    for (size_t i = 0; i < countof(units); i++) {
        if (str_is(unit, units[i].ours))
            return str_of(units[i].ucum);
    }
    return unit;
}

/* ---- data points ---- */

static void put_times(struct buf *out, const struct otlp_style *style, const struct point *p)
{
    wall_ns start = style->temporality == OTLP_DELTA ? style->since : p->start;

    if (start <= 0 || start > p->at)
        start = p->at;
    pb_fixed64(out, POINT_START, (uint64_t)start);
    pb_fixed64(out, POINT_TIME, (uint64_t)p->at);
}

static void put_gauge(struct buf *out, const struct point *p)
{
    pb_fixed64(out, POINT_TIME, (uint64_t)p->at);
    pb_double(out, NUMBER_AS_DOUBLE, p->value);
    put_attributes(out, NUMBER_ATTRIBUTES, p->labels, p->n_labels);
}

static void put_sum(struct buf *out, const struct otlp_style *style, const struct point *p)
{
    put_times(out, style, p);
    pb_double(out, NUMBER_AS_DOUBLE, style->temporality == OTLP_DELTA ? p->delta : p->value);
    put_attributes(out, NUMBER_ATTRIBUTES, p->labels, p->n_labels);
}

/* Count and sum; there is no sum where something was negative (metrics.proto, HistogramDataPoint).
 */
static void put_count(struct buf *out, const struct hist *h, double factor)
{
    pb_fixed64(out, HIST_COUNT, h->count);
    if (h->count == 0 || h->min >= 0)
        pb_double(out, HIST_SUM, h->sum * factor);
}

/* ---- exponential histograms ---- */

/* What lies in the buckets of one sign, by their indexes in the protocol. */
struct range {
    int32_t first, last;
    bool any;
};

static struct range range_of(const struct hist *h, enum hist_sign sign)
{
    struct range r = {0};
    int32_t cursor = INT32_MIN, index;
    uint64_t count;

    while (hist_next(h, sign, &cursor, &index, &count)) {
        r.first = r.any ? r.first : index - 1;
        r.last = index - 1;
        r.any = true;
    }
    return r;
}

/* By how much the scale must go down for a range to have at most `max` buckets. */
static unsigned shift_for(struct range r, uint32_t max)
{
    unsigned shift = 0;

    while (r.any && max && shift < HIST_SCHEMA - SCALE_MIN &&
           (uint32_t)((r.last >> shift) - (r.first >> shift)) >= max)
        shift++;
    return shift;
}

/* Dense from the first bucket on, several of ours in one where the scale is lower. */
static void put_buckets(struct buf *out, unsigned field, const struct hist *h, enum hist_sign sign,
                        struct range range, unsigned shift)
{
    int32_t cursor = INT32_MIN, index, at = range.first >> shift;
    uint64_t count, sum = 0;

    if (!range.any)
        return;

    size_t buckets = pb_open(out, field);

    pb_sint(out, BUCKETS_OFFSET, at);

    size_t counts = pb_open(out, BUCKETS_COUNTS);

    while (hist_next(h, sign, &cursor, &index, &count)) {
        for (; at < (index - 1) >> shift; at++) {
            varint_put(out, sum);
            sum = 0;
        }
        sum += count;
    }
    varint_put(out, sum);
    pb_close(out, counts);
    pb_close(out, buckets);
}

static void put_exponential(struct buf *out, const struct otlp_style *style, const struct point *p,
                            const struct hist *h)
{
    struct range positive = range_of(h, HIST_POSITIVE), negative = range_of(h, HIST_NEGATIVE);
    unsigned shift = shift_for(positive, style->max_buckets);
    unsigned other = shift_for(negative, style->max_buckets);

    shift = other > shift ? other : shift;
    put_attributes(out, EXPONENTIAL_ATTRIBUTES, p->labels, p->n_labels);
    put_times(out, style, p);
    put_count(out, h, p->factor);
    pb_sint(out, EXPONENTIAL_SCALE, HIST_SCHEMA - (int)shift);
    pb_fixed64(out, EXPONENTIAL_ZERO_COUNT, h->n_zero);
    put_buckets(out, EXPONENTIAL_POSITIVE, h, HIST_POSITIVE, positive, shift);
    put_buckets(out, EXPONENTIAL_NEGATIVE, h, HIST_NEGATIVE, negative, shift);
    if (h->count) {
        pb_double(out, EXPONENTIAL_MIN, h->min * p->factor);
        pb_double(out, EXPONENTIAL_MAX, h->max * p->factor);
    }
    pb_double(out, EXPONENTIAL_ZERO_THRESHOLD, HIST_ZERO);
}

/* ---- histograms with bounds ---- */

/* Of the SDKs, meant for milliseconds. */
static const double bounds_ms[] = {0,   5,   10,   25,   50,   75,   100,  250,
                                   500, 750, 1000, 2500, 5000, 7500, 10000};

static double bound_at(const struct point *p, size_t i)
{
    return str_is(p->family->unit, "seconds") ? bounds_ms[i] / 1000 : bounds_ms[i];
}

static void put_bounds(struct buf *out, const struct point *p, const struct hist *h)
{
    uint64_t before = 0;
    size_t counts = pb_open(out, EXPLICIT_COUNTS);

    for (size_t i = 0; i <= countof(bounds_ms); i++) {
        uint64_t upto =
            i < countof(bounds_ms) ? hist_count_upto(h, bound_at(p, i) / p->factor) : h->count;

        for (unsigned k = 0; k < 8; k++)
            buf_putc(out, (char)((upto - before) >> (8 * k)));
        before = upto;
    }
    pb_close(out, counts);

    size_t bounds = pb_open(out, EXPLICIT_BOUNDS);

    for (size_t i = 0; i < countof(bounds_ms); i++)
        pb_double_raw(out, bound_at(p, i));
    pb_close(out, bounds);
}

static void put_explicit(struct buf *out, const struct otlp_style *style, const struct point *p,
                         const struct hist *h)
{
    put_times(out, style, p);
    put_count(out, h, p->factor);
    put_bounds(out, p, h);
    put_attributes(out, EXPLICIT_ATTRIBUTES, p->labels, p->n_labels);
    if (h->count) {
        pb_double(out, EXPLICIT_MIN, h->min * p->factor);
        pb_double(out, EXPLICIT_MAX, h->max * p->factor);
    }
}

/* ---- records ---- */

static enum data data_of(const struct otlp_style *style, const struct point *p)
{
    switch (p->family->kind) {
    case POINT_GAUGE:
        return DATA_GAUGE;
    case POINT_COUNTER:
        return DATA_SUM;
    default:
        return style->histograms == OTLP_EXPONENTIAL && p->factor == p->hist->scale
                   ? DATA_EXPONENTIAL
                   : DATA_EXPLICIT;
    }
}

static bool is_empty(const struct otlp_style *style, const struct point *p)
{
    if (style->temporality != OTLP_DELTA || p->family->kind == POINT_GAUGE)
        return false;
    return p->family->kind == POINT_COUNTER ? p->delta == 0 : !p->hist_delta;
}

static void put_head(struct buf *out, const struct otlp_style *style, const struct point *p,
                     enum data data)
{
    const struct point_family *f = p->family;
    unsigned temporality = data == DATA_GAUGE ? 0 : style->temporality;

    buf_putc(out, (char)(data << TEMPORALITY_BITS | temporality));
    put_text(out, METRIC_NAME, f->name);
    if (f->help.n)
        put_text(out, METRIC_DESCRIPTION, f->help);
    if (f->unit.n)
        put_text(out, METRIC_UNIT, unit_of(f->unit));
}

void otlp_put(struct buf *out, const struct otlp_style *style, const struct point *p)
{
    const struct hist *h = style->temporality == OTLP_DELTA ? p->hist_delta : p->hist;

    if (is_empty(style, p))
        return;

    enum data data = data_of(style, p);
    struct buf head = {0};

    put_head(&head, style, p, data);
    varint_put(out, head.len);
    buf_putstr(out, buf_str(&head));
    buf_fini(&head);
    switch (data) {
    case DATA_GAUGE:
        put_gauge(out, p);
        break;
    case DATA_SUM:
        put_sum(out, style, p);
        break;
    case DATA_EXPLICIT:
        put_explicit(out, style, p, h);
        break;
    case DATA_EXPONENTIAL:
        put_exponential(out, style, p, h);
        break;
    }
}

/* ---- requests ---- */

struct record {
    struct str head, data;
};

/* False when the bytes are no record; they may come from a disk. */
static bool record_read(struct str bytes, struct record *ret)
{
    uint64_t n_head = 0;
    size_t at = 0;

    for (unsigned shift = 0; at < bytes.n && shift < 32; shift += 7) {
        n_head |= (uint64_t)(bytes.p[at] & 0x7f) << shift;
        if (!(bytes.p[at++] & 0x80))
            break;
    }
    if (n_head == 0 || n_head > bytes.n - at)
        return false;
    ret->head = str_from(bytes.p + at, n_head);
    ret->data = str_from_index(bytes, at + n_head);
    return true;
}

/* Puts the metric that begins with record *i and all its neighbours of the same head. */
static void put_metric(struct buf *out, const struct batch_view *points, size_t *i,
                       const struct record *first)
{
    unsigned char kind = (unsigned char)first->head.p[0];
    unsigned temporality = kind & ((1 << TEMPORALITY_BITS) - 1);
    unsigned field = kind >> TEMPORALITY_BITS;
    struct record r = *first;
    size_t metric = pb_open(out, SCOPE_METRICS_METRICS);

    buf_putstr(out, str_from_index(first->head, 1));

    size_t data = pb_open(out, field);

    do {
        pb_str(out, DATA_POINTS, r.data);
        (*i)++;
    } while (*i < points->to && record_read(batch_point(points, *i), &r) &&
             str_eq(r.head, first->head));
    if (temporality)
        pb_uint(out, DATA_TEMPORALITY, temporality);
    if (field == DATA_SUM)
        pb_uint(out, DATA_IS_MONOTONIC, 1);
    pb_close(out, data);
    pb_close(out, metric);
}

static void put_scope(struct buf *out, const struct otlp_origin *origin)
{
    size_t scope = pb_open(out, SCOPE_METRICS_SCOPE);

    put_text(out, SCOPE_NAME, str_of(origin->scope));
    put_text(out, SCOPE_VERSION, str_of(origin->version));
    pb_close(out, scope);
}

void otlp_request(struct buf *out, const struct otlp_origin *origin,
                  const struct batch_view *points)
{
    struct record r;
    size_t resource_metrics = pb_open(out, REQUEST_RESOURCE_METRICS);
    size_t resource = pb_open(out, RESOURCE_METRICS_RESOURCE);

    put_attributes(out, RESOURCE_ATTRIBUTES, origin->attributes, origin->n_attributes);
    pb_close(out, resource);

    size_t scope_metrics = pb_open(out, RESOURCE_METRICS_SCOPE_METRICS);

    put_scope(out, origin);
    for (size_t i = points->from; i < points->to;) {
        if (record_read(batch_point(points, i), &r)) {
            put_metric(out, points, &i, &r);
        } else {
            i++;
        }
    }
    pb_close(out, scope_metrics);
    pb_close(out, resource_metrics);
}
