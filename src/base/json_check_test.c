#include "base/json_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"

/* Exactly so many bytes on the heap, so that a reader that goes too far is caught. */
static bool check(const char *bytes, size_t n, char first)
{
    char *copy = xmemdup(bytes, n);
    bool good = json_check(str_from(copy, n), first);

    free(copy);
    return good;
}

static bool check_text(const char *text)
{
    return check(text, strlen(text), 0);
}

static void json_is_taken(void **state)
{
    (void)state;
    static const char *const good[] = {
        "null",         " true ",
        "false",        "0",
        "-0.5e+10",     "12E3",
        "\"\"",         "\"a\\n\\u00e4\\\\\\\"\xc3\xa4\"",
        "[]",           "{}",
        "[[],{},[{}]]", "{\"a\":1,\"b\":[1,2,{\"c\":null}],\"\":{}}",
        " [ 1 , 2 ] ",  "{ \"a\" : [ ] , \"b\" : { } }\n",
    };

    for (size_t i = 0; i < countof(good); i++) {
        if (!check_text(good[i]))
            fail_msg("refused: %s", good[i]);
    }
}

static void other_bytes_are_not(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        "nul",
        "truer",
        "01",
        "1.",
        ".5",
        "1e",
        "+1",
        "-",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\n\"",
        "\"\xff\"",
        "[",
        "]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":}",
        "{\"a\":1",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "[}",
        "{]",
        "[] []",
        "1 2",
        "{\"a\" 1}",
        "[\"a\":1]",
        "NaN",
        "Infinity",
        "'a'",
        "\"\xed\xa0\x80\"",
        "\"\xc3\"",
    };

    for (size_t i = 0; i < countof(bad); i++) {
        if (check_text(bad[i]))
            fail_msg("taken: %s", bad[i]);
    }
    assert_false(check("[1]\0", 4, 0));
}

static void every_start_of_json_is_not(void **state)
{
    (void)state;
    static const char whole[] = "{\"k\":[1,-2.5e3,\"x\\u0041\",true,null,{\"z\":[]}]}";

    for (size_t n = 0; n < sizeof(whole) - 1; n++)
        assert_false(check(whole, n, 0));
    assert_true(check(whole, sizeof(whole) - 1, '{'));
    assert_false(check(whole, sizeof(whole) - 1, '['));
}

static void depth_is_limited(void **state)
{
    (void)state;
    char text[2 * JSON_CHECK_DEPTH_MAX + 2];
    size_t n = JSON_CHECK_DEPTH_MAX;

    memset(text, '[', n);
    memset(text + n, ']', n);
    assert_true(check(text, 2 * n, '['));
    n++;
    memset(text, '[', n);
    memset(text + n, ']', n);
    assert_false(check(text, 2 * n, '['));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_taken),
        cmocka_unit_test(other_bytes_are_not),
        cmocka_unit_test(every_start_of_json_is_not),
        cmocka_unit_test(depth_is_limited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
