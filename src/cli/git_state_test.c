#include "cli/git_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void expect(const char *text, const char *commit, const char *branch, bool dirty)
{
    struct arena arena = {0};
    struct git_state state;

    git_state_parse(str_of(text), &arena, &state);
    assert_true(str_is(state.commit, commit));
    assert_true(str_is(state.branch, branch));
    assert_int_equal(state.dirty, dirty);
    arena_fini(&arena);
}

static void test_parse(void **state)
{
    (void)state;
    expect("# branch.oid 0123abc\n# branch.head main\n", "0123abc", "main", false);
    expect("# branch.oid 0123abc\n# branch.head main\n# branch.ab +1 -0\n"
           "1 .M N... 100644 100644 100644 a b shop.js\n",
           "0123abc", "main", true);
    expect("# branch.oid 0123abc\n# branch.head (detached)\n", "0123abc", "", false);
    expect("# branch.oid (initial)\n# branch.head main\n", "", "", false);
    expect("", "", "", false);
}

static void test_a_folder_that_is_none(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct git_state git;

    git_state_read("/proc/self/no/such/folder", &arena, &git);
    assert_int_equal(git.commit.n, 0);
    assert_false(git.dirty);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_a_folder_that_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
