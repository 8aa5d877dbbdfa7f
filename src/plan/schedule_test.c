#include "plan/schedule.h"

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
    struct schedule_cursor c = schedule_cursor(s, 0, 1);
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
    struct schedule_cursor c = schedule_cursor(s, 600000ull * 1800, 1);
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
    struct schedule_cursor whole = schedule_cursor(s, 0, 1), part[N_LOOPS];
    uint64_t index, part_index, n = 0;
    span_ns due, part_due;

    (void)state;
    for (uint64_t i = 0; i < N_LOOPS; i++)
        part[i] = schedule_cursor(s, i, N_LOOPS);
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

/* ---- how many by when ---- */

/* At each moment that something is due, and just before it. */
static void check_count(const struct plan_scenario *plan)
{
    struct arena arena = {0};
    const struct schedule *s = schedule_new(plan, &arena);
    struct schedule_cursor c = schedule_cursor(s, 0, 1);
    uint64_t index, n = 0;
    span_ns due, last = -1;

    while (schedule_next(&c, &index, &due)) {
        n = index + 1;
        if (due > last && schedule_count(s, due - 1) != index)
            fail_msg("before %lld: not %llu", (long long)due, (unsigned long long)index);
        if (due > last && schedule_count(s, due) < n)
            fail_msg("by %lld: fewer than %llu", (long long)due, (unsigned long long)n);
        last = due;
    }
    assert_int_equal(schedule_count(s, INT64_MAX / 2), n);
    assert_int_equal(schedule_count(s, -1), 0);
    arena_fini(&arena);
}

static void counts_are_the_inverse(void **state)
{
    struct plan_stage stages[N_STAGES];
    struct plan_scenario s;
    struct rng r;

    (void)state;
    rng_seed(&r, 11);
    for (int i = 0; i < 40; i++) {
        s = constant(rng_between(&r, 1, 5000), rng_between(&r, 1, 5 * NS_PER_S),
                     rng_between(&r, 1, 3 * NS_PER_S));
        s.rate = s.rate < s.time_unit / 1000 ? s.rate : s.time_unit / 1000 + 1;
        check_count(&s);
        int pairs[N_STAGES][2];

        for (int k = 0; k < N_STAGES; k++) {
            pairs[k][0] = (int)rng_between(&r, 0, 3);
            pairs[k][1] = (int)rng_between(&r, 0, 300);
        }
        s = ramping(stages, rng_between(&r, 0, 100), pairs, N_STAGES);
        check_count(&s);
    }
    /* All at once, and the fastest that may be asked for. */
    s = constant(200000, NS_PER_S, NS_PER_S / 4);
    check_count(&s);
    s = constant(3, 2, 1000);
    check_count(&s);
}

/* The slowest: one in 100 s, and the last one falls on the end. */
static void rates_may_be_slow(void **state)
{
    static const double moments[] = {0, 100, 200, 300};
    struct plan_scenario s = constant(1, 100 * NS_PER_S, 300 * NS_PER_S);

    (void)state;
    assert_int_equal(walk(&s, moments, 4), 4);
    check_count(&s);
}

/* ---- random arrivals ---- */

static struct plan_scenario at_random(enum plan_arrival arrival, double cv, int64_t seed)
{
    struct plan_scenario s = constant(1000, NS_PER_S, 200 * NS_PER_S);

    s.arrival = arrival;
    s.cv = cv;
    s.seed = seed;
    return s;
}

/* Mean and coefficient of variation of the gaps, in ms; returns how many arrivals there were. */
static uint64_t measure_gaps(const struct plan_scenario *plan, double *ret_mean, double *ret_cv)
{
    struct arena arena = {0};
    const struct schedule *s = schedule_new(plan, &arena);
    struct schedule_cursor c = schedule_cursor(s, 0, 1);
    double sum = 0, squares = 0;
    uint64_t index, n = 0;
    span_ns due, last = 0;

    for (; schedule_next(&c, &index, &due); n++) {
        double gap = (double)(due - last) / 1e6;

        assert_true(due >= last);
        sum += gap;
        squares += gap * gap;
        last = due;
    }
    *ret_mean = sum / (double)n;
    *ret_cv = sqrt(squares / (double)n - *ret_mean * *ret_mean) / *ret_mean;
    arena_fini(&arena);
    return n;
}

