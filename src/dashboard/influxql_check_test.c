#include "dashboard/influxql_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"

static struct influxql_facts accept(const char *query)
{
    struct query_error e = {0};
    struct influxql_facts facts = {0};

    if (influxql_check(str_of(query), NULL, NULL, &facts, &e))
        fail_msg("%s\n at %zu: %s", query, e.at, e.text);
    return facts;
}

static void refuse(const char *query, const char *why)
{
    struct query_error e = {0};
    struct influxql_facts facts;

    if (influxql_check(str_of(query), NULL, NULL, &facts, &e) != QUERY_E_SYNTAX)
        fail_msg("%s is taken for right", query);
    if (!strstr(e.text, why))
        fail_msg("%s\n says '%s', not '%s'", query, e.text, why);
    assert_true(e.at <= strlen(query));
}

static void test_accepts(void **state UNUSED)
{
    struct influxql_facts f;

    f = accept("SELECT mean(\"value\") FROM \"vus\" WHERE $timeFilter GROUP BY time($__interval) "
               "fill(none)");
    assert_true(f.reads && f.timed);
    f = accept("SELECT sum(\"value\")/${interval_value} as RPS FROM \"http_reqs\" GROUP BY "
               "\"name\" fill(null)");
    assert_true(f.reads && !f.timed);
    f = accept("SHOW TAG VALUES FROM \"http_req_duration\" WITH KEY = \"name\"");
    assert_true(!f.reads && !f.timed);
    assert_true(
        accept("select status from (SELECT \"a\" FROM \"b\" WHERE time > now() - 5m)").timed);
    accept("SELECT max(\"value\") FROM $Measurement WHERE $timeFilter");
    accept(
        "SELECT \"value\" FROM \"db\".\"autogen\".\"m\" WHERE x =~ /^a\\/(b|$)/ AND y != 'it\\'s'");
    accept("SELECT \"value\" FROM /^http_.*/ -- and a ( comment\n LIMIT 5");
    accept("SELECT a /* ( */ FROM b; SELECT c FROM d;");
    accept("$query");
}

static void test_refuses(void **state UNUSED)
{
    refuse("  ", "empty");
    refuse("from(bucket: \"b\")", "begins with SELECT or SHOW");
    refuse("SELECT \"value\"", "no FROM");
    refuse("SELECT a FROM", "nothing stands behind FROM");
    refuse("SELECT mean(\"value\" FROM b", "never closed");
    refuse("SELECT a) FROM b", "closes nothing");
    refuse("SELECT \"a FROM b", "name in quotes does not end");
    refuse("SELECT a FROM b WHERE x = 'y", "a string does not end");
    refuse("SELECT a FROM b WHERE x =~ /y", "regular expression does not end");
    refuse("SELECT \\\"a\\\" FROM b", "escaped once too often");
    refuse("SELECT a FROM b /* c", "comment does not end");
    refuse("SELECT a FROM b [", "no meaning");
    refuse("SELECT a FROM b; SELECT c", "no FROM");
}

static void test_depth_has_a_limit(void **state UNUSED)
{
    scoped(buf_fini) struct buf deep = {0};

    buf_puts(&deep, "SELECT ");
    for (int i = 0; i < 100; i++)
        buf_putc(&deep, '(');
    refuse(buf_cstr(&deep), "too deep");
    for (int i = 0; i < QUERY_BYTES_MAX; i++)
        buf_putc(&deep, ' ');
    refuse(buf_cstr(&deep), "bytes");
}

static void put_name(void *arg, struct str name)
{
    buf_printf(arg, "%.*s;", STR_ARG(name));
}

static void test_tells_measurements(void **state UNUSED)
{
    scoped(buf_fini) struct buf out = {0};
    struct influxql_facts f;
    struct query_error e;

    assert_int_equal(influxql_check(STR("SELECT \"x\" FROM \"a\"; SELECT y FROM \"d\".\"p\".\"b\" "
                                        "WHERE \"c\" = 1; SELECT z FROM $m"),
                                    put_name, &out, &f, &e),
                     0);
    assert_string_equal(buf_cstr(&out), "a;b;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_depth_has_a_limit),
        cmocka_unit_test(test_tells_measurements),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
