/*
 * A histogram as bytes:
 *
 *   format      1 byte: 1, or 2 for samples of milliseconds in buckets of seconds
 *   n_zero      varint
 *   two sides   positive, then negative:
 *     n         varint, buckets that are not empty
 *     first     varint, index of the first, zigzag
 *     then      count as varint; between two, the gap in indexes - 1 as varint
 *   sum min max 8 bytes each, little endian; only when there is a sample
 *
 * Varints are little endian, 7 bits a byte, the highest bit set but in the last. Decoding reads all
 * of it first and adds only what has been found good.
 */
#include <assert.h>

#include "base/varint.h"
#include "metric/hist.h"
#include "metric/hist_priv.h"

enum {
    FORMAT_PLAIN = 1,
    FORMAT_MILLIS = 2,
};

static void put_side(struct buf *out, const struct hist *h, enum hist_sign sign)
{
    int32_t cursor = INT32_MIN, index = 0, before = 0;
    uint64_t count, n = 0;

    while (hist_next(h, sign, &cursor, &index, &count))
        n++;
    varint_put(out, n);

    cursor = INT32_MIN;
    for (uint64_t i = 0; hist_next(h, sign, &cursor, &index, &count); i++) {
        if (i == 0) {
            varint_put(out, (uint32_t)index << 1 ^ (uint32_t)(index >> 31));
        } else {
            varint_put(out, (uint64_t)(index - before - 1));
        }
        varint_put(out, count);
        before = index;
    }
}

static int format_of(const struct hist *h)
{
    return h->scale == HIST_MILLIS ? FORMAT_MILLIS : FORMAT_PLAIN;
}

void hist_encode(const struct hist *h, struct buf *out)
{
    buf_putc(out, (char)format_of(h));
    varint_put(out, h->n_zero);
    put_side(out, h, HIST_POSITIVE);
    put_side(out, h, HIST_NEGATIVE);
    if (h->count == 0)
        return;
    f64_put(out, h->sum);
    f64_put(out, h->min);
    f64_put(out, h->max);
}

/* What is left to read; `bad` sticks. */
struct reader {
    const unsigned char *at;
    const unsigned char *end;
    int error; /* 0 or a condition of hist_decode */
};

static uint64_t get_varint(struct reader *r)
{
    uint64_t n = 0;

    for (unsigned shift = 0; shift < 64 && !r->error; shift += 7) {
        if (r->at == r->end) {
            r->error = HIST_E_SHORT;
            return 0;
        }
        uint64_t byte = *r->at++;

        if (shift == 63 && byte > 1)
            break;
        n |= (byte & 0x7f) << shift;
        if (byte < 0x80)
            return n;
    }
    if (!r->error)
        r->error = HIST_E_BAD;
    return 0;
}

static double get_f64(struct reader *r)
{
    if (r->error || r->end - r->at < 8) {
        r->error = r->error ? r->error : HIST_E_SHORT;
        return 0;
    }
    double v = f64_read((const char *)r->at);

    r->at += 8;
    return v;
}

static void add_count(struct reader *r, uint64_t *sum, uint64_t n)
{
    if (__builtin_add_overflow(*sum, n, sum))
        r->error = HIST_E_BAD;
}

/* The index of the next bucket; `before` is the one before it, or INT64_MIN at the first. */
static int64_t get_index(struct reader *r, int64_t before)
{
    uint64_t raw = get_varint(r);
    int64_t index;

    if (raw > UINT32_MAX)
        r->error = HIST_E_BAD;
    if (r->error)
        return 0;
    if (before == INT64_MIN) {
        index = (int64_t)(raw >> 1) ^ -(int64_t)(raw & 1);
    } else {
        index = before + 1 + (int64_t)raw;
    }
    if (index < HIST_INDEX_MIN || index > HIST_INDEX_MAX)
        r->error = HIST_E_BAD;
    return index;
}

/* Reads one side, and adds it to `to` unless that is NULL; *sum grows by its samples. */
static void get_side(struct reader *r, struct hist *to, enum hist_sign sign, uint64_t *sum)
{
    uint64_t n = get_varint(r);
    int64_t index = INT64_MIN;

    for (uint64_t i = 0; i < n && !r->error; i++) {
        index = get_index(r, index);
        uint64_t count = get_varint(r);

        if (!r->error && count == 0)
            r->error = HIST_E_BAD;
        if (r->error)
            return;
        add_count(r, sum, count);
        if (to)
            hist_put(to, sign, (int32_t)index, count);
    }
}

static uint64_t get_counts(struct reader *r, struct hist *to, uint64_t *ret_n_zero)
{
    uint64_t sum = *ret_n_zero = get_varint(r);

    get_side(r, to, HIST_POSITIVE, &sum);
    get_side(r, to, HIST_NEGATIVE, &sum);
    return sum;
}

int hist_decode(struct hist *h, struct str *bytes)
{
    const unsigned char *start = (const unsigned char *)bytes->p;
    struct reader r = {.at = start, .end = start + bytes->n};
    double sum = 0, min = 0, max = 0;
    uint64_t n_zero, total;

    if (bytes->n == 0)
        return HIST_E_SHORT;
    if (*r.at++ != format_of(h))
        return HIST_E_BAD;
    uint64_t count = get_counts(&r, NULL, &n_zero);

    if (!r.error && count) {
        sum = get_f64(&r);
        min = get_f64(&r);
        max = get_f64(&r);
    }
    if (!r.error && (!(min <= max) || __builtin_add_overflow(h->count, count, &total)))
        r.error = HIST_E_BAD;
    if (r.error)
        return r.error;

    size_t used = (size_t)(r.at - start);

    r.at = start + 1;
    get_counts(&r, h, &n_zero);
    assert(!r.error);
    if (count)
        hist_put_range(h, min, max);
    h->n_zero += n_zero;
    h->count += count;
    h->sum += sum;
    *bytes = str_from_index(*bytes, used);
    return 0;
}
