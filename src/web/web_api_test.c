/* Routes, bodies and shapes, over a run that is a few fields. */
#include "web/web_api.h"

#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "metric/metric.h"
#include "metric/snapshot.h"
#include "plan/options.h"
#include "report/summary.h"

static struct {
    struct metric_registry *registry;
    struct snapshot *snapshot;
    struct arena arena;
    struct plan_options options;
    struct web_answer answer;
    json_t *root;

    struct web_status status;
    int result;       /* of every change */
    char asked[256];  /* the changes so far, in words */
    const char *data; /* of setup() */
} t;

/* ---- the run ---- */

static void get_status(void *self UNUSED, struct web_status *ret_status)
{
    *ret_status = t.status;
}

static void get_summary(void *self UNUSED, struct summary_input *ret_input)
{
    *ret_input = (struct summary_input){.snapshot = t.snapshot,
                                        .options = &t.options,
                                        .duration = 2 * NS_PER_S,
                                        .setup_data = t.data};
}

static bool get_event(void *self UNUSED, size_t index, struct web_event *ret_event)
{
    *ret_event = (struct web_event){.at = 1500 * NS_PER_MS,
                                    .elapsed = NS_PER_S,
                                    .kind = "scale-vus",
                                    .by = "me",
                                    .scenario = "a",
                                    .is_change = true,
                                    .from = 1,
                                    .to = 5};
    return index == 0;
}

static int note(const char *what, struct str scenario, double n, struct str by)
{
    size_t used = strlen(t.asked);

    snprintf(t.asked + used, sizeof(t.asked) - used, "%s(%.*s,%g,%.*s)", what, STR_ARG(scenario), n,
             STR_ARG(by));
    return t.result ? fault(t.result, "not today") : 0;
}

static int do_pause(void *self UNUSED, struct str by)
{
    return note("pause", STR(""), 0, by);
}

static int do_resume(void *self UNUSED, struct str by)
{
    return note("resume", STR(""), 0, by);
}

static int do_stop(void *self UNUSED, struct str by)
{
    return note("stop", STR(""), 0, by);
}

static int do_scale_vus(void *self UNUSED, struct str scenario, uint64_t n, struct str by)
{
    return note("vus", scenario, (double)n, by);
}

static int do_scale_rate(void *self UNUSED, struct str scenario, double per_s, struct str by)
{
    return note("rate", scenario, per_s, by);
}

static int do_put_setup(void *self UNUSED, struct str json, struct str by)
{
    return note("setup", json, 0, by);
}

static const struct web_run_ops ops = {
    .status = get_status,
    .summary = get_summary,
    .event = get_event,
    .pause = do_pause,
    .resume = do_resume,
    .stop = do_stop,
    .scale_vus = do_scale_vus,
    .scale_rate = do_scale_rate,
    .put_setup = do_put_setup,
};

static int set_up(void **state UNUSED)
{
    memset(&t, 0, sizeof(t));
    t.registry = metric_registry_new();
    t.snapshot = snapshot_new(&(struct snapshot_config){.registry = t.registry});
    plan_options_init(&t.options, &t.arena);
    struct tag tags[] = {{STR("group"), STR("::g")}, {STR("check"), STR("one")}};

    snapshot_tick_begin(t.snapshot);
    snapshot_sample(t.snapshot, M_VUS, NULL, 0, 7, 1);
    snapshot_sample(t.snapshot, M_CHECKS, tags, 2, 1, 1);
    snapshot_sample(t.snapshot, M_CHECKS, tags, 2, 0, 1);
    snapshot_sample(t.snapshot, M_ITERATION_DURATION, NULL, 0, 4, 1);
    snapshot_tick_end(t.snapshot, 2);
    return 0;
}

static int tear_down(void **state UNUSED)
{
    json_decref(t.root);
    buf_fini(&t.answer.body);
    snapshot_free(t.snapshot);
    metric_registry_free(t.registry);
    arena_fini(&t.arena);
    fault_clear();
    return 0;
}

/* Asks and reads the answer; returns its status. */
static int ask(const char *method, const char *path, const char *body)
{
    struct web_request req = {.method = str_of(method), .path = str_of(path), .body = str_of(body)};

    json_decref(t.root);
    t.root = NULL;
    buf_fini(&t.answer.body);
    t.answer = (struct web_answer){0};
    t.asked[0] = '\0';
    web_api_answer(&ops, NULL, &req, &t.answer);
    t.root = json_loadb(t.answer.body.data, t.answer.body.len, 0, NULL);
    return (int)t.answer.status;
}

/* The value at a path of keys and indexes, "data.0.id". */
static const json_t *at(const char *path)
{
    const json_t *value = t.root;
    struct str rest = str_of(path), key;
    uint64_t i;

    while (value && str_split(&rest, '.', &key)) {
        char name[64];

        snprintf(name, sizeof(name), "%.*s", STR_ARG(key));
        value = str_u64(key, &i) ? json_array_get(value, i) : json_object_get(value, name);
    }
    return value;
}

