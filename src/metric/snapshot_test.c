#include "metric/snapshot.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum {
    N_LOOPS = 3,
};

struct fixture {
    struct metric_registry *registry;
    struct tag_pool *pools[N_LOOPS];
    struct recorder *recs[N_LOOPS];
    struct snapshot *snap;
};

static void open_fixture(struct fixture *f, uint32_t max_series)
{
    f->registry = metric_registry_new();
    f->snap =
        snapshot_new(&(struct snapshot_config){.registry = f->registry, .max_series = max_series});
    for (uint32_t i = 0; i < N_LOOPS; i++) {
        f->pools[i] = tag_pool_new();
        /* Ids differ between pools, as they do between loops. */
        for (uint32_t k = 0; k < i; k++)
            tagset_add(f->pools[i], tagset_empty(f->pools[i]), STR("x"), STR("y"));
        f->recs[i] = recorder_new(
            &(struct recorder_config){.registry = f->registry, .pool = f->pools[i], .source = i});
    }
}

static void close_fixture(struct fixture *f)
{
    for (size_t i = 0; i < N_LOOPS; i++) {
        recorder_free(f->recs[i]);
        tag_pool_free(f->pools[i]);
    }
    snapshot_free(f->snap);
    metric_registry_free(f->registry);
}

static void tick(struct fixture *f, mono_ns now)
{
    snapshot_tick_begin(f->snap);
    for (size_t i = 0; i < N_LOOPS; i++) {
        struct interval *iv = recorder_swap(f->recs[i]);

        assert_non_null(iv);
        snapshot_merge(f->snap, iv);
    }
    snapshot_tick_end(f->snap, now);
}

static void sample(struct fixture *f, size_t loop, uint32_t metric, const char *status,
                   double value, mono_ns now)
{
    struct tag tags[] = {{STR("status"), str_of(status)}, {STR("method"), STR("GET")}};
    struct tag_pool *pool = f->pools[loop];

    recorder_sample(f->recs[loop], metric, tagset_merge(pool, tagset_empty(pool), tags, 2), value,
                    now);
}

static struct snap_metric *submetric(struct fixture *f, const char *text)
{
    struct submetric_name name;
    struct snap_metric *m = NULL;

    assert_int_equal(submetric_parse(str_of(text), &name), 0);
    assert_int_equal(snapshot_submetric(f->snap, &name, str_of(text), &m), 0);
    return m;
}

static void loops_add_up(void **state)
{
    struct fixture f;
    size_t n;

    (void)state;
    open_fixture(&f, 0);
    for (size_t i = 0; i < N_LOOPS; i++) {
        sample(&f, i, M_HTTP_REQ_DURATION, "200", 10.0 * (double)(i + 1), 100 - (mono_ns)i);
        sample(&f, i, M_HTTP_REQS, "200", 1, 100);
        sample(&f, i, M_VUS, "200", (double)i, 100 + (i == 1 ? 50 : 0));
    }
    sample(&f, 2, M_HTTP_REQS, "500", 1, 101);
    tick(&f, 1000);

    struct snap_series *const *series = snapshot_series(f.snap, &n);

    assert_int_equal(n, 4);
    assert_int_equal(series[0]->total.trend.count, 3);
    assert_int_equal(series[0]->first_at, 98);
    assert_ptr_equal(series[0]->metric, snapshot_find(f.snap, STR("http_req_duration")));
    const struct snap_metric *reqs = snapshot_find(f.snap, STR("http_reqs"));

    assert_true(reqs->total.counter.sum == 4);
    assert_int_equal(reqs->n_series, 2);
    assert_true(snap_metric_stat(reqs, (struct stat_name){.kind = STAT_RATE}, 2) == 2);
    const struct snap_metric *vus = snapshot_find(f.snap, STR("vus"));

    assert_true(vus->total.gauge.last == 1); /* the latest, not the last to be merged */
    assert_true(vus->total.gauge.min == 0 && vus->total.gauge.max == 2);
    assert_int_equal(snapshot_time(f.snap), 1000);
    close_fixture(&f);
}

static void deltas_are_of_the_last_tick(void **state)
{
    struct fixture f;
    size_t n;

    (void)state;
    open_fixture(&f, 0);
    sample(&f, 0, M_HTTP_REQ_DURATION, "200", 5, 1);
    sample(&f, 0, M_HTTP_REQS, "200", 1, 1);
    tick(&f, 10);
    sample(&f, 1, M_HTTP_REQ_DURATION, "200", 7, 11);
    sample(&f, 2, M_HTTP_REQ_DURATION, "200", 9, 12);
    tick(&f, 20);

    const struct snap_metric *m = snapshot_find(f.snap, STR("http_req_duration"));
    const struct snap_metric *reqs = snapshot_find(f.snap, STR("http_reqs"));
    struct snap_series *const *touched = snapshot_touched(f.snap, &n);

    assert_int_equal(n, 1);
    assert_int_equal(touched[0]->delta.trend.count, 2);
    assert_true(touched[0]->delta.trend.sum == 16);
    assert_true(m->delta.trend.sum == 16 && m->total.trend.sum == 21);
    assert_true(snap_metric_fresh(f.snap, m));
    assert_false(snap_metric_fresh(f.snap, reqs));
    assert_false(snap_series_fresh(f.snap, reqs->series[0]));
    tick(&f, 30);
    snapshot_touched(f.snap, &n);
    assert_int_equal(n, 0);
    assert_int_equal(m->delta.trend.count, 0);
    assert_true(m->total.trend.sum == 21);
    assert_int_equal(snapshot_ticks(f.snap), 3);
    close_fixture(&f);
}

