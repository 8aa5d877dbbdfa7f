#include "cli/locust_front.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_wishes(void **state UNUSED)
{
    struct arena arena = {0};
    struct locust_front f;

    assert_int_equal(
        locust_front_read("{\"csv\": \"out/x\", \"csv_full_history\": true, \"html\": null,"
                          "\"exit_code_on_error\": 7, \"processes\": -1, \"headless\": true,"
                          "\"percentiles\": [0.5, 1, 7, \"x\", 0.25]}",
                          &arena, &f),
        0);
    assert_string_equal(f.csv, "out/x");
    assert_true(f.csv_full_history && f.headless && f.has_error_code);
    assert_false(f.json || f.print_stats || f.html || f.json_file);
    assert_int_equal(f.error_code, 7);
    assert_int_equal(f.processes, -1);
    assert_int_equal(f.n_quantiles, 3);
    assert_true(f.quantiles[1] == 1 && f.quantiles[2] == 0.25);
    arena_fini(&arena);
}

static void test_nothing_said(void **state UNUSED)
{
    struct arena arena = {0};
    struct locust_front f;

    assert_int_equal(locust_front_read("{\"exit_code_on_error\": null}", &arena, &f), 0);
    assert_false(f.has_error_code);
    assert_int_equal(f.error_code, 1);
    assert_int_equal(f.n_quantiles, 0);
    assert_true(locust_front_read("[1]", &arena, &f) < 0);
    assert_true(locust_front_read("{", &arena, &f) < 0);
    fault_clear();
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wishes),
        cmocka_unit_test(test_nothing_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
