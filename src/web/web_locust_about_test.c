/* What py/locust/web.py writes, and what it would never write. */
#include "web/web_locust_about.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct arena arena;

static void test_all_of_it(void **s UNUSED)
{
    struct web_locust_about a;

    assert_int_equal(
        web_locust_about_read(
            &arena,
            "{\"host\":\"http://a\",\"locustfile\":\"l.py\",\"shape\":\"Waves\","
            "\"classes\":[\"A\"],\"has_picker\":true,\"tasks\":{\"total\":{}},"
            "\"web_host\":\"*\",\"web_port\":9,\"has_port\":true,\"base_path\":\"/x\","
            "\"headless\":true,\"autostart\":true,\"autoquit\":3.5,\"users\":4,"
            "\"spawn_rate\":0.5,\"run_time\":60,\"report\":[0.5,1.0],\"statistics\":[0.9],"
            "\"chart\":[0.5,7,\"x\"],\"fields\":[{\"name\":\"own\"}]}",
            &a),
        0);
    assert_string_equal(a.host, "http://a");
    assert_string_equal(a.shape, "Waves");
    assert_string_equal(a.web_host, "*");
    assert_string_equal(a.base_path, "/x");
    assert_true(str_is(a.tasks, "{\"total\":{}}"));
    assert_true(a.has_picker && a.has_port && a.is_headless && a.autostart);
    assert_int_equal(a.port, 9);
    assert_true(a.autoquit == 3.5 && a.spawn_rate == 0.5);
    assert_int_equal(a.users, 4);
    assert_int_equal(a.report.n, 2);
    assert_int_equal(a.chart.n, 1);
    assert_int_equal(a.n_classes, 1);
    assert_int_equal(web_locust_user_check(&a, STR("{\"user_class_name\":\"A\"}")), 0);
    assert_int_equal(web_locust_user_check(&a, STR("{\"user_class_name\":\"B\"}")), -EINVAL);
    assert_non_null(strstr(fault_text(), "'B'"));
    assert_int_equal(web_locust_user_check(&a, STR("{\"user_class_name\":7}")), -EINVAL);
    assert_int_equal(web_locust_user_check(&a, STR("[]")), -EINVAL);
    assert_int_equal(web_locust_user_check(&a, STR("")), -EINVAL);
    fault_clear();
    assert_true(str_is(a.page, "{\"host\":\"http://a\",\"locustfile\":\"l.py\",\"shape\":"
                               "\"Waves\",\"classes\":[\"A\"],\"has_picker\":true,\"users\":4,"
                               "\"spawn_rate\":0.5,\"run_time\":60,"
                               "\"fields\":[{\"name\":\"own\"}]}"));
}

static void test_nothing_of_it(void **s UNUSED)
{
    struct web_locust_about a;

    assert_int_equal(web_locust_about_read(&arena, "{}", &a), 0);
    assert_null(a.host);
    assert_int_equal(a.port, 8089);
    assert_int_equal(a.users, -1);
    assert_true(a.autoquit < 0);
    assert_int_equal(a.statistics.n, 0);
    assert_int_equal(web_locust_about_read(&arena, "[]", &a), -EINVAL);
    assert_int_equal(web_locust_about_read(&arena, "{", &a), -EINVAL);
    fault_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_it),
        cmocka_unit_test(test_nothing_of_it),
    };
    int r = cmocka_run_group_tests(tests, NULL, NULL);

    arena_fini(&arena);
    return r;
}
