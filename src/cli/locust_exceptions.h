#pragma once
/* A run's exceptions as Locust shows them: a copy, which may outlive the run. */
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "locust/locust_csv.h"

struct run;

/* Zeroed: none. */
struct locust_exceptions {
    struct arena arena;
    struct locust_exception *items;
    size_t n;
    uint64_t version; /* the run's, when they were copied */
};

/* Copies what there is, unless it has been. `e` is of one run only. On the run's main loop. */
void locust_exceptions_read(struct run *run, struct locust_exceptions *e);
void locust_exceptions_fini(struct locust_exceptions *e);
