/* In a folder of its own. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

static char folder[] = "/tmp/brunt-test-XXXXXX";

static char *in_folder(const char *name)
{
    return xasprintf("%s/%s", folder, name);
}

static int begin(void **state UNUSED)
{
    return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state UNUSED)
{
    static const char *const left[] = {"a/b", "a", "file", ""};

    for (size_t i = 0; i < countof(left); i++) {
        scoped(freep) char *path = in_folder(left[i]);

        ignored(remove(path));
    }
    return 0;
}

static void what_is_written_can_be_read(void **state UNUSED)
{
    scoped(freep) char *path = in_folder("file");
    scoped(buf_fini) struct buf data = {0}, back = {0}, narrow = BUF_INIT(FILE_READ_BYTES);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    for (uint32_t i = 0; i < 100000; i++)
        buf_put(&data, &i, sizeof(i));
    assert_true(fd >= 0);
    assert_int_equal(file_write_all(fd, buf_str(&data)), 0);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(file_read_all(fd, &back), 0);
    assert_true(str_eq(buf_str(&back), buf_str(&data)));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(file_read_all(fd, &narrow), BUF_E_LIMIT);
    close(fd);
}

static void what_fails_gives_its_errno(void **state UNUSED)
{
    scoped(buf_fini) struct buf back = {0};
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    assert_int_equal(file_write_all(full, STR("x")), -ENOSPC);
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(file_read_all(full, &back), -EBADF);
    close(full);
}

static void folders_that_lead_somewhere(void **state UNUSED)
{
    scoped(freep) char *path = in_folder("a/b"), *below = in_folder("file/c");

    assert_int_equal(file_make_folders(path, 0700), 0);
    assert_int_equal(file_make_folders(path, 0700), 0);
    assert_int_equal(access(path, X_OK), 0);
    assert_int_equal(file_make_folder(below, 0700), -ENOTDIR);
    assert_non_null(strstr(fault_text(), "file/c': Not a directory"));
    fault_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_can_be_read),
        cmocka_unit_test(what_fails_gives_its_errno),
        cmocka_unit_test(folders_that_lead_somewhere),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
