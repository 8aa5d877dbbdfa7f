/* Targets as anybody may send them. */
#include "web/web_uri.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct arena arena;

static void test_split(void **s UNUSED)
{
    static const char *const cases[][3] = {
        {"/a/b?c=d&e", "/a/b", "c=d&e"},
        {"/a", "/a", ""},
        {"/a?", "/a", ""},
        {"?q", "", "q"},
        {"/a?b?c", "/a", "b?c"},
        {"/a?b#c?d", "/a", "b"},
        {"", "", ""},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        struct str path, query;

        web_uri_split(str_of(cases[i][0]), &path, &query);
        assert_true(str_is(path, cases[i][1]));
        assert_true(str_is(query, cases[i][2]));
    }
}

static void test_decode(void **s UNUSED)
{
    static const char *const good[][2] = {
        {"p%2895%29", "p(95)"}, {"a+b%2B", "a b+"}, {"%C3%A9", "\xc3\xa9"}, {"", ""}, {"%7e", "~"}};
    static const char *const bad[] = {"%", "%4", "%4x", "%00", "a%0a", "%7F", "%%41", "%1f"};
    struct str text;

    for (size_t i = 0; i < countof(good); i++) {
        assert_true(web_uri_decode(&arena, str_of(good[i][0]), true, &text));
        assert_true(str_is(text, good[i][1]));
        assert_int_equal(text.p[text.n], '\0');
    }
    for (size_t i = 0; i < countof(bad); i++)
        assert_false(web_uri_decode(&arena, str_of(bad[i]), true, &text));
    assert_true(web_uri_decode(&arena, STR("a+b"), false, &text));
    assert_true(str_is(text, "a+b"));
}

static void test_query(void **s UNUSED)
{
    struct str query = STR("stat=p%2895%29&x&steps=60&steps=7&bad=%zz&big=99&&neg=-1&e="), text;
    uint64_t n = 5;

    assert_true(web_query_get(&arena, query, "stat", &text));
    assert_true(str_is(text, "p(95)"));
    assert_true(web_query_get(&arena, query, "x", &text));
    assert_int_equal(text.n, 0);
    assert_false(web_query_get(&arena, query, "bad", &text));
    assert_false(web_query_get(&arena, query, "st", &text));
    assert_false(web_query_get(&arena, (struct str){0}, "x", &text));
    assert_int_equal(web_query_number(&arena, query, "none", 60, &n), 0);
    assert_int_equal(n, 5);
    assert_int_equal(web_query_number(&arena, query, "e", 60, &n), 0);
    assert_int_equal(n, 5);
    assert_int_equal(web_query_number(&arena, query, "steps", 60, &n), 0);
    assert_int_equal(n, 60);
    assert_int_equal(web_query_number(&arena, query, "big", 98, &n), -EINVAL);
    assert_int_equal(web_query_number(&arena, query, "neg", 98, &n), -EINVAL);
    assert_int_equal(web_query_number(&arena, query, "stat", 98, &n), -EINVAL);
    assert_int_equal(n, 60);
    fault_clear();
}

static void test_patterns(void **s UNUSED)
{
    static const struct {
        const char *path, *pattern, *first, *second; /* first NULL: does not fit */
    } cases[] = {
        {"/api/runs", "/api/runs", "", ""},
        {"/api/runs/", "/api/runs", NULL, NULL},
        {"/api/runs", "/api/runs/{}", NULL, NULL},
        {"/api/runs/", "/api/runs/{}", NULL, NULL},
        {"/api/runs/12", "/api/runs/{}", "12", ""},
        {"/api/runs/a%2Fb", "/api/runs/{}", "a/b", ""},
        {"/api/runs/a%", "/api/runs/{}", NULL, NULL},
        {"/api/runs/a/b", "/api/runs/{}", NULL, NULL},
        {"/api/runs/a/exchanges/7", "/api/runs/{}/exchanges/{}", "a", "7"},
        {"/api/runs//exchanges/7", "/api/runs/{}/exchanges/{}", NULL, NULL},
        {"/a/b/c/d/e", "/{}/{}/{}/{}/{}", NULL, NULL},
        {"", "/", NULL, NULL},
        {"/", "/", "", ""},
        {"/api/../runs", "/runs", NULL, NULL},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        struct str p[WEB_PARAMS_MAX] = {{0}};
        bool fits = web_path_fits(&arena, str_of(cases[i].path), cases[i].pattern, p);

        if (fits != (cases[i].first != NULL))
            fail_msg("'%s' and '%s'", cases[i].path, cases[i].pattern);
        if (fits) {
            assert_true(str_is(p[0], cases[i].first));
            assert_true(str_is(p[1], cases[i].second));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_query),
        cmocka_unit_test(test_patterns),
    };
    int r = cmocka_run_group_tests(tests, NULL, NULL);

    arena_fini(&arena);
    return r;
}
