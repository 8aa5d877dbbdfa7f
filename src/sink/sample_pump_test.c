#include "sink/sample_pump.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"

/* Remembers what it got. */
struct keeper {
    struct sink_sample *samples;
    size_t n, cap;
    size_t n_pauses;
};

static void keep(void *arg, const struct sink_sample *samples, size_t n)
{
    struct keeper *k = arg;

    for (size_t i = 0; i < n; i++)
        vec_push(k->samples, k->n, k->cap) = samples[i];
    k->n_pauses += n == 0;
}

enum {
    N_LOOPS = 3,
};

struct fixture {
    struct metric_registry *registry;
    struct tag_pool *pools[N_LOOPS];
    struct recorder *recorders[N_LOOPS];
    struct snapshot *snapshot;
    struct keeper keeper;
    struct sample_pump *pump;
};

static void open_fixture(struct fixture *f, size_t ring_samples)
{
    struct sample_pump_config config = {.n_sources = N_LOOPS,
                                        .ring_samples = ring_samples,
                                        .deliver = keep,
                                        .arg = &f->keeper,
                                        .mono = 1000,
                                        .wall = 501000};

    *f = (struct fixture){0};
    f->registry = metric_registry_new();
    f->snapshot = snapshot_new(&(struct snapshot_config){.registry = f->registry});
    config.registry = f->registry;
    f->pump = sample_pump_new(&config);
    for (unsigned i = 0; i < N_LOOPS; i++) {
        f->pools[i] = tag_pool_new();
        f->recorders[i] = recorder_new(
            &(struct recorder_config){.registry = f->registry, .pool = f->pools[i], .source = i});
        sample_pump_tap(f->pump, f->recorders[i], i);
    }
    sample_pump_tap_snapshot(f->pump, f->snapshot);
}

static void close_fixture(struct fixture *f)
{
    sample_pump_free(f->pump);
    for (unsigned i = 0; i < N_LOOPS; i++) {
        recorder_free(f->recorders[i]);
        tag_pool_free(f->pools[i]);
    }
    snapshot_free(f->snapshot);
    metric_registry_free(f->registry);
    free(f->keeper.samples);
}

static void samples_come_with_metric_tags_and_wall_time(void **state)
{
    struct fixture f;
    const struct tag tag = {STR("k"), STR("of the run")};

    (void)state;
    open_fixture(&f, 8);
    const struct tagset *tags =
        tagset_add(f.pools[1], tagset_empty(f.pools[1]), STR("k"), STR("v"));

    recorder_sample(f.recorders[1], M_GROUP_DURATION, tags, 1.5, 2000);
    recorder_sample(f.recorders[1], M_VUS, tags, 7, 2001);
    snapshot_tick_begin(f.snapshot);
    snapshot_sample(f.snapshot, M_DROPPED_ITERATIONS, &tag, 1, 3, 2002);
    snapshot_tick_end(f.snapshot, 2002);

    assert_int_equal(sample_pump_round(f.pump), 3);
    assert_int_equal(f.keeper.n, 3);
    const struct sink_sample *s = f.keeper.samples;

    assert_string_equal(s[0].metric->name, "group_duration");
    assert_ptr_equal(s[0].tags, tags);
    assert_true(s[0].value == 1.5);
    assert_int_equal(s[0].at, 502000);
    assert_string_equal(s[1].metric->name, "vus");
    assert_string_equal(s[2].metric->name, "dropped_iterations");
    assert_true(str_is(s[2].tags->tags[0].value, "of the run"));
    assert_true(s[2].value == 3 && s[2].at == 502002);

    assert_int_equal(f.keeper.n_pauses, 0);
    assert_int_equal(sample_pump_round(f.pump), 0);
    assert_int_equal(f.keeper.n_pauses, 1);
    close_fixture(&f);
}

static void what_overflows_is_counted_and_load_goes_on(void **state)
{
    struct fixture f;

    (void)state;
    open_fixture(&f, 8);
    for (int i = 0; i < 20; i++)
        recorder_sample(f.recorders[0], M_ITERATIONS, tagset_empty(f.pools[0]), 1, i + 1);
    assert_int_equal(sample_pump_lost(f.pump), 12);
    assert_int_equal(sample_pump_round(f.pump), 8);
    assert_int_equal(f.keeper.samples[7].at, 500008);
    assert_int_equal(
        value_samples(&recorder_swap(f.recorders[0])->series[0]->side[0].value, METRIC_COUNTER),
        20);
    close_fixture(&f);
}

/* ---- with threads ---- */

enum {
    N_EACH = 100000,
};

struct producer {
    struct recorder *recorder;
    struct tag_pool *pool;
    unsigned number;
};

/* Makes tag sets and series as it goes, as a loop does. */
static void *produce(void *arg)
{
    struct producer *p = arg;

    for (int i = 0; i < N_EACH; i++) {
        char name[16];

        snprintf(name, sizeof(name), "%u-%d", p->number, i % 500);
        const struct tagset *tags =
            tagset_add(p->pool, tagset_empty(p->pool), STR("k"), str_of(name));

        recorder_sample(p->recorder, M_ITERATIONS, tags, i, i + 1);
    }
    return NULL;
}

static void check_one(const struct sink_sample *s, int *next)
{
    unsigned number = (unsigned)(s->tags->tags[0].value.p[0] - '0');
    char name[16];

    assert_true(number < N_LOOPS);
    int i = next[number]++;

    snprintf(name, sizeof(name), "%u-%d", number, i % 500);
    assert_true(str_is(s->tags->tags[0].value, name));
    assert_true(s->value == i);
    assert_int_equal(s->at, 500000 + i + 1);
}

static void nothing_is_missing_after_stop(void **state)
{
    struct fixture f;
    struct producer producers[N_LOOPS];
    pthread_t threads[N_LOOPS];
    int next[N_LOOPS] = {0};

    (void)state;
    open_fixture(&f, N_EACH);
    assert_int_equal(sample_pump_start(f.pump), 0);
    for (unsigned i = 0; i < N_LOOPS; i++) {
        producers[i] = (struct producer){f.recorders[i], f.pools[i], i};
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
    }
    for (unsigned i = 0; i < N_LOOPS; i++)
        pthread_join(threads[i], NULL);
    sample_pump_stop(f.pump);
    sample_pump_stop(f.pump); /* once more does no harm */
    assert_int_equal(sample_pump_lost(f.pump), 0);
    assert_int_equal(f.keeper.n, N_LOOPS * N_EACH);
    for (size_t i = 0; i < f.keeper.n; i++)
        check_one(&f.keeper.samples[i], next);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_come_with_metric_tags_and_wall_time),
        cmocka_unit_test(what_overflows_is_counted_and_load_goes_on),
        cmocka_unit_test(nothing_is_missing_after_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
