#include "dashboard/query_fill.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "dashboard/query_format.h"
#include "dashboard/query_time.h"

static const struct str one[] = {{"home", 4}};
static const struct str two[] = {{"a.b", 3}, {"c/d", 3}};
static const struct str odd[] = {{"it's \"x\\y\"", 10}};

static const struct query_value values[] = {
    {.name = {"one", 3}, .values = one, .n_values = 1},
    {.name = {"multi", 5}, .values = two, .n_values = 2, .is_list = true},
    {.name = {"single", 6}, .values = two, .n_values = 1, .is_list = true},
    {.name = {"all", 3}, .values = two, .n_values = 2, .raw = {".*", 2}, .is_list = true},
    {.name = {"odd", 3}, .values = odd, .n_values = 1},
    {.name = {"none", 4}, .is_list = true},
};

static const struct query_context context = {
    .values = values,
    .n_values = countof(values),
    .from = 1700000000123 * NS_PER_MS,
    .to = 1700000900123 * NS_PER_MS,
    .interval = 15 * NS_PER_S,
    .scrape = 15 * NS_PER_S,
    .bucket = {"load \"tests\"", 12},
    .organization = {"me", 2},
};

static void assert_fill(enum query_kind kind, const char *text, const char *wanted)
{
    struct buf out = {0};

    assert_int_equal(query_fill(kind, str_of(text), &context, &out), 0);
    assert_string_equal(buf_cstr(&out), wanted);
    buf_fini(&out);
}

static void test_writings(void **state UNUSED)
{
    assert_fill(QUERY_PROMETHEUS, "$one ${one} [[one]] ${one:raw} [[one:csv]]",
                "home home home home home");
    assert_fill(QUERY_PROMETHEUS, "a{b=\"$one\"}[5m] $ $$one ${ } [[",
                "a{b=\"home\"}[5m] $ $home ${ } [[");
    assert_fill(QUERY_PROMETHEUS, "$nobody ${nobody:regex} [[nobody]]",
                "$nobody ${nobody:regex} [[nobody]]");
    assert_fill(QUERY_PROMETHEUS, "x_$one_y x_${one}_y", "x_$one_y x_home_y");
    assert_fill(QUERY_PROMETHEUS, "-$none-", "--");
}

/* What stands where nothing is said of the format. */
static void test_data_sources(void **state UNUSED)
{
    assert_fill(QUERY_PROMETHEUS, "$multi", "(a\\\\.b|c/d)");
    assert_fill(QUERY_PROMETHEUS, "$single", "a\\\\.b");
    assert_fill(QUERY_PROMETHEUS, "$all", ".*");
    assert_fill(QUERY_PROMETHEUS, "$odd", "it\\'s \"x\\\\y\"");
    assert_fill(QUERY_INFLUXQL, "/^$multi$/", "/^(a\\.b|c\\/d)$/");
    assert_fill(QUERY_INFLUXQL, "$odd", "it's \"x\\y\"");
    assert_fill(QUERY_FLUX, "$multi", "{a.b,c/d}");
    assert_fill(QUERY_GRAPHITE, "x.$multi.y", "x.{a.b,c/d}.y");
}

static void test_formats(void **state UNUSED)
{
    static const struct {
        const char *format, *wanted;
    } cases[] = {
        {"regex", "(a\\.b|c\\/d)"},
        {"pipe", "a.b|c/d"},
        {"csv", "a.b,c/d"},
        {"raw", "a.b,c/d"},
        {"glob", "{a.b,c/d}"},
        {"doublequote", "\"a.b\",\"c/d\""},
        {"singlequote", "'a.b','c/d'"},
        {"sqlstring", "'a.b','c/d'"},
        {"json", "[\"a.b\",\"c/d\"]"},
        {"text", "a.b + c/d"},
        {"percentencode", "a.b%2Cc%2Fd"},
        {"lucene", "(\"a.b\" OR \"c\\/d\")"},
        {"unheard-of", "{a.b,c/d}"},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        struct buf out = {0};

        assert_int_equal(query_format(str_of(cases[i].format), two, 2, &out), 0);
        assert_string_equal(buf_cstr(&out), cases[i].wanted);
        buf_fini(&out);
    }
    assert_fill(QUERY_FLUX, "/${single:regex}/ ${odd:sqlstring} ${odd:doublequote}",
                "/a\\.b/ 'it''s \"x\\y\"' \"it's \\\"x\\y\\\"\"");
}

static void test_time(void **state UNUSED)
{
    assert_fill(QUERY_PROMETHEUS,
                "$__interval ${__interval_ms} $__rate_interval $__range $__range_s ${__range_ms}",
                "15s 15000 1m 900s 900 900000");
    assert_fill(QUERY_INFLUXQL, "WHERE $timeFilter GROUP BY time($__interval)",
                "WHERE time >= 1700000000123ms and time <= 1700000900123ms GROUP BY time(15s)");
    assert_fill(QUERY_GRAPHITE, "${__from} $__to ${__from:date:seconds} ${__to:date:iso}",
                "1700000000123 1700000900123 1700000000 2023-11-14T22:28:20.123Z");
}

