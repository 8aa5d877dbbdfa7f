/* What answers mean by the rules that most receivers share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "sink/push.h"

static void judge(int status, const char *body, struct push_result *ret)
{
    struct push_answer answer = {.status = status, .retry_after = 5};

    buf_puts(&answer.body, body);
    snprintf(answer.error, sizeof(answer.error), "connection refused");
    push_http_judge(&answer, ret);
    buf_fini(&answer.body);
}

static void test_statuses(void **state UNUSED)
{
    static const struct {
        int status;
        enum push_outcome want;
    } cases[] = {
        {0, PUSH_RETRY},     {200, PUSH_DONE},    {204, PUSH_DONE},    {202, PUSH_DONE},
        {301, PUSH_BLOCKED}, {400, PUSH_REFUSED}, {401, PUSH_BLOCKED}, {403, PUSH_BLOCKED},
        {404, PUSH_BLOCKED}, {405, PUSH_BLOCKED}, {408, PUSH_RETRY},   {413, PUSH_SPLIT},
        {422, PUSH_REFUSED}, {429, PUSH_RETRY},   {500, PUSH_RETRY},   {503, PUSH_RETRY},
        {599, PUSH_RETRY},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        struct push_result r;

        judge(cases[i].status, "no", &r);
        assert_int_equal(r.outcome, cases[i].want);
        assert_int_equal(r.reason[0] == '\0', r.outcome == PUSH_DONE);
        assert_int_equal(r.retry_after, 5);
        assert_int_equal(r.n_rejected, 0);
    }
}

static void test_words(void **state UNUSED)
{
    struct push_result r;
    char text[1000];

    judge(503, "  overloaded\nby far\n", &r);
    assert_string_equal(r.reason, "status 503 Service Unavailable: overloaded");
    judge(500, "", &r);
    assert_string_equal(r.reason, "status 500 Internal Server Error");
    judge(0, "", &r);
    assert_string_equal(r.reason, "connection refused");

    /* Nothing that a terminal would obey, and no half characters. */
    judge(400, "a\033[31mb\x07\x7f", &r);
    assert_string_equal(r.reason, "status 400 Bad Request: a[31mb");
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        text[i] = "\xc3\xa4"[i % 2];
    text[sizeof(text) - 1] = '\0';
    judge(400, text, &r);
    assert_in_range(strlen(r.reason), 200, 240);
    unsigned char last = (unsigned char)r.reason[strlen(r.reason) - 1];

    assert_int_equal(last, 0xa4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
