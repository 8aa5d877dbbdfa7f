#include "sink/otlp_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void check_url(struct otlp_endpoints e, const char *expected)
{
    struct arena arena = {0};
    const char *url = NULL;

    assert_int_equal(otlp_url(&arena, &e, &url), 0);
    assert_string_equal(url, expected);
    arena_fini(&arena);
}

#define URL(expected, ...) check_url((struct otlp_endpoints){__VA_ARGS__}, expected)

static void addresses_get_their_path(void **state UNUSED)
{
    URL("http://127.0.0.1:4318/v1/metrics", .base = "");
    URL("http://h:4318/v1/metrics", .base = "http://h:4318");
    URL("http://h:4318/v1/metrics", .base = "http://h:4318//");
    URL("https://h/otlp/v1/metrics", .base = "https://h/otlp");
    URL("https://h/otlp/v1/metrics", .base = "https://h/otlp/v1/metrics");
    URL("https://h/x", .metrics = "https://h/x");
    URL("http://b/v1/metrics", .base = "http://b", .metrics = "http://m", .host = "k");
    URL("http://m", .metrics = "http://m", .host = "k:1");
    URL("https://k:1/v1/metrics", .host = "k:1");
    URL("http://k:1/a", .host = "k:1", .path = "a", .plain = true);
    URL("http://k:1/a", .host = "k:1", .path = "/a", .plain = true);
}

static void what_is_no_address_is_refused_and_not_shown(void **state UNUSED)
{
    static const char *const wrong[] = {"h:4318",  "ftp://h",          "ws://h",
                                        "http://", "http://u:secret@", "http://a b/"};
    struct arena arena = {0};
    const char *url = "unchanged";

    for (size_t i = 0; i < countof(wrong); i++) {
        struct otlp_endpoints e = {.base = wrong[i]};

        assert_int_equal(otlp_url(&arena, &e, &url), FAULT_EXIT(104));
        assert_string_equal(url, "unchanged");
        assert_null(strstr(fault_text(), "secret"));
    }
    arena_fini(&arena);
}

static void lists_are_decoded(void **state UNUSED)
{
    struct arena arena = {0};
    struct tag *items;
    size_t n;

    assert_int_equal(otlp_list_parse(&arena, "x", STR(" a = 1 ,b=%2C%3D=c,, a=2,e="), &items, &n),
                     0);
    assert_int_equal(n, 3);
    assert_true(str_is(items[0].key, "a") && str_is(items[0].value, "2"));
    assert_true(str_is(items[1].key, "b") && str_is(items[1].value, ",==c"));
    assert_true(str_is(items[2].key, "e") && items[2].value.n == 0);
    assert_int_equal(otlp_list_parse(&arena, "x", (struct str){0}, &items, &n), 0);
    assert_int_equal(n, 0);
    arena_fini(&arena);
}

static void broken_lists_are_refused(void **state UNUSED)
{
    static const char *const wrong[] = {"a", "=b", "a=%", "a=%2", "a=%zz", "a=%00", "a=1,b"};
    struct arena arena = {0};
    struct tag *items;
    size_t n;

    for (size_t i = 0; i < countof(wrong); i++) {
        assert_int_equal(otlp_list_parse(&arena, "headers", str_of(wrong[i]), &items, &n),
                         FAULT_EXIT(104));
        assert_non_null(strstr(fault_text(), "list of headers"));
    }
    arena_fini(&arena);
}

static void headers_fit_on_a_line(void **state UNUSED)
{
    assert_true(otlp_header_fits(STR("X-Scope-OrgID"), STR("a b\tc")));
    assert_true(otlp_header_fits(STR("x"), STR("")));
    assert_false(otlp_header_fits(STR(""), STR("a")));
    assert_false(otlp_header_fits(STR("a b"), STR("c")));
    assert_false(otlp_header_fits(STR("a:"), STR("c")));
    assert_false(otlp_header_fits(str_from("a\0", 2), STR("c")));
    assert_false(otlp_header_fits(STR("a"), STR("b\r\nc: d")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_get_their_path),
        cmocka_unit_test(what_is_no_address_is_refused_and_not_shown),
        cmocka_unit_test(lists_are_decoded),
        cmocka_unit_test(broken_lists_are_refused),
        cmocka_unit_test(headers_fit_on_a_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
