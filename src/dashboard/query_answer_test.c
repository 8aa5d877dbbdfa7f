#include "dashboard/query_answer.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static struct query_answer read_one(enum query_kind kind, int status, const char *body)
{
    struct query_answer a;

    query_answer_read(kind, status, str_of(body), &a);
    return a;
}

static void assert_counts(const struct query_answer *a, size_t series, size_t points, size_t others)
{
    assert_string_equal(a->error, "");
    assert_int_equal(a->n_series, series);
    assert_int_equal(a->n_points, points);
    assert_int_equal(a->n_not_numbers, others);
}

static void test_prometheus(void **state UNUSED)
{
    struct query_answer a = read_one(
        QUERY_PROMETHEUS, 200,
        "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{},\"values\":[[1,\"2\"],[2,\"NaN\"]]},"
        "{\"metric\":{},\"histograms\":[[1,{\"count\":\"5\",\"sum\":\"1\"}]]}]}}");

    assert_counts(&a, 2, 2, 1);
    assert_true(a.last == 5);
    a = read_one(QUERY_PROMETHEUS, 200,
                 "{\"data\":{\"resultType\":\"scalar\",\"result\":[1,\"7\"]}}");
    assert_counts(&a, 1, 1, 0);
    a = read_one(QUERY_PROMETHEUS, 200, "{\"data\":{\"resultType\":\"vector\",\"result\":[]}}");
    assert_counts(&a, 0, 0, 0);
    assert_true(isnan(a.last));
    a = read_one(
        QUERY_PROMETHEUS, 400,
        "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"parse\\u0007 error\"}");
    assert_string_equal(a.error, "status 400: parse error");
}

static void test_influxql(void **state UNUSED)
{
    struct query_answer a = read_one(
        QUERY_INFLUXQL, 200,
        "{\"results\":[{\"series\":[{\"columns\":[\"time\",\"mean\"],\"values\":[[1,2.5],[2,null]]},{\"columns\":"
        "[\"time\",\"status\"],\"values\":[[1,\"200\"]]}]}]}");

    assert_counts(&a, 2, 2, 1);
    a = read_one(QUERY_INFLUXQL, 200, "{\"results\":[{\"statement_id\":0}]}");
    assert_counts(&a, 0, 0, 0);
    a = read_one(QUERY_INFLUXQL, 200, "{\"results\":[{\"error\":\"database not found: x\"}]}");
    assert_string_equal(a.error, "database not found: x");
}

static void test_flux(void **state UNUSED)
{
    struct query_answer a = read_one(
        QUERY_FLUX, 200,
        ",result,table,_time,_value,name\r\n,_result,0,t,1.5,\"a, \"\"b\"\"\"\r\n"
        ",_result,0,t,2.5,x\r\n,_result,1,t,,y\r\n\r\n,result,table,tag\r\n,other,0,z\r\n\r\n");

    assert_counts(&a, 3, 3, 1);
    assert_true(a.last == 2.5);
    a = read_one(QUERY_FLUX, 200, "\r\n");
    assert_counts(&a, 0, 0, 0);
    a = read_one(QUERY_FLUX, 200, ",error,reference\r\n,\"it broke\",897\r\n");
    assert_string_equal(a.error, "it broke");
    a = read_one(QUERY_FLUX, 200, ",result,table,Failures,error\r\n,_result,0,7,it broke\r\n");
    assert_string_equal(a.error, "");
    assert_counts(&a, 1, 1, 0);
    a = read_one(QUERY_FLUX, 404,
                 "{\"code\":\"not found\",\"message\":\"could not find bucket \\\"x\\\"\"}");
    assert_string_equal(a.error, "status 404: could not find bucket \"x\"");
}

static void test_graphite(void **state UNUSED)
{
    struct query_answer a = read_one(
        QUERY_GRAPHITE, 200,
        "[{\"target\":\"a\",\"datapoints\":[[1,10],[null,11]]},{\"target\":\"b\",\"datapoints\":[]}]");

    assert_counts(&a, 2, 1, 1);
    a = read_one(QUERY_GRAPHITE, 500,
                 "<html><head><title>Broken</title></head><body>\n\n<h1>Why</h1></body>");
    assert_string_equal(a.error, "status 500: Broken Why");
    a = read_one(QUERY_GRAPHITE, 200, "<p>");
    assert_string_equal(a.error, "the answer is no JSON");
}

static void add(void *arg, struct str value)
{
    buf_printf(arg, "%.*s;", STR_ARG(value));
}

static void assert_list(enum query_kind kind, enum query_list list, const char *body,
                        const char *wanted)
{
    struct buf out = {0};

    assert_int_equal(query_answer_list(kind, list, 200, str_of(body), add, &out), 0);
    assert_string_equal(buf_cstr(&out), wanted);
    buf_fini(&out);
}

static void test_lists(void **state UNUSED)
{
    static const char tags[] =
        "{\"results\":[{\"series\":[{\"columns\":[\"key\",\"value\"],\"values\":[[\"name\",\"a\"],"
        "[\"name\",\"b\"]]}]}]}";
    struct buf out = {0};

    assert_list(QUERY_PROMETHEUS, QUERY_LIST_VALUES, "{\"data\":[\"a\",\"b\"]}", "a;b;");
    assert_list(
        QUERY_PROMETHEUS, QUERY_LIST_RESULTS,
        "{\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{\"__name__\":\"n\",\"l\":\"v\"},\"value\":[1.5,\"3\"]}]}}",
        "n{l=\"v\"} 3 1500;");
    assert_list(QUERY_INFLUXQL, QUERY_LIST_VALUES, tags, "a;b;");
    assert_list(QUERY_INFLUXQL, QUERY_LIST_NAMES, tags, "name;name;");
    assert_list(QUERY_GRAPHITE, QUERY_LIST_NAMES, "[\"a\",{\"text\":\"b\"}]", "a;b;");
    assert_list(QUERY_FLUX, QUERY_LIST_VALUES, ",result,table,_value\r\n,_result,0,x\r\n", "x;");
    assert_int_equal(
        query_answer_list(QUERY_PROMETHEUS, QUERY_LIST_VALUES, 500, STR("{}"), add, &out), -EIO);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prometheus), cmocka_unit_test(test_influxql),
        cmocka_unit_test(test_flux),       cmocka_unit_test(test_graphite),
        cmocka_unit_test(test_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
