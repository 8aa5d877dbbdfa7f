/* Where the latency of a target bends, from the probes of a search (search.h). */
#include <math.h>

#include "base/err.h"
#include "base/mem.h"
#include "run/search.h"

/* All probes of one rate together, on log scales. */
struct point {
    double x;     /* ln rate */
    double power; /* ln(throughput / latency), the mean of n probes */
    int n;
};

static int by_rate(const void *a, const void *b)
{
    const struct point *p = a, *q = b;

    return (p->x > q->x) - (p->x < q->x);
}

static size_t collect(const struct search_probe *probes, size_t n, struct point *points)
{
    size_t n_points = 0;

    for (size_t i = 0; i < n; i++) {
        const struct search_probe *p = &probes[i];

        if (p->verdict != SEARCH_INVALID && p->latency > 0 && p->throughput > 0)
            points[n_points++] = (struct point){log(p->rate), log(p->throughput / p->latency), 1};
    }
    if (n_points)
        qsort(points, n_points, sizeof(*points), by_rate);
    return n_points;
}

static size_t merge_equal(struct point *points, size_t n)
{
    size_t last = 0;

    for (size_t i = 1; i < n; i++) {
        struct point *to = &points[last];

        if (points[i].x - to->x > 1e-6) {
            points[++last] = points[i];
            continue;
        }
        to->power = (to->power * to->n + points[i].power) / (to->n + 1);
        to->n++;
    }
    return n ? last + 1 : 0;
}

/* Where the parabola through three points has its top; b is the highest of them. */
static double top(const struct point *a, const struct point *b, const struct point *c)
{
    double left = (b->power - a->power) / (b->x - a->x);
    double right = (c->power - b->power) / (c->x - b->x);
    double bend = (right - left) / (c->x - a->x);

    if (!(bend < 0))
        return b->x;
    double x = (a->x + b->x) / 2 - left / (2 * bend);

    return fmin(fmax(x, a->x), c->x);
}

double search_knee(const struct search_probe *probes, size_t n)
{
    scoped(freep) struct point *points = xnew_n(struct point, n);
    size_t n_points = merge_equal(points, collect(probes, n, points));
    size_t best = 0;

    if (n_points < 3)
        return 0;
    for (size_t i = 1; i < n_points; i++)
        best = points[i].power > points[best].power ? i : best;
    /* Still rising at the highest rate: the knee lies beyond it. */
    if (best + 1 == n_points)
        return 0;
    if (best == 0)
        return exp(points[0].x);
    return exp(top(&points[best - 1], &points[best], &points[best + 1]));
}
