#include "bridge/locust_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void expect(const char *html, const char *name)
{
    struct arena arena = {0};
    struct str got = locust_page_script(str_of(html), &arena);

    if (!str_is(got, name))
        fail_msg("\"%.*s\" of %s", STR_ARG(got), html);
    arena_fini(&arena);
}

static void test_the_name_of_each_version(void **state UNUSED)
{
    expect("<p>Script: <span>shop.py</span></p>", "shop.py");
    expect("window.templateArgs = {\"host\": \"\", \"locustfile\": \"a\\u00e9 \\\"b\\\".py\"}",
           "a\xc3\xa9 \"b\".py");
}

static void test_pages_without_one(void **state UNUSED)
{
    char longer[2000];

    expect("", "");
    expect("Script: <span>", "");
    expect("Script: <span>a", "");
    expect("Script: <span>a&amp;b</span>", "");
    expect("Script: <span>a\x01</span>", "");
    expect("\"locustfile\":", "");
    expect("\"locustfile\": null", "");
    expect("\"locustfile\": \"a", "");
    expect("\"locustfile\": \"a\\", "");
    expect("\"locustfile\": \"\\ud800\"", "");
    snprintf(longer, sizeof(longer), "\"locustfile\": \"%01000d\"", 0);
    expect(longer, "");
    snprintf(longer, sizeof(longer), "Script: <span>%01000d</span>", 0);
    expect(longer, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_name_of_each_version),
        cmocka_unit_test(test_pages_without_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
