#include "metric/tagset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/random.h"

#define TAG(k, v) ((struct tag){STR(k), STR(v)})

static void equal_content_is_one_set(void **state)
{
    struct tag_pool *pool = tag_pool_new();
    const struct tagset *empty = tagset_empty(pool);
    struct tag ab[] = {TAG("a", "1"), TAG("b", "2")};
    struct tag ba[] = {TAG("b", "2"), TAG("a", "1")};

    (void)state;
    const struct tagset *one = tagset_merge(pool, empty, ab, 2);
    const struct tagset *two = tagset_merge(pool, empty, ba, 2);
    const struct tagset *three =
        tagset_add(pool, tagset_add(pool, empty, STR("b"), STR("2")), STR("a"), STR("1"));

    assert_ptr_equal(one, two);
    assert_ptr_equal(one, three);
    assert_int_equal(one->n, 2);
    assert_true(str_is(one->tags[0].key, "a") && str_is(one->tags[1].key, "b"));
    assert_ptr_not_equal(one, tagset_add(pool, empty, STR("a"), STR("1")));
    assert_int_equal(empty->id, 0);
    assert_int_equal(empty->n, 0);
    /* Key and value must not run into each other, nor values be swapped between keys. */
    assert_ptr_not_equal(tagset_add(pool, empty, STR("ab"), STR("c")),
                         tagset_add(pool, empty, STR("a"), STR("bc")));
    struct tag swapped[] = {TAG("a", "2"), TAG("b", "1")};

    assert_ptr_not_equal(tagset_merge(pool, empty, swapped, 2), one);
    tag_pool_free(pool);
}

static void later_tags_win(void **state)
{
    struct tag_pool *pool = tag_pool_new();
    struct tag twice[] = {TAG("k", "1"), TAG("x", ""), TAG("k", "2")};
    struct str value;

    (void)state;
    for (int round = 0; round < 2; round++) { /* the second time the memo may answer */
        const struct tagset *set = tagset_merge(pool, tagset_empty(pool), twice, 3);

        assert_int_equal(set->n, 2);
        assert_true(tagset_get(set, STR("k"), &value) && str_is(value, "2"));
        assert_true(tagset_get(set, STR("x"), &value) && value.n == 0);
        assert_false(tagset_get(set, STR("y"), NULL));
        set = tagset_add(pool, set, STR("k"), STR("3"));
        assert_true(tagset_get(set, STR("k"), &value) && str_is(value, "3"));
        assert_int_equal(set->n, 2);
    }
    tag_pool_free(pool);
}

static void removing_goes_back(void **state)
{
    struct tag_pool *pool = tag_pool_new();
    const struct tagset *a = tagset_add(pool, tagset_empty(pool), STR("a"), STR("1"));
    const struct tagset *ab = tagset_add(pool, a, STR("b"), STR("2"));

    (void)state;
    assert_ptr_equal(tagset_remove(pool, ab, STR("b")), a);
    assert_ptr_equal(tagset_remove(pool, a, STR("nothing")), a);
    assert_ptr_equal(tagset_remove(pool, a, STR("a")), tagset_empty(pool));
    assert_true(tagset_contains(ab, a));
    assert_true(tagset_contains(ab, tagset_empty(pool)));
    assert_false(tagset_contains(a, ab));
    assert_false(tagset_contains(tagset_add(pool, ab, STR("a"), STR("9")), a));
    tag_pool_free(pool);
}

static void strings_are_copied(void **state)
{
    struct tag_pool *pool = tag_pool_new();
    char key[] = "key", value[] = "a value of more than sixteen bytes";

    (void)state;
    const struct tagset *set = tagset_add(pool, tagset_empty(pool), str_of(key), str_of(value));

    memset(key, 'x', sizeof(key) - 1);
    memset(value, 'x', sizeof(value) - 1);
    assert_true(str_is(set->tags[0].key, "key"));
    assert_true(str_is(set->tags[0].value, "a value of more than sixteen bytes"));
    assert_ptr_not_equal(tagset_add(pool, tagset_empty(pool), str_of(key), str_of(value)), set);
    tag_pool_free(pool);
}

