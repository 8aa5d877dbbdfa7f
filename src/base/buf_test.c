#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void zero_is_empty(void **state)
{
    (void)state;
    struct buf b = {0};

    assert_string_equal(buf_cstr(&b), "");
    assert_int_equal(buf_str(&b).n, 0);
    buf_fini(&b);
    buf_fini(&b);
    buf_fini(NULL);
}

static void appends_of_all_kinds(void **state)
{
    (void)state;
    struct buf b = {0};

    buf_puts(&b, "a=");
    buf_put_u64(&b, 0);
    buf_putc(&b, ' ');
    buf_put_u64(&b, UINT64_MAX);
    buf_printf(&b, " %s-%d", "x", -1);
    buf_printf(&b, "%s", "");
    buf_putstr(&b, STR("!"));
    buf_putstr(&b, (struct str){0});
    assert_string_equal(buf_cstr(&b), "a=0 18446744073709551615 x--1!");
    buf_reset(&b);
    assert_string_equal(buf_cstr(&b), "");
    buf_fini(&b);
}

static void grows_over_many_sizes(void **state)
{
    (void)state;
    struct buf b = {0};

    for (unsigned i = 0; i < 5000; i++)
        buf_putc(&b, (char)('a' + i % 26));
    assert_int_equal(b.len, 5000);
    for (unsigned i = 0; i < 5000; i++)
        assert_int_equal(b.data[i], 'a' + i % 26);
    buf_fini(&b);
}

static void the_limit_is_exact_and_harmless(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(10);

    assert_int_equal(buf_add(&b, "0123456789", 10), 0);
    assert_int_equal(buf_add(&b, "x", 1), BUF_E_LIMIT);
    assert_int_equal(buf_add(&b, "", 0), 0);
    assert_int_equal(buf_reserve(&b, SIZE_MAX), BUF_E_LIMIT);
    assert_string_equal(buf_cstr(&b), "0123456789");
    buf_drop(&b, 4);
    assert_int_equal(buf_add(&b, "abcd", 4), 0);
    assert_string_equal(buf_cstr(&b), "456789abcd");
    buf_fini(&b);
    assert_int_equal(b.limit, 10);
}

static int format(struct buf *b, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int r = buf_vprintf(b, fmt, args);
    va_end(args);
    return r;
}

static void formatting_fills_to_the_last_byte(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(100);

    assert_int_equal(format(&b, "%099d", 7), 0);
    assert_int_equal(format(&b, "%d", 8), 0);
    assert_int_equal(b.len, 100);
    assert_int_equal(b.data[99], '8');
    assert_int_equal(format(&b, "%d", 9), BUF_E_LIMIT);
    assert_int_equal(b.len, 100);
    buf_fini(&b);
}

static void drop_and_take(void **state)
{
    (void)state;
    struct buf b = {0};
    size_t n;

    buf_puts(&b, "hello world");
    buf_drop(&b, 6);
    buf_drop(&b, 0);
    char *s = buf_take(&b, &n);

    assert_string_equal(s, "world");
    assert_int_equal(n, 5);
    assert_int_equal(b.len, 0);
    free(s);
    s = buf_take(&b, NULL);
    assert_string_equal(s, "");
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_is_empty),
        cmocka_unit_test(appends_of_all_kinds),
        cmocka_unit_test(grows_over_many_sizes),
        cmocka_unit_test(the_limit_is_exact_and_harmless),
        cmocka_unit_test(formatting_fills_to_the_last_byte),
        cmocka_unit_test(drop_and_take),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
