/* One function per phase; what was seen is noted when nothing turns any more. */
#include "bridge/locust_course.h"

#include "bridge/locust_tally.h"

/* "ready" is what a master is before its first test, and never after one. */
static bool is_fresh(const struct locust_stats *s)
{
    return str_is(s->state, "ready");
}

static bool has_stopped(const struct locust_stats *s)
{
    return is_fresh(s) || str_is(s->state, "stopped") || str_is(s->state, "missing");
}

/* Each test begins with new counts: fewer of them than before are of another test. */
static bool had_another_test(const struct locust_course *c, const struct locust_stats *s)
{
    double requests = locust_requests(s);

    return c->has_answered && requests > 0 && (c->requests == 0 || requests < c->requests);
}

static enum locust_turn while_idle(struct locust_course *c, const struct locust_stats *s)
{
    if (!s || (!locust_is_running(s->state) && !had_another_test(c, s)))
        return LOCUST_TURN_NONE;
    c->phase = LOCUST_PHASE_RUNNING;
    c->requests = locust_requests(s);
    return LOCUST_TURN_BEGAN;
}

static enum locust_turn end(struct locust_course *c, enum locust_turn turn)
{
    c->phase = LOCUST_PHASE_IDLE;
    return turn;
}

static enum locust_turn while_running(struct locust_course *c, const struct locust_stats *s,
                                      mono_ns now)
{
    if (!s)
        return now - c->answered > c->patience ? end(c, LOCUST_TURN_AWAY) : LOCUST_TURN_NONE;
    if (is_fresh(s) && locust_requests(s) < c->requests)
        return end(c, LOCUST_TURN_RESTARTED);
    if (!has_stopped(s))
        return LOCUST_TURN_NONE;
    c->stopped_at = now;
    if (!s->is_distributed) {
        c->requests = locust_requests(s);
        return end(c, LOCUST_TURN_ENDED);
    }
    c->phase = LOCUST_PHASE_SETTLING;
    return LOCUST_TURN_NONE;
}

static enum locust_turn while_settling(struct locust_course *c, const struct locust_stats *s,
                                       mono_ns now)
{
    if (s && (!has_stopped(s) || locust_requests(s) < c->requests)) {
        /* The counts of the new test are not compared with those of the old one. */
        c->requests = 0;
        return end(c, LOCUST_TURN_OVERTAKEN);
    }
    if (now - c->stopped_at < LOCUST_SETTLE)
        return LOCUST_TURN_NONE;
    if (s)
        c->requests = locust_requests(s);
    return end(c, LOCUST_TURN_ENDED);
}

enum locust_turn locust_course_step(struct locust_course *c, const struct locust_stats *stats,
                                    mono_ns now)
{
    enum locust_turn turn = LOCUST_TURN_NONE;

    switch (c->phase) {
    case LOCUST_PHASE_IDLE:
        turn = while_idle(c, stats);
        break;
    case LOCUST_PHASE_RUNNING:
        turn = while_running(c, stats, now);
        break;
    case LOCUST_PHASE_SETTLING:
        turn = while_settling(c, stats, now);
        break;
    }
    if (turn == LOCUST_TURN_NONE && stats) {
        c->has_answered = true;
        c->answered = now;
        c->requests = locust_requests(stats);
    }
    return turn;
}
