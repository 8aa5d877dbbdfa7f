#include "metric/load_steps.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "metric/hist.h"

#define S NS_PER_S

/* A tick of a hundred requests of the same duration. */
static void tick(struct load_steps *s, span_ns from, span_ns to, double ms, uint64_t failed)
{
    struct hist_slab *slab = hist_slab_new();
    struct hist h = HIST_INIT_SCALED(slab, HIST_MILLIS);

    hist_add_n(&h, ms, 100);
    load_steps_add(s, &(struct load_tick){from, to, &h, 100, failed});
    hist_fini(&h);
    hist_slab_free(slab);
}

/* Five steps of two seconds, a tick a second, with these durations. */
static struct load_steps *five(const double ms[5])
{
    struct load_steps *s = load_steps_new(5, 10 * S);

    for (int i = 0; i < 10; i++)
        tick(s, i * S, (i + 1) * S, ms[i / 2], 0);
    return s;
}

static const struct load_limits below_50 = {50, INFINITY};

static void last_good_before_the_first_bad(void **state UNUSED)
{
    struct load_steps *s = five((const double[]){5, 10, 80, 20, 90});
    struct load_knee k;

    assert_true(load_steps_knee(s, &below_50, 500, &k));
    assert_int_equal(k.step, 2);
    assert_int_equal(k.n_steps, 5);
    assert_true(k.rps == 200 && k.is_bounded);
    assert_true(fabs(k.p99_ms - 10) < 0.01);
    load_steps_free(s);
}

static void a_step_has_its_own_percentiles(void **state UNUSED)
{
    /* Over all since the start, the first step would spoil the ninety-ninth of those after it. */
    struct load_steps *s = five((const double[]){40, 10, 10, 10, 10});
    struct load_knee k;

    assert_true(load_steps_knee(s, &below_50, 500, &k));
    assert_int_equal(k.step, 5);
    assert_true(fabs(k.p99_ms - 10) < 0.01 && !k.is_bounded && k.rps == 500);
    load_steps_free(s);
}

static void none_holds(void **state UNUSED)
{
    struct load_steps *s = five((const double[]){60, 10, 10, 10, 10});
    struct load_knee k;

    assert_true(load_steps_knee(s, &below_50, 500, &k));
    assert_int_equal(k.step, 0);
    assert_true(k.is_bounded);
    load_steps_free(s);
}

static void errors_count_too(void **state UNUSED)
{
    struct load_steps *s = load_steps_new(2, 2 * S);
    const struct load_limits limits = {INFINITY, 1};
    struct load_knee k;

    tick(s, 0, S, 5, 1);
    tick(s, S, 2 * S, 5, 2);
    assert_true(load_steps_knee(s, &limits, 10, &k));
    assert_int_equal(k.step, 1);
    assert_true(k.error_rate_pct == 1 && k.is_bounded);
    load_steps_free(s);
}

static void ticks_between_two_steps_are_of_none(void **state UNUSED)
{
    struct load_steps *s = load_steps_new(2, 3 * S);
    struct load_knee k;

    tick(s, 0, S, 5, 0);
    tick(s, S, 2 * S, 1000, 0); /* the second step begins at 1.5 s */
    tick(s, 2 * S, 3 * S, 6, 0);
    assert_true(load_steps_knee(s, &below_50, 10, &k));
    assert_int_equal(k.step, 2);
    load_steps_free(s);
}

static void unmeasured_ends_it(void **state UNUSED)
{
    struct load_steps *s = load_steps_new(3, 3 * S);
    struct load_knee k;

    assert_false(load_steps_knee(s, &below_50, 10, &k));
    tick(s, 0, S, 5, 0);
    load_steps_add(s, &(struct load_tick){S, 2 * S, NULL, 0, 0});
    tick(s, 2 * S, 3 * S, 5, 0);
    assert_true(load_steps_knee(s, &below_50, 9, &k));
    assert_int_equal(k.step, 1);
    assert_true(!k.is_bounded && k.rps == 3);
    load_steps_free(s);
}

static void odd_ticks_are_ignored(void **state UNUSED)
{
    struct load_steps *s = load_steps_new(1, S);
    struct load_knee k;

    tick(s, S, S, 5, 0);
    tick(s, -S, S, 5, 0);
    assert_false(load_steps_knee(s, &below_50, 1, &k));
    tick(s, 2 * S, 9 * S, 5, 0); /* late requests are the last step's */
    assert_true(load_steps_knee(s, &below_50, 1, &k));
    assert_int_equal(k.step, 1);
    load_steps_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(last_good_before_the_first_bad),
        cmocka_unit_test(a_step_has_its_own_percentiles),
        cmocka_unit_test(none_holds),
        cmocka_unit_test(errors_count_too),
        cmocka_unit_test(ticks_between_two_steps_are_of_none),
        cmocka_unit_test(unmeasured_ends_it),
        cmocka_unit_test(odd_ticks_are_ignored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
