/*
 * Buckets that are not empty come as spans (how many are skipped, how many follow in a row) and as
 * a list of counts, each the difference to the one before. Both are written by a walk over the
 * histogram's buckets that joins those which become one.
 */
#include "sink/native_hist.h"

#include "base/varint.h"
#include "sink/protobuf.h"

const struct native_fields native_remote_write = {
    .count = 1,
    .sum = 3,
    .schema = 4,
    .zero_threshold = 5,
    .zero_count = 6,
    .negative_spans = 8,
    .negative_deltas = 9,
    .positive_spans = 11,
    .positive_deltas = 12,
};

const struct native_fields native_scrape = {
    .count = 1,
    .sum = 2,
    .schema = 5,
    .zero_threshold = 6,
    .zero_count = 7,
    .negative_spans = 9,
    .negative_deltas = 10,
    .positive_spans = 12,
    .positive_deltas = 13,
};

struct walk {
    const struct hist *h;
    enum hist_sign sign;
    int shift;    /* buckets join by this many bits of their index */
    double moved; /* buckets are this many times as far up; 1: where they are */
    int32_t cursor;
    int32_t index; /* of a bucket that was read and not given yet */
    uint64_t count;
    bool has_next;
};

static int32_t target_index(const struct walk *w, int32_t index)
{
    if (w->moved != 1) {
        double middle = hist_bound(index) * 0x1.ff4eaca4391b6p-1 * w->moved; /* × 2^(-1/512) */

        index = middle > HIST_ZERO ? hist_index(middle) : HIST_INDEX_MIN;
    }
    return ((index - 1) >> w->shift) + 1; /* the ceiling of index / 2^shift */
}

static void read_bucket(struct walk *w)
{
    int32_t index;

    w->has_next = hist_next(w->h, w->sign, &w->cursor, &index, &w->count);
    if (w->has_next)
        w->index = target_index(w, index);
}

static struct walk walk_from(const struct hist *h, enum hist_sign sign, double factor, int schema)
{
    struct walk w = {
        .h = h,
        .sign = sign,
        .shift = HIST_SCHEMA - schema,
        .moved = factor == h->scale ? 1 : factor / h->scale,
        .cursor = INT32_MIN,
    };

    read_bucket(&w);
    return w;
}

static bool walk_next(struct walk *w, int32_t *ret_index, uint64_t *ret_count)
{
    if (!w->has_next)
        return false;
    *ret_index = w->index;
    *ret_count = 0;
    while (w->has_next && w->index == *ret_index) {
        *ret_count += w->count;
        read_bucket(w);
    }
    return true;
}

static void put_span(struct buf *out, unsigned field, int32_t offset, uint32_t length)
{
    size_t span = pb_open(out, field);

    pb_sint(out, 1, offset);
    pb_uint(out, 2, length);
    pb_close(out, span);
}

static void put_spans(struct buf *out, unsigned field, struct walk w)
{
    int32_t index, offset = 0, end = 0; /* end: the bucket behind the span */
    uint32_t length = 0;
    uint64_t count;

    while (walk_next(&w, &index, &count)) {
        if (length && index != end) {
            put_span(out, field, offset, length);
            length = 0;
        }
        if (!length)
            offset = index - end;
        length++;
        end = index + 1;
    }
    if (length)
        put_span(out, field, offset, length);
}

static void put_deltas(struct buf *out, unsigned field, struct walk w)
{
    int32_t index;
    uint64_t count, before = 0;
    size_t list = pb_open(out, field);

    while (walk_next(&w, &index, &count)) {
        varint_put(out, pb_zigzag((int64_t)(count - before)));
        before = count;
    }
    pb_close(out, list);
}

static void put_side(struct buf *out, unsigned spans, unsigned deltas, struct walk w)
{
    if (!w.has_next)
        return;
    put_spans(out, spans, w);
    put_deltas(out, deltas, w);
}

void native_hist_put(struct buf *out, const struct native_fields *f, const struct hist *h,
                     double factor, int schema)
{
    pb_uint(out, f->count, h->count);
    pb_double(out, f->sum, h->sum * factor);
    pb_sint(out, f->schema, schema);
    pb_double(out, f->zero_threshold, HIST_ZERO);
    pb_uint(out, f->zero_count, h->n_zero);
    put_side(out, f->negative_spans, f->negative_deltas,
             walk_from(h, HIST_NEGATIVE, factor, schema));
    put_side(out, f->positive_spans, f->positive_deltas,
             walk_from(h, HIST_POSITIVE, factor, schema));
}
