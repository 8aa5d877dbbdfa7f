#include "store/store_writer.h"

#include <errno.h>
#include <sys/stat.h>

#include "store/backlog.h"
#include "store/store_testing.h"

static struct store_writer *open_writer(struct place *p)
{
    struct store_writer *w = NULL;

    assert_int_equal(store_writer_new(&(struct store_writer_config){.path = p->file}, &w), 0);
    return w;
}

static int count_step(void *arg, struct snapshot *snapshot, span_ns from, span_ns to)
{
    (void)snapshot;
    assert_true(to > from);
    ++*(int *)arg;
    return 0;
}

static int count_ticks(struct store *s, int64_t key, double *ret_requests)
{
    int n = 0;
    struct metric_registry *registry = NULL;
    struct snapshot *snap = NULL;
    struct store_replay how = {.step = count_step, .arg = &n};

    assert_int_equal(store_replay(s, key, &how, &registry, &snap), 0);
    const struct snap_metric *m = snapshot_find(snap, STR("http_reqs"));

    *ret_requests = m ? m->total.counter.sum : 0;
    snapshot_free(snap);
    metric_registry_free(registry);
    return n;
}

static void look(void *arg, struct arena *arena, struct store_run *run)
{
    (void)arg;
    run->git_commit = arena_str(arena, STR("0123abc"));
    run->git_branch = STR("main");
    run->git_dirty = true;
}

static void test_a_run_from_beginning_to_end(void **state)
{
    (void)state;
    struct place p;
    struct live l;
    struct arena arena = {0};
    struct store_run run = a_run("a", 5), got;
    struct store_writer *w = NULL;
    double requests;

    place_make(&p);
    live_open(&l);
    assert_int_equal(
        store_writer_new(&(struct store_writer_config){.path = p.file, .look = look}, &w), 0);
    assert_int_equal(store_writer_key(w), 0);
    store_writer_begin(w, &run);
    store_writer_event(w, &(struct store_event){.elapsed = 1, .kind = STR("pause")});
    for (int i = 0; i < 3; i++) {
        live_tick(&l, 10);
        store_writer_tick(w, l.snap, 1);
    }
    assert_int_equal(store_writer_sync(w), 0);
    int64_t key = store_writer_key(w);

    assert_true(key > 0);
    assert_string_equal(store_writer_path(w), p.file);

    /* Another connection sees it while it goes on. */
    struct store *s = place_open(&p, STORE_READ);

    assert_int_equal(store_run_get(s, key, &arena, &got), 0);
    assert_int_equal(got.state, STORE_RUNNING);
    assert_true(str_is(got.git_commit, "0123abc"));
    assert_int_equal(count_ticks(s, key, &requests), 3);

    struct store_exchange x[] = {{.kind = STR("slow"), .har = STR("{}")}};
    const struct exception e = {.kind = STR("E"), .count = 7};

    store_writer_exchanges(w, x, 1);
    store_writer_exceptions(w, (const struct exception *const[]){&e}, 1);
    live_tick(&l, 10);
    store_writer_tick(w, l.snap, 1);
    store_writer_end(w, l.snap, 1);
    run.state = STORE_FINISHED;
    run.exit_code = 0;
    run.duration = 4 * NS_PER_S;
    store_writer_update(w, &run);
    store_writer_free(w);

    assert_int_equal(store_run_get(s, key, &arena, &got), 0);
    assert_int_equal(got.state, STORE_FINISHED);
    assert_true(got.git_dirty); /* the update left it */
    assert_int_equal(count_ticks(s, key, &requests), 4);
    assert_true(requests == 40);
    assert_int_equal(store_exchange_get(s, key, 1, &arena, &x[0]), 0);
    int64_t totals = 0;

    assert_int_equal(store_ask_int(s, "SELECT count(*) FROM totals", &totals), 0);
    assert_int_equal(totals, 1);
    assert_int_equal(store_ask_int(s, "SELECT sum(count) FROM exceptions", &totals), 0);
    assert_int_equal(totals, 7);
    arena_fini(&arena);
    store_close(s);
    live_close(&l);
    place_remove(&p);
}

