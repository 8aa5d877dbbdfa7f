#include "metric/tick_codec.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/mem.h"

enum {
    EPOCH_LIVE = 7000, /* of the snapshot that is written */
    EPOCH_READ = 90,   /* of the one that ticks are read into */
};

struct side {
    struct metric_registry *registry;
    struct snapshot *snap;
};

/* A stream as a store keeps it: definitions and ticks, in order. */
struct stream {
    struct side live, read;
    struct tick_reader *reader;
    struct arena arena;
    size_t n_defined;
};

static void open_side(struct side *s, uint32_t max_series)
{
    s->registry = metric_registry_new();
    s->snap =
        snapshot_new(&(struct snapshot_config){.registry = s->registry, .max_series = max_series});
}

static void close_side(struct side *s)
{
    snapshot_free(s->snap);
    metric_registry_free(s->registry);
}

static void open_stream(struct stream *st, uint32_t max_series)
{
    *st = (struct stream){0};
    open_side(&st->live, max_series);
    open_side(&st->read, 0);
    st->reader = tick_reader_new(st->read.snap, st->read.registry);
}

static void close_stream(struct stream *st)
{
    tick_reader_free(st->reader);
    arena_fini(&st->arena);
    close_side(&st->live);
    close_side(&st->read);
}

static void sample(struct stream *st, uint32_t metric, const char *status, double v, mono_ns at)
{
    struct tag tag = {STR("status"), str_of(status)};

    snapshot_sample(st->live.snap, metric, &tag, status ? 1 : 0, v, at);
}

/* Carries the definitions that are new over. */
static void define(struct stream *st)
{
    size_t n;
    struct snap_series *const *all = snapshot_series(st->live.snap, &n);

    for (; st->n_defined < n; st->n_defined++) {
        scoped(buf_fini) struct buf b = {0};
        struct tick_series def;

        tick_put_series(all[st->n_defined], EPOCH_LIVE, &b);
        struct str bytes = buf_str(&b);

        assert_int_equal(tick_get_series(&bytes, &st->arena, &def), 0);
        assert_int_equal(bytes.n, 0);
        assert_int_equal(tick_reader_series(st->reader, &def), 0);
    }
}

/* Ends the live tick and plays it to the reader. */
static size_t carry(struct stream *st, mono_ns now)
{
    scoped(buf_fini) struct buf b = {0};

    snapshot_tick_end(st->live.snap, EPOCH_LIVE + now);
    define(st);
    tick_put(st->live.snap, EPOCH_LIVE, &b);
    snapshot_tick_begin(st->read.snap);
    assert_int_equal(tick_reader_apply(st->reader, buf_str(&b), EPOCH_READ), 0);
    snapshot_tick_end(st->read.snap, EPOCH_READ + now);
    return b.len;
}

static void equal_values(const struct value *a, const struct value *b, enum metric_type type)
{
    assert_int_equal(a->touched, b->touched);
    switch (type) {
    case METRIC_COUNTER:
        assert_true(a->counter.sum == b->counter.sum);
        assert_int_equal(a->counter.n, b->counter.n);
        break;
    case METRIC_GAUGE:
        assert_true(a->gauge.last == b->gauge.last);
        assert_true(a->gauge.min == b->gauge.min);
        assert_true(a->gauge.max == b->gauge.max);
        assert_int_equal(a->gauge.n, b->gauge.n);
        if (a->gauge.n)
            assert_int_equal(a->gauge.at - EPOCH_LIVE, b->gauge.at - EPOCH_READ);
        break;
    case METRIC_RATE:
        assert_int_equal(a->rate.trues, b->rate.trues);
        assert_int_equal(a->rate.total, b->rate.total);
        break;
    case METRIC_TREND:
        assert_true(hist_equal(&a->trend, &b->trend));
        break;
    }
}

static void equal_sides(struct stream *st)
{
    size_t n, n_read;
    struct snap_series *const *a = snapshot_series(st->live.snap, &n);
    struct snap_series *const *b = snapshot_series(st->read.snap, &n_read);

    assert_int_equal(n, n_read);
    for (size_t i = 0; i < n; i++) {
        enum metric_type type = a[i]->metric->def->type;

        assert_int_equal(a[i]->id, b[i]->id);
        assert_string_equal(a[i]->metric->name, b[i]->metric->name);
        assert_int_equal(type, b[i]->metric->def->type);
        assert_int_equal(a[i]->metric->def->contains, b[i]->metric->def->contains);
        assert_true(tagset_contains(a[i]->tags, b[i]->tags));
        assert_int_equal(a[i]->tags->n, b[i]->tags->n);
        assert_int_equal(a[i]->first_at - EPOCH_LIVE, b[i]->first_at - EPOCH_READ);
        equal_values(&a[i]->total, &b[i]->total, type);
        bool fresh = snap_series_fresh(st->live.snap, a[i]);

        assert_int_equal(fresh, snap_series_fresh(st->read.snap, b[i]));
        if (fresh)
            equal_values(&a[i]->delta, &b[i]->delta, type);
    }
}

static uint32_t custom(struct side *s, const char *name, enum metric_type type,
                       enum metric_contains contains)
{
    uint32_t id = 0;