static void expect_text(const char *path, const char *want)
{
    const char *text = json_string_value(at(path));

    assert_non_null(text);
    assert_string_equal(text, want);
}

/* ---- k6's part ---- */

static void test_status(void **s UNUSED)
{
    t.status = (struct web_status){.status = WEB_RUN_RUNNING, .vus = 5, .vus_max = 10};
    t.status.running = true;
    assert_int_equal(ask("GET", "/v1/status", ""), 200);
    assert_string_equal(buf_cstr(&t.answer.body),
                        "{\"data\":{\"type\":\"status\",\"id\":\"default\",\"attributes\":{"
                        "\"status\":7,\"paused\":false,\"vus\":5,\"vus-max\":10,\"stopped\":false,"
                        "\"running\":true,\"tainted\":false}}}");
}

static void test_patch_status(void **s UNUSED)
{
    static const struct {
        const char *attributes;
        bool is_paused;
        int status;
        const char *asked;
    } cases[] = {
        {"{\"stopped\":true}", false, 200, "stop(,0,api)"},
        {"{\"stopped\":false}", false, 200, ""},
        {"{\"stopped\":1}", false, 400, ""},
        {"{\"paused\":false}", true, 200, "resume(,0,api)"},
        {"{\"paused\":false}", false, 200, ""},
        {"{\"paused\":true}", true, 200, ""},
        {"{\"paused\":true}", false, 400, ""},
        {"{\"paused\":\"no\"}", true, 400, ""},
        {"{\"paused\":null,\"vus\":null}", true, 200, ""},
        {"{\"vus\":3}", false, 400, ""},
        {"{\"vus-max\":3}", false, 400, ""},
        {"[]", false, 400, ""},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        char body[128];

        snprintf(body, sizeof(body), "{\"data\":{\"attributes\":%s}}", cases[i].attributes);
        t.status.paused = cases[i].is_paused;
        assert_int_equal(ask("PATCH", "/v1/status", body), cases[i].status);
        assert_string_equal(t.asked, cases[i].asked);
    }
    assert_int_equal(ask("PATCH", "/v1/status", "{}"), 400);
    assert_int_equal(ask("PATCH", "/v1/status", "nonsense"), 400);
    assert_int_equal(ask("PATCH", "/v1/status", ""), 400);
    expect_text("errors.0.status", "400");
}

static void test_metrics(void **s UNUSED)
{
    assert_int_equal(ask("GET", "/v1/metrics", ""), 200);
    assert_int_equal(json_array_size(at("data")), 3);
    assert_int_equal(ask("GET", "/v1/metrics/vus", ""), 200);
    expect_text("data.id", "vus");
    expect_text("data.attributes.type", "gauge");
    assert_true(json_is_null(at("data.attributes.tainted")));
    assert_int_equal(json_number_value(at("data.attributes.sample.value")), 7);
    assert_int_equal(ask("GET", "/v1/metrics/iteration_duration", ""), 200);
    assert_int_equal(json_object_size(at("data.attributes.sample")), 6);
    assert_int_equal(ask("GET", "/v1/metrics/nothing", ""), 404);
    /* Known, but not observed: k6 has it not. */
    assert_int_equal(ask("GET", "/v1/metrics/http_reqs", ""), 404);
    expect_text("errors.0.status", "404");
}

static void test_groups(void **s UNUSED)
{
    static const char id[] = "652e756c89643c3ada0b451cbd88a9d3"; /* md5 of "::g" */
    char path[64];

    assert_int_equal(ask("GET", "/v1/groups", ""), 200);
    assert_int_equal(json_array_size(at("data")), 2);
    assert_true(json_is_null(at("data.0.relationships.parent.data")));
    expect_text("data.0.relationships.groups.data.0.id", id);
    snprintf(path, sizeof(path), "/v1/groups/%s", id);
    assert_int_equal(ask("GET", path, ""), 200);
    expect_text("data.attributes.path", "::g");
    expect_text("data.attributes.checks.0.name", "one");
    assert_int_equal(json_integer_value(at("data.attributes.checks.0.passes")), 1);
    assert_int_equal(json_integer_value(at("data.attributes.checks.0.fails")), 1);
    assert_int_equal(ask("GET", "/v1/groups/no", ""), 404);
    assert_non_null(at("errors.0"));
}

static void test_setup(void **s UNUSED)
{
    t.data = "{\"a\":[1]}";
    assert_int_equal(ask("GET", "/v1/setup", ""), 200);
    expect_text("data.type", "setupData");
    assert_int_equal(json_array_size(at("data.attributes.a")), 1);
    t.data = NULL;
    assert_int_equal(ask("GET", "/v1/setup", ""), 200);
    assert_true(json_is_null(at("data.attributes")));
    assert_int_equal(ask("PUT", "/v1/setup", " [2] "), 200);
    assert_string_equal(t.asked, "setup([2],0,api)");
    assert_int_equal(ask("PUT", "/v1/setup", ""), 200);
    assert_string_equal(t.asked, "setup(,0,api)");
    assert_int_equal(ask("PUT", "/v1/setup", "[2"), 400);
    assert_string_equal(t.asked, "");
    assert_int_equal(ask("POST", "/v1/setup", ""), 409);
    assert_int_equal(ask("POST", "/v1/teardown", ""), 409);
}