/* While another process holds the file nothing is lost, and memory does not grow by ticks. */
static void test_a_disk_that_lags(void **state)
{
    (void)state;
    struct place p;
    struct live l;
    struct store_run run = a_run("a", 5);
    double requests;

    place_make(&p);
    live_open(&l);
    struct store_writer *w = open_writer(&p);

    store_writer_begin(w, &run);
    assert_int_equal(store_writer_sync(w), 0);
    struct store *s = place_open(&p, STORE_WRITE);

    assert_int_equal(store_begin(s), 0);
    for (int i = 0; i < 500; i++) {
        live_tick(&l, 3);
        store_writer_tick(w, l.snap, 1);
    }
    store_rollback(s);
    assert_int_equal(store_writer_sync(w), 0);
    live_tick(&l, 3);
    store_writer_tick(w, l.snap, 1);
    store_writer_end(w, l.snap, 1);
    int64_t key = store_writer_key(w);

    store_writer_free(w);
    int n = count_ticks(s, key, &requests);

    assert_in_range(n, 10, 60);
    assert_true(requests == 501 * 3);
    store_close(s);
    live_close(&l);
    place_remove(&p);
}

static void note_failure(void *arg, bool is_open, const char *text)
{
    buf_printf(arg, "%s: %s\n", text, is_open ? "open" : "not open");
}

static void test_a_store_that_fails(void **state)
{
    (void)state;
    struct place p;
    struct live l;
    struct store_run run = a_run("a", 5);
    struct store_writer *w = NULL;
    scoped(buf_fini) struct buf told = {0};
    struct store_writer_config config = {.path = p.file, .failed = note_failure, .arg = &told};

    place_make(&p);
    live_open(&l);
    assert_int_equal(store_writer_new(&config, &w), 0);
    store_writer_begin(w, &run);
    assert_int_equal(store_writer_sync(w), 0);
    struct store *s = place_open(&p, STORE_WRITE);

    assert_int_equal(store_exec(s, "DROP TABLE ticks"), 0);
    for (int i = 0; i < 5; i++) {
        live_tick(&l, 3);
        store_writer_tick(w, l.snap, 1);
        assert_int_equal(store_writer_sync(w), -EIO);
    }
    assert_non_null(strstr(fault_text(), "no such table"));
    store_writer_end(w, l.snap, 1);
    store_writer_free(w);
    assert_non_null(strstr(buf_cstr(&told), p.file));
    assert_ptr_equal(strchr(told.data, '\n') + 1, told.data + told.len); /* once */
    store_close(s);
    live_close(&l);
    place_remove(&p);
}

static void test_a_place_that_cannot_be_written(void **state)
{
    (void)state;
    struct live l;
    struct store_run run = a_run("a", 5);
    struct store_writer *w = NULL;
    scoped(buf_fini) struct buf told = {0};
    struct store_writer_config config = {
        .path = "/proc/x/runs.db", .failed = note_failure, .arg = &told};

    live_open(&l);
    assert_int_equal(store_writer_new(&config, &w), 0);
    assert_true(store_writer_opened(w) < 0);
    assert_non_null(strstr(fault_text(), "/proc/x"));
    assert_null(store_writer_path(w));
    /* What is given to it all the same goes nowhere. */
    store_writer_begin(w, &run);
    live_tick(&l, 3);
    store_writer_tick(w, l.snap, 1);
    assert_int_equal(store_writer_sync(w), -EIO);
    assert_int_equal(store_writer_key(w), 0);
    store_writer_free(w);
    assert_non_null(strstr(buf_cstr(&told), ": not open\n"));
    live_close(&l);
}

static void test_a_temporary_store_instead(void **state)
{
    (void)state;
    struct store_writer *w = NULL;
    scoped(buf_fini) struct buf told = {0};
    struct store_writer_config config = {
        .path = "/proc/x/runs.db", .or_temp = true, .failed = note_failure, .arg = &told};

    assert_int_equal(store_writer_new(&config, &w), 0);
    assert_int_equal(store_writer_opened(w), 0);
    assert_int_equal(access(store_writer_path(w), F_OK), 0);
    store_writer_free(w);
    assert_non_null(strstr(buf_cstr(&told), "not open"));
}

static void test_a_temporary_store(void **state)
{
    (void)state;
    struct live l;
    struct store_run run = a_run("a", 5);
    struct store_writer *w = NULL;

    live_open(&l);
    assert_int_equal(store_writer_new(&(struct store_writer_config){0}, &w), 0);
    scoped(freep) char *path = xstrdup(store_writer_path(w));

    store_writer_begin(w, &run);
    live_tick(&l, 3);
    store_writer_tick(w, l.snap, 1);
    assert_int_equal(store_writer_sync(w), 0);
    assert_int_equal(access(path, F_OK), 0);
    store_writer_free(w);
    assert_int_equal(access(path, F_OK), -1);
    live_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_run_from_beginning_to_end),
        cmocka_unit_test(test_a_disk_that_lags),
        cmocka_unit_test(test_a_store_that_fails),
        cmocka_unit_test(test_a_place_that_cannot_be_written),
        cmocka_unit_test(test_a_temporary_store),
        cmocka_unit_test(test_a_temporary_store_instead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
