/* Instants of answers, to the nanosecond. */
#include "target/target_pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS NS_PER_MS
#define S  NS_PER_S

static void stalls_hold_what_comes_in_them(void **state)
{
    (void)state;
    const struct pace_stalls p = {.origin = 5 * S, .service = 2 * MS, .stall = S, .period = 10 * S};
    static const struct {
        mono_ns arrival, due;
    } rows[] = {
        {5 * S, 5 * S + 2 * MS},           /* a period begins with service */
        {14 * S - 1, 14 * S + 2 * MS - 1}, /* being served when the stall begins */
        {14 * S, 15 * S + 2 * MS},
        {14 * S + 500 * MS, 15 * S + 2 * MS},
        {15 * S - 1, 15 * S + 2 * MS},
        {15 * S, 15 * S + 2 * MS},
        {1000 * 10 * S + 14 * S + 1, 1000 * 10 * S + 15 * S + 2 * MS},
        {4 * S + 1, 5 * S + 2 * MS}, /* before the origin it is the same pattern */
        {4 * S - 1, 4 * S - 1 + 2 * MS},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(pace_stalls_due(&p, rows[i].arrival), rows[i].due);
}

static void without_stalls_it_is_service(void **state)
{
    (void)state;
    const struct pace_stalls never = {.service = 3 * MS};
    const struct pace_stalls of_none = {.service = 3 * MS, .period = S};

    for (mono_ns at = 0; at < 3 * S; at += 7 * MS) {
        assert_int_equal(pace_stalls_due(&never, at), at + 3 * MS);
        assert_int_equal(pace_stalls_due(&of_none, at), at + 3 * MS);
    }
}

static void expect(struct pace_queue *q, mono_ns now, mono_ns want_start, mono_ns want_due)
{
    mono_ns start = -1, due = -1;

    assert_int_equal(pace_queue_take(q, now, &start, &due), 0);
    assert_int_equal(start, want_start);
    assert_int_equal(due, want_due);
}

static void one_server_serves_in_order(void **state)
{
    (void)state;
    struct pace_queue *q = pace_queue_new(5 * MS, 1, 2);
    mono_ns start = -1, due = -1;

    expect(q, 0, 0, 5 * MS);
    expect(q, 1 * MS, 5 * MS, 10 * MS);
    expect(q, 1 * MS, 10 * MS, 15 * MS);
    /* One is served, two wait. */
    assert_int_equal(pace_queue_take(q, 4 * MS, &start, &due), PACE_E_FULL);
    assert_int_equal(start, -1);
    assert_int_equal(due, -1);
    /* The first leaves at 5 ms sharp. */
    expect(q, 5 * MS, 15 * MS, 20 * MS);
    assert_int_equal(pace_queue_take(q, 5 * MS, &start, &due), PACE_E_FULL);
    /* Long after all is over. */
    expect(q, 100 * MS, 100 * MS, 105 * MS);
    pace_queue_free(q);
    pace_queue_free(NULL);
}

static void two_servers_take_turns(void **state)
{
    (void)state;
    struct pace_queue *q = pace_queue_new(10 * MS, 2, 10);

    expect(q, 0, 0, 10 * MS);
    expect(q, 3 * MS, 3 * MS, 13 * MS);
    expect(q, 4 * MS, 10 * MS, 20 * MS);
    expect(q, 4 * MS, 13 * MS, 23 * MS);
    expect(q, 11 * MS, 20 * MS, 30 * MS);
    expect(q, 21 * MS, 23 * MS, 33 * MS);
    expect(q, 31 * MS, 31 * MS, 41 * MS);
    pace_queue_free(q);
}

static void without_room_to_wait_the_busy_refuse(void **state)
{
    (void)state;
    struct pace_queue *q = pace_queue_new(10 * MS, 1, 0);
    mono_ns start, due;

    expect(q, 0, 0, 10 * MS);
    assert_int_equal(pace_queue_take(q, 10 * MS - 1, &start, &due), PACE_E_FULL);
    expect(q, 10 * MS, 10 * MS, 20 * MS);
    pace_queue_free(q);
}

/* Offered twice what they can do, three servers of 4 ms answer 750 a second, exactly. */
static void capacity_is_servers_over_service(void **state)
{
    (void)state;
    struct pace_queue *q = pace_queue_new(4 * MS, 3, 100);
    uint64_t n_answered = 0, n_refused = 0;

    for (uint64_t i = 0; i < 15000; i++) {
        mono_ns now = (mono_ns)i * S / 1500, start, due;

        if (pace_queue_take(q, now, &start, &due)) {
            n_refused++;
            continue;
        }
        assert_true(start >= now);
        /* Who waits has at most a hundred before it, thirty-four rounds of three. */
        assert_true(start - now <= 34 * 4 * MS);
        n_answered += due <= 10 * S;
    }
    assert_in_range(n_answered, 7497, 7500);
    assert_in_range(n_refused, 7390, 7400);
    pace_queue_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stalls_hold_what_comes_in_them),
        cmocka_unit_test(without_stalls_it_is_service),
        cmocka_unit_test(one_server_serves_in_order),
        cmocka_unit_test(two_servers_take_turns),
        cmocka_unit_test(without_room_to_wait_the_busy_refuse),
        cmocka_unit_test(capacity_is_servers_over_service),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
