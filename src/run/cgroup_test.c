/* Trees of files as the kernel shows them, in a folder of our own. */
#include "run/cgroup.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/mem.h"

static char root[] = "/tmp/cgroup-test-XXXXXX";
static char *files[32]; /* that were made */
static size_t n_files;

static void make_folders(const char *path)
{
    char part[PATH_MAX];

    for (size_t i = 1; path[i]; i++) {
        if (path[i] != '/')
            continue;
        snprintf(part, sizeof(part), "%.*s", (int)i, path);
        mkdir(part, 0755);
    }
}

static void put(const char *path, const char *text)
{
    char full[PATH_MAX];
    FILE *f;

    snprintf(full, sizeof(full), "%s/%s", root, path);
    make_folders(full);
    f = fopen(full, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    fclose(f);
    assert_true(n_files < countof(files));
    files[n_files++] = xstrdup(full);
}

static int setup(void **state UNUSED)
{
    snprintf(root, sizeof(root), "/tmp/cgroup-test-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int teardown(void **state UNUSED)
{
    for (size_t i = 0; i < n_files; i++)
        remove(files[i]); /* one may be there twice */
    /* Folders, from the deepest on: those that others still need refuse, and come again. */
    for (; n_files > 0; free(files[--n_files])) {
        char *path = files[n_files - 1];

        while (strlen(path) > strlen(root)) {
            *strrchr(path, '/') = '\0';
            rmdir(path);
        }
    }
    return access(root, F_OK) == 0 ? rmdir(root) : 0;
}

static void test_nothing_there(void **state UNUSED)
{
    assert_true(cgroup_processors(root) <= 0);
    assert_true(cgroup_memory_left(root) == UINT64_MAX);
    assert_int_equal(cgroup_throttled(root), 0);
}

static void test_version_2(void **state UNUSED)
{
    put("proc/self/cgroup", "0::/a/b\n");
    put("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    put("sys/fs/cgroup/a/b/memory.max", "max\n");
    put("sys/fs/cgroup/a/b/memory.current", "100\n");
    put("sys/fs/cgroup/a/b/cpu.stat", "usage_usec 5\nthrottled_usec 1500\n");
    assert_true(cgroup_processors(root) <= 0);
    assert_true(cgroup_memory_left(root) == UINT64_MAX);
    assert_int_equal(cgroup_throttled(root), 1500000);
    /* The limit of a group above holds for us, and the lower of two. */
    put("sys/fs/cgroup/a/cpu.max", "150000 100000\n");
    put("sys/fs/cgroup/a/memory.max", "1000\n");
    put("sys/fs/cgroup/a/memory.current", "400\n");
    assert_true(cgroup_processors(root) == 1.5);
    assert_int_equal(cgroup_memory_left(root), 600);
    put("sys/fs/cgroup/a/b/cpu.max", "50000 100000\n");
    put("sys/fs/cgroup/a/b/memory.max", "50\n");
    assert_true(cgroup_processors(root) == 0.5);
    assert_int_equal(cgroup_memory_left(root), 0); /* beyond its limit already */
}

static void test_version_1(void **state UNUSED)
{
    put("proc/self/cgroup", "4:memory:/x\n3:cpu,cpuacct:/x/y\n2:cpuset:/\n");
    put("sys/fs/cgroup/cpu/x/y/cpu.cfs_quota_us", "-1\n");
    put("sys/fs/cgroup/cpu/x/y/cpu.cfs_period_us", "100000\n");
    put("sys/fs/cgroup/cpu/x/y/cpu.stat", "nr_throttled 3\nthrottled_time 777\n");
    put("sys/fs/cgroup/memory/x/memory.limit_in_bytes", "9223372036854771712\n");
    put("sys/fs/cgroup/memory/x/memory.usage_in_bytes", "5\n");
    assert_true(cgroup_processors(root) <= 0);
    assert_true(cgroup_memory_left(root) == UINT64_MAX);
    assert_int_equal(cgroup_throttled(root), 777);
    put("sys/fs/cgroup/cpu/x/y/cpu.cfs_quota_us", "200000\n");
    put("sys/fs/cgroup/memory/x/memory.limit_in_bytes", "65\n");
    assert_true(cgroup_processors(root) == 2);
    assert_int_equal(cgroup_memory_left(root), 60);
}

/* In a container the path is the host's; what can be seen is at the root. */
static void test_path_of_another_namespace(void **state UNUSED)
{
    put("proc/self/cgroup", "0::/docker/0123\n");
    put("sys/fs/cgroup/cpu.max", "300000 100000\n");
    assert_true(cgroup_processors(root) == 3);
}

static void test_nonsense(void **state UNUSED)
{
    put("proc/self/cgroup", "\n:\n::\n0::\nx");
    put("sys/fs/cgroup/cpu.max", "100000 0\n");
    assert_true(cgroup_processors(root) <= 0);
    put("sys/fs/cgroup/cpu.max", "-5 lots\n");
    assert_true(cgroup_processors(root) <= 0);
    put("sys/fs/cgroup/cpu.max", "");
    assert_true(cgroup_processors(root) <= 0);
    put("sys/fs/cgroup/cpu.stat", "throttled_usec 99999999999999999999\n");
    assert_int_equal(cgroup_throttled(root), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_there), TEST(test_version_2),
        TEST(test_version_1),     TEST(test_path_of_another_namespace),
        TEST(test_nonsense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
