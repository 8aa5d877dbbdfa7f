#include "metric/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void push_count(struct window *w, double amount, span_ns elapsed)
{
    struct value v = {0};

    value_count(&v, amount);
    window_push(w, &v, elapsed);
}

/* Against the list of all ticks: those that end within the span. */
static void a_window_is_the_last_seconds(void **state)
{
    struct window *w = window_new(&(struct metric){.type = METRIC_COUNTER}, 10 * NS_PER_S);

    (void)state;
    for (int t = 1; t <= 100; t++) {
        double want = 0;
        span_ns from, to;

        push_count(w, t, t * NS_PER_S);
        for (int i = t > 10 ? t - 9 : 1; i <= t; i++)
            want += i;
        assert_true(window_sum(w)->counter.sum == want);
        assert_int_equal(window_is_full(w), t >= 10);
        window_range(w, &from, &to);
        assert_int_equal(to, t * NS_PER_S);
        assert_int_equal(from, (t > 10 ? t - 10 : 0) * NS_PER_S);
    }
    window_free(w);
}

static void short_ticks_share_a_piece(void **state)
{
    struct window *w = window_new(&(struct metric){.type = METRIC_COUNTER}, 60 * NS_PER_S);
    span_ns tick = 7 * NS_PER_MS;

    (void)state;
    for (int64_t i = 1; i <= 20000; i++) {
        span_ns from, to;

        push_count(w, 1, i * tick);
        window_range(w, &from, &to);
        /* As many as its range has; the range as long as asked, but for half a piece and a tick. */
        assert_true(window_sum(w)->counter.sum == (double)((to - from) / tick));
        if (window_is_full(w))
            assert_in_range(to - from, 59500 * NS_PER_MS - tick, 60500 * NS_PER_MS + tick);
    }
    window_free(w);
}

static void time_that_stands_still_adds_to_the_last_piece(void **state)
{
    struct window *w = window_new(&(struct metric){.type = METRIC_COUNTER}, 4 * NS_PER_S);

    (void)state;
    for (int t = 1; t <= 8; t++)
        push_count(w, 1, t * NS_PER_S);
    for (int i = 0; i < 100; i++)
        push_count(w, 1, 8 * NS_PER_S);
    assert_true(window_sum(w)->counter.sum == 104);
    window_push(w, NULL, 12 * NS_PER_S);
    assert_true(window_sum(w)->counter.sum == 0);
    window_free(w);
}

static void a_gap_longer_than_the_window_empties_it(void **state)
{
    struct window *w = window_new(&(struct metric){.type = METRIC_COUNTER}, 4 * NS_PER_S);

    (void)state;
    push_count(w, 5, NS_PER_S);
    window_push(w, NULL, 100 * NS_PER_S);
    assert_true(window_sum(w)->counter.sum == 0);
    push_count(w, 3, 101 * NS_PER_S);
    assert_true(window_sum(w)->counter.sum == 3);
    window_free(w);
}

static void ticks_that_come_late_or_early_make_no_difference(void **state)
{
    struct window *w = window_new(&(struct metric){.type = METRIC_COUNTER}, 4 * NS_PER_S);

    (void)state;
    for (int t = 1; t <= 50; t++) {
        push_count(w, 1, t * NS_PER_S + (t % 3 - 1) * 100 * NS_PER_MS);
        assert_true(window_sum(w)->counter.sum == (t < 4 ? t : 4));
    }
    window_free(w);
}

static void trends_merge_exactly(void **state)
{
    struct hist_slab *slab = hist_slab_new();
    struct window *w = window_new(&(struct metric){.type = METRIC_TREND}, 5 * NS_PER_S);
    struct value want, v;

    (void)state;
    value_init(&want, &(struct metric){.type = METRIC_TREND}, slab);
    value_init(&v, &(struct metric){.type = METRIC_TREND}, slab);
    for (int t = 1; t <= 20; t++) {
        value_clear(&v, METRIC_TREND);
        for (int i = 0; i < 50; i++) {
            value_trend(&v, t * 10 + i);
            if (t > 15)
                value_trend(&want, t * 10 + i);
        }
        window_push(w, &v, t * NS_PER_S);
    }
    assert_true(hist_equal(&window_sum(w)->trend, &want.trend));
    value_fini(&want, METRIC_TREND);
    value_fini(&v, METRIC_TREND);
    window_free(w);
    hist_slab_free(slab);
}

static void the_last_value_of_a_gauge_is_the_latest(void **state)
{
    struct window *w = window_new(&(struct metric){.type = METRIC_GAUGE}, 3 * NS_PER_S);

    (void)state;
    for (int t = 1; t <= 9; t++) {
        struct value v = {0};

        value_gauge(&v, 100 - t, t * NS_PER_S);
        window_push(w, &v, t * NS_PER_S);
    }
    assert_true(window_sum(w)->gauge.last == 91);
    assert_true(window_sum(w)->gauge.max == 93);
    window_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_is_the_last_seconds),
        cmocka_unit_test(short_ticks_share_a_piece),
        cmocka_unit_test(time_that_stands_still_adds_to_the_last_piece),
        cmocka_unit_test(a_gap_longer_than_the_window_empties_it),
        cmocka_unit_test(ticks_that_come_late_or_early_make_no_difference),
        cmocka_unit_test(trends_merge_exactly),
        cmocka_unit_test(the_last_value_of_a_gauge_is_the_latest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
