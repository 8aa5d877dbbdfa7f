#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void zeroed_and_never_null(void **state)
{
    (void)state;
    int *n = xnew_n(int, 100);

    for (int i = 0; i < 100; i++)
        assert_int_equal(n[i], 0);
    free(n);
    void *empty = xmalloc(0);

    assert_non_null(empty);
    empty = xrealloc(empty, 0);
    assert_non_null(empty);
    free(empty);
}

static void copies(void **state)
{
    (void)state;
    scoped(freep) char *whole = xstrdup("hello");
    scoped(freep) char *part = xstrndup("hello", 3);
    scoped(freep) char *more = xstrndup("hi", 10);
    scoped(freep) char *bytes = xmemdup("a\0b", 3);
    scoped(freep) char *made = xasprintf("%s-%d", "x", 5);

    assert_string_equal(whole, "hello");
    assert_string_equal(part, "hel");
    assert_string_equal(more, "hi");
    assert_memory_equal(bytes, "a\0b", 3);
    assert_string_equal(made, "x-5");
}

static void vectors_grow_zeroed(void **state)
{
    (void)state;
    struct pair {
        int a, b;
    } *pairs = NULL;
    size_t n = 0, cap = 0;

    for (int i = 0; i < 1000; i++) {
        struct pair *p = &vec_push(pairs, n, cap);

        assert_true(p->a == 0 && p->b == 0);
        *p = (struct pair){i, -i};
    }
    assert_int_equal(n, 1000);
    for (int i = 0; i < 1000; i++)
        assert_true(pairs[i].a == i && pairs[i].b == -i);
    free(pairs);
}

/* An allocation that no machine can make must end the process, not return. */
static void running_out_ends_the_process(void **state)
{
    (void)state;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        fclose(stderr);
        /* Half the address space is never there. */
        void *volatile p = xmalloc(SIZE_MAX / 2 - 4096);

        free(p);
        _exit(0);
    }
    int status = 0;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroed_and_never_null),
        cmocka_unit_test(copies),
        cmocka_unit_test(vectors_grow_zeroed),
        cmocka_unit_test(running_out_ends_the_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
