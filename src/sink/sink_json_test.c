#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "metric/threshold.h"
#include "sink/sink.h"

static struct {
    char path[64];
    struct metric_registry *registry;
    struct tag_pool *pool;
    struct snapshot *snapshot;
    struct thresholds *thresholds;
    struct sink *sink;
} t;

static void add_threshold(const char *metric, struct threshold_spec spec)
{
    spec.metric = str_of(metric);
    thresholds_add(t.thresholds, &spec);
}

static int set_up(void **state)
{
    (void)state;
    memset(&t, 0, sizeof(t));
    snprintf(t.path, sizeof(t.path), "/tmp/brunt-json-XXXXXX");
    close(mkstemp(t.path));
    setenv("TZ", "UTC", 1);
    tzset();
    t.registry = metric_registry_new();
    t.pool = tag_pool_new();
    t.snapshot = snapshot_new(&(struct snapshot_config){.registry = t.registry});
    t.thresholds = thresholds_new();
    return 0;
}

static void open_sink(void)
{
    struct {
        span_ns flush;
    } options = {NS_PER_S};
    struct sink_setup setup = {.class = &sink_json_class,
                               .label = "json",
                               .arg = t.path,
                               .options = &options,
                               .snapshot = t.snapshot,
                               .thresholds = t.thresholds};

    assert_int_equal(sizeof(options), sink_json_class.options_size);
    assert_int_equal(thresholds_bind(t.thresholds, t.snapshot, THRESHOLDS_JUDGE), 0);
    assert_int_equal(sink_json_class.open(&setup, &t.sink), 0);
}

static int tear_down(void **state)
{
    (void)state;
    if (t.sink)
        t.sink->ops->close(t.sink);
    thresholds_free(t.thresholds);
    snapshot_free(t.snapshot);
    tag_pool_free(t.pool);
    metric_registry_free(t.registry);
    return unlink(t.path);
}

static void give(uint32_t metric, const struct tagset *tags, double value, wall_ns at)
{
    struct sink_sample s = {.metric = metric_get(t.registry, metric),
                            .tags = tags,
                            .value = value,
                            .at = at,
                            .vu = -1,
                            .iter = -1};

    t.sink->ops->samples(t.sink, &s, 1);
}

/* The whole file once the sink has finished it; the caller's. */
static char *finished(void)
{
    FILE *in;
    struct buf text = {0};
    char piece[4096];
    size_t n;

    assert_int_equal(t.sink->ops->finish(t.sink), 0);
    assert_false(t.sink->failed);
    in = fopen(t.path, "r");
    assert_non_null(in);
    while ((n = fread(piece, 1, sizeof(piece), in)) > 0)
        buf_put(&text, piece, n);
    fclose(in);
    return buf_take(&text, NULL);
}

/* Byte for byte what k6 2.2 wrote for the like. */
static void lines_are_those_of_k6(void **state)
{
    const struct tagset *tags = tagset_empty(t.pool);
    uint32_t id;

    (void)state;
    assert_int_equal(metric_register(t.registry, STR("my_d"), METRIC_COUNTER, CONTAINS_DATA, &id),
                     0);
    tags = tagset_add(t.pool, tags, STR("run"), STR("x<y&\"z"));
    tags = tagset_add(t.pool, tags, STR("group"), STR(""));
    add_threshold("http_req_duration", (struct threshold_spec){.source = STR("p(95)<1000")});
    add_threshold("http_req_duration", (struct threshold_spec){.source = STR("avg<2000"),
                                                               .abort_on_fail = true,
                                                               .delay_abort_eval = 2 * NS_PER_S});
    add_threshold("http_req_duration",
                  (struct threshold_spec){.source = STR("max<10000"), .abort_on_fail = true});
    add_threshold("http_reqs{status:404,name:foo}",
                  (struct threshold_spec){.source = STR("count<9")});
    open_sink();
    give(M_HTTP_REQS, tags, 1, 1795262230996531898);
    give(M_HTTP_REQ_DURATION, tags, 1.430718, 1795262230990000000);
    give(M_HTTP_REQS, tags, 1, 1795262231000000000);
    give(id, tags, 1e-7, 1795262231000000000);
    scoped(freep) char *text = finished();

    assert_string_equal(
        text,
        "{\"type\":\"Metric\",\"data\":{\"name\":\"http_reqs\",\"type\":\"counter\",\"contains\":"
        "\"default\",\"thresholds\":[],\"submetrics\":[{\"name\":\"http_reqs{status:404,name:foo}\","
        "\"suffix\":\"status:404,name:foo\",\"tags\":{\"name\":\"foo\",\"status\":\"404\"}}]},"
        "\"metric\":\"http_reqs\"}\n"
        "{\"metric\":\"http_reqs\",\"type\":\"Point\",\"data\":{\"time\":"
        "\"2026-11-21T11:57:10.996531898Z\",\"value\":1,\"tags\":{\"group\":\"\",\"run\":"
        "\"x<y&\\\"z\"}}}\n"
        "{\"type\":\"Metric\",\"data\":{\"name\":\"http_req_duration\",\"type\":\"trend\","
        "\"contains\":\"time\",\"thresholds\":[\"p(95)<1000\",{\"threshold\":\"avg<2000\","
        "\"abortOnFail\":true,\"delayAbortEval\":\"2s\"},{\"threshold\":\"max<10000\","
        "\"abortOnFail\":true,\"delayAbortEval\":null}],\"submetrics\":null},\"metric\":"
        "\"http_req_duration\"}\n"
        "{\"metric\":\"http_req_duration\",\"type\":\"Point\",\"data\":{\"time\":"
        "\"2026-11-21T11:57:10.99Z\",\"value\":1.430718,\"tags\":{\"group\":\"\",\"run\":"
        "\"x<y&\\\"z\"}}}\n"
        "{\"metric\":\"http_reqs\",\"type\":\"Point\",\"data\":{\"time\":\"2026-11-21T11:57:11Z\","
        "\"value\":1,\"tags\":{\"group\":\"\",\"run\":\"x<y&\\\"z\"}}}\n"
        "{\"type\":\"Metric\",\"data\":{\"name\":\"my_d\",\"type\":\"counter\",\"contains\":"
        "\"data\",\"thresholds\":[],\"submetrics\":null},\"metric\":\"my_d\"}\n"
        "{\"metric\":\"my_d\",\"type\":\"Point\",\"data\":{\"time\":\"2026-11-21T11:57:11Z\","
        "\"value\":1e-7,\"tags\":{\"group\":\"\",\"run\":\"x<y&\\\"z\"}}}\n");
}

