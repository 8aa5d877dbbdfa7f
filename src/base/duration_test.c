#include "base/duration.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static span_ns parsed(const char *text)
{
    span_ns span = -77;

    assert_int_equal(duration_parse(str_of(text), &span), 0);
    return span;
}

static void reads_units_and_sums(void **state)
{
    (void)state;
    assert_int_equal(parsed("1h2m3.5s"), 3723 * NS_PER_S + 500 * NS_PER_MS);
    assert_int_equal(parsed("250ms"), 250 * NS_PER_MS);
    assert_int_equal(parsed("7ns"), 7);
    assert_int_equal(parsed("1.5us"), 1500);
    assert_int_equal(parsed("3µs"), 3000);
    assert_int_equal(parsed("3μs"), 3000);
    assert_int_equal(parsed(".5s"), 500 * NS_PER_MS);
    assert_int_equal(parsed("-1m"), -60 * NS_PER_S);
    assert_int_equal(parsed("0.1s"), 100 * NS_PER_MS);
    assert_int_equal(parsed("0.3ms"), 300000);
}

static void reads_bare_numbers_as_milliseconds_and_days(void **state)
{
    (void)state;
    assert_int_equal(parsed("1500"), 1500 * NS_PER_MS);
    assert_int_equal(parsed("0.5"), 500000);
    assert_int_equal(parsed("0"), 0);
    assert_int_equal(parsed("1d"), 86400 * NS_PER_S);
    assert_int_equal(parsed("1d12h"), 129600 * NS_PER_S);
    assert_int_equal(parsed("-2d1s"), -172801 * NS_PER_S);
}

static void refuses_what_is_no_duration(void **state)
{
    static const char *const wrong[] = {
        "", "s", "1x", "1s ", "1.2.3s", "1dd", "1.5d", "999999h9999999h", "d", "10000000000h"};
    span_ns span = 0;

    (void)state;
    for (size_t i = 0; i < countof(wrong); i++)
        assert_int_equal(duration_parse(str_of(wrong[i]), &span), DURATION_E_SYNTAX);
    assert_int_equal(duration_from_ms(NAN, &span), DURATION_E_SYNTAX);
    assert_int_equal(duration_from_ms(1e300, &span), DURATION_E_SYNTAX);
}

static void the_strict_form_wants_a_unit(void **state)
{
    span_ns span = 0;

    (void)state;
    assert_int_equal(duration_parse_strict(STR("10"), &span), DURATION_E_SYNTAX);
    assert_int_equal(duration_parse_strict(STR("1d"), &span), DURATION_E_SYNTAX);
    assert_int_equal(duration_parse_strict(STR("0"), &span), 0);
    assert_int_equal(duration_parse_strict(STR("10s"), &span), 0);
    assert_int_equal(span, 10 * NS_PER_S);
}

static void prints_as_it_is_written(void **state)
{
    static const struct {
        span_ns span;
        const char *text;
    } cases[] = {
        {0, "0s"},
        {90 * NS_PER_S, "1m30s"},
        {1500 * NS_PER_MS, "1.5s"},
        {7200 * NS_PER_S, "2h0m0s"},
        {60 * NS_PER_S, "1m0s"},
        {250 * NS_PER_MS, "250ms"},
        {1234567, "1.234567ms"},
        {1500, "1.5µs"},
        {999, "999ns"},
        {-1500 * NS_PER_MS, "-1.5s"},
        {100 * NS_PER_S, "1m40s"},
        {600 * NS_PER_S, "10m0s"},
        {INT64_MAX, "2562047h47m16.854775807s"},
        {INT64_MIN, "-2562047h47m16.854775808s"},
    };
    char text[DURATION_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < countof(cases); i++)
        assert_string_equal(duration_format(cases[i].span, text), cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_units_and_sums),
        cmocka_unit_test(reads_bare_numbers_as_milliseconds_and_days),
        cmocka_unit_test(refuses_what_is_no_duration),
        cmocka_unit_test(the_strict_form_wants_a_unit),
        cmocka_unit_test(prints_as_it_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
