#include "compare/shape.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"

enum {
    N = 5000,
};

struct fixture {
    struct hist_slab *slab;
    struct hist a, b;
};

static void open_fixture(struct fixture *f)
{
    f->slab = hist_slab_new();
    f->a = f->b = HIST_INIT_SCALED(f->slab, HIST_MILLIS);
}

static void close_fixture(struct fixture *f)
{
    hist_fini(&f->a);
    hist_fini(&f->b);
    hist_slab_free(f->slab);
}

static void add(struct hist *h, uint64_t seed, double middle, double tail_share)
{
    struct rng rng;

    rng_seed(&rng, seed);
    for (int i = 0; i < N; i++) {
        double v = middle * exp(0.3 * rng_normal(&rng));

        hist_add(h, rng_unit(&rng) < tail_share ? 10 * v : v);
    }
}

static void equal_distributions_pass(void **state)
{
    (void)state;
    int n_different = 0;

    for (uint64_t seed = 0; seed < 40; seed++) {
        struct fixture f;
        struct shape_test t;

        open_fixture(&f);
        add(&f.a, 2 * seed, 20, 0);
        add(&f.b, 2 * seed + 1, 20, 0);
        shape_compare(&f.a, N, &f.b, N, 0, &t);
        assert_true(t.move == 0);
        n_different += t.p_value < 0.05;
        close_fixture(&f);
    }
    assert_true(n_different <= 6);
}

static void a_move_is_no_other_shape(void **state)
{
    (void)state;
    struct fixture f;
    struct shape_test t;

    open_fixture(&f);
    add(&f.a, 1, 21, 0);
    add(&f.b, 2, 20, 0);
    shape_compare(&f.a, N, &f.b, N, 0, &t);
    assert_true(t.p_value < 0.001);
    shape_compare(&f.a, N, &f.b, N, 0.08, &t);
    assert_true(t.p_value > 0.05);
    assert_float_equal(t.move, log(21.0 / 20), 0.015);
    /* The move is not larger than it may be. */
    shape_compare(&f.a, N, &f.b, N, 0.01, &t);
    assert_true(t.move <= 0.01 && t.p_value < 0.01);
    close_fixture(&f);
}

static void a_tail_is_another_shape(void **state)
{
    (void)state;
    struct fixture f;
    struct shape_test t;

    open_fixture(&f);
    add(&f.a, 1, 20, 0.1);
    add(&f.b, 2, 20, 0);
    shape_compare(&f.a, N, &f.b, N, 0.08, &t);
    assert_true(t.p_value < 0.001);
    assert_true(t.distance > 0.05);
    /* So few independent samples cannot tell. */
    shape_compare(&f.a, 60, &f.b, 60, 0.08, &t);
    assert_true(t.p_value > 0.05);
    close_fixture(&f);
}

static void zeros_and_nothing(void **state)
{
    (void)state;
    struct fixture f;
    struct shape_test t;

    open_fixture(&f);
    shape_compare(&f.a, 0, &f.b, 0, 0.1, &t);
    assert_true(isnan(t.p_value));
    hist_add_zeros(&f.a, 100);
    hist_add_zeros(&f.b, 100);
    shape_compare(&f.a, 100, &f.b, 100, 0.1, &t);
    assert_true(t.p_value == 1 && t.distance == 0);
    hist_add_n(&f.a, 5, 100);
    hist_add_n(&f.a, 1e300, 1);
    hist_add_n(&f.a, 1e-30, 1);
    shape_compare(&f.a, 202, &f.b, 100, INFINITY, &t);
    assert_float_equal(t.distance, 0.5, 0.01);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_distributions_pass),
        cmocka_unit_test(a_move_is_no_other_shape),
        cmocka_unit_test(a_tail_is_another_shape),
        cmocka_unit_test(zeros_and_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
