/*
 * Scenarios: the table of their fields and of their executors, defaults, and the words in which
 * they are described before a test.
 */
#include "plan/scenario.h"

#include <inttypes.h>
#include <string.h>

#include "base/duration.h"
#include "plan/options_priv.h"
#include "plan/share.h"

#define ROW(ID, json, TYPE, member) \
    [PLAN_F_##ID] = {json, PLAN_TYPE_##TYPE, offsetof(struct plan_scenario, member)}

const struct plan_field_row plan_field_rows[PLAN_F_COUNT] = {
    ROW(START_TIME, "startTime", DURATION, start_time),
    ROW(GRACEFUL_STOP, "gracefulStop", DURATION, graceful_stop),
    ROW(ENV, "env", MAP, env),
    ROW(EXEC, "exec", STRING, exec),
    ROW(TAGS, "tags", MAP, tags),
    ROW(OPTIONS, "options", ANY, options),
    ROW(VUS, "vus", INT, vus),
    ROW(ITERATIONS, "iterations", INT, iterations),
    ROW(MAX_DURATION, "maxDuration", DURATION, max_duration),
    ROW(RATE, "rate", INT, rate),
    ROW(START_RATE, "startRate", INT, start_rate),
    ROW(TIME_UNIT, "timeUnit", DURATION, time_unit),
    ROW(DURATION, "duration", DURATION, duration),
    ROW(START_VUS, "startVUs", INT, start_vus),
    ROW(STAGES, "stages", STAGES, stages),
    ROW(GRACEFUL_RAMP_DOWN, "gracefulRampDown", DURATION, graceful_ramp_down),
    ROW(PRE_ALLOCATED_VUS, "preAllocatedVUs", INT, pre_allocated_vus),
    ROW(MAX_VUS, "maxVUs", INT, max_vus),
    ROW(ARRIVAL, "arrival", STRING, arrival_name),
    ROW(CV, "cv", NUMBER, cv),
    ROW(SEED, "seed", INT, seed),
    ROW(WHEN_BUSY, "whenBusy", STRING, when_busy_name),
};

#define F(ID) (1U << PLAN_F_##ID)

static const uint32_t base_fields =
    F(START_TIME) | F(GRACEFUL_STOP) | F(ENV) | F(EXEC) | F(TAGS) | F(OPTIONS);

static const uint32_t open_fields =
    F(TIME_UNIT) | F(PRE_ALLOCATED_VUS) | F(MAX_VUS) | F(ARRIVAL) | F(CV) | F(SEED) | F(WHEN_BUSY);

static const char *const arrivals[PLAN_ARRIVAL_COUNT] = {
    [PLAN_ARRIVAL_CONSTANT] = "constant",
    [PLAN_ARRIVAL_POISSON] = "poisson",
    [PLAN_ARRIVAL_GAMMA] = "gamma",
};

static const char *const when_busy[PLAN_BUSY_COUNT] = {
    [PLAN_BUSY_DROP] = "drop",
    [PLAN_BUSY_QUEUE] = "queue",
};

static const struct executor {
    const char *name;
    uint32_t fields;
    bool open_model;
    struct plan_scenario defaults; /* what differs from zero, beyond the base */
} executors[PLAN_EXECUTOR_COUNT] = {
    [PLAN_SHARED_ITERATIONS] = {"shared-iterations",
                                F(VUS) | F(ITERATIONS) | F(MAX_DURATION),
                                false,
                                {.vus = 1, .iterations = 1, .max_duration = 600 * NS_PER_S}},
    [PLAN_PER_VU_ITERATIONS] = {"per-vu-iterations",
                                F(VUS) | F(ITERATIONS) | F(MAX_DURATION),
                                false,
                                {.vus = 1, .iterations = 1, .max_duration = 600 * NS_PER_S}},
    [PLAN_CONSTANT_VUS] = {"constant-vus", F(VUS) | F(DURATION), false, {.vus = 1}},
    [PLAN_RAMPING_VUS] = {"ramping-vus",
                          F(START_VUS) | F(STAGES) | F(GRACEFUL_RAMP_DOWN),
                          false,
                          {.start_vus = 1, .graceful_ramp_down = 30 * NS_PER_S}},
    [PLAN_CONSTANT_ARRIVAL_RATE] = {"constant-arrival-rate",
                                    F(RATE) | F(DURATION),
                                    true,
                                    {.time_unit = NS_PER_S, .cv = 2}},
    [PLAN_RAMPING_ARRIVAL_RATE] = {"ramping-arrival-rate",
                                   F(START_RATE) | F(STAGES),
                                   true,
                                   {.time_unit = NS_PER_S, .cv = 2}},
};

const char *plan_executor_name(enum plan_executor e)
{
    return executors[e].name;
}

enum plan_executor plan_executor_find(struct str name)
{
    enum plan_executor e = 0;

    while (e < PLAN_EXECUTOR_COUNT && !str_is(name, executors[e].name))
        e++;
    return e;
}

bool plan_executor_has(enum plan_executor e, enum plan_field field)
{
    uint32_t fields = base_fields | executors[e].fields;

    return (fields | (executors[e].open_model ? open_fields : 0)) >> field & 1;
}

void plan_scenario_init(struct plan_scenario *s, const char *name, enum plan_executor e)
{
    *s = executors[e].defaults;
    s->name = name;
    s->executor = e;
    s->open_model = executors[e].open_model;
    s->graceful_stop = 30 * NS_PER_S;
    s->exec = "default";
    s->arrival_name = "";
    s->when_busy_name = "";
}

/* The index of the name; 0 of none. */
static int find_name(const char *const *names, int n, const char *name)
{
    int i = 0;

    while (*name && i < n && strcmp(names[i], name) != 0)
        i++;
    return i;
}

static span_ns sum_of_stages(const struct plan_stages *stages)
{
    span_ns sum = 0;

    /* Too long a test is reported by plan_scenario_check. */
    for (size_t i = 0; i < stages->n; i++) {
        if (__builtin_add_overflow(sum, stages->items[i].duration, &sum))
            return INT64_MAX;
    }
    return sum;
}

void plan_scenario_finish(struct plan_scenario *s)
{
    if (s->open_model && !plan_scenario_has(s, PLAN_F_MAX_VUS))
        s->max_vus = s->pre_allocated_vus;
    s->arrival = find_name(arrivals, PLAN_ARRIVAL_COUNT, s->arrival_name);
    s->when_busy = find_name(when_busy, PLAN_BUSY_COUNT, s->when_busy_name);
    /* The same test has the same arrivals, and two scenarios of one test have not. */
    if (!plan_scenario_has(s, PLAN_F_SEED))
        s->seed = (int64_t)(hash_bytes(s->name, strlen(s->name), 0) & INT32_MAX);
    if (plan_executor_has(s->executor, PLAN_F_STAGES)) {
        s->regular_duration = sum_of_stages(&s->stages);
    } else if (plan_executor_has(s->executor, PLAN_F_MAX_DURATION)) {
        s->regular_duration = s->max_duration;
    } else {
        s->regular_duration = s->duration;
    }
}

/* --- description --- */

static int64_t highest_target(const struct plan_scenario *s, int64_t start)
{
    int64_t highest = start;

    for (size_t i = 0; i < s->stages.n; i++) {
        if (s->stages.items[i].target > highest)
            highest = s->stages.items[i].target;
    }
    return highest;
}

/* Iterations a second that are ours, from a rate for each time unit. */
static double per_second(const struct plan_scenario *s, int64_t rate)
{
    const struct plan_share *w = s->work;
    double part = w ? (double)w->n_own / (double)w->cycle : 1;

    return part * (double)rate * (double)NS_PER_S / (double)s->time_unit;
}

static void put_duration(struct buf *out, const char *before, span_ns span)
{
    char text[DURATION_TEXT_BYTES];

    buf_printf(out, "%s%s", before, duration_format(span, text));
}

static void put_extra(struct buf *extras, const char *name, span_ns span)
{
    buf_puts(extras, extras->len ? ", " : "");
    buf_puts(extras, name);
    put_duration(extras, ": ", span);
}

static void put_max_vus(const struct plan_scenario *s, struct buf *extras)
{
    buf_printf(extras, "maxVUs: %" PRId64, s->pre_allocated_vus);
    if (s->max_vus > s->pre_allocated_vus)
        buf_printf(extras, "-%" PRId64, s->max_vus);
    if (s->arrival != PLAN_ARRIVAL_CONSTANT)
        buf_printf(extras, ", arrival: %s", arrivals[s->arrival]);
    if (s->when_busy != PLAN_BUSY_DROP)
        buf_printf(extras, ", whenBusy: %s", when_busy[s->when_busy]);
}

/* What the executor does, and extras of its own. */
static void describe_work(const struct plan_scenario *s, struct buf *out, struct buf *extras)
{
    char text[DURATION_TEXT_BYTES];
    const char *span = duration_format(s->regular_duration, text);

    /* Of the whole test: */
    int64_t most = plan_share_of(s->users, highest_target(s, s->start_vus));

    switch (s->executor) {
    case PLAN_SHARED_ITERATIONS:
        buf_printf(out, "%" PRId64 " iterations shared among %" PRId64 " VUs", s->iterations,
                   s->vus);
        put_extra(extras, "maxDuration", s->max_duration);
        return;
    case PLAN_PER_VU_ITERATIONS:
        buf_printf(out, "%" PRId64 " iterations for each of %" PRId64 " VUs", s->iterations,
                   s->vus);
        put_extra(extras, "maxDuration", s->max_duration);
        return;
    case PLAN_CONSTANT_VUS:
        buf_printf(out, "%" PRId64 " looping VUs for %s", s->vus, span);
        return;
    case PLAN_RAMPING_VUS:
        buf_printf(out, "Up to %" PRId64 " looping VUs for %s over %zu stages", most, span,
                   s->stages.n);
        if (s->graceful_ramp_down > 0)
            put_extra(extras, "gracefulRampDown", s->graceful_ramp_down);
        return;
    case PLAN_CONSTANT_ARRIVAL_RATE:
        buf_printf(out, "%.2f iterations/s for %s", per_second(s, s->rate), span);
        put_max_vus(s, extras);
        return;
    case PLAN_RAMPING_ARRIVAL_RATE:
        buf_printf(out, "Up to %.2f iterations/s for %s over %zu stages",
                   per_second(s, highest_target(s, s->start_rate)), span, s->stages.n);
        put_max_vus(s, extras);
        return;
    case PLAN_EXECUTOR_COUNT:
        break;
    }
}

void plan_scenario_describe(const struct plan_scenario *s, struct buf *out)
{
    struct buf extras = {0};

    describe_work(s, out, &extras);
    if (plan_scenario_has(s, PLAN_F_EXEC))
        buf_printf(&extras, "%sexec: %s", extras.len ? ", " : "", s->exec);
    if (s->start_time > 0)
        put_extra(&extras, "startTime", s->start_time);
    if (s->graceful_stop > 0)
        put_extra(&extras, "gracefulStop", s->graceful_stop);
    if (extras.len) {
        buf_puts(out, " (");
        buf_putstr(out, buf_str(&extras));
        buf_putc(out, ')');
    }
    buf_fini(&extras);
}
