#include "base/err.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int lowest(int code)
{
    return fault(code, "cannot open '%s'", "x");
}

static int middle(int code)
{
    TRY(lowest(code));
    return 0;
}

static int condition(void)
{
    return 3;
}

static int forgets_the_condition(void)
{
    TRY(condition());
    return 0;
}

static void a_fault_keeps_code_words_and_path(void **state)
{
    (void)state;
    assert_int_equal(middle(-ENOENT), -ENOENT);
    assert_string_equal(fault_text(), "cannot open 'x'");
    const char *first = strstr(fault_trace(), "lowest (base/err_test.c:");
    const char *second = strstr(fault_trace(), "middle (base/err_test.c:");

    assert_true(first && second && first < second);
    fault_clear();
    assert_string_equal(fault_text(), "");
    assert_string_equal(fault_trace(), "");
}

static void an_unhandled_condition_is_a_fault(void **state)
{
    (void)state;
    assert_int_equal(forgets_the_condition(), -ENOTRECOVERABLE);
    assert_string_equal(fault_text(), "condition 3 was not handled");
    fault_clear();
}

static void a_fault_may_quote_the_one_before(void **state)
{
    (void)state;
    ignored(lowest(-EIO));
    assert_int_equal(fault(-EINVAL, "while reading: %s", fault_text()), -EINVAL);
    assert_string_equal(fault_text(), "while reading: cannot open 'x'");
    fault_clear();
}

static void a_code_that_is_none_becomes_one(void **state)
{
    (void)state;
    assert_int_equal(fault(0, "x"), -ENOTRECOVERABLE);
    assert_int_equal(fault(5, "x"), -ENOTRECOVERABLE);
    fault_clear();
}

static void long_words_and_paths_are_cut(void **state)
{
    (void)state;
    char text[4000];

    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    int r = fault(-EIO, "%s", text);

    for (int i = 0; i < 200; i++)
        r = fault_pass(r, "some_function", "/x/src/base/some_file.c", i);
    assert_int_equal(r, -EIO);
    assert_true(strlen(fault_text()) < 2000);
    assert_non_null(strstr(fault_trace(), "some_function (base/some_file.c:0)"));
    assert_null(strstr(fault_trace(), ":199)"));
    assert_int_equal(fault_trace()[strlen(fault_trace()) - 1], '\n');
    fault_clear();
}

static void exit_codes_travel_in_faults(void **state)
{
    (void)state;
    assert_int_equal(fault_exit_code(FAULT_EXIT(107)), 107);
    assert_int_equal(fault_exit_code(FAULT_EXIT(0)), 0);
    assert_int_equal(fault_exit_code(FAULT_EXIT(255)), 255);
    assert_int_equal(fault_exit_code(-ENOENT), 255);
    assert_int_equal(fault_exit_code(-3000), 255);
}

static void records_are_swapped(void **state)
{
    (void)state;
    ignored(fault(-EIO, "mine"));
    struct fault_record *mine = fault_record_swap(NULL);

    assert_string_equal(fault_text(), "");
    ignored(fault(-EIO, "yours"));
    struct fault_record *yours = fault_record_swap(mine);

    assert_string_equal(fault_text(), "mine");
    fault_record_free(yours);
    fault_record_free(NULL);
    fault_clear();
}

static void *other_thread(void *arg)
{
    *(int *)arg = fault_text()[0] == '\0';
    ignored(fault(-EIO, "theirs"));
    fault_clear();
    return NULL;
}

static void threads_have_their_own(void **state)
{
    (void)state;
    pthread_t thread;
    int was_empty = 0;

    ignored(fault(-EIO, "mine"));
    assert_int_equal(pthread_create(&thread, NULL, other_thread, &was_empty), 0);
    pthread_join(thread, NULL);
    assert_true(was_empty);
    assert_string_equal(fault_text(), "mine");
    fault_clear();
}

static int n_cleanups;

static void count_cleanup(const char **p)
{
    n_cleanups += *p != NULL;
}

static const char *leaves_scope(int hand_over)
{
    scoped(count_cleanup) const char *thing = "thing";

    return hand_over ? take(thing) : "";
}

static void scoped_and_take(void **state)
{
    (void)state;
    assert_string_equal(leaves_scope(1), "thing");
    assert_int_equal(n_cleanups, 0);
    assert_string_equal(leaves_scope(0), "");
    assert_int_equal(n_cleanups, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_keeps_code_words_and_path),
        cmocka_unit_test(an_unhandled_condition_is_a_fault),
        cmocka_unit_test(a_fault_may_quote_the_one_before),
        cmocka_unit_test(a_code_that_is_none_becomes_one),
        cmocka_unit_test(long_words_and_paths_are_cut),
        cmocka_unit_test(exit_codes_travel_in_faults),
        cmocka_unit_test(records_are_swapped),
        cmocka_unit_test(threads_have_their_own),
        cmocka_unit_test(scoped_and_take),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
