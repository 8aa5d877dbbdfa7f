#include "base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"

static void same_seed_same_sequence(void **state)
{
    (void)state;
    struct rng a, b, c;

    rng_seed(&a, 42);
    rng_seed(&b, 42);
    rng_seed(&c, 43);
    int n_same = 0;

    for (int i = 0; i < 1000; i++) {
        uint64_t x = rng_u64(&a);

        assert_true(x == rng_u64(&b));
        n_same += x == rng_u64(&c);
    }
    assert_int_equal(n_same, 0);
}

/* The published algorithm from the state 1, 2, 3, 4. */
static void follows_the_definition(void **state)
{
    (void)state;
    static const uint64_t want[] = {11520, 0, 1509978240, 1215971899390074240U};
    struct rng r = {{1, 2, 3, 4}};

    for (size_t i = 0; i < countof(want); i++)
        assert_true(rng_u64(&r) == want[i]);
}

static void neighbours_differ(void **state)
{
    (void)state;
    struct rng a, b;

    rng_seed_nth(&a, 7, 1);
    rng_seed_nth(&b, 7, 2);
    assert_false(rng_u64(&a) == rng_u64(&b));
    rng_seed_nth(&a, 7, 1);
    rng_seed_nth(&b, 6, 2);
    assert_false(rng_u64(&a) == rng_u64(&b));
}

static void below_is_uniform(void **state)
{
    (void)state;
    enum {
        DRAWS = 60000,
        FACES = 6
    };
    struct rng r;
    int seen[FACES] = {0};
    double chi2 = 0;

    rng_seed(&r, 1);
    for (int i = 0; i < DRAWS; i++)
        seen[rng_below(&r, FACES)]++;
    for (int i = 0; i < FACES; i++) {
        double off = seen[i] - DRAWS / (double)FACES;

        chi2 += off * off / (DRAWS / (double)FACES);
    }
    /* 5 degrees of freedom: 20.5 is the 99.9th percentile; the seed is fixed. */
    assert_true(chi2 < 20.5);
    assert_true(rng_below(&r, 1) == 0);
}

static void between_reaches_its_ends(void **state)
{
    (void)state;
    struct rng r;
    int seen[5] = {0};

    rng_seed(&r, 2);
    for (int i = 0; i < 1000; i++) {
        int64_t n = rng_between(&r, -2, 2);

        assert_in_range(n + 2, 0, 4);
        seen[n + 2]++;
    }
    for (size_t i = 0; i < countof(seen); i++)
        assert_true(seen[i] > 100);
    assert_true(rng_between(&r, 9, 9) == 9);
    ignored((int)rng_between(&r, INT64_MIN, INT64_MAX));
}

static void unit_and_exponential_have_their_means(void **state)
{
    (void)state;
    enum {
        DRAWS = 100000
    };
    struct rng r;
    double sum_unit = 0, sum_exp = 0;

    rng_seed(&r, 3);
    for (int i = 0; i < DRAWS; i++) {
        double u = rng_unit(&r);
        double e = rng_exponential(&r, 20);

        assert_true(u >= 0 && u < 1 && e >= 0 && isfinite(e));
        sum_unit += u;
        sum_exp += e;
    }
    assert_true(fabs(sum_unit / DRAWS - 0.5) < 0.005);
    assert_true(fabs(sum_exp / DRAWS - 20) < 0.4);
}

static void check_gamma(double shape)
{
    enum {
        DRAWS = 200000
    };
    struct rng r;
    double sum = 0, squares = 0;

    rng_seed(&r, 4);
    for (int i = 0; i < DRAWS; i++) {
        double x = rng_gamma(&r, shape, 3);

        assert_true(x >= 0 && isfinite(x));
        sum += x;
        squares += x * x;
    }
    double mean = sum / DRAWS;
    double cv = sqrt(squares / DRAWS - mean * mean) / mean;

    assert_true(fabs(mean - 3) < 0.04 / sqrt(shape));
    assert_true(fabs(cv * sqrt(shape) - 1) < 0.02);
}

static void gamma_has_its_mean_and_spread(void **state)
{
    (void)state;
    check_gamma(0.25);
    check_gamma(0.9);
    check_gamma(1);
    check_gamma(16);
    check_gamma(10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_same_sequence),
        cmocka_unit_test(follows_the_definition),
        cmocka_unit_test(neighbours_differ),
        cmocka_unit_test(below_is_uniform),
        cmocka_unit_test(between_reaches_its_ends),
        cmocka_unit_test(unit_and_exponential_have_their_means),
        cmocka_unit_test(gamma_has_its_mean_and_spread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
