#include "run/search.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/random.h"

/* ---- simulated targets ---- */

struct system {
    /* Fills all but rate and phase. */
    void (*probe)(struct system *sys, struct search_probe *p);
    struct rng rng;
    double limit;   /* the true answer */
    double noise;   /* of the limit from probe to probe, a fraction (standard deviation) */
    double lapses;  /* probes with the wrong verdict, a fraction */
    double broken;  /* from this rate on the generator is the limit; 0: never */
    double seconds; /* of one probe */
    int n_probes;
};

/* Irwin and Hall: twelve uniform numbers are near enough to a normal one. */
static double normal(struct rng *r)
{
    double sum = -6;

    for (int i = 0; i < 12; i++)
        sum += rng_unit(r);
    return sum;
}

/* Holds all below its capacity, nothing above. */
static void hard_capacity(struct system *sys, struct search_probe *p)
{
    double limit = sys->limit * exp(sys->noise * normal(&sys->rng));
    bool held = p->rate <= limit;

    if (rng_unit(&sys->rng) < sys->lapses)
        held = !held;
    p->verdict = held ? SEARCH_HELD : SEARCH_FAILED;
    p->throughput = fmin(p->rate, limit);
    p->latency = p->rate <= limit ? 1 : 1 + 1000 * (p->rate / limit - 1);
}

/* Service of 1,000 a second, one server, arrivals and services both random. */
#define MM1_SERVICE 1000.0

/*
 * Lindley's recursion, customer by customer, after a warm-up of a fifth. Response times are
 * exponential with rate m - r, so p(99) is at most t up to r = m - ln(100) / t.
 */
static void mm1(struct system *sys, struct search_probe *p)
{
    size_t n = (size_t)(p->rate * sys->seconds), n_warm = n / 5, n_slow = 0;
    double wait = 0, sum = 0;
    double objective = log(100) / (MM1_SERVICE - sys->limit);

    for (size_t i = 0; i < n + n_warm; i++) {
        double service = rng_exponential(&sys->rng, 1 / MM1_SERVICE);

        if (i >= n_warm) {
            n_slow += wait + service > objective;
            sum += wait + service;
        }
        wait = fmax(0, wait + service - rng_exponential(&sys->rng, 1 / p->rate));
    }
    p->verdict = (double)n_slow < 0.01 * (double)n ? SEARCH_HELD : SEARCH_FAILED;
    p->latency = sum / (double)n;
    p->throughput = fmin(p->rate, MM1_SERVICE);
}

static void search_system(struct system *sys, const struct search_config *config,
                          struct search_result *ret_result)
{
    struct search *s = search_new(config);
    struct search_probe p = {0};

    while (search_next(s, &p.rate, &p.phase)) {
        sys->probe(sys, &p);
        if (sys->broken > 0 && p.rate >= sys->broken)
            p.verdict = SEARCH_INVALID;
        sys->n_probes++;
        search_put(s, &p);
    }
    search_result(s, ret_result);
    search_free(s);
}

/* ---- a hundred searches each ---- */

enum {
    N_SEEDS = 100,
};

static double error_of(double value, double truth)
{
    return fabs(value / truth - 1);
}

/* How far the answers of a hundred searches may be from the truth, at worst. */
struct bounds {
    double estimate;
    double rate;
    double mean_probes;
};

static void search_many(struct system base, struct bounds most)
{
    const struct search_config config = {.start_rate = base.limit / 13.7, .max_rate = INFINITY};
    int n_probes = 0, n_covered = 0, n_found = 0;

    for (unsigned seed = 0; seed < N_SEEDS; seed++) {
        struct system sys = base;
        struct search_result r;

        rng_seed_nth(&sys.rng, 7, seed);
        search_system(&sys, &config, &r);
        if (error_of(r.estimate, sys.limit) > most.estimate)
            fail_msg("seed %u: estimate %g, truth %g", seed, r.estimate, sys.limit);
        if (error_of(r.rate, sys.limit) > most.rate)
            fail_msg("seed %u: rate %g, truth %g", seed, r.rate, sys.limit);
        assert_true(r.low <= r.estimate && r.estimate <= r.high);
        n_probes += sys.n_probes;
        n_covered += r.low <= sys.limit && sys.limit <= r.high;
        n_found += r.end == SEARCH_FOUND;
    }
    assert_in_range(n_found, 98, N_SEEDS);
    assert_in_range(n_covered, 85, N_SEEDS);
    assert_in_range(n_probes, 0, (unsigned)(most.mean_probes * N_SEEDS));
}

