#include "metric/rollup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct fixture {
    struct metric_registry *registry;
    struct snapshot *snapshot;
    struct rollup *rollup;
    mono_ns now;
};

static bool by_name(UNUSED void *arg, const struct snap_series *series, struct label_set *labels,
                    uint32_t *ret_family, uint32_t *ret_cell)
{
    *ret_family = 7;
    *ret_cell = 0;
    label_put_tag(labels, "name", series->tags, "name");
    return series->metric->def->id == M_HTTP_REQ_DURATION;
}

static void open_fixture(struct fixture *f, uint32_t max_groups)
{
    f->registry = metric_registry_new();
    f->snapshot = snapshot_new(&(struct snapshot_config){.registry = f->registry});
    f->rollup = rollup_new(&(struct rollup_config){
        .snapshot = f->snapshot, .project = by_name, .max_groups = max_groups});
    f->now = 1;
    snapshot_tick_begin(f->snapshot);
}

static void close_fixture(struct fixture *f)
{
    rollup_free(f->rollup);
    snapshot_free(f->snapshot);
    metric_registry_free(f->registry);
}

static void sample(struct fixture *f, const char *name, const char *status, double ms)
{
    const struct tag tags[] = {{STR("name"), str_of(name)}, {STR("status"), str_of(status)}};

    snapshot_sample(f->snapshot, M_HTTP_REQ_DURATION, tags, 2, ms, f->now);
}

static void end_tick(struct fixture *f)
{
    f->now += 1000000000;
    snapshot_tick_end(f->snapshot, f->now);
    rollup_tick(f->rollup);
}

static const struct rollup_group *group(struct fixture *f, const char *name)
{
    size_t n;
    struct rollup_group *const *groups = rollup_family(f->rollup, 7, &n);

    for (size_t i = 0; i < n; i++) {
        if (str_is(label_value(groups[i]->labels, groups[i]->n_labels, "name"), name))
            return groups[i];
    }
    fail_msg("no group %s", name);
    return NULL;
}

static void a_lone_series_is_not_copied(void **state)
{
    (void)state;
    struct fixture f;

    open_fixture(&f, 0);
    sample(&f, "a", "200", 10);
    end_tick(&f);
    assert_false(group(&f, "a")->cells[0].own);
    assert_int_equal(rollup_total(group(&f, "a"), 0)->trend.count, 1);
    assert_int_equal(rollup_delta(f.rollup, group(&f, "a"), 0)->trend.count, 1);
    assert_int_equal(rollup_total(group(&f, "a"), 1)->touched, false);
    assert_null(rollup_delta(f.rollup, group(&f, "a"), 1));
    snapshot_tick_begin(f.snapshot);
    end_tick(&f);
    assert_null(rollup_delta(f.rollup, group(&f, "a"), 0));
    close_fixture(&f);
}

static void series_of_a_group_merge(void **state)
{
    (void)state;
    struct fixture f;

    open_fixture(&f, 0);
    sample(&f, "a", "200", 10);
    end_tick(&f);
    snapshot_tick_begin(f.snapshot);
    /* The first goes on in the very tick in which the second comes. */
    sample(&f, "a", "200", 20);
    sample(&f, "a", "500", 30);
    sample(&f, "b", "200", 40);
    end_tick(&f);
    const struct value *total = rollup_total(group(&f, "a"), 0);
    const struct value *delta = rollup_delta(f.rollup, group(&f, "a"), 0);

    assert_int_equal(total->trend.count, 3);
    assert_float_equal(total->trend.sum, 60, 0);
    assert_int_equal(delta->trend.count, 2);
    assert_float_equal(delta->trend.sum, 50, 0);
    snapshot_tick_begin(f.snapshot);
    sample(&f, "a", "500", 5);
    end_tick(&f);
    assert_float_equal(rollup_total(group(&f, "a"), 0)->trend.sum, 65, 0);
    assert_float_equal(rollup_total(group(&f, "a"), 0)->trend.min, 5, 0);
    assert_float_equal(rollup_delta(f.rollup, group(&f, "a"), 0)->trend.sum, 5, 0);
    close_fixture(&f);
}

static void groups_are_bounded(void **state)
{
    (void)state;
    struct fixture f;
    size_t n;
    uint64_t sum = 0;

    open_fixture(&f, 3);
    for (int i = 0; i < 26; i++)
        sample(&f, (char[]){(char)('a' + i), '\0'}, "200", 1);
    end_tick(&f);
    struct rollup_group *const *groups = rollup_family(f.rollup, 7, &n);

    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++)
        sum += rollup_total(groups[i], 0)->trend.count;
    assert_int_equal(sum, 26);
    rollup_family(f.rollup, 8, &n);
    assert_int_equal(n, 0);
    close_fixture(&f);
}

static void groups_stand_in_order(void **state)
{
    (void)state;
    struct fixture f;
    size_t n;

    open_fixture(&f, 0);
    sample(&f, "m", "200", 1);
    sample(&f, "a", "200", 1);
    end_tick(&f);
    snapshot_tick_begin(f.snapshot);
    sample(&f, "c", "200", 1);
    end_tick(&f);
    struct rollup_group *const *groups = rollup_groups(f.rollup, &n);

    assert_int_equal(n, 3);
    for (size_t i = 1; i < n; i++)
        assert_true(str_cmp(groups[i - 1]->labels[0].value, groups[i]->labels[0].value) < 0);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lone_series_is_not_copied),
        cmocka_unit_test(series_of_a_group_merge),
        cmocka_unit_test(groups_are_bounded),
        cmocka_unit_test(groups_stand_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
