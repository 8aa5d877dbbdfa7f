#include "sink/results.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"

struct fixture {
    struct metric_registry *registry;
    struct snapshot *snapshot;
    uint32_t orders;
};

static const struct tag tags[] = {{STR("method"), STR("GET")}, {STR("name"), STR("a \"page\"")}};

/* One series of each type, one of a metric of the script's. */
static void setup(struct fixture *f)
{
    f->registry = metric_registry_new();
    f->snapshot = snapshot_new(&(struct snapshot_config){.registry = f->registry});
    assert_int_equal(
        metric_register(f->registry, STR("orders"), METRIC_COUNTER, CONTAINS_DEFAULT, &f->orders),
        0);
    snapshot_tick_begin(f->snapshot);
    for (int i = 1; i <= 100; i++) {
        snapshot_sample(f->snapshot, M_HTTP_REQS, tags, 2, 1, i);
        snapshot_sample(f->snapshot, M_HTTP_REQ_DURATION, tags, 2, i, i);
        snapshot_sample(f->snapshot, M_HTTP_REQ_FAILED, tags, 1, i % 10 == 0, i);
        snapshot_sample(f->snapshot, M_VUS, NULL, 0, i, i);
        snapshot_sample(f->snapshot, f->orders, tags, 2, 0.5, i);
    }
    snapshot_tick_end(f->snapshot, 1000);
}

static void teardown(struct fixture *f)
{
    snapshot_free(f->snapshot);
    metric_registry_free(f->registry);
}

static void write_results(const struct fixture *f, struct buf *out)
{
    static const struct vocab_run run = {.run_id = STR("r1"),
                                         .run_name = STR("shop_1"),
                                         .run_status = STR("finished"),
                                         .company_name = STR("acme")};
    static const struct vocab_facts facts = {.started = 1000 * NS_PER_S,
                                             .now = 1060 * NS_PER_S,
                                             .elapsed = 60 * NS_PER_S,
                                             .vus_max = 7,
                                             .n_loops = 2};
    struct buf points = {0};

    for (int i = 0; i < 2; i++) {
        struct point p = {.labels = tags, .n_labels = 2, .value = 1.5 + i, .at = 1001 * NS_PER_S};

        if (i)
            buf_putc(&points, ',');
        results_put_point(&p, STR("timeseries.x"), &points);
    }
    results_put(&run, &facts, f->snapshot, buf_str(&points), out);
    buf_fini(&points);
}

static const struct value *total(struct snapshot *s, const char *name)
{
    struct snap_metric *m = snapshot_find(s, str_of(name));

    assert_non_null(m);
    assert_int_equal(m->n_series, 1);
    return &m->series[0]->total;
}

static void check_values(struct snapshot *s)
{
    const struct value *trend = total(s, "http_req_duration");

    assert_true(total(s, "http_reqs")->counter.sum == 100);
    assert_int_equal(total(s, "http_reqs")->counter.n, 100);
    assert_true(total(s, "orders")->counter.sum == 50);
    assert_int_equal(total(s, "http_req_failed")->rate.trues, 10);
    assert_int_equal(total(s, "http_req_failed")->rate.total, 100);
    assert_true(total(s, "vus")->gauge.last == 100 && total(s, "vus")->gauge.min == 1);
    assert_int_equal(trend->trend.count, 100);
    assert_true(trend->trend.sum == 5050 && trend->trend.min == 1 && trend->trend.max == 100);
}

