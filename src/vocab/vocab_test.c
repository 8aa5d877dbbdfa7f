#include "vocab/vocab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* What the public dashboards' queries ask for: LoadPilot's own, Locust 11985 and Locust 20462. */
static const char *const asked[] = {
    "loadpilot_active_workers",
    "loadpilot_current_rps",
    "loadpilot_errors_total",
    "loadpilot_latency_max_ms",
    "loadpilot_latency_p50_ms",
    "loadpilot_latency_p95_ms",
    "loadpilot_latency_p99_ms",
    "loadpilot_requests_total",
    "loadpilot_target_rps",
    "loadpilot_task_errors_total",
    "loadpilot_task_latency_p50_ms",
    "loadpilot_task_latency_p99_ms",
    "loadpilot_task_requests_total",
    "locust_errors",
    "locust_fail_ratio",
    "locust_requests_avg_content_length",
    "locust_requests_avg_response_time",
    "locust_requests_current_fail_per_sec",
    "locust_requests_current_response_time_percentile_50",
    "locust_requests_current_response_time_percentile_95",
    "locust_requests_current_rps",
    "locust_requests_fail_ratio",
    "locust_requests_max_response_time",
    "locust_requests_median_response_time",
    "locust_requests_min_response_time",
    "locust_requests_ninetieth_response_time",
    "locust_requests_num_failures",
    "locust_requests_num_requests",
    "locust_requests_response_time_percentile_95",
    "locust_requests_response_time_percentile_99",
    "locust_running",
    "locust_state",
    "locust_total_avg_response_time",
    "locust_total_rps",
    "locust_user_count",
    "locust_users",
    "locust_workers",
    "locust_workers_count",
    "locust_workers_info",
};

struct search {
    const char *name;
    unsigned n_found;
};

static void compare(void *arg, const struct vocab_entry *e)
{
    struct search *s = arg;

    s->n_found += strcmp(e->name, s->name) == 0;
}

static void dashboards_find_their_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(asked); i++) {
        struct search s = {.name = asked[i]};

        for (enum vocab_id id = 0; id < VOCAB_COUNT; id++)
            vocab_entries(id, compare, &s);
        if (s.n_found != 1)
            fail_msg("%s is there %u times", asked[i], s.n_found);
    }
}

static void check(void *arg, const struct vocab_entry *e)
{
    unsigned *n = arg;

    ++*n;
    assert_true(e->name[0] && e->type[0] && e->help[0] && e->source[0]);
    if (strcmp(e->type, "counter") == 0)
        assert_true(str_ends(str_of(e->name), STR("_total")));
}

static void every_row_is_complete(void **state)
{
    (void)state;
    for (enum vocab_id id = 0; id < VOCAB_COUNT; id++) {
        unsigned n = 0;

        vocab_entries(id, check, &n);
        assert_true(n >= 5);
        assert_true(id != VOCAB_LEAPWORK || n == 28);
    }
}

static void lists_are_read(void **state)
{
    (void)state;
    uint32_t vocabs = 0;

    assert_int_equal(vocab_parse(STR("k6, locust"), &vocabs), 0);
    assert_int_equal(vocabs, 1u << VOCAB_K6 | 1u << VOCAB_LOCUST);
    assert_int_equal(vocab_parse(STR("k6,nothing"), &vocabs), FAULT_EXIT(104));
    assert_non_null(strstr(fault_text(), "\"nothing\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dashboards_find_their_names),
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(lists_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
