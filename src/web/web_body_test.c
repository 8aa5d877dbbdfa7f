/* Bodies: what is taken over, and what is refused with which words. */
#include "web/web_body.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"

static struct arena arena;

static void test_run_change(void **s UNUSED)
{
    struct web_run_change c;

    assert_int_equal(
        web_run_change_parse(
            &arena, STR("{\"labels\":[\" a \",\"<b>\"],\"note\":\"x\\ny\",\"baseline\":true}"), &c),
        0);
    assert_true(c.has_labels && c.has_note && c.has_baseline && c.is_baseline);
    assert_true(str_is(c.labels_json, "[\"a\",\"<b>\"]"));
    assert_true(str_is(c.note, "x\ny"));
    assert_int_equal(web_run_change_parse(&arena, STR("{\"labels\":[]}"), &c), 0);
    assert_true(c.has_labels && !c.has_note && !c.has_baseline);
    assert_true(str_is(c.labels_json, "[]"));
}

static void test_bad_run_changes(void **s UNUSED)
{
    static const char *const cases[][2] = {
        {"", "JSON"},
        {"[]", "no object"},
        {"{}", "none of labels"},
        {"{\"labels\":\"a\"}", "array of strings"},
        {"{\"labels\":[1]}", "must be a string"},
        {"{\"labels\":[\" \"]}", "empty"},
        {"{\"labels\":[\"a\\nb\"]}", "control characters"},
        {"{\"note\":1}", "must be a string"},
        {"{\"note\":\"\\u0000\"}", "JSON"},
        {"{\"note\":\"\\u001b[31m\"}", "control characters"},
        {"{\"baseline\":\"yes\"}", "true or false"},
        {"{\"id\":\"x\"}", "nothing that can be set"},
        {"{\"note\":\"a\",\"note\":\"b\"}", "duplicate"},
        {"{\"note\":\"a\"} x", "JSON"},
    };
    struct web_run_change c;

    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(web_run_change_parse(&arena, str_of(cases[i][0]), &c), -EINVAL);
        if (!strstr(fault_text(), cases[i][1]))
            fail_msg("%s: %s", cases[i][0], fault_text());
    }
    fault_clear();
}

static void test_limits(void **s UNUSED)
{
    scoped(buf_fini) struct buf body = {0};
    struct web_run_change c;

    buf_puts(&body, "{\"labels\":[\"0\"");
    for (int i = 1; i < WEB_LABELS_MAX; i++)
        buf_printf(&body, ",\"%d\"", i);
    size_t n = body.len;

    buf_puts(&body, "]}");
    assert_int_equal(web_run_change_parse(&arena, buf_str(&body), &c), 0);
    body.len = n;
    buf_puts(&body, ",\"one more\"]}");
    assert_int_equal(web_run_change_parse(&arena, buf_str(&body), &c), -EINVAL);
    buf_reset(&body);
    buf_printf(&body, "{\"labels\":[\"%0*d\"]}", WEB_LABEL_BYTES + 1, 7);
    assert_int_equal(web_run_change_parse(&arena, buf_str(&body), &c), -EINVAL);
    fault_clear();
}

static void test_connection(void **s UNUSED)
{
    scoped(buf_fini) struct buf key = {0};
    struct web_connection_change c;

    assert_int_equal(web_connection_change_parse(
                         &arena,
                         STR("{\"endpoint\":\" https://x/graphite/metrics \",\"username\":\"12\","
                             "\"namespace\":\"lp\",\"key\":\"secret\",\"default_tags\":[\"a:b\"],"
                             "\"enabled\":false}"),
                         &c, &key),
                     0);
    assert_true(str_is(c.endpoint, "https://x/graphite/metrics"));
    assert_true(str_is(c.username, "12"));
    assert_true(str_is(c.namespace, "lp"));
    assert_int_equal(c.n_tags, 1);
    assert_true(str_is(c.tags[0], "a:b"));
    assert_false(c.enabled);
    assert_string_equal(buf_cstr(&key), "secret");
    buf_reset(&key);
    assert_int_equal(web_connection_change_parse(&arena, STR("{}"), &c, &key), 0);
    assert_true(c.enabled && !key.len);
    assert_int_equal(web_connection_change_parse(&arena, STR("{\"key\":[\"secret\"]}"), &c, &key),
                     -EINVAL);
    assert_null(strstr(fault_text(), "secret"));
    assert_int_equal(web_connection_change_parse(&arena, STR("{\"name\":\"x\"}"), &c, &key),
                     -EINVAL);
    fault_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_change),
        cmocka_unit_test(test_bad_run_changes),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_connection),
    };
    int r = cmocka_run_group_tests(tests, NULL, NULL);

    arena_fini(&arena);
    return r;
}