static void submetrics_take_what_matches(void **state)
{
    struct fixture f;

    (void)state;
    open_fixture(&f, 0);
    struct snap_metric *ok = submetric(&f, "http_reqs{status:200}");
    struct snap_metric *both = submetric(&f, "http_reqs{ status:200, method:\"GET\" }");
    struct snap_metric *never = submetric(&f, "http_reqs{status:200,other:x}");

    assert_ptr_equal(submetric(&f, "http_reqs{'method':GET,status:200}"), both);
    assert_ptr_equal(submetric(&f, "http_reqs"), ok->parent);
    assert_string_equal(both->name, "http_reqs{ status:200, method:\"GET\" }");
    for (size_t i = 0; i < N_LOOPS; i++) {
        for (int k = 0; k < 10; k++)
            sample(&f, i, M_HTTP_REQS, k < 4 ? "200" : "500", 1, 5 + k);
    }
    tick(&f, 10);
    sample(&f, 1, M_HTTP_REQS, "500", 1, 12);
    tick(&f, 20);
    assert_true(ok->total.counter.sum == 12 && both->total.counter.sum == 12);
    assert_true(ok->parent->total.counter.sum == 31);
    assert_false(snap_metric_observed(never));
    assert_false(snap_metric_fresh(f.snap, ok));
    assert_int_equal(ok->first_at, 5);

    /* One that comes late counts what was there. */
    struct snap_metric *late = submetric(&f, "http_reqs{status:500}");

    assert_true(late->total.counter.sum == 19);
    assert_int_equal(late->first_at, 9);
    sample(&f, 1, M_HTTP_REQS, "500", 2, 22);
    tick(&f, 30);
    assert_true(late->total.counter.sum == 21 && late->delta.counter.sum == 2);
    assert_int_equal(late->n_series, 1);
    close_fixture(&f);
}

static void unknown_metrics_are_refused(void **state)
{
    struct fixture f;
    struct submetric_name name;
    struct snap_metric *m;

    (void)state;
    open_fixture(&f, 0);
    assert_int_equal(submetric_parse(STR("nope{a:b}"), &name), 0);
    assert_int_equal(snapshot_submetric(f.snap, &name, STR("nope{a:b}"), &m), -ENOENT);
    assert_string_equal(fault_text(), "no metric name \"nope{a:b}\" found");
    fault_clear();
    close_fixture(&f);
}

static void the_limit_keeps_totals_exact(void **state)
{
    struct fixture f;
    char status[16];
    size_t n;

    (void)state;
    open_fixture(&f, 10);
    assert_null(snapshot_warning(f.snap));
    for (int i = 0; i < 40; i++) {
        snprintf(status, sizeof(status), "%d", i);
        sample(&f, (size_t)i % N_LOOPS, M_HTTP_REQS, status, 1, 1);
        sample(&f, (size_t)i % N_LOOPS, M_GROUP_DURATION, status, i, 1);
    }
    tick(&f, 10);
    snapshot_series(f.snap, &n);
    assert_int_equal(n, 12);
    assert_true(snapshot_find(f.snap, STR("http_reqs"))->total.counter.sum == 40);
    assert_int_equal(snapshot_find(f.snap, STR("group_duration"))->total.trend.count, 40);

    const char *warning = snapshot_warning(f.snap);

    assert_non_null(warning);
    assert_non_null(strstr(warning, "10 time series"));
    assert_non_null(strstr(warning, "'status'"));
    assert_null(snapshot_warning(f.snap));
    close_fixture(&f);
}

