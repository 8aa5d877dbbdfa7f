#include "report/humanize.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check(double value, enum metric_contains contains, enum time_unit unit,
                  const char *expected)
{
    struct buf out = {0};

    humanize(&out, value, contains, unit);
    assert_string_equal(buf_cstr(&out), expected);
    buf_fini(&out);
}

static void picks_the_unit_of_a_time(void **state)
{
    static const struct {
        double ms;
        const char *text;
    } cases[] = {
        {0, "0s"},           {0.000595, "595ns"},   {0.0019, "1.9µs"},     {0.70706, "707.06µs"},
        {1, "1ms"},          {132.459, "132.45ms"}, {999.999, "999.99ms"}, {1000, "1s"},
        {1897.9, "1.89s"},   {59999.99, "59.99s"},  {60000, "1m0s"},       {246913.5, "4m6s"},
        {3725000, "1h2m5s"}, {4552.275, "4.55s"},   {1300, "1.3s"},
    };

    (void)state;
    for (size_t i = 0; i < countof(cases); i++)
        check(cases[i].ms, CONTAINS_TIME, TIME_UNIT_AUTO, cases[i].text);
}

static void keeps_a_unit_that_was_asked_for(void **state)
{
    (void)state;
    check(132.456, CONTAINS_TIME, TIME_UNIT_S, "0.13s");
    check(132.456, CONTAINS_TIME, TIME_UNIT_MS, "132.46ms");
    check(132.456, CONTAINS_TIME, TIME_UNIT_US, "132456.00µs");
    assert_int_equal(time_unit_of("us"), TIME_UNIT_US);
    assert_int_equal(time_unit_of("x"), TIME_UNIT_AUTO);
    assert_int_equal(time_unit_of(""), TIME_UNIT_AUTO);
}

static void shows_bytes(void **state)
{
    static const struct {
        double bytes;
        const char *text;
    } cases[] = {
        {0, "0 B"},       {9, "9 B"},         {502.03, "502 B"},   {3075, "3.1 kB"},
        {42635, "43 kB"}, {6960.7, "7.0 kB"}, {1234567, "1.2 MB"}, {999949, "1000 kB"},
        {5e9, "5.0 GB"},  {12e12, "12 TB"},
    };

    (void)state;
    for (size_t i = 0; i < countof(cases); i++)
        check(cases[i].bytes, CONTAINS_DATA, TIME_UNIT_AUTO, cases[i].text);
}

static void shows_plain_numbers(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {5, "5"},
        {3.141592653, "3.141593"},
        {0.1, "0.1"},
        {-4, "-4"},
        {6.69377211, "6.693772"},
        {100, "100"},
        {1e-9, "0"},
        {-1e-9, "0"},
        {1e21, "1e+21"},
        {127612.813498, "127612.813498"},
    };

    (void)state;
    for (size_t i = 0; i < countof(cases); i++)
        check(cases[i].value, CONTAINS_DEFAULT, TIME_UNIT_AUTO, cases[i].text);
    check(NAN, CONTAINS_TIME, TIME_UNIT_AUTO, "NaN");
    check(INFINITY, CONTAINS_DATA, TIME_UNIT_AUTO, "Infinity");
}

static void never_rounds_a_share_up(void **state)
{
    static const struct {
        double share;
        const char *text;
    } cases[] = {{0, "0.00%"}, {1, "100.00%"}, {0.99999, "99.99%"}, {20.0 / 41, "48.78%"}};
    struct buf out = {0};

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        buf_reset(&out);
        humanize_share(&out, cases[i].share);
        assert_string_equal(buf_cstr(&out), cases[i].text);
    }
    buf_fini(&out);
}

static void counts_characters_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(text_columns(STR("1.5µs")), 5);
    assert_int_equal(text_columns(STR("↳ é")), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(picks_the_unit_of_a_time),
        cmocka_unit_test(keeps_a_unit_that_was_asked_for),
        cmocka_unit_test(shows_bytes),
        cmocka_unit_test(shows_plain_numbers),
        cmocka_unit_test(never_rounds_a_share_up),
        cmocka_unit_test(counts_characters_not_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
