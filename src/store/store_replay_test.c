#include <errno.h>

#include "store/headline.h"
#include "store/store_testing.h"

struct seen {
    int n;
    span_ns from, to;
    double requests; /* of all deltas */
};

static int on_step(void *arg, struct snapshot *snapshot, span_ns from, span_ns to)
{
    struct seen *seen = arg;
    const struct snap_metric *m = snapshot_find(snapshot, STR("http_reqs"));

    if (seen->n == 0)
        seen->from = from;
    assert_true(seen->n == 0 || from == seen->to);
    assert_int_equal(snapshot_time(snapshot), STORE_EPOCH + to);
    seen->to = to;
    seen->n++;
    seen->requests += m->delta.counter.sum;
    return 0;
}

static int end_early(void *arg, struct snapshot *snapshot, span_ns from, span_ns to)
{
    (void)snapshot;
    (void)from;
    (void)to;
    return ++*(int *)arg == 3 ? 5 : 0;
}

static void equal_totals(const struct snapshot *a, const struct snapshot *b)
{
    size_t n, n_b;
    struct snap_series *const *x = snapshot_series(a, &n), *const *y = snapshot_series(b, &n_b);

    assert_int_equal(n, n_b);
    for (size_t i = 0; i < n; i++) {
        enum metric_type type = x[i]->metric->def->type;

        assert_string_equal(x[i]->metric->name, y[i]->metric->name);
        assert_int_equal(value_samples(&x[i]->total, type), value_samples(&y[i]->total, type));
        if (type == METRIC_TREND)
            assert_true(hist_equal(&x[i]->total.trend, &y[i]->total.trend));
        assert_int_equal(x[i]->first_at + STORE_EPOCH, y[i]->first_at);
    }
}

static void expect_steps(struct store *s, int64_t run, size_t max_steps, int want, struct live *l)
{
    struct seen seen = {0};
    uint64_t seq = 0;
    struct store_replay how = {
        .max_steps = max_steps, .step = on_step, .arg = &seen, .ret_seq = &seq};
    struct metric_registry *registry = NULL;
    struct snapshot *snap = NULL;

    assert_int_equal(store_replay(s, run, &how, &registry, &snap), 0);
    assert_int_equal(seen.n, want);
    assert_int_equal(seen.from, 0);
    assert_int_equal(seen.to, l->seq * NS_PER_S);
    assert_int_equal(seq, l->seq);
    assert_true(seen.requests == snapshot_find(l->snap, STR("http_reqs"))->total.counter.sum);
    equal_totals(l->snap, snap);
    snapshot_free(snap);
    metric_registry_free(registry);
}

static void test_replay(void **state)
{
    (void)state;
    struct place p;
    struct live l;
    int n = 0;
    struct metric_registry *registry = NULL;
    struct snapshot *snap = NULL;

    place_make(&p);
    live_open(&l);
    struct store *s = place_open(&p, STORE_WRITE);
    int64_t other = add_run(s, "other", 1), run = add_run(s, "a", 2);

    for (int i = 0; i < 25; i++) {
        live_tick(&l, i + 1);
        live_write(&l, s, run);
    }
    expect_steps(s, run, 0, 25, &l);
    expect_steps(s, run, 10, 9, &l); /* 3 ticks each */
    expect_steps(s, run, 1, 1, &l);
    assert_int_equal(store_replay(s, run, &(struct store_replay){.step = end_early, .arg = &n},
                                  &registry, &snap),
                     5);
    assert_int_equal(store_replay(s, 99, &(struct store_replay){0}, &registry, &snap), -ENOENT);
    assert_null(snap);

    /* A run that measured nothing. */
    assert_int_equal(store_replay(s, other, &(struct store_replay){0}, &registry, &snap), 0);
    snapshot_free(snap);
    metric_registry_free(registry);
    store_close(s);
    live_close(&l);
    place_remove(&p);
}

static void test_totals_with_and_without(void **state)
{
    (void)state;
    struct place p;
    struct live l;

    place_make(&p);
    live_open(&l);
    struct store *s = place_open(&p, STORE_WRITE);
    int64_t run = add_run(s, "a", 2);

    for (int i = 0; i < 5; i++) {
        live_tick(&l, i + 1);
        live_write(&l, s, run);
    }
    for (int with = 0; with < 2; with++) {
        struct metric_registry *registry = NULL;
        struct snapshot *snap = NULL;
        scoped(buf_fini) struct buf b = {0};

        tick_put_totals(l.snap, 0, &b);
        if (with) {
            assert_int_equal(store_totals_put(s, run, buf_str(&b)), 0);
            assert_int_equal(store_exec(s, "UPDATE ticks SET data = x'00'"), 0); /* not read */
        }
        assert_int_equal(store_totals(s, run, &registry, &snap), 0);
        equal_totals(l.snap, snap);
        assert_int_equal(snapshot_time(snap), STORE_EPOCH + 5 * NS_PER_S);
        snapshot_free(snap);
        metric_registry_free(registry);
    }
    store_close(s);
    live_close(&l);
    place_remove(&p);
}

