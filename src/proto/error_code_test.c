#include "proto/error_code.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void numbers_are_those_of_k6(void **state)
{
    (void)state;
    assert_int_equal(ERROR_CODE_GENERAL, 1000);
    assert_int_equal(ERROR_CODE_TIMEOUT, 1050);
    assert_string_equal(error_code_text(1050), "request timeout");
    assert_string_equal(error_code_text(1101), "lookup: no such host");
    assert_string_equal(error_code_text(1311), "x509: certificate doesn't match hostname");
    assert_string_equal(error_code_text(42), "");
    assert_int_equal(error_code_of_status(399), 0);
    assert_int_equal(error_code_of_status(404), 1404);
    assert_int_equal(error_code_of_status(600), 1600);
}

static void every_code_is_explained(void **state)
{
    (void)state;
    assert_string_equal(error_code_help(1404), error_code_help(1400));
    assert_string_equal(error_code_help(1503), error_code_help(1500));
    assert_string_equal(error_code_help(1624), error_code_help(1610));
    assert_non_null(error_code_help(1701));
    assert_null(error_code_help(0));
    assert_null(error_code_help(1625));
    assert_null(error_code_help(1702));
    assert_null(error_code_help(1011));
}

static void errnos_have_codes_and_words(void **state)
{
    static const struct {
        int errnum;
        enum error_op op;
        int code;
        const char *text;
    } cases[] = {
        {ECONNREFUSED, ERROR_OP_DIAL, 1212, "dial: connection refused"},
        {ETIMEDOUT, ERROR_OP_DIAL, 1211, "dial: i/o timeout"},
        {ECONNRESET, ERROR_OP_READ, 1220, "read: connection reset by peer"},
        {ECONNRESET, ERROR_OP_WRITE, 1220, "write: connection reset by peer"},
        {EPIPE, ERROR_OP_WRITE, 1201, "write: broken pipe"},
        {EINVAL, ERROR_OP_DIAL, 1213, "dial: unknown errno 22 error with msg `invalid argument`"},
        {EIO, ERROR_OP_READ, 1202,
         "read: unknown errno `5` on linux with message `input/output error`"},
    };
    char text[128];

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(error_code_of_errno(cases[i].errnum, cases[i].op, text, sizeof(text)),
                         cases[i].code);
        assert_string_equal(text, cases[i].text);
    }
}

static void http2_codes_are_counted(void **state)
{
    char text[128];

    (void)state;
    assert_int_equal(error_code_of_h2(ERROR_CODE_H2_STREAM, 8, text, sizeof(text)), 1639);
    assert_string_equal(text, "http2: stream error with http2 ErrCode CANCEL");
    assert_int_equal(error_code_of_h2(ERROR_CODE_H2_GOAWAY, 0, text, sizeof(text)), 1611);
    assert_string_equal(text, "http2: received GoAway with http2 ErrCode NO_ERROR");
    assert_int_equal(error_code_of_h2(ERROR_CODE_H2_CONNECTION, 99, text, sizeof(text)), 1650);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_k6),
        cmocka_unit_test(every_code_is_explained),
        cmocka_unit_test(errnos_have_codes_and_words),
        cmocka_unit_test(http2_codes_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