    assert_int_equal(metric_register(s->registry, str_of(name), type, contains, &id), 0);
    return id;
}

static void test_every_type_is_carried(void **state)
{
    (void)state;
    struct stream st;

    open_stream(&st, 0);
    uint32_t bytes = custom(&st.live, "payload", METRIC_TREND, CONTAINS_DATA);

    snapshot_tick_begin(st.live.snap);
    for (int i = 0; i < 100; i++) {
        sample(&st, M_HTTP_REQ_DURATION, i % 10 ? "200" : "500", 1.5 * i, EPOCH_LIVE + 10 + i);
        sample(&st, M_HTTP_REQS, "200", 1, EPOCH_LIVE + 10 + i);
        sample(&st, M_CHECKS, NULL, i % 3 == 0, EPOCH_LIVE + 10 + i);
        sample(&st, bytes, NULL, i * 1000, EPOCH_LIVE + 10 + i);
        sample(&st, M_VUS, NULL, 40 - i, EPOCH_LIVE + 10 + i);
    }
    carry(&st, 1000);
    equal_sides(&st);

    /* New series in the middle, others stay away, and values that are not whole. */
    snapshot_tick_begin(st.live.snap);
    sample(&st, M_VUS, NULL, 7.25, EPOCH_LIVE + 1500);
    sample(&st, M_HTTP_REQS, "404", 0.1, EPOCH_LIVE + 1600);
    sample(&st, bytes, NULL, -3, EPOCH_LIVE + 1700);
    carry(&st, 2000);
    equal_sides(&st);

    /* A tick in which nothing happened, and one in which the first series comes again. */
    snapshot_tick_begin(st.live.snap);
    carry(&st, 3000);
    equal_sides(&st);
    snapshot_tick_begin(st.live.snap);
    sample(&st, M_HTTP_REQ_DURATION, "200", 9, EPOCH_LIVE + 3100);
    carry(&st, 4000);
    equal_sides(&st);
    close_stream(&st);
}

static void test_times_are_of_another_epoch(void **state)
{
    (void)state;
    struct stream st;
    size_t n;

    open_stream(&st, 0);
    snapshot_tick_begin(st.live.snap);
    sample(&st, M_VUS, NULL, 3, EPOCH_LIVE - 50); /* before the test's start */
    carry(&st, 1000);
    assert_int_equal(snapshot_series(st.read.snap, &n)[0]->first_at, EPOCH_READ - 50);
    assert_int_equal(snapshot_series(st.read.snap, &n)[0]->total.gauge.at, EPOCH_READ - 50);
    close_stream(&st);
}

static void test_series_past_the_limit(void **state)
{
    (void)state;
    struct stream st;
    size_t n;

    open_stream(&st, 3);
    for (int t = 1; t <= 3; t++) {
        snapshot_tick_begin(st.live.snap);
        for (int i = 0; i < 10; i++) {
            char status[20];

            snprintf(status, sizeof(status), "%d", i);
            sample(&st, M_HTTP_REQS, status, 1, EPOCH_LIVE + t);
        }
        carry(&st, t);
        equal_sides(&st);
    }
    snapshot_series(st.read.snap, &n);
    assert_int_equal(n, 4);
    assert_true(snapshot_find(st.read.snap, STR("http_reqs"))->total.counter.sum == 30);
    close_stream(&st);
}

/* Several ticks within one of the reader's add up to the same totals. */
static void test_ticks_merge(void **state)
{
    (void)state;
    struct stream st;

    open_stream(&st, 0);
    scoped(buf_fini) struct buf one = {0}, two = {0};

    snapshot_tick_begin(st.live.snap);
    sample(&st, M_HTTP_REQ_DURATION, "200", 5, EPOCH_LIVE + 1);
    sample(&st, M_VUS, NULL, 5, EPOCH_LIVE + 1);
    snapshot_tick_end(st.live.snap, EPOCH_LIVE + 10);
    define(&st);
    tick_put(st.live.snap, EPOCH_LIVE, &one);
    snapshot_tick_begin(st.live.snap);
    sample(&st, M_HTTP_REQ_DURATION, "200", 50, EPOCH_LIVE + 11);
    sample(&st, M_VUS, NULL, 4, EPOCH_LIVE + 11);
    snapshot_tick_end(st.live.snap, EPOCH_LIVE + 20);
    tick_put(st.live.snap, EPOCH_LIVE, &two);

    snapshot_tick_begin(st.read.snap);
    assert_int_equal(tick_reader_apply(st.reader, buf_str(&one), EPOCH_READ), 0);
    assert_int_equal(tick_reader_apply(st.reader, buf_str(&two), EPOCH_READ), 0);
    snapshot_tick_end(st.read.snap, EPOCH_READ + 20);
    const struct snap_metric *m = snapshot_find(st.read.snap, STR("http_req_duration"));

    assert_int_equal(m->delta.trend.count, 2);
    assert_true(m->total.trend.max == 50);
    assert_true(snapshot_find(st.read.snap, STR("vus"))->total.gauge.last == 4);
    close_stream(&st);
}

