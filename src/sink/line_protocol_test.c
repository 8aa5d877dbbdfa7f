#include "sink/line_protocol.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* One tag and one field. */
static void expect(const char *measurement, struct str key, struct str value, const char *line)
{
    struct buf out = {0};
    struct line l = line_begin(&out, str_of(measurement));

    line_tag(&l, key, value);
    line_f64(&l, STR("value"), 1);
    assert_true(line_end(&l, 42));
    assert_string_equal(buf_cstr(&out), line);
    buf_fini(&out);
}

static void names_and_tags_are_escaped(void **state UNUSED)
{
    expect("m", STR("k"), STR("v"), "m,k=v value=1 42\n");
    expect("a b,c=d\"e", STR("k"), STR("v"), "a\\ b\\,c=d\"e,k=v value=1 42\n");
    expect("m", STR("a=b"), STR("c=d, e"), "m,a\\=b=c\\=d\\,\\ e value=1 42\n");
    expect("m", STR("k"), STR("\xc3\xa4\"quoted\""), "m,k=\xc3\xa4\"quoted\" value=1 42\n");
    expect("#m", STR("k"), STR("v"), "_m,k=v value=1 42\n");
}

static void backslashes_never_escape_what_follows(void **state UNUSED)
{
    expect("m", STR("k"), STR("C:\\dir\\"), "m,k=C:\\dir/ value=1 42\n");
    expect("m", STR("k"), STR("a\\, b"), "m,k=a/\\,\\ b value=1 42\n");
    expect("m", STR("k"), STR("a\\\nb"), "m,k=a/\\ b value=1 42\n");
    expect("m\\", STR("k\\"), STR("v"), "m/,k/=v value=1 42\n");
    expect("m\\=", STR("k"), STR("\\\\host"), "m\\=,k=\\\\host value=1 42\n");
}

static void control_characters_become_spaces(void **state UNUSED)
{
    expect("m", STR("k"), STR("a\nb\tc\x7f"), "m,k=a\\ b\\ c\\  value=1 42\n");
    expect("m\n", STR("k"), STR("a\0b"), "m\\ ,k=a\\ b value=1 42\n");
}

static void what_is_empty_or_reserved(void **state UNUSED)
{
    expect("m", STR("k"), STR(""), "m value=1 42\n");
    expect("m", STR(""), STR("v"), "m value=1 42\n");
    expect("m", STR("time"), STR("v"), "m,time_=v value=1 42\n");
    expect("m", STR("_field"), STR("v"), "m,_field_=v value=1 42\n");
}

static void fields_of_every_type(void **state UNUSED)
{
    struct buf out = {0};
    struct line l = line_begin(&out, STR("m"));

    line_f64(&l, STR("a"), 0.1);
    line_f64(&l, STR("nan"), NAN);
    line_f64(&l, STR("inf"), -INFINITY);
    line_i64(&l, STR("b c"), INT64_MIN);
    line_bool(&l, STR("d"), true);
    line_string(&l, STR("time"), STR("say \"hi\" \\ \n, = there"));
    assert_true(line_end(&l, -5));
    assert_string_equal(buf_cstr(&out), "m a=0.1,b\\ c=-9223372036854775808i,d=true,"
                                        "time_=\"say \\\"hi\\\" \\\\  , = there\" -5\n");
    buf_fini(&out);
}

static void a_line_without_fields_is_taken_back(void **state UNUSED)
{
    struct buf out = {0};

    buf_puts(&out, "before\n");
    struct line l = line_begin(&out, STR("m"));

    line_tag(&l, STR("k"), STR("v"));
    line_f64(&l, STR("value"), NAN);
    assert_false(line_end(&l, 1));
    assert_string_equal(buf_cstr(&out), "before\n");
    buf_fini(&out);
}

static void long_values_are_cut_between_characters(void **state UNUSED)
{
    static char text[LINE_VALUE_BYTES + 10];
    struct buf out = {0};
    struct line l = line_begin(&out, STR("m"));

    memset(text, 'x', sizeof(text));
    memcpy(text + LINE_VALUE_BYTES - 1, "\xc3\xa4", 2);
    line_tag(&l, STR("k"), str_from(text, sizeof(text)));
    assert_int_equal(out.len, strlen("m,k=") + LINE_VALUE_BYTES - 1);
    for (int i = 0; i < 30; i++)
        line_tag(&l, STR("k"), str_from(text, sizeof(text)));
    assert_true(out.len <= LINE_SERIES_BYTES);
    buf_fini(&out);
}

static void precisions_have_two_names(void **state UNUSED)
{
    span_ns unit = 0;

    assert_true(line_precision(STR("u"), &unit));
    assert_int_equal(unit, NS_PER_US);
    assert_true(line_precision(STR("us"), &unit) && line_precision(STR("1us"), &unit));
    assert_string_equal(line_precision_v1(unit), "u");
    assert_string_equal(line_precision_v2(unit), "us");
    assert_true(line_precision(STR("h"), &unit));
    assert_null(line_precision_v2(unit));
    assert_false(line_precision(STR("2ms"), &unit));
    assert_false(line_precision(STR(""), &unit));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_tags_are_escaped),
        cmocka_unit_test(backslashes_never_escape_what_follows),
        cmocka_unit_test(control_characters_become_spaces),
        cmocka_unit_test(what_is_empty_or_reserved),
        cmocka_unit_test(fields_of_every_type),
        cmocka_unit_test(a_line_without_fields_is_taken_back),
        cmocka_unit_test(long_values_are_cut_between_characters),
        cmocka_unit_test(precisions_have_two_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
