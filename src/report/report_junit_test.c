#include "report/report_junit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "report/golden_test.h"
#include "report/report_testing.h"

static void put(struct report_fixture *f, struct buf *out)
{
    struct report *r = report_fixture_done(f);

    report_junit_put(r, out);
    report_free(r);
}

static void test_a_run_that_failed(void **state UNUSED)
{
    struct report_fixture f;
    struct buf out = {0};

    report_fixture_init(&f);
    report_fixture_shop(&f);
    put(&f, &out);
    golden_check("report_failed.xml", &out);
    buf_fini(&out);
    report_fixture_fini(&f);
}

static void test_a_run_that_measured_nothing(void **state UNUSED)
{
    struct report_fixture f;
    struct buf out = {0};

    report_fixture_init(&f);
    put(&f, &out);
    golden_check("report_empty.xml", &out);
    buf_fini(&out);
    report_fixture_fini(&f);
}

static bool has(struct buf *out, const char *text)
{
    return strstr(buf_cstr(out), text) != NULL;
}

static void test_how_a_run_ended(void **state UNUSED)
{
    static const struct {
        enum store_state state;
        int exit_code;
        const char *reason;
        const char *expected;
    } cases[] = {
        {STORE_FINISHED, 0, "", "errors=\"0\""},
        {STORE_FINISHED, 115, "", "errors=\"0\""},
        {STORE_STOPPED, 105, "stopped by a signal",
         "<error message=\"stopped: stopped by a signal"},
        {STORE_FAILED, 107, "ReferenceError: x", "<error message=\"failed: ReferenceError: x"},
        {STORE_FINISHED, 110, "", "<error message=\"failed: exit code 110"},
        {STORE_INTERRUPTED, -1, "", "<error message=\"interrupted: its process ended"},
        {STORE_RUNNING, -1, "", "<skipped message=\"running: "},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        struct report_fixture f;
        struct buf out = {0};

        report_fixture_init(&f);
        f.run.state = cases[i].state;
        f.run.exit_code = cases[i].exit_code;
        f.run.reason = str_of(cases[i].reason);
        put(&f, &out);
        if (!has(&out, cases[i].expected))
            fail_msg("case %zu: no %s in\n%s", i, cases[i].expected, buf_cstr(&out));
        buf_fini(&out);
        report_fixture_fini(&f);
    }
}

static void test_an_invalid_verdict_fails(void **state UNUSED)
{
    struct report_fixture f;
    struct buf out = {0};

    report_fixture_init(&f);
    f.run.verdict_json = STR("{\"level\":\"invalid\",\"reasons\":[{\"text\":\"no ports\"}]}");
    put(&f, &out);
    assert_true(has(&out,
                    "<failure message=\"the generator calls its numbers invalid\" type=\"run\">"
                    "the generator calls its numbers invalid\nno ports</failure>"));
    buf_fini(&out);
    report_fixture_fini(&f);
}

/* What a store has as JSON may be anything. */
static void test_json_of_another_shape_is_left_out(void **state UNUSED)
{
    static const char *const shapes[] = {
        "",
        "null",
        "[",
        "{}",
        "[]",
        "[1,null,[],{}]",
        "{\"level\":1,\"reasons\":{\"a\":1}}",
        "{\"a\":null,\"b\":{\"produced\":-1,\"acknowledged\":1e300}}",
        "[{\"metric\":{},\"limit\":\"x\",\"state\":\"failed\"}]",
    };

    for (size_t i = 0; i < countof(shapes); i++) {
        struct report_fixture f;
        struct buf out = {0};

        report_fixture_init(&f);
        f.run.thresholds_json = f.run.verdict_json = f.run.outputs_json = f.run.scenarios_json =
            str_of(shapes[i]);
        put(&f, &out);
        assert_true(has(&out, "</testsuites>"));
        buf_fini(&out);
        report_fixture_fini(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_run_that_failed),
        cmocka_unit_test(test_a_run_that_measured_nothing),
        cmocka_unit_test(test_how_a_run_ended),
        cmocka_unit_test(test_an_invalid_verdict_fails),
        cmocka_unit_test(test_json_of_another_shape_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