static void test_totals_are_one_tick(void **state)
{
    (void)state;
    struct stream st;

    open_stream(&st, 0);
    for (int t = 1; t <= 5; t++) {
        snapshot_tick_begin(st.live.snap);
        sample(&st, M_HTTP_REQ_DURATION, "200", t, EPOCH_LIVE + t);
        sample(&st, M_HTTP_REQS, "200", 1, EPOCH_LIVE + t);
        if (t == 2)
            sample(&st, M_VUS, NULL, 8, EPOCH_LIVE + t);
        snapshot_tick_end(st.live.snap, EPOCH_LIVE + t);
    }
    define(&st);
    scoped(buf_fini) struct buf b = {0};

    tick_put_totals(st.live.snap, EPOCH_LIVE, &b);
    snapshot_tick_begin(st.read.snap);
    assert_int_equal(tick_reader_apply(st.reader, buf_str(&b), EPOCH_READ), 0);
    snapshot_tick_end(st.read.snap, EPOCH_READ);
    size_t n;
    struct snap_series *const *a = snapshot_series(st.live.snap, &n);
    struct snap_series *const *r = snapshot_series(st.read.snap, &n);

    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++)
        equal_values(&a[i]->total, &r[i]->total, a[i]->metric->def->type);
    close_stream(&st);
}

/* Every cut and every changed byte of a good tick is taken or refused, and nothing else. */
static void test_hostile_ticks(void **state)
{
    (void)state;
    struct stream st;

    open_stream(&st, 0);
    scoped(buf_fini) struct buf b = {0};

    snapshot_tick_begin(st.live.snap);
    sample(&st, M_HTTP_REQ_DURATION, "200", 5, EPOCH_LIVE + 1);
    sample(&st, M_VUS, NULL, 5.5, EPOCH_LIVE + 1);
    sample(&st, M_CHECKS, NULL, 1, EPOCH_LIVE + 1);
    sample(&st, M_HTTP_REQS, NULL, 1, EPOCH_LIVE + 1);
    snapshot_tick_end(st.live.snap, EPOCH_LIVE + 10);
    define(&st);
    tick_put(st.live.snap, EPOCH_LIVE, &b);
    snapshot_tick_begin(st.read.snap);
    for (size_t n = 0; n < b.len; n++)
        assert_int_equal(tick_reader_apply(st.reader, str_from(b.data, n), 0), TICK_E_BAD);
    for (size_t i = 0; i < b.len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            b.data[i] = (char)(b.data[i] ^ 1 << bit);
            int r = tick_reader_apply(st.reader, buf_str(&b), 0);

            assert_true(r == 0 || r == TICK_E_BAD || r == TICK_E_UNKNOWN);
            b.data[i] = (char)(b.data[i] ^ 1 << bit);
        }
    }
    snapshot_tick_end(st.read.snap, 10);

    struct tick_reader *blank = tick_reader_new(st.read.snap, st.read.registry);

    snapshot_tick_begin(st.read.snap);
    assert_int_equal(tick_reader_apply(blank, buf_str(&b), 0), TICK_E_UNKNOWN);
    assert_int_equal(tick_reader_apply(blank, STR("\x71\x01\xff\xff\xff\xff\xff\xff\x01"), 0),
                     TICK_E_BAD);
    tick_reader_free(blank);
    close_stream(&st);
}

static void test_hostile_definitions(void **state)
{
    (void)state;
    struct stream st;
    struct tick_series def;

    open_stream(&st, 0);
    scoped(buf_fini) struct buf b = {0};

    snapshot_tick_begin(st.live.snap);
    sample(&st, M_HTTP_REQS, "200", 1, EPOCH_LIVE + 1);
    snapshot_tick_end(st.live.snap, EPOCH_LIVE + 10);
    size_t n;

    tick_put_series(snapshot_series(st.live.snap, &n)[0], EPOCH_LIVE, &b);
    for (size_t i = 0; i < b.len; i++) {
        struct str cut = str_from(b.data, i);

        assert_int_equal(tick_get_series(&cut, &st.arena, &def), TICK_E_BAD);
        assert_int_equal(cut.n, i); /* nothing was taken off */
    }

    /* A built-in name of another type, a bad name, and an id out of this world. */
    def = (struct tick_series){.metric = STR("http_reqs"), .type = METRIC_TREND};
    assert_int_equal(tick_reader_series(st.reader, &def), -EEXIST);
    def = (struct tick_series){.metric = STR("no such name"), .type = METRIC_TREND};
    assert_int_equal(tick_reader_series(st.reader, &def), -EINVAL);
    def = (struct tick_series){.metric = STR("http_reqs"), .id = 1u << 31};
    assert_int_equal(tick_reader_series(st.reader, &def), TICK_E_BAD);
    close_stream(&st);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_is_carried),
        cmocka_unit_test(test_times_are_of_another_epoch),
        cmocka_unit_test(test_series_past_the_limit),
        cmocka_unit_test(test_ticks_merge),
        cmocka_unit_test(test_totals_are_one_tick),
        cmocka_unit_test(test_hostile_ticks),
        cmocka_unit_test(test_hostile_definitions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
