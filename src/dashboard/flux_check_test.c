#include "dashboard/flux_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"

#define RANGE "from(bucket: \"b\") |> range(start: v.timeRangeStart, stop: v.timeRangeStop)"

static void accept(const char *query)
{
    struct query_error e = {0};

    if (flux_check(str_of(query), NULL, NULL, &e))
        fail_msg("%s\n at %zu: %s", query, e.at, e.text);
}

static void refuse(const char *query, const char *why)
{
    struct query_error e = {0};

    if (flux_check(str_of(query), NULL, NULL, &e) != QUERY_E_SYNTAX)
        fail_msg("%s is taken for right", query);
    if (!strstr(e.text, why))
        fail_msg("%s\n says '%s', not '%s'", query, e.text, why);
    assert_true(e.at <= strlen(query));
}

static void test_accepts(void **state UNUSED)
{
    accept(RANGE);
    accept("from(bucket: v.defaultBucket)\n  |> range(start: -5m)\n"
           "  |> filter(fn: (r) => r[\"testid\"] =~ /${testid:regex}/)\n  |> last()");
    accept(RANGE " |> map(fn: (r) => ({ r with _value: (1.0 - r._value) / 100.0 }))");
    accept(RANGE " |> aggregateWindow(every: v.windowPeriod, fn: (tables=<-, column) =>\n"
                 "tables |> quantile(q: 0.5, column: column), createEmpty: false)");
    accept("import \"influxdata/influxdb/schema\"\nschema.tagValues(bucket: v.defaultBucket, "
           "tag: \"testid\")");
    accept("a = " RANGE "\nb = " RANGE "\njoin(tables: {a: a, b: b}, on: [\"_time\"])");
    accept(RANGE " |> filter(fn: (r) => r.x =~ /^2[)]\\// and r.y == \"a\\\"b\") // a ) comment");
    accept("buckets() |> limit(n: 5)");
    accept("import \"csv\"\ncsv.from(url: \"http://x\")");
    accept(RANGE " |> map(fn: (v) => ({v with x: v.anything / 2}))");
    accept("$query");
}

static void test_refuses(void **state UNUSED)
{
    refuse("", "empty");
    refuse("  // nothing\n", "empty");
    refuse("from(bucket: \"b\")\\n  |> range(start: -5m)", "escaped once too often");
    refuse(RANGE " |> filter(fn: (r) => r[\\\"_field\\\"] == \\\"value\\\")",
           "escaped once too often");
    refuse("from(bucket: \"b) |> range(start: -5m)", "a string does not end");
    refuse(RANGE " |> filter(fn: (r) => r.x =~ /abc)", "regular expression does not end");
    refuse(RANGE " |> filter(fn: (r) => r.x == 1", "never closed");
    refuse(RANGE " |> filter(fn: (r) => r[\"x\") == 1]", "closes nothing");
    refuse(RANGE ")", "closes nothing");
    refuse(RANGE " |>", "ends behind");
    refuse(RANGE " |> |> mean()", "no function");
    refuse("|> mean()", "nothing stands before");
    refuse(RANGE " |> 5", "no function");
    refuse("from(bucket: \"b\") |> last()", "no range()");
    refuse("a = from(bucket: \"b\")\nb = " RANGE, "no range()");
    refuse("from(bucket: \"b\") |> range(start: v.timeRangeBegin)", "no v.timeRangeBegin");
    refuse(RANGE " |> ~", "no meaning");
}

static void test_depth_and_length_have_limits(void **state UNUSED)
{
    scoped(buf_fini) struct buf deep = {0};

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
    struct query_error e;

    assert_int_equal(flux_check(STR(RANGE "|> filter(fn: (r) => r[\"_measurement\"] == \"vus\" or "
                                          "r._measurement == \"vus_max\" and r.x == \"no\")"),
                                put_name, &out, &e),
                     0);
    assert_string_equal(buf_cstr(&out), "vus;vus_max;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_depth_and_length_have_limits),
        cmocka_unit_test(test_tells_measurements),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
