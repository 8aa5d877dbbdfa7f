#include "sink/exposition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/base64.h"

static const struct point_family requests = {
    .name = {"app_reqs_total", 14},
    .kind = POINT_COUNTER,
    .help = {"requests\\done \"all\"\nof them", 27},
};
static const struct point_family users = {.name = {"vus", 3}, .kind = POINT_GAUGE};
static const struct point_family duration = {
    .name = {"app_time_seconds", 16},
    .kind = POINT_HISTOGRAM,
    .unit = {"seconds", 7},
    .help = {"time", 4},
};
static const struct point_family dotted = {.name = {"lp.a", 4}, .kind = POINT_GAUGE};
static const struct point_family scored = {.name = {"lp_a", 4}, .kind = POINT_GAUGE};
static const struct point_family untotal = {.name = {"reqs", 4}, .kind = POINT_COUNTER};
static const struct point_family created = {.name = {"app_reqs_created", 16}, .kind = POINT_GAUGE};

static const struct tag get[] = {{{"method", 6}, {"GET", 3}}, {{"url", 3}, {"a\"\\\n", 4}}};

#define START (INT64_C(1700000000) * NS_PER_S + 250 * NS_PER_MS)

struct scrape {
    struct exposition *x;
    struct buf out;
};

static void begin(struct scrape *s, enum exposition_format format,
                  const struct exposition_bounds *bounds)
{
    *s = (struct scrape){0};
    s->x = exposition_new(
        &(struct exposition_options){.format = format, .seconds = bounds, .schema = 8}, &s->out);
}

static void add(struct scrape *s, const struct point_family *f, const struct tag *labels, size_t n,
                double value)
{
    exposition_point(
        s->x, &(struct point){
                  .family = f, .labels = labels, .n_labels = n, .value = value, .start = START});
}

static void expect(struct scrape *s, const char *text)
{
    exposition_end(s->x);
    assert_string_equal(buf_cstr(&s->out), text);
    exposition_free(s->x);
    buf_fini(&s->out);
}

static void test_text_of_counters_and_gauges(void **state)
{
    struct scrape s;

    (void)state;
    begin(&s, EXPOSITION_TEXT, NULL);
    add(&s, &requests, NULL, 0, 12);
    add(&s, &requests, get, 2, 1.5);
    add(&s, &users, NULL, 0, 1e300);
    expect(&s, "# HELP app_reqs_total requests\\\\done \"all\"\\nof them\n"
               "# TYPE app_reqs_total counter\n"
               "app_reqs_total 12\n"
               "app_reqs_total{method=\"GET\",url=\"a\\\"\\\\\\n\"} 1.5\n"
               "# TYPE vus gauge\n"
               "vus 1e+300\n");
}

static void test_openmetrics_of_counters_and_gauges(void **state)
{
    struct scrape s;

    (void)state;
    begin(&s, EXPOSITION_OPENMETRICS, NULL);
    add(&s, &requests, NULL, 0, 12);
    add(&s, &users, get, 1, -3);
    add(&s, &untotal, NULL, 0, 4);
    expect(&s, "# TYPE app_reqs counter\n"
               "# HELP app_reqs requests\\\\done \\\"all\\\"\\nof them\n"
               "app_reqs_total 12\n"
               "app_reqs_created 1700000000.250\n"
               "# TYPE vus gauge\n"
               "vus{method=\"GET\"} -3\n"
               "# TYPE reqs unknown\n"
               "reqs 4\n"
               "# EOF\n");
}

static void add_histogram(struct scrape *s, struct hist_slab *slab)
{
    struct hist h = HIST_INIT_SCALED(slab, HIST_MILLIS);

    hist_add_n(&h, 250, 3); /* a bound exactly: at most 0.25 s */
    hist_add_n(&h, 900, 2);
    hist_add_n(&h, 5000, 1);
    exposition_point(s->x, &(struct point){.family = &duration,
                                           .labels = get,
                                           .n_labels = 1,
                                           .hist = &h,
                                           .factor = HIST_MILLIS,
                                           .start = START});
    hist_fini(&h);
}

