#include "base/json_out.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"

static void fill(struct json_out *j)
{
    json_open_object(j);
    json_key(j, "a");
    json_put_int(j, INT64_MIN);
    json_key(j, "list");
    json_open_array(j);
    json_put_bool(j, true);
    json_put_null(j);
    json_put_cstr(j, NULL);
    json_put_cstr(j, "x");
    json_open_object(j);
    json_close(j);
    json_open_array(j);
    json_close(j);
    json_close(j);
    json_key(j, "n");
    json_put_u64(j, UINT64_MAX);
    json_key(j, "raw");
    json_put_raw(j, STR("[1]"));
    json_close(j);
}

static void puts_commas_by_itself(void **state)
{
    struct buf out = {0};
    struct json_out j = JSON_OUT(&out, 0);

    (void)state;
    fill(&j);
    assert_string_equal(buf_cstr(&out),
                        "{\"a\":-9223372036854775808,\"list\":[true,null,null,\"x\","
                        "{},[]],\"n\":18446744073709551615,\"raw\":[1]}");
    buf_fini(&out);
}

static void indents(void **state)
{
    struct buf out = {0};
    struct json_out j = JSON_OUT(&out, 2);

    (void)state;
    fill(&j);
    assert_string_equal(buf_cstr(&out),
                        "{\n  \"a\": -9223372036854775808,\n  \"list\": [\n    true,\n    null,\n"
                        "    null,\n    \"x\",\n    {},\n    []\n  ],\n"
                        "  \"n\": 18446744073709551615,\n  \"raw\": [1]\n}");
    buf_fini(&out);
}

static void escapes_strings(void **state)
{
    struct buf out = {0};

    (void)state;
    json_quote(&out, STR("a\"b\\c\n\t\x01\x1f z"));
    assert_string_equal(buf_cstr(&out), "\"a\\\"b\\\\c\\n\\t\\u0001\\u001f z\"");
    buf_reset(&out);
    json_quote(&out, STR("é€😀"));
    assert_string_equal(buf_cstr(&out), "\"é€😀\"");
    buf_reset(&out);
    json_quote(&out, str_from(NULL, 0));
    assert_string_equal(buf_cstr(&out), "\"\"");
    buf_fini(&out);
}

/* Cut short, overlong, surrogates, beyond U+10FFFF: each bad byte becomes one U+FFFD. */
static void mends_bytes_that_are_not_utf8(void **state)
{
    static const struct {
        struct str in;
        const char *text;
    } cases[] = {
        {STR("a\xff"), "\"a\xef\xbf\xbd\""},
        {STR("\xc3"), "\"\xef\xbf\xbd\""},
        {STR("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {STR("\xc0\x80z"), "\"\xef\xbf\xbd\xef\xbf\xbdz\""},
        {STR("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {STR("\xf4\x90\x80\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    struct buf out = {0};

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        buf_reset(&out);
        json_quote(&out, cases[i].in);
        assert_string_equal(buf_cstr(&out), cases[i].text);
    }
    buf_fini(&out);
}

static void prints_numbers_as_javascript_does(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "0"},
        {1, "1"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {0.05, "0.05"},
        {0.000001, "0.000001"},
        {0.0000012, "0.0000012"},
        {1e-7, "1e-7"},
        {1.25e-7, "1.25e-7"},
        {123456789012345680000.0, "123456789012345680000"},
        {1e21, "1e+21"},
        {1.5e300, "1.5e+300"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {9007199254740993.0, "9007199254740992"},
        {100, "100"},
        {132.456789, "132.456789"},
    };
    char text[JSON_NUMBER_BYTES];

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(json_number(cases[i].value, text), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
    }
}

/* Significant digits of a number's text. */
static int digits_of(const char *text)
{
    int n = 0, zeros = 0;

    for (const char *p = text; *p && *p != 'e'; p++) {
        if (!ascii_digit(*p) || (n == 0 && *p == '0'))
            continue;
        n++;
        zeros = *p == '0' ? zeros + 1 : 0;
    }
    return n - zeros;
}

static int fewest_digits(double value)
{
    char text[40];
    int n = 1;

    while (snprintf(text, sizeof(text), "%.*e", n - 1, value), strtod(text, NULL) != value)
        n++;
    return n;
}

static void numbers_are_short_and_read_back(void **state)
{
    char text[JSON_NUMBER_BYTES];
    struct rng r;

    (void)state;
    rng_seed(&r, 3);
    for (int i = 0; i < 20000; i++) {
        uint64_t n = 1 + rng_below(&r, UINT64_C(1) << (1 + i % 62));
        double value = i % 3 == 0   ? (double)n / 1e6
                       : i % 3 == 1 ? (double)n / 1e6 * (1 + DBL_EPSILON)
                                    : (double)n / 1e9;

        size_t length = json_number(value, text);

        assert_int_equal(length, strlen(text));
        assert_true(strtod(text, NULL) == value);
        assert_int_equal(digits_of(text), fewest_digits(value));
    }
}

static void knows_no_infinity(void **state)
{
    struct buf out = {0};
    struct json_out j = JSON_OUT(&out, 0);

    (void)state;
    json_open_array(&j);
    json_put_f64(&j, INFINITY);
    json_put_f64(&j, NAN);
    json_put_f64(&j, 2.5);
    json_close(&j);
    assert_string_equal(buf_cstr(&out), "[null,null,2.5]");
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_commas_by_itself),
        cmocka_unit_test(indents),
        cmocka_unit_test(escapes_strings),
        cmocka_unit_test(mends_bytes_that_are_not_utf8),
        cmocka_unit_test(prints_numbers_as_javascript_does),
        cmocka_unit_test(numbers_are_short_and_read_back),
        cmocka_unit_test(knows_no_infinity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
