/* Through the hub, as a run uses it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "sink/sinks.h"

static struct {
    struct metric_registry *registry;
    struct snapshot *snapshot;
    struct sinks *sinks;
} t;

static int set_up(void **state)
{
    (void)state;
    t.registry = metric_registry_new();
    t.snapshot = snapshot_new(&(struct snapshot_config){.registry = t.registry});
    t.sinks = sinks_new(&(struct sinks_config){.run_id = "1"});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sinks_free(t.sinks);
    snapshot_free(t.snapshot);
    metric_registry_free(t.registry);
    return 0;
}

static void tick(double value)
{
    struct vocab_facts facts = {.started = 1, .now = NS_PER_S};

    snapshot_tick_begin(t.snapshot);
    snapshot_sample(t.snapshot, M_ITERATIONS, NULL, 0, value, 1);
    snapshot_tick_end(t.snapshot, 1);
    sinks_tick(t.sinks, &(struct sink_tick){.snapshot = t.snapshot, .facts = &facts});
}

static struct sinks_status status_of(size_t index)
{
    struct sinks_status status;

    sinks_status(t.sinks, index, &status);
    return status;
}

static void points_and_samples_are_counted(void **state)
{
    struct sink_sample samples[3] = {{.value = 1}};

    (void)state;
    assert_int_equal(sinks_add(t.sinks, "null"), 0);
    assert_int_equal(sinks_add(t.sinks, "null?samples"), 0);
    assert_int_equal(sinks_open(t.sinks, t.snapshot), 0);
    assert_true(sinks_want_samples(t.sinks));
    tick(5);
    uint64_t points = status_of(0).account.produced;

    assert_true(points > 0);
    assert_int_equal(status_of(1).account.produced, points);
    sinks_samples(t.sinks, samples, 3);
    sinks_samples(t.sinks, samples, 0);
    assert_int_equal(status_of(0).account.produced, points);
    assert_int_equal(status_of(1).account.produced, points + 3);
    assert_int_equal(status_of(1).account.acknowledged, points + 3);
    assert_false(status_of(1).incomplete);
}

/* What the sampling thread lost counts for those alone that want samples. */
static void lost_samples_are_in_the_account(void **state)
{
    (void)state;
    assert_int_equal(sinks_add(t.sinks, "null"), 0);
    assert_int_equal(sinks_add(t.sinks, "null?samples"), 0);
    assert_int_equal(sinks_open(t.sinks, t.snapshot), 0);
    sinks_lose_samples(t.sinks, 4);
    sinks_lose_samples(t.sinks, 7); /* in all, not more */
    assert_int_equal(status_of(0).account.produced, 0);
    assert_false(status_of(0).incomplete);
    assert_int_equal(status_of(1).account.produced, 7);
    assert_int_equal(status_of(1).account.dropped, 7);
    assert_true(status_of(1).incomplete);
}

static void points_alone_need_no_samples(void **state)
{
    (void)state;
    assert_int_equal(sinks_add(t.sinks, "null"), 0);
    assert_int_equal(sinks_open(t.sinks, t.snapshot), 0);
    assert_false(sinks_want_samples(t.sinks));
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(points_and_samples_are_counted),
        TEST(lost_samples_are_in_the_account),
        TEST(points_alone_need_no_samples),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
