#include "dashboard/graphite_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"

static void accept(const char *target)
{
    struct query_error e = {0};

    if (graphite_check(str_of(target), &e))
        fail_msg("%s\n at %zu: %s", target, e.at, e.text);
}

static void refuse(const char *target, const char *why)
{
    struct query_error e = {0};

    if (graphite_check(str_of(target), &e) != QUERY_E_SYNTAX)
        fail_msg("%s is taken for right", target);
    if (!strstr(e.text, why))
        fail_msg("%s\n says '%s', not '%s'", target, e.text, why);
    assert_true(e.at <= strlen(target));
}

static void test_accepts(void **state UNUSED)
{
    accept("a.b.c");
    accept("a.{b,c}*.[0-9]?.d");
    accept("seriesByTag('name=lp.run_results.run.latency.p95_ms', 'run_id=~${run_id:regex}')");
    accept("aliasByTags(sumSeries(a.$host.*), 'name', \"run\")");
    accept("asPercent(#A, #B)");
    accept("movingAverage(a.b, '5min', xFilesFactor=0.5)");
    accept("summarize(a, \"1min\", func='sum', alignToFrom=true)");
    accept("scale(a, 0.01) | alias('x')");
    accept("randomWalk(\"x\")");
    accept("a;tag=b");
    accept("$target");
    accept("${function}(a)");
    accept("[[host]].cpu");
    accept("time()");
}

static void test_refuses(void **state UNUSED)
{
    refuse("", "empty");
    refuse("sumSeries(a.b", "never closed");
    refuse("sumSeries(a.b))", "one too many");
    refuse("a.{b,c", "'{' is never closed");
    refuse("alias(a, 'b)", "does not end");
    refuse("aliasByTag(a)", "did you mean 'aliasByTags'");
    refuse("alias(a 'b')", "',' or ')'");
    refuse("alias(,)", "is due here");
    refuse("alias(a, \\\"b\\\")", "escaped once too often");
    refuse("a |", "is due here");
    refuse("a b", "one too many");
}

static void test_depth_has_a_limit(void **state UNUSED)
{
    scoped(buf_fini) struct buf deep = {0};

    for (int i = 0; i < 100; i++)
        buf_puts(&deep, "abs(");
    refuse("abs(a)", "no function");
    buf_reset(&deep);
    for (int i = 0; i < 100; i++)
        buf_puts(&deep, "absolute(");
    refuse(buf_cstr(&deep), "too deep");
    for (int i = 0; i < QUERY_BYTES_MAX; i++)
        buf_putc(&deep, 'x');
    refuse(buf_cstr(&deep), "bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_depth_has_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
