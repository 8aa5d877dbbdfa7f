#include "dashboard/link.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"

struct place {
    char top[64];
    char *custom, *source; /* owned */
    struct buf told;
};

#define BOARD(uid) "{\"uid\": \"" uid "\", \"title\": \"T\", \"panels\": []}\n"

static int set_up(void **state)
{
    struct place *p = xnew(struct place);

    snprintf(p->top, sizeof(p->top), "%s/brunt-link-XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(p->top));
    p->custom = xasprintf("%s/lab/custom", p->top);
    p->source = xasprintf("%s/boards", p->top);
    assert_int_equal(mkdir(p->source, 0755), 0);
    *state = p;
    return 0;
}

static int remove_tree(const char *path)
{
    scoped(freep) char *command = xasprintf("rm -rf '%s'", path);

    return system(command);
}

static int tear_down(void **state)
{
    struct place *p = *state;

    assert_int_equal(remove_tree(p->top), 0);
    free(p->custom);
    free(p->source);
    buf_fini(&p->told);
    free(p);
    return 0;
}

static void put(const char *folder, const char *name, const char *text)
{
    scoped(freep) char *path = xasprintf("%s/%s", folder, name);
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void take_out(const char *folder, const char *name)
{
    scoped(freep) char *path = xasprintf("%s/%s", folder, name);

    assert_int_equal(unlink(path), 0);
}

/* The file's text, or "" when there is none. The caller frees. */
static char *get(const char *folder, const char *name)
{
    scoped(freep) char *path = xasprintf("%s/%s", folder, name);
    struct buf text = {0};
    FILE *f = fopen(path, "r");
    char some[512];
    size_t n = 0;

    while (f && (n = fread(some, 1, sizeof(some), f)) > 0)
        buf_put(&text, some, n);
    if (f)
        fclose(f);
    buf_puts(&text, "");
    return buf_take(&text, &n);
}

static void assert_holds(const struct place *p, const char *name, const char *text)
{
    scoped(freep) char *folder = xasprintf("%s/boards", p->custom);
    scoped(freep) char *there = get(folder, name);

    assert_string_equal(there, text);
}

static void note(void *arg, enum link_news news, const char *file, const char *text)
{
    static const char letters[] = "+~-=!?";
    struct place *p = arg;

    buf_printf(&p->told, "%c%s%s%s\n", letters[news], file, text[0] ? ": " : "", text);
}

static int sync_now(struct place *p, bool force, struct link_counts *counts)
{
    struct link_options options = {.force = force, .fn = note, .arg = p};

    buf_reset(&p->told);
    return link_sync(p->custom, "boards", p->source, &options, counts);
}

static void assert_told(struct place *p, const char *text)
{
    assert_string_equal(buf_cstr(&p->told), text);
}

static void test_adds_changes_removes(void **state)
{
    struct place *p = *state;
    struct link_counts c;

    put(p->source, "a.json", BOARD("a"));
    put(p->source, "b.json", BOARD("b"));
    put(p->source, "notes.txt", "not for Grafana");
    assert_int_equal(sync_now(p, false, &c), 0);
    assert_told(p, "+a.json\n+b.json\n");
    assert_holds(p, "a.json", BOARD("a"));
    assert_holds(p, "notes.txt", "");

    put(p->source, "a.json", BOARD("changed"));
    put(p->source, "c.json", BOARD("c"));
    take_out(p->source, "b.json");
    assert_int_equal(sync_now(p, false, &c), 0);
    assert_told(p, "~a.json\n+c.json\n-b.json\n");
    assert_holds(p, "a.json", BOARD("changed"));
    assert_holds(p, "b.json", "");
    assert_true(c.added == 1 && c.changed == 1 && c.removed == 1 && c.same == 0 && c.kept == 0);

    assert_int_equal(sync_now(p, false, &c), 0);
    assert_told(p, "=a.json\n=c.json\n");
}

static void test_others_work_is_left_alone(void **state)
{
    struct place *p = *state;
    struct link_counts c;
    scoped(freep) char *folder = xasprintf("%s/boards", p->custom);

    put(p->source, "a.json", BOARD("a"));
    put(p->source, "b.json", BOARD("b"));
    assert_int_equal(sync_now(p, false, &c), 0);
    put(folder, "a.json", "changed by hand");
    put(folder, "own.json", "made by hand");
    put(p->source, "a.json", BOARD("a2"));
    put(p->source, "own.json", BOARD("own"));
    assert_int_equal(sync_now(p, false, &c), 0);
    assert_told(p, "!a.json: it was changed in the lab; --force replaces it\n=b.json\n"
                   "!own.json: somebody else put it there; --force replaces it\n");
    assert_int_equal(c.kept, 2);
    assert_holds(p, "a.json", "changed by hand");
    assert_holds(p, "own.json", "made by hand");

    take_out(p->source, "a.json");
    assert_int_equal(sync_now(p, false, &c), 0);
    assert_true(strstr(buf_cstr(&p->told), "!a.json: it was changed in the lab; --force removes"));
    assert_holds(p, "a.json", "changed by hand");

    put(p->source, "a.json", BOARD("a3"));
    assert_int_equal(sync_now(p, true, &c), 0);
    assert_holds(p, "a.json", BOARD("a3"));
    assert_holds(p, "own.json", BOARD("own"));
}

static void test_broken_sources_change_nothing(void **state)
{
    struct place *p = *state;
    struct link_counts c;

    assert_int_equal(sync_now(p, false, &c), -ENOENT);
    assert_non_null(strstr(fault_text(), "has no dashboard"));
    put(p->source, "a.json", BOARD("a"));
    assert_int_equal(sync_now(p, false, &c), 0);

    put(p->source, "a.json", BOARD("b"));
    put(p->source, "x.json", "{\"panels\": [}");
    assert_int_equal(sync_now(p, false, &c), -EINVAL);
    assert_non_null(strstr(fault_text(), "x.json: it is no JSON: line 1"));
    put(p->source, "x.json", "{\"name\": 1}");
    assert_int_equal(sync_now(p, false, &c), -EINVAL);
    assert_non_null(strstr(fault_text(), "no dashboard"));
    put(p->source, "x.json", BOARD("b"));
    assert_int_equal(sync_now(p, false, &c), -EINVAL);
    assert_non_null(strstr(fault_text(), "the same uid 'b'"));
    assert_holds(p, "a.json", BOARD("a"));
    assert_holds(p, "x.json", "");
}

static void test_errors_of_lint_are_told_or_refused(void **state)
{
    struct place *p = *state;
    struct link_options strict = {.strict = true};
    struct link_counts c;

    put(p->source, "a.json", "{\"uid\": \"a\", \"panels\": []}");
    assert_int_equal(sync_now(p, false, &c), 0);
    assert_told(p, "?a.json: 1 error; `brunt dashboard lint` names them\n+a.json\n");
    assert_int_equal(link_sync(p->custom, "strict", p->source, &strict, &c), -EINVAL);
    assert_non_null(strstr(fault_text(), "title is missing"));
}

static void test_wrapping_is_taken_off(void **state)
{
    struct place *p = *state;
    struct link_counts c;

    put(p->source, "a.json",
        "{\"dashboard\": {\"uid\": \"a\", \"title\": \"T\", \"panels\": []}, "
        "\"overwrite\": true}");
    assert_int_equal(sync_now(p, false, &c), 0);
    assert_holds(p, "a.json", "{\n  \"uid\": \"a\",\n  \"title\": \"T\",\n  \"panels\": []\n}\n");
    assert_int_equal(sync_now(p, false, &c), 0);
    assert_told(p, "=a.json\n");
}

/* What a link leaves that ended between the record and the files, or amid them. */
static void test_an_interrupted_link_is_finished(void **state)
{
    struct place *p = *state;
    struct link_counts c;
    scoped(freep) char *folder = xasprintf("%s/boards", p->custom);

    put(p->source, "a.json", BOARD("a"));
    put(p->source, "b.json", BOARD("b"));
    assert_int_equal(sync_now(p, false, &c), 0);
    scoped(freep) char *before = get(folder, ".source");

    put(p->source, "a.json", BOARD("a2"));
    put(p->source, "b.json", BOARD("b2"));
    assert_int_equal(sync_now(p, false, &c), 0);
    scoped(freep) char *after = get(folder, ".source");

    /* Between them: both digests of each file, a.json new, b.json old. */
    const char *old_a = strstr(strstr(before, "a.json"), "[\n") + 2;
    const char *old_b = strstr(strstr(before, "b.json"), "[\n") + 2;
    const char *new_a = strstr(strstr(after, "a.json"), "[\n") + 2;
    const char *new_b = strstr(strstr(after, "b.json"), "[\n") + 2;
    scoped(freep) char *between =
        xasprintf("{\"source\": \"%s\", \"files\": {\"a.json\": [%.*s, %.*s], "
                  "\"b.json\": [%.*s, %.*s]}}",
                  p->source, (int)strcspn(new_a, "]"), new_a, (int)strcspn(old_a, "]"), old_a,
                  (int)strcspn(new_b, "]"), new_b, (int)strcspn(old_b, "]"), old_b);

    put(folder, ".source", between);
    put(folder, "b.json", BOARD("b"));
    put(folder, ".b.json.new", "{\"uid");
    assert_int_equal(sync_now(p, false, &c), 0);
    assert_told(p, "=a.json\n~b.json\n");
    assert_holds(p, "b.json", BOARD("b2"));
    scoped(freep) char *finished = get(folder, ".source");

    assert_string_equal(finished, after);
}

static void test_names(void **state)
{
    struct place *p = *state;
    struct link_counts c;
    scoped(freep) char *other = xasprintf("%s/other", p->top);
    struct link_options options = {0};

    assert_true(link_is_name("A team's boards"));
    assert_false(link_is_name(""));
    assert_false(link_is_name(".."));
    assert_false(link_is_name("a/b"));
    assert_false(link_is_name("a\nb"));
    put(p->source, "a.json", BOARD("a"));
    assert_int_equal(sync_now(p, false, &c), 0);
    assert_int_equal(mkdir(other, 0755), 0);
    put(other, "a.json", BOARD("o"));
    assert_int_equal(link_sync(p->custom, "boards", other, &options, &c), -EEXIST);
    assert_non_null(strstr(fault_text(), "choose another --name"));
    assert_int_equal(link_sync(p->custom, "../x", other, &options, &c), -EINVAL);
    assert_int_equal(link_sync(p->custom, "other", other, &options, &c), 0);
}

static void test_list_and_unlink(void **state)
{
    struct place *p = *state;
    struct link_options options = {.fn = note, .arg = p};
    struct link_list l = {0};
    struct link_counts c;
    scoped(freep) char *folder = xasprintf("%s/boards", p->custom);

    assert_int_equal(link_list_read(p->custom, &l), 0);
    assert_int_equal(l.n, 0);
    put(p->source, "a.json", BOARD("a"));
    put(p->source, "b.json", BOARD("b"));
    assert_int_equal(sync_now(p, false, &c), 0);
    assert_int_equal(link_list_read(p->custom, &l), 0);
    assert_int_equal(l.n, 1);
    assert_string_equal(l.list[0].name, "boards");
    assert_string_equal(l.list[0].source, p->source);
    assert_true(l.list[0].n_files == 2 && !l.list[0].source_gone && !l.list[0].source_differs);
    link_list_fini(&l);

    put(p->source, "a.json", BOARD("a2"));
    assert_int_equal(link_list_read(p->custom, &l), 0);
    assert_true(l.list[0].source_differs);
    link_list_fini(&l);

    put(folder, "b.json", "changed by hand");
    put(folder, "own.txt", "made by hand");
    buf_reset(&p->told);
    assert_int_equal(link_remove(p->custom, "boards", &options, &c), 0);
    assert_told(p, "-a.json\n!b.json: it was changed in the lab; --force removes it\n"
                   "!own.txt: no link put it there\n");
    assert_holds(p, "a.json", "");
    assert_holds(p, "b.json", "changed by hand");
    assert_int_equal(link_remove(p->custom, "boards", &options, &c), -ENOENT);

    take_out(folder, "own.txt");
    take_out(folder, "b.json");
    assert_int_equal(sync_now(p, false, &c), 0);
    assert_int_equal(remove_tree(p->source), 0);
    assert_int_equal(link_list_read(p->custom, &l), 0);
    assert_true(l.list[0].source_gone);
    link_list_fini(&l);
    assert_int_equal(link_remove(p->custom, "boards", &options, &c), 0);
    assert_int_equal(access(folder, F_OK), -1);
}

static void test_a_record_that_is_none(void **state)
{
    struct place *p = *state;
    struct link_counts c;
    scoped(freep) char *folder = xasprintf("%s/boards", p->custom);
    scoped(freep) char *victim = xasprintf("%s/victim", p->top);

    put(p->source, "a.json", BOARD("a"));
    assert_int_equal(sync_now(p, false, &c), 0);
    put(folder, ".source", "[]");
    assert_int_equal(sync_now(p, false, &c), -EINVAL);
    assert_non_null(strstr(fault_text(), "no record of a linked folder"));

    /* A name that leads elsewhere is not followed. */
    put(p->top, "victim", "x");
    scoped(freep) char *evil = xasprintf(
        "{\"source\": \"%s\", \"files\": {\"../../../victim\": [\"\"], \"a.json\": 7}}", p->source);

    put(folder, ".source", evil);
    assert_int_equal(sync_now(p, true, &c), 0);
    assert_int_equal(access(victim, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_adds_changes_removes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_others_work_is_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_broken_sources_change_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_errors_of_lint_are_told_or_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrapping_is_taken_off, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_interrupted_link_is_finished, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_list_and_unlink, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_record_that_is_none, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
