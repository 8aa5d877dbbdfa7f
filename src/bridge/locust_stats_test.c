#include "bridge/locust_stats.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"

static struct locust_stats *read_ok(const char *json)
{
    struct locust_stats *s = NULL;

    assert_int_equal(locust_stats_read(str_of(json), &s), 0);
    return s;
}

static void refuse(const char *json, const char *why)
{
    struct locust_stats *s = NULL;

    assert_int_equal(locust_stats_read(str_of(json), &s), -EINVAL);
    assert_non_null(strstr(fault_text(), why));
    assert_null(s);
}

static void assert_str(struct str s, const char *text)
{
    assert_int_equal(s.n, strlen(text));
    assert_memory_equal(s.p, text, s.n);
}

static void test_current_version(void **state UNUSED)
{
    struct locust_stats *s = read_ok(
        "{\"stats\":[{\"method\":\"GET\",\"name\":\"/a&amp;b\",\"num_requests\":7,\"num_failures\":1,"
        "\"avg_response_time\":2.5,\"median_response_time\":2,\"min_response_time\":1.25,"
        "\"max_response_time\":9,\"current_rps\":3.5,\"current_fail_per_sec\":0.5,"
        "\"response_time_percentile_0.95\":8,\"response_time_percentile_0.99\":9,"
        "\"avg_content_length\":12},"
        "{\"method\":\"\",\"name\":\"Aggregated\",\"num_requests\":7,\"current_rps\":3.5}],"
        "\"errors\":[{\"method\":\"GET\",\"name\":\"/a\",\"error\":\"E('x')\",\"occurrences\":1}],"
        "\"current_response_time_percentiles\":{\"response_time_percentile_0.5\":2,"
        "\"response_time_percentile_0.95\":null},\"workers\":[{\"id\":\"w_1\",\"state\":\"running\","
        "\"user_count\":4,\"cpu_usage\":12.5,\"memory_usage\":1000}],"
        "\"fail_ratio\":0.125,\"state\":\"running\",\"user_count\":4}");

    assert_int_equal(s->n_rows, 1);
    assert_str(s->rows[0].name, "/a&amp;b"); /* what this version says is meant as it stands */
    assert_true(s->rows[0].number[LOCUST_N_REQUESTS] == 7);
    assert_true(s->rows[0].number[LOCUST_N_MIN] == 1.25);
    assert_true(s->rows[0].number[LOCUST_N_P95] == 8);
    assert_true(isnan(s->rows[0].number[LOCUST_N_P90]));
    assert_true(s->has_total && s->total.number[LOCUST_N_REQUESTS] == 7);
    assert_true(s->rps == 3.5 && s->p50 == 2 && isnan(s->p95));
    assert_true(s->is_distributed && s->workers[0].cpu == 12.5);
    assert_str(s->failures[0].error, "E('x')");
    assert_true(locust_is_running(s->state) && !locust_is_spawning(s->state));
    locust_stats_free(s);
}

static void test_old_versions(void **state UNUSED)
{
    struct locust_stats *s = read_ok(
        "{\"stats\":[{\"method\":\"GET\",\"name\":\"//stats/requests\"},"
        "{\"method\":\"GET\",\"name\":\"/a?b&amp;c\",\"ninetieth_response_time\":5},"
        "{\"method\":null,\"name\":\"Total\",\"num_requests\":3}],"
        "\"errors\":[{\"error\":\"E(&#x27;&lt;x&gt;&#x27;)\",\"occurences\":2}],\"slaves\":[],"
        "\"current_response_time_percentile_95\":20,\"current_response_time_percentile_50\":10,"
        "\"total_rps\":4.5,\"state\":\"hatching\",\"user_count\":1}");

    assert_int_equal(s->n_rows, 1);
    assert_str(s->rows[0].name, "/a?b&amp;c"); /* failures alone are markup */
    assert_true(s->rows[0].number[LOCUST_N_P90] == 5);
    assert_str(s->failures[0].error, "E('<x>')");
    assert_true(s->failures[0].occurrences == 2);
    assert_true(s->has_total && s->p50 == 10 && s->p95 == 20 && s->rps == 4.5);
    assert_true(locust_is_spawning(s->state) && s->is_distributed && s->n_workers == 0);
    locust_stats_free(s);
    s = read_ok("{\"stats\":[],\"current_response_time_percentile_1\":1,"
                "\"current_response_time_percentile_2\":null}");
    assert_true(s->p50 == 1 && isnan(s->p95) && isnan(s->users) && !s->has_total);
    locust_stats_free(s);
}

static void test_long_texts_are_cut_between_characters(void **state UNUSED)
{
    scoped(buf_fini) struct buf json = {0};

    buf_puts(&json, "{\"stats\":[{\"name\":\"");
    for (int i = 0; i < 600; i++)
        buf_puts(&json, "\xc3\xa4\xe2\x82\xac"); /* 2 and 3 bytes */
    buf_puts(&json, "\"}]}");
    struct locust_stats *s = read_ok(buf_cstr(&json));

    assert_true(s->rows[0].name.n <= 1024 && s->rows[0].name.n > 1020);
    struct str rest = s->rows[0].name;

    while (rest.n) {
        size_t n = utf8_length((const unsigned char *)rest.p, rest.n);

        assert_true(n > 0);
        rest = str_from_index(rest, n);
    }
    locust_stats_free(s);
}

static void test_what_is_no_answer(void **state UNUSED)
{
    refuse("", "no JSON");
    refuse("[]", "has no list");
    refuse("{\"stats\":{}}", "has no list");
    refuse("{\"stats\":[1]}", "\"stats\"[0]");
    refuse("{\"stats\":[],\"errors\":3}", "\"errors\"");
    refuse("{\"stats\":[],\"workers\":[[]]}", "\"workers\"[0]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_current_version),
        cmocka_unit_test(test_old_versions),
        cmocka_unit_test(test_long_texts_are_cut_between_characters),
        cmocka_unit_test(test_what_is_no_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
