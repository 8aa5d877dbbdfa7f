#include "sink/influx_answer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct push_result judged(enum influx_version version, int status, const char *body,
                                 size_t n_points)
{
    struct push_answer answer = {.status = status};
    struct push_result r;

    memset(&r, 0xff, sizeof(r));
    buf_puts(&answer.body, body);
    influx_judge(version, &answer, n_points, &r);
    buf_fini(&answer.body);
    return r;
}

static void check(int status, const char *body, size_t n, enum push_outcome outcome,
                  const char *reason)
{
    struct push_result r = judged(INFLUX_V1, status, body, n);

    assert_int_equal(r.outcome, outcome);
    assert_string_equal(r.reason, reason);
}

static void stored_is_done(void **state UNUSED)
{
    check(204, "", 5, PUSH_DONE, "");
    check(200, "", 5, PUSH_DONE, "");
}

static void a_partial_write_counts_what_was_dropped(void **state UNUSED)
{
    static const char conflict[] =
        "{\"error\":\"partial write: field type conflict: input field \\\"v\\\" on measurement "
        "\\\"m\\\" is type float, already exists as type integer dropped=2\"}\n";
    struct push_result r = judged(INFLUX_V1, 400, conflict, 10);

    assert_int_equal(r.outcome, PUSH_DONE);
    assert_int_equal(r.n_rejected, 2);
    assert_non_null(strstr(r.reason, "input field \"v\" on measurement \"m\" is type float"));
    r = judged(INFLUX_V1, 400, conflict, 1);
    assert_int_equal(r.n_rejected, 1);
    r = judged(INFLUX_V2, 422,
               "{\"code\":\"unprocessable entity\",\"message\":\"failure writing points to "
               "database: partial write: points beyond retention policy dropped=3\"}",
               10);
    assert_int_equal(r.outcome, PUSH_DONE);
    assert_int_equal(r.n_rejected, 3);
}

static void a_bad_line_is_isolated(void **state UNUSED)
{
    static const char lost[] = "{\"error\":\"partial write: unable to parse 'bad line here': "
                               "invalid field format dropped=0\"}";

    check(400, lost, 10, PUSH_SPLIT,
          "partial write: unable to parse 'bad line here': invalid field format dropped=0");
    check(400, lost, 1, PUSH_REFUSED,
          "partial write: unable to parse 'bad line here': invalid field format dropped=0");
    check(400, "{\"error\":\"unable to parse 'm q=NaN': invalid number\"}", 2, PUSH_SPLIT,
          "status 400: unable to parse 'm q=NaN': invalid number");
    check(400, "{\"error\":\"unable to parse 'm q=NaN': invalid number\"}", 1, PUSH_REFUSED,
          "status 400: unable to parse 'm q=NaN': invalid number");
    struct push_result r = judged(INFLUX_V2, 422, "{}", 4);

    assert_int_equal(r.outcome, PUSH_SPLIT);
    r = judged(INFLUX_V2, 422, "", 4);
    assert_int_equal(r.outcome, PUSH_SPLIT);
    assert_string_equal(r.reason, "some of the points were refused without a word");
}

static void what_needs_mending_blocks(void **state UNUSED)
{
    check(400, "{\"error\":\"database is required\"}", 3, PUSH_BLOCKED,
          "status 400: database is required; name the database behind the host: /DATABASE");
    check(401, "{\"error\":\"authorization failed\"}", 3, PUSH_BLOCKED,
          "status 401: authorization failed; check user and password, or token");
    check(404, "{\"error\":\"database not found: \\\"nope\\\"\"}", 3, PUSH_BLOCKED,
          "status 404: database not found: \"nope\"; create the database, or let this user do so");
    check(404, "404 page not found\n", 3, PUSH_BLOCKED,
          "status 404: 404 page not found; there is no such path: check address and ?version=");
    assert_int_equal(
        judged(INFLUX_V2, 403, "{\"code\":\"forbidden\",\"message\":\"no write\"}", 3).outcome,
        PUSH_BLOCKED);
    assert_int_equal(judged(INFLUX_V2, 404, "", 3).outcome, PUSH_BLOCKED);
    assert_int_equal(judged(INFLUX_V1, 404, "", 3).outcome, PUSH_BLOCKED);
}

static void what_passes_is_tried_again(void **state UNUSED)
{
    struct push_result r =
        judged(INFLUX_V1, 500, "{\"error\":\"retention policy not found: nope\"}", 3);

    assert_int_equal(r.outcome, PUSH_RETRY);
    assert_true(r.bounded);
    assert_string_equal(r.reason,
                        "status 500: retention policy not found: nope; check ?retention=");
    r = judged(INFLUX_V1, 500, "{\"error\":\"timeout\"}", 3);
    assert_int_equal(r.outcome, PUSH_RETRY);
    assert_false(r.bounded);
    assert_int_equal(judged(INFLUX_V2, 429, "", 3).outcome, PUSH_RETRY);
    assert_int_equal(judged(INFLUX_V2, 503, "", 3).outcome, PUSH_RETRY);
    assert_int_equal(judged(INFLUX_V2, 413, "", 3).outcome, PUSH_SPLIT);
    assert_int_equal(judged(INFLUX_V2, 0, "", 3).outcome, PUSH_RETRY);
}

static void garbage_is_words_of_a_bounded_length(void **state UNUSED)
{
    static char body[5000];

    memset(body, 'x', sizeof(body) - 1);
    memcpy(body, "{\"error\":\"\x1b[31m", 14);
    body[sizeof(body) - 2] = '"';
    struct push_result r = judged(INFLUX_V1, 401, body, 3);

    assert_int_equal(r.outcome, PUSH_BLOCKED);
    assert_null(strchr(r.reason, '\x1b'));
    assert_in_range(strlen(r.reason), 300, 399);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stored_is_done),
        cmocka_unit_test(a_partial_write_counts_what_was_dropped),
        cmocka_unit_test(a_bad_line_is_isolated),
        cmocka_unit_test(what_needs_mending_blocks),
        cmocka_unit_test(what_passes_is_tried_again),
        cmocka_unit_test(garbage_is_words_of_a_bounded_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
