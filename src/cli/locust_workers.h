#pragma once
/* The worker processes of a run as Locust's web API shows them. On the run's main loop. */
#include <stddef.h>

#include "base/clock.h"
#include "web/web_locust.h"

enum {
    LOCUST_WORKERS_MAX = 1024, /* that are shown */
};

struct run;
struct run_workers;

/* Zeroed: none. */
struct locust_workers {
    struct web_locust_worker *items;
    size_t n;
    struct locust_worker_past *past; /* of each */
};

/* What they do now; the processor's share is that since the last call. */
void locust_workers_read(struct locust_workers *w, const struct run *run,
                         const struct run_workers *workers, const char *state);
void locust_workers_fini(struct locust_workers *w);
