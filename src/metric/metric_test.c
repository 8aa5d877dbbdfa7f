#include "metric/metric.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"
#include "metric/systag.h"

static void builtin_metrics_are_there(void **state)
{
    struct metric_registry *reg = metric_registry_new();
    const struct metric *m = metric_get(reg, M_HTTP_REQ_DURATION);

    (void)state;
    assert_int_equal(metric_count(reg), METRIC_N_BUILTIN);
    assert_string_equal(m->name, "http_req_duration");
    assert_int_equal(m->type, METRIC_TREND);
    assert_int_equal(m->contains, CONTAINS_TIME);
    assert_ptr_equal(metric_find(reg, STR("http_req_duration")), m);
    assert_null(metric_find(reg, STR("http_req_durations")));
    for (uint32_t id = 0; id < METRIC_N_BUILTIN; id++) {
        assert_int_equal(metric_get(reg, id)->id, id);
        assert_ptr_equal(metric_find(reg, str_of(metric_get(reg, id)->name)), metric_get(reg, id));
    }
    metric_registry_free(reg);
}

static void the_same_again_is_the_same(void **state)
{
    struct metric_registry *reg = metric_registry_new();
    uint32_t a, b;

    (void)state;
    assert_int_equal(metric_register(reg, STR("mine"), METRIC_TREND, CONTAINS_TIME, &a), 0);
    assert_int_equal(metric_register(reg, STR("mine"), METRIC_TREND, CONTAINS_TIME, &b), 0);
    assert_int_equal(a, b);
    assert_int_equal(a, METRIC_N_BUILTIN);
    assert_int_equal(metric_register(reg, STR("vus"), METRIC_GAUGE, CONTAINS_DEFAULT, &b), 0);
    assert_int_equal(b, M_VUS);
    metric_registry_free(reg);
}

static void another_type_is_refused(void **state)
{
    struct metric_registry *reg = metric_registry_new();
    uint32_t id = 77;

    (void)state;
    assert_int_equal(metric_register(reg, STR("http_reqs"), METRIC_TREND, CONTAINS_DEFAULT, &id),
                     -EEXIST);
    assert_string_equal(
        fault_text(), "metric 'http_reqs' already exists but with type counter, instead of trend");
    assert_int_equal(
        metric_register(reg, STR("iteration_duration"), METRIC_TREND, CONTAINS_DEFAULT, &id),
        -EEXIST);
    assert_string_equal(fault_text(), "metric 'iteration_duration' already exists but with a value "
                                      "type time, instead of default");
    assert_int_equal(id, 77);
    fault_clear();
    metric_registry_free(reg);
}

static void names_are_checked(void **state)
{
    static const char *const bad[] = {"", "a", "1a", "a-b", "a b", "\xc3\xa9t\xc3\xa9", "a."};
    static const char *const good[] = {"ab", "_1", "A_b9"};
    struct metric_registry *reg = metric_registry_new();
    char name[131];
    uint32_t id;

    (void)state;
    for (size_t i = 0; i < countof(bad); i++) {
        assert_int_equal(metric_register(reg, str_of(bad[i]), METRIC_RATE, CONTAINS_DEFAULT, &id),
                         -EINVAL);
    }
    for (size_t i = 0; i < countof(good); i++) {
        assert_int_equal(metric_register(reg, str_of(good[i]), METRIC_RATE, CONTAINS_DEFAULT, &id),
                         0);
    }
    assert_int_equal(metric_register(reg, STR("a-b"), METRIC_RATE, CONTAINS_DEFAULT, &id), -EINVAL);
    assert_string_equal(
        fault_text(), "Invalid metric name: 'a-b'. Metric names must only include up to 128 ASCII "
                      "letters, numbers, or underscores and start with a letter or an underscore.");
    memset(name, 'n', sizeof(name));
    assert_int_equal(metric_register(reg, str_from(name, 129), METRIC_RATE, CONTAINS_DEFAULT, &id),
                     0);
    assert_int_equal(metric_register(reg, str_from(name, 130), METRIC_RATE, CONTAINS_DEFAULT, &id),
                     -EINVAL);
    fault_clear();
    metric_registry_free(reg);
}

static void it_fills_up(void **state)
{
    struct metric_registry *reg = metric_registry_new();
    char name[16];
    uint32_t id;
    int r = 0;

    (void)state;
    for (int i = 0; i <= METRIC_MAX && r == 0; i++) {
        snprintf(name, sizeof(name), "m%d", i);
        r = metric_register(reg, str_of(name), METRIC_RATE, CONTAINS_DEFAULT, &id);
    }
    assert_int_equal(r, -ENOSPC);
    assert_int_equal(metric_count(reg), METRIC_MAX);
    assert_int_equal(id, METRIC_MAX - 1);
    fault_clear();
    metric_registry_free(reg);
}

static void *register_many(void *arg)
{
    struct metric_registry *reg = arg;
    char name[16];
    uint32_t id;

    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof(name), "m%d", i);
        if (metric_register(reg, str_of(name), METRIC_RATE, CONTAINS_DEFAULT, &id) < 0 ||
            strcmp(metric_get(reg, id)->name, name) != 0)
            return arg;
    }
    return NULL;
}

static void threads_agree_on_ids(void **state)
{
    struct metric_registry *reg = metric_registry_new();
    pthread_t threads[3];
    void *result;

    (void)state;
    for (size_t i = 0; i < countof(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, register_many, reg), 0);
    for (size_t i = 0; i < countof(threads); i++) {
        pthread_join(threads[i], &result);
        assert_null(result);
    }
    assert_int_equal(metric_count(reg), METRIC_N_BUILTIN + 2000);
    metric_registry_free(reg);
}

static void system_tags_have_bits(void **state)
{
    (void)state;
    assert_int_equal(systag_find(STR("url")), SYSTAG_URL);
    assert_int_equal(systag_find(STR("urls")), 0);
    assert_true(systag_default & SYSTAG_EXPECTED_RESPONSE);
    assert_false(systag_default & (SYSTAG_VU | SYSTAG_ITER | SYSTAG_IP | SYSTAG_OCSP_STATUS));
    for (int i = 0; i < SYSTAG_COUNT; i++)
        assert_int_equal(systag_find(systag_name((enum systag)(1 << i))), 1 << i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builtin_metrics_are_there),
        cmocka_unit_test(the_same_again_is_the_same),
        cmocka_unit_test(another_type_is_refused),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(it_fills_up),
        cmocka_unit_test(threads_agree_on_ids),
        cmocka_unit_test(system_tags_have_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
