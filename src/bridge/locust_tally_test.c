#include "bridge/locust_tally.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "bridge/locust_testing.h"

/* Answers, and then what is to have been added since the last time. */
static bool answer(struct locust_tally *t, struct made m)
{
    struct locust_stats *s = answer_of(m);
    bool went_back = locust_tally_answer(t, s);

    locust_stats_free(s);
    return went_back;
}

static void expect(struct locust_tally *t, double home, double home_failed, double missing)
{
    struct locust_stats *s = answer_of((struct made){.workers = -1});

    locust_tally_put(t, s);
    assert_true(s->rows[0].added_requests == home);
    assert_true(s->rows[0].added_failures == home_failed);
    assert_true(s->rows[1].added_requests == missing);
    assert_true(s->rows[1].added_failures == missing);
    locust_stats_free(s);
}

static void test_differences_add_up(void **state UNUSED)
{
    struct locust_tally *t = locust_tally_new();

    assert_false(answer(t, (struct made){.home = 10, .home_failed = 1, .missing = 4}));
    expect(t, 10, 1, 4);
    expect(t, 0, 0, 0);
    assert_false(answer(t, (struct made){.home = 12, .home_failed = 1, .missing = 4}));
    assert_false(answer(t, (struct made){.home = 15, .home_failed = 2, .missing = 5}));
    expect(t, 5, 1, 1);
    locust_tally_free(t);
}

static void test_counts_that_went_back_began_anew(void **state UNUSED)
{
    struct locust_tally *t = locust_tally_new();

    assert_false(answer(t, (struct made){.home = 100, .missing = 2}));
    expect(t, 100, 0, 2);
    assert_true(answer(t, (struct made){.home = 7, .missing = 5}));
    expect(t, 7, 0, 5); /* also the one that is larger than before */
    assert_false(answer(t, (struct made){.home = 8, .missing = 5}));
    expect(t, 1, 0, 0);
    locust_tally_free(t);
}

static void test_one_endpoint_that_went_back_is_alone(void **state UNUSED)
{
    struct locust_tally *t = locust_tally_new();

    assert_false(answer(t, (struct made){.home = 10, .missing = 10}));
    expect(t, 10, 0, 10);
    assert_true(answer(t, (struct made){.home = 30, .missing = 3}));
    expect(t, 20, 0, 3);
    locust_tally_free(t);
}

static void test_numbers_that_cannot_be(void **state UNUSED)
{
    struct locust_tally *t = locust_tally_new();
    struct locust_stats *s = answer_of((struct made){.home = 5, .workers = -1});

    s->rows[0].number[LOCUST_N_REQUESTS] = 1e300;
    s->rows[0].number[LOCUST_N_FAILURES] = -3;
    ignored(locust_tally_answer(t, s));
    locust_stats_free(s);
    expect(t, 0, 0, 0);
    locust_tally_free(t);
    locust_tally_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_differences_add_up),
        cmocka_unit_test(test_counts_that_went_back_began_anew),
        cmocka_unit_test(test_one_endpoint_that_went_back_is_alone),
        cmocka_unit_test(test_numbers_that_cannot_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
