#include "plan/share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/random.h"
#include "plan/options_priv.h"
#include "plan/schedule.h"

enum {
    MAX_SEGMENTS = 12
};

/* All segments of a sequence such as "0,1/4,1". */
struct segments {
    struct arena arena;
    struct plan_sequence sequence;
    const struct plan_share *shares[MAX_SEGMENTS];
    size_t n;
};

static void split(struct segments *s, const char *sequence)
{
    *s = (struct segments){0};
    assert_int_equal(plan_sequence_parse(str_of(sequence), &s->arena, &s->sequence), 0);
    s->n = s->sequence.n - 1;
    for (size_t i = 0; i < s->n; i++) {
        struct plan_segment segment = {s->sequence.borders[i], s->sequence.borders[i + 1]};

        assert_int_equal(plan_share_new(&s->arena, &segment, &s->sequence, &s->shares[i]), 0);
    }
}

static void check_numbers(const struct plan_share *share, const char *expected)
{
    char text[256] = "";

    for (uint64_t i = 0; strlen(text) < strlen(expected); i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%llu", i ? " " : "",
                 (unsigned long long)plan_share_nth(share, i));
    assert_string_equal(text, expected);
}

/* By hand from the rule: of 1/4, 1/4, 1/2 the half chooses first. */
static void deals_as_k6_does(void **state)
{
    struct segments s;

    (void)state;
    split(&s, "0,1/4,1/2,1");
    check_numbers(s.shares[2], "0 2 4 6 8");
    check_numbers(s.shares[0], "1 5 9 13");
    check_numbers(s.shares[1], "3 7 11 15");
    arena_fini(&s.arena);
    split(&s, "0,1/3,2/3,1");
    check_numbers(s.shares[0], "0 3 6");
    check_numbers(s.shares[1], "1 4 7");
    check_numbers(s.shares[2], "2 5 8");
    arena_fini(&s.arena);
    /* 1/2, 1/3, 1/6: six things a round. */
    split(&s, "0,1/2,5/6,1");
    check_numbers(s.shares[0], "0 2 4 6 8 10");
    check_numbers(s.shares[1], "1 3 7 9");
    check_numbers(s.shares[2], "5 11 17");
    arena_fini(&s.arena);
}

/* Each of the first n things has exactly one owner, and counts and numbers agree. */
static void check_partition(const struct plan_share *const *shares, size_t n_segments, int64_t n)
{
    uint64_t next[MAX_SEGMENTS] = {0};
    int64_t sum = 0;

    for (uint64_t thing = 0; thing < (uint64_t)n; thing++) {
        size_t n_owners = 0;

        for (size_t i = 0; i < n_segments; i++) {
            if (!shares[i] || plan_share_nth(shares[i], next[i]) != thing)
                continue;
            next[i]++;
            n_owners++;
        }
        assert_int_equal(n_owners, 1);
    }
    for (size_t i = 0; i < n_segments; i++) {
        if (!shares[i])
            continue;
        assert_int_equal(plan_share_of(shares[i], n), next[i]);
        sum += plan_share_of(shares[i], n);
    }
    assert_int_equal(sum, n);
}

static void everything_has_one_owner(void **state)
{
    static const char *const sequences[] = {
        "0,1/2,1",       "0,1/3,2/3,1",         "0,0.1,0.5,0.75,1",
        "0,1%,2%,50%,1", "0,1/7,2/7,3/7,5/6,1", "0,1/4,1/3,1/2,2/3,3/4,1"};
    struct segments s;

    (void)state;
    for (size_t i = 0; i < countof(sequences); i++) {
        split(&s, sequences[i]);
        for (int64_t n = 0; n < 400; n += 13)
            check_partition(s.shares, s.n, n);
        arena_fini(&s.arena);
    }
}