static void test_hard_capacity(void **state UNUSED)
{
    search_many((struct system){.probe = hard_capacity, .limit = 437},
                (struct bounds){.estimate = 0.01, .rate = 0.02, .mean_probes = 18});
    search_many((struct system){.probe = hard_capacity, .limit = 0.37},
                (struct bounds){.estimate = 0.01, .rate = 0.02, .mean_probes = 18});
    search_many((struct system){.probe = hard_capacity, .limit = 123456},
                (struct bounds){.estimate = 0.01, .rate = 0.02, .mean_probes = 18});
}

static void test_lapses(void **state UNUSED)
{
    search_many((struct system){.probe = hard_capacity, .limit = 437, .lapses = 0.02},
                (struct bounds){.estimate = 0.05, .rate = 0.07, .mean_probes = 22});
}

static void test_noise(void **state UNUSED)
{
    search_many((struct system){.probe = hard_capacity, .limit = 437, .noise = 0.01},
                (struct bounds){.estimate = 0.05, .rate = 0.05, .mean_probes = 25});
    search_many((struct system){.probe = hard_capacity, .limit = 437, .noise = 0.03},
                (struct bounds){.estimate = 0.05, .rate = 0.10, .mean_probes = 28});
}

/* What was confirmed lies below the place where one probe in two holds, the more the noisier. */
static void test_mm1(void **state UNUSED)
{
    search_many((struct system){.probe = mm1, .limit = 800, .seconds = 10},
                (struct bounds){.estimate = 0.05, .rate = 0.10, .mean_probes = 32});
}

/* ---- ends ---- */

static struct search_result search_one(struct system *sys, double start, double max)
{
    const struct search_config config = {.start_rate = start, .max_rate = max};
    struct search_result r;

    rng_seed(&sys->rng, 1);
    search_system(sys, &config, &r);
    return r;
}

static void test_start_fails(void **state UNUSED)
{
    struct system sys = {.probe = hard_capacity, .limit = 50};
    struct search_result r = search_one(&sys, 100, INFINITY);

    assert_int_equal(r.end, SEARCH_START_FAILED);
    assert_int_equal(sys.n_probes, 2);
    assert_true(r.rate == 0 && r.estimate == 0 && !r.confirmed);
}

/* Between the start rate and the limit there is hardly room. */
static void test_start_is_the_limit(void **state UNUSED)
{
    struct system sys = {.probe = hard_capacity, .limit = 100.5};
    struct search_result r = search_one(&sys, 100, INFINITY);

    assert_int_equal(r.end, SEARCH_FOUND);
    assert_true(r.rate >= 100 && r.rate <= 100.5);
}

static void test_max_holds(void **state UNUSED)
{
    struct system sys = {.probe = hard_capacity, .limit = 1e6};
    struct search_result r = search_one(&sys, 10, 300);

    assert_int_equal(r.end, SEARCH_AT_MAX);
    assert_true(r.rate == 300 && r.confirmed && r.estimate == 0);
    assert_int_equal(sys.n_probes, 8); /* 10 20 40 80 160 300, and 300 twice more */
}

static void test_generator_is_the_limit(void **state UNUSED)
{
    struct system sys = {.probe = hard_capacity, .limit = 1e6, .broken = 500};
    struct search_result r = search_one(&sys, 10, INFINITY);

    assert_int_equal(r.end, SEARCH_GENERATOR);
    assert_true(r.rate == 320 && !r.confirmed && r.estimate == 0);
    assert_int_equal(sys.n_probes, 9); /* 640 three times: one may be a burst */
}

/* With the generator in trouble near by, failures are no measure of the target. */
static void test_generator_hides_the_limit(void **state UNUSED)
{
    static const enum search_verdict verdicts[] = {SEARCH_HELD, SEARCH_FAILED, SEARCH_INVALID,
                                                   SEARCH_INVALID, SEARCH_INVALID};
    const struct search_config config = {.start_rate = 100, .max_rate = INFINITY};
    struct search *s = search_new(&config);
    struct search_result r;

    for (size_t i = 0; i < countof(verdicts); i++) {
        struct search_probe p = {.verdict = verdicts[i]};

        assert_true(search_next(s, &p.rate, &p.phase));
        search_put(s, &p);
    }
    search_result(s, &r);
    assert_int_equal(r.end, SEARCH_GENERATOR);
    assert_true(r.rate == 100 && r.estimate == 0 && r.high == 0);
    search_free(s);
}

/* One bad moment of the generator changes nothing. */
static void test_one_invalid_probe(void **state UNUSED)
{
    const struct search_config config = {.start_rate = 100, .max_rate = 150};
    struct search *s = search_new(&config);
    struct search_probe p = {.rate = 100, .verdict = SEARCH_INVALID};
    enum search_phase phase;
    double rate;

    search_put(s, &p);
    assert_true(search_next(s, &rate, &phase));
    assert_true(rate == 100 && phase == SEARCH_GROW);
    p.verdict = SEARCH_HELD;
    search_put(s, &p);
    assert_true(search_next(s, &rate, &phase));
    assert_true(rate == 150 && phase == SEARCH_GROW);
    search_free(s);
}

