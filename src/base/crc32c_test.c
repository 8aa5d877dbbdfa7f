#include "base/crc32c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"

/* RFC 3720, B.4, and the check value of the catalogue of CRCs. */
static void test_known_values(void **state)
{
    unsigned char data[32];

    (void)state;
    assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
    assert_int_equal(crc32c(0, "", 0), 0);
    memset(data, 0, sizeof(data));
    assert_int_equal(crc32c(0, data, sizeof(data)), 0x8a9136aa);
    memset(data, 0xff, sizeof(data));
    assert_int_equal(crc32c(0, data, sizeof(data)), 0x62a8ab43);
    for (unsigned i = 0; i < sizeof(data); i++)
        data[i] = (unsigned char)i;
    assert_int_equal(crc32c(0, data, sizeof(data)), 0x46dd794e);
}

static void test_both_ways_and_any_split_agree(void **state)
{
    unsigned char data[300];
    struct rng r;

    (void)state;
    rng_seed(&r, 7);
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (unsigned char)rng_u64(&r);
    for (size_t n = 0; n <= sizeof(data); n++) {
        uint32_t whole = crc32c(0, data, n);

        assert_int_equal(whole, crc32c_portable(0, data, n));
        assert_int_equal(whole, crc32c(crc32c(0, data, n / 3), data + n / 3, n - n / 3));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_values),
        cmocka_unit_test(test_both_ways_and_any_split_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
