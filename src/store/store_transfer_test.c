#include <errno.h>
#include <fcntl.h>

#include "base/random.h"
#include "store/store_testing.h"

static char *beside(const struct place *p, const char *name)
{
    return xasprintf("%s/%s", p->folder, name);
}

/* A store with one run of a few ticks, an event and an exchange. */
static int64_t fill(struct store *s, const char *id)
{
    struct live l;
    int64_t key = add_run(s, id, 1000);
    struct store_exchange x = {.kind = STR("slow"), .har = STR("{}")};

    live_open(&l);
    for (int i = 0; i < 4; i++) {
        live_tick(&l, 5);
        live_write(&l, s, key);
    }
    live_close(&l);
    assert_int_equal(store_event_add(s, key, &(struct store_event){.kind = STR("pause")}), 0);
    assert_int_equal(store_exchange_add(s, key, &x), 0);
    assert_int_equal(store_exceptions_put(s, key, &(struct exception){.count = 3}, 1), 0);
    set_state(s, key, STORE_FINISHED);
    return key;
}

static int64_t ask(struct store *s, const char *sql)
{
    int64_t n = -1;

    assert_int_equal(store_ask_int(s, sql, &n), 0);
    return n;
}

static void expect_whole(struct store *s)
{
    struct arena arena = {0};
    struct store_run run;
    int64_t key = 0;
    struct metric_registry *registry = NULL;
    struct snapshot *snap = NULL;

    assert_int_equal(store_run_find(s, STR("b"), &key), 0);
    assert_int_equal(store_run_get(s, key, &arena, &run), 0);
    assert_int_equal(run.state, STORE_FINISHED);
    assert_int_equal(run.created, 1000);
    assert_int_equal(store_replay(s, key, &(struct store_replay){0}, &registry, &snap), 0);
    assert_true(snapshot_find(snap, STR("http_reqs"))->total.counter.sum == 20);
    assert_int_equal(ask(s, "SELECT count(*) FROM runs"), 1);
    assert_int_equal(ask(s, "SELECT count(*) FROM scripts"), 1);
    assert_int_equal(ask(s, "SELECT count(*) FROM events"), 1);
    assert_int_equal(ask(s, "SELECT count(*) FROM exchanges"), 1);
    assert_int_equal(ask(s, "SELECT sum(count) FROM exceptions"), 3);
    snapshot_free(snap);
    metric_registry_free(registry);
    arena_fini(&arena);
}

