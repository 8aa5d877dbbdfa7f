/*
 * Quantiles are found from the distribution functions by halving: they are asked a few hundred
 * times a comparison, and so they can be no less exact than those.
 */
#include "compare/student.h"

#include <math.h>

double normal_below(double z)
{
    return 0.5 * erfc(-z * M_SQRT1_2);
}

/*
 * The incomplete beta function's continued fraction (DLMF 8.17.22), evaluated from the front by
 * Lentz's method. It converges within a few dozen terms for x < (a+1)/(a+b+2).
 */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    double h = d = 1 / (fabs(d) < tiny ? tiny : d);

    for (int m = 1; m <= 500; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));

        d = 1 + even * d;
        c = 1 + even / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        h *= d * c;
        d = 1 + odd * d;
        c = 1 + odd / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        h *= d * c;
        if (fabs(d * c - 1) < 1e-15)
            break;
    }
    return h;
}

/* I_x(a, b), regularised. */
static double beta_share(double a, double b, double x)
{
    if (x <= 0 || x >= 1)
        return x >= 1;
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));

    if (x < (a + 1) / (a + b + 2))
        return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double student_two_sided(double t, double df)
{
    if (isinf(df) || df > 1e7)
        return erfc(fabs(t) * M_SQRT1_2);
    return beta_share(df / 2, 0.5, df / (df + t * t));
}

double student_below(double t, double df)
{
    double tail = student_two_sided(t, df) / 2;

    return t > 0 ? 1 - tail : tail;
}

double student_quantile(double p, double df)
{
    double tail = p < 0.5 ? p : 1 - p;
    double low = 0, high = 1;

    if (tail >= 0.5)
        return 0;
    while (student_two_sided(high, df) / 2 > tail && high < 1e15)
        high *= 2;
    for (int i = 0; i < 200 && high - low > 1e-13 * high; i++) {
        double middle = (low + high) / 2;

        if (student_two_sided(middle, df) / 2 > tail) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return p < 0.5 ? -high : high;
}

double normal_quantile(double p)
{
    return student_quantile(p, INFINITY);
}

/* The series 2 Σ (-1)^(k-1) exp(-2 k² λ²), which needs many terms only where the sum is 1. */
double kolmogorov_above(double lambda)
{
    double sum = 0;

    if (lambda < 0.2)
        return 1;
    for (int k = 1; k <= 100; k++) {
        double term = exp(-2.0 * k * k * lambda * lambda);

        sum += k % 2 ? term : -term;
        if (term < 1e-16)
            break;
    }
    return fmin(1, fmax(0, 2 * sum));
}
