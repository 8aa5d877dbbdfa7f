/* What may be wrong with a scenario. All problems are found, not only the first. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/duration.h"
#include "plan/options_priv.h"

/* More users, or iterations for each time unit, than anybody can mean. */
#define TARGET_MAX INT64_C(100000000)

/* Changes of the number of users in one scenario: each is a step of the schedule in memory. */
#define CHANGES_MAX INT64_C(10000000)

/* Coefficients of variation beyond these are as good as none, or as nothing at all for hours. */
#define CV_MIN 0.01
#define CV_MAX 10.0

/* About 31 years, so that sums of a few such times stay within 64 bits. */
#define SPAN_MAX (INT64_C(1000000000) * NS_PER_S)

static void problem(struct buf *out, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void problem(struct buf *out, const char *fmt, ...)
{
    va_list args;

    if (out->len)
        ignored(buf_add(out, ", ", 2));
    va_start(args, fmt);
    ignored(buf_vprintf(out, fmt, args));
    va_end(args);
}

static void check_name(const char *name, struct buf *out)
{
    for (const char *p = name; *p; p++) {
        if (!ascii_digit(*p) && (ascii_lower(*p) < 'a' || ascii_lower(*p) > 'z') && *p != '_' &&
            *p != '-')
            goto bad;
    }
    if (*name)
        return;
bad:
    problem(out, "the scenario name should contain only numbers, latin letters, underscores, and "
                 "dashes");
}

static void check_span(const char *what, span_ns span, struct buf *out)
{
    if (span > SPAN_MAX)
        problem(out, "the %s is too long", what);
}

static void check_base(const struct plan_scenario *s, struct buf *out)
{
    check_name(s->name, out);
    if (!*s->exec)
        problem(out, "exec value cannot be empty");
    if (s->start_time < 0)
        problem(out, "the startTime can't be negative");
    if (s->graceful_stop < 0)
        problem(out, "the gracefulStop timeout can't be negative");
    check_span("startTime", s->start_time, out);
    check_span("gracefulStop timeout", s->graceful_stop, out);
    check_span("duration", s->regular_duration, out);
}

static void check_least_second(const char *what, span_ns span, struct buf *out)
{
    char text[DURATION_TEXT_BYTES];

    if (span < NS_PER_S)
        problem(out, "the %s must be at least 1s, but is %s", what, duration_format(span, text));
}

static void check_duration(const struct plan_scenario *s, struct buf *out)
{
    if (!plan_scenario_has(s, PLAN_F_DURATION)) {
        problem(out, "the duration is unspecified");
    } else {
        check_least_second("duration", s->duration, out);
    }
}

static void check_vus(const struct plan_scenario *s, struct buf *out)
{
    if (s->vus <= 0)
        problem(out, "the number of VUs must be more than 0");
    if (s->vus > TARGET_MAX)
        problem(out, "the number of VUs exceeds max limit of %" PRId64, TARGET_MAX);
}

static void check_iterations(const struct plan_scenario *s, struct buf *out)
{
    check_vus(s, out);
    if (s->executor == PLAN_SHARED_ITERATIONS && s->iterations < s->vus) {
        problem(out,
                "the number of iterations (%" PRId64 ") can't be less than the number of VUs "
                "(%" PRId64 ")",
                s->iterations, s->vus);
    }
    if (s->executor == PLAN_PER_VU_ITERATIONS && s->iterations <= 0)
        problem(out, "the number of iterations must be more than 0");
    check_least_second("maxDuration", s->max_duration, out);
}

static void check_stage(const struct plan_stage *stage, size_t number, struct buf *out)
{
    if (!stage->has_duration) {
        problem(out, "stage %zu doesn't have a duration", number);
    } else if (stage->duration < 0) {
        problem(out, "the duration for stage %zu can't be negative", number);
    }
    if (!stage->has_target) {
        problem(out, "stage %zu doesn't have a target", number);
    } else if (stage->target < 0) {
        problem(out, "the target for stage %zu can't be negative", number);
    } else if (stage->target > TARGET_MAX) {
        problem(out, "target for stage %zu exceeds max limit of %" PRId64, number, TARGET_MAX);
    }
}

static void check_stages(const struct plan_scenario *s, struct buf *out)
{
    if (!s->stages.n)
        problem(out, "at least one stage has to be specified");
    for (size_t i = 0; i < s->stages.n; i++)
        check_stage(&s->stages.items[i], i + 1, out);
}

/* The schedule of a ramp is a list of all changes; one that does not fit was a slip of the hand. */
static void check_changes(const struct plan_scenario *s, struct buf *out)
{
    int64_t changes = 0;
    int64_t from = s->start_vus;

    for (size_t i = 0; i < s->stages.n; i++) {
        int64_t to = s->stages.items[i].target;

        changes += to > from ? to - from : from - to;
        from = to;
        if (changes > CHANGES_MAX) {
            problem(out, "the stages start and stop more than %" PRId64 " VUs", CHANGES_MAX);
            return;
        }
    }
}

static void check_ramp(const struct plan_scenario *s, struct buf *out)
{
    int64_t highest = s->start_vus;
    size_t before = out->len;

    if (s->start_vus < 0)
        problem(out, "the number of start VUs can't be negative");
    if (s->start_vus > TARGET_MAX)
        problem(out, "the number of start VUs exceeds max limit of %" PRId64, TARGET_MAX);
    check_stages(s, out);
    for (size_t i = 0; i < s->stages.n; i++) {
        if (s->stages.items[i].target > highest)
            highest = s->stages.items[i].target;
    }
    if (s->stages.n && highest == 0)
        problem(out, "either startVUs or one of the stages' target values must be greater than 0");
    if (s->graceful_ramp_down < 0)
        problem(out, "the gracefulRampDown timeout can't be negative");
    check_span("gracefulRampDown timeout", s->graceful_ramp_down, out);
    if (out->len == before)
        check_changes(s, out);
}

/* Rate and time unit of either arrival-rate executor. */
static void check_rate(const struct plan_scenario *s, struct buf *out)
{
    bool constant = s->executor == PLAN_CONSTANT_ARRIVAL_RATE;

    if (constant && !plan_scenario_has(s, PLAN_F_RATE))
        problem(out, "the iteration rate isn't specified");
    if (plan_scenario_has(s, PLAN_F_RATE) && s->rate <= 0)
        problem(out, "the iteration rate must be more than 0");
    /* Times are whole nanoseconds. */
    if (s->time_unit > 0 && s->rate > s->time_unit)
        problem(out, "the iteration rate can't be more than one in each nanosecond");
    if (!constant && s->start_rate < 0)
        problem(out, "the startRate value can't be negative");
    if (s->time_unit <= 0)
        problem(out, "the timeUnit must be more than 0");
}

/* What k6 does not have. */
static void check_arrivals(const struct plan_scenario *s, struct buf *out)
{
    if (s->arrival == PLAN_ARRIVAL_COUNT) {
        problem(out, "arrival is 'constant', 'poisson' or 'gamma', not '%s'", s->arrival_name);
    } else if (plan_scenario_has(s, PLAN_F_CV) && s->arrival != PLAN_ARRIVAL_GAMMA) {
        problem(out, "cv belongs to arrival: 'gamma'");
    }
    if (!(s->cv >= CV_MIN && s->cv <= CV_MAX))
        problem(out, "cv must be from %g to %g", CV_MIN, CV_MAX);
    if (s->when_busy == PLAN_BUSY_COUNT)
        problem(out, "whenBusy is 'drop' or 'queue', not '%s'", s->when_busy_name);
}

static void check_allocation(const struct plan_scenario *s, struct buf *out)
{
    if (!plan_scenario_has(s, PLAN_F_PRE_ALLOCATED_VUS)) {
        problem(out, "the number of preAllocatedVUs isn't specified");
    } else if (s->pre_allocated_vus < 0) {
        problem(out, "the number of preAllocatedVUs can't be negative");
    }
    if (s->max_vus < s->pre_allocated_vus)
        problem(out, "maxVUs can't be less than preAllocatedVUs");
    if (s->max_vus > TARGET_MAX)
        problem(out, "maxVUs exceeds max limit of %" PRId64, TARGET_MAX);
}

void plan_scenario_check(const struct plan_scenario *s, struct buf *out)
{
    check_base(s, out);
    switch (s->executor) {
    case PLAN_SHARED_ITERATIONS:
    case PLAN_PER_VU_ITERATIONS:
        check_iterations(s, out);
        break;
    case PLAN_CONSTANT_VUS:
        check_vus(s, out);
        check_duration(s, out);
        break;
    case PLAN_RAMPING_VUS:
        check_ramp(s, out);
        break;
    case PLAN_CONSTANT_ARRIVAL_RATE:
        check_rate(s, out);
        check_duration(s, out);
        check_allocation(s, out);
        check_arrivals(s, out);
        break;
    case PLAN_RAMPING_ARRIVAL_RATE:
        check_rate(s, out);
        check_stages(s, out);
        check_allocation(s, out);
        check_arrivals(s, out);
        break;
    case PLAN_EXECUTOR_COUNT:
        break;
    }
}
