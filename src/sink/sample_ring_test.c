#include "sink/sample_ring.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/random.h"

static void put_number(struct sample_ring *r, uint64_t i)
{
    sample_ring_put(
        r, &(struct ring_sample){.value = (double)i, .at = (mono_ns)i, .metric = (uint32_t)i});
}

/* Takes up to max samples and checks that they are the numbers from *next on. */
static size_t take_numbers(struct sample_ring *r, size_t max, uint64_t *next)
{
    const struct ring_sample *s;
    size_t n = sample_ring_peek(r, max, &s);

    assert_true(n <= max);
    for (size_t i = 0; i < n; i++) {
        assert_true(s[i].value == (double)*next);
        assert_int_equal(s[i].at, *next);
        assert_int_equal(s[i].metric, (uint32_t)*next);
        (*next)++;
    }
    sample_ring_drop(r, n);
    return n;
}

static void sizes_are_powers_of_two(void **state)
{
    static const struct {
        size_t asked, is;
    } cases[] = {{1, 1}, {2, 2}, {3, 4}, {8, 8}, {9, 16}, {1000, 1024}};

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        struct sample_ring *r = sample_ring_new(cases[i].asked);

        for (size_t k = 0; k < cases[i].is + 3; k++)
            put_number(r, k);
        assert_int_equal(sample_ring_written(r), cases[i].is);
        assert_int_equal(sample_ring_lost(r), 3);
        sample_ring_free(r);
    }
}

static void what_finds_no_room_is_counted_and_the_rest_stays(void **state)
{
    struct sample_ring *r = sample_ring_new(4);
    uint64_t next = 0;

    (void)state;
    for (uint64_t i = 0; i < 6; i++)
        put_number(r, i);
    assert_int_equal(take_numbers(r, 3, &next), 3);
    put_number(r, 4);
    assert_int_equal(take_numbers(r, 9, &next), 1); /* up to the end of the memory */
    assert_int_equal(take_numbers(r, 9, &next), 1);
    assert_int_equal(take_numbers(r, 9, &next), 0);
    assert_int_equal(next, 5);
    assert_int_equal(sample_ring_lost(r), 2);
    assert_int_equal(sample_ring_read(r), 5);
    sample_ring_free(r);
}

static void peeking_takes_nothing(void **state)
{
    struct sample_ring *r = sample_ring_new(4);
    const struct ring_sample *a, *b;

    (void)state;
    put_number(r, 7);
    assert_int_equal(sample_ring_peek(r, 5, &a), 1);
    assert_int_equal(sample_ring_peek(r, 5, &b), 1);
    assert_ptr_equal(a, b);
    assert_int_equal(sample_ring_read(r), 0);
    sample_ring_free(r);
}

/* Any order of puts and takes behaves like a queue of that length. */
static void it_is_a_bounded_queue(void **state)
{
    struct rng rng;

    (void)state;
    rng_seed(&rng, 4);
    for (unsigned round = 0; round < 200; round++) {
        size_t size = (size_t)1 << rng_below(&rng, 6);
        struct sample_ring *r = sample_ring_new(size);
        uint64_t in = 0, out = 0, lost = 0;

        for (unsigned step = 0; step < 300; step++) {
            for (uint64_t k = rng_below(&rng, size + 3); k > 0; k--) {
                put_number(r, in);
                if (in - out < size) {
                    in++;
                } else {
                    lost++;
                }
            }
            take_numbers(r, 1 + rng_below(&rng, size), &out);
            assert_int_equal(sample_ring_written(r), in);
            assert_int_equal(sample_ring_read(r), out);
            assert_int_equal(sample_ring_lost(r), lost);
        }
        sample_ring_free(r);
    }
}

static void a_tap_shows_the_recorders_samples(void **state)
{
    struct metric_registry *registry = metric_registry_new();
    struct tag_pool *pool = tag_pool_new();
    struct recorder *rec = recorder_new(&(struct recorder_config){registry, pool, 0, 0});
    struct sample_ring *r = sample_ring_new(64);
    const struct tagset *tags = tagset_add(pool, tagset_empty(pool), STR("k"), STR("v"));
    struct http_sample round_trip = {.duration = 3 * NS_PER_MS, .failed = HTTP_FAILED_YES};
    const struct ring_sample *s;

    (void)state;
    recorder_set_tap(rec, sample_ring_tap, r);
    recorder_sample(rec, M_ITERATIONS, tags, 2, 5);
    recorder_http(rec, recorder_http_series(rec, tags), &round_trip, 6);
    assert_int_equal(sample_ring_peek(r, 64, &s), 10);
    assert_int_equal(s[0].metric, M_ITERATIONS);
    assert_ptr_equal(s[0].tags, tags);
    assert_true(s[0].value == 2 && s[0].at == 5);
    assert_int_equal(s[1].metric, M_HTTP_REQS);
    assert_int_equal(s[2].metric, M_HTTP_REQ_DURATION);
    assert_true(s[2].value == 3 && s[2].at == 6);
    recorder_free(rec);
    sample_ring_free(r);
    tag_pool_free(pool);
    metric_registry_free(registry);
}

enum {
    N_THREADED = 300000,
};

static void *produce(void *arg)
{
    for (uint64_t i = 0; i < N_THREADED; i++) {
        uint64_t lost = sample_ring_lost(arg);

        put_number(arg, i);
        if (sample_ring_lost(arg) > lost) {
            i--; /* once more: the reader checks that nothing is missing */
            sched_yield();
        }
    }
    return NULL;
}

static void two_threads_see_every_sample_in_order(void **state)
{
    struct sample_ring *r = sample_ring_new(256);
    uint64_t next = 0;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, produce, r), 0);
    while (next < N_THREADED) {
        if (take_numbers(r, 100, &next) == 0)
            sched_yield();
    }
    pthread_join(thread, NULL);
    assert_int_equal(sample_ring_written(r), N_THREADED);
    sample_ring_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_powers_of_two),
        cmocka_unit_test(what_finds_no_room_is_counted_and_the_rest_stays),
        cmocka_unit_test(peeking_takes_nothing),
        cmocka_unit_test(it_is_a_bounded_queue),
        cmocka_unit_test(a_tap_shows_the_recorders_samples),
        cmocka_unit_test(two_threads_see_every_sample_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
