/* Quotas, circuits and meters, at instants that the test gives. */
#include "target/target_model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define S NS_PER_S

static void near(double have, double want)
{
    if (fabs(have - want) > 1e-6 * (1 + fabs(want)))
        fail_msg("%.9g is not %.9g", have, want);
}

static void quota_is_taken_and_comes_back(void **state)
{
    (void)state;
    struct quota q = {0};

    near(quota_left(&q, 600, 100 * S), 600);
    assert_int_equal(quota_take(&q, 600, 600, 100 * S), 0);
    near(quota_left(&q, 600, 100 * S), 0);
    /* Ten a second come back. */
    near(quota_left(&q, 600, 101 * S), 10);
    assert_int_equal(quota_take(&q, 600, 20, 101 * S), S);
    assert_int_equal(quota_take(&q, 600, 20, 102 * S), 0);
    near(quota_left(&q, 600, 1000 * S), 600);
}

static void quota_has_its_limits(void **state)
{
    (void)state;
    struct quota q = {0};

    assert_int_equal(quota_take(&q, 10, 11, S), 60 * S);
    near(quota_left(&q, 10, S), 10);
    assert_int_equal(quota_take(&q, 1e6, 1e6, S), 0);
    /* Another caller's small limit: it waits an hour at most, and nothing is negative. */
    near(quota_left(&q, 1, S), 0);
    assert_int_equal(quota_take(&q, 1, 1, S), 3600 * S);
    /* An instant before the last gives nothing back. */
    struct quota r = {0};

    assert_int_equal(quota_take(&r, 60, 60, 10 * S), 0);
    near(quota_left(&r, 60, 9 * S), 0);
    near(quota_left(&r, 60, 10 * S), 0);
    near(quota_left(&r, 60, 11 * S), 1);
}

static void circuit_opens_after_failures_in_a_row(void **state)
{
    (void)state;
    struct breaker b = {0};

    for (int i = 0; i < 2; i++)
        breaker_report(&b, false, 3, S, S);
    breaker_report(&b, true, 3, S, S);
    for (int i = 0; i < 2; i++)
        breaker_report(&b, false, 3, S, S);
    assert_true(breaker_allows(&b, S, S));
    breaker_report(&b, false, 3, S, S);
    assert_int_equal(b.state, CIRCUIT_OPEN);
    assert_int_equal(b.n_openings, 1);
    assert_false(breaker_allows(&b, S, S));
    assert_false(breaker_allows(&b, 2 * S - 1, S));
    /* One that was under way fails too: it neither counts nor prolongs. */
    breaker_report(&b, false, 3, S + S / 2, S);
    assert_int_equal(b.n_openings, 1);
    assert_true(breaker_allows(&b, 2 * S, S));
}

static void circuit_tries_once_and_closes_or_opens_again(void **state)
{
    (void)state;
    struct breaker b = {0};

    breaker_report(&b, false, 1, 0, S);
    assert_true(breaker_allows(&b, S, S));
    assert_int_equal(b.state, CIRCUIT_HALF_OPEN);
    assert_false(breaker_allows(&b, S, S));
    breaker_report(&b, false, 5, S, S);
    assert_int_equal(b.state, CIRCUIT_OPEN);
    assert_int_equal(b.n_openings, 2);
    assert_true(breaker_allows(&b, 2 * S, S));
    breaker_report(&b, true, 5, 2 * S, S);
    assert_int_equal(b.state, CIRCUIT_CLOSED);
    assert_string_equal(circuit_name(b.state), "closed");
    /* A trial that never reports is lost after the pause. */
    breaker_report(&b, false, 1, 2 * S, S);
    assert_true(breaker_allows(&b, 3 * S, S));
    assert_false(breaker_allows(&b, 4 * S - 1, S));
    assert_true(breaker_allows(&b, 4 * S, S));
}

static void meter_follows_the_rate(void **state)
{
    (void)state;
    struct meter m = {0};
    double rate = 0;

    near(meter_count(&m, S, S), 1);
    /* Ten a second: a geometric series, 1 / (1 - e^-0.1). */
    for (int i = 1; i <= 200; i++)
        rate = meter_count(&m, S + i * (S / 10), S);
    near(rate, 1 / (1 - exp(-0.1)));
    near(meter_count(&m, 1000 * S, S), 1);
    near(meter_count(&m, 999 * S, S), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quota_is_taken_and_comes_back),
        cmocka_unit_test(quota_has_its_limits),
        cmocka_unit_test(circuit_opens_after_failures_in_a_row),
        cmocka_unit_test(circuit_tries_once_and_closes_or_opens_again),
        cmocka_unit_test(meter_follows_the_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
