#include "sink/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sink/spool_record.h"

enum {
    N_RECORDS = 5,
    NAME_BYTES = 300,
};

/* ---- a folder of its own for each test ---- */

static char dir[NAME_BYTES];

static const char *in_dir(const char *name)
{
    static char paths[4][2 * NAME_BYTES];
    static unsigned i;
    char *path = paths[i++ % countof(paths)];

    snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
    return path;
}

static void remove_tree(const char *path)
{
    DIR *d = opendir(path);

    /* NOLINTNEXTLINE(concurrency-mt-unsafe): its own stream */
    for (struct dirent *e; d && (e = readdir(d));) {
        char child[2 * NAME_BYTES];

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(child, sizeof(child), "%s/%s", path, e->d_name);
        remove_tree(child);
    }
    if (d)
        closedir(d);
    remove(path);
}

static int set_up(void **state)
{
    /* In memory where there is such a place: thousands of syncs of a real disk take their time. */
    const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

    (void)state;
    snprintf(dir, sizeof(dir), "%s/brunt-spool-XXXXXX", tmp);
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    remove_tree(dir);
    return 0;
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static size_t size_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return (size_t)st.st_size;
}

static void read_file(const char *path, struct buf *out)
{
    FILE *f = fopen(path, "r");
    size_t n = size_of(path);

    buf_reset(out);
    assert_non_null(f);
    assert_int_equal(buf_reserve(out, n + 1), 0);
    assert_int_equal(fread(out->data, 1, n, f), n);
    out->len = n;
    fclose(f);
}

static void write_file(const char *path, const char *data, size_t n)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    fclose(f);
}

/* ---- spools and what is in them ---- */

static struct spool *open_capped(uint64_t max_bytes)
{
    struct spool_config config = {.dir = dir,
                                  .run = "run",
                                  .label = "influxdb",
                                  .format = "influx-line",
                                  .spec = "influxdb=http://h/db",
                                  .max_bytes = max_bytes};
    struct spool *s = NULL;

    assert_int_equal(spool_open(&config, &s), 0);
    return s;
}

static struct spool *open_it(void)
{
    return open_capped(1 << 30);
}

/* The point that is the n-th of all. */
static void add_point(struct batch *b, unsigned n)
{
    buf_printf(&b->bytes, "http_reqs value=%u %u\n", n, n * n);
    batch_end_point(b);
}

static int append(struct spool *s, unsigned first, unsigned n)
{
    struct batch b = {.first_at = 1000 + first};

    for (unsigned i = 0; i < n; i++)
        add_point(&b, first + i);
    struct batch_view all = batch_all(&b);
    int r = spool_append(s, &all);

    batch_fini(&b);
    return r;
}

/* Records of 1, 2, 3 … points, numbered through. */
static void append_some(struct spool *s, unsigned n_records)
{
    unsigned next = 0;

    for (unsigned i = 1; i <= n_records; next += i++)
        assert_int_equal(append(s, next, i), 0);
}

/* Whether the oldest record begins with point `first` and has n; and its id. */
static uint64_t expect_peek(struct spool *s, unsigned first, unsigned n)
{
    struct batch b = {0}, want = {0};
    uint64_t id = 0;

    assert_int_equal(spool_peek(s, &b, &id), 0);
    for (unsigned i = 0; i < n; i++)
        add_point(&want, first + i);
    assert_int_equal(b.n_points, n);
    assert_int_equal(b.bytes.len, want.bytes.len);
    assert_memory_equal(b.bytes.data, want.bytes.data, want.bytes.len);
    assert_memory_equal(b.ends, want.ends, n * sizeof(*b.ends));
    assert_int_equal(b.first_at, 1000 + first);
    batch_fini(&b);
    batch_fini(&want);
    return id;
}

static void expect_empty(struct spool *s)
{
    struct batch b = {0};
    uint64_t id;

    assert_int_equal(spool_peek(s, &b, &id), SPOOL_E_EMPTY);
    assert_int_equal(b.n_points, 0);
    assert_int_equal(spool_points(s), 0);
    assert_int_equal(spool_bytes(s), 0);
    batch_fini(&b);
}

/* ---- the queue ---- */

