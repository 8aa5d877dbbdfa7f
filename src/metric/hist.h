#pragma once
/*
 * A histogram with base-2 exponential buckets at schema 8: 256 buckets an octave, so the middle of
 * a bucket is within 0.136 % of anything in it. It is the layout of Prometheus native histograms
 * and of OTLP exponential histograms, so it is exported without loss. Bucket i holds the values in
 * (2^((i-1)/256), 2^(i/256)]; count, sum, min and max are exact; merging adds.
 *
 * Counters are stored sparsely, in blocks that come from a slab when they are first hit; a
 * histogram that is reset keeps its blocks, so that a steady state allocates nothing. Negative
 * values have buckets of their own, by magnitude; magnitudes up to 2^-128 count as zero.
 *
 * Samples may be in another unit than the one that buckets are counted in: times are recorded in
 * milliseconds and have the buckets of seconds, so that an export in base units moves nothing.
 * `scale` is what a sample is multiplied by to find its bucket; bounds, sums and quantiles given
 * here are in the samples' unit, buckets given by index are in the scaled one.
 *
 * A histogram and its slab belong to one thread at a time. Recording is inline because it happens
 * several times a request.
 */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum {
    HIST_SCHEMA = 8,
    HIST_BLOCK_BITS = 6,
    HIST_BLOCK = 1 << HIST_BLOCK_BITS, /* counters in a block: a quarter of an octave */
    HIST_INDEX_MIN = -128 * 256 + 1,   /* the bucket above the zero bucket */
    HIST_INDEX_MAX = 1024 * 256,       /* the bucket of DBL_MAX and of infinity */
};

#define HIST_ZERO 0x1p-128

struct hist_block {
    uint64_t count[HIST_BLOCK];
};

struct hist_slab;

/* Blocks for many histograms; frees all of them at once. Not thread-safe. */
struct hist_slab *hist_slab_new(void);
void hist_slab_free(struct hist_slab *slab);

/* The blocks of one sign. Entry k has the buckets from (first + k) * HIST_BLOCK + 1 on. */
struct hist_side {
    struct hist_block **blocks; /* n entries, NULL where nothing was hit; heap */
    int32_t first;
    uint32_t n;
};

/* Zeroed memory is an empty histogram, but for `scale` and `slab`. */
struct hist {
    uint64_t count;
    uint64_t n_zero;
    double sum;
    double min; /* meaningless while count is 0 */
    double max;
    double scale; /* of what is merged into it the same */
    struct hist_side pos;
    struct hist_side neg;
    struct hist_slab *slab; /* borrowed; outlives the histogram's use */
};

#define HIST_INIT(slab_) HIST_INIT_SCALED(slab_, 1.0)

/* The scale of samples in milliseconds that have the buckets of seconds. Others are 1. */
#define HIST_MILLIS 0.001

#define HIST_INIT_SCALED(slab_, scale_) ((struct hist){.scale = (scale_), .slab = (slab_)})

/* Gives the blocks back to the slab and frees the directory; an empty histogram with the same slab.
 */
void hist_fini(struct hist *h);

/* Empties it and keeps its blocks. */
void hist_reset(struct hist *h);

/* Empties it and gives the blocks back to the slab; the directory stays. */
void hist_clear(struct hist *h);

/* A cell of the mantissa: bucket at its start in the low 8 bits, above them where the next begins.
 */
extern const uint64_t hist_cell[512];

/* The bucket of a value above HIST_ZERO. */
static inline int32_t hist_index(double v)
{
    uint64_t bits;

    /* Upper bounds belong to their bucket: looking at the value below makes that the usual case. */
    memcpy(&bits, &v, sizeof(bits));
    bits--;
    uint64_t mantissa = bits & ((UINT64_C(1) << 52) - 1);
    uint64_t cell = hist_cell[mantissa >> 43];

    return ((int32_t)(bits >> 52) - 1023) * 256 + (int32_t)(cell & 0xff) + (mantissa >= cell >> 8) +
           1;
}

/* The upper bound of a bucket, 2^(index/256), correctly rounded. */
double hist_bound(int32_t index);

/* The rest of hist_add: a block not there yet, or a value that is not positive. NaN is ignored. */
void hist_add_slow(struct hist *h, double v);

static inline void hist_add(struct hist *h, double v)
{
    double scaled = v * h->scale;

    if (likely(scaled > HIST_ZERO)) {
        uint32_t at = (uint32_t)(hist_index(scaled) - 1);
        uint32_t k = (uint32_t)((int32_t)at >> HIST_BLOCK_BITS) - (uint32_t)h->pos.first;

        if (likely(k < h->pos.n && h->pos.blocks[k])) {
            h->pos.blocks[k]->count[at & (HIST_BLOCK - 1)]++;
            h->count++;
            h->sum += v;
            h->min = v < h->min ? v : h->min;
            h->max = v > h->max ? v : h->max;
            return;
        }
    }
    hist_add_slow(h, v);
}

/* n samples of one value; not for the hot path. NaN is ignored. */
void hist_add_n(struct hist *h, double v, uint64_t n);

/* n samples of the value 0, the commonest of some metrics. */
static inline void hist_add_zeros(struct hist *h, uint64_t n)
{
    h->min = h->count == 0 || h->min > 0 ? 0 : h->min;
    h->max = h->count == 0 || h->max < 0 ? 0 : h->max;
    h->n_zero += n;
    h->count += n;
}

/* Adds the samples of `from` to `to`. */
void hist_merge(struct hist *to, const struct hist *from);

/*
 * The value at quantile q (0..1) by k6's rule: rank q·(count-1), interpolated between the samples
 * beside it. A sample is taken to be in the middle of its bucket (the first and last are exact, and
 * buckets are cut at min and max), so the error is at most 0.136 % of each. 0 when empty.
 */
double hist_quantile(const struct hist *h, double q);

/* Several at once, for the price of about one; `q` ascends. */
void hist_quantiles(const struct hist *h, const double *q, size_t n, double *ret_values);

static inline double hist_mean(const struct hist *h)
{
    return h->count ? h->sum / (double)h->count : 0;
}

/* How many samples lie in buckets whose upper bound is at most `limit`; for cumulative exports. */
uint64_t hist_count_upto(const struct hist *h, double limit);

enum hist_sign {
    HIST_POSITIVE,
    HIST_NEGATIVE,
};

/*
 * Visits the buckets of one sign that are not empty, by ascending index (of the magnitude). Set
 * *cursor to INT32_MIN first. Returns false at the end.
 */
bool hist_next(const struct hist *h, enum hist_sign sign, int32_t *cursor, int32_t *ret_index,
               uint64_t *ret_count);

/* The upper bound of a bucket in the samples' unit. */
static inline double hist_upper(const struct hist *h, int32_t index)
{
    return hist_bound(index) / h->scale;
}

bool hist_equal(const struct hist *a, const struct hist *b);

/* Appends the compact bytes of h, for the store and the wire. */
void hist_encode(const struct hist *h, struct buf *out);

/* Conditions of hist_decode. */
enum {
    HIST_E_SHORT = 1, /* the bytes end too early */
    HIST_E_BAD = 2,   /* not a histogram */
};

/*
 * Adds the samples of an encoded histogram to h, and takes it off *bytes. Any bytes may be given:
 * returns 0 or a condition above, which leaves h and *bytes as they were. One of another scale is
 * HIST_E_BAD.
 */
MUST_USE int hist_decode(struct hist *h, struct str *bytes);
