#include "sink/otlp_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct push_result judge(int status, struct str body, const char *type, bool retry_500)
{
    struct http_header header = {STR("Content-Type"), str_of(type)};
    struct push_answer a = {.status = status, .headers = &header, .n_headers = type ? 1 : 0};
    struct otlp_rules rules = {.n_points = 10, .retry_500 = retry_500};
    struct push_result r = {.outcome = PUSH_SPLIT, .n_rejected = 99, .reason = "old"};

    a.retry_after = 7;
    buf_putstr(&a.body, body);
    otlp_judge(&rules, &a, &r);
    buf_fini(&a.body);
    return r;
}

static void check(int status, struct str body, const char *type, enum push_outcome outcome,
                  size_t n_rejected, const char *words)
{
    struct push_result r = judge(status, body, type, false);

    assert_int_equal(r.outcome, outcome);
    assert_int_equal(r.n_rejected, n_rejected);
    assert_string_equal(r.reason, words);
}

static void success_is_full_or_partial(void **state UNUSED)
{
    const char *pb = "application/x-protobuf", *json = "application/json";

    check(200, STR(""), pb, PUSH_DONE, 0, "");
    check(200, STR("\x0a\x00"), pb, PUSH_DONE, 0, "");
    check(200, STR("\x0a\x0b\x08\x03\x12\x07too old"), pb, PUSH_DONE, 3,
          "refused by the receiver: too old");
    check(200,
          STR("\x0a\x09\x12\x07"
              "careful"),
          pb, PUSH_DONE, 0, "the receiver warns: careful");
    /* more than were sent, and fewer than none */
    check(200, STR("\x0a\x02\x08\x63"), pb, PUSH_DONE, 10, "refused by the receiver");
    check(200, STR("\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), pb, PUSH_DONE, 0, "");
    check(202, STR("OK"), "text/plain", PUSH_DONE, 0, "");
    check(200, STR("{}"), json, PUSH_DONE, 0, "");
    check(200, STR("{\"partialSuccess\":{\"rejectedDataPoints\":\"2\",\"errorMessage\":\"x\"}}"),
          json, PUSH_DONE, 2, "refused by the receiver: x");
    check(200, STR("{\"partialSuccess\":{\"rejectedDataPoints\":2}}"), json, PUSH_DONE, 2,
          "refused by the receiver");
    check(200, STR("{\"partialSuccess\":[1"), json, PUSH_DONE, 0, "");
}

static void a_web_page_is_no_success(void **state UNUSED)
{
    check(200, STR("<html>\nhello"), "text/html; charset=utf-8", PUSH_BLOCKED, 0,
          "status 200 OK: <html> (a web page: is there an OTLP receiver at this address?)");
}

static void failures_are_judged_by_status(void **state UNUSED)
{
    static const struct {
        int status;
        enum push_outcome outcome;
    } cases[] = {
        {429, PUSH_RETRY},   {502, PUSH_RETRY},   {503, PUSH_RETRY},   {504, PUSH_RETRY},
        {401, PUSH_BLOCKED}, {403, PUSH_BLOCKED}, {404, PUSH_BLOCKED}, {405, PUSH_BLOCKED},
        {415, PUSH_BLOCKED}, {301, PUSH_BLOCKED}, {413, PUSH_SPLIT},   {400, PUSH_REFUSED},
        {408, PUSH_REFUSED}, {422, PUSH_REFUSED}, {500, PUSH_DONE},    {505, PUSH_DONE},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        struct push_result r = judge(cases[i].status, STR("why\nnot"), NULL, false);

        assert_int_equal(r.outcome, cases[i].outcome);
        assert_int_equal(r.retry_after, r.outcome == PUSH_RETRY ? 7 : 0);
        assert_int_equal(r.n_rejected, r.outcome == PUSH_DONE ? 10 : 0);
        assert_non_null(strstr(r.reason, ": why"));
        assert_null(strchr(r.reason, '\n'));
    }
    assert_int_equal(judge(500, STR(""), NULL, true).outcome, PUSH_RETRY);
}

static void no_answer_is_a_retry(void **state UNUSED)
{
    struct push_answer a = {.error = "dial: connection refused"};
    struct push_result r;

    otlp_judge(&(struct otlp_rules){.n_points = 1}, &a, &r);
    assert_int_equal(r.outcome, PUSH_RETRY);
    assert_string_equal(r.reason, "dial: connection refused");
}

static void what_the_receiver_says_is_shown(void **state UNUSED)
{
    /* Status{code 3, message "bad data", details} */
    check(400,
          STR("\x08\x03\x12\x08"
              "bad data\x1a\x02xx"),
          "application/x-protobuf", PUSH_REFUSED, 0, "status 400 Bad Request: bad data");
    check(400, STR("{\"code\":3,\"message\":\"bad \\u001bdata\"}"), "application/json",
          PUSH_REFUSED, 0, "status 400 Bad Request: bad data");
    check(503, STR("busy"), "text/plain", PUSH_RETRY, 0, "status 503 Service Unavailable: busy");
    check(503, STR(""), NULL, PUSH_RETRY, 0, "status 503 Service Unavailable");
}

static void broken_messages_are_none(void **state UNUSED)
{
    static const struct str broken[] = {
        STR("\x0a"),
        STR("\x0a\x05\x08"),
        STR("\x0a\x02\x08"),
        STR("\x0a\x01\x08"),
        STR("\x00\x00"),
        STR("\x0b\x00"),
        STR("\x09\x01"),
        STR("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x"),
        STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
    };
    struct otlp_success s = {.n_rejected = 42};
    struct str message;

    for (size_t i = 0; i < countof(broken); i++) {
        assert_false(otlp_success_parse(broken[i], &s));
        assert_int_equal(s.n_rejected, 42);
        assert_false(otlp_status_parse(broken[i], &message));
    }
    assert_false(otlp_status_parse(STR(""), &message));
    assert_false(otlp_status_parse(STR("\x08\x03"), &message));
    /* fields of other kinds are skipped */
    assert_true(otlp_success_parse(STR("\x11"
                                       "12345678\x15"
                                       "1234\x18\x01\x0a\x02\x08\x01"),
                                   &s));
    assert_int_equal(s.n_rejected, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_is_full_or_partial),
        cmocka_unit_test(a_web_page_is_no_success),
        cmocka_unit_test(failures_are_judged_by_status),
        cmocka_unit_test(no_answer_is_a_retry),
        cmocka_unit_test(what_the_receiver_says_is_shown),
        cmocka_unit_test(broken_messages_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
