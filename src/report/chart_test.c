#include "report/chart.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "report/golden_test.h"

static void draw(const struct chart *c, size_t columns, bool ascii, struct buf *out)
{
    chart_put(c, &(struct chart_style){.columns = columns, .rows = 4, .ascii = ascii}, out);
}

static void test_a_curve(void **state UNUSED)
{
    double values[200];
    struct buf out = {0};
    struct chart c = {"requests a second", CHART_NUMBER, values, countof(values), 200};

    for (size_t i = 0; i < countof(values); i++)
        values[i] = 500 - 500 * cos((double)i / 20);
    draw(&c, 80, false, &out);
    draw(&c, 80, true, &out);
    golden_check("chart.txt", &out);
    buf_fini(&out);
}

static void check(const struct chart *c, const char *expected)
{
    struct buf out = {0};

    chart_put(c, &(struct chart_style){.columns = 1, .rows = 2, .ascii = true}, &out);
    assert_string_equal(buf_cstr(&out), expected);
    buf_fini(&out);
}

static void test_few_values_are_stretched(void **state UNUSED)
{
    double values[] = {0, 100};

    check(&(struct chart){"p95", CHART_TIME, values, 2, 3660}, "            p95\n"
                                                               "     100ms +         ########\n"
                                                               "           |         ########\n"
                                                               "         0 +-----------------\n"
                                                               "            0s  30m30s   1h1m\n");
}

static void test_a_peak_is_seen_among_many(void **state UNUSED)
{
    double *values = xnew_n(double, 100000);
    struct buf out = {0};

    values[50000] = 0.5;
    chart_put(&(struct chart){"failed", CHART_SHARE, values, 100000, 60},
              &(struct chart_style){.columns = 80, .rows = 1, .ascii = true}, &out);
    assert_non_null(strstr(buf_cstr(&out), "    50.00% +"));
    assert_non_null(strchr(buf_cstr(&out), '#'));
    buf_fini(&out);
    free(values);
}

static void test_holes_and_nothing(void **state UNUSED)
{
    double holes[] = {NAN, 5, NAN, NAN}, none[] = {NAN, NAN}, zero[] = {0};

    check(&(struct chart){"x", CHART_NUMBER, holes, 4, 4}, "            x\n"
                                                           "         5 +     ####\n"
                                                           "           |     ####\n"
                                                           "         0 +-----------------\n"
                                                           "            0s     2s      4s\n");
    check(&(struct chart){"x", CHART_NUMBER, none, 2, 1}, "");
    check(&(struct chart){"x", CHART_NUMBER, NULL, 0, 1}, "");
    check(&(struct chart){"x", CHART_NUMBER, zero, 1, 0}, "            x\n"
                                                          "         0 +\n"
                                                          "           |\n"
                                                          "         0 +-----------------\n"
                                                          "            0s     0s      0s\n");
}

static void test_what_is_there_is_never_nothing(void **state UNUSED)
{
    double values[] = {1e-9, 1000};
    struct buf out = {0};

    chart_put(&(struct chart){"x", CHART_NUMBER, values, 2, 1},
              &(struct chart_style){.columns = 30, .rows = 1, .ascii = true}, &out);
    assert_non_null(strstr(buf_cstr(&out), "+........"));
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_curve),
        cmocka_unit_test(test_few_values_are_stretched),
        cmocka_unit_test(test_a_peak_is_seen_among_many),
        cmocka_unit_test(test_holes_and_nothing),
        cmocka_unit_test(test_what_is_there_is_never_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
