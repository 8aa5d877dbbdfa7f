#pragma once
/*
 * A scenario: which function to run, by how many users, when. Plain data; validated by
 * plan_build().
 */
#include "plan/options.h"

enum plan_executor {
    PLAN_SHARED_ITERATIONS,
    PLAN_PER_VU_ITERATIONS,
    PLAN_CONSTANT_VUS,
    PLAN_RAMPING_VUS,
    PLAN_CONSTANT_ARRIVAL_RATE,
    PLAN_RAMPING_ARRIVAL_RATE,
    PLAN_EXECUTOR_COUNT
};

/* How the arrivals of an open model are spread; the rate over time is the plan's in any case. */
enum plan_arrival {
    PLAN_ARRIVAL_CONSTANT, /* as evenly as whole nanoseconds allow: k6's way */
    PLAN_ARRIVAL_POISSON,  /* by chance, independent of each other */
    PLAN_ARRIVAL_GAMMA,    /* gaps are gamma distributed: in bursts, or more even than by chance */
    PLAN_ARRIVAL_COUNT
};

/* What becomes of an iteration that is due when all users are busy. */
enum plan_when_busy {
    PLAN_BUSY_DROP,  /* never started, counted as dropped: k6's way */
    PLAN_BUSY_QUEUE, /* started as soon as a user is free */
    PLAN_BUSY_COUNT
};

/* Fields of a scenario as they are written; an executor knows some of them (plan/scenario.c). */
enum plan_field {
    PLAN_F_START_TIME,
    PLAN_F_GRACEFUL_STOP,
    PLAN_F_ENV,
    PLAN_F_EXEC,
    PLAN_F_TAGS,
    PLAN_F_OPTIONS,
    PLAN_F_VUS,
    PLAN_F_ITERATIONS,
    PLAN_F_MAX_DURATION,
    PLAN_F_RATE,
    PLAN_F_START_RATE,
    PLAN_F_TIME_UNIT,
    PLAN_F_DURATION,
    PLAN_F_START_VUS,
    PLAN_F_STAGES,
    PLAN_F_GRACEFUL_RAMP_DOWN,
    PLAN_F_PRE_ALLOCATED_VUS,
    PLAN_F_MAX_VUS,
    PLAN_F_ARRIVAL,
    PLAN_F_CV,
    PLAN_F_SEED,
    PLAN_F_WHEN_BUSY,
    PLAN_F_COUNT
};

struct plan_scenario {
    const char *name;
    enum plan_executor executor;
    uint32_t set; /* a bit for each enum plan_field that was written */

    /* of every executor */
    span_ns start_time;
    span_ns graceful_stop;
    const char *exec; /* exported function */
    struct plan_map env;
    struct plan_map tags;
    const char *options; /* JSON text of `options` (browser), ignored; NULL: none */

    /* of some; 0 in the others */
    int64_t vus;               /* shared-iterations, per-vu-iterations, constant-vus */
    int64_t iterations;        /* shared-iterations: in all; per-vu-iterations: each */
    span_ns max_duration;      /* of those two */
    span_ns duration;          /* constant-vus, constant-arrival-rate */
    struct plan_stages stages; /* ramping-* */
    int64_t start_vus;         /* ramping-vus */
    span_ns graceful_ramp_down;
    int64_t rate; /* constant-arrival-rate: iterations each time_unit */
    int64_t start_rate;
    span_ns time_unit;
    int64_t pre_allocated_vus;
    int64_t max_vus;
    const char *arrival_name; /* these four are not k6's; "" when not written */
    double cv;                /* gamma: coefficient of variation of the gaps, > 0 */
    int64_t seed;             /* of random arrivals; the name's hash when not written */
    const char *when_busy_name;

    /*
     * computed; in plan->scenarios, numbers of users and iterations are this execution segment's,
     * stages and rates those of the whole test
     */
    const struct plan_share *users; /* which users of a ramp are ours; NULL: all */
    const struct plan_share *work;  /* which iterations are; NULL: all */
    enum plan_arrival arrival;      /* ..._COUNT: there is none of that name */
    enum plan_when_busy when_busy;  /* the same */
    span_ns regular_duration;       /* no iteration starts later than this after start_time */
    bool open_model;                /* arrival-rate: starts do not wait for the system under test */
};

/* From some moment on, a scenario needs this many users. */
struct plan_step {
    span_ns at; /* since the start of the scenario; rising */
    int64_t vus;
    int64_t unplanned; /* users that may be added on top (arrival rate) */
};

struct plan_steps {
    struct plan_step *items;
    size_t n;
};

/* "constant-vus" … */
const char *plan_executor_name(enum plan_executor e);

/*
 * When users of a ramping-vus scenario start and are asked to stop, one step for each change, from
 * at 0 on. Steps live in the arena.
 */
void plan_ramp_raw(const struct plan_scenario *s, struct arena *arena,
                   struct plan_steps *ret_steps);

/*
 * How many users a scenario may hold at each moment, graceful periods included; ends with a step to
 * 0. For ramping-vus, a user beyond the step's number is interrupted.
 */
void plan_scenario_steps(const struct plan_scenario *s, struct arena *arena,
                         struct plan_steps *ret_steps);

/* From its start to the moment when it holds no more users; start_time not included. */
span_ns plan_scenario_max_duration(const struct plan_scenario *s);

/* Most users that it plans for, and most it may use (arrival rate: maxVUs). */
int64_t plan_scenario_planned_vus(const struct plan_scenario *s);
int64_t plan_scenario_max_vus(const struct plan_scenario *s);

/* "10 looping VUs for 30s (gracefulStop: 30s)" */
void plan_scenario_describe(const struct plan_scenario *s, struct buf *out);