static void test_submetrics_are_made_again(void **state)
{
    (void)state;
    struct place p;
    struct live l;
    struct store_run r = a_run("a", 1);
    struct metric_registry *registry = NULL;
    struct snapshot *snap = NULL;

    place_make(&p);
    live_open(&l);
    struct store *s = place_open(&p, STORE_WRITE);

    r.submetrics_json = STR("[\"http_reqs{status:500}\", \"none{a:b}\", 7, \"{{\"]");
    assert_int_equal(store_run_add(s, &r, &r.key), 0);
    live_tick(&l, 4);
    live_write(&l, s, r.key);
    live_tick(&l, 6);
    live_write(&l, s, r.key);
    assert_int_equal(store_totals(s, r.key, &registry, &snap), 0);
    const struct snap_metric *m = snapshot_find(snap, STR("http_reqs{status:500}"));

    assert_non_null(m);
    assert_true(m->total.counter.sum == 6);
    snapshot_free(snap);
    metric_registry_free(registry);
    store_close(s);
    live_close(&l);
    place_remove(&p);
}

static void test_damage_is_a_fault(void **state)
{
    (void)state;
    static const char *const damages[] = {
        "UPDATE ticks SET data = x'0171'",
        "UPDATE ticks SET data = x''",
        "UPDATE ticks SET data = x'0099'",
        "UPDATE ticks SET t_from = -1",
        "UPDATE ticks SET t_to = 0 WHERE seq = 2",
        "UPDATE series SET data = x'51'",
        "UPDATE ticks SET t_to = 9223372036854775807",
        "DELETE FROM series WHERE id = 0",
        "UPDATE ticks SET data = x'0128b52ffd04'",
    };

    for (size_t i = 0; i < countof(damages); i++) {
        struct place p;
        struct live l;
        struct metric_registry *registry = NULL;
        struct snapshot *snap = NULL;

        place_make(&p);
        live_open(&l);
        struct store *s = place_open(&p, STORE_WRITE);
        int64_t run = add_run(s, "a", 2);

        for (int k = 0; k < 3; k++) {
            live_tick(&l, 4);
            live_write(&l, s, run);
        }
        assert_int_equal(store_exec(s, damages[i]), 0);
        assert_int_equal(store_replay(s, run, &(struct store_replay){0}, &registry, &snap),
                         -EINVAL);
        assert_non_null(strstr(fault_text(), "damaged"));
        store_close(s);
        live_close(&l);
        place_remove(&p);
    }
}

static void test_a_run_whose_process_is_gone(void **state)
{
    (void)state;
    struct place p;
    struct live l;
    struct arena arena = {0};
    struct store_run run;

    place_make(&p);
    live_open(&l);
    struct store *s = place_open(&p, STORE_WRITE);
    int64_t key = add_run(s, "a", 2);

    assert_int_equal(store_exec(s, "UPDATE runs SET started = 1000000000"), 0);
    for (int k = 0; k < 3; k++) {
        live_tick(&l, 4);
        live_write(&l, s, key);
    }
    assert_int_equal(store_run_get(s, key, &arena, &run), 0);
    assert_int_equal(run.state, STORE_RUNNING);
    lose_owner(s, key);
    assert_int_equal(store_run_get(s, key, &arena, &run), 0);
    assert_int_equal(run.state, STORE_INTERRUPTED);
    assert_int_equal(run.duration, 3 * NS_PER_S);
    assert_int_equal(run.ended, 4 * NS_PER_S);
    assert_non_null(memmem(run.headline_json.p, run.headline_json.n, "\"requests\":12,", 14));
    assert_non_null(memmem(run.headline_json.p, run.headline_json.n, "\"rate\":4,", 9));
    arena_fini(&arena);
    store_close(s);
    live_close(&l);
    place_remove(&p);
}

/* The sparkline has few points however long the run, and the figures are those of all of it. */
static void test_headline(void **state)
{
    (void)state;
    struct live l;
    struct headline *h = headline_new();
    scoped(buf_fini) struct buf b = {0};

    live_open(&l);
    for (int i = 0; i < 1000; i++) {
        live_tick(&l, i < 500 ? 2 : 4);
        headline_tick(h, l.snap);
    }
    headline_put(h, l.snap, 1000 * NS_PER_S, &b);
    const char *json = buf_cstr(&b), *spark = strstr(json, "\"spark\":[");

    assert_non_null(strstr(json, "\"requests\":3000,\"rate\":3,\"iterations\":0,\"failed\":0.5,"
                                 "\"checks\":null,"));
    assert_non_null(strstr(json, "\"max\":4,\"vus_max\":4"));
    assert_non_null(spark);
    int points = 1;

    for (const char *c = spark; *c; c++)
        points += *c == ',';
    assert_in_range(points, HEADLINE_SPARK / 2, HEADLINE_SPARK);
    assert_true(strtod(spark + 9, NULL) < 2.01);
    headline_free(h);
    live_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replay),
        cmocka_unit_test(test_totals_with_and_without),
        cmocka_unit_test(test_submetrics_are_made_again),
        cmocka_unit_test(test_damage_is_a_fault),
        cmocka_unit_test(test_a_run_whose_process_is_gone),
        cmocka_unit_test(test_headline),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
