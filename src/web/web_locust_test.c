/* Documents over a view that a tick has filled, and over none. */
#include "web/web_locust.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/json_out.h"
#include "locust/locust_testing.h"
#include "web/web_api.h"

static struct locust_bench b;
static struct web_locust_now now;
static struct web_answer answer;

static int set_up(void **s UNUSED)
{
    locust_bench_open(&b, false, false);
    now = (struct web_locust_now){.view = b.view, .state = LOCUST_READY};
    return 0;
}

static int tear_down(void **s UNUSED)
{
    web_answer_fini(&answer);
    answer = (struct web_answer){0};
    locust_bench_close(&b);
    return 0;
}

static const char *get(const char *path)
{
    web_answer_fini(&answer);
    answer = (struct web_answer){0};
    assert_true(web_locust_answer(&now, str_of(path), &answer));
    return buf_cstr(&answer.body);
}

static json_t *get_json(const char *path)
{
    json_t *root = json_loads(get(path), 0, NULL);

    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.content_type, "application/json");
    assert_non_null(root);
    return root;
}

static void load(void)
{
    for (int i = 0; i < 10; i++)
        locust_bench_request(&b, "method=GET,name=/a,status=200", false, 10 + i);
    locust_bench_request(&b, "method=POST,name=/a,status=500", true, 0.4);
    locust_bench_tick(&b, 1);
    now.state = LOCUST_RUNNING;
    now.users = 3;
}

static const char *const row_keys[] = {"method",
                                       "name",
                                       "num_requests",
                                       "num_failures",
                                       "min_response_time",
                                       "max_response_time",
                                       "current_rps",
                                       "current_fail_per_sec",
                                       "total_rps",
                                       "total_fail_per_sec",
                                       "avg_response_time",
                                       "median_response_time",
                                       "response_time_percentile_0.95",
                                       "response_time_percentile_0.99",
                                       "avg_content_length"};

static const char *const report_keys[] = {"stats",       "errors",
                                          "current_rps", "current_fail_per_sec",
                                          "total_rps",   "total_fail_per_sec",
                                          "fail_ratio",  "current_response_time_percentiles",
                                          "state",       "user_count"};

static void check_keys(const json_t *object, const char *const *keys, size_t n)
{
    assert_int_equal(json_object_size(object), n);
    for (size_t i = 0; i < n; i++) {
        if (!json_object_get(object, keys[i]))
            fail_msg("there is no '%s'", keys[i]);
    }
}

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static void test_requests(void **s UNUSED)
{
    load();
    json_t *root = get_json("/stats/requests");
    const json_t *stats = json_object_get(root, "stats"), *get_a = json_array_get(stats, 0);
    const json_t *total = json_array_get(stats, 2);

    check_keys(root, report_keys, countof(report_keys));
    check_keys(get_a, row_keys, countof(row_keys));
    assert_int_equal(json_array_size(stats), 3);
    assert_string_equal(json_string_value(json_object_get(get_a, "method")), "GET");
    assert_true(number(get_a, "num_requests") == 10);
    assert_true(number(get_a, "min_response_time") == 10);
    assert_true(number(get_a, "max_response_time") == 19);
    assert_true(number(get_a, "avg_response_time") == 14.5);
    assert_true(json_is_integer(json_object_get(get_a, "response_time_percentile_0.95")));
    assert_true(number(get_a, "avg_content_length") == 100);
    assert_string_equal(json_string_value(json_object_get(total, "name")), "Aggregated");
    assert_string_equal(json_string_value(json_object_get(total, "method")), "");
    assert_true(number(total, "num_failures") == 1);
    assert_true(number(root, "fail_ratio") == 1.0 / 11);
    assert_true(number(root, "user_count") == 3);
    assert_string_equal(json_string_value(json_object_get(root, "state")), "running");
    json_decref(root);
}

static void test_errors(void **s UNUSED)
{
    static const char *const keys[] = {"method",      "name",       "error",
                                       "occurrences", "first_seen", "last_seen"};

    load();
    json_t *root = get_json("/stats/requests");
    const json_t *e = json_array_get(json_object_get(root, "errors"), 0);

    check_keys(e, keys, countof(keys));
    assert_true(json_is_real(json_object_get(e, "first_seen")));
    assert_true(number(e, "occurrences") == 1);
    json_decref(root);
}

