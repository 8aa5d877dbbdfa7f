#include "sink/remote_write_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct http_header written_2[] = {
    {{"X-Prometheus-Remote-Write-Samples-Written", 41}, {"1", 1}},
    {{"x-prometheus-remote-write-histograms-written", 44}, {"1", 1}},
};

static const struct http_header written_0[] = {
    {{"X-Prometheus-Remote-Write-Samples-Written", 41}, {"0", 1}},
};

static struct push_answer answer(int status, const struct http_header *headers, size_t n)
{
    return (struct push_answer){.status = status, .headers = headers, .n_headers = n};
}

static void test_who_falls_back(void **state)
{
    static const struct {
        const char *version;
        int status;
        bool says_written, falls_back;
        enum remote_write_version after;
        bool is_sure;
    } cases[] = {
        {"auto", 204, true, false, REMOTE_WRITE_2, true},
        {"auto", 204, false, true, REMOTE_WRITE_1, true}, /* decoded as nothing */
        {"auto", 415, false, true, REMOTE_WRITE_1, true},
        {"auto", 400, false, true, REMOTE_WRITE_1, true},
        {"auto", 400, true, false, REMOTE_WRITE_2, true}, /* it is about the points */
        {"auto", 503, false, false, REMOTE_WRITE_2, false},
        {"auto", 401, false, false, REMOTE_WRITE_2, false},
        {"auto", 0, false, false, REMOTE_WRITE_2, false},
        {"2", 415, false, false, REMOTE_WRITE_2, true},
        {"2", 204, false, false, REMOTE_WRITE_2, true},
        {"1", 204, false, false, REMOTE_WRITE_1, true},
        {"1", 400, false, false, REMOTE_WRITE_1, true},
    };

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        struct remote_write_choice c;
        struct push_answer a = answer(cases[i].status, written_2, cases[i].says_written ? 2 : 0);

        assert_true(remote_write_choose(cases[i].version, &c));
        assert_int_equal(remote_write_falls_back(&c, &a), cases[i].falls_back);
        assert_int_equal(c.version, cases[i].after);
        assert_int_equal(c.is_sure, cases[i].is_sure);
    }
}

static void test_a_choice_is_kept(void **state)
{
    struct remote_write_choice c;
    struct push_answer good = answer(204, written_2, 2), bad = answer(400, NULL, 0);

    (void)state;
    assert_false(remote_write_choose("3", &c));
    assert_true(remote_write_choose("auto", &c));
    assert_false(remote_write_falls_back(&c, &good));
    assert_false(remote_write_falls_back(&c, &bad));
    assert_int_equal(c.version, REMOTE_WRITE_2);
}

static void test_what_answers_mean(void **state)
{
    static const struct {
        enum remote_write_version version;
        int status;
        enum push_outcome outcome;
        bool bounded;
    } cases[] = {
        {REMOTE_WRITE_1, 200, PUSH_DONE, false},    {REMOTE_WRITE_1, 204, PUSH_DONE, false},
        {REMOTE_WRITE_1, 400, PUSH_REFUSED, false}, {REMOTE_WRITE_1, 401, PUSH_BLOCKED, false},
        {REMOTE_WRITE_1, 404, PUSH_BLOCKED, false}, {REMOTE_WRITE_1, 413, PUSH_SPLIT, false},
        {REMOTE_WRITE_1, 415, PUSH_BLOCKED, false}, {REMOTE_WRITE_1, 429, PUSH_RETRY, false},
        {REMOTE_WRITE_1, 500, PUSH_RETRY, true},    {REMOTE_WRITE_1, 503, PUSH_RETRY, false},
        {REMOTE_WRITE_1, 0, PUSH_RETRY, false},     {REMOTE_WRITE_2, 400, PUSH_REFUSED, false},
        {REMOTE_WRITE_2, 204, PUSH_BLOCKED, false}, {REMOTE_WRITE_2, 500, PUSH_RETRY, true},
    };

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        struct push_answer a = answer(cases[i].status, NULL, 0);
        struct push_result r;

        remote_write_judge(cases[i].version, &a, 2, &r);
        assert_int_equal(r.outcome, cases[i].outcome);
        assert_int_equal(r.bounded, cases[i].bounded);
        assert_int_equal(r.n_rejected, 0);
    }
}

static void test_a_receiver_of_2_counts(void **state)
{
    struct push_answer all = answer(204, written_2, 2), none = answer(200, written_0, 1);
    struct push_result r;

    (void)state;
    remote_write_judge(REMOTE_WRITE_2, &all, 2, &r);
    assert_int_equal(r.outcome, PUSH_DONE);
    assert_int_equal(r.n_rejected, 0);
    remote_write_judge(REMOTE_WRITE_2, &all, 5, &r);
    assert_int_equal(r.outcome, PUSH_DONE);
    assert_int_equal(r.n_rejected, 3);
    assert_string_equal(r.reason, "status 204, but 2 of 5 points were written");
    remote_write_judge(REMOTE_WRITE_2, &none, 5, &r);
    assert_int_equal(r.n_rejected, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_falls_back),
        cmocka_unit_test(test_a_choice_is_kept),
        cmocka_unit_test(test_what_answers_mean),
        cmocka_unit_test(test_a_receiver_of_2_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
