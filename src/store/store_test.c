#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "store/store_testing.h"

/* ---- files ---- */

static const char *no_env(void *arg, const char *name)
{
    const char *const *pairs = arg;

    for (; pairs && *pairs; pairs += 2) {
        if (strcmp(pairs[0], name) == 0)
            return pairs[1];
    }
    return NULL;
}

static void test_default_path(void **state)
{
    (void)state;
    const char *xdg[] = {"XDG_DATA_HOME", "/data", "HOME", "/home/a", NULL};
    const char *relative[] = {"XDG_DATA_HOME", "data", "HOME", "/home/a", NULL};
    const struct {
        const char **env;
        const char *path;
    } cases[] = {
        {xdg, "/data/brunt/runs.db"},
        {relative, "/home/a/.local/share/brunt/runs.db"},
        {NULL, "brunt-runs.db"},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        scoped(freep) char *path = store_default_path(no_env, cases[i].env);

        assert_string_equal(path, cases[i].path);
    }
}

static void test_a_new_file_is_ours_alone(void **state)
{
    (void)state;
    struct place p;
    struct stat st;

    place_make(&p);
    store_close(place_open(&p, STORE_WRITE));
    assert_int_equal(stat(p.file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    store_close(place_open(&p, STORE_READ));
    place_remove(&p);
}

static void expect_refused(const char *file, enum store_mode mode, int code, const char *words)
{
    struct store *s = NULL;

    assert_int_equal(store_open(file, mode, &s), code);
    assert_null(s);
    if (!strstr(fault_text(), words))
        print_message("%s\n", fault_text());
    assert_non_null(strstr(fault_text(), words));
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void test_what_is_no_store_is_refused(void **state)
{
    (void)state;
    struct place p;

    place_make(&p);
    expect_refused(p.file, STORE_READ, -ENOENT, p.file);
    expect_refused(p.folder, STORE_READ, -EINVAL, "is no file");
    write_file(p.file, "certainly not a database, but a text that is longer than its header is\n"
                       "certainly not a database, but a text that is longer than its header is\n");
    expect_refused(p.file, STORE_READ, -EINVAL, "no store of runs");
    expect_refused(p.file, STORE_WRITE, -EINVAL, "no store of runs");
    unlink(p.file);

    struct store *s = NULL;

    write_file(p.file, "");
    assert_int_equal(store_connect(p.file, &s), 0);
    assert_int_equal(store_exec(s, "CREATE TABLE songs(name TEXT)"), 0);
    store_close(s);
    expect_refused(p.file, STORE_WRITE, -EINVAL, "another program");
    place_remove(&p);
}

static void change(struct place *p, const char *sql)
{
    struct store *s = place_open(p, STORE_WRITE);

    assert_int_equal(store_exec(s, sql), 0);
    store_close(s);
}

static void test_a_newer_format_is_refused(void **state)
{
    (void)state;
    struct place p;

    place_make(&p);
    change(&p, "PRAGMA user_version = 99");
    expect_refused(p.file, STORE_READ, -EINVAL, "newer version of brunt");
    expect_refused(p.file, STORE_WRITE, -EINVAL, "newer version of brunt");
    place_remove(&p);
}

static void test_triggers_of_others_are_refused(void **state)
{
    (void)state;
    struct place p;

    place_make(&p);
    change(&p, "CREATE TRIGGER t AFTER DELETE ON runs BEGIN DELETE FROM scripts; END");
    expect_refused(p.file, STORE_READ, -EINVAL, "another program");
    place_remove(&p);
}

static void test_a_temporary_file_is_gone_at_the_end(void **state)
{
    (void)state;
    struct store *s = NULL, *other = NULL;

    assert_int_equal(store_open(NULL, STORE_TEMP, &s), 0);
    scoped(freep) char *path = xstrdup(store_path(s));

    int64_t key = add_run(s, "r-1", 1);

    assert_int_equal(store_open(path, STORE_READ, &other), 0);
    store_close(s);
    assert_int_equal(access(path, F_OK), -1);

    /* What was open still reads. */
    struct arena arena = {0};
    struct store_run run;

    assert_int_equal(store_run_get(other, key, &arena, &run), 0);
    arena_fini(&arena);
    store_close(other);
}

/* ---- runs ---- */

static void test_a_run_comes_back_as_it_was(void **state)
{
    (void)state;
    struct place p;
    struct arena arena = {0};
    struct store_run run = a_run("r-20260102-150405-1a2b", 1000), got;

    place_make(&p);
    struct store *s = place_open(&p, STORE_WRITE);

    run.git_dirty = true;
    run.options_json = STR("{\"vus\":10}");
    assert_int_equal(store_run_add(s, &run, &run.key), 0);
    assert_int_equal(store_run_get(s, run.key, &arena, &got), 0);
    assert_int_equal(got.state, STORE_RUNNING); /* we are alive */
    assert_int_equal(got.exit_code, -1);
    assert_true(str_is(got.id, "r-20260102-150405-1a2b"));
    assert_true(str_is(got.options_json, "{\"vus\":10}"));
    assert_true(str_is(got.labels_json, "[]"));
    assert_true(got.git_dirty);

    got.state = STORE_FINISHED;
    got.duration = 5 * NS_PER_S;
    got.exit_code = 99;
    got.headline_json = STR("{\"requests\":3}");
    got.note = STR("for the release");
    got.is_baseline = true;
    assert_int_equal(store_run_update(s, &got), 0);
    assert_int_equal(store_run_get(s, run.key, &arena, &run), 0);
    assert_int_equal(run.state, STORE_FINISHED);
    assert_int_equal(run.exit_code, 99);
    assert_int_equal(run.created, 1000);
    assert_true(run.is_baseline);
    assert_true(str_is(run.note, "for the release"));

    scoped(buf_fini) struct buf text = {0};

    assert_int_equal(store_script(s, STR("abc"), &text), 0);
    assert_string_equal(buf_cstr(&text), "export default function () {}");
    assert_int_equal(store_script(s, STR("none"), &text), STORE_E_NONE);
    assert_int_equal(store_run_get(s, 77, &arena, &run), STORE_E_NONE);
    arena_fini(&arena);
    store_close(s);
    place_remove(&p);
}

/* A test that goes on and a user who labels it do not undo each other's work. */
static void test_marks_are_the_users(void **state)
{
    (void)state;
    struct place p;
    struct arena arena = {0};
    struct store_run run, marked;

    place_make(&p);
    struct store *s = place_open(&p, STORE_WRITE);
    int64_t key = add_run(s, "r-1", 1);

    assert_int_equal(store_run_get(s, key, &arena, &run), 0);
    marked = run;
    marked.labels_json = STR("[\"slow\"]");
    marked.is_baseline = true;
    marked.duration = 77;
    assert_int_equal(store_run_mark(s, &marked), 0);
    run.duration = 5;
    assert_int_equal(store_run_update_measured(s, &run), 0);
    assert_int_equal(store_run_get(s, key, &arena, &run), 0);
    assert_true(str_is(run.labels_json, "[\"slow\"]"));
    assert_true(run.is_baseline);
    assert_int_equal(run.duration, 5);
    marked.key = 99;
    assert_int_equal(store_run_mark(s, &marked), -ENOENT);
    arena_fini(&arena);
    store_close(s);
    place_remove(&p);
}

static void test_finding(void **state)
{
    (void)state;
    struct place p;
    int64_t key = 0;

    place_make(&p);
    struct store *s = place_open(&p, STORE_WRITE);

    assert_int_equal(store_run_find(s, STR("latest"), &key), STORE_E_NONE);
    int64_t first = add_run(s, "r-20260101-aa", 1), second = add_run(s, "r-20260102-bb", 2);
    int64_t third = add_run(s, "r-20260102-bbc", 3);
    const struct {
        const char *text;
        int r;
        int64_t key;
    } cases[] = {
        {"latest", 0, third},
        {"latest~0", 0, third},
        {"latest~2", 0, first},
        {"latest~3", STORE_E_NONE, 0},
        {"latest~18446744073709551615", STORE_E_NONE, 0},
        {"r-20260101", 0, first},
        {"r-20260102-bb", 0, second}, /* exactly, though it begins another */
        {"r-20260102-bbc", 0, third},
        {"r-20260102", STORE_E_MANY, 0},
        {"r-3", STORE_E_NONE, 0},
        {"%", STORE_E_NONE, 0},
        {"", STORE_E_NONE, 0},
        {"#2", 0, second},
        {"#9", STORE_E_NONE, 0},
        {"baseline", STORE_E_NONE, 0},
    };

    for (size_t i = 0; i < countof(cases); i++) {
        key = 0;
        assert_int_equal(store_run_find(s, str_of(cases[i].text), &key), cases[i].r);
        assert_int_equal(key, cases[i].key);
    }
    assert_int_equal(store_run_find(s, STR("r-20260102"), &key), STORE_E_MANY);
    assert_non_null(strstr(fault_text(), "r-20260102-bbc, r-20260102-bb"));
    store_close(s);
    place_remove(&p);
}

static int collect(void *arg, const struct store_run *run)
{
    buf_printf(arg, "%.*s ", STR_ARG(run->id));
    return 0;
}

static int stop_at_once(void *arg, const struct store_run *run)
{
    (void)arg;
    (void)run;
    return 7;
}

static void expect_list(struct store *s, const struct store_filter *f, const char *want)
{
    scoped(buf_fini) struct buf got = {0};

    assert_int_equal(store_runs(s, f, collect, &got), 0);
    assert_string_equal(got.len ? buf_cstr(&got) : "", want);
}

static void test_lists(void **state)
{
    (void)state;
    struct place p;
    size_t n = 0;

    place_make(&p);
    struct store *s = place_open(&p, STORE_WRITE);
    struct store_run run = a_run("c", 3);

    add_run(s, "a", 1);
    set_state(s, add_run(s, "b", 2), STORE_FINISHED);
    run.script = STR("Login.js");
    run.labels_json = STR("[\"nightly\",\"eu\"]");
    run.is_baseline = true;
    assert_int_equal(store_run_add(s, &run, &run.key), 0);

    expect_list(s, &(struct store_filter){0}, "c b a ");
    expect_list(s, &(struct store_filter){.limit = 1, .offset = 1}, "b ");
    expect_list(s, &(struct store_filter){.script = STR("checkout.js")}, "b a ");
    expect_list(s, &(struct store_filter){.label = STR("eu")}, "c ");
    expect_list(s, &(struct store_filter){.label = STR("e")}, "");
    expect_list(s, &(struct store_filter){.text = STR("LOGIN")}, "c ");
    expect_list(s, &(struct store_filter){.text = STR("%")}, "");
    expect_list(s, &(struct store_filter){.only_baselines = true}, "c ");
    expect_list(s, &(struct store_filter){.only_over = true}, "b ");
    expect_list(s, &(struct store_filter){.since = 2, .until = 3}, "b ");
    assert_int_equal(store_count(s, &(struct store_filter){.limit = 1}, &n), 0);
    assert_int_equal(n, 3);
    assert_int_equal(store_runs(s, &(struct store_filter){0}, stop_at_once, NULL), 7);
    store_close(s);
    place_remove(&p);
}

/* JSON goes into documents as it is: what is none, or of another shape, reads as empty. */
static void test_json_of_others(void **state)
{
    (void)state;
    struct place p;
    struct arena arena = {0};
    struct store_run run;

    place_make(&p);
    struct store *s = place_open(&p, STORE_WRITE);
    int64_t key = add_run(s, "a", 1);

    assert_int_equal(store_exec(s, "UPDATE runs SET options = '{\"a\":', tags = '[1]', "
                                   "labels = '{}', verdict = 'null', started = -5, "
                                   "duration = 9223372036854775807"),
                     0);
    assert_int_equal(store_run_get(s, key, &arena, &run), 0);
    assert_int_equal(run.options_json.n, 0);
    assert_int_equal(run.tags_json.n, 0);
    assert_int_equal(run.labels_json.n, 0);
    assert_int_equal(run.verdict_json.n, 0);
    assert_int_equal(run.started, 0);
    assert_int_equal(run.duration, 0);
    expect_list(s, &(struct store_filter){.label = STR("x")}, "");
    arena_fini(&arena);
    store_close(s);
    place_remove(&p);
}

/* ---- events and exchanges ---- */

static int collect_event(void *arg, const struct store_event *e)
{
    buf_printf(arg, "%lld %.*s %.*s %.*s;", (long long)e->elapsed, STR_ARG(e->kind),
               STR_ARG(e->text), STR_ARG(e->json));
    return 0;
}

static int collect_exchange(void *arg, const struct store_exchange *e)
{
    assert_int_equal(e->har.n, 0);
    buf_printf(arg, "%.*s %lld;", STR_ARG(e->kind), (long long)e->duration);
    return 0;
}

static int collect_exception(void *arg, const struct exception *e)
{
    buf_printf(arg, "%llu %.*s %.*s %.*s %.*s %lld-%lld %llx %d;", (unsigned long long)e->count,
               STR_ARG(e->kind), STR_ARG(e->message), STR_ARG(e->place), STR_ARG(e->stack),
               (long long)e->first, (long long)e->last, (unsigned long long)e->workers,
               e->is_others);
    return 0;
}

static void test_exceptions(void **state)
{
    (void)state;
    struct place p;
    scoped(buf_fini) struct buf text = {0};

    place_make(&p);
    struct store *s = place_open(&p, STORE_WRITE);
    int64_t run = add_run(s, "a", 1), other = add_run(s, "b", 2);
    const struct exception all[] = {
        {.count = 9, .first = 5, .last = 7, .is_others = true},
        {.kind = STR("E"),
         .message = STR("m"),
         .place = STR("x:1"),
         .stack = STR("line\n\tat"),
         .count = 2,
         .first = 1,
         .last = 4,
         .workers = 1ULL << 63 | 1},
        {.kind = STR("F"), .count = 3, .first = 2, .last = 2},
    };

    assert_int_equal(store_exceptions_put(s, run, &all[1], 1), 0);
    assert_int_equal(store_exceptions_put(s, other, &all[2], 1), 0);
    assert_int_equal(store_exceptions_put(s, run, all, 3), 0); /* in place of what was there */
    assert_int_equal(store_exceptions(s, run, collect_exception, &text), 0);
    assert_string_equal(buf_cstr(&text), "3 F    2-2 0 0;2 E m x:1 line\n\tat 1-4 8000000000000001 "
                                         "0;9     5-7 0 1;");
    assert_int_equal(store_run_remove(s, run), 0);
    buf_reset(&text);
    assert_int_equal(store_exceptions(s, run, collect_exception, &text), 0);
    assert_int_equal(text.len, 0);
    assert_int_equal(store_exceptions(s, other, collect_exception, &text), 0);
    assert_true(text.len > 0);
    store_close(s);
    place_remove(&p);
}

static void test_events_and_exchanges(void **state)
{
    (void)state;
    struct place p;
    struct arena arena = {0};
    scoped(buf_fini) struct buf events = {0}, exchanges = {0};

    place_make(&p);
    struct store *s = place_open(&p, STORE_WRITE);
    int64_t run = add_run(s, "a", 1);
    struct store_event e = {.at = 5, .elapsed = 9, .kind = STR("pause"), .text = STR("by x")};
    struct store_exchange x = {.kind = STR("slow"), .duration = 10, .har = STR("{\"a\":1}")};

    assert_int_equal(store_event_add(s, run, &e), 0);
    e = (struct store_event){.at = 6, .elapsed = 2, .kind = STR("k"), .json = STR("{\"to\":1}")};
    assert_int_equal(store_event_add(s, run, &e), 0);
    assert_int_equal(store_events(s, run, collect_event, &events), 0);
    assert_string_equal(buf_cstr(&events), "2 k  {\"to\":1};9 pause by x ;");

    assert_int_equal(store_exchange_add(s, run, &x), 0);
    x.duration = 20;
    assert_int_equal(store_exchange_add(s, run, &x), 0);
    x.kind = STR("failed");
    x.har = STR("no json");
    assert_int_equal(store_exchange_add(s, run, &x), 0);
    assert_int_equal(store_exchanges(s, run, collect_exchange, &exchanges), 0);
    assert_string_equal(buf_cstr(&exchanges), "failed 20;slow 20;slow 10;");
    assert_int_equal(store_exchange_get(s, run, 1, &arena, &x), 0);
    assert_true(str_is(x.har, "{\"a\":1}"));
    assert_true(str_is(x.kind, "slow"));
    assert_int_equal(store_exchange_get(s, run, 3, &arena, &x), 0);
    assert_int_equal(x.har.n, 0);
    assert_int_equal(store_exchange_get(s, run + 1, 1, &arena, &x), STORE_E_NONE);

    /* They go with their run, and alone. */
    assert_int_equal(store_exchanges_clear(s, run), 0);
    assert_int_equal(store_exchange_get(s, run, 1, &arena, &x), STORE_E_NONE);
    assert_int_equal(store_run_remove(s, run), 0);
    buf_reset(&events);
    assert_int_equal(store_events(s, run, collect_event, &events), 0);
    assert_int_equal(events.len, 0);
    assert_int_equal(store_run_remove(s, run), -ENOENT);
    arena_fini(&arena);
    store_close(s);
    place_remove(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default_path),
        cmocka_unit_test(test_a_new_file_is_ours_alone),
        cmocka_unit_test(test_what_is_no_store_is_refused),
        cmocka_unit_test(test_a_newer_format_is_refused),
        cmocka_unit_test(test_triggers_of_others_are_refused),
        cmocka_unit_test(test_a_temporary_file_is_gone_at_the_end),
        cmocka_unit_test(test_a_run_comes_back_as_it_was),
        cmocka_unit_test(test_marks_are_the_users),
        cmocka_unit_test(test_finding),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_json_of_others),
        cmocka_unit_test(test_events_and_exchanges),
        cmocka_unit_test(test_exceptions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
