#pragma once
/*
 * Asks one Locust master for its statistics, again and again, on a coroutine of the main loop. What
 * it said last is given out until it is too old: a master that has gone away is seen to be away,
 * and its last numbers are not taken for the present.
 */
#include "base/clock.h"
#include "base/err.h"
#include "bridge/locust_points.h"

struct buf;
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

    /* On the coroutine that asks, after each question, answered or not; may suspend. Or NULL. */
    void (*asked)(void *arg);
    void *arg;
};

/* Starts asking. Returns 0 or FAULT_EXIT(104): an URL that can't be. */
MUST_USE int locust_poll_new(const struct locust_poll_config *config,
                             struct locust_poll **ret_poll);

/* What is known now; borrowed until the loop goes on. */
void locust_poll_source(const struct locust_poll *p, mono_ns now, struct locust_source *ret_source);

/* The last answer itself, or NULL when the last question had none. The same; rows may be written
 * to.
 */
struct locust_stats *locust_poll_stats(const struct locust_poll *p);

/* Why the last question had no answer; "" when it had one. */
const char *locust_poll_trouble(const struct locust_poll *p);

/* Reads the master's page into `ret_html`, on its coroutine. Returns 0 or a fault. */
MUST_USE int locust_poll_page(const struct locust_poll *p, struct buf *ret_html);

/* With `once`: suspends until the question has been answered, or not. */
void locust_poll_wait(struct locust_poll *p);

/* Ends asking; on a coroutine, which waits for an exchange under way. */
void locust_poll_stop(struct locust_poll *p);

/* Stops, and frees. Accepts NULL. */
void locust_poll_free(struct locust_poll *p);