static void test_flux(void **state UNUSED)
{
    assert_fill(
        QUERY_FLUX,
        "from(bucket: v.defaultBucket) |> range(start: v.timeRangeStart, stop: w.timeRangeStop)",
        "from(bucket: \"load \\\"tests\\\"\") |> range(start: 2023-11-14T22:13:20.123Z, stop: "
        "2023-11-14T22:28:20.123Z)");
    assert_fill(QUERY_FLUX, "every: v.windowPeriod, r.host, v.organization, x.windowPeriods",
                "every: 15000ms, r.host, \"me\", x.windowPeriods");
    assert_fill(QUERY_PROMETHEUS, "v.windowPeriod", "v.windowPeriod");
}

static void test_scoped_come_first(void **state UNUSED)
{
    const struct query_value own = {
        .name = {"multi", 5}, .values = one, .n_values = 1, .is_list = true};
    struct query_context c = context;
    struct buf out = {0};

    c.scoped = &own;
    c.n_scoped = 1;
    assert_int_equal(query_fill(QUERY_PROMETHEUS, STR("$multi $one"), &c, &out), 0);
    assert_string_equal(buf_cstr(&out), "home home");
    buf_reset(&out);
    assert_int_equal(query_fill_title(STR("$multi: ${all}"), &c, &out), 0);
    assert_string_equal(buf_cstr(&out), "home: All");
    buf_fini(&out);
}

static void test_references(void **state UNUSED)
{
    struct query_target targets[] = {
        {.ref_id = STR("A"), .text = STR("a.b")},
        {.ref_id = STR("B"), .text = STR("sum(#A)")},
        {.ref_id = STR("C"), .text = STR("diff(#B, #A, #AB)")},
        {.ref_id = STR("D"), .text = STR("#D#D")},
        {.ref_id = STR("E"), .text = STR("#X")},
    };
    struct query_panel panel = {.targets = targets, .n_targets = countof(targets)};
    struct buf out = {0};

    assert_int_equal(query_fill_references(&panel, targets[2].text, &out), 0);
    assert_string_equal(buf_cstr(&out), "diff(sum(a.b), a.b, #AB)");
    assert_int_equal(query_fill_references(&panel, targets[3].text, &out), -EINVAL);
    assert_int_equal(query_fill_references(&panel, targets[4].text, &out), -EINVAL);
    assert_non_null(strstr(fault_text(), "#X"));
    buf_fini(&out);
}

/* ---- times ---- */

static void assert_time(const char *text, bool is_end, int64_t ms)
{
    wall_ns at;

    assert_int_equal(query_time_parse(str_of(text), 1700000000123 * NS_PER_MS, is_end, &at), 0);
    assert_int_equal(at / NS_PER_MS, ms);
}

static void test_times(void **state UNUSED)
{
    static const char *const wrong[] = {"",
                                        "later",
                                        "now-",
                                        "now-5",
                                        "now-5x",
                                        "now/",
                                        "now-5m garbage",
                                        "2023-13-01",
                                        "-5",
                                        "now-9999999y",
                                        "2023-11-14T22:13:20.1e9Z",
                                        "99999999-01-01"};
    wall_ns at;

    assert_time("now", false, 1700000000123);
    assert_time("now-15m", false, 1700000000123 - 900000);
    assert_time("now-1h-5m", false, 1700000000123 - 3900000);
    assert_time("now/d", false, 1699920000000);
    assert_time("now/d", true, 1700006399999);
    assert_time("now-1M/M", false, 1696118400000);
    assert_time("1700000000123", false, 1700000000123);
    assert_time("2023-11-14T22:13:20.250Z", false, 1700000000250);
    assert_time("2023-11-14", false, 1699920000000);
    for (size_t i = 0; i < countof(wrong); i++)
        assert_int_equal(query_time_parse(str_of(wrong[i]), 1700000000123 * NS_PER_MS, false, &at),
                         -EINVAL);
}

static void test_intervals(void **state UNUSED)
{
    char text[QUERY_SPAN_BYTES];

    assert_int_equal(query_interval(900 * NS_PER_S, 1000, 0), NS_PER_S);
    assert_int_equal(query_interval(900 * NS_PER_S, 1000, 15 * NS_PER_S), 15 * NS_PER_S);
    assert_int_equal(query_interval(6 * 3600 * NS_PER_S, 1000, 0), 20 * NS_PER_S);
    assert_int_equal(query_interval(300 * NS_PER_S, 1000, 0), 200 * NS_PER_MS);
    assert_string_equal(query_span_text(200 * NS_PER_MS, text), "200ms");
    assert_string_equal(query_span_text(60 * NS_PER_S, text), "1m");
    assert_int_equal(query_span_parse(STR(">10s")), 10 * NS_PER_S);
    assert_int_equal(query_span_parse(STR("2")), 2 * NS_PER_S);
    assert_int_equal(query_span_parse(STR("x")), 0);
    assert_int_equal(query_span_parse(STR("999999999y")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writings),   cmocka_unit_test(test_data_sources),
        cmocka_unit_test(test_formats),    cmocka_unit_test(test_time),
        cmocka_unit_test(test_flux),       cmocka_unit_test(test_scoped_come_first),
        cmocka_unit_test(test_references), cmocka_unit_test(test_times),
        cmocka_unit_test(test_intervals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
