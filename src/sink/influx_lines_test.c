#include "sink/influx_lines.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct {
    struct metric_registry *registry;
    struct tag_pool *pool;
    struct influx_lines *lines;
    struct batch out;
} t;

static int set_up(void **state UNUSED)
{
    t.registry = metric_registry_new();
    t.pool = tag_pool_new();
    return 0;
}

static int tear_down(void **state UNUSED)
{
    influx_lines_free(t.lines);
    t.lines = NULL;
    batch_fini(&t.out);
    tag_pool_free(t.pool);
    metric_registry_free(t.registry);
    return 0;
}

static void use(const char *fields, span_ns unit, bool exact)
{
    struct influx_lines_options o = {.tags_as_fields = fields, .unit = unit, .exact = exact};

    assert_int_equal(influx_lines_new(&o, &t.lines), 0);
}

static const struct tagset *tags(const char *k1, const char *v1, const char *k2, const char *v2)
{
    struct tag pair[] = {{str_of(k1), str_of(v1)}, {str_of(k2), str_of(v2)}};

    return tagset_merge(t.pool, tagset_empty(t.pool), pair, 2);
}

static void sample(uint32_t metric, const struct tagset *set, double value, wall_ns at)
{
    struct sink_sample s = {
        .metric = metric_get(t.registry, metric), .tags = set, .value = value, .at = at};

    influx_lines_sample(t.lines, &s, &t.out);
}

static void expect_out(const char *want)
{
    assert_string_equal(buf_cstr(&t.out.bytes), want);
}

static void tags_become_fields_and_empty_ones_vanish(void **state UNUSED)
{
    use("vu:int,iter:int,url", 1, false);
    sample(M_HTTP_REQS, tags("url", "http://h/?a=\"b\"", "vu", "7"), 1, 100);
    sample(M_HTTP_REQS, tags("group", "", "vu", "x"), 1, 100);
    expect_out("http_reqs value=1,url=\"http://h/?a=\\\"b\\\"\",vu=7i 100\n"
               "http_reqs value=1 101\n");
    assert_int_equal(t.out.n_points, 2);
    assert_int_equal(t.out.first_at, 100);
}

static void no_two_points_of_a_series_have_one_time(void **state UNUSED)
{
    const struct tagset *a = tags("url", "a", "name", "n");
    const struct tagset *b = tags("url", "b", "name", "n");
    const struct tagset *c = tags("url", "a", "name", "other");

    use("url", 1, false);
    sample(M_HTTP_REQS, a, 1, 100);
    sample(M_HTTP_REQS, b, 1, 100); /* the same series: url is a field */
    sample(M_HTTP_REQS, a, 1, 99);
    sample(M_HTTP_REQS, c, 1, 100);
    sample(M_ITERATIONS, a, 1, 100);
    sample(M_HTTP_REQS, a, 1, 500);
    expect_out("http_reqs,name=n value=1,url=\"a\" 100\n"
               "http_reqs,name=n value=1,url=\"b\" 101\n"
               "http_reqs,name=n value=1,url=\"a\" 102\n"
               "http_reqs,name=other value=1,url=\"a\" 100\n"
               "iterations,name=n value=1,url=\"a\" 100\n"
               "http_reqs,name=n value=1,url=\"a\" 500\n");
}

static void a_coarse_precision_loses_nothing(void **state UNUSED)
{
    use("", NS_PER_MS, false);
    sample(M_HTTP_REQS, tagset_empty(t.pool), 1, 3 * NS_PER_MS + 17);
    sample(M_HTTP_REQS, tagset_empty(t.pool), 1, 3 * NS_PER_MS + 19);
    expect_out("http_reqs value=1 3000000\nhttp_reqs value=1 3000001\n");
}

static void exact_does_as_the_original(void **state UNUSED)
{
    use("vu:int", NS_PER_MS, true);
    sample(M_HTTP_REQS, tags("vu", "x", "z", "1"), 1, 3 * NS_PER_MS + 17);
    sample(M_HTTP_REQS, tags("vu", "2", "z", "1"), 1, 3 * NS_PER_MS + 19);
    expect_out("http_reqs,z=1 value=1,vu=\"x\" 3\nhttp_reqs,z=1 value=1,vu=2i 3\n");
}

static void values_that_are_no_numbers_are_not_written(void **state UNUSED)
{
    use("url", 1, false);
    sample(M_HTTP_REQS, tags("url", "a", "b", "c"), NAN, 1);
    sample(M_HTTP_REQS, tags("url", "a", "b", "c"), INFINITY, 1);
    assert_int_equal(t.out.n_points, 0);
    assert_int_equal(t.out.bytes.len, 0);
}

static void wrong_lists_of_fields_are_refused(void **state UNUSED)
{
    static const char *const bad[] = {"a:text", "a,b,a:int", "value", "a:"};
    struct influx_lines *l = NULL;

    for (size_t i = 0; i < countof(bad); i++) {
        struct influx_lines_options o = {.tags_as_fields = bad[i], .unit = 1};

        assert_int_equal(influx_lines_new(&o, &l), FAULT_EXIT(104));
        assert_null(l);
    }
}

static void sums(uint32_t metric, struct value *delta, struct value *total, wall_ns at)
{
    influx_lines_sums(t.lines, metric_get(t.registry, metric), tagset_empty(t.pool), delta, total,
                      at, &t.out);
}

static void sums_of_counters_gauges_and_rates(void **state UNUSED)
{
    struct value delta = {0}, total = {0};

    use("", 1, false);
    value_count(&delta, 2.5);
    value_count(&delta, 1);
    value_count(&total, 10);
    sums(M_DATA_SENT, &delta, &total, 5);
    delta = (struct value){0};
    value_gauge(&delta, 3, 1);
    value_gauge(&delta, 1, 2);
    sums(M_VUS, &delta, &delta, 5);
    delta = (struct value){0};
    value_rate(&delta, true);
    value_rate(&delta, false);
    sums(M_CHECKS, &delta, &delta, 5);
    delta = (struct value){0};
    sums(M_CHECKS, &delta, &delta, 6);
    expect_out("data_sent value=3.5,sum=3.5,count=2,total=10 5\n"
               "vus value=1,min=1,max=3 5\n"
               "checks value=0.5,sum=1,count=2,total=1 5\n");
}

static void sums_of_trends(void **state UNUSED)
{
    struct hist_slab *slab = hist_slab_new();
    const struct metric *m = metric_get(t.registry, M_HTTP_REQ_DURATION);
    struct value delta, total;

    use("", 1, false);
    value_init(&delta, m, slab);
    value_init(&total, m, slab);
    value_trend(&delta, 8);
    value_trend(&total, 8);
    value_trend(&total, 9);
    sums(M_HTTP_REQ_DURATION, &delta, &total, 5);
    expect_out("http_req_duration count=1,sum=8,min=8,max=8,mean=8,p50=8,p90=8,p95=8,p99=8,"
               "total=2 5\n");
    value_fini(&delta, METRIC_TREND);
    value_fini(&total, METRIC_TREND);
    hist_slab_free(slab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tags_become_fields_and_empty_ones_vanish, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(no_two_points_of_a_series_have_one_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_coarse_precision_loses_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exact_does_as_the_original, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_that_are_no_numbers_are_not_written, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(wrong_lists_of_fields_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sums_of_counters_gauges_and_rates, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sums_of_trends, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
