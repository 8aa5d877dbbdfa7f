#pragma once
/*
 * Asks one Locust master for its statistics, again and again, on a coroutine of the main loop. What
 * it said last is given out until it is too old: a master that has gone away is seen to be away,
 * and its last numbers are not taken for the present.
 */
#include "base/clock.h"
#include "base/err.h"
#include "bridge/locust_points.h"

struct locust_poll;
struct log;
struct loop;

struct locust_poll_config {
    struct loop *loop;
    struct log *log;
    const char *url;           /* "http://host:8089" or below a path */
    const char *label;         /* of its points; "": none */
    const char *authorization; /* value of the header; NULL: none */
    span_ns interval;          /* between two questions */
    span_ns timeout;           /* of one */
    bool once;                 /* ask one question only */
};

/* Starts asking. Returns 0 or FAULT_EXIT(104): an URL that can't be. */
MUST_USE int locust_poll_new(const struct locust_poll_config *config,
                             struct locust_poll **ret_poll);

/* What is known now; borrowed until the loop goes on. */
void locust_poll_source(const struct locust_poll *p, mono_ns now, struct locust_source *ret_source);

/* With `once`: suspends until the question has been answered, or not. */
void locust_poll_wait(struct locust_poll *p);

/* Ends asking; on a coroutine, which waits for an exchange under way. Accepts NULL. */
void locust_poll_free(struct locust_poll *p);
