#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "metric/systag.h"
#include "sink/sink.h"

static struct {
    char folder[64];
    char path[128];
    struct metric_registry *registry;
    struct tag_pool *pool;
    struct sink *sink;
} t;

static int set_up(void **state)
{
    (void)state;
    memset(&t, 0, sizeof(t));
    snprintf(t.folder, sizeof(t.folder), "/tmp/brunt-csv-XXXXXX");
    if (!mkdtemp(t.folder))
        return -1;
    snprintf(t.path, sizeof(t.path), "%s/out.csv", t.folder);
    setenv("TZ", "UTC", 1);
    tzset();
    t.registry = metric_registry_new();
    t.pool = tag_pool_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (t.sink)
        t.sink->ops->close(t.sink);
    tag_pool_free(t.pool);
    metric_registry_free(t.registry);
    unlink(t.path);
    return rmdir(t.folder);
}

static int open_sink(const char *arg, const char *time_format, uint32_t system_tags)
{
    struct {
        const char *file;
        span_ns save_interval;
        const char *time_format;
    } options = {t.path, NS_PER_S, time_format};
    struct sink_setup setup = {.class = &sink_csv_class,
                               .label = "csv",
                               .arg = arg,
                               .options = &options,
                               .system_tags = system_tags};

    assert_int_equal(sizeof(options), sink_csv_class.options_size);
    return sink_csv_class.open(&setup, &t.sink);
}

