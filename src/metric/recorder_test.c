#include "metric/recorder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct fixture {
    struct metric_registry *registry;
    struct tag_pool *pool;
    struct recorder *rec;
};

static void open_fixture(struct fixture *f, uint32_t max_series)
{
    f->registry = metric_registry_new();
    f->pool = tag_pool_new();
    f->rec = recorder_new(&(struct recorder_config){
        .registry = f->registry, .pool = f->pool, .source = 3, .max_series = max_series});
}

static void close_fixture(struct fixture *f)
{
    recorder_free(f->rec);
    tag_pool_free(f->pool);
    metric_registry_free(f->registry);
}

static const struct tagset *tags_of(struct fixture *f, const char *value)
{
    return tagset_add(f->pool, tagset_empty(f->pool), STR("k"), str_of(value));
}

/* What a merger does at the least. */
static void empty_interval(struct interval *iv)
{
    for (size_t i = 0; i < iv->n; i++)
        value_reset(&iv->series[i]->side[iv->side].value, iv->series[i]->type);
    interval_done(iv);
}

static const struct value *value_in(const struct interval *iv, const struct series *s)
{
    for (size_t i = 0; i < iv->n; i++) {
        if (iv->series[i] == s)
            return &s->side[iv->side].value;
    }
    return NULL;
}

static void samples_add_up_by_type(void **state)
{
    struct fixture f;

    (void)state;
    open_fixture(&f, 0);
    const struct tagset *tags = tags_of(&f, "v");
    struct series *counter = recorder_series(f.rec, M_ITERATIONS, tags);
    struct series *gauge = recorder_series(f.rec, M_VUS, tags);
    struct series *rate = recorder_series(f.rec, M_CHECKS, tags);
    struct series *trend = recorder_series(f.rec, M_GROUP_DURATION, tags);

    for (int i = 1; i <= 4; i++) {
        recorder_add(f.rec, counter, i, 10 + i);
        recorder_add(f.rec, gauge, i == 2 ? 9 : i, 10 + i);
        recorder_add(f.rec, rate, i % 4, 10 + i);
        recorder_add(f.rec, trend, i, 10 + i);
        recorder_add(f.rec, trend, NAN, 10 + i);
    }
    struct interval *iv = recorder_swap(f.rec);

    assert_int_equal(iv->n, 4);
    assert_int_equal(iv->source, 3);
    assert_true(value_in(iv, counter)->counter.sum == 10);
    assert_int_equal(value_in(iv, counter)->counter.n, 4);
    assert_true(value_in(iv, gauge)->gauge.last == 4 && value_in(iv, gauge)->gauge.max == 9);
    assert_true(value_in(iv, gauge)->gauge.min == 1 && value_in(iv, gauge)->gauge.at == 14);
    assert_int_equal(value_in(iv, rate)->rate.trues, 3);
    assert_int_equal(value_in(iv, rate)->rate.total, 4);
    assert_int_equal(value_in(iv, trend)->trend.count, 4);
    assert_true(value_in(iv, trend)->trend.sum == 10);
    assert_int_equal(counter->first_at, 11);
    close_fixture(&f);
}

static void series_are_found_again(void **state)
{
    struct fixture f;

    (void)state;
    open_fixture(&f, 0);
    struct series *all[3000];
    char value[16];

    for (int i = 0; i < 3000; i++) {
        snprintf(value, sizeof(value), "%d", i);
        all[i] = recorder_series(f.rec, M_CHECKS, tags_of(&f, value));
        assert_int_equal(all[i]->index, i);
        assert_int_equal((uintptr_t)&all[i]->side[1].value % 64, 0);
    }
    for (int i = 0; i < 3000; i++) {
        snprintf(value, sizeof(value), "%d", i);
        assert_ptr_equal(recorder_series(f.rec, M_CHECKS, tags_of(&f, value)), all[i]);
    }
    assert_int_equal(recorder_n_series(f.rec), 3000);
    close_fixture(&f);
}

