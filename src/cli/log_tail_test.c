/* Lines come and go. */
#include "cli/log_tail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json_out.h"

static struct buf out;

static const char *shown(struct log_tail *t)
{
    struct json_out j = JSON_OUT(&out, 0);

    buf_reset(&out);
    log_tail_put(t, &j);
    return buf_cstr(&out);
}

static void test_the_last_ones(void **s UNUSED)
{
    struct log_tail *t = log_tail_new();
    char line[32];

    assert_string_equal(shown(t), "[]");
    log_tail_add(t, STR("one\n"));
    log_tail_add(t, STR("\"two\""));
    assert_string_equal(shown(t), "[\"one\",\"\\\"two\\\"\"]");
    for (int i = 0; i < LOG_TAIL_LINES; i++) {
        snprintf(line, sizeof(line), "line %d\n", i);
        log_tail_add(t, str_of(line));
    }
    assert_non_null(strstr(shown(t), "[\"line 0\",\"line 1\","));
    assert_non_null(strstr(shown(t), "\"line 499\"]"));
    log_tail_free(t);
}

static void test_long_lines(void **s UNUSED)
{
    static char line[LOG_TAIL_BYTES + 10];
    struct log_tail *t = log_tail_new();

    memset(line, 'x', sizeof(line) - 1);
    memcpy(line + LOG_TAIL_BYTES - 1, "\xc3\xa9", 2); /* the cut would go through it */
    log_tail_add(t, str_of(line));
    assert_int_equal(strlen(shown(t)), LOG_TAIL_BYTES - 1 + strlen("[\"\"]"));
    log_tail_free(t);
}

static void test_colours(void **s UNUSED)
{
    struct log_tail *t = log_tail_new();

    log_tail_add(t, STR("\033[36mINFO\033[0m[0001] a [1m \033"));
    assert_string_equal(shown(t), "[\"INFO[0001] a [1m \\u001b\"]");
    log_tail_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_ones),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_colours),
    };
    int r = cmocka_run_group_tests(tests, NULL, NULL);

    buf_fini(&out);
    return r;
}