static void test_histograms_as_text(void **state)
{
    const struct exposition_bounds bounds = {.upper = {0.25, 1, 1e6}, .n = 3};
    struct hist_slab *slab = hist_slab_new();
    struct scrape s;

    (void)state;
    begin(&s, EXPOSITION_TEXT, &bounds);
    add_histogram(&s, slab);
    expect(&s, "# HELP app_time_seconds time\n"
               "# TYPE app_time_seconds histogram\n"
               "app_time_seconds_bucket{method=\"GET\",le=\"0.25\"} 3\n"
               "app_time_seconds_bucket{method=\"GET\",le=\"1\"} 5\n"
               "app_time_seconds_bucket{method=\"GET\",le=\"1e+06\"} 6\n"
               "app_time_seconds_bucket{method=\"GET\",le=\"+Inf\"} 6\n"
               "app_time_seconds_sum{method=\"GET\"} 7.55\n"
               "app_time_seconds_count{method=\"GET\"} 6\n");
    begin(&s, EXPOSITION_OPENMETRICS, &bounds);
    add_histogram(&s, slab);
    expect(&s, "# TYPE app_time_seconds histogram\n"
               "# UNIT app_time_seconds seconds\n"
               "# HELP app_time_seconds time\n"
               "app_time_seconds_bucket{method=\"GET\",le=\"0.25\"} 3\n"
               "app_time_seconds_bucket{method=\"GET\",le=\"1.0\"} 5\n"
               "app_time_seconds_bucket{method=\"GET\",le=\"1e+06\"} 6\n"
               "app_time_seconds_bucket{method=\"GET\",le=\"+Inf\"} 6\n"
               "app_time_seconds_sum{method=\"GET\"} 7.55\n"
               "app_time_seconds_count{method=\"GET\"} 6\n"
               "app_time_seconds_created{method=\"GET\"} 1700000000.250\n"
               "# EOF\n");
    hist_slab_free(slab);
}

/* One walk over the buckets counts what a search for each bound does. */
static void test_all_ways_of_counting_agree(void **state)
{
    struct hist_slab *slab = hist_slab_new();
    struct hist h = HIST_INIT(slab);
    struct buf expected = {0};
    struct scrape s;

    (void)state;
    for (int i = 0; i < 3000; i++)
        hist_add(&h, 0.0007 * i);
    begin(&s, EXPOSITION_TEXT, NULL);
    exposition_point(s.x, &(struct point){.family = &duration, .hist = &h, .factor = 1});
    exposition_end(s.x);
    for (size_t i = 0; i < exposition_seconds.n; i++) {
        buf_printf(&expected, "app_time_seconds_bucket{le=\"%g\"} %d\n",
                   exposition_seconds.upper[i],
                   (int)hist_count_upto(&h, exposition_seconds.upper[i]));
    }
    assert_non_null(strstr(buf_cstr(&s.out), buf_cstr(&expected)));
    buf_fini(&expected);
    buf_fini(&s.out);
    exposition_free(s.x);
    hist_fini(&h);
    hist_slab_free(slab);
}

static void test_no_name_and_no_sample_comes_twice(void **state)
{
    struct exposition_count count;
    struct scrape s;

    (void)state;
    begin(&s, EXPOSITION_OPENMETRICS, NULL);
    add(&s, &requests, get, 1, 1);
    add(&s, &requests, get, 1, 2); /* the same labels */
    add(&s, &created, NULL, 0, 3); /* a name that the counter has */
    add(&s, &dotted, NULL, 0, 4);
    add(&s, &scored, NULL, 0, 5);      /* the same name when mended */
    add(&s, &requests, get + 1, 1, 6); /* a family that is over */
    count = exposition_counts(s.x);
    assert_int_equal(count.points, 2);
    assert_int_equal(count.clashes, 4);
    expect(&s, "# TYPE app_reqs counter\n"
               "# HELP app_reqs requests\\\\done \\\"all\\\"\\nof them\n"
               "app_reqs_total{method=\"GET\"} 1\n"
               "app_reqs_created{method=\"GET\"} 1700000000.250\n"
               "# TYPE lp_a gauge\n"
               "lp_a 4\n"
               "# EOF\n");
}

static void test_a_scrape_has_a_limit(void **state)
{
    struct scrape s = {0};

    (void)state;
    s.x = exposition_new(&(struct exposition_options){.max_bytes = 10}, &s.out);
    add(&s, &users, NULL, 0, 1);
    add(&s, &users, get, 1, 2);
    assert_int_equal(exposition_counts(s.x).too_large, 1);
    expect(&s, "# TYPE vus gauge\nvus 1\n");
}

