/* Forms of /swarm, good and bad, and what is said of them. */
#include "web/web_locust_swarm.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "web/web_api.h"

static struct arena arena;

static void test_spans(void **s UNUSED)
{
    static const struct {
        const char *text;
        uint64_t seconds;
    } good[] = {{"20", 20},          {"20s", 20}, {"3m", 180}, {"2h", 7200}, {"1h20m", 4800},
                {"3h30m10s", 12610}, {" 5s ", 5}, {"0", 0},    {"1m5", 65}};
    static const char *const bad[] = {
        "", "s", "1x", "1.5s", "-1", "10s3m", "1mm", "1h h", "99999999999999999999"};
    uint64_t n = 0;

    for (size_t i = 0; i < countof(good); i++) {
        if (web_swarm_span(str_of(good[i].text), &n) || n != good[i].seconds)
            fail_msg("'%s' is %llu", good[i].text, (unsigned long long)n);
    }
    for (size_t i = 0; i < countof(bad); i++)
        assert_int_equal(web_swarm_span(str_of(bad[i]), &n), -EINVAL);
    fault_clear();
}

static void test_fields(void **s UNUSED)
{
    struct web_swarm w;

    assert_int_equal(
        web_swarm_read(&arena,
                       STR("user_count=10&spawn_rate=2.5&host=http%3A%2F%2F<a>&run_time=1m"
                           "&user_classes=A&user_classes=B&own=x"),
                       WEB_SWARM_NEEDS_USERS, &w),
        0);
    assert_true(w.has_users && w.has_rate);
    assert_int_equal(w.users, 10);
    assert_true(w.rate == 2.5);
    assert_true(str_is(w.host, "http://a"));
    assert_int_equal(w.run_time, 60);
    assert_int_equal(w.n_classes, 2);
    assert_true(str_is(w.classes[1], "B"));
    assert_true(str_is(w.fields, "[[\"user_count\",\"10\"],[\"spawn_rate\",\"2.5\"],"
                                 "[\"host\",\"http://a\"],[\"run_time\",\"1m\"],"
                                 "[\"user_classes\",\"A\"],[\"user_classes\",\"B\"],"
                                 "[\"own\",\"x\"]]"));
    assert_int_equal(web_swarm_read(&arena, STR(""), WEB_SWARM_HAS_SHAPE, &w), 0);
    assert_false(w.has_users);
}

static void test_refused(void **s UNUSED)
{
    static const char missing[] = "Missing user_count or spawn_rate from /swarm request";
    static const char *const cases[][2] = {
        {"", missing},
        {"user_count=1", missing},
        {"spawn_rate=1", missing},
        {"user_count=-1&spawn_rate=1", missing},
        {"user_count=1&spawn_rate=0", missing},
        {"user_count=one&spawn_rate=1", "Invalid user_count value: 'one' (must be an integer)"},
        {"user_count=1.5&spawn_rate=1", "Invalid user_count value: '1.5' (must be an integer)"},
        {"user_count=2000000&spawn_rate=1",
         "Invalid user_count value: '2000000' (at most 1000000)"},
        {"user_count=1&spawn_rate=fast", "Invalid spawn_rate value: 'fast' (must be a number)"},
        {"user_count=1&spawn_rate=1&run_time=soon",
         "Valid run_time formats are : 20, 20s, 3m, 2h, 1h20m, 3h30m10s, etc."},
    };
    struct web_swarm w;

    for (size_t i = 0; i < countof(cases); i++) {
        assert_int_equal(web_swarm_read(&arena, str_of(cases[i][0]), WEB_SWARM_NEEDS_USERS, &w),
                         -EINVAL);
        assert_string_equal(fault_text(), cases[i][1]);
    }
    fault_clear();
}

static void expect(struct web_answer *a, const char *wanted)
{
    assert_int_equal(a->status, 200);
    assert_string_equal(buf_cstr(&a->body), wanted);
    web_answer_fini(a);
    *a = (struct web_answer){0};
}

static void test_answers(void **s UNUSED)
{
    struct str classes[] = {STR("A")};
    struct web_swarm w = {.run_time = 5, .classes = classes, .n_classes = 1};
    struct web_answer a = {0};

    web_swarm_answer(&w, &(struct web_swarm_answer){.host = "http://a"}, &a);
    expect(&a, "{\"success\":true,\"message\":\"Swarming started\",\"host\":\"http://a\","
               "\"run_time\":5}");
    w.run_time = 0;
    web_swarm_answer(&w, &(struct web_swarm_answer){.has_picker = true}, &a);
    expect(&a, "{\"success\":true,\"message\":\"Swarming started\",\"host\":null,"
               "\"user_classes\":[\"A\"]}");
    w.n_classes = 0;
    web_swarm_answer(&w,
                     &(struct web_swarm_answer){.has_picker = true,
                                                .classes = (const char *const[]){"A", "B"},
                                                .n_classes = 2},
                     &a);
    expect(&a, "{\"success\":true,\"message\":\"Swarming started\",\"host\":null,"
               "\"user_classes\":[\"A\",\"B\"]}");
    web_swarm_answer(&w, &(struct web_swarm_answer){.shape = "Waves"}, &a);
    expect(&a, "{\"success\":true,\"message\":\"Swarming started using shape class 'Waves'\","
               "\"host\":null}");
    web_swarm_refuse("No runner", "", &a);
    expect(&a, "{\"success\":false,\"message\":\"No runner\",\"host\":null}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_answers),
    };
    int r = cmocka_run_group_tests(tests, NULL, NULL);

    arena_fini(&arena);
    return r;
}
