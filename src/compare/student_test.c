#include "compare/student.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"

static void quantiles_are_those_of_the_tables(void **state)
{
    (void)state;
    static const struct {
        double p, df, t;
    } rows[] = {
        {0.975, 1, 12.706205},  {0.975, 2, 4.302653},  {0.975, 4, 2.776445},
        {0.975, 10, 2.228139},  {0.95, 5, 2.015048},   {0.995, 30, 2.749996},
        {0.975, 2.5, 3.574655}, {0.975, 120, 1.97993}, {0.975, INFINITY, 1.959964},
        {0.9995, 8, 5.041305},
    };

    for (size_t i = 0; i < countof(rows); i++) {
        assert_float_equal(student_quantile(rows[i].p, rows[i].df), rows[i].t, 3e-5);
        assert_float_equal(student_quantile(1 - rows[i].p, rows[i].df), -rows[i].t, 3e-5);
        assert_float_equal(student_below(rows[i].t, rows[i].df), rows[i].p, 1e-7);
    }
    assert_true(student_quantile(0.5, 3) == 0);
}

static void tails_of_the_normal_distribution(void **state)
{
    (void)state;
    assert_float_equal(normal_below(0), 0.5, 1e-15);
    assert_float_equal(normal_below(-1.959964), 0.025, 1e-7);
    assert_float_equal(normal_quantile(0.995), 2.575829, 1e-6);
    assert_float_equal(student_two_sided(3, 1e9), 0.0026998, 1e-7);
    assert_true(student_two_sided(0, 5) == 1);
    assert_true(student_two_sided(1e300, 5) >= 0);
}

static void kolmogorovs_critical_values(void **state)
{
    (void)state;
    assert_float_equal(kolmogorov_above(1.35810), 0.05, 1e-5);
    assert_float_equal(kolmogorov_above(1.62762), 0.01, 1e-5);
    assert_true(kolmogorov_above(0) == 1);
    assert_true(kolmogorov_above(100) == 0);
    assert_true(kolmogorov_above(0.21) <= 1 && kolmogorov_above(0.21) > 0.999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_those_of_the_tables),
        cmocka_unit_test(tails_of_the_normal_distribution),
        cmocka_unit_test(kolmogorovs_critical_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