/* Against a plain array of keys and values, over many random operations. */
static void agrees_with_a_simple_model(void **state)
{
    struct tag_pool *pool = tag_pool_new();
    const struct tagset *set = tagset_empty(pool);
    int model[20]; /* value of key i, -1: absent */
    struct rng r;

    (void)state;
    rng_seed(&r, 5);
    memset(model, -1, sizeof(model));
    for (int step = 0; step < 50000; step++) {
        char names[12][2][40];
        struct tag tags[12];
        size_t n = rng_below(&r, 13);

        for (size_t i = 0; i < n; i++) {
            int k = (int)rng_below(&r, 20), v = (int)rng_below(&r, 6);

            snprintf(names[i][0], sizeof(names[i][0]), "%.*s%d", k % 3 * 8, "a long key name here",
                     k);
            snprintf(names[i][1], sizeof(names[i][1]), "%.*s%d", v * 5, "0123456789012345678901234",
                     v);
            tags[i] = (struct tag){str_of(names[i][0]), str_of(names[i][1])};
            model[k] = v;
        }
        set = tagset_merge(pool, set, tags, n);
        if (rng_below(&r, 4) == 0) {
            int k = (int)rng_below(&r, 20);
            char key[40];

            snprintf(key, sizeof(key), "%.*s%d", k % 3 * 8, "a long key name here", k);
            set = tagset_remove(pool, set, str_of(key));
            model[k] = -1;
        }
        uint32_t n_want = 0;

        for (int k = 0; k < 20; k++) {
            char key[40], value[40];
            struct str got;

            snprintf(key, sizeof(key), "%.*s%d", k % 3 * 8, "a long key name here", k);
            if (!tagset_get(set, str_of(key), &got)) {
                assert_int_equal(model[k], -1);
                continue;
            }
            snprintf(value, sizeof(value), "%.*s%d", model[k] * 5, "0123456789012345678901234",
                     model[k]);
            assert_true(str_is(got, value));
            n_want++;
        }
        assert_int_equal(set->n, n_want);
        for (uint32_t i = 1; i < set->n; i++)
            assert_true(str_cmp(set->tags[i - 1].key, set->tags[i].key) < 0);
        assert_true(set->id < tag_pool_count(pool));
    }
    tag_pool_free(pool);
}

static void a_pool_has_a_limit(void **state)
{
    struct tag_pool *pool = tag_pool_new();
    const struct tagset *known = tagset_add(pool, tagset_empty(pool), STR("a"), STR("1"));
    char value[16];

    (void)state;
    tag_pool_limit(pool, 50);
    for (int i = 0; i < 100; i++) {
        snprintf(value, sizeof(value), "%d", i);
        tagset_add(pool, tagset_empty(pool), STR("n"), str_of(value));
    }
    assert_int_equal(tag_pool_count(pool), 50);
    assert_ptr_equal(tagset_add(pool, known, STR("n"), STR("x")), tagset_overflow(pool));
    assert_ptr_equal(tagset_add(pool, tagset_empty(pool), STR("a"), STR("1")), known);
    tag_pool_free(pool);
}

static void a_set_has_a_limit(void **state)
{
    struct tag_pool *pool = tag_pool_new();
    size_t n = 2 * (size_t)TAGSET_TAGS_MAX;
    scoped(freep) struct tag *tags = xnew_n(struct tag, n);
    scoped(freep) char *names = xmalloc(n * 8);

    (void)state;
    for (size_t i = 0; i < n; i++) {
        snprintf(names + i * 8, 8, "%zu", i);
        tags[i] = (struct tag){str_of(names + i * 8), STR("v")};
    }
    assert_int_equal(tagset_merge(pool, tagset_empty(pool), tags, n)->n, TAGSET_TAGS_MAX);
    tag_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_content_is_one_set),   cmocka_unit_test(later_tags_win),
        cmocka_unit_test(removing_goes_back),         cmocka_unit_test(strings_are_copied),
        cmocka_unit_test(agrees_with_a_simple_model), cmocka_unit_test(a_pool_has_a_limit),
        cmocka_unit_test(a_set_has_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
