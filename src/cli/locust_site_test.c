/* The files of the page, at their places. */
#include "cli/locust_site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "web/web_api.h"

static void test_files(void **s UNUSED)
{
    static const struct {
        const char *path, *base, *has;
    } cases[] = {
        {"/", "", "data-base=\"\""},
        {"", "/load", "src=\"/load/assets/locust.js\""},
        {"/", "/load", "href=\"/load/stats/requests/csv\""},
        {"/assets/locust.js", "/load", "/stats/requests"},
        {"/assets/locust.css", "", "--accent"},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        struct web_answer a = {0};

        assert_true(locust_site_answer(str_of(cases[i].path), cases[i].base, &a));
        assert_int_equal(a.status, 200);
        assert_non_null(strstr(buf_cstr(&a.body), cases[i].has));
        assert_null(strstr(buf_cstr(&a.body), "{{"));
        web_answer_fini(&a);
    }
}

static void test_nothing_else(void **s UNUSED)
{
    static const char *const paths[] = {"/index.html", "/assets/", "/assets/../index.html", "//"};
    struct web_answer a = {0};

    for (size_t i = 0; i < countof(paths); i++)
        assert_false(locust_site_answer(str_of(paths[i]), "", &a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
