#include "sink/prom_labels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"

static void expect(const struct tag *tags, size_t n, const char *reserved, const char *wanted)
{
    struct prom_labels l = {0};
    struct buf text = {0};

    prom_labels_set(&l, tags, n, reserved);
    for (size_t i = 0; i < l.n; i++) {
        buf_printf(&text, "%s%.*s=%.*s", i ? "," : "", STR_ARG(l.items[i].key),
                   STR_ARG(l.items[i].value));
    }
    assert_string_equal(buf_cstr(&text), wanted);
    buf_fini(&text);
    prom_labels_fini(&l);
}

static void test_good_labels_stay(void **state)
{
    const struct tag tags[] = {{STR("a_1"), STR("x y")}, {STR("b"), STR("\xc3\xa9")}};

    (void)state;
    expect(tags, 2, "le", "a_1=x y,b=\xc3\xa9");
}

static void test_names_are_mended_and_sorted_again(void **state)
{
    const struct tag tags[] = {
        {STR(""), STR("empty")},       {STR("9lives"), STR("cat")}, {STR("__name__"), STR("n")},
        {STR("a-b"), STR("1")},        {STR("aZ"), STR("2")},       {STR("le"), STR("3")},
        {STR("a:b:c"), STR("colons")},
    };

    (void)state;
    expect(tags, countof(tags), "le",
           "_=empty,_9lives=cat,_name__=n,aZ=2,a_b=1,a_b_c=colons,exported_le=3");
}

static void test_empty_values_are_no_labels(void **state)
{
    const struct tag tags[] = {{STR("a"), STR("")}, {STR("b"), STR("1")}};

    (void)state;
    expect(tags, 2, NULL, "b=1");
}

static void test_names_that_become_one_keep_both_values(void **state)
{
    const struct tag tags[] = {
        {STR("a.b"), STR("1")}, {STR("a/b"), STR("2")}, {STR("a_b"), STR("3")}};

    (void)state;
    expect(tags, 3, NULL, "a_b=1;2;3");
}

static void test_values_become_utf8(void **state)
{
    const struct tag tags[] = {{STR("a"), STR("\xff"
                                              "x\xc3")},
                               {STR("b"), STR("\xed\xa0\x80")}};

    (void)state;
    expect(tags, 2, NULL, "a=\xef\xbf\xbdx\xef\xbf\xbd,b=\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

static void test_metrics_may_have_colons(void **state)
{
    struct arena a = {0};

    (void)state;
    assert_true(str_is(prom_metric_name(&a, STR("lp.run:x-1")), "lp_run:x_1"));
    assert_true(str_is(prom_metric_name(&a, STR("")), "_"));
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_labels_stay),
        cmocka_unit_test(test_names_are_mended_and_sorted_again),
        cmocka_unit_test(test_empty_values_are_no_labels),
        cmocka_unit_test(test_names_that_become_one_keep_both_values),
        cmocka_unit_test(test_values_become_utf8),
        cmocka_unit_test(test_metrics_may_have_colons),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
