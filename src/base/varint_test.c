#include "base/varint.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static void assert_bytes(uint64_t n, const char *bytes, size_t len)
{
    scoped(buf_fini) struct buf out = {0};

    varint_put(&out, n);
    assert_int_equal(out.len, len);
    assert_memory_equal(out.data, bytes, len);
}

static void test_varints(void **state UNUSED)
{
    assert_bytes(0, "\x00", 1);
    assert_bytes(127, "\x7f", 1);
    assert_bytes(128, "\x80\x01", 2);
    assert_bytes(300, "\xac\x02", 2);
    assert_bytes(UINT64_MAX, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10);
}

static void test_doubles(void **state UNUSED)
{
    const double values[] = {0, -0.0, 1, -1.5, 1e300, 5e-324, INFINITY};
    scoped(buf_fini) struct buf out = {0};

    f64_put(&out, 1);
    assert_memory_equal(out.data, "\0\0\0\0\0\0\xf0\x3f", 8);
    for (size_t i = 0; i < countof(values); i++) {
        buf_reset(&out);
        f64_put(&out, values[i]);
        double back = f64_read(out.data);

        assert_memory_equal(&back, &values[i], sizeof(back));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_varints),
        cmocka_unit_test(test_doubles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
