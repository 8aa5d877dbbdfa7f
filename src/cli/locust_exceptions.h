#pragma once
/* A run's exceptions as Locust shows them: a copy, which may outlive the run. */
#include <stddef.h>

#include "base/arena.h"
#include "locust/locust_csv.h"

struct run;

/* Zeroed: none. */
struct locust_exceptions {
    struct arena arena;
    struct locust_exception *items;
    size_t n;
};

/* Copies what there is; what was there before is gone. On the run's main loop. */
void locust_exceptions_read(struct run *run, struct locust_exceptions *e);
void locust_exceptions_fini(struct locust_exceptions *e);
