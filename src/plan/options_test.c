#include "plan/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "metric/systag.h"

struct fixture {
    struct arena arena;
    struct plan_options o;
    struct plan_strings warnings;
};

static int set_up(void **state)
{
    static struct fixture f;

    f = (struct fixture){0};
    plan_options_init(&f.o, &f.arena);
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

static int read_json(struct fixture *f, enum plan_tier tier, const char *json)
{
    return plan_options_from_json(&f->o, tier, str_of(json), &f->warnings);
}

static void has_defaults_that_nobody_set(void **state)
{
    struct fixture *f = *state;

    for (enum plan_option id = 0; id < PLAN_OPTION_COUNT; id++)
        assert_false(plan_is_set(&f->o, id));
    assert_int_equal(f->o.vus, 1);
    assert_int_equal(f->o.setup_timeout, 60 * NS_PER_S);
    assert_int_equal(f->o.handle_summary_timeout, 120 * NS_PER_S);
    assert_int_equal(f->o.dns.ttl, 300 * NS_PER_S);
    assert_int_equal(f->o.dns.select, PLAN_DNS_RANDOM);
    assert_false(f->o.dns.has_ttl);
    assert_int_equal(f->o.batch_per_host, 6);
    assert_int_equal(f->o.system_tags, systag_default);
    assert_int_equal(f->o.summary_trend_stats.n, 6);
    assert_string_equal(f->o.summary_trend_stats.items[5], "p(95)");
    assert_string_equal(f->o.summary_mode, "compact");
    assert_string_equal(f->o.http_debug, "");
    assert_true(f->o.include_system_env_vars);
}

static void reads_every_type_from_json(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(
        read_json(f, PLAN_TIER_SCRIPT,
                  "{\"vus\":10,\"iterations\":\"20\",\"duration\":1500,\"throw\":true,"
                  "\"stages\":[{\"duration\":\"1m\",\"target\":5},{\"target\":3}],"
                  "\"userAgent\":\"me\",\"hosts\":{\"a.x\":\"1.2.3.4\"},\"rps\":null,"
                  "\"blacklistIPs\":[\"10.0.0.0/8\",\"fd00::/8\"],\"blockHostnames\":[\"*.x.y\"],"
                  "\"systemTags\":[\"url\",\"nonsense\",\"vu\"],\"tlsVersion\":\"tls1.2\","
                  "\"dns\":{\"ttl\":\"inf\",\"policy\":\"any\"},\"cloud\":{\"a\":[1]},"
                  "\"tlsAuth\":[{\"cert\":\"C\",\"key\":\"K\"}],\"executionSegment\":\"1/4:50%\","
                  "\"thresholds\":{\"http_reqs\":[\"count>1\",{\"threshold\":\"rate>0\","
                  "\"abortOnFail\":true,\"delayAbortEval\":\"10s\"}]}}"),
        0);
    assert_int_equal(f->o.vus, 10);
    assert_int_equal(f->o.iterations, 20);
    assert_int_equal(f->o.duration, 1500 * NS_PER_MS);
    assert_true(f->o.throw);
    assert_int_equal(f->o.stages.n, 1);
    assert_int_equal(f->o.stages.items[0].target, 5);
    assert_string_equal(f->o.user_agent, "me");
    assert_string_equal(plan_map_get(&f->o.hosts, "a.x"), "1.2.3.4");
    assert_false(plan_is_set(&f->o, PLAN_RPS));
    assert_int_equal(f->o.blacklist_ips.n, 2);
    assert_int_equal(f->o.system_tags, SYSTAG_URL | SYSTAG_VU);
    assert_int_equal(f->o.tls_version.min, PLAN_TLS_1_2);
    assert_int_equal(f->o.tls_version.max, PLAN_TLS_1_2);
    assert_true(f->o.dns.ttl == PLAN_DNS_TTL_INF);
    assert_int_equal(f->o.dns.policy, PLAN_DNS_ANY);
    assert_int_equal(f->o.dns.select, PLAN_DNS_RANDOM);
    assert_string_equal(f->o.cloud, "{\"a\":[1]}");
    assert_string_equal(f->o.tls_auth.items[0].key, "K");
    assert_int_equal(f->o.execution_segment.from.den, 4);
    assert_int_equal(f->o.execution_segment.to.den, 2);
    assert_int_equal(f->o.thresholds.n, 1);
    assert_int_equal(f->o.thresholds.items[0].n, 2);
    assert_string_equal(f->o.thresholds.items[0].items[0].source, "count>1");
    assert_true(f->o.thresholds.items[0].items[1].abort_on_fail);
    assert_int_equal(f->o.thresholds.items[0].items[1].delay_abort_eval, 10 * NS_PER_S);
    assert_int_equal(f->warnings.n, 0);
}

static void thresholds_of_ours_are_read(void **state)
{
    struct fixture *f = *state;
    const struct plan_threshold *t;
    struct buf shown = {0};

    assert_int_equal(
        read_json(f, PLAN_TIER_SCRIPT,
                  "{\"thresholds\":{\"http_reqs\":[{\"threshold\":\"rate>0\",\"window\":\"30s\","
                  "\"after\":60000,\"min_samples\":100},{\"threshold\":\"rate>1\","
                  "\"minSamples\":7}]}}"),
        0);
    t = f->o.thresholds.items[0].items;
    assert_int_equal(t[0].window, 30 * NS_PER_S);
    assert_int_equal(t[0].after, 60 * NS_PER_S);
    assert_int_equal(t[0].min_samples, 100);
    assert_int_equal(t[1].min_samples, 7);
    assert_int_equal(t[1].window, 0);
    plan_options_json(&f->o, PLAN_JSON_SET, 0, &shown);
    assert_non_null(strstr(buf_cstr(&shown), "\"delayAbortEval\":null,\"window\":\"30s\","
                                             "\"after\":\"1m0s\",\"min_samples\":100}"));
    buf_fini(&shown);
}

static void a_flag_adds_a_threshold(void **state)
{
    struct fixture *f = *state;
    struct plan_options cli;
    const struct plan_metric_thresholds *m;

    plan_options_init(&cli, f->o.arena);
    assert_int_equal(plan_options_from_cli(&cli, PLAN_THRESHOLDS,
                                           "http_req_duration{a:b}: p(95)<200; window=30s;"
                                           " after=1m; min_samples=5; abort_after=10s"),
                     0);
    assert_int_equal(plan_options_from_cli(&cli, PLAN_THRESHOLDS, "http_reqs:count>9;abort"), 0);
    assert_int_equal(
        read_json(f, PLAN_TIER_SCRIPT, "{\"thresholds\":{\"http_reqs\":[\"rate>1\"]}}"), 0);
    plan_options_apply(&f->o, &cli, PLAN_TIER_CLI, &f->warnings);
    assert_int_equal(f->o.thresholds.n, 2);
    m = f->o.thresholds.items;
    assert_string_equal(m[0].metric, "http_reqs");
    assert_int_equal(m[0].n, 2);
    assert_string_equal(m[0].items[1].source, "count>9");
    assert_true(m[0].items[1].abort_on_fail);
    assert_false(m[0].items[1].has_delay);
    assert_string_equal(m[1].metric, "http_req_duration{a:b}");
    assert_string_equal(m[1].items[0].source, "p(95)<200");
    assert_int_equal(m[1].items[0].window, 30 * NS_PER_S);
    assert_int_equal(m[1].items[0].after, 60 * NS_PER_S);
    assert_int_equal(m[1].items[0].min_samples, 5);
    assert_true(m[1].items[0].abort_on_fail);
    assert_int_equal(m[1].items[0].delay_abort_eval, 10 * NS_PER_S);
    /* The layer itself is as it was. */
    assert_int_equal(cli.thresholds.items[1].n, 1);
}

static void short_thresholds_replace_those_of_the_script(void **state)
{
    struct fixture *f = *state;
    struct plan_options cli;
    const struct plan_metric_thresholds *m;

    plan_options_init(&cli, &f->arena);
    assert_int_equal(plan_options_from_cli(&cli, PLAN_THRESHOLDS, "p95_ms=300"), 0);
    assert_int_equal(plan_options_from_cli(&cli, PLAN_THRESHOLDS, "p95_ms=250"), 0);
    assert_int_equal(plan_options_from_cli(&cli, PLAN_THRESHOLDS, "error_rate=2.5"), 0);
    assert_int_equal(read_json(f, PLAN_TIER_SCRIPT,
                               "{\"thresholds\":{\"http_req_duration\":[\"p(95)<=100.0\","
                               "\"p(99)<=400.0\"]}}"),
                     0);
    plan_options_apply(&f->o, &cli, PLAN_TIER_CLI, &f->warnings);
    assert_int_equal(f->o.thresholds.n, 2);
    m = f->o.thresholds.items;
    assert_string_equal(m[0].metric, "http_req_duration");
    assert_int_equal(m[0].n, 2);
    assert_string_equal(m[0].items[0].source, "p(99)<=400.0");
    assert_string_equal(m[0].items[1].source, "p(95)<=250");
    assert_string_equal(m[1].metric, "http_req_failed");
    assert_string_equal(m[1].items[0].source, "rate<=0.025");
}

static void bad_threshold_flags_are_explained(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "is written as 'METRIC: CONDITION'"},
        {"http_reqs", "is written as 'METRIC: CONDITION'"},
        {"http_reqs{a:b}", "is written as 'METRIC: CONDITION'"},
        {": rate>1", "is written as 'METRIC: CONDITION'"},
        {"http_reqs: ; window=3s", "is written as 'METRIC: CONDITION'"},
        {"a: rate>1; window=3", "'window' must be a duration above 0"},
        {"a: rate>1; after=-3s", "'after' must be a duration above 0"},
        {"a: rate>1; min_samples=0", "'min_samples' must be a whole number from 1 on"},
        {"a: rate>1; abort=yes", "'abort=yes' is none of window="},
        {"a: rate>1; p=1", "'p=1' is none of window="},
        {"p9_ms=3", "'p9_ms' is none of p50_ms, p95_ms"},
        {"p95_ms=fast", "'p95_ms=fast' has no number"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(plan_options_from_cli(&f->o, PLAN_THRESHOLDS, cases[i].text),
                         FAULT_EXIT(255));
        assert_non_null(strstr(fault_text(), cases[i].words));
    }
    fault_clear();
}

