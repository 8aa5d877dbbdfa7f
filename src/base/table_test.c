#include "base/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct str key_of(char *text, size_t size, unsigned i)
{
    return str_from(text, (size_t)snprintf(text, size, "key-%u", i));
}

static void many_keys(void **state)
{
    (void)state;
    enum {
        KEYS = 5000
    };
    static int values[KEYS];
    struct table t = {0};
    char text[32];

    for (unsigned i = 0; i < KEYS; i++)
        assert_null(table_set(&t, key_of(text, sizeof(text), i), &values[i]));
    assert_int_equal(t.n_live, KEYS);
    for (unsigned i = 0; i < KEYS; i++)
        assert_ptr_equal(table_get(&t, key_of(text, sizeof(text), i)), &values[i]);
    assert_null(table_get(&t, STR("other")));
    table_fini(&t);
    table_fini(&t);
}

static void replacing_and_removing(void **state)
{
    (void)state;
    struct table t = {0};
    int a, b;

    assert_null(table_get(&t, STR("x")));
    assert_null(table_remove(&t, STR("x")));
    assert_null(table_set(&t, STR("x"), &a));
    assert_ptr_equal(table_set(&t, STR("x"), &b), &a);
    assert_int_equal(t.n_live, 1);
    assert_ptr_equal(table_remove(&t, STR("x")), &b);
    assert_null(table_remove(&t, STR("x")));
    assert_null(table_get(&t, STR("x")));
    assert_int_equal(t.n_live, 0);
    assert_null(table_set(&t, STR("x"), &a));
    assert_int_equal(t.n_live, 1);
    table_fini(&t);
}

static void any_bytes_are_keys(void **state)
{
    (void)state;
    struct table t = {0};
    int a, b;

    table_set(&t, (struct str){0}, &a);
    table_set(&t, str_from("a\0b", 3), &b);
    assert_ptr_equal(table_get(&t, STR("")), &a);
    assert_ptr_equal(table_get(&t, str_from("a\0b", 3)), &b);
    assert_null(table_get(&t, STR("a")));
    table_fini(&t);
}

/* Keys are copied, and entries stay in the order in which they came. */
static void order_is_kept(void **state)
{
    (void)state;
    struct table t = {0};
    char text[32];
    int values[100];

    for (unsigned i = 0; i < 100; i++)
        table_set(&t, key_of(text, sizeof(text), 99 - i), &values[i]);
    unsigned n = 0;
    struct table_entry *e;

    table_each(e, &t) {
        assert_ptr_equal(e->value, &values[n]);
        assert_true(str_eq(e->key, key_of(text, sizeof(text), 99 - n)));
        n++;
    }
    assert_int_equal(n, 100);
    table_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_keys),
        cmocka_unit_test(replacing_and_removing),
        cmocka_unit_test(any_bytes_are_keys),
        cmocka_unit_test(order_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
