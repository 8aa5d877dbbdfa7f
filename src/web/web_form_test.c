/* Forms as anybody may send them. */
#include "web/web_form.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"

static struct arena arena;

static void test_fields(void **s UNUSED)
{
    struct web_form form;

    assert_int_equal(web_form_read(&arena,
                                   STR("user_count=10&host=http%3A%2F%2Fa+b&c=1&c=2&&empty=&bare"),
                                   &form),
                     0);
    assert_int_equal(form.n, 6);
    assert_true(str_is(web_form_find(&form, "host")->value, "http://a b"));
    assert_true(str_is(web_form_find(&form, "c")->value, "1"));
    assert_true(str_is(form.fields[3].value, "2"));
    assert_int_equal(web_form_find(&form, "empty")->value.n, 0);
    assert_int_equal(web_form_find(&form, "bare")->value.n, 0);
    assert_null(web_form_find(&form, "user"));
    assert_int_equal(web_form_read(&arena, (struct str){0}, &form), 0);
    assert_int_equal(form.n, 0);
}

static void test_refused(void **s UNUSED)
{
    struct web_form form;
    struct buf many = {0};

    assert_int_equal(web_form_read(&arena, STR("a=%zz"), &form), -EINVAL);
    assert_non_null(strstr(fault_text(), "'a'"));
    assert_int_equal(web_form_read(&arena, STR("%0=1"), &form), -EINVAL);
    assert_int_equal(web_form_read(&arena, STR("a=%00"), &form), -EINVAL);
    for (int i = 0; i <= WEB_FIELDS_MAX; i++)
        buf_puts(&many, "&a");
    assert_int_equal(web_form_read(&arena, buf_str(&many), &form), -EINVAL);
    fault_clear();
    buf_drop(&many, 2);
    assert_int_equal(web_form_read(&arena, buf_str(&many), &form), 0);
    buf_fini(&many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_refused),
    };
    int r = cmocka_run_group_tests(tests, NULL, NULL);

    arena_fini(&arena);
    return r;
}