static void test_there_and_back(void **state)
{
    (void)state;
    struct place p;
    size_t n = 9;

    place_make(&p);
    scoped(freep) char *one = beside(&p, "one.db"), *other = beside(&p, "other.db");
    scoped(freep) char *log = beside(&p, "one.db-wal");
    struct store *s = place_open(&p, STORE_WRITE), *t = NULL;

    fill(s, "a");
    int64_t key = fill(s, "b");

    assert_int_equal(store_export(s, key, one), 0);
    assert_int_equal(access(log, F_OK), -1); /* one file */
    assert_int_equal(store_export(s, key, one), -EEXIST);
    assert_int_equal(store_open(one, STORE_READ, &t), 0);
    expect_whole(t);
    store_close(t);

    assert_int_equal(store_open(other, STORE_WRITE, &t), 0);
    assert_int_equal(store_import(t, one, &n), 0);
    assert_int_equal(n, 1);
    expect_whole(t);
    assert_int_equal(store_import(t, one, &n), 0);
    assert_int_equal(n, 0);
    expect_whole(t);

    /* And what is imported from a whole store, with one that is there already. */
    assert_int_equal(store_import(t, p.file, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(ask(t, "SELECT count(*) FROM runs"), 2);
    assert_int_equal(ask(t, "SELECT count(*) FROM ticks"), 8);
    store_close(t);
    store_close(s);
    place_remove(&p);
}

static void test_a_run_that_goes_on_is_interrupted_elsewhere(void **state)
{
    (void)state;
    struct place p;
    struct arena arena = {0};
    struct store_run run;
    struct store *s, *t = NULL;

    place_make(&p);
    scoped(freep) char *one = beside(&p, "one.db");

    s = place_open(&p, STORE_WRITE);
    assert_int_equal(store_export(s, add_run(s, "a", 5), one), 0);
    assert_int_equal(store_open(one, STORE_READ, &t), 0);
    assert_int_equal(store_run_get(t, 1, &arena, &run), 0);
    assert_int_equal(run.state, STORE_INTERRUPTED);
    arena_fini(&arena);
    store_close(t);
    store_close(s);
    place_remove(&p);
}

static void expect_refused(struct place *p, const char *file, const char *words)
{
    scoped(freep) char *other = beside(p, "other.db");
    struct store *t = NULL;
    size_t n;

    assert_int_equal(store_open(other, STORE_WRITE, &t), 0);
    assert_true(store_import(t, file, &n) < 0);
    if (!strstr(fault_text(), words) || !strstr(fault_text(), file))
        print_message("%s\n", fault_text());
    assert_non_null(strstr(fault_text(), words));
    assert_non_null(strstr(fault_text(), file)); /* not the copy's name */
    assert_int_equal(ask(t, "SELECT count(*) FROM runs"), 0);
    store_close(t);
}

static void test_tables_of_others(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *words;
    } cases[] = {
        {"CREATE VIEW v AS SELECT 1", "another program"},
        {"CREATE TABLE more(a)", "another program"},
        {"DROP TABLE events", "another program"},
        {"PRAGMA user_version = 2000", "newer version"},
        {"PRAGMA application_id = 5", "another program"},
        {"CREATE INDEX i ON runs(abs(duration))", "another program"},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        struct place p;

        place_make(&p);
        struct store *s = place_open(&p, STORE_WRITE);

        fill(s, "b");
        assert_int_equal(store_exec(s, cases[i].sql), 0);
        assert_int_equal(store_exec(s, "PRAGMA journal_mode = DELETE"), 0);
        store_close(s);
        expect_refused(&p, p.file, cases[i].words);
        place_remove(&p);
    }
}

/* Every page with changed bytes: refused, or taken, and then what was taken can be read or not. */
static void test_damaged_files(void **state)
{
    (void)state;
    struct place p;
    struct rng rng;

    place_make(&p);
    scoped(freep) char *one = beside(&p, "one.db"), *other = beside(&p, "other.db");
    struct store *s = place_open(&p, STORE_WRITE);
    int64_t key = fill(s, "b");

    rng_seed(&rng, 7);
    for (int i = 0; i < 60; i++) {
        struct store *t = NULL;
        size_t n;

        unlink(one);
        assert_int_equal(store_export(s, key, one), 0);
        int fd = open(one, O_RDWR);
        off_t size = lseek(fd, 0, SEEK_END);

        for (int k = 0; k < 20; k++) {
            unsigned char byte = (unsigned char)rng_below(&rng, 256);

            assert_int_equal(pwrite(fd, &byte, 1, (off_t)rng_below(&rng, (uint64_t)size)), 1);
        }
        if (i % 4 == 0)
            assert_int_equal(ftruncate(fd, (off_t)rng_below(&rng, (uint64_t)size)), 0);
        close(fd);
        assert_int_equal(store_open(other, STORE_WRITE, &t), 0);
        if (store_import(t, one, &n) == 0 && n) {
            struct metric_registry *registry = NULL;
            struct snapshot *snap = NULL;

            ignored(store_totals(t, 1, &registry, &snap));
            snapshot_free(snap);
            metric_registry_free(registry);
            assert_int_equal(store_run_remove(t, ask(t, "SELECT max(key) FROM runs")), 0);
        }
        store_close(t);
    }
    store_close(s);
    place_remove(&p);
}

/* ---- retention ---- */

static void test_the_oldest_go(void **state)
{
    (void)state;
    struct place p;
    size_t n = 0;

    place_make(&p);
    struct store *s = place_open(&p, STORE_WRITE);
    wall_ns now = clock_wall();

    for (int i = 0; i < 6; i++) {
        char id[8];

        snprintf(id, sizeof(id), "r%d", i);
        int64_t key = add_run(s, id, now - (10 - i) * NS_PER_S);

        if (i != 3)
            set_state(s, key, STORE_FINISHED);
    }
    /* r0 has a label, r1 is a baseline, r3 goes on. */
    assert_int_equal(store_exec(s, "UPDATE runs SET labels = '[\"a\"]' WHERE id = 'r0'"), 0);
    assert_int_equal(store_exec(s, "UPDATE runs SET baseline = 1 WHERE id = 'r1'"), 0);
    assert_int_equal(store_retain(s, &(struct store_retention){0}, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(store_retain(s, &(struct store_retention){.max_runs = 5}, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(ask(s, "SELECT count(*) FROM runs WHERE id = 'r2'"), 0);
    assert_int_equal(store_retain(s, &(struct store_retention){.max_age = 11 * NS_PER_S / 2}, &n),
                     0);
    assert_int_equal(n, 1);
    assert_int_equal(ask(s, "SELECT count(*) FROM runs WHERE id = 'r4'"), 0);
    assert_int_equal(store_retain(s, &(struct store_retention){.max_runs = 1}, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(ask(s, "SELECT count(*) FROM runs"), 3); /* that may not go */
    store_close(s);
    place_remove(&p);
}

static void test_size(void **state)
{
    (void)state;
    struct place p;
    size_t n = 0;

    place_make(&p);
    struct store *s = place_open(&p, STORE_WRITE);

    for (int i = 0; i < 20; i++) {
        char id[8];
        struct store_exchange x = {.kind = STR("slow")};
        scoped(buf_fini) struct buf har = {0};
        struct rng rng;

        rng_seed(&rng, (uint64_t)i + 1);
        for (int k = 0; k < 10000; k++)
            buf_put_u64(&har, rng_below(&rng, UINT32_MAX));
        x.har = buf_str(&har);
        snprintf(id, sizeof(id), "r%d", i);
        int64_t key = add_run(s, id, i + 1);

        assert_int_equal(store_exchange_add(s, key, &x), 0);
        set_state(s, key, STORE_FINISHED);
    }
    int64_t before = ask(s, "PRAGMA page_count");

    assert_int_equal(store_retain(s, &(struct store_retention){.max_bytes = 500000}, &n), 0);
    assert_in_range(n, 3, 19);
    int64_t pages = ask(s, "PRAGMA page_count");

    assert_in_range(pages * 4096, 1, 500000);
    assert_true(pages < before);
    assert_int_equal(ask(s, "SELECT count(*) FROM runs WHERE id = 'r19'"), 1);
    store_close(s);
    place_remove(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_a_run_that_goes_on_is_interrupted_elsewhere),
        cmocka_unit_test(test_tables_of_others),
        cmocka_unit_test(test_damaged_files),
        cmocka_unit_test(test_the_oldest_go),
        cmocka_unit_test(test_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
