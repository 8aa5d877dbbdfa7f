#include "compare/changes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/random.h"

enum {
    N = 33,
};

/* Runs that scatter by `noise` around 100, from run `at` on around `after`. */
static void make(double *v, size_t n, uint64_t seed, double noise, size_t at, double after)
{
    struct rng rng;

    rng_seed(&rng, seed);
    for (size_t i = 0; i < n; i++)
        v[i] = (i < at ? 100 : after) * exp(noise * rng_normal(&rng));
}

static size_t find(const double *v, size_t n, struct change *ret)
{
    return changes_find(v, n, &(struct changes_config){.seed = 1}, ret);
}

static void a_step_has_its_place_and_size(void **state)
{
    (void)state;
    struct change found[CHANGES_MAX];
    double v[N];

    make(v, N, 1, 0.01, 15, 106);
    assert_int_equal(find(v, N, found), 1);
    assert_int_equal(found[0].kind, CHANGE_STEP);
    assert_in_range(found[0].index, 14, 16);
    assert_float_equal(found[0].delta, 0.06, 0.01);
    assert_float_equal(found[0].before, 100, 1);
    assert_true(found[0].confidence > 0.99);
}

static void several_steps_up_and_down(void **state)
{
    (void)state;
    struct change found[CHANGES_MAX];
    double v[60];

    make(v, 60, 2, 0.01, 20, 110);
    for (size_t i = 40; i < 60; i++)
        v[i] *= 0.9;
    assert_int_equal(find(v, 60, found), 2);
    assert_in_range(found[0].index, 19, 21);
    assert_in_range(found[1].index, 39, 41);
    assert_true(found[0].delta > 0 && found[1].delta < 0);
}

static void the_last_three_runs_are_enough(void **state)
{
    (void)state;
    struct change found[CHANGES_MAX];
    double v[N];
    int n_found = 0;

    for (uint64_t seed = 0; seed < 50; seed++) {
        make(v, N, seed, 0.01, N - 3, 105);
        n_found += find(v, N, found) > 0;
    }
    assert_true(n_found >= 49);
}

static void nothing_where_nothing_is(void **state)
{
    (void)state;
    struct change found[CHANGES_MAX];
    double v[N];
    int n_false = 0;

    for (uint64_t seed = 0; seed < 300; seed++) {
        make(v, N, seed, 0.02, N, 0);
        n_false += find(v, N, found) > 0;
    }
    assert_true(n_false <= 8); /* 1 % are 3; 8 are below 1 in 100 */
}

static void an_outlier_is_no_step(void **state)
{
    (void)state;
    struct change found[CHANGES_MAX];
    double v[N];

    for (size_t at = 0; at < N; at++) {
        make(v, N, 3, 0.02, N, 0);
        v[at] *= 1.8;
        assert_int_equal(find(v, N, found), 0);
    }
}

static void a_drift_is_told_as_one(void **state)
{
    (void)state;
    struct change found[CHANGES_MAX];
    double v[40];

    make(v, 40, 4, 0.01, 40, 0);
    for (size_t i = 0; i < 40; i++)
        v[i] *= exp(0.003 * (double)i);
    assert_int_equal(find(v, 40, found), 1);
    assert_int_equal(found[0].kind, CHANGE_DRIFT);
    assert_int_equal(found[0].index, 0);
    assert_float_equal(found[0].delta, exp(0.003 * 39) - 1, 0.02);
}

static void the_smallest_are_left_out(void **state)
{
    (void)state;
    struct change found[CHANGES_MAX];
    double v[N];

    make(v, N, 5, 0.0001, 15, 100.5);
    assert_int_equal(find(v, N, found), 0);
    const struct changes_config config = {.least = 0.001, .seed = 1};

    assert_int_equal(changes_find(v, N, &config, found), 1);
}

static void odd_series_are_taken(void **state)
{
    (void)state;
    struct change found[CHANGES_MAX];
    double same[20], zeros[20] = {0}, step[20] = {0};

    for (size_t i = 0; i < 20; i++)
        same[i] = 7;
    for (size_t i = 10; i < 20; i++)
        step[i] = 1;
    assert_int_equal(find(same, 20, found), 0);
    assert_int_equal(find(zeros, 20, found), 0);
    assert_int_equal(find(same, 0, found), 0);
    assert_int_equal(find(same, CHANGES_RUNS_MIN - 1, found), 0);
    /* From nothing to something has no percent, and no scatter to measure it by. */
    assert_int_equal(find(step, 20, found), 1);
    assert_int_equal(found[0].index, 10);
    assert_true(isnan(found[0].delta));
}

static void the_same_input_has_the_same_answer(void **state)
{
    (void)state;
    struct change a[CHANGES_MAX], b[CHANGES_MAX];
    double v[N];

    make(v, N, 6, 0.02, 20, 107);
    size_t n = find(v, N, a);

    assert_int_equal(find(v, N, b), n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(a[i].index, b[i].index);
        assert_true(a[i].confidence == b[i].confidence);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_has_its_place_and_size),
        cmocka_unit_test(several_steps_up_and_down),
        cmocka_unit_test(the_last_three_runs_are_enough),
        cmocka_unit_test(nothing_where_nothing_is),
        cmocka_unit_test(an_outlier_is_no_step),
        cmocka_unit_test(a_drift_is_told_as_one),
        cmocka_unit_test(the_smallest_are_left_out),
        cmocka_unit_test(odd_series_are_taken),
        cmocka_unit_test(the_same_input_has_the_same_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
