#pragma once
/*
 * When a master's test begins and how it ends, from what it answers. A master is asked every now
 * and then, so some of it is deduced: a test that came and went between two questions is seen by
 * its counts, and a master that stays away for long has taken its test with it.
 *
 * With workers, a stopped test goes on for a moment: they report every three seconds, and their
 * last report comes after the stop.
 */
#include "base/clock.h"
#include "bridge/locust_stats.h"

/* How long workers may still report after the stop. */
#define LOCUST_SETTLE (4 * NS_PER_S)

enum locust_turn {
    LOCUST_TURN_NONE,      /* it stays as it is */
    LOCUST_TURN_BEGAN,     /* a test; the answer is its first */
    LOCUST_TURN_ENDED,     /* it was stopped, and the answer has its last counts */
    LOCUST_TURN_OVERTAKEN, /* it was stopped, and the answer is of another already */
    LOCUST_TURN_RESTARTED, /* Locust was, in the middle of it */
    LOCUST_TURN_AWAY,      /* nobody answers any more */
};

enum locust_phase {
    LOCUST_PHASE_IDLE,
    LOCUST_PHASE_RUNNING,
    LOCUST_PHASE_SETTLING, /* stopped, late reports are waited for */
};

struct locust_course {
    span_ns patience; /* how long a master may be away in the middle of a test */

    /* Its own. */
    enum locust_phase phase;
    bool has_answered;
    double requests;    /* of the last answer */
    mono_ns answered;   /* its time */
    mono_ns stopped_at; /* when the stop was seen */
};

/*
 * Takes what is known at a time: an answer, or NULL when there was none. To be called with the same
 * again until it returns LOCUST_TURN_NONE.
 */
enum locust_turn locust_course_step(struct locust_course *c, const struct locust_stats *stats,
                                    mono_ns now);