static void names_the_field_that_is_wrong(void **state)
{
    static const struct {
        const char *json;
        const char *words; /* that must be in the message */
    } cases[] = {
        {"{\"vus\":2.5}", "option 'vus': expected an integer, got 2.5"},
        {"{\"vus\":true}", "expected an integer, got true"},
        {"{\"vus\":99999999999999999999}", "parse"},
        {"{\"duration\":\"1x\"}", "option 'duration': expected a duration"},
        {"{\"throw\":\"yes\"}", "option 'throw': expected true or false, got \"yes\""},
        {"{\"thresholds\":{\"a\":\"x\"}}", "thresholds of 'a' must be a list"},
        {"{\"thresholds\":{\"a\":[3]}}", "invalid threshold 3"},
        {"{\"thresholds\":{\"a\":[{\"threshold\":\"rate>0\",\"window\":\"x\"}]}}",
         "'window' must be a duration above 0"},
        {"{\"thresholds\":{\"a\":[{\"threshold\":\"rate>0\",\"after\":-1}]}}",
         "'after' must be a duration above 0"},
        {"{\"thresholds\":{\"a\":[{\"threshold\":\"rate>0\",\"min_samples\":\"x\"}]}}",
         "'min_samples' must be a whole number"},
        {"{\"tags\":{\"a\":1}}", "the value of 'a' must be a string"},
        {"{\"blacklistIPs\":[\"x\"]}", "'x' is not an address range"},
        {"{\"blacklistIPs\":[\"10.0.0.0/33\"]}", "is not an address range"},
        {"{\"blockHostnames\":[\"*a*\"]}", "invalid hostname pattern '*a*'"},
        {"{\"tlsVersion\":\"x\"}", "unknown TLS version 'x'"},
        {"{\"tlsCipherSuites\":[\"x\"]}", "unknown cipher suite 'x'"},
        {"{\"dns\":{\"ttl\":\"z\"}}", "invalid DNS TTL: z"},
        {"{\"dns\":{\"x\":\"z\"}}", "unknown DNS configuration field: x"},
        {"{\"summaryTrendStats\":[\"x\"]}", "invalid trend stat 'x'"},
        {"{\"summaryTrendStats\":[\"rate\"]}", "invalid trend stat 'rate'"},
        {"{\"executionSegment\":\"5\"}", "can't be more than 1"},
        {"{\"executionSegment\":\"1/2:1/3\"}", "start value must be less"},
        {"{\"executionSegment\":\"1/0\"}", "not a valid percentage"},
        {"{\"executionSegmentSequence\":\"0,1/2,1/4\"}", "borders must rise"},
        {"{\"stages\":[{\"duration\":\"1s\",\"target\":\"x\"}]}", "invalid target of a stage"},
        {"{\"scenarios\":{\"a\":{}}}", "scenario 'a' doesn't have a specified executor type"},
        {"{\"scenarios\":{\"a\":{\"executor\":\"x\"}}}", "unknown executor type 'x'"},
        {"{\"scenarios\":{\"a\":3}}", "must be an object"},
        {"{\"scenarios\":{\"a\":{\"executor\":\"constant-vus\",\"zz\":1}}}",
         "unknown field \"zz\""},
        {"{\"scenarios\":{\"a\":{\"executor\":\"constant-vus\",\"stages\":[]}}}",
         "unknown field \"stages\""},
        {"{\"scenarios\":{\"a\":{\"executor\":\"constant-vus\",\"env\":{\"A\":1}}}}",
         "scenario 'a': invalid env"},
        {"[]", "must be an object"},
        {"3", "must be an object"},
        {"{", "cannot parse"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < countof(cases); i++) {
        plan_options_init(&f->o, &f->arena);
        assert_int_equal(read_json(f, PLAN_TIER_SCRIPT, cases[i].json), FAULT_EXIT(104));
        if (!strstr(fault_text(), cases[i].words))
            fail_msg("%s: %s", cases[i].json, fault_text());
    }
}

static void warns_once_of_unknown_fields(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(read_json(f, PLAN_TIER_SCRIPT, "{\"foo\":1,\"vus\":2,\"out\":[\"json\"]}"), 0);
    assert_int_equal(f->o.vus, 2);
    assert_int_equal(f->warnings.n, 1);
    assert_string_equal(f->warnings.items[0], "There were unknown fields in the options exported "
                                              "in the script: \"foo\", \"out\"");
}

static void a_configuration_file_may_say_more(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(
        read_json(f, PLAN_TIER_CONFIG, "{\"out\":[\"json\",\"csv=x,y\"],\"linger\":true}"), 0);
    assert_int_equal(f->warnings.n, 0);
    assert_int_equal(f->o.out.n, 2);
    assert_string_equal(f->o.out.items[1], "csv=x,y");
    assert_true(f->o.linger);
}

static const char *environment(void *arg, const char *name)
{
    const char *const *pairs = arg;

    for (; pairs[0]; pairs += 2) {
        if (strcmp(pairs[0], name) == 0)
            return pairs[1];
    }
    return NULL;
}

static void reads_the_environment(void **state)
{
    static const char *const env[] = {"K6_VUS",
                                      "7",
                                      "K6_STAGES",
                                      "5s:3,10:4,:9",
                                      "K6_TAGS",
                                      "a:b,c=d",
                                      "K6_THROW",
                                      "T",
                                      "K6_DNS",
                                      "ttl=0",
                                      "K6_USER_AGENT",
                                      "",
                                      "K6_DURATION",
                                      "1d12h",
                                      "K6_OUT",
                                      "influxdb=http://x/y,z",
                                      "K6_THRESHOLDS",
                                      "{\"http_reqs\":[\"count>1\"]}",
                                      NULL};
    struct fixture *f = *state;

    assert_int_equal(plan_options_from_env(&f->o, environment, (void *)(uintptr_t)env), 0);
    assert_int_equal(f->o.vus, 7);
    assert_int_equal(f->o.stages.n, 2);
    assert_int_equal(f->o.stages.items[1].duration, 10 * NS_PER_MS);
    assert_string_equal(plan_map_get(&f->o.tags, "a"), "b");
    assert_string_equal(plan_map_get(&f->o.tags, "c"), "d");
    assert_true(f->o.throw);
    assert_int_equal(f->o.dns.ttl, 0);
    assert_true(f->o.dns.has_ttl && !f->o.dns.has_select);
    assert_false(plan_is_set(&f->o, PLAN_USER_AGENT));
    assert_int_equal(f->o.duration, 36 * 3600 * NS_PER_S);
    assert_int_equal(f->o.out.n, 1);
    assert_string_equal(f->o.thresholds.items[0].metric, "http_reqs");
}

static void blames_the_variable(void **state)
{
    static const char *const env[] = {"K6_VUS", "x", NULL};
    struct fixture *f = *state;

    assert_int_equal(plan_options_from_env(&f->o, environment, (void *)(uintptr_t)env),
                     FAULT_EXIT(104));
    assert_string_equal(fault_text(), "invalid value 'x' for K6_VUS: expected an integer");
}

static void reads_flags(void **state)
{
    struct fixture *f = *state;
    struct plan_options *o = &f->o;

    assert_int_equal(plan_options_from_cli(o, PLAN_STAGES, "10s:5"), 0);
    assert_int_equal(plan_options_from_cli(o, PLAN_STAGES, "20s:0"), 0);
    assert_int_equal(o->stages.n, 2);
    assert_int_equal(plan_options_from_cli(o, PLAN_SUMMARY_TREND_STATS, "avg,p(99.9)"), 0);
    assert_int_equal(plan_options_from_cli(o, PLAN_SUMMARY_TREND_STATS, "count"), 0);
    assert_int_equal(o->summary_trend_stats.n, 3);
    assert_int_equal(plan_options_from_cli(o, PLAN_OUT, "csv=a,b"), 0);
    assert_int_equal(plan_options_from_cli(o, PLAN_OUT, "json"), 0);
    assert_int_equal(o->out.n, 2);
    assert_int_equal(plan_options_from_cli(o, PLAN_TAGS, "a=b=c"), 0);
    assert_string_equal(plan_map_get(&o->tags, "a"), "b=c");
    assert_int_equal(plan_options_from_cli(o, PLAN_SCRIPT_ENV, "TOKEN"), 0);
    assert_string_equal(plan_map_get(&o->script_env, "TOKEN"), "");
    assert_int_equal(plan_options_from_cli(o, PLAN_THROW, NULL), 0);
    assert_true(o->throw);
    assert_int_equal(plan_options_from_cli(o, PLAN_HTTP_DEBUG, NULL), 0);
    assert_string_equal(o->http_debug, "headers");
}

static void refuses_bad_flags(void **state)
{
    static const struct {
        enum plan_option id;
        const char *text;
    } cases[] = {
        {PLAN_DURATION, "5"},  {PLAN_STAGES, "5"},         {PLAN_STAGES, ":5"},
        {PLAN_TAGS, "x"},      {PLAN_TAGS, "=x"},          {PLAN_SCRIPT_ENV, "1A=x"},
        {PLAN_VUS, "x"},       {PLAN_SUMMARY_MODE, "foo"}, {PLAN_SUMMARY_TIME_UNIT, "z"},
        {PLAN_DNS, "x=1"},     {PLAN_BLACKLIST_IPS, "z"},  {PLAN_EXECUTION_SEGMENT, "x"},
        {PLAN_THROW, "maybe"}, {PLAN_VUS, NULL},           {PLAN_DURATION, "1d"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < countof(cases); i++)
        assert_int_equal(plan_options_from_cli(&f->o, cases[i].id, cases[i].text), FAULT_EXIT(255));
}

static void finds_flags(void **state)
{
    (void)state;
    assert_int_equal(plan_option_by_flag(STR("stage")), PLAN_STAGES);
    assert_int_equal(plan_option_by_flag(STR("nope")), PLAN_OPTION_COUNT);
    assert_int_equal(plan_option_by_short('u'), PLAN_VUS);
    assert_int_equal(plan_option_by_short('z'), PLAN_OPTION_COUNT);
    assert_int_equal(plan_option_by_short(0), PLAN_OPTION_COUNT);
}

static void no_two_rows_share_a_name(void **state)
{
    (void)state;
    for (enum plan_option a = 0; a < PLAN_OPTION_COUNT; a++) {
        const struct plan_option_row *x = &plan_option_rows[a];

        assert_int_equal(x->cli ? plan_option_by_flag(str_of(x->cli)) : a, a);
        assert_int_equal(x->short_flag ? plan_option_by_short(x->short_flag) : a, a);
        assert_true(!x->short_flag || x->cli);
    }
}

static void upper_layers_replace_and_dns_merges(void **state)
{
    struct fixture *f = *state;
    struct plan_options upper;

    assert_int_equal(read_json(f, PLAN_TIER_SCRIPT,
                               "{\"vus\":3,\"tags\":{\"a\":\"1\"},\"dns\":{\"ttl\":\"1s\","
                               "\"select\":\"first\"},\"duration\":\"10s\"}"),
                     0);
    plan_options_init(&upper, &f->arena);
    assert_int_equal(
        plan_options_from_json(&upper, PLAN_TIER_SCRIPT,
                               STR("{\"tags\":{\"b\":\"2\"},\"dns\":{\"select\":\"roundRobin\"}}"),
                               &f->warnings),
        0);
    plan_options_apply(&f->o, &upper, PLAN_TIER_CLI, &f->warnings);
    assert_int_equal(f->o.vus, 3);
    assert_int_equal(f->o.duration, 10 * NS_PER_S);
    assert_null(plan_map_get(&f->o.tags, "a"));
    assert_string_equal(plan_map_get(&f->o.tags, "b"), "2");
    assert_int_equal(f->o.dns.ttl, NS_PER_S);
    assert_int_equal(f->o.dns.select, PLAN_DNS_ROUND_ROBIN);
    assert_false(f->o.dns.has_policy);
    assert_int_equal(f->warnings.n, 0);
}

static void a_layer_that_says_how_to_run_says_it_all(void **state)
{
    struct fixture *f = *state;
    struct plan_options upper;

    assert_int_equal(read_json(f, PLAN_TIER_SCRIPT,
                               "{\"vus\":3,\"scenarios\":{\"a\":{\"executor\":\"constant-vus\"}}}"),
                     0);
    plan_options_init(&upper, &f->arena);
    assert_int_equal(plan_options_from_cli(&upper, PLAN_ITERATIONS, "5"), 0);
    plan_options_apply(&f->o, &upper, PLAN_TIER_CLI, &f->warnings);
    assert_false(plan_is_set(&f->o, PLAN_SCENARIOS));
    assert_int_equal(f->o.scenarios.n, 0);
    assert_int_equal(f->o.vus, 3);
    assert_int_equal(f->o.iterations, 5);
    assert_int_equal(f->warnings.n, 1);
    assert_string_equal(f->warnings.items[0],
                        "\"cli\" level configuration overrode scenarios configuration entirely");
}

static void shows_what_was_set(void **state)
{
    struct fixture *f = *state;
    struct buf out = {0};

    assert_int_equal(read_json(f, PLAN_TIER_SCRIPT,
                               "{\"setupTimeout\":\"60s\",\"batch\":5,\"dns\":{\"ttl\":\"1m\"},"
                               "\"tlsAuth\":[{\"cert\":\"C\",\"key\":\"K\",\"password\":\"P\"}],"
                               "\"systemTags\":[\"url\",\"check\"],"
                               "\"summaryTrendStats\":[\"avg\"],\"maxSeries\":7}"),
                     0);
    plan_options_json(&f->o, PLAN_JSON_SET, 0, &out);
    assert_string_equal(
        buf_cstr(&out),
        "{\"setupTimeout\":\"1m0s\",\"dns\":{\"ttl\":\"1m\",\"select\":null,\"policy\":null},"
        "\"batch\":5,\"tlsAuth\":[{\"cert\":\"C\",\"key\":\"***\",\"password\":\"***\","
        "\"domains\":[]}],\"summaryTrendStats\":[\"avg\"],\"systemTags\":[\"check\",\"url\"],"
        "\"maxSeries\":7}");
    buf_fini(&out);
}

static void rows_for_the_command_line_work(void **state)
{
    struct {
        int other;
        struct plan_options options;
    } object;
    struct fixture *f = *state;
    struct opt_row rows[PLAN_OPTION_COUNT];
    size_t n = plan_option_opt_rows(offsetof(typeof(object), options), rows);
    const struct opt_row *vus = NULL;

    plan_options_init(&object.options, &f->arena);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rows[i].name, "vus") == 0)
            vus = &rows[i];
    }
    assert_non_null(vus);
    assert_int_equal(vus->short_name, 'u');
    assert_int_equal(vus->call(&object, vus, "12"), 0);
    assert_int_equal(object.options.vus, 12);
    assert_true(plan_is_set(&object.options, PLAN_VUS));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(has_defaults_that_nobody_set),
        TEST(reads_every_type_from_json),
        TEST(thresholds_of_ours_are_read),
        TEST(a_flag_adds_a_threshold),
        TEST(short_thresholds_replace_those_of_the_script),
        TEST(bad_threshold_flags_are_explained),
        TEST(names_the_field_that_is_wrong),
        TEST(warns_once_of_unknown_fields),
        TEST(a_configuration_file_may_say_more),
        TEST(reads_the_environment),
        TEST(blames_the_variable),
        TEST(reads_flags),
        TEST(refuses_bad_flags),
        TEST(finds_flags),
        TEST(no_two_rows_share_a_name),
        TEST(upper_layers_replace_and_dns_merges),
        TEST(a_layer_that_says_how_to_run_says_it_all),
        TEST(shows_what_was_set),
        TEST(rows_for_the_command_line_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
