#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void pieces_are_aligned_and_apart(void **state)
{
    (void)state;
    struct arena a = {0};
    unsigned char *pieces[500];

    for (size_t i = 0; i < countof(pieces); i++) {
        pieces[i] = arena_alloc(&a, i + 1);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)(i & 0xff), i + 1);
    }
    for (size_t i = 0; i < countof(pieces); i++)
        for (size_t k = 0; k <= i; k++)
            assert_int_equal(pieces[i][k], i & 0xff);
    arena_fini(&a);
    arena_fini(&a);
}

static void reset_reuses_the_first_block(void **state)
{
    (void)state;
    struct arena a = {.block_bytes = 256};
    void *first = arena_alloc(&a, 16);

    for (int i = 0; i < 100; i++)
        arena_alloc(&a, 64);
    arena_reset(&a);
    assert_ptr_equal(arena_alloc(&a, 16), first);
    arena_fini(&a);
    assert_int_equal(a.block_bytes, 256);
    arena_reset(&a);
}

static void large_pieces_have_a_block_of_their_own(void **state)
{
    (void)state;
    struct arena a = {0};
    char *big = arena_alloc(&a, 100000);

    memset(big, 1, 100000);
    char *small = arena_alloc(&a, 10);

    memset(small, 2, 10);
    assert_int_equal(big[99999], 1);
    arena_fini(&a);
}

static void texts_are_terminated(void **state)
{
    (void)state;
    struct arena a = {0};
    struct str s = arena_str(&a, str_from("hello!", 5));

    assert_int_equal(s.n, 5);
    assert_string_equal(s.p, "hello");
    assert_string_equal(arena_str(&a, (struct str){0}).p, "");
    assert_string_equal(arena_printf(&a, "%d-%s", 7, "x"), "7-x");
    arena_fini(&a);
}

struct zeroed {
    int n;
    char text[40];
};

static void new_objects_are_zeroed(void **state)
{
    (void)state;
    struct arena a = {0};

    memset(arena_alloc(&a, 2000), 0xff, 2000);
    arena_reset(&a);
    struct zeroed *z = arena_new_n(&a, struct zeroed, 3);

    for (int i = 0; i < 3; i++)
        assert_true(z[i].n == 0 && z[i].text[39] == '\0');
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_apart),
        cmocka_unit_test(reset_reuses_the_first_block),
        cmocka_unit_test(large_pieces_have_a_block_of_their_own),
        cmocka_unit_test(texts_are_terminated),
        cmocka_unit_test(new_objects_are_zeroed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
