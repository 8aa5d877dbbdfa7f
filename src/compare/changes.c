/*
 * The statistic of a split is the share of the squares that it explains, which orders splits as the
 * t-test does and needs only running sums. A permutation test ends early when its answer can no
 * longer be "significant" (Besag & Clifford 1991), so that a series without change costs little.
 */
#include "compare/changes.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/random.h"
#include "compare/student.h"

#define FALSE_ALARMS_DEFAULT 0.01
#define LEAST_DEFAULT        0.01

/* How the chance of a false alarm is shared out. */
#define SHARE_SPLIT  0.4
#define SHARE_RECENT 0.5
#define SHARE_DRIFT  0.1

/* Where single values are cut, in standard deviations. */
#define CUT 4.0

/* A standard deviation by the median of |x|. */
#define PER_MEDIAN_ABS 1.4826

enum {
    PERMUTATIONS = 1999,
    AROUND = 2,   /* neighbours on either side that say what is far off */
    PART_MIN = 3, /* runs on either side of a split */
    RECENT_MIN = 2,
    RECENT_MAX = 5,
    STEPS_ROUNDS = 3, /* of moving steps to where they fit best */
};

struct finder {
    const struct changes_config *config;
    const double *x; /* values or their logarithms */
    size_t n;
    double far_off; /* what makes a value an outlier */
    struct rng rng;
    double *work, *sorted; /* n each */
    size_t at[CHANGES_MAX];
    double p[CHANGES_MAX];
    size_t n_found;
};

static int ascending(const void *a, const void *b)
{
    const double *p = a, *q = b;

    return (*p > *q) - (*p < *q);
}

/* Sorts in place. */
static double median(double *v, size_t n)
{
    qsort(v, n, sizeof(*v), ascending);
    return (v[(n - 1) / 2] + v[n / 2]) / 2;
}

static double median_of(struct finder *f, const double *v, size_t n)
{
    memcpy(f->sorted, v, n * sizeof(*v));
    return median(f->sorted, n);
}

/* The scatter by neighbours, which a step does not make larger; infinite when most are equal. */
static double scatter(struct finder *f)
{
    for (size_t i = 1; i < f->n; i++)
        f->sorted[i - 1] = fabs(f->x[i] - f->x[i - 1]) * M_SQRT1_2;
    double sd = median(f->sorted, f->n - 1) * PER_MEDIAN_ABS;

    return sd > 0 ? sd : INFINITY;
}

static double median_of_few(const double *v, size_t n)
{
    double sorted[2 * AROUND + 1] = {0};

    for (size_t i = 0; i < n; i++) {
        size_t k = i;

        for (; k && sorted[k - 1] > v[i]; k--)
            sorted[k] = sorted[k - 1];
        sorted[k] = v[i];
    }
    return sorted[n / 2];
}

/*
 * Cuts single values that are far from those around them (Hampel's filter), to see where a step is
 * and not whether there is one: two that are alike at the end of a series stay, and three anywhere.
 */
static void cut_outliers(const double *v, size_t n, double most, double *ret)
{
    for (size_t i = 0; i < n; i++) {
        size_t to_end = i < n - 1 - i ? i : n - 1 - i;
        size_t radius = to_end < 1 ? 1 : to_end > AROUND ? AROUND : to_end;
        size_t middle = i < radius ? radius : i + radius >= n ? n - 1 - radius : i;
        double around = median_of_few(v + middle - radius, 2 * radius + 1);

        ret[i] = fmin(fmax(v[i], around - most), around + most);
    }
}

/* ---- splits ---- */

/* Splits that a test looks at: [first, last] values before, or that many from the end. */
struct splits {
    size_t first, last;
};

static double best_split(const double *v, size_t n, struct splits s, size_t *ret_at)
{
    double sum = 0, before = 0, best = -1;

    *ret_at = s.first;
    for (size_t i = 0; i < n; i++)
        sum += v[i];
    double mean = sum / (double)n;

    for (size_t i = 1; i <= s.last; i++) {
        before += v[i - 1] - mean;
        if (i < s.first)
            continue;
        double squares = before * before * (double)n / ((double)i * (double)(n - i));

        if (squares > best) {
            best = squares;
            *ret_at = i;
        }
    }
    return best;
}

static void shuffle(struct rng *rng, double *v, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t k = (size_t)rng_below(rng, i);
        double other = v[k];

        v[k] = v[i - 1];
        v[i - 1] = other;
    }
}

/* The chance of so good a split in another order, or 1 once it is above `level`. */
static double split_chance(struct finder *f, size_t n, struct splits s, double level,
                           size_t *ret_at)
{
    double seen = best_split(f->work, n, s, ret_at);
    size_t n_more = 0, at;

    for (size_t i = 0; i < PERMUTATIONS; i++) {
        shuffle(&f->rng, f->work, n);
        /* Ties count: sums in another order differ by what is rounded. */
        n_more += best_split(f->work, n, s, &at) >= seen * (1 - 1e-9);
        if ((double)(n_more + 1) > level * (PERMUTATIONS + 1))
            return 1;
    }
    return (double)(n_more + 1) / (PERMUTATIONS + 1);
}