static void test_before_the_first(void **s UNUSED)
{
    json_t *root = get_json("/stats/requests");
    const json_t *total = json_array_get(json_object_get(root, "stats"), 0);
    const json_t *current = json_object_get(root, "current_response_time_percentiles");

    check_keys(root, report_keys, countof(report_keys));
    check_keys(total, row_keys, countof(row_keys));
    assert_true(json_is_real(json_object_get(root, "total_rps")));
    assert_true(json_is_null(json_object_get(current, "response_time_percentile_0.5")));
    assert_string_equal(json_string_value(json_object_get(root, "state")), "ready");
    json_decref(root);
    assert_non_null(strstr(get("/stats/requests/csv"), ",Aggregated,0,0,"));
    assert_string_equal(get("/stats/failures/csv"),
                        "Method,Name,Error,Occurrences,First Seen,Last Seen\r\n");
    assert_string_equal(get("/exceptions"), "{\"exceptions\":[]}");
    assert_string_equal(get("/tasks"), "{\"per_class\":{},\"total\":{}}");
    assert_string_equal(get("/logs"), "{\"master\":[],\"workers\":{}}");
    assert_string_equal(get("/worker-count"), "{\"worker_count\":0}");
    assert_false(web_locust_answer(&now, STR("/nowhere"), &answer));
}

static void test_percentiles_of_the_script(void **s UNUSED)
{
    static const double q[] = {0.999};

    load();
    now.statistics = now.chart = (struct locust_quantiles){q, 1};
    json_t *root = get_json("/stats/requests");
    const json_t *row = json_array_get(json_object_get(root, "stats"), 0);
    const json_t *current = json_object_get(root, "current_response_time_percentiles");

    assert_non_null(json_object_get(row, "response_time_percentile_0.999"));
    assert_null(json_object_get(row, "response_time_percentile_0.95"));
    assert_non_null(json_object_get(current, "response_time_percentile_0.999"));
    json_decref(root);
}

static void test_workers(void **s UNUSED)
{
    static const struct web_locust_worker workers[] = {
        {.id = "worker 1", .state = "running", .users = 2, .cpu = 50, .memory = 1 << 20}};
    static const char *const keys[] = {"id", "state", "user_count", "cpu_usage", "memory_usage"};

    now.is_distributed = true;
    now.workers = workers;
    now.n_workers = 1;
    json_t *root = get_json("/stats/requests");
    const json_t *w = json_array_get(json_object_get(root, "workers"), 0);

    check_keys(w, keys, countof(keys));
    assert_true(number(w, "user_count") == 2);
    assert_true(json_is_real(json_object_get(w, "cpu_usage")));
    assert_true(number(root, "worker_count") == 1);
    json_decref(root);
    assert_string_equal(get("/worker-count"), "{\"worker_count\":1}");
}

static void test_exceptions(void **s UNUSED)
{
    static const struct locust_exception items[] = {
        {.count = 7, .message = {"boom", 4}, .traceback = {"Trace\n", 6}, .nodes = {"local", 5}}};

    now.exceptions = items;
    now.n_exceptions = 1;
    assert_string_equal(get("/exceptions"), "{\"exceptions\":[{\"count\":7,\"msg\":\"boom\","
                                            "\"traceback\":\"Trace\\n\",\"nodes\":\"local\"}]}");
    assert_string_equal(get("/exceptions/csv"),
                        "Count,Message,Traceback,Nodes\r\n7,boom,\"Trace\n\",local\r\n");
}

static void test_downloads(void **s UNUSED)
{
    static char long_name[300];

    now.host = "http://a:80/x\"y";
    now.locustfile = "my file.py";
    now.started = (wall_ns)1700000000 * NS_PER_S;
    get("/stats/requests/csv");
    assert_string_equal(answer.content_type, "text/csv; charset=utf-8");
    assert_non_null(strstr(answer.filename, "_my_file.py_http___a_80_x_y_requests.csv"));
    memset(long_name, 'x', sizeof(long_name) - 1);
    now.locustfile = long_name;
    get("/stats/failures/csv");
    assert_non_null(strstr(answer.filename, "x_failures.csv"));
    get("/stats/requests_full_history/csv");
    assert_int_equal(answer.status, 404);
    assert_string_equal(buf_cstr(&answer.body),
                        "Error: Server was not started with option to generate full history.");
    now.history = "/nonexistent/history.csv";
    get("/stats/requests_full_history/csv");
    assert_int_equal(answer.status, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_requests, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_before_the_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_percentiles_of_the_script, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_workers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_exceptions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_downloads, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