static void random_arrivals_have_rate_and_spread(void **state)
{
    static const struct {
        enum plan_arrival arrival;
        double cv;
    } cases[] = {{PLAN_ARRIVAL_POISSON, 1},
                 {PLAN_ARRIVAL_GAMMA, 0.2},
                 {PLAN_ARRIVAL_GAMMA, 1},
                 {PLAN_ARRIVAL_GAMMA, 3}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct plan_scenario s = at_random(cases[i].arrival, cases[i].cv, 5);
        double mean, cv;
        uint64_t n = measure_gaps(&s, &mean, &cv);

        /* 200,000 expected; its standard deviation is 447 times the cv. */
        assert_true(fabs((double)n - 200000) < 4 * 447 * cases[i].cv);
        assert_true(fabs(mean - 1) < 0.01 * cases[i].cv + 0.001);
        assert_true(fabs(cv / cases[i].cv - 1) < 0.02);
    }
}

/* A rate that doubles half-way has twice as many arrivals in the second half. */
static void random_arrivals_follow_a_ramp(void **state)
{
    struct plan_stage stages[N_STAGES];
    struct plan_scenario s =
        ramping(stages, 1000, (const int[][2]){{50, 1000}, {0, 2000}, {50, 2000}}, 3);
    struct arena arena = {0};

    (void)state;
    s.arrival = PLAN_ARRIVAL_POISSON;
    s.cv = 1;
    const struct schedule *t = schedule_new(&s, &arena);
    double first = (double)schedule_count(t, 50 * NS_PER_S);
    double both = (double)schedule_count(t, 100 * NS_PER_S);

    assert_true(fabs(first - 50000) < 4 * sqrt(50000));
    assert_true(fabs(both - first - 100000) < 4 * sqrt(100000));
    arena_fini(&arena);
    s.stages.n = 0;
    assert_int_equal(walk(&s, NULL, 0), 0);
}

static void the_same_seed_gives_the_same_arrivals(void **state)
{
    enum {
        N_LOOPS = 3
    };
    struct plan_scenario plan = at_random(PLAN_ARRIVAL_GAMMA, 2, 1);
    struct plan_scenario other = at_random(PLAN_ARRIVAL_GAMMA, 2, 2);
    struct arena arena = {0};
    const struct schedule *s = schedule_new(&plan, &arena), *o = schedule_new(&other, &arena);
    struct schedule_cursor whole = schedule_cursor(s, 0, 1), different = schedule_cursor(o, 0, 1);
    struct schedule_cursor part[N_LOOPS];
    uint64_t index, n = 0, n_same = 0;
    span_ns due, again;

    (void)state;
    for (uint64_t i = 0; i < N_LOOPS; i++)
        part[i] = schedule_cursor(s, i, N_LOOPS);
    for (; schedule_next(&whole, &index, &due); n++) {
        assert_true(schedule_next(&part[n % N_LOOPS], &index, &again));
        assert_int_equal(index, n);
        assert_int_equal(again, due);
        n_same += schedule_next(&different, &index, &again) && again == due;
    }
    for (size_t i = 0; i < N_LOOPS; i++)
        assert_false(schedule_next(&part[i], &index, &due));
    assert_true(n > 150000);
    assert_true(n_same < 100);
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
        cmocka_unit_test(counts_are_the_inverse),
        cmocka_unit_test(rates_may_be_slow),
        cmocka_unit_test(random_arrivals_have_rate_and_spread),
        cmocka_unit_test(random_arrivals_follow_a_ramp),
        cmocka_unit_test(the_same_seed_gives_the_same_arrivals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