static void a_tick_takes_only_what_was_touched(void **state)
{
    struct fixture f;

    (void)state;
    open_fixture(&f, 0);
    struct series *a = recorder_series(f.rec, M_GROUP_DURATION, tags_of(&f, "a"));
    struct series *b = recorder_series(f.rec, M_GROUP_DURATION, tags_of(&f, "b"));

    recorder_trend(f.rec, a, 1, 5);
    recorder_trend(f.rec, b, 1, 6);
    struct interval *one = recorder_swap(f.rec);

    assert_int_equal(one->n, 2);
    recorder_trend(f.rec, b, 7, 8);
    recorder_trend(f.rec, b, 8, 9);
    /* The first is still out: the second goes on growing. */
    assert_null(recorder_swap(f.rec));
    recorder_trend(f.rec, b, 9, 10);
    assert_true(value_in(one, b)->trend.max == 1);
    empty_interval(one);

    struct interval *two = recorder_swap(f.rec);

    assert_int_equal(two->n, 1);
    assert_ptr_equal(two->series[0], b);
    assert_int_equal(value_in(two, b)->trend.count, 3);
    assert_true(value_in(two, b)->trend.sum == 24);
    empty_interval(two);
    assert_int_equal(recorder_swap(f.rec)->n, 0);
    assert_int_equal(b->first_at, 6);
    close_fixture(&f);
}

static void totals_stay_exact_past_the_limit(void **state)
{
    struct fixture f;
    double sum = 0;
    char value[16];

    (void)state;
    open_fixture(&f, 10);
    for (int i = 0; i < 100; i++) {
        snprintf(value, sizeof(value), "%d", i);
        recorder_sample(f.rec, M_ITERATIONS, tags_of(&f, value), 1, 1);
        recorder_sample(f.rec, M_CHECKS, tags_of(&f, value), 1, 1);
    }
    assert_int_equal(recorder_n_series(f.rec), 12); /* 10, and one overflow for each metric */
    struct interval *iv = recorder_swap(f.rec);

    for (size_t i = 0; i < iv->n; i++) {
        if (iv->series[i]->metric == M_ITERATIONS)
            sum += iv->series[i]->side[iv->side].value.counter.sum;
    }
    assert_true(sum == 100);
    close_fixture(&f);
}

static void one_round_trip_is_eleven_values(void **state)
{
    static const struct http_sample sample = {
        .duration = 6 * NS_PER_MS,
        .blocked = 1500,
        .sending = 1 * NS_PER_MS,
        .waiting = 2 * NS_PER_MS,
        .receiving = 3 * NS_PER_MS,
        .failed = HTTP_FAILED_NO,
        .sent = 70,
        .received = 3000,
    };
    struct fixture f;

    (void)state;
    open_fixture(&f, 0);
    const struct tagset *tags = tags_of(&f, "v");
    struct http_series *hs = recorder_http_series(f.rec, tags);

    assert_ptr_equal(recorder_http_series(f.rec, tags), hs);
    recorder_http(f.rec, hs, &sample, 5);
    struct interval *iv = recorder_swap(f.rec);

    interval_fold(iv);
#define VALUE(id) value_in(iv, recorder_series(f.rec, (id), tags))
    assert_int_equal(iv->n, 11);
    assert_true(VALUE(M_HTTP_REQ_DATA_SENT)->counter.sum == 70);
    assert_true(VALUE(M_HTTP_REQ_DATA_RECEIVED)->counter.sum == 3000);
    assert_true(VALUE(M_HTTP_REQS)->counter.sum == 1);
    assert_true(VALUE(M_HTTP_REQ_DURATION)->trend.sum == 6);
    assert_true(VALUE(M_HTTP_REQ_BLOCKED)->trend.sum == 0.0015);
    assert_int_equal(VALUE(M_HTTP_REQ_CONNECTING)->trend.n_zero, 1);
    assert_int_equal(VALUE(M_HTTP_REQ_TLS_HANDSHAKING)->trend.count, 1);
    assert_true(VALUE(M_HTTP_REQ_SENDING)->trend.sum == 1);
    assert_true(VALUE(M_HTTP_REQ_WAITING)->trend.sum == 2);
    assert_true(VALUE(M_HTTP_REQ_RECEIVING)->trend.sum == 3);
    assert_int_equal(VALUE(M_HTTP_REQ_FAILED)->rate.total, 1);
    assert_int_equal(VALUE(M_HTTP_REQ_FAILED)->rate.trues, 0);
    empty_interval(iv);

    recorder_http(f.rec, hs, &(struct http_sample){.failed = HTTP_FAILED_UNJUDGED}, 6);
    iv = recorder_swap(f.rec);
    interval_fold(iv);
    assert_int_equal(iv->n, 10);
    assert_null(VALUE(M_HTTP_REQ_FAILED));
    assert_true(VALUE(M_HTTP_REQS)->counter.sum == 1);
#undef VALUE
    close_fixture(&f);
}