static void test_nothing_is_made_before_the_first_append(void **state)
{
    struct spool *s = open_it();

    (void)state;
    expect_empty(s);
    assert_int_equal(spool_done(s, 7), 0);
    spool_close(s);
    assert_false(is_there(in_dir("run-influxdb")));
    spool_close(NULL);
}

static void test_records_come_back_in_order(void **state)
{
    struct spool *s = open_it();
    unsigned next = 0;

    (void)state;
    append_some(s, N_RECORDS);
    assert_int_equal(spool_points(s), 15);
    for (unsigned i = 1; i <= N_RECORDS; next += i++) {
        uint64_t id = expect_peek(s, next, i);

        assert_int_equal(expect_peek(s, next, i), id);
        assert_int_equal(spool_done(s, id), 0);
        assert_int_equal(spool_points(s), 15 - next - i);
    }
    expect_empty(s);
    assert_int_equal(append(s, 15, 2), 0);
    expect_peek(s, 15, 2);
    assert_int_equal(spool_points(s), 2);
    spool_close(s);
    assert_true(is_there(in_dir("run-influxdb/000001.seg")));
}

static void test_an_empty_one_is_removed_when_closed(void **state)
{
    struct spool *s = open_it();

    (void)state;
    append_some(s, 3);
    expect_peek(s, 0, 1);
    assert_int_equal(spool_done(s, UINT64_MAX), 0);
    expect_empty(s);
    spool_close(s);
    assert_false(is_there(in_dir("run-influxdb")));
    assert_true(is_there(dir));
}

static void test_what_is_not_done_survives(void **state)
{
    struct spool *s = open_it();

    (void)state;
    append_some(s, N_RECORDS);
    assert_int_equal(spool_done(s, expect_peek(s, 0, 1)), 0);
    assert_int_equal(spool_done(s, expect_peek(s, 1, 2)), 0);
    uint64_t bytes = spool_bytes(s);

    spool_close(s);
    assert_int_equal(spool_reopen(dir, "run-influxdb", &s), 0);
    assert_int_equal(spool_points(s), 12);
    assert_int_equal(spool_bytes(s), bytes);
    assert_int_equal(spool_damaged(s), 0);
    expect_peek(s, 3, 3);
    spool_close(s);

    s = open_it();
    assert_int_equal(append(s, 15, 6), 0);
    assert_int_equal(spool_points(s), 18);
    expect_peek(s, 3, 3);
    spool_close(s);
}

static void test_some_of_a_batch_can_be_kept(void **state)
{
    struct spool *s = open_it();
    struct batch b = {.first_at = 1002};

    (void)state;
    for (unsigned i = 0; i < 10; i++)
        add_point(&b, i);
    struct batch_view part = batch_all(&b);

    part.from = 2;
    part.to = 6;
    assert_int_equal(spool_append(s, &part), 0);
    batch_fini(&b);
    expect_peek(s, 2, 4);
    spool_close(s);
}

