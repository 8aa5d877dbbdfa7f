#include "compare/resample.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"

enum {
    STEPS = 120,
    RUNS = 300,
};

/*
 * A run of which the mean is 100: each step has 50 samples, and the steps' means scatter by 5 and
 * remember so much of the step before.
 */
static void make_run(struct ratio_step *steps, uint64_t seed, double memory)
{
    struct rng rng;
    double level;

    rng_seed(&rng, seed);
    level = rng_normal(&rng);
    for (size_t i = 0; i < STEPS; i++) {
        level = memory * level + sqrt(1 - memory * memory) * rng_normal(&rng);
        steps[i] = (struct ratio_step){50 * (100 + 5 * level), 50};
    }
}

/* The share of runs whose interval has the mean that is known. */
static double coverage(double memory)
{
    struct ratio_step steps[STEPS];
    int n_held = 0;

    for (uint64_t seed = 0; seed < RUNS; seed++) {
        struct resample r;

        make_run(steps, seed, memory);
        resample_ratio(steps, STEPS, 0.95, seed, &r);
        assert_true(r.known);
        assert_true(r.low <= r.value && r.value <= r.high);
        n_held += r.low <= 100 && 100 <= r.high;
    }
    return (double)n_held / RUNS;
}

static void independent_steps_are_covered_as_often_as_said(void **state)
{
    (void)state;
    double share = coverage(0);

    assert_true(share > 0.91 && share < 0.985);
}

/* Drawing single steps would hold 65 of 100 here. */
static void steps_that_are_alike_are_covered_too(void **state)
{
    (void)state;
    assert_true(coverage(0.6) > 0.88);
}

static double mean_block(double memory)
{
    struct ratio_step steps[STEPS];
    double sum = 0;

    for (uint64_t seed = 0; seed < 50; seed++) {
        make_run(steps, seed, memory);
        size_t block = resample_block(steps, STEPS);

        assert_in_range(block, 5, STEPS / 4);
        sum += (double)block / 50;
    }
    return sum;
}

static void blocks_grow_with_what_steps_remember(void **state)
{
    (void)state;
    struct ratio_step steps[STEPS];

    assert_true(mean_block(0) < 6);
    assert_true(mean_block(0.9) > 9);
    make_run(steps, 1, 0);
    assert_int_equal(resample_block(steps, 1), 1);
    assert_int_equal(resample_block(steps, 8), 2);
}

static void a_short_run_says_nothing_of_itself(void **state)
{
    (void)state;
    const struct ratio_step steps[] = {{10, 5}, {20, 5}, {30, 5}, {20, 5}};
    struct resample r;

    resample_ratio(steps, 4, 0.95, 1, &r);
    assert_false(r.known);
    assert_float_equal(r.value, 4, 1e-12);
    resample_ratio(NULL, 0, 0.95, 1, &r);
    assert_false(r.known);
    assert_true(r.value == 0);
}

static void empty_steps_do_not_matter(void **state)
{
    (void)state;
    struct ratio_step steps[STEPS] = {{0}};
    struct resample r;

    resample_ratio(steps, STEPS, 0.95, 1, &r);
    assert_false(r.known);
    make_run(steps, 3, 0);
    for (size_t i = 0; i < STEPS; i += 2)
        steps[i] = (struct ratio_step){0};
    resample_ratio(steps, STEPS, 0.95, 1, &r);
    assert_true(r.known);
    assert_float_equal(r.value, 100, 3);
    /* One step with all samples: most draws have none of it. */
    for (size_t i = 0; i < STEPS; i++)
        steps[i] = (struct ratio_step){i == 7 ? 5 : 0, i == 7 ? 10 : 0};
    resample_ratio(steps, STEPS, 0.95, 1, &r);
    assert_true(r.value == 0.5);
}

static void the_same_seed_has_the_same_answer(void **state)
{
    (void)state;
    struct ratio_step steps[STEPS];
    struct resample a, b;

    make_run(steps, 5, 0.3);
    resample_ratio(steps, STEPS, 0.9, 7, &a);
    resample_ratio(steps, STEPS, 0.9, 7, &b);
    assert_true(a.low == b.low && a.high == b.high && a.se == b.se);
    resample_ratio(steps, STEPS, 0.99, 7, &b);
    assert_true(b.low < a.low && b.high > a.high);
}

static void samples_that_come_together_count_less(void **state)
{
    (void)state;
    struct ratio_step steps[STEPS];
    struct resample r;

    /* Half of the steps have hits only, the others none: a step is worth one sample. */
    for (size_t i = 0; i < STEPS; i++)
        steps[i] = (struct ratio_step){(i * 7919 % 13) % 2 ? 100 : 0, 100};
    resample_ratio(steps, STEPS, 0.95, 1, &r);
    assert_true(resample_design_effect(&r, STEPS * 100.0) > 20);
    assert_true(resample_design_effect(&(struct resample){.value = 0.5}, 100) == 1);
    assert_true(resample_design_effect(&(struct resample){.known = true, .se = 1}, 100) == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(independent_steps_are_covered_as_often_as_said),
        cmocka_unit_test(steps_that_are_alike_are_covered_too),
        cmocka_unit_test(blocks_grow_with_what_steps_remember),
        cmocka_unit_test(a_short_run_says_nothing_of_itself),
        cmocka_unit_test(empty_steps_do_not_matter),
        cmocka_unit_test(the_same_seed_has_the_same_answer),
        cmocka_unit_test(samples_that_come_together_count_less),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
