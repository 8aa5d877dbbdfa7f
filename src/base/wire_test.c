#include "base/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void numbers_of_every_size(void **state UNUSED)
{
    static const uint64_t all[] = {0, 1, 127, 128, 1ULL << 63, UINT64_MAX};
    static const int64_t both[] = {0, -1, 1, INT64_MIN, INT64_MAX};
    scoped(buf_fini) struct buf out = {0};
    uint64_t words[countof(all)];

    wire_put_words(&out, all, countof(all));
    for (size_t i = 0; i < countof(both); i++)
        wire_put_i64(&out, both[i]);
    wire_put_str(&out, STR("text"));
    f64_put(&out, -0.1);
    struct wire_in in = {buf_str(&out), false};

    wire_words(&in, words, countof(words));
    assert_memory_equal(words, all, sizeof(all));
    for (size_t i = 0; i < countof(both); i++)
        assert_true(wire_i64(&in) == both[i]);
    assert_true(str_is(wire_str(&in), "text"));
    assert_true(wire_f64(&in) == -0.1);
    assert_true(wire_is_over(&in));
    assert_int_equal(wire_u64(&in), 0);
    assert_true(in.bad && !wire_is_over(&in));
}

/* Ten bytes hold 64 bits and no more. */
static void what_does_not_fit(void **state UNUSED)
{
    struct wire_in most = {STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), false};
    struct wire_in more = {STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x05"), false};
    struct wire_in text = {STR("\x05four"), false};

    assert_true(wire_u64(&most) == UINT64_MAX && wire_is_over(&most));
    assert_int_equal(wire_u64(&more), 0);
    assert_true(more.bad && wire_u64(&more) == 0);
    assert_int_equal(wire_str(&text).n, 0);
    assert_true(text.bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_every_size),
        cmocka_unit_test(what_does_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
