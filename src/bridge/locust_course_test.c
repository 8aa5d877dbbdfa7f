#include "bridge/locust_course.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "bridge/locust_testing.h"

enum {
    ALONE = -1,
};

/* A letter for each turn. */
static char letter_of(enum locust_turn turn)
{
    static const char letters[] = {
        [LOCUST_TURN_NONE] = '.',      [LOCUST_TURN_BEGAN] = 'b',     [LOCUST_TURN_ENDED] = 'e',
        [LOCUST_TURN_OVERTAKEN] = 'o', [LOCUST_TURN_RESTARTED] = 'r', [LOCUST_TURN_AWAY] = 'a',
    };

    return letters[turn];
}

/* One question a second; NULL as state: no answer. Says all turns of it. */
struct said {
    const char *state;
    int requests;
    const char *turns;
};

static void play(const struct said *said, int workers)
{
    struct locust_course c = {.patience = 5 * NS_PER_S};

    for (int second = 1; said->turns; said++, second++) {
        struct locust_stats *s =
            said->state ? answer_of((struct made){
                              .state = said->state, .home = said->requests, .workers = workers})
                        : NULL;
        struct buf got = {0};
        enum locust_turn turn;

        do {
            turn = locust_course_step(&c, s, second * NS_PER_S);
            if (turn != LOCUST_TURN_NONE)
                buf_putc(&got, letter_of(turn));
        } while (turn != LOCUST_TURN_NONE);
        assert_string_equal(buf_cstr(&got), said->turns);
        buf_fini(&got);
        locust_stats_free(s);
    }
}

static void test_a_test(void **state UNUSED)
{
    play((const struct said[]){{"ready", 0, ""},
                               {"spawning", 1, "b"},
                               {"running", 10, ""},
                               {"stopping", 12, ""},
                               {"stopped", 12, "e"},
                               {"stopped", 12, ""},
                               {"running", 3, "b"},
                               {"stopped", 5, "e"},
                               {0}},
         ALONE);
}

static void test_one_that_was_under_way(void **state UNUSED)
{
    play((const struct said[]){{"running", 500, "b"}, {"stopped", 510, "e"}, {0}}, ALONE);
    play((const struct said[]){{"stopped", 500, ""}, {"stopped", 500, ""}, {0}}, ALONE);
}

static void test_one_between_two_questions(void **state UNUSED)
{
    play(
        (const struct said[]){
            {"ready", 0, ""}, {"stopped", 9, "be"}, {"stopped", 9, ""}, {"stopped", 4, "be"}, {0}},
        ALONE);
}

static void test_a_reset_is_no_end(void **state UNUSED)
{
    play((const struct said[]){{"running", 50, "b"},
                               {"running", 2, ""},
                               {"stopped", 9, "e"},
                               {"stopped", 0, ""}, /* reset after it */
                               {0}},
         ALONE);
}

static void test_workers_report_late(void **state UNUSED)
{
    play((const struct said[]){{"running", 50, "b"},
                               {"stopped", 60, ""},
                               {"stopped", 65, ""},
                               {"stopped", 70, ""},
                               {"stopped", 70, ""},
                               {"stopped", 70, "e"},
                               {"stopped", 75, ""},
                               {0}},
         2);
    play((const struct said[]){{"running", 50, "b"},
                               {"stopped", 60, ""},
                               {"running", 3, "ob"},
                               {"running", 5, ""},
                               {0}},
         2);
}

static void test_away_for_a_moment_and_for_good(void **state UNUSED)
{
    play((const struct said[]){{"running", 50, "b"},
                               {NULL, 0, ""},
                               {NULL, 0, ""},
                               {"running", 80, ""},
                               {NULL, 0, ""},
                               {NULL, 0, ""},
                               {NULL, 0, ""},
                               {NULL, 0, ""},
                               {NULL, 0, ""},
                               {NULL, 0, "a"},
                               {NULL, 0, ""},
                               {"running", 90, "b"},
                               {0}},
         ALONE);
}

static void test_a_restart_in_the_middle(void **state UNUSED)
{
    play(
        (const struct said[]){
            {"running", 50, "b"}, {"ready", 0, "r"}, {"spawning", 1, "b"}, {"running", 3, ""}, {0}},
        ALONE);
}

static void test_away_while_it_settles(void **state UNUSED)
{
    play((const struct said[]){{"running", 50, "b"},
                               {"stopped", 60, ""},
                               {NULL, 0, ""},
                               {NULL, 0, ""},
                               {NULL, 0, ""},
                               {NULL, 0, "e"},
                               {0}},
         1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_test),
        cmocka_unit_test(test_one_that_was_under_way),
        cmocka_unit_test(test_one_between_two_questions),
        cmocka_unit_test(test_a_reset_is_no_end),
        cmocka_unit_test(test_workers_report_late),
        cmocka_unit_test(test_away_for_a_moment_and_for_good),
        cmocka_unit_test(test_a_restart_in_the_middle),
        cmocka_unit_test(test_away_while_it_settles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
