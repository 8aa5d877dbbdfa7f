#include "sink/protobuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/varint.h"

static void expect_hex(struct buf *b, const char *hex)
{
    struct buf text = {0};

    assert_int_equal(hex_encode(buf_str(b), &text), 0);
    assert_string_equal(buf_cstr(&text), hex);
    buf_fini(&text);
    buf_fini(b);
}

static void test_varints_take_seven_bits_a_byte(void **state)
{
    struct buf b = {0};

    (void)state;
    varint_put(&b, 0);
    varint_put(&b, 127);
    varint_put(&b, 128);
    varint_put(&b, 300);
    varint_put(&b, UINT64_MAX);
    expect_hex(&b, "007f8001ac02ffffffffffffffffff01");
}

static void test_negative_numbers_are_long_or_zigzag(void **state)
{
    struct buf b = {0};

    (void)state;
    pb_int(&b, 1, -1);
    pb_sint(&b, 2, -1);
    pb_sint(&b, 3, INT64_MIN);
    pb_sint(&b, 16, 1);
    expect_hex(&b, "08ffffffffffffffffff01"
                   "1001"
                   "18ffffffffffffffffff01"
                   "800102");
}

static void test_fixed_numbers_are_little_endian(void **state)
{
    struct buf b = {0};

    (void)state;
    pb_double(&b, 1, 1.5);
    pb_fixed64(&b, 2, 0x0102030405060708);
    expect_hex(&b, "09000000000000f83f"
                   "110807060504030201");
}

static void test_messages_nest_and_lengths_follow(void **state)
{
    struct buf b = {0};

    (void)state;
    size_t outer = pb_open(&b, 1);
    size_t inner = pb_open(&b, 2);

    pb_close(&b, inner);
    pb_str(&b, 3, STR("ab"));
    pb_close(&b, outer);
    expect_hex(&b, "0a06"
                   "1200"
                   "1a026162");
}

/* The content of two nested messages has each length around those at which a length grows. */
static void test_long_messages_move_up(void **state)
{
    static const size_t sizes[] = {126, 127, 128, 129, 16382, 16383, 16384, 2097152};

    (void)state;
    for (size_t i = 0; i < countof(sizes); i++) {
        struct buf b = {0}, expected = {0};
        char *filling = xmalloc(sizes[i]);
        size_t outer = pb_open(&b, 1);

        memset(filling, 'x', sizes[i]);
        size_t inner = pb_open(&b, 2);

        buf_put(&b, filling, sizes[i]);
        pb_close(&b, inner);
        pb_close(&b, outer);

        struct buf whole = {0};

        pb_str(&whole, 2, str_from(filling, sizes[i]));
        pb_str(&expected, 1, buf_str(&whole));
        assert_true(str_eq(buf_str(&b), buf_str(&expected)));
        buf_fini(&whole);
        buf_fini(&expected);
        buf_fini(&b);
        free(filling);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_varints_take_seven_bits_a_byte),
        cmocka_unit_test(test_negative_numbers_are_long_or_zigzag),
        cmocka_unit_test(test_fixed_numbers_are_little_endian),
        cmocka_unit_test(test_messages_nest_and_lengths_follow),
        cmocka_unit_test(test_long_messages_move_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
