#include "sink/sample_file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

static struct {
    char folder[64];
    char path[128];
    char said[600];
    int n_said;
} t;

static int set_up(void **state)
{
    (void)state;
    memset(&t, 0, sizeof(t));
    snprintf(t.folder, sizeof(t.folder), "/tmp/brunt-file-XXXXXX");
    return mkdtemp(t.folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(t.path);
    return rmdir(t.folder);
}

static const char *path_of(const char *name)
{
    snprintf(t.path, sizeof(t.path), "%s/%s", t.folder, name);
    return t.path;
}

static void say(void *arg, bool is_warning, const char *text)
{
    assert_ptr_equal(arg, &t);
    assert_true(is_warning);
    snprintf(t.said, sizeof(t.said), "%s", text);
    t.n_said++;
}

static struct sample_file *open_file(const char *path)
{
    struct sample_file_config config = {
        .path = path, .label = "json", .flush = NS_PER_MS, .say = say, .say_arg = &t};
    struct sample_file *f = NULL;

    assert_int_equal(sample_file_open(&config, &f), 0);
    return f;
}

/* n lines of 16 bytes from number *next on, as one addition. */
static void add_lines(struct sample_file *f, size_t n, int *next, mono_ns now)
{
    for (size_t i = 0; i < n; i++)
        buf_printf(sample_file_buf(f), "line %10d\n", (*next)++);
    sample_file_added(f, n, now);
}

static void check_account(const struct sample_file *f, uint64_t produced, uint64_t acknowledged,
                          uint64_t dropped)
{
    struct sink_account a;

    sample_file_account(f, &a);
    assert_int_equal(a.produced, produced);
    assert_int_equal(a.acknowledged, acknowledged);
    assert_int_equal(a.dropped, dropped);
    assert_int_equal(a.queued, produced - acknowledged - dropped);
}

/* The file, plain or gzip, is exactly the lines 0 to n - 1. */
static void check_lines(const char *path, int n)
{
    gzFile in = gzopen(path, "rb");
    char line[64], expected[64];

    assert_non_null(in);
    for (int i = 0; i < n; i++) {
        assert_non_null(gzgets(in, line, sizeof(line)));
        snprintf(expected, sizeof(expected), "line %10d\n", i);
        assert_string_equal(line, expected);
    }
    assert_null(gzgets(in, line, sizeof(line)));
    assert_true(gzeof(in));
    assert_int_equal(gzclose(in), Z_OK);
}

static void lines_wait_and_are_written_in_time(void **state)
{
    struct sample_file *f = open_file(path_of("a"));
    int next = 0;

    (void)state;
    add_lines(f, 3, &next, 100);
    check_account(f, 3, 0, 0);
    check_lines(t.path, 0);
    sample_file_added(f, 0, 100 + NS_PER_MS - 1);
    check_account(f, 3, 0, 0);
    sample_file_added(f, 0, 100 + NS_PER_MS);
    check_account(f, 3, 3, 0);
    check_lines(t.path, 3);
    /* The wait begins anew with the next line. */
    add_lines(f, 1, &next, 100 + 5 * NS_PER_MS);
    check_account(f, 4, 3, 0);
    /* A full buffer does not wait. */
    add_lines(f, 20000, &next, 100 + 5 * NS_PER_MS);
    check_account(f, 20004, 20004, 0);
    add_lines(f, 1, &next, 100 + 5 * NS_PER_MS);
    assert_true(sample_file_finish(f));
    assert_true(sample_file_finish(f));
    check_account(f, 20005, 20005, 0);
    check_lines(t.path, 20005);
    assert_int_equal(t.n_said, 0);
    sample_file_close(f);
}

static void gzip_can_be_read_up_to_the_last_write(void **state)
{
    struct sample_file *f = open_file(path_of("a.gz"));
    int next = 0;

    (void)state;
    for (int i = 0; i < 10; i++) {
        add_lines(f, 20000, &next, 1);
        check_account(f, (uint64_t)next, i < 3 ? 0 : i < 7 ? 80000 : 160000, 0);
        check_lines(t.path, i < 3 ? 0 : i < 7 ? 80000 : 160000);
    }
    /* A second, at least, though less was asked for. */
    sample_file_added(f, 0, NS_PER_S - 1);
    check_account(f, 200000, 160000, 0);
    sample_file_added(f, 0, NS_PER_S + 1);
    check_account(f, 200000, 200000, 0);
    assert_true(sample_file_finish(f));
    check_lines(t.path, 200000);
    sample_file_close(f);
}

static void a_full_device_is_said_once_and_all_is_counted(void **state)
{
    struct sample_file *f = open_file("/dev/full");
    int next = 0;

    (void)state;
    snprintf(t.path, sizeof(t.path), "none");
    for (int i = 0; i < 5; i++)
        add_lines(f, 20000, &next, 1);
    assert_true(sample_file_failed(f));
    check_account(f, 100000, 0, 100000);
    assert_int_equal(t.n_said, 1);
    assert_string_equal(t.said, "json: cannot write '/dev/full': No space left on device; samples "
                                "from there on are dropped and counted, the test goes on");
    sample_file_drop(f, 7);
    check_account(f, 100007, 0, 100007);
    assert_int_equal(sample_file_buf(f)->len, 0);
    assert_false(sample_file_finish(f));
    assert_int_equal(t.n_said, 1);
    sample_file_close(f);
}

/* The system takes only a part of a write: the file must end where the account does. */
static void fill_up(const char *name)
{
    struct rlimit old, small = {700000, 700000};
    struct sample_file *f = open_file(path_of(name));
    struct sink_account a;
    int next = 0;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (int i = 0; i < 2000 && !sample_file_failed(f); i++)
        add_lines(f, 20000, &next, 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_false(sample_file_finish(f));
    sample_file_account(f, &a);
    assert_int_equal(a.produced, next);
    assert_true(a.acknowledged > 0 && a.dropped > 0);
    assert_int_equal(a.acknowledged + a.dropped, next);
    check_lines(t.path, (int)a.acknowledged);
    assert_non_null(strstr(a.trouble, "File too large"));
    assert_int_equal(t.n_said, 1);
    sample_file_close(f);
}

static void a_file_that_ran_full_ends_with_a_whole_line(void **state)
{
    (void)state;
    fill_up("a");
}

static void and_with_a_whole_member(void **state)
{
    (void)state;
    fill_up("a.gz");
}

static void a_reader_that_left_is_named(void **state)
{
    int ends[2], saved = dup(STDOUT_FILENO), next = 0;

    (void)state;
    snprintf(t.path, sizeof(t.path), "none");
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    fflush(stdout);
    dup2(ends[1], STDOUT_FILENO);
    struct sample_file *f = open_file("-");

    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(ends[1]);
    add_lines(f, 2, &next, 1);
    sample_file_added(f, 0, 1 + NS_PER_MS);
    check_account(f, 2, 2, 0);
    close(ends[0]);
    add_lines(f, 3, &next, 1);
    assert_false(sample_file_finish(f));
    check_account(f, 5, 2, 3);
    assert_non_null(strstr(t.said, "cannot write standard output: nobody reads it any more"));
    sample_file_close(f);
}

static void what_cannot_be_created_is_a_fault(void **state)
{
    struct sample_file_config config = {.path = "/nonexistent/a", .label = "csv-2"};
    struct sample_file *f = NULL;

    (void)state;
    snprintf(t.path, sizeof(t.path), "none");
    assert_int_equal(sample_file_open(&config, &f), FAULT_EXIT(104));
    assert_string_equal(fault_text(),
                        "csv-2: cannot create '/nonexistent/a': No such file or directory");
    assert_null(f);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(lines_wait_and_are_written_in_time),
        TEST(gzip_can_be_read_up_to_the_last_write),
        TEST(a_full_device_is_said_once_and_all_is_counted),
        TEST(a_file_that_ran_full_ends_with_a_whole_line),
        TEST(and_with_a_whole_member),
        TEST(a_reader_that_left_is_named),
        TEST(what_cannot_be_created_is_a_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