/*
 * Copies a part with all cut that is far from the median of its first `n_usual` values: whatever
 * the order, so that a permutation is of the same values.
 */
static void copy_cut(struct finder *f, size_t from, size_t n, size_t n_usual)
{
    double most = f->far_off, middle = median_of(f, f->x + from, n_usual);

    for (size_t i = 0; i < n; i++)
        f->work[i] = fmin(fmax(f->x[from + i], middle - most), middle + most);
}

static bool test_splits(struct finder *f, size_t from, size_t n, size_t *ret_at, double *ret_p)
{
    double level = f->config->false_alarms * SHARE_SPLIT;

    copy_cut(f, from, n, n);
    *ret_p = split_chance(f, n, (struct splits){PART_MIN, n - PART_MIN}, level, ret_at);
    return *ret_p <= level;
}

/* What the last few runs say, for which few splits come into question. */
static bool test_recent(struct finder *f, size_t from, size_t n, size_t *ret_at, double *ret_p)
{
    double level = f->config->false_alarms * SHARE_RECENT;

    if (n < CHANGES_RUNS_MIN + RECENT_MIN)
        return false;
    copy_cut(f, from, n, n - RECENT_MAX);
    *ret_p = split_chance(f, n, (struct splits){n - RECENT_MAX, n - RECENT_MIN}, level, ret_at);
    return *ret_p <= level;
}

static void find_steps(struct finder *f, size_t from, size_t to)
{
    size_t n = to - from, at;
    double p;

    if (n < CHANGES_RUNS_MIN || f->n_found == CHANGES_MAX)
        return;
    if (!test_splits(f, from, n, &at, &p) && !(to == f->n && test_recent(f, from, n, &at, &p)))
        return;
    f->at[f->n_found] = from + at;
    f->p[f->n_found++] = p;
    find_steps(f, from, from + at);
    find_steps(f, from + at, to);
}

/* ---- after they are found ---- */

static size_t start_of(const struct finder *f, size_t i)
{
    return i ? f->at[i - 1] : 0;
}

static size_t end_of(const struct finder *f, size_t i)
{
    return i + 1 < f->n_found ? f->at[i + 1] : f->n;
}

static void sort_steps(struct finder *f)
{
    for (size_t i = 1; i < f->n_found; i++) {
        for (size_t k = i; k && f->at[k] < f->at[k - 1]; k--) {
            size_t at = f->at[k];
            double p = f->p[k];

            f->at[k] = f->at[k - 1];
            f->p[k] = f->p[k - 1];
            f->at[k - 1] = at;
            f->p[k - 1] = p;
        }
    }
}

/* A step was placed when others were not known: puts each to where it fits best between them. */
static void place_steps(struct finder *f)
{
    for (int round = 0; round < STEPS_ROUNDS; round++) {
        for (size_t i = 0; i < f->n_found; i++) {
            size_t from = start_of(f, i), n = end_of(f, i) - from;
            size_t least = n / 2 >= PART_MIN ? PART_MIN : 1, at;

            /* The end may be shorter than a part: so it was found. */
            cut_outliers(f->x + from, n, f->far_off, f->work);
            best_split(f->work, n, (struct splits){least, n - (least < 2 ? least : RECENT_MIN)},
                       &at);
            f->at[i] = from + at;
        }
    }
}

static double segment_squares(struct finder *f, size_t from, size_t to)
{
    double middle = median_of(f, f->x + from, to - from), sum = 0;

    for (size_t i = from; i < to; i++)
        sum += fabs(f->x[i] - middle) * fabs(f->x[i] - middle);
    return sum;
}

/* ---- drift ---- */

struct line {
    double slope, start;
    double p_value;
    double squares;
};

static double tau_sum(const double *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        for (size_t k = i + 1; k < n; k++)
            sum += (x[k] > x[i]) - (x[k] < x[i]);
    }
    return sum;
}

/* Values that occur several times make the sum vary less. */
static double tau_variance(struct finder *f)
{
    double n = (double)f->n, variance = n * (n - 1) * (2 * n + 5);

    memcpy(f->sorted, f->x, f->n * sizeof(*f->x));
    qsort(f->sorted, f->n, sizeof(*f->sorted), ascending);
    for (size_t i = 0, k; i < f->n; i = k) {
        for (k = i + 1; k < f->n && f->sorted[k] == f->sorted[i];)
            k++;
        double ties = (double)(k - i);

        variance -= ties * (ties - 1) * (2 * ties + 5);
    }
    return variance / 18;
}

