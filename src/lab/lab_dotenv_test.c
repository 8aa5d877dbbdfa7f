#include "lab/lab_dotenv.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check(const char *text, const char *name, const char *value)
{
    struct lab_dotenv_entry entry;

    if (!value) {
        assert_false(lab_dotenv_find(str_of(text), name, &entry));
        return;
    }
    assert_true(lab_dotenv_find(str_of(text), name, &entry));
    assert_string_equal(entry.value, value);
    assert_int_equal(entry.n_value, strlen(value));
}

static void values_are_read_as_written(void **state)
{
    (void)state;
    check("A=1", "A", "1");
    check("A=1\r\nB=2\r\n", "B", "2");
    check("  export A = x y  \n", "A", "x y");
    check("A=", "A", "");
    check("A=http://h:1/p?a=b#c", "A", "http://h:1/p?a=b#c");
    check("A=1 # one", "A", "1");
    check("A=#one", "A", "");
    check("A='x # y' # z", "A", "x # y");
    check("A='a\\nb'", "A", "a\\nb");
    check("A=\"a\\nb\\\"c\\\\\"", "A", "a\nb\"c\\");
    check("A=$B", "A", "$B");
    check("A='open", "A", "open");
    check("A=1\nA=2\n", "A", "2");
}

static void what_is_no_entry_is_skipped(void **state)
{
    (void)state;
    check("", "A", NULL);
    check("# A=1\n", "A", NULL);
    check("A\nB=1", "A", NULL);
    check("1A=1", "1A", NULL);
    check("A B=1", "A B", NULL);
    check("=1\nA=2", "A", "2");
    check("AB=1", "A", NULL);
}

static void a_long_value_is_no_entry(void **state)
{
    (void)state;
    static char text[LAB_DOTENV_VALUE_MAX + 16];

    memset(text, 'x', sizeof(text) - 1);
    memcpy(text, "A=", 2);
    text[2 + LAB_DOTENV_VALUE_MAX - 1] = '\0';
    struct lab_dotenv_entry entry;

    assert_true(lab_dotenv_find(str_of(text), "A", &entry));
    text[2 + LAB_DOTENV_VALUE_MAX - 1] = 'x';
    text[2 + LAB_DOTENV_VALUE_MAX] = '\0';
    check(text, "A", NULL);
}

static void a_zero_byte_is_no_value(void **state)
{
    (void)state;
    struct lab_dotenv_entry entry;

    assert_false(lab_dotenv_find(STR("A=x\0y\n"), "A", &entry));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read_as_written),
        cmocka_unit_test(what_is_no_entry_is_skipped),
        cmocka_unit_test(a_long_value_is_no_entry),
        cmocka_unit_test(a_zero_byte_is_no_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
