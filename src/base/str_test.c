#include "base/str.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct str nothing;

static void comparing(void **state)
{
    (void)state;
    assert_true(str_eq(nothing, STR("")));
    assert_true(str_is(STR("abc"), "abc"));
    assert_false(str_is(STR("abc"), "abd"));
    assert_true(str_eq_nocase(STR("Content-Type"), STR("content-tYPE")));
    assert_false(str_eq_nocase(STR("a["), STR("a{")));
    assert_true(str_cmp(STR("a"), STR("b")) < 0);
    assert_true(str_cmp(STR("ab"), STR("a")) > 0);
    assert_true(str_cmp(nothing, STR("")) == 0);
    assert_true(str_cmp(STR("\x80"), STR("a")) > 0);
}

static void starts_and_ends(void **state)
{
    (void)state;
    assert_true(str_starts(STR("http://x"), STR("http:")));
    assert_false(str_starts(STR("ht"), STR("http:")));
    assert_true(str_starts(nothing, nothing));
    assert_true(str_starts_nocase(STR("HTTP:"), STR("http")));
    assert_true(str_ends(STR("x.js"), STR(".js")));
    assert_false(str_ends(STR("js"), STR(".js")));
}

static void finding(void **state)
{
    (void)state;
    assert_int_equal(str_find(STR("a=b=c"), '='), 1);
    assert_int_equal(str_find(STR("abc"), '='), 3);
    assert_int_equal(str_find(nothing, '='), 0);
    assert_int_equal(str_find_str(STR("abcabd"), STR("abd")), 3);
    assert_int_equal(str_find_str(STR("abc"), STR("x")), 3);
    assert_true(str_is(str_trim(STR(" \t a b\r\n")), "a b"));
    assert_int_equal(str_trim(STR("  ")).n, 0);
    assert_true(str_is(str_from_index(STR("abc"), 1), "bc"));
    assert_int_equal(str_from_index(STR("abc"), 9).n, 0);
    assert_int_equal(str_from_index(nothing, 9).n, 0);
}

static void splitting(void **state)
{
    (void)state;
    struct str rest = STR("a,,b,"), part;
    static const char *const want[] = {"a", "", "b", ""};

    for (size_t i = 0; i < countof(want); i++) {
        assert_true(str_split(&rest, ',', &part));
        assert_true(str_is(part, want[i]));
    }
    assert_false(str_split(&rest, ',', &part));
    rest = STR("");
    assert_true(str_split(&rest, ',', &part));
    assert_int_equal(part.n, 0);
    assert_false(str_split(&rest, ',', &part));
}

static void whole_numbers(void **state)
{
    (void)state;
    static const char *const bad[] = {"",   "x", "1x",  " 1",
                                      "1 ", "-", "0x1", "18446744073709551616"};
    uint64_t u = 7;
    int64_t i = 7;

    for (size_t k = 0; k < countof(bad); k++) {
        assert_false(str_u64(str_of(bad[k]), &u));
        assert_false(str_i64(str_of(bad[k]), &i));
    }
    assert_true(u == 7 && i == 7);
    assert_true(str_u64(STR("18446744073709551615"), &u) && u == UINT64_MAX);
    assert_true(str_i64(STR("-9223372036854775808"), &i) && i == INT64_MIN);
    assert_true(str_i64(STR("9223372036854775807"), &i) && i == INT64_MAX);
    assert_false(str_i64(STR("9223372036854775808"), &i));
    assert_false(str_i64(STR("-9223372036854775809"), &i));
    assert_true(str_i64(STR("+5"), &i) && i == 5);
}

static void numbers(void **state)
{
    (void)state;
    double d = 7;

    assert_true(str_f64(STR("0.25"), &d) && d == 0.25);
    assert_true(str_f64(STR("-1e3"), &d) && d == -1000);
    assert_false(str_f64(STR("1e999"), &d));
    assert_false(str_f64(STR(""), &d));
    assert_false(str_f64(STR("1,5"), &d));
    assert_false(str_f64(STR(" 1"), &d));
    assert_false(str_f64(STR("1x"), &d));
    /* Shorter than its buffer: the bytes after the view are not read. */
    assert_true(str_f64(str_from("12345", 2), &d) && d == 12);
}

static void digits(void **state)
{
    (void)state;
    assert_int_equal(ascii_hex('0'), 0);
    assert_int_equal(ascii_hex('f'), 15);
    assert_int_equal(ascii_hex('F'), 15);
    assert_int_equal(ascii_hex('g'), -1);
    assert_int_equal(ascii_lower('Z'), 'z');
    assert_int_equal(ascii_lower('\xc4'), '\xc4');
}

static void hashing(void **state)
{
    (void)state;
    char bytes[64] = {0};
    uint64_t seen[65];

    /* All lengths of the same bytes, each different; another seed, another hash. */
    for (size_t n = 0; n <= sizeof(bytes); n++) {
        seen[n] = hash_bytes(bytes, n, 0);
        for (size_t k = 0; k < n; k++)
            assert_false(seen[k] == seen[n]);
        assert_true(seen[n] == hash_bytes(bytes, n, 0));
        assert_false(seen[n] == hash_bytes(bytes, n, 1));
    }
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = 1;
        assert_false(hash_bytes(bytes, sizeof(bytes), 0) == seen[64]);
        bytes[i] = 0;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparing), cmocka_unit_test(starts_and_ends), cmocka_unit_test(finding),
        cmocka_unit_test(splitting), cmocka_unit_test(whole_numbers),   cmocka_unit_test(numbers),
        cmocka_unit_test(digits),    cmocka_unit_test(hashing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
