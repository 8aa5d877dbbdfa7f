#include "dashboard/promql_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"

static void accept(const char *query)
{
    struct query_error e = {0};

    if (promql_check(str_of(query), NULL, NULL, &e))
        fail_msg("%s\n at %zu: %s", query, e.at, e.text);
}

static void refuse(const char *query, const char *why)
{
    struct query_error e = {0};

    if (promql_check(str_of(query), NULL, NULL, &e) != QUERY_E_SYNTAX)
        fail_msg("%s is taken for right", query);
    if (!strstr(e.text, why))
        fail_msg("%s\n says '%s', not '%s'", query, e.text, why);
    assert_true(e.at <= strlen(query));
}

static void test_accepts(void **state UNUSED)
{
    static const char *const queries[] = {
        "up",
        "1",
        "-1.5e-3 + 0x1F",
        "\"text\"",
        "sum(a) by (x, y)",
        "sum by (x,) (a)",
        "SUM BY (x) (a)",
        "sum(rate(a_total{job=~\"$job\", instance!=\"x\"}[$__rate_interval]))",
        "histogram_quantile($quantile, sum by(le) (rate(a{t=~\"$t\"}[$__rate_interval])))",
        "avg(k6_http_req_duration_$quantile_stat{testid=~\"$testid\"})",
        "k6_${stat:raw}_total[[part]]",
        "100 * (sum by(s, t) (a{t=~\"$t\"}) / on() group_left() sum(a) )",
        "a / ignoring(x) group_right(y, z) b",
        "a == bool 1 and b > 2 or c unless d",
        "2 ^ 3 ^ -a % b atan2 c",
        "(histogram_sum(rate($metrics{t=~\"$t\"}[5m]))\n/\nhistogram_count(rate($metrics[5m]))) ",
        "max_over_time(rate(a[1m])[1h:30s])",
        "max_over_time((a + b)[1h:])",
        "a offset 5m",
        "rate(a[1y2w3d4h5m6s7ms])",
        "a offset -1h30m",
        "rate(a[5m] offset $shift)",
        "a @ 1609746000",
        "a @ end()",
        "rate(a[5m] @ start() offset 1m)",
        "{__name__=~\"brunt_.+\"}",
        "{\"a.metric\", \"a label\"=\"x\"}",
        "{a=~\".+\"}",
        "{a!=\"\"}",
        "{a=~\"$b\"}",
        "{$matchers}",
        "by + offset",
        "a{$matchers, b='c'}",
        "a{b=~${v:doublequote}}",
        "topk($n, a)",
        "topk(5, sum by (a) (b))",
        "count_values(\"v\", a)",
        "quantile(0.9, a)",
        "label_replace(a, \"x\", \"$1\", \"y\", \"(.*)\")",
        "label_join(a, \"x\", \",\", \"b\", \"c\")",
        "time() - brunt_run_start_timestamp_seconds",
        "vector(1)",
        "scalar(sum(a))",
        "day_of_week()",
        "clamp_max(a, 5)",
        "$expression",
        "${expression:raw}",
        "$function(a[5m])",
        "rate(a[${n}m])",
        "rate(a[[[interval]]])",
        "a # and a comment\n + b",
        "count(count by (instance) (up))",
        "count by (a) (b)",
        "inf - NaN",
        "node:cpu:ratio",
        "sum without () (a)",
        "absent(up{job=\"a\"})",
        "round(a, 0.1)*100",
        "quantile_over_time(0.95, a[$__range])",
        "rate(a[$__range_s:1m])",
        "changes(a[$__interval])",
    };

    for (size_t i = 0; i < countof(queries); i++)
        accept(queries[i]);
}