static void what_was_written_is_read(void **state)
{
    struct fixture f = {0};
    scoped(buf_fini) struct buf text = {0};
    struct results *r;

    (void)state;
    setup(&f);
    write_results(&f, &text);
    assert_int_equal(results_read(buf_str(&text), &r), 0);
    check_values(r->snapshot);
    const struct snap_metric *ours = snapshot_find(f.snapshot, STR("http_req_duration"));
    const struct snap_metric *theirs = snapshot_find(r->snapshot, STR("http_req_duration"));

    assert_true(hist_equal(&ours->total.trend, &theirs->total.trend));
    assert_int_equal(theirs->series[0]->tags->n, 2);
    assert_true(str_is(theirs->series[0]->tags->tags[1].value, "a \"page\""));
    assert_true(str_is(r->run.run_id, "r1") && str_is(r->run.company_name, "acme"));
    assert_int_equal(r->facts.now, 1060 * NS_PER_S);
    assert_int_equal(r->facts.vus_max, 7);
    assert_int_equal(r->n_points, 2);
    assert_true(str_is(r->points[1].name, "timeseries.x") && r->points[1].value == 2.5);
    assert_int_equal(r->points[1].at, 1001 * NS_PER_S);
    assert_int_equal(r->points[1].n_tags, 2);
    results_free(r);
    teardown(&f);
}

#define HEAD                                                                                     \
    "{\"format\":\"brunt-results\",\"version\":1,\"run\":{\"id\":\"r\",\"status\":\"finished\"," \
    "\"started_ms\":1,\"ended_ms\":2,\"elapsed_ms\":1,\"vus\":0,\"vus_max\":1,\"loops\":1},"
#define SERIES(name, type, contains, series)                                                  \
    HEAD "\"metrics\":[{\"name\":\"" name "\",\"type\":\"" type "\",\"contains\":\"" contains \
         "\",\"series\":[" series "]}]}"
#define POINT(point) HEAD "\"metrics\":[],\"points\":[" point "]}"

static const struct {
    const char *text, *said;
} bad[] = {
    {"", "no JSON: line 1"},
    {"{", "no JSON"},
    {"[]", "it is no file of results"},
    {"{\"format\":\"other\"}", "it is no file of results"},
    {"{\"format\":\"brunt-results\",\"version\":2}", "its version is not 1"},
    {"{\"format\":\"brunt-results\",\"version\":1}", "run: is missing"},
    {HEAD "\"metrics\":{}}", "metrics: is no array"},
    {HEAD "\"metrics\":[],\"more\":1}", "more: is nothing that belongs there"},
    {HEAD "\"metrics\":[1]}", "metrics[0]: is no object"},
    {HEAD "\"metrics\":[],\"p95_ms\":\"1\"}", "p95_ms: is no number"},
    {HEAD "\"metrics\":[],\"knee_point\":{\"step\":1}}", "knee_point.total_steps: is missing"},
    {SERIES("http_reqs", "sum", "default", ""), "metrics[0].type: is none of counter"},
    {SERIES("http_reqs", "counter", "bits", ""), "metrics[0].contains: is none of"},
    {SERIES("http_reqs", "trend", "default", ""), "metrics[0].name: is a metric of another type"},
    {SERIES("a b", "counter", "default", ""), "metrics[0].name: is no name of a metric"},
    {SERIES("http_reqs", "counter", "default", "{}"), "metrics[0].series[0].tags: is missing"},
    {SERIES("http_reqs", "counter", "default", "{\"tags\":{\"a\":1},\"sum\":1,\"n\":1}"),
     "metrics[0].series[0].tags: is no string"},
    {SERIES("http_reqs", "counter", "default", "{\"tags\":{},\"sum\":1,\"n\":-1}"),
     "metrics[0].series[0].n: is no whole number"},
    {SERIES("http_reqs", "counter", "default", "{\"tags\":{},\"sum\":\"1\",\"n\":1}"),
     "metrics[0].series[0].sum: is no number"},
    {SERIES("xyz", "rate", "default", "{\"tags\":{},\"trues\":2,\"total\":1}"),
     "metrics[0].series[0].trues: is more than total"},
    {SERIES("xyz", "trend", "time", "{\"tags\":{},\"hist\":\"?\"}"), "hist: is no base64"},
    {SERIES("xyz", "trend", "time", "{\"tags\":{},\"hist\":\"AAAA\"}"), "hist: is no histogram"},
    {POINT("{\"name\":\"\",\"time_ms\":1,\"value\":1,\"tags\":{}}"), "points[0].name: is empty"},
    {POINT("{\"name\":\"x\",\"time_ms\":1e3,\"value\":1,\"tags\":{}}"), "points[0].time_ms"},
    {POINT("{\"name\":\"x\",\"time_ms\":9223372036854775807,\"value\":1,\"tags\":{}}"),
     "points[0].time_ms: is no time"},
    {POINT("{\"name\":\"x\",\"time_ms\":1,\"value\":null,\"tags\":{}}"), "points[0].value"},
};

