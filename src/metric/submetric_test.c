#include "metric/submetric.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

static void names_are_taken_apart(void **state)
{
    struct submetric_name n;

    (void)state;
    assert_int_equal(submetric_parse(STR("http_reqs"), &n), 0);
    assert_true(str_is(n.metric, "http_reqs"));
    assert_false(n.has_tags);
    assert_int_equal(submetric_parse(STR("m { status : 200 ,\"name\": 'a:b',group:::main }"), &n),
                     0);
    assert_true(str_is(n.metric, "m"));
    assert_true(n.has_tags);
    assert_int_equal(n.n_tags, 3);
    assert_true(str_is(n.tags[0].key, "group") && str_is(n.tags[0].value, "::main"));
    assert_true(str_is(n.tags[1].key, "name") && str_is(n.tags[1].value, "a:b"));
    assert_true(str_is(n.tags[2].key, "status") && str_is(n.tags[2].value, "200"));
    assert_int_equal(submetric_parse(STR("m{a:1,a:2}"), &n), 0);
    assert_int_equal(n.n_tags, 1);
    assert_true(str_is(n.tags[0].value, "2"));
    assert_int_equal(submetric_parse(STR("m{a:\"\"}"), &n), 0);
    assert_int_equal(n.tags[0].value.n, 0);
    assert_int_equal(submetric_parse(STR("m{url:http://x/{id}}"), &n), 0);
    assert_true(str_is(n.tags[0].value, "http://x/{id}"));
}

static void bad_names_are_explained(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"m{a}", "parsing metric name failed, metric \"a\" tag expression is malformed"},
        {"m{a:}", "parsing metric name failed, metric \"a:\" tag expression is malformed"},
        {"m{}", "parsing metric name failed, metric \"\" tag expression is malformed"},
        {"m{a:b,}", "parsing metric name failed, metric \"\" tag expression is malformed"},
        {"m{a:b",
         "parsing metric name failed, metric \"m{a:b\" has unmatched opening/close curly brace"},
        {"m}", "parsing metric name failed, metric \"m}\" has unmatched opening/close curly brace"},
        {"m}{",
         "parsing metric name failed, metric \"m}{\" lacks a closing curly brace in its last "
         "position"},
        {"}m{}",
         "parsing metric name failed, metric \"}m{}\" has unmatched opening/close curly brace"},
        {"m{a:b}c",
         "parsing metric name failed, metric \"m{a:b}c\" lacks a closing curly brace in its last "
         "position"},
    };
    struct submetric_name n;

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(submetric_parse(str_of(cases[i].text), &n), -EINVAL);
        assert_string_equal(fault_text(), cases[i].words);
    }
    fault_clear();
}

static void there_is_a_limit_to_tags(void **state)
{
    struct buf text = BUF_INIT(1 << 16);
    struct submetric_name n;

    (void)state;
    buf_puts(&text, "m{");
    for (int i = 0; i < SUBMETRIC_TAGS_MAX; i++)
        buf_printf(&text, "%sk%d:v", i ? "," : "", i);
    buf_putc(&text, '}');
    assert_int_equal(submetric_parse(buf_str(&text), &n), 0);
    assert_int_equal(n.n_tags, SUBMETRIC_TAGS_MAX);
    text.len--;
    buf_puts(&text, ",more:v}");
    assert_int_equal(submetric_parse(buf_str(&text), &n), -EINVAL);
    buf_fini(&text);
    fault_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_taken_apart),
        cmocka_unit_test(bad_names_are_explained),
        cmocka_unit_test(there_is_a_limit_to_tags),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
