#include "dashboard/queries.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"

static struct queries *read_ok(const char *json)
{
    struct queries *q = NULL;

    assert_int_equal(queries_read(str_of(json), &q), 0);
    return q;
}

static void refuse(const char *json, const char *why)
{
    struct queries *q = NULL;

    assert_int_equal(queries_read(str_of(json), &q), -EINVAL);
    assert_non_null(strstr(fault_text(), why));
    assert_null(q);
}

static void assert_str(struct str s, const char *text)
{
    assert_int_equal(s.n, strlen(text));
    assert_memory_equal(s.p ? s.p : "", text, s.n);
}

static void test_current_model(void **state UNUSED)
{
    struct queries *q = read_ok(
        "{\"title\":\"T\",\"uid\":\"u\",\"schemaVersion\":39,\"time\":{\"from\":\"now-5m\",\"to\":\"now\"},"
        "\"panels\":[{\"type\":\"stat\",\"id\":1,\"title\":\"A\",\"datasource\":{\"type\":\"prometheus\",\"uid\":\"x\"},"
        "\"targets\":[{\"refId\":\"A\",\"expr\":\"up\",\"instant\":true},{\"refId\":\"B\",\"expr\":\"down\",\"hide\":true,"
        "\"instant\":true,\"range\":true}]},"
        "{\"type\":\"row\",\"title\":\"R\",\"repeat\":\"v\",\"panels\":[{\"type\":\"graph\",\"title\":\"B\",\"targets\":"
        "[{\"refId\":\"A\",\"target\":\"a.b\"}]}]},"
        "{\"type\":\"graph\",\"title\":\"C\",\"maxDataPoints\":\"50\",\"interval\":\"10s\",\"targets\":[]}]}");

    assert_str(q->title, "T");
    assert_int_equal(q->n_panels, 3);
    assert_int_equal(q->panels[0].n_targets, 2);
    assert_int_equal(q->panels[0].targets[0].kind, QUERY_PROMETHEUS);
    assert_true(q->panels[0].targets[0].instant && !q->panels[0].targets[1].instant);
    assert_true(q->panels[0].targets[1].hidden);
    assert_str(q->panels[1].row, "R");
    assert_str(q->panels[1].row_repeat, "v");
    assert_int_equal(q->panels[1].targets[0].kind, QUERY_GRAPHITE);
    assert_str(q->panels[2].row, "R");
    assert_int_equal(q->panels[2].max_points, 50);
    queries_free(q);
}

static void test_rows_of_old(void **state UNUSED)
{
    struct queries *q = read_ok(
        "{\"dashboard\":{\"title\":\"T\",\"schemaVersion\":14,\"rows\":[{\"title\":\"R\",\"panels\":["
        "{\"type\":\"singlestat\",\"title\":\"A\",\"datasource\":\"${DS_X}\",\"targets\":[{\"query\":\"SELECT 1\","
        "\"rawQuery\":true}]}]}],\"__inputs\":[{\"name\":\"DS_X\",\"type\":\"datasource\",\"pluginId\":\"influxdb\"}]},"
        "\"meta\":{}}");

    assert_int_equal(q->n_panels, 1);
    assert_str(q->panels[0].row, "R");
    assert_int_equal(q->panels[0].targets[0].kind, QUERY_INFLUXQL);
    assert_str(q->panels[0].targets[0].text, "SELECT 1");
    queries_free(q);
}

/* Each source, as its panel has it, and what a query in the target makes of it. */
static void test_sources(void **state UNUSED)
{
    static const struct {
        const char *panel, *target;
        enum query_kind kind;
    } cases[] = {
        {"null", "{\"expr\":\"up\"}", QUERY_PROMETHEUS},
        {"null", "{\"query\":\"from(bucket: \\\"b\\\") |> range(start: -1h)\"}", QUERY_FLUX},
        {"null", "{\"query\":\"select x from y\",\"rawQuery\":true}", QUERY_INFLUXQL},
        {"null", "{\"query\":\"who knows\"}", QUERY_OTHER},
        {"\"$ds\"", "{\"expr\":\"up\"}", QUERY_PROMETHEUS},
        {"\"[[ds]]\"", "{\"expr\":\"up\"}", QUERY_PROMETHEUS},
        {"{\"type\":\"influxdb\",\"uid\":\"x\"}", "{\"query\":\"from(bucket: v.defaultBucket)\"}",
         QUERY_FLUX},
        {"{\"uid\":\"${ds}\"}", "{\"expr\":\"up\"}", QUERY_PROMETHEUS},
        {"{\"uid\":\"-- Mixed --\"}",
         "{\"datasource\":{\"type\":\"graphite\",\"uid\":\"g\"},\"target\":\"a\"}", QUERY_GRAPHITE},
        {"{\"uid\":\"-- Mixed --\"}", "{\"target\":\"a\"}", QUERY_GRAPHITE},
        {"{\"type\":\"datasource\",\"uid\":\"-- Dashboard --\"}", "{\"panelId\":2}", QUERY_SHARED},
        {"{\"type\":\"loki\",\"uid\":\"l\"}", "{\"expr\":\"{a=\\\"b\\\"}\"}", QUERY_OTHER},
        {"\"-- Grafana --\"", "{}", QUERY_GRAFANA},
        {"\"Prometheus\"", "{\"expr\":\"up\"}", QUERY_PROMETHEUS},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        scoped(freep) char *json = xasprintf(
            "{\"panels\":[{\"type\":\"x\",\"datasource\":%s,\"targets\":[%s]}],\"templating\":{\"list\":[{\"name\":"
            "\"ds\",\"type\":\"datasource\",\"query\":\"prometheus\"}]}}",
            cases[i].panel, cases[i].target);
        struct queries *q = read_ok(json);

        assert_int_equal(q->panels[0].targets[0].kind, cases[i].kind);
        queries_free(q);
    }
}

