/*
 * Buckets are of equal width on the logarithmic axis, so a move is a shift of whole buckets. What
 * is 0 or less lies below all buckets and does not move.
 */
#include "compare/shape.h"

#include <math.h>

#include "base/mem.h"
#include "compare/student.h"

enum {
    BUCKETS_AN_OCTAVE = 1 << HIST_SCHEMA,
    BUCKETS_MAX = 64 * BUCKETS_AN_OCTAVE, /* beyond that, the last has the rest */
    MOVE_MAX = 2 * BUCKETS_AN_OCTAVE,
};

/* Shares at or below each bucket from `first` on. */
struct cumulative {
    int32_t first;
    size_t n;
    double *share;
    double below; /* of what has no bucket */
};

static void cumulate(const struct hist *h, struct cumulative *ret)
{
    int32_t cursor = INT32_MIN, index, last = 0;
    uint64_t count, n_positive = 0;

    *ret = (struct cumulative){0};
    while (hist_next(h, HIST_POSITIVE, &cursor, &index, &count)) {
        ret->first = n_positive ? ret->first : index;
        last = index;
        n_positive += count;
    }
    ret->below = (double)(h->count - n_positive) / (double)h->count;
    ret->n = n_positive ? (size_t)(last - ret->first) + 1 : 0;
    ret->n = ret->n < BUCKETS_MAX ? ret->n : BUCKETS_MAX;
    ret->share = xnew_n(double, ret->n + 1);
    for (cursor = INT32_MIN; hist_next(h, HIST_POSITIVE, &cursor, &index, &count);) {
        size_t i = (size_t)(index - ret->first);

        ret->share[i < ret->n ? i : ret->n - 1] += (double)count / (double)h->count;
    }
    for (size_t i = 0; i < ret->n; i++)
        ret->share[i] += i ? ret->share[i - 1] : ret->below;
}

static double share_at(const struct cumulative *c, int32_t index)
{
    if (index < c->first)
        return c->below;
    size_t i = (size_t)(index - c->first);

    return !c->n ? c->below : i < c->n ? c->share[i] : 1;
}

static double distance(const struct cumulative *a, const struct cumulative *b, int32_t move)
{
    int32_t first = a->first < b->first + move ? a->first : b->first + move;
    int32_t a_last = a->first + (int32_t)a->n, b_last = b->first + (int32_t)b->n + move;
    int32_t last = a_last > b_last ? a_last : b_last;
    double most = fabs(a->below - b->below);

    for (int32_t i = first; i < last; i++)
        most = fmax(most, fabs(share_at(a, i) - share_at(b, i - move)));
    return most;
}

/* From the middle outwards, so that of equal moves the smallest is taken. */
static void best_move(const struct cumulative *a, const struct cumulative *b, int32_t most,
                      struct shape_test *ret)
{
    ret->distance = INFINITY;
    for (int32_t k = 0; k <= most; k++) {
        for (int32_t sign = 1; sign >= -1; sign -= 2) {
            double d = distance(a, b, sign * k);

            if (d < ret->distance) {
                ret->distance = d;
                ret->move = sign * k * M_LN2 / BUCKETS_AN_OCTAVE;
            }
        }
    }
}

/* Stephens 1970: what makes the limiting distribution fit numbers that are not large. */
static double chance(double distance, double n_a, double n_b)
{
    double root = sqrt(n_a * n_b / (n_a + n_b));

    return kolmogorov_above((root + 0.12 + 0.11 / root) * distance);
}

void shape_compare(const struct hist *current, double n_current, const struct hist *baseline,
                   double n_baseline, double most, struct shape_test *ret)
{
    struct cumulative a, b;

    *ret = (struct shape_test){.p_value = NAN};
    if (!current->count || !baseline->count)
        return;
    cumulate(current, &a);
    cumulate(baseline, &b);
    best_move(&a, &b, (int32_t)fmin(MOVE_MAX, fmax(0, most) * BUCKETS_AN_OCTAVE / M_LN2), ret);
    ret->p_value = chance(ret->distance, n_current, n_baseline);
    free(a.share);
    free(b.share);
}
