#include "report/report_md.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "report/comparison.h"
#include "report/golden_test.h"
#include "report/measured.h"
#include "report/report_md_changes.h"
#include "report/report_testing.h"

static void put(struct report_fixture *f, struct buf *out)
{
    struct report *r = report_fixture_done(f);

    report_md_put(r, &(struct report_md_baseline){0}, out);
    report_free(r);
}

static void test_a_run_that_failed(void **state UNUSED)
{
    struct report_fixture f;
    struct buf out = {0};

    report_fixture_init(&f);
    report_fixture_shop(&f);
    put(&f, &out);
    golden_check("report_failed.md", &out);
    buf_fini(&out);
    report_fixture_fini(&f);
}

static void test_a_run_that_measured_nothing(void **state UNUSED)
{
    struct report_fixture f;
    struct buf out = {0};

    report_fixture_init(&f);
    put(&f, &out);
    golden_check("report_empty.md", &out);
    buf_fini(&out);
    report_fixture_fini(&f);
}

static void test_beside_a_baseline(void **state UNUSED)
{
    struct report_fixture f, before;
    struct buf out = {0};

    report_fixture_init(&f);
    report_fixture_shop(&f);
    report_fixture_init(&before);
    before.run.id = STR("r-20260101-000000-0000");
    for (int i = 0; i < 200; i++)
        report_fixture_request(&before, "name=/products,method=GET", 10 + i / 2.0, 0);
    struct report *baseline = report_fixture_done(&before);
    struct report *r = report_fixture_done(&f);

    report_md_put(r, &(struct report_md_baseline){.report = baseline}, &out);
    golden_check("report_baseline.md", &out);
    report_free(r);
    report_free(baseline);
    buf_fini(&out);
    report_fixture_fini(&f);
    report_fixture_fini(&before);
}

/* What was measured on ten thousand requests of one endpoint, all times `factor` of the other's. */
static void many_requests(struct report_fixture *f, double factor)
{
    for (int i = 0; i < 10000; i++)
        report_fixture_request(f, "name=/cart|x,method=GET", factor * (10 + i % 100 / 10.0), 0);
    snapshot_tick_end(f->snapshot, ++f->now);
}

static void put_compared(double factor, struct buf *out)
{
    struct report_fixture now, before;
    struct comparison *c = NULL;

    report_fixture_init(&now);
    report_fixture_init(&before);
    many_requests(&now, factor);
    many_requests(&before, 1);
    struct measured *a = measured_of_snapshot(now.snapshot, 10, 0.95);
    struct measured *b = measured_of_snapshot(before.snapshot, 10, 0.95);
    struct comparison_side current = {&now.run, a}, baseline = {&before.run, b};

    assert_int_equal(
        comparison_make(NULL, &current, &baseline, &(struct comparison_options){0}, &c), 0);
    report_md_changes_put(c, out);
    comparison_free(c);
    measured_free(a);
    measured_free(b);
    report_fixture_fini(&now);
    report_fixture_fini(&before);
}

static void test_what_got_worse(void **state UNUSED)
{
    struct buf out = {0};

    put_compared(3, &out);
    const char *text = buf_cstr(&out);

    assert_non_null(strstr(text, "#### 🔴 Compared with the baseline: worse\n"));
    assert_non_null(
        strstr(text, "| 🔴 | <code>http_req_duration p(95), GET /cart&#124;x</code> | "));
    assert_non_null(strstr(text, "| +200."));
    buf_reset(&out);
    put_compared(1 / 3.0, &out);
    assert_non_null(strstr(buf_cstr(&out), "#### 🟢 Compared with the baseline: better\n"));
    assert_non_null(strstr(buf_cstr(&out), "| -66.7% ("));
    buf_fini(&out);
}

/* Forty endpoints, with names that are markup. */
static void test_long_tables_are_cut(void **state UNUSED)
{
    struct report_fixture f;
    struct buf out = {0};

    report_fixture_init(&f);
    for (int i = 0; i < 40; i++) {
        scoped(freep) char *tags = xasprintf("name=<b>|`%d`@all,method=GET", i);

        report_fixture_request(&f, tags, i, 0);
    }
    put(&f, &out);
    const char *text = buf_cstr(&out);

    assert_non_null(strstr(text, "\nand 30 more that were faster\n"));
    assert_null(strstr(text, "<b>"));
    assert_null(strstr(text, "@all"));
    assert_non_null(strstr(text, "| <code>GET &#60;b&#62;&#124;&#96;39&#96;&#64;all</code> | 1 |"));
    buf_fini(&out);
    report_fixture_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_run_that_failed),
        cmocka_unit_test(test_a_run_that_measured_nothing),
        cmocka_unit_test(test_beside_a_baseline),
        cmocka_unit_test(test_what_got_worse),
        cmocka_unit_test(test_long_tables_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
