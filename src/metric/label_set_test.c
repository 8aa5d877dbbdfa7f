#include "metric/label_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void names_become_labels(void **state)
{
    (void)state;
    struct tag_pool *pool = tag_pool_new();
    struct tag tags[] = {
        {STR("a-b"), STR("1")},      {STR("a_b"), STR("2")},  {STR("a.b"), STR("3")},
        {STR("__name__"), STR("x")}, {STR("le"), STR("y")},   {STR("9to5"), STR("z")},
        {STR("group"), STR("")},     {STR("name"), STR("n")},
    };
    struct label_set set = {0};

    label_put_all(&set, tagset_merge(pool, tagset_empty(pool), tags, countof(tags)));
    label_sort(&set);
    assert_int_equal(set.n, 7);
    assert_true(str_is(label_value(set.items, set.n, "a_b"), "2"));
    assert_true(str_is(label_value(set.items, set.n, "a_b_2"), "1"));
    assert_true(str_is(label_value(set.items, set.n, "a_b_3"), "3"));
    assert_true(str_is(label_value(set.items, set.n, "tag___name__"), "x"));
    assert_true(str_is(label_value(set.items, set.n, "tag_le"), "y"));
    assert_true(str_is(label_value(set.items, set.n, "tag_9to5"), "z"));
    assert_true(str_is(label_value(set.items, set.n, "name"), "n"));
    for (size_t i = 1; i < set.n; i++)
        assert_true(str_cmp(set.items[i - 1].key, set.items[i].key) < 0);
    label_set_fini(&set);
    tag_pool_free(pool);
}

static void the_first_of_a_key_stays(void **state)
{
    (void)state;
    struct label_set set = {0};

    label_put(&set, "a", STR("1"));
    label_put(&set, "a", STR("2"));
    label_put(&set, "b", STR(""));
    assert_int_equal(set.n, 1);
    assert_true(str_is(label_value(set.items, set.n, "a"), "1"));
    label_put_empty(&set, "b");
    assert_int_equal(set.n, 2);
    label_set_fini(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_become_labels),
        cmocka_unit_test(the_first_of_a_key_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
