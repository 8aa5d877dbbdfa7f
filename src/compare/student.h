#pragma once
/* The distributions that intervals and tests are read from: normal, Student's t, Kolmogorov's. */

/* The share of a standard normal variable below z, and its inverse for p in (0, 1). */
double normal_below(double z);
double normal_quantile(double p);

/*
 * The same of Student's t with `df` degrees of freedom, any number above 0; infinite ones are the
 * normal distribution.
 */
double student_below(double t, double df);
double student_quantile(double p, double df);

/* The chance of |t| or more: the p-value of a test of both sides. */
double student_two_sided(double t, double df);

/* The chance that Kolmogorov's statistic reaches `lambda`. */
double kolmogorov_above(double lambda);
