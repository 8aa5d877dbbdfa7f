#include "proto/form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void check(const struct buf *got, const char *want)
{
    if (!str_is(buf_str(got), want))
        fail_msg("got '%.*s', expected '%s'", STR_ARG(buf_str(got)), want);
}

static void fields_are_joined_and_escaped(void **state)
{
    scoped(buf_fini) struct buf out = {0};

    (void)state;
    buf_puts(&out, "http://h/?");
    size_t start = out.len;

    assert_int_equal(form_add(&out, start, STR("a b"), STR("1+1=2&")), 0);
    assert_int_equal(form_add(&out, start, STR("\xc3\xbc"), STR("")), 0);
    assert_int_equal(form_add(&out, start, STR(""), STR("-_.~!*'()")), 0);
    check(&out, "http://h/?a+b=1%2B1%3D2%26&%C3%BC=&=-_.~%21%2A%27%28%29");
}

static void escapes_come_back(void **state)
{
    scoped(buf_fini) struct buf out = {0};
    scoped(buf_fini) struct buf back = {0};
    char all[256];

    (void)state;
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    assert_int_equal(form_escape(&out, str_from(all, 256)), 0);
    assert_int_equal(form_unescape(&back, buf_str(&out)), 0);
    assert_int_equal(back.len, 256);
    assert_memory_equal(back.data, all, 256);
    buf_reset(&out);
    buf_reset(&back);
    assert_int_equal(percent_encode_component(&out, str_from(all, 256)), 0);
    assert_int_equal(percent_decode(&back, buf_str(&out)), 0);
    assert_memory_equal(back.data, all, 256);
}

static void broken_escapes_stay(void **state)
{
    scoped(buf_fini) struct buf out = {0};

    (void)state;
    assert_int_equal(form_unescape(&out, STR("a+%41%4%zz%")), 0);
    check(&out, "a A%4%zz%");
    buf_reset(&out);
    assert_int_equal(percent_decode(&out, STR("a+%2B")), 0);
    check(&out, "a++");
    buf_reset(&out);
    assert_int_equal(percent_encode_component(&out, STR("a b/(c)")), 0);
    check(&out, "a%20b%2F(c)");
}

static void multipart_is_written(void **state)
{
    scoped(buf_fini) struct buf out = {0};
    scoped(buf_fini) struct buf type = {0};
    struct multipart m = {.out = &out, .boundary = STR("BB")};

    (void)state;
    assert_int_equal(multipart_add(&m, STR("a\"\r\n"), (struct str){0}, (struct str){0}, STR("1")),
                     0);
    assert_int_equal(
        multipart_add(&m, STR("f"), STR("x\\y.txt"), STR("text/plain\r\nX: y"), STR("data")), 0);
    assert_int_equal(multipart_end(&m), 0);
    check(&out, "--BB\r\nContent-Disposition: form-data; name=\"a\\\"%0D%0A\"\r\n\r\n1\r\n"
                "--BB\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\\\\y.txt\"\r\n"
                "Content-Type: text/plain  X: y\r\n\r\ndata\r\n--BB--\r\n");
    multipart_content_type(&m, &type);
    check(&type, "multipart/form-data; boundary=BB");
}

static void limits_leave_the_buffer_alone(void **state)
{
    scoped(buf_fini) struct buf out = BUF_INIT(100);
    struct multipart m = {.out = &out, .boundary = STR("B")};
    char data[200] = {0};

    (void)state;
    buf_puts(&out, "x");
    assert_int_equal(form_add(&out, 0, STR("a"), str_from(data, sizeof(data))), BUF_E_LIMIT);
    assert_int_equal(
        multipart_add(&m, STR("a"), (struct str){0}, (struct str){0}, str_from(data, sizeof(data))),
        BUF_E_LIMIT);
    check(&out, "x");
    assert_int_equal(m.n_parts, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_joined_and_escaped), cmocka_unit_test(escapes_come_back),
        cmocka_unit_test(broken_escapes_stay),           cmocka_unit_test(multipart_is_written),
        cmocka_unit_test(limits_leave_the_buffer_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
