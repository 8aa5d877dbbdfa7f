#include "run/schedule.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "plan/scenario.h"

enum {
    N_STAGES = 6,
};

static struct plan_scenario constant(int64_t rate, span_ns unit, span_ns duration)
{
    return (struct plan_scenario){.executor = PLAN_CONSTANT_ARRIVAL_RATE,
                                  .rate = rate,
                                  .time_unit = unit,
                                  .duration = duration};
}

/* Stages as pairs of seconds and iterations a second. */
static struct plan_scenario ramping(struct plan_stage *stages, int64_t start_rate,
                                    const int (*pairs)[2], size_t n)
{
    for (size_t i = 0; i < n; i++)
        stages[i] = (struct plan_stage){.duration = pairs[i][0] * NS_PER_S, .target = pairs[i][1]};
    return (struct plan_scenario){.executor = PLAN_RAMPING_ARRIVAL_RATE,
                                  .start_rate = start_rate,
                                  .time_unit = NS_PER_S,
                                  .stages = {.items = stages, .n = n}};
}

/* Walks all of it; moments[i] in seconds, as far as given. Returns how many there were. */
static uint64_t walk(const struct plan_scenario *plan, const double *moments, size_t n_moments)
{
    struct arena arena = {0};
    const struct schedule *s = schedule_new(plan, &arena);
    struct schedule_cursor c = SCHEDULE_CURSOR(s, 0, 1);
    uint64_t index, n = 0;
    span_ns due, last = 0;

    while (schedule_next(&c, &index, &due)) {
        assert_int_equal(index, n);
        assert_true(due >= last);
        if (n < n_moments && fabs((double)due / 1e9 - moments[n]) > 2e-9) {
            fail_msg("iteration %zu at %.9f instead of %.9f", (size_t)n, (double)due / 1e9,
                     moments[n]);
        }
        last = due;
        n++;
    }
    assert_int_equal(n, schedule_total(s));
    arena_fini(&arena);
    return n;
}

static void a_constant_rate_begins_at_once(void **state)
{
    static const double tenths[] = {0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1};
    static const double thirds[] = {0, 1.0 / 3, 2.0 / 3, 1, 4.0 / 3, 5.0 / 3, 2};
    struct plan_scenario s = constant(10, NS_PER_S, NS_PER_S);

    (void)state;
    assert_int_equal(walk(&s, tenths, 11), 11);
    s = constant(3, NS_PER_S, NS_PER_S * 9 / 4);
    assert_int_equal(walk(&s, thirds, 7), 7);
    s = constant(1, 60 * NS_PER_S, 30 * NS_PER_S);
    assert_int_equal(walk(&s, (const double[]){0}, 1), 1);
}

static void a_constant_rate_does_not_drift(void **state)
{
    struct plan_scenario plan = constant(600000, NS_PER_S, 3600 * NS_PER_S);
    struct arena arena = {0};
    const struct schedule *s = schedule_new(&plan, &arena);
    struct schedule_cursor c = SCHEDULE_CURSOR(s, 600000ull * 1800, 1);
    uint64_t index;
    span_ns due;

    (void)state;
    assert_int_equal(schedule_total(s), 600000ull * 3600 + 1);
    assert_true(schedule_next(&c, &index, &due));
    assert_int_equal(due, 1800 * NS_PER_S);
    arena_fini(&arena);
}

static void a_ramp_follows_the_area(void **state)
{
    struct plan_stage stages[N_STAGES];
    double up[50], down[50];
    struct plan_scenario s;

    (void)state;
    /* 0 to 10 a second in 10 s: t²/2 = n. 10 to 0: 10t - t²/2 = n. */
    for (int n = 1; n <= 50; n++) {
        up[n - 1] = sqrt(2.0 * n);
        down[n - 1] = 10 - sqrt(100 - 2.0 * n);
    }
    s = ramping(stages, 0, (const int[][2]){{10, 10}}, 1);
    assert_int_equal(walk(&s, up, 50), 50);
    s = ramping(stages, 10, (const int[][2]){{10, 0}}, 1);
    assert_int_equal(walk(&s, down, 50), 50);
}

static void a_flat_stage_counts_from_one(void **state)
{
    static const double moments[] = {0.25, 0.5, 0.75, 1};
    struct plan_stage stages[N_STAGES];
    struct plan_scenario s = ramping(stages, 4, (const int[][2]){{1, 4}}, 1);

    (void)state;
    assert_int_equal(walk(&s, moments, 4), 4);
}

