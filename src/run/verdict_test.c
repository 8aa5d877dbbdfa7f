#include "run/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static const struct verdict_loop idle[] = {{.busy = 0.1, .delayed = 0.01},
                                           {.busy = 0.2, .delayed = 0.02}};
static const struct verdict_loop busy[] = {{.busy = 0.3}, {.busy = 0.97, .delayed = 0.02}};
static const struct verdict_loop tenth[] = {{.busy = 0.1, .delayed = 0.1},
                                            {.busy = 0, .delayed = 0}};
static const struct verdict_loop third[] = {{.busy = 0.1, .delayed = 0.1},
                                            {.busy = 0.1, .delayed = 0.3}};
static const struct verdict_loop robbed[] = {{.busy = 0.45, .delayed = 0.55}, {.busy = 0.3}};

/* A healthy open-model run, and what is different in it. */
#define RUN(loops_, turn, median)                                                                \
    .seconds = 30, .loops = (loops_), .n_loops = 2, .n_due = 10000, .n_iterations = 10000,       \
    .late_limit = 5 * NS_PER_MS, .open_model = true, .n_requests = 10000, .median_ms = (median), \
    .turn_p99_ms = (turn)
#define HEALTHY RUN(idle, 0.1, 0.5)

static void check(const struct verdict_facts *f, enum verdict_level level, size_t n,
                  const char *words)
{
    struct verdict v;

    verdict_find(f, &v);
    if (v.level != level || v.n_reasons != n)
        fail_msg("%s with %zu reasons: %s", verdict_name(v.level), v.n_reasons,
                 v.n_reasons ? v.reasons[0].text : "");
    if (words && !strstr(v.reasons[0].text, words))
        fail_msg("'%s' has no '%s'", v.reasons[0].text, words);
}

static void each_rule_has_two_limits(void **state)
{
    static const struct {
        struct verdict_facts f;
        enum verdict_level level;
        const char *words;
    } rows[] = {
        {{HEALTHY}, VERDICT_VALID, NULL},
        {{HEALTHY, .n_late = 9}, VERDICT_VALID, NULL},
        {{HEALTHY, .n_late = 10}, VERDICT_SUSPECT, "0.1 % of iterations started more than 5 ms"},
        {{HEALTHY, .n_late = 100}, VERDICT_INVALID, "with the loops mostly idle"},
        {{RUN(robbed, 0.1, 0.5), .n_late = 310},
         VERDICT_INVALID,
         "loop 0 waited 55 % of the time for a processor and 3.1 % of iterations started more"},
        {{HEALTHY, .n_late = 100, .steal = 0.03},
         VERDICT_INVALID,
         "the host gave 3 % of this machine's time to others and 1 % of iterations started"},
        {{HEALTHY, .n_dropped = 5}, VERDICT_VALID, NULL},
        {{HEALTHY, .n_dropped = 5000}, VERDICT_SUSPECT, "33 % of iterations were dropped because"},
        {{RUN(robbed, 0.1, 0.5), .n_dropped = 10}, VERDICT_SUSPECT, "loop 0 was 45 % busy"},
        {{RUN(robbed, 0.1, 0.5), .n_dropped = 5000}, VERDICT_INVALID, "beyond this generator"},
        {{RUN(tenth, 0.1, 0.5)}, VERDICT_SUSPECT, "loop 0 waited 10 % of the time"},
        {{RUN(third, 0.1, 0.5)}, VERDICT_INVALID, "loop 1 waited 30 % of the time"},
        {{RUN(busy, 0.1, 0.5)}, VERDICT_SUSPECT, "loop 1 was 97 % busy: the measured"},
        {{HEALTHY, .steal = 0.04}, VERDICT_VALID, NULL},
        {{HEALTHY, .steal = 0.06}, VERDICT_SUSPECT, "the host gave 6 %"},
        {{HEALTHY, .steal = 0.25}, VERDICT_INVALID, "the host gave 25 %"},
        {{HEALTHY, .throttled = 0.009}, VERDICT_VALID, NULL},
        {{HEALTHY, .throttled = 0.02}, VERDICT_SUSPECT, "stood still for 2 % of the time"},
        {{HEALTHY, .throttled = 0.1}, VERDICT_INVALID, "raise the quota (cpu.max)"},
        {{HEALTHY, .n_without_port = 1}, VERDICT_SUSPECT, "1 requests failed because this machine"},
        {{HEALTHY, .n_without_port = 200}, VERDICT_INVALID, "ip_local_port_range"},
        {{HEALTHY, .n_without_descriptor = 200}, VERDICT_INVALID, "ulimit"},
        {{RUN(idle, 2, 0.5)}, VERDICT_SUSPECT, "took up to 2 ms a turn"},
        {{RUN(idle, 2, 10)}, VERDICT_VALID, NULL},
        {{HEALTHY, .read_delay_ms = 0.05}, VERDICT_VALID, NULL},
        {{HEALTHY, .read_delay_ms = 0.1}, VERDICT_SUSPECT, "for more than 0.1 ms before they"},
        {{HEALTHY, .longest_gc_ms = 25}, VERDICT_SUSPECT, "held up a loop for 25 ms"},
    };

    (void)state;
    for (size_t i = 0; i < countof(rows); i++)
        check(&rows[i].f, rows[i].level, rows[i].words != NULL, rows[i].words);
}

/* As fast as it goes is no fault of a closed model, but what it measures has a queue in it. */
static void closed_models_may_be_busy(void **state)
{
    struct verdict_facts f = {.seconds = 10, .loops = busy, .n_loops = 2, .median_ms = 0.5};

    (void)state;
    check(&f, VERDICT_SUSPECT, 1, "loop 1 was 97 % busy: the generator may be what limited");
    f.loops = idle;
    check(&f, VERDICT_VALID, 0, NULL);
    /* Nothing ran, or hardly anything. */
    f = (struct verdict_facts){0};
    check(&f, VERDICT_VALID, 0, NULL);
    f = (struct verdict_facts){.seconds = 0.01, .loops = busy, .n_loops = 2};
    check(&f, VERDICT_VALID, 0, NULL);
}

/* The target is not blamed for what the generator may have done. */
static void drops_of_a_late_run(void **state)
{
    struct verdict_facts f = {HEALTHY, .n_dropped = 1000};
    struct verdict v;

    (void)state;
    verdict_find(&f, &v);
    assert_int_equal(v.n_reasons, 1);
    assert_non_null(strstr(v.reasons[0].text, "waiting for the target"));
    f.n_late = 1000;
    verdict_find(&f, &v);
    assert_int_equal(v.n_reasons, 2);
    assert_int_equal(v.level, VERDICT_INVALID);
    assert_non_null(strstr(v.reasons[0].text, "10 % of iterations started more than 5 ms late"));
    assert_non_null(strstr(v.reasons[1].text, "dropped while the generator was held up"));
}

static void the_worst_comes_first(void **state)
{
    struct verdict_facts f = {HEALTHY, .steal = 0.06, .n_without_port = 1000, .n_dropped = 1000};
    struct verdict v;

    (void)state;
    verdict_find(&f, &v);
    assert_int_equal(v.n_reasons, 3);
    assert_int_equal(v.level, VERDICT_INVALID);
    assert_int_equal(v.reasons[0].level, VERDICT_INVALID);
    assert_int_equal(v.reasons[1].level, VERDICT_SUSPECT);
    assert_string_equal(verdict_name(v.level), "invalid");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_has_two_limits),
        cmocka_unit_test(closed_models_may_be_busy),
        cmocka_unit_test(drops_of_a_late_run),
        cmocka_unit_test(the_worst_comes_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
