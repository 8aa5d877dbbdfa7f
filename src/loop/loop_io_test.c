/* What loops do where io_uring is refused, as most containers do: a filter of our own refuses it.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "loop/loop.h"
#include "loop/test_io.h"

static int refuse_io_uring(void)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = (unsigned short)countof(steps), .filter = steps};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0)
        return -errno;
    return prctl(PR_SET_SECCOMP, (long)SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}

static void check_takes_epoll(enum loop_io io)
{
    struct loop *l;

    assert_int_equal(loop_new(&(struct loop_options){.io = io}, &l), 0);
    assert_string_equal(loop_io(l), "epoll");
    assert_string_equal(fault_text(), "");
    loop_free(l);
}

static void test_auto_takes_epoll_without_a_word(void **state UNUSED)
{
    check_takes_epoll(LOOP_IO_EPOLL);
    check_takes_epoll(LOOP_IO_AUTO);
}

static void test_asked_for_by_name_it_is_a_fault(void **state UNUSED)
{
    struct loop *l;

    assert_int_equal(loop_new(&(struct loop_options){.io = LOOP_IO_URING}, &l), -EPERM);
    assert_non_null(strstr(fault_text(), "refuses io_uring"));
    assert_non_null(strstr(fault_text(), "epoll"));
    fault_clear();
    /* And another may be made on this thread. */
    check_takes_epoll(LOOP_IO_AUTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_auto_takes_epoll_without_a_word),
        cmocka_unit_test(test_asked_for_by_name_it_is_a_fault),
    };

    if (refuse_io_uring() < 0)
        return TEST_SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
