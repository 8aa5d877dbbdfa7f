#include "bridge/locust_csv.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "bridge/locust_testing.h"

#define HEADER "Type,Name,Request Count,50%,90%,95%,99%,100%\r\n"

static struct locust_stats *filled(const char *csv)
{
    struct locust_stats *s = answer_of((struct made){.home = 5, .missing = 2, .workers = -1});

    assert_int_equal(locust_csv_fill(str_of(csv), s), 0);
    return s;
}

static void test_quantiles_go_to_their_rows(void **state UNUSED)
{
    struct locust_stats *s = filled(HEADER "GET,/,5,3,10,20,30,40\r\nGET,/missing,2,1,2,3,N/A,5\r\n"
                                           ",Aggregated,7,3,11,21,31,41\r\n");

    assert_true(s->rows[0].number[LOCUST_N_P90] == 10);
    assert_true(s->rows[0].number[LOCUST_N_P95] == 20);
    assert_true(s->rows[0].number[LOCUST_N_P99] == 30);
    assert_true(s->rows[1].number[LOCUST_N_P95] == 3);
    assert_true(isnan(s->rows[1].number[LOCUST_N_P99]));
    assert_true(s->total.number[LOCUST_N_P95] == 21);
    locust_stats_free(s);
}

static void test_what_is_told_already_stays(void **state UNUSED)
{
    struct locust_stats *s = answer_of((struct made){.home = 5, .workers = -1});

    s->rows[0].number[LOCUST_N_P95] = 7;
    assert_int_equal(locust_csv_fill(STR(HEADER "GET,/,5,3,10,20,30,40\r\n"), s), 0);
    assert_true(s->rows[0].number[LOCUST_N_P95] == 7);
    assert_true(s->rows[0].number[LOCUST_N_P90] == 10);
    locust_stats_free(s);
}

static void test_cells_are_quoted(void **state UNUSED)
{
    struct locust_stats *s = answer_of((struct made){.home = 5, .workers = -1});

    s->rows[0].name = STR("/a,\"b\"\nc");
    assert_int_equal(locust_csv_fill(STR("\"Type\",\"Name\",\"95%\"\n"
                                         "\"GET\",\"/a,\"\"b\"\"\nc\",\"20\"\n"),
                                     s),
                     0);
    assert_true(s->rows[0].number[LOCUST_N_P95] == 20);
    assert_true(isnan(s->rows[0].number[LOCUST_N_P90])); /* this table has no such column */
    locust_stats_free(s);
}

static void test_what_is_no_table(void **state UNUSED)
{
    struct locust_stats *s = answer_of((struct made){.home = 5, .workers = -1});
    struct buf many = {0};

    assert_int_equal(locust_csv_fill(STR(""), s), -EINVAL);
    assert_int_equal(locust_csv_fill(STR("<html>"), s), -EINVAL);
    assert_int_equal(locust_csv_fill(STR("Type,95%\n"), s), -EINVAL);
    assert_int_equal(locust_csv_fill(STR(HEADER "GET,/,5"), s), 0);
    assert_int_equal(locust_csv_fill(STR(HEADER "\"GET,/,5,1,2,3,4,5\n"), s), 0);
    for (int i = 0; i < 200000; i++)
        buf_puts(&many, "a,");
    assert_int_equal(locust_csv_fill(buf_str(&many), s), -EINVAL);
    assert_true(isnan(s->rows[0].number[LOCUST_N_P95]));
    buf_fini(&many);
    locust_stats_free(s);
}

static void test_whether_it_is_needed(void **state UNUSED)
{
    struct locust_stats *s = answer_of((struct made){.home = 5, .workers = -1});

    assert_true(locust_csv_is_needed(s));
    for (size_t i = 0; i < LOCUST_N_COUNT; i++)
        s->total.number[i] = 1;
    assert_false(locust_csv_is_needed(s));
    locust_stats_free(s);
    s = answer_of((struct made){.home = 0, .workers = -1});
    assert_false(locust_csv_is_needed(s));
    locust_stats_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantiles_go_to_their_rows),
        cmocka_unit_test(test_what_is_told_already_stays),
        cmocka_unit_test(test_cells_are_quoted),
        cmocka_unit_test(test_what_is_no_table),
        cmocka_unit_test(test_whether_it_is_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