static void bad_files_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(bad); i++) {
        struct results *r = NULL;

        assert_int_equal(results_read(str_of(bad[i].text), &r), -EINVAL);
        assert_null(r);
        if (!strstr(fault_text(), bad[i].said))
            fail_msg("%s: said '%s', not '%s'", bad[i].text, fault_text(), bad[i].said);
    }
}

/* What LoadPilot's own file has, under the same names. */
static void the_headline_is_loadpilots(void **state)
{
    static const struct tag a[] = {{STR("url"), STR("https://shop.example:8443/a?b=c")}};
    static const struct tag b[] = {{STR("name"), STR("http://other/")}, {STR("url"), STR("x")}};
    struct vocab_run run = {.run_id = STR("r1"), .run_name = STR("shop"), .run_status = STR("x")};
    struct vocab_facts facts = {.elapsed = 7 * NS_PER_S, .target_rate = 25};
    struct fixture f = {0};
    scoped(buf_fini) struct buf text = {0};
    struct results *r;

    (void)state;
    setup(&f);
    snapshot_tick_begin(f.snapshot);
    snapshot_sample(f.snapshot, M_HTTP_REQS, a, 1, 3, 1);
    snapshot_sample(f.snapshot, M_HTTP_REQS, b, 2, 2, 1);
    snapshot_tick_end(f.snapshot, 2000);
    results_put(&run, &facts, f.snapshot, STR(""), &text);
    assert_non_null(strstr(buf_cstr(&text),
                           "\"scenario\":\"shop\",\"target_url\":\"https://shop.example:8443\","
                           "\"rps_target\":25,\"rps_actual\":15,\"requests_total\":105,"
                           "\"errors_total\":10,\"error_rate_pct\":9.524,\"p50_ms\":50."));
    assert_int_equal(results_read(buf_str(&text), &r), 0);
    assert_true(str_is(r->headline.target_url, "https://shop.example:8443"));
    assert_true(r->headline.rps_target == 25 && r->headline.max_ms == 100 &&
                r->headline.duration_secs == 7);
    assert_false(r->headline.has_knee);
    results_free(r);
    teardown(&f);
}

/* One that has a knee, and one from before there was a headline. */
static void a_headline_may_have_more_or_less(void **state)
{
    struct results *r;

    (void)state;
    assert_int_equal(results_read(STR(HEAD "\"knee_point\":{\"step\":3,\"total_steps\":5,"
                                           "\"rps\":60,\"max_rps\":100,\"p99_ms\":41.5,"
                                           "\"error_rate_pct\":0.5},\"metrics\":[]}"),
                                  &r),
                     0);
    assert_true(r->headline.has_knee && r->headline.knee.step == 3 &&
                r->headline.knee.p99_ms == 41.5);
    results_free(r);
    assert_int_equal(results_read(STR(HEAD "\"metrics\":[]}"), &r), 0);
    assert_true(!r->headline.has_knee && r->headline.p95_ms == 0);
    results_free(r);
}

/* No prefix of a file is a file, and none does harm. */
static void torn_files_are_refused(void **state)
{
    struct fixture f = {0};
    scoped(buf_fini) struct buf text = {0};

    (void)state;
    setup(&f);
    write_results(&f, &text);
    for (size_t n = 0; n + 2 < text.len; n += 7) {
        struct results *r;

        assert_int_equal(results_read(str_from(text.data, n), &r), -EINVAL);
    }
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(the_headline_is_loadpilots),
        cmocka_unit_test(a_headline_may_have_more_or_less),
        cmocka_unit_test(bad_files_are_refused),
        cmocka_unit_test(torn_files_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
