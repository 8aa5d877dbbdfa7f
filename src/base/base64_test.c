/* RFC 4648 section 10, and what a decoder must refuse. */
#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_round(enum base64_form form, struct str data, const char *text)
{
    struct buf out = {0};

    assert_int_equal(base64_encode(form, data, &out), 0);
    assert_string_equal(buf_cstr(&out), text);
    assert_int_equal(base64_size(form, data.n), strlen(text));
    buf_reset(&out);
    assert_int_equal(base64_decode(form, str_of(text), &out, NULL), 0);
    assert_true(str_eq(buf_str(&out), data));
    buf_fini(&out);
}

static void test_vectors(void **state UNUSED)
{
    static const char *const padded[] = {"",         "Zg==",     "Zm8=",    "Zm9v",
                                         "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    static const char *const raw[] = {"", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy"};

    for (size_t n = 0; n <= 6; n++) {
        assert_round(BASE64_STD, str_from("foobar", n), padded[n]);
        assert_round(BASE64_URL, str_from("foobar", n), padded[n]);
        assert_round(BASE64_RAWSTD, str_from("foobar", n), raw[n]);
        assert_round(BASE64_RAWURL, str_from("foobar", n), raw[n]);
    }
    assert_round(BASE64_STD, STR("\xfb\xff\xfe"), "+//+");
    assert_round(BASE64_RAWURL, STR("\xfb\xff\xfe"), "-__-");
}

static void test_corrupt(void **state UNUSED)
{
    static const struct {
        enum base64_form form;
        const char *text;
        size_t at;
    } cases[] = {
        {BASE64_STD, "Zg", 2},    {BASE64_STD, "Zg=", 3},     {BASE64_STD, "Z", 1},
        {BASE64_STD, "Zg==x", 4}, {BASE64_STD, "Zm9v=", 4},   {BASE64_STD, "Zm-v", 2},
        {BASE64_URL, "Zm+v", 2},  {BASE64_RAWSTD, "Zg==", 2}, {BASE64_RAWURL, "Zm9vY", 5},
        {BASE64_STD, "====", 0},  {BASE64_STD, "Z===", 1},    {BASE64_STD, "Zm9v Zm9v", 4},
    };
    struct buf out = {0};

    for (size_t i = 0; i < countof(cases); i++) {
        size_t at = 999;

        buf_reset(&out);
        assert_int_equal(base64_decode(cases[i].form, str_of(cases[i].text), &out, &at),
                         BASE64_E_CORRUPT);
        assert_int_equal(at, cases[i].at);
    }
    buf_fini(&out);
}

static void test_line_ends(void **state UNUSED)
{
    struct buf out = {0};

    assert_int_equal(base64_decode(BASE64_STD, STR("\nZm\r\n9vY\ng=\n=\r\n"), &out, NULL), 0);
    assert_string_equal(buf_cstr(&out), "foob");
    buf_fini(&out);
}

static void test_limit(void **state UNUSED)
{
    struct buf out = BUF_INIT(8);
    char data[64] = {0};

    assert_int_equal(base64_encode(BASE64_STD, str_from(data, 64), &out), BUF_E_LIMIT);
    assert_int_equal(hex_encode(str_from(data, 64), &out), BUF_E_LIMIT);
    assert_int_equal(out.len, 0);
    buf_fini(&out);
}

static void test_hex(void **state UNUSED)
{
    struct buf out = {0};
    size_t at;

    assert_int_equal(hex_encode(STR("\x01\xab\xff"), &out), 0);
    assert_string_equal(buf_cstr(&out), "01abff");
    buf_reset(&out);
    assert_int_equal(hex_decode(STR("01ABff"), &out, NULL), 0);
    assert_true(str_eq(buf_str(&out), STR("\x01\xab\xff")));
    assert_int_equal(hex_decode(STR("0g"), &out, &at), BASE64_E_CORRUPT);
    assert_int_equal(at, 1);
    assert_int_equal(hex_decode(STR("012"), &out, &at), BASE64_E_CORRUPT);
    assert_int_equal(at, 3);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),   cmocka_unit_test(test_corrupt),
        cmocka_unit_test(test_line_ends), cmocka_unit_test(test_limit),
        cmocka_unit_test(test_hex),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