/* Shares of work follow the users that each segment has; one without users has no work. */
static void work_follows_users(void **state)
{
    struct segments s;

    (void)state;
    split(&s, "0,1/10,5/10,1");
    for (int64_t users = 1; users < 40; users++) {
        const struct plan_share *work[MAX_SEGMENTS];

        for (size_t i = 0; i < s.n; i++) {
            work[i] = plan_share_by_users(&s.arena, s.shares[i], users);
            assert_int_equal(work[i] != NULL, plan_share_of(s.shares[i], users) > 0);
            /* As many things as users: each has as many as it has users. */
            if (work[i])
                assert_int_equal(plan_share_of(work[i], users), plan_share_of(s.shares[i], users));
        }
        check_partition(work, s.n, 1000);
    }
    arena_fini(&s.arena);
}

/* Together the segments fire the whole timetable, each iteration at its own instant. */
static void arrivals_are_dealt_out(void **state)
{
    struct segments s;
    struct plan_stage stages[] = {{.duration = 3 * NS_PER_S, .target = 70},
                                  {.duration = 2 * NS_PER_S, .target = 0}};
    struct plan_scenario plan = {.executor = PLAN_RAMPING_ARRIVAL_RATE,
                                 .start_rate = 10,
                                 .time_unit = NS_PER_S,
                                 .cv = 2,
                                 .stages = {.items = stages, .n = 2}};

    (void)state;
    split(&s, "0,1/4,1/2,1");
    for (int random = 0; random < 2; random++) {
        plan.arrival = random ? PLAN_ARRIVAL_GAMMA : PLAN_ARRIVAL_CONSTANT;
        plan.work = NULL;
        const struct schedule *whole = schedule_new(&plan, &s.arena);
        struct schedule_cursor all = schedule_cursor(whole, 0, 1), part[MAX_SEGMENTS];
        uint64_t index, n = 0;
        span_ns due, ours, by = 0;
        double rate = 0;

        for (size_t i = 0; i < s.n; i++) {
            plan.work = s.shares[i];
            part[i] = schedule_cursor(schedule_new(&plan, &s.arena), 0, 1);
            rate += schedule_rate(part[i].schedule, NS_PER_S);
        }
        assert_true(rate > 0.999 * schedule_rate(whole, NS_PER_S) && rate < 30.001);
        for (; schedule_next(&all, &index, &due); n++) {
            size_t owner = 0;

            while (plan_share_nth(s.shares[owner], part[owner].next) != n)
                owner++;
            assert_true(schedule_next(&part[owner], &index, &ours));
            assert_int_equal(ours, due);
            by = due;
        }
        assert_true(n > 100);
        uint64_t counted = 0;

        for (size_t i = 0; i < s.n; i++) {
            assert_false(schedule_next(&part[i], &index, &due));
            counted += schedule_count(part[i].schedule, by);
        }
        assert_int_equal(counted, n);
    }
    arena_fini(&s.arena);
}

static void check_fault(const char *segment, const char *sequence, const char *words)
{
    struct arena arena = {0};
    struct plan_segment s;
    struct plan_sequence q = {0};
    const struct plan_share *share;

    assert_int_equal(plan_segment_parse(str_of(segment), &s), 0);
    if (*sequence)
        assert_int_equal(plan_sequence_parse(str_of(sequence), &arena, &q), 0);
    assert_true(plan_share_new(&arena, &s, &q, &share) < 0);
    assert_non_null(strstr(fault_text(), words));
    fault_clear();
    arena_fini(&arena);
}

static void what_cannot_be_dealt_is_said(void **state)
{
    struct arena arena = {0};
    struct plan_segment whole;
    const struct plan_share *share;

    (void)state;
    check_fault("1/8:1/4", "0,1/4,1", "1/8:1/4 is not one of the execution segment sequence");
    check_fault("0:0.123457", "", "no common denominator");
    assert_int_equal(plan_segment_parse(STR("0:1"), &whole), 0);
    assert_int_equal(plan_share_new(&arena, &whole, &(struct plan_sequence){0}, &share), 0);
    assert_null(share);
    assert_int_equal(plan_share_of(NULL, 7), 7);
    assert_int_equal(plan_share_nth(NULL, 7), 7);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deals_as_k6_does),
        cmocka_unit_test(everything_has_one_owner),
        cmocka_unit_test(work_follows_users),
        cmocka_unit_test(arrivals_are_dealt_out),
        cmocka_unit_test(what_cannot_be_dealt_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
