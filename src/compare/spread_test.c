#include "compare/spread.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"

enum {
    N = 20,
};

static double spread_of(const double *logs, size_t n, double within)
{
    struct spread s;

    spread_find(logs, n, within, 0.025, &s);
    return s.sd;
}

static void make(double *logs, uint64_t seed, double sd)
{
    struct rng rng;

    rng_seed(&rng, seed);
    for (size_t i = 0; i < N; i++)
        logs[i] = sd * rng_normal(&rng);
}

static void without_runs_it_is_the_assumption(void **state)
{
    (void)state;
    const double one = 1;
    struct spread s;

    spread_find(NULL, 0, 0, 0.03, &s);
    assert_true(s.sd == 0.03 && s.df == SPREAD_PRIOR_DF && s.n == 0);
    spread_find(&one, 1, 0, 0.03, &s);
    assert_true(s.sd == 0.03 && s.n == 0);
}

static void it_goes_to_what_the_runs_have(void **state)
{
    (void)state;
    double logs[N], sum = 0;

    for (uint64_t seed = 0; seed < 200; seed++) {
        make(logs, seed, 0.1);
        double sd = spread_of(logs, N, 0);

        sum += sd * sd / 200;
    }
    /* (5 · 0.025² + 12.9 · 0.1²) / 17.9 */
    assert_float_equal(sqrt(sum), 0.0859, 0.006);
    assert_true(spread_of(logs, 3, 0) < spread_of(logs, N, 0));
}

static void what_varies_within_a_run_is_not_counted_twice(void **state)
{
    (void)state;
    double logs[N];

    make(logs, 1, 0.05);
    assert_true(spread_of(logs, N, 0.002) < spread_of(logs, N, 0));
    assert_true(spread_of(logs, N, 1) > 0);
}

static void a_lasting_change_is_no_spread(void **state)
{
    (void)state;
    double logs[N];

    make(logs, 2, 0.01);
    double quiet = spread_of(logs, N, 0);

    for (size_t i = 10; i < N; i++)
        logs[i] += 0.5;
    /* As a scatter around the mean it would be 0.25. */
    assert_true(spread_of(logs, N, 0) < 0.11);
    /* A run that is far off may come again. */
    logs[5] += 0.5;
    assert_true(spread_of(logs, N, 0) > 3 * quiet);
}

static void assumptions_grow_with_the_percentile(void **state)
{
    (void)state;
    assert_true(spread_prior_percentile(50) < spread_prior_percentile(95));
    assert_true(spread_prior_percentile(95) < spread_prior_percentile(99));
    assert_true(spread_prior_percentile(99) < spread_prior_percentile(99.9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_runs_it_is_the_assumption),
        cmocka_unit_test(it_goes_to_what_the_runs_have),
        cmocka_unit_test(what_varies_within_a_run_is_not_counted_twice),
        cmocka_unit_test(a_lasting_change_is_no_spread),
        cmocka_unit_test(assumptions_grow_with_the_percentile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