static void metadata_stands_behind_the_tags(void **state)
{
    const struct tagset *empty = tagset_empty(t.pool);
    struct sink_sample s = {.metric = metric_get(t.registry, M_CHECKS),
                            .tags = tagset_add(t.pool, empty, STR("k"), STR("v")),
                            .vu = 3,
                            .iter = 0,
                            .metadata = tagset_add(t.pool, empty, STR("trace"), STR("a\"b"))};

    (void)state;
    open_sink();
    t.sink->ops->samples(t.sink, &s, 1);
    scoped(freep) char *text = finished();

    assert_non_null(strstr(text, "\"value\":0,\"tags\":{\"k\":\"v\"},\"metadata\":{\"iter\":\"0\","
                                 "\"trace\":\"a\\\"b\",\"vu\":\"3\"}}}\n"));
}

static void what_only_we_have_stands_behind(void **state)
{
    (void)state;
    add_threshold("checks", (struct threshold_spec){.source = STR("rate>0.9"),
                                                    .window = 10 * NS_PER_S,
                                                    .min_samples = 5});
    open_sink();
    give(M_CHECKS, tagset_empty(t.pool), 1, 1);
    scoped(freep) char *text = finished();

    assert_non_null(strstr(text,
                           "\"thresholds\":[{\"threshold\":\"rate>0.9\",\"abortOnFail\":false,"
                           "\"delayAbortEval\":null,\"window\":\"10s\",\"after\":null,"
                           "\"min_samples\":5}]"));
}

/* Whatever tags have in them, each line is JSON that reads back the same. */
static void any_tags_survive(void **state)
{
    static const char *const values[] = {
        "", " ", "\"\\\n\r\t\x01\x7f", "ünï–✓🙂", "a,b=c", "</script>", "{}[]"};

    (void)state;
    open_sink();
    for (size_t i = 0; i < countof(values); i++) {
        give(M_CHECKS,
             tagset_add(t.pool, tagset_empty(t.pool), str_of(values[i]), str_of(values[i])),
             (double)i, 1);
    }
    scoped(freep) char *text = finished();
    struct str rest = str_of(text), line;

    str_split(&rest, '\n', &line); /* the Metric line */
    for (size_t i = 0; i < countof(values); i++) {
        assert_true(str_split(&rest, '\n', &line));
        json_t *root = json_loadb(line.p, line.n, 0, NULL);

        assert_non_null(root);
        json_t *data = json_object_get(root, "data");

        assert_true(json_number_value(json_object_get(data, "value")) == (double)i);
        assert_string_equal(
            json_string_value(json_object_get(json_object_get(data, "tags"), values[i])),
            values[i]);
        json_decref(root);
    }
}

/* Texts of absurd length are cut, not refused: bad input ends nothing. */
static void huge_tags_are_cut(void **state)
{
    size_t n = (size_t)20 << 20;
    scoped(freep) char *huge = xmalloc(n);
    struct sink_account a;

    (void)state;
    memset(huge, 1, n); /* six bytes each as JSON */
    open_sink();
    const struct tagset *tags =
        tagset_add(t.pool, tagset_empty(t.pool), STR("k"), str_from(huge, n));

    struct sink_sample s = {.metric = metric_get(t.registry, M_CHECKS), .tags = tags, .vu = 1};
    struct sink_sample many[] = {s, s, s, s, s, s, s, s};

    t.sink->ops->samples(t.sink, many, countof(many));
    assert_int_equal(t.sink->ops->finish(t.sink), 0);
    t.sink->ops->account(t.sink, &a);
    assert_int_equal(a.acknowledged, 8);
    assert_in_range(a.bytes, 8 * 6 * (8 << 20), 8 * 6 * (8 << 20) + 2000);
}

static void a_failed_sink_says_so(void **state)
{
    struct sink_account a;

    (void)state;
    unlink(t.path);
    assert_int_equal(symlink("/dev/full", t.path), 0);
    open_sink();
    give(M_CHECKS, tagset_empty(t.pool), 1, 1);
    assert_int_equal(t.sink->ops->finish(t.sink), 0);
    assert_true(t.sink->failed);
    give(M_CHECKS, tagset_empty(t.pool), 1, 1);
    t.sink->ops->account(t.sink, &a);
    assert_int_equal(a.produced, 2);
    assert_int_equal(a.dropped, 2);
    assert_non_null(strstr(a.trouble, "No space left on device"));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(metadata_stands_behind_the_tags),
        TEST(lines_are_those_of_k6),
        TEST(what_only_we_have_stands_behind),
        TEST(any_tags_survive),
        TEST(huge_tags_are_cut),
        TEST(a_failed_sink_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