static const struct tagset *tags_of(size_t n, const char *const (*pairs)[2])
{
    const struct tagset *tags = tagset_empty(t.pool);

    for (size_t i = 0; i < n; i++)
        tags = tagset_add(t.pool, tags, str_of(pairs[i][0]), str_of(pairs[i][1]));
    return tags;
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

static void check_file(const char *expected)
{
    char text[4096];

    assert_int_equal(t.sink->ops->finish(t.sink), 0);
    assert_false(t.sink->failed);
    FILE *in = fopen(t.path, "r");

    assert_non_null(in);
    text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
    fclose(in);
    assert_string_equal(text, expected);
}

#define HEADER                                                                              \
    "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,ip," \
    "method,name,proto,scenario,service,status,subproto,tls_version,url,extra_tags,metadata\n"

/* What k6 2.2 wrote for the like, but for the order of extra tags, which k6 leaves to chance. */
static void rows_are_those_of_k6(void **state)
{
    static const char *const request[][2] = {
        {"expected_response", "true"},
        {"group", "::gr"},
        {"ip", "127.0.0.1"},
        {"method", "GET"},
        {"name", "foo"},
        {"proto", "HTTP/1.1"},
        {"scenario", "a"},
        {"status", "200"},
        {"url", "foo"},
        {"run", "x<y&\"z"},
        {"extra", "e,\"=&v"},
        {"part", "one"},
    };
    static const char *const custom[][2] = {{"group", ""}, {"scenario", "a"}, {"a", ""}};

    (void)state;
    assert_int_equal(open_sink(NULL, "unix", systag_default | SYSTAG_IP | systag_metadata), 0);
    const struct tagset *a = tags_of(countof(request), request);
    const struct tagset *b = tags_of(countof(custom), custom);

    give(M_HTTP_REQS, a, 1, 1795262230996531898);
    give(M_HTTP_REQ_DURATION, a, 1.430718, 1795262230996531898);
    give(M_VUS, b, 1e21, 1795262231000000000);
    give(M_VUS, b, 1e-7, 1795262231000000000);
    give(M_VUS, b, -2.5, 1795262231000000000);
    check_file(HEADER
               "http_reqs,1795262230,1.000000,,,,true,::gr,127.0.0.1,GET,foo,HTTP/1.1,a,,200,,,foo,"
               "\"extra=e,\"\"=&v&part=one&run=x<y&\"\"z\",\n"
               "http_req_duration,1795262230,1.430718,,,,true,::gr,127.0.0.1,GET,foo,HTTP/1.1,a,,"
               "200,,,foo,\"extra=e,\"\"=&v&part=one&run=x<y&\"\"z\",\n"
               "vus,1795262231,1000000000000000000000.000000,,,,,,,,,,a,,,,,,a=,\n"
               "vus,1795262231,0.000000,,,,,,,,,,a,,,,,,a=,\n"
               "vus,1795262231,-2.500000,,,,,,,,,,a,,,,,,a=,\n");
}

/* A tag whose column is off is an extra tag; fields are quoted where they must be. */
static void columns_follow_the_system_tags(void **state)
{
    static const char *const tags[][2] = {{"status", "200"},
                                          {"name", " a\n\"b\""},
                                          {"method", "GET"},
                                          {"check", "\\."},
                                          {"zone", "r\rn"}};

    (void)state;
    assert_int_equal(open_sink(NULL, "rfc3339_nano", SYSTAG_NAME | SYSTAG_STATUS | SYSTAG_CHECK),
                     0);
    give(M_CHECKS, tags_of(countof(tags), tags), 0, 1795262230500000000);
    check_file("metric_name,timestamp,metric_value,check,name,status,extra_tags,metadata\n"
               "checks,2026-11-21T11:57:10.5Z,0.000000,\"\\.\",\" a\n\"\"b\"\"\",200,"
               "\"method=GET&zone=r\rn\",\n");
}

static void metadata_is_the_last_column(void **state)
{
    const struct tagset *empty = tagset_empty(t.pool);
    struct sink_sample s = {.metric = metric_get(t.registry, M_CHECKS),
                            .tags = empty,
                            .vu = 3,
                            .iter = 12,
                            .metadata = tagset_add(t.pool, empty, STR("trace"), STR("a,b"))};

    (void)state;
    assert_int_equal(open_sink(NULL, "unix", SYSTAG_NAME), 0);
    t.sink->ops->samples(t.sink, &s, 1);
    s.metadata = NULL;
    t.sink->ops->samples(t.sink, &s, 1);
    check_file("metric_name,timestamp,metric_value,name,extra_tags,metadata\n"
               "checks,0,0.000000,,,\"iter=12&trace=a,b&vu=3\"\n"
               "checks,0,0.000000,,,iter=12&vu=3\n");
}

static void k6_pairs_are_read(void **state)
{
    char arg[256], file[128];

    (void)state;
    memcpy(file, t.path, sizeof(file));
    snprintf(t.path, sizeof(t.path), "%s/unused", t.folder);
    snprintf(arg, sizeof(arg), "timeFormat=unix_milli,fileName=%s,saveInterval=200ms", file);
    assert_int_equal(open_sink(arg, "unix", SYSTAG_NAME), 0);
    assert_int_equal(access(t.path, F_OK), -1);
    memcpy(t.path, file, sizeof(file));
    give(M_VUS, tagset_empty(t.pool), 3, 1795262230500000000);
    check_file("metric_name,timestamp,metric_value,name,extra_tags,metadata\n"
               "vus,1795262230500,3.000000,,,\n");
}

static void wrong_texts_are_refused_before_the_file_is_touched(void **state)
{
    static const struct {
        const char *arg, *time_format, *says;
    } cases[] = {
        {"foo=1", "unix", "there is no \"foo\""},
        {"fileName=a,b", "unix", "\"b\" has no ="},
        {"fileName=a,saveInterval=soon", "unix", "saveInterval=soon is no time"},
        {NULL, "bogus", "there is no time format \"bogus\""},
        {"timeFormat=unix_week", "unix", "there is no time format \"unix_week\""},
        {"/nonexistent/x.csv", "unix", "cannot create '/nonexistent/x.csv'"},
    };

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(open_sink(cases[i].arg, cases[i].time_format, 0), FAULT_EXIT(104));
        assert_non_null(strstr(fault_text(), cases[i].says));
        assert_int_equal(access(t.path, F_OK), -1);
    }
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(rows_are_those_of_k6),
        TEST(columns_follow_the_system_tags),
        TEST(metadata_is_the_last_column),
        TEST(k6_pairs_are_read),
        TEST(wrong_texts_are_refused_before_the_file_is_touched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
