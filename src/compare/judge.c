#include "compare/judge.h"

#include <math.h>

#include "base/err.h"
#include "base/mem.h"
#include "compare/student.h"

const char *judgement_name(enum judgement j)
{
    static const char *const names[] = {
        [JUDGED_SAME] = "same",
        [JUDGED_BETTER] = "better",
        [JUDGED_WORSE] = "worse",
        [JUDGED_UNCLEAR] = "unclear",
    };

    return names[j];
}

/* What is put together: halves of an interval below and above, and how well they are known. */
struct part {
    double below, above;
    double df; /* 0: not known, and then the halves are 0 */
};

/* Satterthwaite 1946: the degrees of freedom of a sum of variances. */
static double joint_df(const struct part *parts, size_t n)
{
    double sum = 0, weights = 0;

    for (size_t i = 0; i < n; i++) {
        double variance = parts[i].below * parts[i].below + parts[i].above * parts[i].above;

        sum += variance;
        if (parts[i].df > 0)
            weights += variance * variance / parts[i].df;
    }
    return weights > 0 ? sum * sum / weights : INFINITY;
}

static void put_together(double value, const struct part *parts, size_t n, double confidence,
                         struct change_estimate *ret)
{
    double below = 0, above = 0;

    for (size_t i = 0; i < n; i++) {
        below += parts[i].below * parts[i].below;
        above += parts[i].above * parts[i].above;
    }
    double df = joint_df(parts, n);
    double to_zero = sqrt(value > 0 ? below : above);
    double t = student_quantile((1 + confidence) / 2, df);

    *ret = (struct change_estimate){
        .value = value, .low = value - sqrt(below), .high = value + sqrt(above), .p_value = 1};
    if (value != 0)
        ret->p_value = to_zero > 0 ? student_two_sided(value * t / to_zero, df) : 0;
}

static struct part spread_part(const struct spread *s, double unit, double confidence)
{
    double half = student_quantile((1 + confidence) / 2, s->df) * s->sd * unit * M_SQRT2;

    return (struct part){half, half, s->df};
}

static const struct change_estimate no_change = {NAN, NAN, NAN, NAN};

static double log_above(double v)
{
    return log(fmax(v, 1e-300));
}

void change_relative(const struct figure *current, const struct figure *baseline,
                     const struct spread *spread, double confidence, struct change_estimate *ret)
{
    *ret = no_change;
    if (!(current->value > 0) || !(baseline->value > 0))
        return;
    double c = log(current->value), b = log(baseline->value);
    const struct part parts[] = {
        {c - log_above(current->low), log_above(current->high) - c, current->df},
        {log_above(baseline->high) - b, b - log_above(baseline->low), baseline->df},
        spread_part(spread, 1, confidence),
    };

    put_together(c - b, parts, countof(parts), confidence, ret);
    ret->value = expm1(ret->value);
    ret->low = expm1(ret->low);
    ret->high = expm1(ret->high);
}

/* Wilson 1927; with so few samples as there are independent ones. */
static struct part wilson(const struct share_figure *f, double z)
{
    double n = f->total / f->design_effect, p = f->hits / f->total;
    double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
    double half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n);

    return (struct part){fmax(0, p - middle + half), fmax(0, middle + half - p), INFINITY};
}

void change_share(const struct share_figure *current, const struct share_figure *baseline,
                  const struct spread *spread, double confidence, struct change_estimate *ret)
{
    *ret = no_change;
    if (!(current->total > 0) || !(baseline->total > 0))
        return;
    double z = normal_quantile((1 + confidence) / 2);
    double c = current->hits / current->total, b = baseline->hits / baseline->total;
    struct part base = wilson(baseline, z);
    const struct part parts[] = {
        wilson(current, z),
        {base.above, base.below, base.df},
        spread_part(spread, fmin((c + b) / 2, 1 - (c + b) / 2), confidence),
    };

    put_together(c - b, parts, countof(parts), confidence, ret);
    ret->low = fmax(ret->low, -1);
    ret->high = fmin(ret->high, 1);
}

enum judgement judge(const struct change_estimate *change, enum better better, double threshold)
{
    double sign = better == LOWER_IS_BETTER ? 1 : -1;
    double worse_by = sign * change->value;
    double at_least = sign > 0 ? change->low : -change->high;
    double at_most = sign > 0 ? change->high : -change->low;

    if (isnan(change->value))
        return JUDGED_UNCLEAR;
    if (at_least > threshold || (at_least > 0 && worse_by >= threshold))
        return JUDGED_WORSE;
    if (at_most < -threshold || (at_most < 0 && worse_by <= -threshold))
        return JUDGED_BETTER;
    if (at_least >= -threshold && at_most <= threshold)
        return JUDGED_SAME;
    return JUDGED_UNCLEAR;
}

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* The largest p(k) at or below k/n · rate; below all when there is none. */
static double discovery_limit(const double *sorted, size_t n, double rate)
{
    double limit = -1;

    for (size_t k = 0; k < n; k++) {
        if (sorted[k] <= (double)(k + 1) / (double)n * rate)
            limit = sorted[k];
    }
    return limit;
}

void false_discoveries(const double *p_values, size_t n, double rate, bool *ret_counts)
{
    scoped(freep) double *sorted = xnew_n(double, n + 1);
    size_t n_tests = 0;

    for (size_t i = 0; i < n; i++) {
        if (!isnan(p_values[i]))
            sorted[n_tests++] = p_values[i];
    }
    qsort(sorted, n_tests, sizeof(*sorted), ascending);
    double limit = discovery_limit(sorted, n_tests, rate);

    for (size_t i = 0; i < n; i++)
        ret_counts[i] = p_values[i] <= limit;
}