static void test_rights_are_the_owners_only(void **state)
{
    static const char *const files[] = {"run-influxdb/000001.seg", "run-influxdb/sink.json",
                                        "run-influxdb/lock", "run-influxdb/done"};
    struct spool *s = open_it();
    struct stat st;

    (void)state;
    append_some(s, 2);
    assert_int_equal(spool_done(s, 1), 0);
    assert_int_equal(stat(in_dir("run-influxdb"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    for (size_t i = 0; i < countof(files); i++) {
        assert_int_equal(stat(in_dir(files[i]), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    spool_close(s);
}

/* ---- segments ---- */

static void test_segments_roll_and_are_removed(void **state)
{
    struct spool *s = open_capped(1 << 20); /* segments of an eighth */
    unsigned n = 0;
    struct batch b = {0};
    uint64_t id = 0;

    (void)state;
    while (!is_there(in_dir("run-influxdb/000003.seg")))
        assert_int_equal(append(s, 100 * n++, 100), 0);
    assert_true(size_of(in_dir("run-influxdb/000001.seg")) >= 128 << 10);
    while (is_there(in_dir("run-influxdb/000001.seg"))) {
        assert_int_equal(spool_peek(s, &b, &id), 0);
        assert_int_equal(spool_done(s, id), 0);
    }
    spool_close(s);

    s = open_it();
    assert_int_equal(spool_points(s), (uint64_t)100 * n - id);
    assert_int_equal(spool_damaged(s), 0);
    while (spool_peek(s, &b, &id) == 0)
        assert_int_equal(spool_done(s, id), 0);
    assert_int_equal(id, 100 * n);
    spool_close(s);
    batch_fini(&b);
    assert_false(is_there(in_dir("run-influxdb")));
}

static void test_the_cap_holds_and_frees_itself(void **state)
{
    struct spool *s = open_capped(20000);
    unsigned n = 0, m = 0;
    int r = 0;

    (void)state;
    while (r == 0)
        r = append(s, n++, 20);
    assert_int_equal(r, SPOOL_E_FULL);
    assert_in_range(size_of(in_dir("run-influxdb/000001.seg")), 19000, 20000);
    assert_int_equal(spool_points(s), 20 * (n - 1));
    assert_int_equal(spool_done(s, spool_points(s)), 0);
    for (r = 0; r == 0; m++)
        r = append(s, m, 20);
    assert_int_equal(m, n);
    spool_close(s);
}

static void test_a_batch_above_the_cap_makes_nothing(void **state)
{
    struct spool *s = open_capped(100);

    (void)state;
    assert_int_equal(append(s, 0, 20), SPOOL_E_FULL);
    spool_close(s);
    assert_false(is_there(in_dir("run-influxdb")));
}

/* ---- damage ---- */

/* Reads all there is; every record must be a whole one of append_some(). Returns its points. */
static uint64_t drain(struct spool *s)
{
    struct batch b = {0};
    uint64_t id, n = 0;

    while (spool_peek(s, &b, &id) == 0) {
        struct batch want = {0};

        for (uint64_t i = 0; i < b.n_points; i++)
            add_point(&want, (unsigned)(id - b.n_points + i));
        assert_int_equal(b.bytes.len, want.bytes.len);
        assert_memory_equal(b.bytes.data, want.bytes.data, want.bytes.len);
        batch_fini(&want);
        n += b.n_points;
        assert_int_equal(spool_done(s, id), 0);
    }
    batch_fini(&b);
    return n;
}

static void make_segment(struct buf *ret_bytes)
{
    struct spool *s = open_it();

    append_some(s, N_RECORDS);
    spool_close(s);
    read_file(in_dir("run-influxdb/000001.seg"), ret_bytes);
}

/* Puts those bytes in place of the segment, as if nothing was done yet. */
static struct spool *open_with(const char *data, size_t n)
{
    static const char about[] =
        "{\"run\":\"run\",\"label\":\"l\",\"format\":\"influx-line\",\"spec\":\"x\"}";
    struct spool *s = NULL;

    mkdir(in_dir("run-influxdb"), 0700);
    write_file(in_dir("run-influxdb/sink.json"), about, strlen(about));
    unlink(in_dir("run-influxdb/done"));
    write_file(in_dir("run-influxdb/000001.seg"), data, n);
    assert_int_equal(spool_reopen(dir, "run-influxdb", &s), 0);
    return s;
}

/* Points of the whole records in the first n bytes. */
static unsigned whole_points(const struct buf *bytes, size_t n, size_t *ret_end)
{
    unsigned points = 0;
    size_t at = 0;

    while (at + RECORD_HEADER_BYTES <= n) {
        uint32_t body, n_points;

        memcpy(&body, bytes->data + at + 4, 4);
        memcpy(&n_points, bytes->data + at + 24, 4);
        if (at + RECORD_HEADER_BYTES + body > n)
            break;
        points += n_points;
        at += RECORD_HEADER_BYTES + body;
    }
    *ret_end = at;
    return points;
}

static void test_every_truncation_leaves_whole_records(void **state)
{
    struct buf bytes = {0};

    (void)state;
    make_segment(&bytes);
    for (size_t n = 0; n <= bytes.len; n++) {
        struct spool *s = open_with(bytes.data, n);
        size_t end;
        unsigned points = whole_points(&bytes, n, &end);

        assert_int_equal(spool_points(s), points);
        assert_int_equal(spool_bytes(s), end);
        assert_int_equal(size_of(in_dir("run-influxdb/000001.seg")), end);
        assert_int_equal(spool_damaged(s), 0);
        assert_int_equal(append(s, points, 4), 0);
        assert_int_equal(drain(s), points + 4);
        assert_int_equal(spool_damaged(s), 0);
        spool_close(s);
    }
    buf_fini(&bytes);
}

static void test_zeroes_at_the_end_are_a_torn_write(void **state)
{
    struct buf bytes = {0};

    (void)state;
    make_segment(&bytes);
    size_t whole = bytes.len;

    for (unsigned i = 0; i < 5000; i++)
        buf_putc(&bytes, 0);
    struct spool *s = open_with(bytes.data, bytes.len);

    assert_int_equal(size_of(in_dir("run-influxdb/000001.seg")), whole);
    assert_int_equal(drain(s), 15);
    assert_int_equal(spool_damaged(s), 0);
    spool_close(s);
    buf_fini(&bytes);
}

/* One record is lost by it, and counted; of a last record's damaged header, one point at least. */
static void test_every_flipped_byte_is_detected(void **state)
{
    struct buf bytes = {0};
    size_t last;

    (void)state;
    make_segment(&bytes);
    whole_points(&bytes, bytes.len - 1, &last);
    for (size_t i = 0; i < bytes.len; i++) {
        bytes.data[i] ^= 0x41;
        struct spool *s = open_with(bytes.data, bytes.len);
        uint64_t points = drain(s);

        assert_in_range(points, 10, 14);
        if (i < last || i >= last + RECORD_HEADER_BYTES) {
            assert_int_equal(points + spool_damaged(s), 15);
        } else {
            assert_in_range(spool_damaged(s), 1, 5);
        }
        assert_int_equal(spool_points(s), 0);
        spool_close(s);
        bytes.data[i] ^= 0x41;
    }
    buf_fini(&bytes);
}

static void test_points_of_a_lost_segment_are_counted(void **state)
{
    struct spool *s = open_capped(1 << 20);
    unsigned n = 0, first = 0;

    (void)state;
    for (; !is_there(in_dir("run-influxdb/000003.seg")); n += 50) {
        if (!first && is_there(in_dir("run-influxdb/000002.seg")))
            first = n - 50;
        assert_int_equal(append(s, n, 50), 0);
    }
    spool_close(s);
    assert_int_equal(unlink(in_dir("run-influxdb/000001.seg")), 0);
    s = open_it();
    assert_int_equal(spool_damaged(s), first);
    assert_int_equal(spool_points(s), n - first);
    assert_int_equal(drain(s), n - first);
    spool_close(s);
}

static void test_a_damaged_done_file_loses_no_point(void **state)
{
    struct spool *s = open_it();
    struct buf done = {0};

    (void)state;
    append_some(s, N_RECORDS);
    assert_int_equal(spool_done(s, 1), 0);
    assert_int_equal(spool_done(s, 3), 0);
    spool_close(s);
    read_file(in_dir("run-influxdb/done"), &done);
    for (size_t i = 0; i < done.len; i++) {
        done.data[i] ^= 0x10;
        write_file(in_dir("run-influxdb/done"), done.data, done.len);
        assert_int_equal(spool_reopen(dir, "run-influxdb", &s), 0);
        /* The slot of id 1 was written first and stands first. */
        assert_int_equal(spool_points(s), i >= 4096 ? 14 : 12);
        assert_int_equal(spool_damaged(s), 0);
        spool_close(s);
        done.data[i] ^= 0x10;
    }
    memset(done.data, 0xff, done.len);
    write_file(in_dir("run-influxdb/done"), done.data, done.len);
    assert_int_equal(spool_reopen(dir, "run-influxdb", &s), 0);
    assert_int_equal(spool_points(s), 15);
    assert_int_equal(spool_damaged(s), 0);
    spool_close(s);
    buf_fini(&done);
}

/* A record that is right by its checksums and wrong by its content must not be believed. */
static void test_ends_that_lie_are_damage(void **state)
{
    uint32_t ends[3] = {5, 3, 12};
    struct batch_view lie = {.bytes = "abcdefghijkl", .ends = ends, .to = 3};
    struct buf bytes = {0};
    static const uint32_t lies[][3] = {{5, 3, 12}, {5, 5, 12}, {5, 600, 12}, {0, 6, 12}};

    (void)state;
    for (size_t i = 0; i < countof(lies); i++) {
        memcpy(ends, lies[i], sizeof(ends));
        buf_reset(&bytes);
        assert_int_equal(record_encode(&lie, 3, &bytes), 0);
        struct spool *s = open_with(bytes.data, bytes.len);

        assert_int_equal(drain(s), 0);
        assert_int_equal(spool_damaged(s), 3);
        spool_close(s);
    }
    buf_fini(&bytes);
}

/* ---- several processes ---- */

static void test_one_process_at_a_time(void **state)
{
    struct spool *s = open_it(), *other = NULL;
    struct spool_entry *entries;
    size_t n;

    (void)state;
    append_some(s, 2);
    pid_t pid = fork();

    if (pid == 0) {
        bool right = spool_reopen(dir, "run-influxdb", &other) == -EBUSY &&
                     strstr(fault_text(), "in use by another process") &&
                     spool_drop(dir, "run-influxdb") == -EBUSY;

        _exit(right ? 0 : 1);
    }
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(spool_list(dir, &entries, &n), 0);
    assert_int_equal(n, 1);
    assert_true(entries[0].busy);
    spool_entries_free(entries, n);
    spool_close(s);
    assert_int_equal(spool_reopen(dir, "run-influxdb", &other), 0);
    spool_close(other);
}

/* A process that is killed while it appends leaves whole records, and no lock. */
static void test_a_killed_writer_leaves_whole_records(void **state)
{
    int pipes[2];
    char c;

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();

    if (pid == 0) {
        struct spool *s = open_it();

        for (unsigned i = 0;; i += 7) {
            if (append(s, i, 7))
                _exit(1);
            ignored(write(pipes[1], "x", 1));
        }
    }
    for (unsigned i = 0; i < 50; i++)
        assert_int_equal(read(pipes[0], &c, 1), 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    close(pipes[1]);
    unsigned n = 50;

    while (read(pipes[0], &c, 1) == 1)
        n++;
    close(pipes[0]);
    struct spool *s = open_it();

    assert_in_range(spool_points(s), 7 * n, 7 * (n + 1));
    assert_int_equal(drain(s) % 7, 0);
    assert_int_equal(spool_damaged(s), 0);
    spool_close(s);
}

static void test_another_format_is_refused(void **state)
{
    struct spool_config config = {.dir = dir,
                                  .run = "run",
                                  .label = "influxdb",
                                  .format = "csv",
                                  .spec = "x",
                                  .max_bytes = 1 << 20};
    struct spool *s = open_it(), *other = NULL;

    (void)state;
    append_some(s, 1);
    spool_close(s);
    assert_int_equal(spool_open(&config, &other), -EEXIST);
    assert_non_null(strstr(fault_text(), "influx-line, not csv"));
    config.label = "../x";
    assert_int_equal(spool_open(&config, &other), -EINVAL);
    s = open_it();
    expect_peek(s, 0, 1);
    spool_close(s);
}

/* ---- faults of the disk ---- */

static void test_a_disk_that_is_full_is_a_fault_with_the_path(void **state)
{
    struct rlimit limit, before;
    struct spool *s = open_it();

    (void)state;
    append_some(s, 2);
    size_t size = size_of(in_dir("run-influxdb/000001.seg"));

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = size + 100;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(append(s, 3, 50), -EFBIG);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_non_null(strstr(fault_text(), "run-influxdb/000001.seg"));
    assert_int_equal(size_of(in_dir("run-influxdb/000001.seg")), size);
    assert_int_equal(spool_points(s), 3);
    assert_int_equal(append(s, 3, 3), 0);
    assert_int_equal(drain(s), 6);
    spool_close(s);
}

static void test_a_folder_that_cannot_be_made_is_named(void **state)
{
    struct spool_config config = {.dir = in_dir("file/spool"),
                                  .run = "r",
                                  .label = "l",
                                  .format = "f",
                                  .spec = "s",
                                  .max_bytes = 1 << 20};
    struct batch b = {0};
    struct spool *s = NULL;

    (void)state;
    write_file(in_dir("file"), "x", 1);
    add_point(&b, 0);
    struct batch_view all = batch_all(&b);
    int r = spool_open(&config, &s);

    if (r == 0)
        r = spool_append(s, &all);
    assert_int_equal(r, -ENOTDIR);
    assert_non_null(strstr(fault_text(), "file/spool"));
    spool_close(s);
    batch_fini(&b);
}

/* ---- all spools ---- */

static void test_list_and_drop(void **state)
{
    struct spool *s = open_it();
    struct spool_entry *e;
    size_t n;

    (void)state;
    assert_int_equal(spool_list(in_dir("none"), &e, &n), 0);
    assert_int_equal(n, 0);
    spool_entries_free(e, n);
    append_some(s, N_RECORDS);
    assert_int_equal(spool_done(s, 1), 0);
    uint64_t bytes = spool_bytes(s);

    spool_close(s);
    mkdir(in_dir("another"), 0700);
    write_file(in_dir("stray"), "x", 1);
    assert_int_equal(spool_list(dir, &e, &n), 0);
    assert_int_equal(n, 1);
    assert_string_equal(e[0].name, "run-influxdb");
    assert_string_equal(e[0].run, "run");
    assert_string_equal(e[0].label, "influxdb");
    assert_string_equal(e[0].format, "influx-line");
    assert_string_equal(e[0].spec, "influxdb=http://h/db");
    assert_int_equal(e[0].points, 14);
    assert_int_equal(e[0].bytes, bytes);
    assert_int_equal(e[0].oldest, 1001);
    assert_false(e[0].busy);
    spool_entries_free(e, n);

    assert_int_equal(spool_drop(dir, "run-influxdb"), 0);
    assert_false(is_there(in_dir("run-influxdb")));
    assert_int_equal(spool_drop(dir, "run-influxdb"), -ENOENT);
    assert_int_equal(spool_drop(dir, "another"), -ENOENT);
    assert_int_equal(spool_drop(dir, "../etc"), -ENOENT);
    assert_true(is_there(in_dir("another")));
}

static void expect_trouble(const char *json, size_t n_json)
{
    struct spool_entry *e;
    struct spool *s;
    size_t n;

    mkdir(in_dir("bad"), 0700);
    write_file(in_dir("bad/sink.json"), json, n_json);
    assert_int_equal(spool_list(dir, &e, &n), 0);
    assert_int_equal(n, 1);
    assert_string_equal(e[0].name, "bad");
    assert_null(e[0].spec);
    assert_non_null(strstr(e[0].trouble, "bad/sink.json"));
    spool_entries_free(e, n);
    assert_int_equal(spool_reopen(dir, "bad", &s), -EINVAL);
    assert_int_equal(spool_drop(dir, "bad"), 0);
    assert_false(is_there(in_dir("bad")));
}

static void test_a_sink_json_that_is_none_is_shown_and_can_be_dropped(void **state)
{
    (void)state;
    expect_trouble("{\"run\":1}", 9);
    expect_trouble("\0\xff{", 3);
    expect_trouble("", 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_is_made_before_the_first_append),
        TEST(test_records_come_back_in_order),
        TEST(test_an_empty_one_is_removed_when_closed),
        TEST(test_what_is_not_done_survives),
        TEST(test_some_of_a_batch_can_be_kept),
        TEST(test_rights_are_the_owners_only),
        TEST(test_segments_roll_and_are_removed),
        TEST(test_the_cap_holds_and_frees_itself),
        TEST(test_a_batch_above_the_cap_makes_nothing),
        TEST(test_every_truncation_leaves_whole_records),
        TEST(test_zeroes_at_the_end_are_a_torn_write),
        TEST(test_every_flipped_byte_is_detected),
        TEST(test_points_of_a_lost_segment_are_counted),
        TEST(test_a_damaged_done_file_loses_no_point),
        TEST(test_ends_that_lie_are_damage),
        TEST(test_one_process_at_a_time),
        TEST(test_a_killed_writer_leaves_whole_records),
        TEST(test_another_format_is_refused),
        TEST(test_a_disk_that_is_full_is_a_fault_with_the_path),
        TEST(test_a_folder_that_cannot_be_made_is_named),
        TEST(test_list_and_drop),
        TEST(test_a_sink_json_that_is_none_is_shown_and_can_be_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