static void test_variables(void **state UNUSED)
{
    struct queries *q = read_ok(
        "{\"panels\":[],\"templating\":{\"list\":[{\"name\":\"a\",\"type\":\"query\",\"datasource\":{\"type\":\"prometheus\"},"
        "\"query\":{\"query\":\"label_values(x)\",\"refId\":\"r\"},\"multi\":true,\"includeAll\":true,\"allValue\":\".*\","
        "\"current\":{\"value\":[\"$__all\"]}},{\"name\":\"b\",\"type\":\"custom\",\"query\":\"1,2\",\"current\":"
        "{\"value\":\"2\"}},{\"type\":\"custom\"},{\"name\":\"c\",\"query\":\"show measurements\"}]}}");
    const struct query_variable *a = queries_variable(q, STR("a"));

    assert_int_equal(q->n_variables, 3);
    assert_str(a->query, "label_values(x)");
    assert_true(a->multi && a->include_all && a->kind == QUERY_PROMETHEUS);
    assert_str(a->all_value, ".*");
    assert_str(a->current[0], "$__all");
    assert_int_equal(queries_variable(q, STR("b"))->type, QUERY_VAR_CUSTOM);
    assert_int_equal(queries_variable(q, STR("c"))->kind, QUERY_INFLUXQL);
    assert_null(queries_variable(q, STR("d")));
    queries_free(q);
}

static void test_query_builder(void **state UNUSED)
{
    struct queries *q = read_ok(
        "{\"panels\":[{\"type\":\"graph\",\"datasource\":{\"type\":\"influxdb\"},\"targets\":[{\"measurement\":\"http_reqs\","
        "\"policy\":\"default\",\"select\":[[{\"type\":\"field\",\"params\":[\"value\"]},{\"type\":\"sum\",\"params\":[]},"
        "{\"type\":\"math\",\"params\":[\" / 3\"]},{\"type\":\"alias\",\"params\":[\"n\"]}],[{\"type\":\"field\",\"params\":"
        "[\"value\"]},{\"type\":\"percentile\",\"params\":[95]}]],\"tags\":[{\"key\":\"status\",\"operator\":\"=\",\"value\":"
        "\"200\"},{\"condition\":\"OR\",\"key\":\"name\",\"value\":\"/^$x$/\"}],\"groupBy\":[{\"type\":\"time\",\"params\":"
        "[\"$__interval\"]},{\"type\":\"tag\",\"params\":[\"name\"]},{\"type\":\"fill\",\"params\":[\"null\"]}],"
        "\"limit\":\"10\"}]}]}");

    assert_str(
        q->panels[0].targets[0].text,
        "SELECT sum(\"value\") / 3 AS \"n\", percentile(\"value\", 95) FROM \"http_reqs\" WHERE (\"status\" = '200' "
        "OR \"name\" =~ /^$x$/) AND $timeFilter GROUP BY time($__interval), \"name\" fill(null) LIMIT 10");
    queries_free(q);
}

static void test_annotations(void **state UNUSED)
{
    struct queries *q = read_ok(
        "{\"panels\":[],\"annotations\":{\"list\":[{\"builtIn\":1,\"name\":\"x\",\"enable\":true,\"datasource\":"
        "\"-- Grafana --\"},{\"name\":\"runs\",\"enable\":true,\"datasource\":{\"type\":\"prometheus\"},\"expr\":\"changes(a[1m])\"},"
        "{\"name\":\"g\",\"datasource\":{\"type\":\"graphite\"},\"target\":{\"target\":\"a.b\"}}]}}");

    assert_int_equal(q->n_annotations, 3);
    assert_str(q->annotations[1].target.text, "changes(a[1m])");
    assert_true(q->annotations[1].enabled && !q->annotations[2].enabled);
    assert_str(q->annotations[2].target.text, "a.b");
    queries_free(q);
}

static void test_what_is_no_dashboard(void **state UNUSED)
{
    refuse("", "no JSON");
    refuse("[1]", "no Grafana dashboard");
    refuse("{\"elements\":{},\"layout\":{}}", "second schema");

    struct buf many = {0};

    buf_puts(&many, "{\"panels\":[");
    for (int i = 0; i <= QUERIES_PANELS; i++)
        buf_puts(&many, i ? ",{}" : "{}");
    buf_puts(&many, "]}");
    refuse(buf_cstr(&many), "at most 2000");
    buf_fini(&many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_current_model),
        cmocka_unit_test(test_rows_of_old),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_query_builder),
        cmocka_unit_test(test_annotations),
        cmocka_unit_test(test_what_is_no_dashboard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
