#include "base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct item {
    int n;
    struct list link;
};

struct fixture {
    struct list head;
    struct item items[4];
};

static int set_up(void **state)
{
    static struct fixture f;

    list_init(&f.head);
    for (int i = 0; i < 4; i++) {
        f.items[i].n = i;
        list_init(&f.items[i].link);
    }
    *state = &f;
    return 0;
}

/* The numbers in the list as decimal digits, 1 in front. */
static int digits(const struct list *head)
{
    int n = 1;
    struct item *it;

    list_each(it, head, link)
        n = n * 10 + it->n;
    return n;
}

static void order_of_adding(void **state)
{
    struct fixture *f = *state;

    assert_true(list_empty(&f->head));
    assert_int_equal(digits(&f->head), 1);
    list_add_tail(&f->head, &f->items[1].link);
    list_add_tail(&f->head, &f->items[2].link);
    list_add_head(&f->head, &f->items[0].link);
    list_insert(&f->items[2].link, &f->items[3].link);
    assert_int_equal(digits(&f->head), 10132);
    assert_false(list_empty(&f->head));
}

static void removing_twice_is_harmless(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 3; i++)
        list_add_tail(&f->head, &f->items[i].link);
    list_remove(&f->items[1].link);
    list_remove(&f->items[1].link);
    assert_int_equal(digits(&f->head), 102);
    assert_true(list_empty(&f->items[1].link));
}

static void unlinking_while_walking(void **state)
{
    struct fixture *f = *state;
    struct item *it, *tmp;

    for (int i = 0; i < 4; i++)
        list_add_tail(&f->head, &f->items[i].link);
    list_each_safe(it, tmp, &f->head, link)
        if (it->n % 2)
            list_remove(&it->link);
    assert_int_equal(digits(&f->head), 102);
}

static void popping(void **state)
{
    struct fixture *f = *state;

    list_add_tail(&f->head, &f->items[2].link);
    list_add_tail(&f->head, &f->items[3].link);
    assert_ptr_equal(list_pop(&f->head), &f->items[2].link);
    assert_ptr_equal(list_pop(&f->head), &f->items[3].link);
    assert_null(list_pop(&f->head));
}

static void splicing(void **state)
{
    struct fixture *f = *state;
    struct list other;

    list_init(&other);
    list_splice(&f->head, &other);
    assert_true(list_empty(&f->head));
    list_add_tail(&f->head, &f->items[0].link);
    list_add_tail(&other, &f->items[1].link);
    list_add_tail(&other, &f->items[2].link);
    list_splice(&f->head, &other);
    assert_int_equal(digits(&f->head), 1012);
    assert_true(list_empty(&other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(order_of_adding, set_up),
        cmocka_unit_test_setup(removing_twice_is_harmless, set_up),
        cmocka_unit_test_setup(unlinking_while_walking, set_up),
        cmocka_unit_test_setup(popping, set_up),
        cmocka_unit_test_setup(splicing, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
