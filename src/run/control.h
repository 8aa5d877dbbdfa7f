#pragma once
/*
 * Changing a run while it runs: pausing it, resuming it, giving a scenario more or fewer users. On
 * the main loop, all of it; users hear of it by a message to their loop. Each change that was made
 * is an event, kept with the run.
 *
 * What a change returns is 0 or a fault whose text is for whoever asked: -EINVAL a value that can't
 * be, -ENOENT no such scenario, -EBUSY not at this stage, -ENOTSUP not with this executor.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

struct run;

enum {
    RUN_VUS_LIMIT = 1000000,  /* users that a scenario can be scaled to */
    RUN_RATE_LIMIT = 1000000, /* iterations a second, the same */
    RUN_EVENTS_LIMIT = 10000, /* kept; what comes later is logged only */
};

enum run_event_kind {
    RUN_EVENT_PAUSE,
    RUN_EVENT_RESUME,
    RUN_EVENT_STOP,
    RUN_EVENT_SCALE_VUS,
    RUN_EVENT_SCALE_RATE,
    RUN_EVENT_SETUP_DATA,
};

/* "pause", "scale-vus" … */
const char *run_event_name(enum run_event_kind kind);

struct run_event {
    wall_ns at;
    span_ns elapsed; /* of the test; 0 before it began */
    enum run_event_kind kind;
    const char *by;       /* who asked: "api", a signal's name … */
    const char *scenario; /* that was scaled, else NULL */
    double from, to;      /* users, or iterations a second; 0 for the others */
};

/* All so far, oldest first; valid until the next change. Strings live as long as the run. */
const struct run_event *run_events(const struct run *run, size_t *ret_n);

bool run_is_paused(const struct run *run);

/*
 * While a run is paused no iteration starts; those that run go on to their end. Its clock goes on
 * as well: scenarios end when they would have. A run that was configured to start paused waits
 * before setup(), and its clock has not begun.
 */
MUST_USE int run_pause(struct run *run, struct str by);
MUST_USE int run_resume(struct run *run, struct str by);

/*
 * Makes a scenario of looping users (constant-vus, ramping-vus) have n of them from now on, 0 to
 * RUN_VUS_LIMIT; a ramp ends there. Users too many finish what they are doing. `scenario` may be
 * empty when there is only one that can be scaled.
 */
MUST_USE int run_scale_vus(struct run *run, struct str scenario, uint64_t n, struct str by);

/*
 * The same, and slowly: per_s users a second come or go, the first of them at once, until there are
 * n. Any other scaling of the run's users ends it. One event, that of the beginning.
 */
MUST_USE int run_ramp_vus(struct run *run, struct str scenario, uint64_t n, double per_s,
                          struct str by);

/* The same for the iterations that an arrival-rate scenario starts each second. */
MUST_USE int run_scale_rate(struct run *run, struct str scenario, double per_s, struct str by);

/*
 * Replaces what setup() gave to users, as JSON text (empty: nothing); before scenarios start only,
 * which in practice is while the run waits paused. A setup() of the script's replaces it again.
 */
MUST_USE int run_put_setup_data(struct run *run, struct str json, struct str by);