static void samples_come_from_elsewhere_too(void **state)
{
    struct fixture f;
    struct value v;
    struct hist_slab *slab = hist_slab_new();
    struct tag tags[] = {{STR("instance"), STR("b")}};

    (void)state;
    open_fixture(&f, 0);
    value_init(&v, metric_get(f.registry, M_GROUP_DURATION), slab);
    v.touched = true;
    value_trend(&v, 4);
    snapshot_tick_begin(f.snap);
    snapshot_sample(f.snap, M_VUS, NULL, 0, 17, 3);
    snapshot_sample(f.snap, M_CHECKS, NULL, 0, 0, 3);
    snapshot_sample(f.snap, M_GROUP_DURATION, NULL, 0, 2, 3);
    snapshot_merge_value(f.snap, M_GROUP_DURATION, tags, 1, &v, 2);
    snapshot_tick_end(f.snap, 5);
    assert_true(snapshot_find(f.snap, STR("vus"))->total.gauge.last == 17);
    const struct snap_metric *m = snapshot_find(f.snap, STR("group_duration"));

    assert_true(m->total.trend.sum == 6);
    assert_int_equal(m->n_series, 2);
    assert_int_equal(m->first_at, 2);
    assert_int_equal(snapshot_find(f.snap, STR("checks"))->total.rate.total, 1);
    value_fini(&v, METRIC_TREND);
    hist_slab_free(slab);
    close_fixture(&f);
}

/* A loop on a thread of its own, which hands over whenever the last interval came back. */
struct busy_loop {
    struct fixture *f;
    _Atomic(struct interval *) box;
    atomic_bool over;
};

enum {
    N_BUSY = 200000,
};

static void *keep_recording(void *arg)
{
    struct busy_loop *b = arg;
    struct recorder *rec = b->f->recs[0];
    struct tag_pool *pool = b->f->pools[0];
    struct interval *iv;

    for (int i = 0; i < N_BUSY; i++) {
        char name[8];

        snprintf(name, sizeof(name), "%d", i / 1000 + i % 3);
        const struct tagset *tags = tagset_add(pool, tagset_empty(pool), STR("name"), str_of(name));

        recorder_http(rec, recorder_http_series(rec, tags),
                      &(struct http_sample){.duration = i,
                                            .failed = i % 4 == 3 ? HTTP_FAILED_NO
                                                                 : (enum http_failed)(i % 4)},
                      i);
        recorder_sample(rec, M_CHECKS, tags, i % 2, i);
        if (i % 64 == 0 && (iv = recorder_swap(rec)) != NULL)
            atomic_store(&b->box, iv);
    }
    while ((iv = recorder_swap(rec)) == NULL)
        sched_yield();
    while (atomic_load(&b->box))
        sched_yield();
    atomic_store(&b->box, iv);
    atomic_store(&b->over, true);
    return NULL;
}

static void nothing_is_lost_between_threads(void **state)
{
    struct fixture f;
    struct busy_loop b = {.f = &f};
    pthread_t thread;
    bool over = false;

    (void)state;
    open_fixture(&f, 0);
    assert_int_equal(pthread_create(&thread, NULL, keep_recording, &b), 0);
    for (mono_ns now = 1; !over; now++) {
        over = atomic_load(&b.over);
        struct interval *iv = atomic_exchange(&b.box, NULL);

        if (!iv) {
            sched_yield();
            continue;
        }
        snapshot_tick_begin(f.snap);
        snapshot_merge(f.snap, iv);
        snapshot_tick_end(f.snap, now);
    }
    pthread_join(thread, NULL);
    const struct snap_metric *duration = snapshot_find(f.snap, STR("http_req_duration"));

    assert_int_equal(duration->total.trend.count, N_BUSY);
    assert_int_equal(duration->total.trend.n_zero, 1);
    assert_true(duration->total.trend.max == (N_BUSY - 1) / 1e6);
    assert_true(snapshot_find(f.snap, STR("http_reqs"))->total.counter.sum == N_BUSY);
    assert_int_equal(snapshot_find(f.snap, STR("http_req_failed"))->total.rate.total,
                     N_BUSY / 4 * 3);
    assert_int_equal(snapshot_find(f.snap, STR("http_req_failed"))->total.rate.trues, N_BUSY / 4);
    assert_int_equal(snapshot_find(f.snap, STR("checks"))->total.rate.trues, N_BUSY / 2);
    assert_int_equal(snapshot_find(f.snap, STR("http_req_connecting"))->total.trend.n_zero, N_BUSY);
    close_fixture(&f);
}

static void new_metrics_may_come_late(void **state)
{
    struct fixture f;
    uint32_t id;

    (void)state;
    open_fixture(&f, 0);
    sample(&f, 0, M_HTTP_REQS, "200", 1, 1);
    tick(&f, 10);
    assert_int_equal(metric_register(f.registry, STR("late"), METRIC_TREND, CONTAINS_DEFAULT, &id),
                     0);
    sample(&f, 0, id, "200", 3, 11);
    tick(&f, 20);
    assert_true(snapshot_find(f.snap, STR("late"))->total.trend.sum == 3);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loops_add_up),
        cmocka_unit_test(deltas_are_of_the_last_tick),
        cmocka_unit_test(submetrics_take_what_matches),
        cmocka_unit_test(unknown_metrics_are_refused),
        cmocka_unit_test(the_limit_keeps_totals_exact),
        cmocka_unit_test(samples_come_from_elsewhere_too),
        cmocka_unit_test(new_metrics_may_come_late),
        cmocka_unit_test(nothing_is_lost_between_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