/* ---- ours ---- */

static void test_control(void **s UNUSED)
{
    static const struct {
        const char *body;
        int status;
        const char *asked;
    } cases[] = {
        {"{\"action\":\"pause\"}", 200, "pause(,0,api)"},
        {"{\"action\":\"resume\",\"by\":\"me\"}", 200, "resume(,0,me)"},
        {"{\"action\":\"stop\"}", 200, "stop(,0,api)"},
        {"{\"action\":\"scale\",\"vus\":12,\"scenario\":\"a\"}", 200, "vus(a,12,api)"},
        {"{\"action\":\"scale\",\"vus\":0}", 200, "vus(,0,api)"},
        {"{\"action\":\"scale\",\"rate\":2.5}", 200, "rate(,2.5,api)"},
        {"{\"action\":\"scale\"}", 400, ""},
        {"{\"action\":\"scale\",\"vus\":1,\"rate\":1}", 400, ""},
        {"{\"action\":\"scale\",\"vus\":-1}", 400, ""},
        {"{\"action\":\"scale\",\"vus\":1.5}", 400, ""},
        {"{\"action\":\"scale\",\"vus\":\"1\"}", 400, ""},
        {"{\"action\":\"scale\",\"vus\":99999999999999999999}", 400, ""},
        {"{\"action\":\"scale\",\"rate\":-1}", 400, ""},
        {"{\"action\":\"scale\",\"rate\":null}", 400, ""},
        {"{\"action\":\"scale\",\"vus\":1,\"scenario\":5}", 400, ""},
        {"{\"action\":\"pause\",\"vus\":1}", 400, ""},
        {"{\"action\":\"pause\",\"scenario\":\"a\"}", 400, ""},
        {"{\"action\":\"pause\",\"typo\":1}", 400, ""},
        {"{\"action\":\"pause\",\"by\":\"a\\nb\"}", 400, ""},
        {"{\"action\":\"pause\",\"action\":\"stop\"}", 400, ""},
        {"{\"action\":\"explode\"}", 400, ""},
        {"{\"action\":1}", 400, ""},
        {"{}", 400, ""},
        {"[]", 400, ""},
        {"", 400, ""},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        if (ask("POST", "/v1/control", cases[i].body) != cases[i].status)
            fail_msg("%s: %u", cases[i].body, t.answer.status);
        assert_string_equal(t.asked, cases[i].asked);
        assert_non_null(t.root);
    }
}

static void test_refusals(void **s UNUSED)
{
    static const struct {
        int code, status;
    } cases[] = {{-EINVAL, 400}, {-ENOTSUP, 400}, {-ENOENT, 404}, {-EBUSY, 409}, {-EIO, 500}};

    for (size_t i = 0; i < countof(cases); i++) {
        t.result = cases[i].code;
        assert_int_equal(ask("POST", "/v1/control", "{\"action\":\"pause\"}"), cases[i].status);
        expect_text("errors.0.detail", "not today");
    }
}

static void test_events(void **s UNUSED)
{
    assert_int_equal(ask("GET", "/v1/events", ""), 200);
    assert_int_equal(json_array_size(at("data")), 1);
    expect_text("data.0.id", "1");
    expect_text("data.0.attributes.kind", "scale-vus");
    assert_true(json_number_value(at("data.0.attributes.time")) == 1.5);
    assert_int_equal(json_number_value(at("data.0.attributes.to")), 5);
}

/* ---- routes ---- */

static void test_routes(void **s UNUSED)
{
    assert_int_equal(ask("GET", "/ping", ""), 200);
    assert_string_equal(buf_cstr(&t.answer.body), "ok");
    assert_int_equal(ask("GET", "/v1/control", ""), 405);
    assert_string_equal(t.answer.allow, "POST");
    assert_int_equal(ask("DELETE", "/v1/status", ""), 405);
    assert_string_equal(t.answer.allow, "GET, PATCH");
    assert_int_equal(ask("POST", "/v1/events", ""), 405);
    assert_int_equal(ask("GET", "/", ""), 404);
    assert_int_equal(ask("GET", "", ""), 404);
    assert_int_equal(ask("GET", "/v1", ""), 404);
    assert_int_equal(ask("GET", "/v1/status/", ""), 404);
    assert_int_equal(ask("GET", "/v1/metrics/", ""), 404);
    assert_int_equal(ask("get", "/v1/status", ""), 405);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_status, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_patch_status, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_metrics, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_groups, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_setup, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_control, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_events, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_routes, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
