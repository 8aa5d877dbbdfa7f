#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan/scenario.h"

enum {
    N_STAGES = 5,
};

/* A ramp whose stages are pairs of seconds and target. */
static struct plan_scenario ramp(struct plan_stage *stages, const int (*pairs)[2], size_t n)
{
    struct plan_scenario s = {.executor = PLAN_RAMPING_VUS,
                              .stages = {.items = stages, .n = n},
                              .graceful_stop = 30 * NS_PER_S,
                              .graceful_ramp_down = 30 * NS_PER_S};

    for (size_t i = 0; i < n; i++) {
        stages[i] = (struct plan_stage){.duration = pairs[i][0] * NS_PER_S, .target = pairs[i][1]};
        s.regular_duration += stages[i].duration;
    }
    return s;
}

/* Steps as pairs of milliseconds and users, ended by -1. */
static void check(const struct plan_steps *steps, const int (*expected)[2])
{
    size_t i = 0;

    for (; expected[i][0] >= 0; i++) {
        assert_true(i < steps->n);
        assert_int_equal(steps->items[i].at, expected[i][0] * NS_PER_MS);
        assert_int_equal(steps->items[i].vus, expected[i][1]);
    }
    assert_int_equal(steps->n, i);
}

static void starts_and_stops_evenly(void **state)
{
    static const int pairs[][2] = {{10, 5}, {4, 1}, {0, 3}, {5, 3}, {3, 0}};
    struct arena arena = {0};
    struct plan_stage stages[N_STAGES];
    struct plan_scenario s = ramp(stages, pairs, N_STAGES);
    struct plan_steps steps;

    (void)state;
    plan_ramp_raw(&s, &arena, &steps);
    check(&steps, (const int[][2]){{0, 0},
                                   {2000, 1},
                                   {4000, 2},
                                   {6000, 3},
                                   {8000, 4},
                                   {10000, 5},
                                   {11000, 4},
                                   {12000, 3},
                                   {13000, 2},
                                   {14000, 3}, /* to 1 and, at the same moment, up to 3 */
                                   {20000, 2},
                                   {21000, 1},
                                   {22000, 0},
                                   {-1, 0}});
    arena_fini(&arena);
}

static void holds_users_for_the_graceful_time(void **state)
{
    static const int pairs[][2] = {{2, 2}, {2, 0}, {50, 0}};
    struct arena arena = {0};
    struct plan_stage stages[N_STAGES];
    struct plan_scenario s = ramp(stages, pairs, 3);
    struct plan_steps steps;

    (void)state;
    s.graceful_ramp_down = 3 * NS_PER_S;
    plan_scenario_steps(&s, &arena, &steps);
    check(&steps, (const int[][2]){{0, 0}, {1000, 1}, {2000, 2}, {6000, 1}, {7000, 0}, {-1, 0}});
    arena_fini(&arena);
}

/* Users that would be back within the graceful time are kept. */
static void bridges_a_valley(void **state)
{
    static const int pairs[][2] = {{0, 4}, {2, 2}, {2, 4}, {10, 4}};
    struct arena arena = {0};
    struct plan_stage stages[N_STAGES];
    struct plan_scenario s = ramp(stages, pairs, 4);
    struct plan_steps steps;

    (void)state;
    s.graceful_ramp_down = 3 * NS_PER_S;
    s.graceful_stop = 1 * NS_PER_S;
    plan_scenario_steps(&s, &arena, &steps);
    check(&steps, (const int[][2]){{0, 4}, {15000, 0}, {-1, 0}});
    arena_fini(&arena);
}

static void falls_into_a_deep_valley(void **state)
{
    static const int pairs[][2] = {{0, 4}, {0, 1}, {10, 1}, {0, 3}, {10, 3}};
    struct arena arena = {0};
    struct plan_stage stages[N_STAGES];
    struct plan_scenario s = ramp(stages, pairs, N_STAGES);
    struct plan_steps steps;

    (void)state;
    s.start_vus = 4;
    stages[0].duration = NS_PER_S;
    s.regular_duration += NS_PER_S;
    s.graceful_ramp_down = 3 * NS_PER_S;
    plan_scenario_steps(&s, &arena, &steps);
    check(&steps, (const int[][2]){{0, 4}, {4000, 1}, {11000, 3}, {51000, 0}, {-1, 0}});
    arena_fini(&arena);
}

/* Seconds until k6 2.2.0 says that the last user is gone. */
static void lasts_as_long_as_it_should(void **state)
{
    static const struct {
        int pairs[2][2];
        size_t n;
        int down, stop, seconds;
    } cases[] = {
        {{{10, 5}}, 1, 30, 30, 40},          {{{10, 5}, {10, 0}}, 2, 30, 30, 50},
        {{{10, 5}, {10, 0}}, 2, 0, 30, 20},  {{{10, 5}, {10, 0}}, 2, 3, 30, 23},
        {{{10, 5}, {10, 0}}, 2, 30, 10, 30}, {{{10, 5}}, 1, 30, 0, 10},
    };

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        struct plan_stage stages[N_STAGES];
        struct plan_scenario s = ramp(stages, cases[i].pairs, cases[i].n);

        s.start_vus = 1;
        s.graceful_ramp_down = cases[i].down * NS_PER_S;
        s.graceful_stop = cases[i].stop * NS_PER_S;
        assert_int_equal(plan_scenario_max_duration(&s), cases[i].seconds * NS_PER_S);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_and_stops_evenly),
        cmocka_unit_test(holds_users_for_the_graceful_time),
        cmocka_unit_test(bridges_a_valley),
        cmocka_unit_test(falls_into_a_deep_valley),
        cmocka_unit_test(lasts_as_long_as_it_should),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
