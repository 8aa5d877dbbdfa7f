/*
 * Quantiles: the sample of a rank is found by adding up counters block by block. Ranks are asked in
 * ascending order, so that however many there are, the blocks are added up once.
 */
#include <assert.h>

#include "metric/hist.h"

static double clamp(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

/* The middle of a bucket of magnitudes, cut at the smallest and largest sample. */
static double bucket_middle(const struct hist *h, enum hist_sign sign, int32_t index)
{
    double low = hist_upper(h, index - 1);
    double high = hist_upper(h, index);

    if (sign == HIST_NEGATIVE) {
        double swap = -low;

        low = -high;
        high = swap;
    }
    low = clamp(low, h->min, h->max);
    high = clamp(high, h->min, h->max);
    return low + (high - low) / 2;
}

static uint64_t block_sum(const struct hist_block *block)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < HIST_BLOCK; i++)
        sum += block->count[i];
    return sum;
}

static uint64_t side_count(const struct hist_side *side)
{
    uint64_t sum = 0;

    for (uint32_t k = 0; k < side->n; k++)
        sum += side->blocks[k] ? block_sum(side->blocks[k]) : 0;
    return sum;
}

/* Where the adding up of one side has come to. */
struct walk {
    const struct hist_side *side;
    uint32_t k;      /* the block */
    uint64_t before; /* samples in the blocks before it */
    uint64_t inside; /* and in it */
};

static uint64_t walk_inside(const struct walk *w)
{
    const struct hist_block *block = w->k < w->side->n ? w->side->blocks[w->k] : NULL;

    return block ? block_sum(block) : 0;
}

static struct walk walk_start(const struct hist_side *side)
{
    struct walk w = {.side = side};

    w.inside = walk_inside(&w);
    return w;
}

/*
 * The bucket that the sample of a rank from the side's smallest magnitude (0) is in; the side has
 * more samples than that, and no block is left behind that is asked for later.
 */
static int32_t walk_to(struct walk *w, uint64_t rank)
{
    while (rank - w->before >= w->inside) {
        assert(w->k < w->side->n);
        w->before += w->inside;
        w->k++;
        w->inside = walk_inside(w);
    }
    const struct hist_block *block = w->side->blocks[w->k];
    uint64_t left = rank - w->before;
    int32_t i = 0;

    for (; left >= block->count[i]; i++)
        left -= block->count[i];
    return (w->side->first + (int32_t)w->k) * HIST_BLOCK + i + 1;
}

struct ranks {
    const struct hist *h;
    uint64_t n_neg;
    struct walk positive;
};

/* The sample of a rank from the smallest (0); rank < count. */
static double sample_at(struct ranks *r, uint64_t rank)
{
    const struct hist *h = r->h;

    if (rank == 0)
        return h->min;
    if (rank >= h->count - 1)
        return h->max;
    if (rank < r->n_neg) {
        /* They are asked from the largest magnitude down; few histograms have any. */
        struct walk w = walk_start(&h->neg);

        return bucket_middle(h, HIST_NEGATIVE, walk_to(&w, r->n_neg - 1 - rank));
    }
    if (rank < r->n_neg + h->n_zero)
        return 0;
    return bucket_middle(h, HIST_POSITIVE, walk_to(&r->positive, rank - r->n_neg - h->n_zero));
}

static double quantile(struct ranks *r, double q)
{
    double rank = clamp(q, 0, 1) * (double)(r->h->count - 1);
    double below = floor(rank);
    double low = sample_at(r, (uint64_t)below);

    if (rank == below)
        return low;
    /* The next quantile may lie between the same two: what was passed is needed again. */
    struct walk back = r->positive;
    double high = sample_at(r, (uint64_t)below + 1);

    r->positive = back;
    /* Equal ones first: between two infinities there is nothing to interpolate. */
    return low == high ? low : low + (high - low) * (rank - below);
}

void hist_quantiles(const struct hist *h, const double *q, size_t n, double *ret_values)
{
    struct ranks r = {.h = h, .n_neg = side_count(&h->neg), .positive = walk_start(&h->pos)};

    for (size_t i = 0; i < n; i++) {
        assert(i == 0 || q[i - 1] <= q[i]);
        ret_values[i] = h->count ? quantile(&r, q[i]) : 0;
    }
}

double hist_quantile(const struct hist *h, double q)
{
    double value;

    hist_quantiles(h, &q, 1, &value);
    return value;
}
