#include "plan/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct plan_options script;
    struct plan_options cli;
    struct plan_strings warnings;
    struct plan *plan;
};

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){0};
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    arena_fini(&f->arena);
    fault_clear();
    return 0;
}

/* A plan of a script's options, with the exports `default` and `other`. */
static int build(struct fixture *f, const char *json)
{
    static const char *const exports[] = {"default", "other"};
    struct plan_layers layers = {
        .script = &f->script, .cli = &f->cli, .exports = exports, .n_exports = 2};

    plan_options_init(&f->script, &f->arena);
    plan_options_init(&f->cli, &f->arena);
    f->plan = NULL;
    TRY(plan_options_from_json(&f->script, PLAN_TIER_SCRIPT, str_of(json), &f->warnings));
    return plan_build(&f->arena, &layers, &f->plan);
}

static const char *describe(struct fixture *f, size_t i)
{
    static char text[200];
    struct buf out = {0};

    plan_scenario_describe(&f->plan->scenarios[i], &out);
    snprintf(text, sizeof(text), "%s", buf_cstr(&out));
    buf_fini(&out);
    return text;
}

#define S(fields) "{\"scenarios\":{\"a\":{" fields "}}}"

static void shortcuts_become_scenarios(void **state)
{
    static const struct {
        const char *json;
        const char *text;
        const char *warning;
    } cases[] = {
        {"{}", "1 iterations for each of 1 VUs (maxDuration: 10m0s, gracefulStop: 30s)", NULL},
        {"{\"stages\":[{\"target\":4}]}",
         "1 iterations for each of 1 VUs (maxDuration: 10m0s, gracefulStop: 30s)",
         "`stages` was explicitly set to an empty value, running the script with 1 iteration in 1 "
         "VU"},
        {"{\"scenarios\":{}}",
         "1 iterations for each of 1 VUs (maxDuration: 10m0s, gracefulStop: 30s)",
         "`scenarios` was explicitly set to an empty value, running the script with 1 iteration in "
         "1 VU"},
        {"{\"vus\":5}", "5 iterations shared among 5 VUs (maxDuration: 10m0s, gracefulStop: 30s)",
         NULL},
        {"{\"vus\":2,\"iterations\":6,\"duration\":\"10s\"}",
         "6 iterations shared among 2 VUs (maxDuration: 10s, gracefulStop: 30s)", NULL},
        {"{\"vus\":10,\"duration\":\"30s\"}", "10 looping VUs for 30s (gracefulStop: 30s)", NULL},
        {"{\"vus\":0,\"stages\":[{\"duration\":\"10s\",\"target\":4},{\"duration\":\"1m\","
         "\"target\":0}]}",
         "Up to 4 looping VUs for 1m10s over 2 stages (gracefulRampDown: 30s, gracefulStop: 30s)",
         NULL},
        {"{\"vus\":3,\"scenarios\":{\"a\":{\"executor\":\"constant-vus\"}}}",
         "3 iterations shared among 3 VUs (maxDuration: 10m0s, gracefulStop: 30s)",
         "`vus=3` overrides scenarios configuration"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(build(f, cases[i].json), 0);
        assert_int_equal(f->plan->n_scenarios, 1);
        assert_string_equal(f->plan->scenarios[0].name, "default");
        assert_string_equal(describe(f, 0), cases[i].text);
        assert_int_equal(f->plan->warnings.n, cases[i].warning != NULL);
        if (cases[i].warning)
            assert_string_equal(f->plan->warnings.items[0], cases[i].warning);
    }
}

static void describes_every_executor(void **state)
{
    static const struct {
        const char *json;
        const char *text;
    } cases[] = {
        {S("\"executor\":\"constant-vus\",\"duration\":\"10s\",\"gracefulStop\":\"0s\""),
         "1 looping VUs for 10s"},
        {S("\"executor\":\"constant-vus\",\"duration\":\"10s\",\"exec\":\"other\",\"startTime\":"
           "\"5s\""),
         "1 looping VUs for 10s (exec: other, startTime: 5s, gracefulStop: 30s)"},
        {S("\"executor\":\"constant-arrival-rate\",\"rate\":100,\"timeUnit\":\"1m\",\"duration\":"
           "\"10s\",\"preAllocatedVUs\":4"),
         "1.67 iterations/s for 10s (maxVUs: 4, gracefulStop: 30s)"},
        {S("\"executor\":\"constant-arrival-rate\",\"rate\":5,\"duration\":\"10s\","
           "\"preAllocatedVUs\":4,\"maxVUs\":9"),
         "5.00 iterations/s for 10s (maxVUs: 4-9, gracefulStop: 30s)"},
        {S("\"executor\":\"constant-arrival-rate\",\"rate\":5,\"duration\":\"10s\","
           "\"preAllocatedVUs\":4,\"arrival\":\"gamma\",\"cv\":1.5,\"seed\":3,\"whenBusy\":"
           "\"queue\""),
         "5.00 iterations/s for 10s (maxVUs: 4, arrival: gamma, whenBusy: queue, gracefulStop: "
         "30s)"},
        {S("\"executor\":\"ramping-arrival-rate\",\"preAllocatedVUs\":4,\"stages\":[{\"duration\":"
           "1500,\"target\":3}]"),
         "Up to 3.00 iterations/s for 1.5s over 1 stages (maxVUs: 4, gracefulStop: 30s)"},
        {S("\"executor\":\"ramping-vus\",\"gracefulRampDown\":\"0s\",\"startVUs\":7,\"stages\":[{"
           "\"duration\":\"1s\",\"target\":3}]"),
         "Up to 7 looping VUs for 1s over 1 stages (gracefulStop: 30s)"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(build(f, cases[i].json), 0);
        assert_string_equal(describe(f, 0), cases[i].text);
    }
}

static void conflicts_are_errors(void **state)
{
    static const struct {
        const char *json;
        const char *text;
    } cases[] = {
        {"{\"iterations\":4,\"stages\":[{\"duration\":\"1s\",\"target\":3}]}",
         "using `iterations` and `stages` options simultaneously is not allowed"},
        {"{\"duration\":\"1s\",\"stages\":[{\"duration\":\"1s\",\"target\":3}]}",
         "using `duration` and `stages` options simultaneously is not allowed"},
        {"{\"duration\":\"1s\",\"scenarios\":{\"a\":{\"executor\":\"constant-vus\"}}}",
         "using `duration` and `scenarios` options simultaneously is not allowed"},
        {"{\"stages\":[{\"duration\":\"1s\",\"target\":3}],\"scenarios\":{\"a\":{\"executor\":"
         "\"constant-vus\"}}}",
         "using `stages` and `scenarios` options simultaneously is not allowed"},
        {"{\"duration\":\"0s\"}", "`duration` option should be more than 0"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(build(f, cases[i].json), FAULT_EXIT(104));
        assert_string_equal(fault_text(), cases[i].text);
    }
}

#define PROBLEMS "There were problems with the specified script configuration:\n\t- "

static void lists_all_problems(void **state)
{
    static const struct {
        const char *json;
        const char *text;
    } cases[] = {
        {"{\"vus\":2,\"iterations\":1}", PROBLEMS
         "scenario default has configuration errors: the number of iterations (1) can't be "
         "less than the number of VUs (2)"},
        {S("\"executor\":\"constant-arrival-rate\",\"rate\":5,\"duration\":\"10s\","
           "\"preAllocatedVUs\":4,\"arrival\":\"uniform\",\"whenBusy\":\"wait\",\"cv\":0"),
         PROBLEMS "scenario a has configuration errors: arrival is 'constant', 'poisson' or "
                  "'gamma', not 'uniform', cv must be from 0.01 to 10, whenBusy is 'drop' or "
                  "'queue', not 'wait'"},
        {S("\"executor\":\"constant-arrival-rate\",\"rate\":5,\"duration\":\"10s\","
           "\"preAllocatedVUs\":4,\"arrival\":\"poisson\",\"cv\":2"),
         PROBLEMS "scenario a has configuration errors: cv belongs to arrival: 'gamma'"},
        {"{\"setupTimeout\":\"0s\"}", PROBLEMS "setupTimeout must be positive"},
        {S("\"executor\":\"constant-vus\",\"vus\":0,\"duration\":\"0.5s\""),
         PROBLEMS "scenario a has configuration errors: the number of VUs must be more than 0, the "
                  "duration must be at least 1s, but is 500ms"},
        {"{\"scenarios\":{\"a b\":{\"executor\":\"constant-vus\"}}}",
         PROBLEMS "scenario a b has configuration errors: the scenario name should contain only "
                  "numbers, latin letters, underscores, and dashes, the duration is unspecified"},
        {S("\"executor\":\"constant-vus\",\"duration\":\"10s\",\"exec\":\"nope\""),
         PROBLEMS "executor a: function 'nope' not found in exports"},
        {S("\"executor\":\"constant-vus\",\"duration\":\"10s\",\"exec\":\"\",\"startTime\":\"-3s\","
           "\"gracefulStop\":\"-1s\""),
         PROBLEMS "scenario a has configuration errors: exec value cannot be empty, the startTime "
                  "can't be negative, the gracefulStop timeout can't be negative"},
        {S("\"executor\":\"shared-iterations\",\"vus\":5,\"iterations\":3,\"maxDuration\":\"1ms\""),
         PROBLEMS "scenario a has configuration errors: the number of iterations (3) can't be less "
                  "than the number of VUs (5), the maxDuration must be at least 1s, but is 1ms"},
        {S("\"executor\":\"per-vu-iterations\",\"vus\":0,\"iterations\":0"),
         PROBLEMS "scenario a has configuration errors: the number of VUs must be more than 0, the "
                  "number of iterations must be more than 0"},
        {S("\"executor\":\"ramping-vus\",\"startVUs\":-1,\"stages\":[{},{\"duration\":\"-1s\","
           "\"target\":-2},{\"duration\":\"1s\",\"target\":1000000000}]"),
         PROBLEMS "scenario a has configuration errors: the number of start VUs can't be negative, "
                  "stage 1 doesn't have a duration, stage 1 doesn't have a target, the duration "
                  "for stage 2 can't be negative, the target for stage 2 can't be negative, target "
                  "for stage 3 exceeds max limit of 100000000"},
        {S("\"executor\":\"ramping-vus\",\"startVUs\":0,\"stages\":[{\"duration\":\"1s\","
           "\"target\":0}]"),
         PROBLEMS "scenario a has configuration errors: either startVUs or one of the stages' "
                  "target values must be greater than 0"},
        {S("\"executor\":\"ramping-vus\",\"stages\":[{\"duration\":\"1s\",\"target\":99999999}]"),
         PROBLEMS "scenario a has configuration errors: the stages start and stop more than "
                  "10000000 VUs"},
        {S("\"executor\":\"constant-arrival-rate\""),
         PROBLEMS "scenario a has configuration errors: the iteration rate isn't specified, the "
                  "duration is unspecified, the number of preAllocatedVUs isn't specified"},
        {S("\"executor\":\"constant-arrival-rate\",\"rate\":0,\"timeUnit\":\"0s\",\"duration\":"
           "\"1ms\",\"preAllocatedVUs\":-1,\"maxVUs\":-3"),
         PROBLEMS
         "scenario a has configuration errors: the iteration rate must be more than 0, the "
         "timeUnit must be more than 0, the duration must be at least 1s, but is 1ms, the "
         "number of preAllocatedVUs can't be negative, maxVUs can't be less than "
         "preAllocatedVUs"},
        {S("\"executor\":\"ramping-arrival-rate\",\"startRate\":-1,\"timeUnit\":\"-1s\","
           "\"preAllocatedVUs\":3,\"maxVUs\":2,\"stages\":[{\"target\":-1}]"),
         PROBLEMS "scenario a has configuration errors: the startRate value can't be negative, the "
                  "timeUnit must be more than 0, stage 1 doesn't have a duration, the target for "
                  "stage 1 can't be negative, maxVUs can't be less than preAllocatedVUs"},
        {S("\"executor\":\"constant-arrival-rate\",\"rate\":5000000000,\"duration\":\"1s\","
           "\"preAllocatedVUs\":1"),
         PROBLEMS "scenario a has configuration errors: the iteration rate can't be more than one "
                  "in each nanosecond"},
        {S("\"executor\":\"constant-vus\",\"duration\":\"2000000h\""),
         PROBLEMS "scenario a has configuration errors: the duration is too long"},
        {"{\"scenarios\":{\"a\":{\"executor\":\"constant-vus\"},\"b\":{\"executor\":"
         "\"constant-vus\"}}}",
         PROBLEMS
         "scenario a has configuration errors: the duration is unspecified\n\t- scenario b "
         "has configuration errors: the duration is unspecified"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(build(f, cases[i].json), FAULT_EXIT(104));
        assert_string_equal(fault_text(), cases[i].text);
    }
}

static void orders_by_start_then_name(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(
        build(f,
              "{\"scenarios\":{"
              "\"z\":{\"executor\":\"constant-vus\",\"duration\":\"1s\"},"
              "\"late\":{\"executor\":\"constant-vus\",\"duration\":\"1s\",\"startTime\":\"1s\"},"
              "\"b\":{\"executor\":\"constant-vus\",\"duration\":\"1s\"}}}"),
        0);
    assert_string_equal(f->plan->scenarios[0].name, "b");
    assert_string_equal(f->plan->scenarios[1].name, "z");
    assert_string_equal(f->plan->scenarios[2].name, "late");
}

/* Numbers that k6 2.2.0 gives for the same options. */
static void knows_its_needs(void **state)
{
    static const struct {
        const char *json;
        int64_t max_vus;
        span_ns seconds;
    } cases[] = {
        {"{\"vus\":3,\"duration\":\"4s\"}", 3, 34},
        {"{\"vus\":2,\"iterations\":3}", 2, 630},
        {"{\"scenarios\":{\"a\":{\"executor\":\"constant-vus\",\"duration\":\"10s\",\"vus\":3,"
         "\"startTime\":\"5s\"},\"b\":{\"executor\":\"constant-vus\",\"duration\":\"10s\","
         "\"vus\":4,\"startTime\":\"45s\"},\"c\":{\"executor\":\"constant-vus\",\"duration\":"
         "\"10s\",\"vus\":4,\"startTime\":\"46s\"}}}",
         8, 86},
        {"{\"scenarios\":{\"a\":{\"executor\":\"constant-arrival-rate\",\"rate\":10,\"duration\":"
         "\"10s\",\"preAllocatedVUs\":2,\"maxVUs\":10},\"b\":{\"executor\":"
         "\"ramping-arrival-rate\",\"preAllocatedVUs\":3,\"stages\":[{\"duration\":\"10s\","
         "\"target\":5}]}}}",
         13, 40},
        {"{\"scenarios\":{\"a\":{\"executor\":\"ramping-vus\",\"stages\":[{\"duration\":\"10s\","
         "\"target\":10},{\"duration\":\"5s\",\"target\":2},{\"duration\":\"5s\",\"target\":8},{"
         "\"duration\":\"5s\",\"target\":0}],\"gracefulRampDown\":\"2s\"},\"b\":{\"executor\":"
         "\"constant-vus\",\"vus\":3,\"duration\":\"4s\",\"startTime\":\"13s\",\"gracefulStop\":"
         "\"0s\"}}}",
         12, 27},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(build(f, cases[i].json), 0);
        assert_int_equal(f->plan->max_vus, cases[i].max_vus);
        assert_int_equal(f->plan->max_duration, cases[i].seconds * NS_PER_S);
    }
}

static void describes_the_whole(void **state)
{
    struct fixture *f = *state;
    struct buf out = {0};

    assert_int_equal(build(f, "{\"vus\":10,\"duration\":\"30s\"}"), 0);
    plan_describe(f->plan, &out);
    assert_string_equal(
        buf_cstr(&out),
        "(100.00%) 1 scenario, 10 max VUs, 1m0s max duration (incl. graceful stop)");
    buf_fini(&out);
}

static void scripts_see_derived_options(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(build(f, "{\"vus\":2,\"iterations\":3,\"setupTimeout\":\"1m\"}"), 0);
    assert_non_null(strstr(f->plan->options_json,
                           "\"vus\":2,\"iterations\":3,\"scenarios\":{"
                           "\"default\":{\"executor\":\"shared-iterations\""));
    assert_non_null(strstr(f->plan->exec_json,
                           "{\"paused\":null,\"scenarios\":{\"default\":{\"executor\":"
                           "\"shared-iterations\",\"startTime\":null,\"gracefulStop\":null,"
                           "\"env\":null,\"exec\":null,\"tags\":null,\"vus\":2,\"iterations\":3,"
                           "\"maxDuration\":null}},\"executionSegment\":null,"));
    assert_non_null(strstr(f->plan->exec_json, "\"setupTimeout\":\"1m0s\""));
    assert_non_null(strstr(f->plan->exec_json, "\"consoleOutput\":null,\"localIPs\":null}"));
    assert_null(strstr(f->plan->exec_json, "\"maxSeries\""));
}

static void inspects_before_and_after_deriving(void **state)
{
    struct fixture *f = *state;
    struct buf out = {0};

    assert_int_equal(build(f, "{\"vus\":2,\"duration\":\"1s\"}"), 0);
    plan_inspect_json(f->plan, PLAN_INSPECT_OPTIONS, &out);
    assert_non_null(strstr(buf_cstr(&out), "\n  \"scenarios\": null,\n"));
    assert_null(strstr(buf_cstr(&out), "totalDuration"));
    buf_reset(&out);
    plan_inspect_json(f->plan, PLAN_INSPECT_REQUIREMENTS, &out);
    assert_non_null(strstr(buf_cstr(&out), "\n  \"scenarios\": {\n    \"default\": {\n"));
    assert_non_null(strstr(buf_cstr(&out), "\n  \"totalDuration\": \"31s\",\n  \"maxVUs\": 2\n}"));
    buf_fini(&out);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(shortcuts_become_scenarios),
        TEST(describes_every_executor),
        TEST(conflicts_are_errors),
        TEST(lists_all_problems),
        TEST(orders_by_start_then_name),
        TEST(knows_its_needs),
        TEST(describes_the_whole),
        TEST(scripts_see_derived_options),
        TEST(inspects_before_and_after_deriving),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