static void round_trips_overflow_together(void **state)
{
    struct fixture f;
    char value[16];

    (void)state;
    open_fixture(&f, 24);
    for (int i = 0; i < 50; i++) {
        snprintf(value, sizeof(value), "%d", i);
        recorder_http(f.rec, recorder_http_series(f.rec, tags_of(&f, value)),
                      &(struct http_sample){.duration = 5}, 1);
    }
    struct interval *iv = recorder_swap(f.rec);

    interval_fold(iv);
    assert_int_equal(iv->n, 33); /* two tag sets and the overflow of all others */
    const struct value *v =
        value_in(iv, recorder_series(f.rec, M_HTTP_REQ_DURATION, tagset_overflow(f.pool)));

    assert_int_equal(v->trend.count, 48);
    close_fixture(&f);
}

struct tapped {
    int n;
    double sum;
};

static void tap(void *arg, const struct series *s, double value, mono_ns now,
                const struct sample_origin *origin)
{
    struct tapped *t = arg;

    assert_int_equal(origin ? origin->vu : -1, t->n < 9 ? -1 : 7);

    assert_int_equal(now, 4);
    t->n++;
    t->sum += s->metric == M_HTTP_REQ_WAITING ? value : 0;
}

static void a_tap_sees_every_sample(void **state)
{
    struct fixture f;
    struct tapped t = {0};

    (void)state;
    open_fixture(&f, 0);
    const struct tagset *tags = tags_of(&f, "v");

    recorder_set_tap(f.rec, tap, &t);
    recorder_http(f.rec, recorder_http_series(f.rec, tags),
                  &(struct http_sample){.waiting = 2500000, .failed = HTTP_FAILED_YES}, 4);
    assert_int_equal(t.n, 9);
    assert_true(t.sum == 2.5);
    recorder_set_origin(f.rec, &(struct sample_origin){.vu = 7});
    recorder_sample(f.rec, M_CHECKS, tags, 1, 4);
    recorder_sample(f.rec, M_VUS, tags, 1, 4);
    recorder_http(f.rec, recorder_http_series(f.rec, tags),
                  &(struct http_sample){.failed = HTTP_FAILED_UNJUDGED}, 4);
    assert_int_equal(t.n, 19);
    recorder_set_tap(f.rec, NULL, NULL);
    recorder_sample(f.rec, M_CHECKS, tags, 1, 4);
    assert_int_equal(t.n, 19);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_add_up_by_type),
        cmocka_unit_test(series_are_found_again),
        cmocka_unit_test(a_tick_takes_only_what_was_touched),
        cmocka_unit_test(totals_stay_exact_past_the_limit),
        cmocka_unit_test(one_round_trip_is_eleven_values),
        cmocka_unit_test(round_trips_overflow_together),
        cmocka_unit_test(a_tap_sees_every_sample),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