static void test_protobuf_families_have_their_length_before_them(void **state)
{
    struct buf hex = {0};
    struct scrape s;

    (void)state;
    begin(&s, EXPOSITION_PROTOBUF, NULL);
    add(&s, &users, get, 1, 1.5);
    add(&s, &untotal, NULL, 0, 2);
    exposition_end(s.x);
    assert_int_equal(hex_encode(buf_str(&s.out), &hex), 0);
    assert_string_equal(buf_cstr(&hex), /* vus */
                        "25"
                        "0a03767573"
                        "1200"
                        "1801"
                        "221a"
                        "0a0d"
                        "0a066d6574686f64"
                        "1203474554"
                        "1209"
                        "09000000000000f83f"
                        "" /* reqs */
                        "24"
                        "0a0472657173"
                        "1200"
                        "1800"
                        "2218"
                        "1a16"
                        "090000000000000040"
                        "1a0b"
                        "0880e2cfaa06"
                        "1080e59a77");
    buf_fini(&hex);
    buf_fini(&s.out);
    exposition_free(s.x);
}

static void test_negotiation(void **state)
{
    static const struct {
        const char *accept;
        enum exposition_format format;
    } cases[] = {
        {"", EXPOSITION_TEXT},
        {"*/*", EXPOSITION_TEXT},
        {"text/html, image/png", EXPOSITION_TEXT},
        {"application/openmetrics-text", EXPOSITION_OPENMETRICS},
        {"application/openmetrics-text; version=1.0.0; charset=utf-8", EXPOSITION_OPENMETRICS},
        {"application/openmetrics-text;version=0.0.1,text/plain;q=0.1", EXPOSITION_TEXT},
        /* Prometheus 2.42, and with native histograms */
        {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
         "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         EXPOSITION_OPENMETRICS},
        {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding="
         "delimited,application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5",
         EXPOSITION_PROTOBUF},
        /* Prometheus 3 */
        {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
         "text/plain;version=0.0.4;escaping=allow-utf-8;q=0.6,*/*;q=0.1",
         EXPOSITION_TEXT},
        {"text/plain;q=0.4, application/openmetrics-text;q=0.5", EXPOSITION_OPENMETRICS},
        {"text/plain, application/openmetrics-text", EXPOSITION_TEXT},
        {"application/openmetrics-text;q=0, */*;q=0.1", EXPOSITION_TEXT},
        {"application/openmetrics-text;q=nonsense", EXPOSITION_TEXT},
        {"application/vnd.google.protobuf", EXPOSITION_TEXT},
        {"application/vnd.google.protobuf; proto=\"io.prometheus.client.MetricFamily\"; "
         "encoding=text",
         EXPOSITION_TEXT},
        {";;;,,;q=,=;=", EXPOSITION_TEXT},
    };

    (void)state;
    for (size_t i = 0; i < countof(cases); i++)
        assert_int_equal(exposition_negotiate(str_of(cases[i].accept)), cases[i].format);
}

static void test_bounds_are_read(void **state)
{
    static const char *const bad[] = {"", "a", "1,1", "2,1", "1,inf", "1,,2", "nan"};
    struct exposition_bounds b;
    struct buf many = {0};

    (void)state;
    assert_int_equal(exposition_bounds_parse(STR("0.5, 1,2e3"), &b), 0);
    assert_int_equal(b.n, 3);
    assert_true(b.upper[2] == 2000);
    for (size_t i = 1; i < countof(bad); i++)
        assert_int_equal(exposition_bounds_parse(str_of(bad[i]), &b), FAULT_EXIT(104));
    for (int i = 0; i <= EXPOSITION_BOUNDS_MAX; i++)
        buf_printf(&many, "%s%d", i ? "," : "", i);
    assert_int_equal(exposition_bounds_parse(buf_str(&many), &b), FAULT_EXIT(104));
    buf_fini(&many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_of_counters_and_gauges),
        cmocka_unit_test(test_openmetrics_of_counters_and_gauges),
        cmocka_unit_test(test_histograms_as_text),
        cmocka_unit_test(test_all_ways_of_counting_agree),
        cmocka_unit_test(test_no_name_and_no_sample_comes_twice),
        cmocka_unit_test(test_a_scrape_has_a_limit),
        cmocka_unit_test(test_protobuf_families_have_their_length_before_them),
        cmocka_unit_test(test_negotiation),
        cmocka_unit_test(test_bounds_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