static double median_slope(const double *x, size_t n)
{
    size_t n_pairs = n * (n - 1) / 2, at = 0;
    scoped(freep) double *slopes = xnew_n(double, n_pairs);

    for (size_t i = 0; i < n; i++) {
        for (size_t k = i + 1; k < n; k++)
            slopes[at++] = (x[k] - x[i]) / (double)(k - i);
    }
    return median(slopes, n_pairs);
}

static void find_line(struct finder *f, struct line *ret)
{
    double sum = tau_sum(f->x, f->n), variance = tau_variance(f);
    double off = fmax(0, fabs(sum) - 1); /* continuity */

    *ret = (struct line){.p_value = 1};
    if (!(variance > 0))
        return;
    ret->p_value = student_two_sided(off / sqrt(variance), INFINITY);
    ret->slope = median_slope(f->x, f->n);
    for (size_t i = 0; i < f->n; i++)
        f->work[i] = f->x[i] - ret->slope * (double)i;
    ret->start = median_of(f, f->work, f->n);
    for (size_t i = 0; i < f->n; i++)
        ret->squares += (f->work[i] - ret->start) * (f->work[i] - ret->start);
}

/* Schwarz 1978: what is left over, and a price for each number that was chosen. */
static double criterion(double squares, size_t n, size_t n_chosen)
{
    double k = (double)n;

    return k * log(fmax(squares, 1e-30) / k) + (double)n_chosen * log(k);
}

static bool line_fits_better(struct finder *f, const struct line *line)
{
    double squares = 0;

    for (size_t i = 0; i <= f->n_found; i++) {
        squares += segment_squares(f, start_of(f, i), i < f->n_found ? f->at[i] : f->n);
    }
    return criterion(line->squares, f->n, 2) < criterion(squares, f->n, 2 * f->n_found + 1);
}

/* ---- what is told ---- */

static double back(double x, bool logs)
{
    return logs ? exp(x) : x;
}

static void fill(struct change *c, bool logs, double before, double after)
{
    c->before = back(before, logs);
    c->after = back(after, logs);
    c->delta = c->before != 0 ? (c->after - c->before) / fabs(c->before) : NAN;
}

static bool matters(const struct changes_config *config, const struct change *c)
{
    return isnan(c->delta) || fabs(c->delta) >= config->least;
}

static size_t tell_steps(struct finder *f, bool logs, struct change *ret)
{
    size_t n = 0;

    for (size_t i = 0; i < f->n_found; i++) {
        struct change c = {.index = f->at[i], .confidence = 1 - f->p[i]};
        double before = median_of(f, f->x + start_of(f, i), f->at[i] - start_of(f, i));

        fill(&c, logs, before, median_of(f, f->x + f->at[i], end_of(f, i) - f->at[i]));
        if (matters(f->config, &c))
            ret[n++] = c;
    }
    return n;
}

static size_t tell_drift(const struct finder *f, const struct line *line, bool logs,
                         struct change *ret)
{
    struct change c = {.kind = CHANGE_DRIFT, .confidence = 1 - line->p_value};

    fill(&c, logs, line->start, line->start + line->slope * (double)(f->n - 1));
    if (!matters(f->config, &c))
        return 0;
    *ret = c;
    return 1;
}

static size_t find(struct finder *f, bool logs, struct change *ret)
{
    struct line line;

    f->far_off = CUT * scatter(f);
    find_steps(f, 0, f->n);
    sort_steps(f);
    place_steps(f);
    find_line(f, &line);
    if (line.p_value <= f->config->false_alarms * SHARE_DRIFT && line_fits_better(f, &line))
        return tell_drift(f, &line, logs, ret);
    return tell_steps(f, logs, ret);
}

static bool all_positive(const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!(values[i] > 0))
            return false;
    }
    return true;
}

static size_t find_in(const double *values, size_t n, const struct changes_config *config,
                      struct change *ret)
{
    scoped(freep) double *memory = xnew_n(double, 3 * n);
    struct finder f = {
        .config = config, .x = memory, .n = n, .work = memory + n, .sorted = memory + 2 * n};
    bool logs = all_positive(values, n);

    rng_seed(&f.rng, config->seed);
    for (size_t i = 0; i < n; i++)
        memory[i] = logs ? log(values[i]) : values[i];
    return find(&f, logs, ret);
}

size_t changes_find(const double *values, size_t n, const struct changes_config *config,
                    struct change ret[CHANGES_MAX])
{
    struct changes_config c = *config;
    size_t skipped = n > CHANGES_RUNS_MAX ? n - CHANGES_RUNS_MAX : 0;

    if (n < CHANGES_RUNS_MIN)
        return 0;
    c.false_alarms = c.false_alarms > 0 ? c.false_alarms : FALSE_ALARMS_DEFAULT;
    c.least = c.least > 0 ? c.least : LEAST_DEFAULT;
    size_t n_found = find_in(values + skipped, n - skipped, &c, ret);

    for (size_t i = 0; i < n_found; i++)
        ret[i].index += skipped;
    return n_found;
}