static void test_refuses(void **state UNUSED)
{
    static const struct {
        const char *query, *why;
    } cases[] = {
        {"", "ends where a metric"},
        {"sum(a", "ends where"},
        {"sum(a))", "stands where an operator or the end"},
        {"a{b=\"c\"", "ends where"},
        {"a{b=\"c}", "does not end"},
        {"a{b}", "one of = != =~ !~"},
        {"a{b=c}", "a value in quotes"},
        {"a{b=$c}", "has no quotes"},
        {"a{b:c=\"d\"}", "a label"},
        {"{}", "every metric"},
        {"{a=~\".*\", b!=\"c\"}", "every metric"},
        {"a{__name__=\"b\"}", "named twice"},
        {"a{\"b\"}", "named twice"},
        {"ignoring + 1", "stands where"},
        {"rate(a)", "needs a range"},
        {"rate(sum(a))", "needs a range"},
        {"abs(a[5m])", "takes a vector here"},
        {"a[5m]", "cannot be drawn"},
        {"a[5m] + b", "cannot stand beside"},
        {"a[5x]", "no duration"},
        {"a[]", "no duration"},
        {"a[1m1m]", "no duration"},
        {"a[1s5m]", "no duration"},
        {"a[5m", "does not end"},
        {"rate(a[5m:x])", "no duration"},
        {"sum(a)[5m]", "subquery"},
        {"a[5m][5m]", "belongs behind a metric"},
        {"ratee(a[5m])", "did you mean 'rate'"},
        {"nothing_like_it(a)", "no function"},
        {"round(a, 1, 2)", "fewer arguments"},
        {"round(a, )", "another argument"},
        {"histogram_quantile(0.9)", "more arguments"},
        {"histogram_quantile(a, b)", "takes a number"},
        {"topk(a)", "gets a vector"},
        {"sum by (a) (b) by (c)", "twice"},
        {"sum by a (b)", "'('"},
        {"1 == 2", "bool"},
        {"1 and a", "a number cannot"},
        {"a or on (b) group_left (c) d", "no group_left"},
        {"a + bool b", "behind a comparison"},
        {"a + \"b\"", "a string cannot"},
        {"a b", "stands where"},
        {"a +", "ends where"},
        {"a offset b", "a duration"},
        {"a @ b", "a time in seconds"},
        {"a;", "no meaning"},
        {"rate(a{b=\\\"c\\\"}[5m])", "escaped once too often"},
        {"5zz", "no number"},
        {"-\"a\"", "no sign"},
        {"a \xc3\xa9", "no meaning"},
    };

    for (size_t i = 0; i < countof(cases); i++)
        refuse(cases[i].query, cases[i].why);
}

static void test_depth_and_length_have_limits(void **state UNUSED)
{
    scoped(buf_fini) struct buf deep = {0};

    for (int i = 0; i < 50; i++)
        buf_putc(&deep, '(');
    buf_puts(&deep, "a");
    for (int i = 0; i < 50; i++)
        buf_putc(&deep, ')');
    accept(buf_cstr(&deep));
    buf_reset(&deep);
    for (int i = 0; i < 100000 / 2; i++)
        buf_putc(&deep, i % 2 ? '-' : '(');
    refuse(buf_cstr(&deep), "too deep");
    for (int i = 0; i < 100000 / 2; i++)
        buf_putc(&deep, '(');
    refuse(buf_cstr(&deep), "bytes");
}

/* What the panels of public dashboards ask, from the file that the sinks are tested with. */
static void test_accepts_public_panels(void **state UNUSED)
{
    FILE *f = fopen("tests/sinks/dashboards.txt", "r");
    char line[1000];
    int n = 0;

    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        if (!line[0] || line[0] == '#')
            continue;
        accept(line[0] == '-' ? line + 2 : line);
        n++;
    }
    fclose(f);
    assert_true(n > 50);
}

static void put_selector(void *arg, const struct promql_selector *s)
{
    struct buf *out = arg;

    buf_printf(out, "%.*s/%.*s/%.*s", STR_ARG(s->name), STR_ARG(s->range), STR_ARG(s->call));
    for (size_t i = 0; i < s->n_matchers; i++) {
        buf_printf(out, " %.*s%.*s%.*s", STR_ARG(s->matchers[i].label), STR_ARG(s->matchers[i].op),
                   STR_ARG(s->matchers[i].value));
    }
    buf_puts(out, s->open ? " open;" : ";");
}

static void tells(const char *query, const char *expected)
{
    scoped(buf_fini) struct buf out = {0};
    struct query_error e;

    assert_int_equal(promql_check(str_of(query), put_selector, &out, &e), 0);
    assert_string_equal(buf_cstr(&out), expected);
}

static void test_tells_selectors(void **state UNUSED)
{
    tells("a", "a//;");
    tells("sum(rate(a_total{x=\"y\",z!~'w'}[5m])) / b{$m}", "a_total/5m/rate x=y z!~w;b// open;");
    tells("rate(sum(a)[5m:])", "a//;");
    tells("abs(a) + c", "a//abs;c//;");
    tells("{__name__=\"m\"}", "m// __name__=m;");
    tells("{\"m.n\", a=\"b\"}", "m.n// a=b;");
    tells("delta(m_$x[$__range] )", "m_$x/$__range/delta;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_accepts_public_panels),
        cmocka_unit_test(test_depth_and_length_have_limits),
        cmocka_unit_test(test_tells_selectors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