static void test_stop(void **state UNUSED)
{
    const struct search_config config = {.start_rate = 100, .max_rate = INFINITY};
    struct search *s = search_new(&config);
    struct search_probe p = {.rate = 100, .verdict = SEARCH_HELD};
    enum search_phase phase;
    struct search_result r;

    search_put(s, &p);
    search_stop(s);
    assert_false(search_next(s, &p.rate, &phase));
    search_result(s, &r);
    assert_int_equal(r.end, SEARCH_STOPPED);
    assert_true(r.rate == 100 && !r.confirmed);
    search_free(s);
}

/* Nothing but noise: it ends, and says so. */
static void test_unsettled(void **state UNUSED)
{
    struct system sys = {.probe = hard_capacity, .limit = 400, .noise = 0.5, .lapses = 0.3};
    const struct search_config config = {.start_rate = 50, .max_rate = INFINITY, .max_probes = 12};
    int n_unsettled = 0;

    for (unsigned seed = 0; seed < 20; seed++) {
        struct search_result r;

        rng_seed_nth(&sys.rng, 3, seed);
        sys.n_probes = 0;
        search_system(&sys, &config, &r);
        assert_in_range(sys.n_probes, 1, 12);
        n_unsettled += r.end == SEARCH_UNSETTLED;
        assert_true(r.end != SEARCH_UNSETTLED || !r.confirmed);
    }
    assert_in_range(n_unsettled, 5, 20);
}

/* ---- the knee ---- */

/* With one server, R = 1 / (m - x): x / R = x (m - x) is greatest at half of the service rate. */
static void test_knee_mm1(void **state UNUSED)
{
    struct search_probe probes[10];
    size_t n = 0;

    for (double rate = 30; rate < 950; rate *= 1.5)
        probes[n++] =
            (struct search_probe){.rate = rate, .throughput = rate, .latency = 1 / (1000 - rate)};
    double knee = search_knee(probes, n);

    assert_true(error_of(knee, 500) < 0.1);
    /* A probe far beyond the limit moves it not at all. */
    probes[n++] = (struct search_probe){.rate = 2000, .throughput = 1000, .latency = 60};
    assert_true(search_knee(probes, n) == knee);
}

/* Constant up to the capacity, so the bend is there. */
static void test_knee_hard(void **state UNUSED)
{
    const struct search_probe probes[] = {
        {.rate = 50, .throughput = 50, .latency = 10},
        {.rate = 100, .throughput = 100, .latency = 10},
        {.rate = 98, .throughput = 98, .latency = 10},
        {.rate = 110, .throughput = 100, .latency = 500},
        {.rate = 200, .throughput = 100, .latency = 5000},
        {.rate = 400, .throughput = 100, .latency = 5000, .verdict = SEARCH_INVALID},
    };

    assert_true(error_of(search_knee(probes, 6), 100) < 0.02);
    assert_true(search_knee(probes, 2) == 0);
    assert_true(search_knee(NULL, 0) == 0);
}

/* The same rate twice is one point, and unknown latencies are none. */
static void test_knee_repeats(void **state UNUSED)
{
    const struct search_probe probes[] = {
        {.rate = 50, .throughput = 50, .latency = 10},
        {.rate = 100, .throughput = 100, .latency = 10},
        {.rate = 100, .throughput = 100, .latency = 10},
        {.rate = 200, .throughput = 100},
    };

    assert_true(search_knee(probes, 4) == 0);
}

static void test_names(void **state UNUSED)
{
    assert_string_equal(search_phase_name(SEARCH_GROW), "grow");
    assert_string_equal(search_phase_name(SEARCH_OVER), "over");
    assert_string_equal(search_end_name(SEARCH_AT_MAX), "at-max");
    assert_string_equal(search_end_name(SEARCH_STOPPED), "stopped");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hard_capacity),
        cmocka_unit_test(test_lapses),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_mm1),
        cmocka_unit_test(test_start_fails),
        cmocka_unit_test(test_start_is_the_limit),
        cmocka_unit_test(test_max_holds),
        cmocka_unit_test(test_generator_is_the_limit),
        cmocka_unit_test(test_generator_hides_the_limit),
        cmocka_unit_test(test_one_invalid_probe),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_unsettled),
        cmocka_unit_test(test_knee_mm1),
        cmocka_unit_test(test_knee_hard),
        cmocka_unit_test(test_knee_repeats),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
