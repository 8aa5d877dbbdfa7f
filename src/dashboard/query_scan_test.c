#include "dashboard/query_scan.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/buf.h"

/* All selectors of an expression, as "name|m,m|range; ". */
static void assert_promql(const char *text, const char *wanted)
{
    struct scan_selector s;
    struct buf out = {0};
    size_t at = 0;

    while (scan_promql(str_of(text), &at, &s)) {
        buf_printf(&out, "%.*s", STR_ARG(s.name));
        for (size_t i = 0; i < s.n_matchers; i++)
            buf_printf(&out, "%s%.*s", i ? "," : "|", STR_ARG(s.matchers[i]));
        buf_printf(&out, "%s%.*s;", s.range.n ? "|" : "", STR_ARG(s.range));
    }
    assert_string_equal(buf_cstr(&out), wanted);
    buf_fini(&out);
}

static void test_promql(void **state UNUSED)
{
    assert_promql("up", "up;");
    assert_promql("sum by (le, x) (rate(a:b_total{c=\"d,}\", e=~'f|g'}[5m]))",
                  "a:b_total|c=\"d,}\",e=~'f|g'|5m;");
    assert_promql("a / on(job) group_left(x) b * 100 # c\n > bool 1", "a;b;");
    assert_promql("sum(rate(x[1m])) without (y)", "x|1m;");
    assert_promql("{__name__=\"a\"} offset 5m or vector(0)", "|__name__=\"a\";");
    assert_promql("max_over_time(deriv(a[5m])[10m:1m])", "a|5m;");
    assert_promql("histogram_quantile(0.95, sum(rate(a{} [1m])) by (le)) and inf", "a|1m;");
    assert_promql("a{b=\"\\\"\"", "a|b=\"\\\"\";");
    assert_promql("topk(5, a) unless absent(b)", "a;b;");
    assert_promql("\"text\" + 1e3 + 5m", "");
}

static void assert_influxql(const char *text, const char *wanted)
{
    struct scan_select s = {0};
    struct buf out = {0};

    if (scan_influxql(str_of(text), &s)) {
        buf_printf(&out, "%.*s (%.*s)", STR_ARG(s.from), STR_ARG(s.name));
        for (size_t i = 0; i < s.n_conditions; i++)
            buf_printf(&out, "; %.*s", STR_ARG(s.conditions[i]));
    }
    assert_string_equal(buf_cstr(&out), wanted);
    buf_fini(&out);
}

static void test_influxql(void **state UNUSED)
{
    assert_influxql(
        "SELECT mean(\"value\") FROM \"vus\" WHERE time > 1ms and time < 2ms GROUP BY time(1s) fill(none)",
        "\"vus\" (vus); time > 1ms; time < 2ms");
    assert_influxql(
        "select x from rp.m where (\"a\" = 'b and c' AND \"d\" =~ /^from x$/) AND time > 0 limit 1",
        "rp.m (m); \"a\" = 'b and c'; \"d\" =~ /^from x$/; time > 0");
    assert_influxql(
        "SELECT sum(\"v\") FROM \"h\" WHERE (\"s\" != '200' OR \"s\" != '201') AND time > 0",
        "\"h\" (h); (\"s\" != '200' OR \"s\" != '201'); time > 0");
    assert_influxql(
        "SELECT status from (SELECT \"m\" FROM \"inner\" WHERE time > 1 GROUP BY \"n\" )",
        "\"inner\" (inner); time > 1");
    assert_influxql("SELECT a FROM /^http.*/ WHERE b = 'c'", "/^http.*/ (); b = 'c'");
    assert_influxql("SELECT a FROM m", "m (m)");
    assert_influxql("SHOW MEASUREMENTS", "");
    assert_influxql("SELECT", "");
    assert_influxql("SELECT a FROM", " ()");
}

static void test_flux(void **state UNUSED)
{
    const struct str text = STR(
        "import \"x\"\n// from(nothing)\na = from(bucket: \"b\")\n  |> range(start: -1h)\n"
        "  |> filter(fn: (r) => r.x == \"|> )\")\nb = from(bucket: \"c\") |> last()\njoin(tables: {a, b})");
    struct scan_chain c;
    size_t at = 0;

    assert_true(scan_flux(text, &at, &c));
    assert_int_equal(c.n_steps, 3);
    assert_true(str_is(c.steps[0], "from(bucket: \"b\")"));
    assert_true(str_is(c.steps[2], "filter(fn: (r) => r.x == \"|> )\")"));
    assert_true(scan_flux(text, &at, &c));
    assert_int_equal(c.n_steps, 2);
    assert_false(scan_flux(text, &at, &c));
}

static void test_graphite(void **state UNUSED)
{
    const struct str text =
        STR("alias(sumSeries(a.b.*, seriesByTag('name=x.y', \"r=~^(a,b)$\"), 0.5), 'not.a.path')");
    struct scan_series s;
    size_t at = 0;

    assert_true(scan_graphite(text, &at, &s));
    assert_true(str_is(s.path, "a.b.*"));
    assert_true(scan_graphite(text, &at, &s));
    assert_int_equal(s.n_tags, 2);
    assert_true(str_is(s.tags[0], "name=x.y") && str_is(s.tags[1], "r=~^(a,b)$"));
    assert_false(scan_graphite(text, &at, &s));
}

/* Nothing that is cut off anywhere is read beyond its end, nor for ever. */
static void test_any_beginning(void **state UNUSED)
{
    static const char *const texts[] = {
        "sum by (le) (rate(a{b=\"c\"}[5m]))",
        "SELECT mean(\"v\") FROM (SELECT x FROM \"p\".\"m\" WHERE \"a\" =~ /x\\/y/ AND (b = 'c')) GROUP BY time(1s)",
        "a = from(bucket: \"b\") |> range(start: -1h) |> filter(fn: (r) => r.x == \"y\")",
        "alias(seriesByTag('name=x', 'y=z'), \"q\")",
    };

    for (size_t i = 0; i < countof(texts); i++) {
        for (size_t n = 0; n <= strlen(texts[i]); n++) {
            char *copy = test_malloc(n + 1);
            struct str text = str_from(memcpy(copy, texts[i], n), n);
            struct scan_selector selector;
            struct scan_select select;
            struct scan_chain chain;
            struct scan_series series;

            for (size_t at = 0; scan_promql(text, &at, &selector);)
                assert_true(at <= n);
            (void)scan_influxql(text, &select);
            for (size_t at = 0; scan_flux(text, &at, &chain);)
                assert_true(at <= n);
            for (size_t at = 0; scan_graphite(text, &at, &series);)
                assert_true(at <= n);
            test_free(copy);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_promql),        cmocka_unit_test(test_influxql),
        cmocka_unit_test(test_flux),          cmocka_unit_test(test_graphite),
        cmocka_unit_test(test_any_beginning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
