/* Exceptions in all that is written for people: a run of two kinds, one of them by workers. */
#include "report/exception_text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "report/golden_test.h"
#include "report/report_junit.h"
#include "report/report_md.h"
#include "report/report_testing.h"

#define START (wall_ns)(1767366245 * NS_PER_S)

static const struct exception rare = {.kind = STR("TypeError"),
                                      .message = STR("no <cart> | of \x1b[31muser 7"),
                                      .place = STR("shop.js:3:49"),
                                      .stack = STR("TypeError: no <cart>\n\tat inner (shop.js:3:49)"
                                                   "\n\tat default (shop.js:9:1)\n"),
                                      .scenario = STR("a"),
                                      .count = 1,
                                      .first = START + 1500 * NS_PER_MS,
                                      .last = START + 1500 * NS_PER_MS};
static const struct exception common = {.kind = STR("KeyError"),
                                        .message = STR("'id'"),
                                        .place = STR("shop.py:7"),
                                        .stack = STR("Traceback (most recent call last):\n  File "
                                                     "\"shop.py\", line 7, in buy\n    "
                                                     "x[\"id\"]\nKeyError: 'id'"),
                                        .count = 1204,
                                        .first = START + 20 * NS_PER_MS,
                                        .last = START + 9 * NS_PER_S,
                                        .workers = 5};
static const struct exception bare = {.count = 2, .first = START - 5, .last = START};
static const struct exception others = {.count = 5000,
                                        .first = START,
                                        .last = START + NS_PER_S,
                                        .is_others = true};

static const struct exception *const all[] = {&others, &rare, &bare, &common};
static const struct exception_list list = {all, countof(all), START};

static void test_text(void **state UNUSED)
{
    scoped(buf_fini) struct buf out = {0};

    exception_list_put(&list, &(struct exception_style){.max = 3, .columns = 60}, &out);
    exception_list_put(
        &list, &(struct exception_style){.max = 10, .detail = EXCEPTION_STACKS, .color = true},
        &out);
    golden_check("exceptions.txt", &out);
    buf_reset(&out);
    exception_list_put(&(struct exception_list){NULL, 0, START},
                       &(struct exception_style){.max = 3}, &out);
    assert_int_equal(out.len, 0);
}

static struct report *make_report(struct report_fixture *f)
{
    report_fixture_init(f);
    struct report *r = report_new(&f->run, f->snapshot);

    r->exceptions = exception_list_sorted(&list);
    r->n_exceptions = list.n;
    return r;
}

static void test_markdown(void **state UNUSED)
{
    scoped(buf_fini) struct buf out = {0};
    struct report_fixture f;
    struct report *r = make_report(&f);

    report_md_put(r, &(struct report_md_baseline){0}, &out);
    golden_check("exceptions.md", &out);
    report_free(r);
    report_fixture_fini(&f);
}

static void test_junit(void **state UNUSED)
{
    scoped(buf_fini) struct buf out = {0};
    struct report_fixture f;
    struct report *r = make_report(&f);

    report_junit_put(r, &out);
    golden_check("exceptions.xml", &out);
    report_free(r);
    report_fixture_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_markdown),
        cmocka_unit_test(test_junit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
