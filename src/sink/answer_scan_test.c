#include "sink/answer_scan.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check_string(const char *body, const char *key, const char *want)
{
    struct buf out = {0};
    bool found = answer_string(str_of(body), key, &out);

    assert_int_equal(found, want != NULL);
    if (want)
        assert_string_equal(buf_cstr(&out), want);
    buf_fini(&out);
}

static void strings_are_found_and_unescaped(void **state UNUSED)
{
    check_string("{\"error\":\"bad\"}", "error", "bad");
    check_string("{\"results\":[{\"Error\" : \"b\\\"a\\\\d\\u0041\\u20ac\\n\"}]}", "error",
                 "b\"a\\dA?\n");
    check_string("{\"x\":\"error\",\"y\":1}", "error", NULL);
    check_string("{\"error\":5}", "error", NULL);
    check_string("{\"error\":\"cut", "error", NULL);
    check_string("{\"error\":\"cut\\", "error", NULL);
    check_string("{\"error", "error", NULL);
    check_string("\"error\"", "error", NULL);
    check_string("", "error", NULL);
    check_string("{\"error\":\"\\u12\"}", "error", "u12");
}

static void numbers_are_found(void **state UNUSED)
{
    uint64_t n = 7;

    assert_true(answer_u64(STR("{\"Invalid\":3,\"Published\":97}"), "invalid", &n));
    assert_int_equal(n, 3);
    assert_true(answer_u64(STR("{\"published\": 12}"), "published", &n));
    assert_int_equal(n, 12);
    assert_false(answer_u64(STR("{\"published\":-1}"), "published", &n));
    assert_false(answer_u64(STR("{\"published\":99999999999999999999999}"), "published", &n));
    assert_true(answer_number_after(STR("dropped=x dropped=4 dropped="), STR("dropped="), &n));
    assert_int_equal(n, 4);
    assert_false(answer_number_after(STR("dropped"), STR("dropped="), &n));
}

static void the_first_key_of_an_object(void **state UNUSED)
{
    struct buf out = {0};

    assert_true(
        answer_first_key(STR("{\"ValidationErrors\":{ \"interval cannot be 0\":{\"Count\":3}}}"),
                         "validationerrors", &out));
    assert_string_equal(buf_cstr(&out), "interval cannot be 0");
    assert_false(answer_first_key(STR("{\"ValidationErrors\":{}}"), "validationerrors", &out));
    assert_false(answer_first_key(STR("{\"ValidationErrors\":"), "validationerrors", &out));
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_found_and_unescaped),
        cmocka_unit_test(numbers_are_found),
        cmocka_unit_test(the_first_key_of_an_object),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
