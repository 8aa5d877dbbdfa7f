/*
 * A histogram's buckets, each as its middle rounded to two digits, ascending; neighbours that come
 * to the same time are one. Buckets are narrower than Locust's steps from 4 ms on, so a sample is
 * counted under a time next to its own at most where its bucket reaches over a border.
 */
#include "locust/locust_rate.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

enum {
    CURRENT_FROM = 12, /* seconds before the last request */
    CURRENT_TO = 2,    /* the first that is not read */
    KEPT = 60,         /* seconds: more than are read, since requests may have ceased meanwhile */
};

/* ---- rates ---- */

static void add_to(struct locust_second *s, enum locust_rate_of of, uint64_t n)
{
    if (of == LOCUST_RATE_REQUESTS)
        s->requests += n;
    else
        s->failures += n;
}

static struct locust_second *second_of(struct locust_second **seconds, size_t *n, size_t *cap,
                                       int64_t second)
{
    size_t i = *n;

    while (i > 0 && (*seconds)[i - 1].second > second)
        i--;
    if (i > 0 && (*seconds)[i - 1].second == second)
        return &(*seconds)[i - 1];
    vec_push(*seconds, *n, *cap) = (struct locust_second){0};
    for (size_t k = *n - 1; k > i; k--)
        (*seconds)[k] = (*seconds)[k - 1];
    (*seconds)[i] = (struct locust_second){.second = second};
    return &(*seconds)[i];
}

void locust_rate_add(struct locust_second **seconds, size_t *n_seconds, size_t *cap_seconds,
                     wall_ns from, wall_ns to, enum locust_rate_of of, uint64_t n)
{
    uint64_t done = 0;

    /* A clock that was set meanwhile says nothing about the span. */
    if (to - from > KEPT * NS_PER_S || from > to)
        from = to;
    for (int64_t s = from / NS_PER_S; s <= to / NS_PER_S && done < n; s++) {
        wall_ns end = (s + 1) * NS_PER_S;
        double part = end >= to ? 1 : (double)(end - from) / (double)(to - from);
        uint64_t upto = (uint64_t)nearbyint(part * (double)n);

        if (upto > done)
            add_to(second_of(seconds, n_seconds, cap_seconds, s), of, upto - done);
        done = upto > done ? upto : done;
    }
}

void locust_rate_forget(struct locust_second *seconds, size_t *n_seconds, wall_ns now)
{
    size_t n_old = 0;

    while (n_old < *n_seconds && seconds[n_old].second < now / NS_PER_S - KEPT)
        n_old++;
    if (!n_old)
        return;
    *n_seconds -= n_old;
    memmove(seconds, seconds + n_old, *n_seconds * sizeof(*seconds));
}

double locust_rate_current(const struct locust_second *seconds, size_t n_seconds, wall_ns start,
                           wall_ns last, enum locust_rate_of of)
{
    int64_t from = last / NS_PER_S - CURRENT_FROM;
    int64_t to = last / NS_PER_S - CURRENT_TO;
    uint64_t sum = 0;

    if (from < start / NS_PER_S)
        from = start / NS_PER_S;
    if (to <= from)
        return 0;
    for (size_t i = n_seconds; i > 0 && seconds[i - 1].second >= from; i--) {
        const struct locust_second *s = &seconds[i - 1];

        if (s->second < to)
            sum += of == LOCUST_RATE_REQUESTS ? s->requests : s->failures;
    }
    return (double)sum / (double)(to - from);
}

/* ---- times ---- */

double locust_round_time(double ms)
{
    double step = ms < 100 ? 1 : ms < 1000 ? 10 : ms < 10000 ? 100 : 1000;

    return nearbyint(ms / step) * step;
}

/* The rounded times of a histogram, one at a time. */
struct walk {
    const struct hist *h;
    enum locust_times as;
    int32_t cursor;
    bool is_begun, is_over;
    double next; /* the bucket that was read ahead */
    uint64_t n_next;
};

static double bucket_time(const struct walk *w, int32_t index)
{
    double low = fmax(hist_upper(w->h, index - 1), w->h->min);
    double high = fmin(hist_upper(w->h, index), w->h->max);
    double middle = low + (high - low) / 2;

    return w->as == LOCUST_TIMES_ROUNDED ? locust_round_time(middle) : middle;
}

static void read_ahead(struct walk *w)
{
    int32_t index;

    if (!hist_next(w->h, HIST_POSITIVE, &w->cursor, &index, &w->n_next)) {
        w->is_over = true;
        return;
    }
    w->next = bucket_time(w, index);
}

static struct walk walk_of(const struct hist *h)
{
    return (struct walk){.h = h, .as = LOCUST_TIMES_ROUNDED, .cursor = INT32_MIN};
}

static bool walk_next(struct walk *w, double *ret_ms, uint64_t *ret_n)
{
    if (!w->is_begun) {
        w->is_begun = true;
        w->n_next = w->h->n_zero; /* times are never negative */
        w->next = 0;
        if (!w->n_next)
            read_ahead(w);
    }
    if (w->is_over)
        return false;
    *ret_ms = w->next;
    *ret_n = 0;
    while (!w->is_over && w->next == *ret_ms) {
        *ret_n += w->n_next;
        read_ahead(w);
    }
    return true;
}

/* Locust counts down from the largest time until those below it are no more than floor(n * q): that
 * is the largest time with no more below it. */
double locust_exact_quantile(const struct hist *times, double q)
{
    struct walk w = walk_of(times);
    uint64_t rank = (uint64_t)((double)times->count * q);
    uint64_t below = 0, n;
    double found = 0, ms;

    while (below <= rank && walk_next(&w, &ms, &n)) {
        found = ms;
        below += n;
    }
    return found;
}

double locust_exact_median(const struct hist *times)
{
    if (!times->count)
        return 0;
    return fmax(fmin(locust_exact_quantile(times, 0.5), times->max), times->min);
}

void locust_exact_times(const struct hist *times, locust_time_fn *fn, void *arg)
{
    struct walk w = walk_of(times);
    double ms;
    uint64_t n;

    while (walk_next(&w, &ms, &n))
        fn(arg, (uint64_t)ms, n);
}

void locust_walk_times(const struct hist *times, enum locust_times as, locust_fine_fn *fn,
                       void *arg)
{
    struct walk w = walk_of(times);
    double ms;
    uint64_t n;

    w.as = as;
    while (walk_next(&w, &ms, &n))
        fn(arg, ms, n);
}