static void stages_join_and_jump(void **state)
{
    /* 1 in the first 2 s (half of it left over), a jump to 2/s, nothing for 5 s, then a jump back.
     */
    static const double moments[] = {1, 2, 2.5, 3, 8.5, 9};
    struct plan_stage stages[N_STAGES];
    struct plan_scenario s =
        ramping(stages, 1, (const int[][2]){{2, 1}, {0, 2}, {1, 2}, {0, 0}, {5, 0}, {0, 2}}, 6);

    (void)state;
    assert_int_equal(walk(&s, moments, 4), 4);

    struct plan_stage more[N_STAGES + 1];

    for (int i = 0; i < N_STAGES; i++)
        more[i] = stages[i];
    more[N_STAGES] = (struct plan_stage){.duration = NS_PER_S, .target = 2};
    s.stages = (struct plan_stages){.items = more, .n = N_STAGES + 1};
    assert_int_equal(walk(&s, moments, 6), 6);

    /* What a stage leaves over counts in the next: 1.5 in the first, so the second is due early. */
    s = ramping(stages, 0, (const int[][2]){{3, 1}, {1, 1}}, 2);
    assert_int_equal(walk(&s, (const double[]){sqrt(6), 3.5}, 2), 2);
}

static void rates_may_be_per_minute(void **state)
{
    struct plan_stage stages[N_STAGES];
    struct plan_scenario s = ramping(stages, 30, (const int[][2]){{10, 30}}, 1);

    (void)state;
    s.time_unit = 60 * NS_PER_S;
    assert_int_equal(walk(&s, (const double[]){2, 4, 6, 8, 10}, 5), 5);
}

static void nothing_planned_is_nothing_due(void **state)
{
    struct plan_stage stages[N_STAGES];
    struct plan_scenario s = ramping(stages, 0, (const int[][2]){{10, 0}, {0, 5}}, 2);

    (void)state;
    assert_int_equal(walk(&s, NULL, 0), 0);
    s.stages.n = 0;
    assert_int_equal(walk(&s, NULL, 0), 0);
}

static void loops_share_the_timetable(void **state)
{
    enum {
        N_LOOPS = 3
    };
    struct plan_stage stages[N_STAGES];
    struct plan_scenario plan =
        ramping(stages, 5, (const int[][2]){{3, 50}, {0, 20}, {4, 0}, {2, 31}}, 4);
    struct arena arena = {0};
    const struct schedule *s = schedule_new(&plan, &arena);
    struct schedule_cursor whole = SCHEDULE_CURSOR(s, 0, 1), part[N_LOOPS];
    uint64_t index, part_index, n = 0;
    span_ns due, part_due;

    (void)state;
    for (uint64_t i = 0; i < N_LOOPS; i++)
        part[i] = SCHEDULE_CURSOR(s, i, N_LOOPS);
    for (; schedule_next(&whole, &index, &due); n++) {
        assert_true(schedule_next(&part[n % N_LOOPS], &part_index, &part_due));
        assert_int_equal(part_index, index);
        assert_int_equal(part_due, due);
    }
    assert_true(n > 100);
    for (size_t i = 0; i < N_LOOPS; i++)
        assert_false(schedule_next(&part[i], &part_index, &part_due));
    arena_fini(&arena);
}

static void the_rate_can_be_asked(void **state)
{
    struct plan_stage stages[N_STAGES];
    struct plan_scenario plan = ramping(stages, 0, (const int[][2]){{10, 10}, {0, 4}, {10, 4}}, 3);
    struct arena arena = {0};
    const struct schedule *s = schedule_new(&plan, &arena);

    (void)state;
    assert_true(schedule_rate(s, 0) == 0);
    assert_true(schedule_rate(s, 5 * NS_PER_S) == 5);
    assert_true(schedule_rate(s, 10 * NS_PER_S) == 4);
    assert_true(schedule_rate(s, 20 * NS_PER_S) == 0);
    assert_true(schedule_rate(s, -1) == 0);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_constant_rate_begins_at_once),
        cmocka_unit_test(a_constant_rate_does_not_drift),
        cmocka_unit_test(a_ramp_follows_the_area),
        cmocka_unit_test(a_flat_stage_counts_from_one),
        cmocka_unit_test(stages_join_and_jump),
        cmocka_unit_test(rates_may_be_per_minute),
        cmocka_unit_test(nothing_planned_is_nothing_due),
        cmocka_unit_test(loops_share_the_timetable),
        cmocka_unit_test(the_rate_can_be_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
