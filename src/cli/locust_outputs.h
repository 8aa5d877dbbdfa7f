#pragma once
/*
 * The outputs of a bridge (-o): what Locust masters tell, carried on as the measurements of a run
 * would be. The vocabulary locust is spoken by the bridge itself; the others name what our metrics
 * have of it. On the main loop.
 */
#include "base/buf.h"
#include "base/opt.h"
#include "bridge/locust_points.h"

struct log;
struct loop;
struct locust_outputs;

struct locust_outputs_config {
    struct loop *loop;
    struct log *log;
    const struct opt_list *specs; /* NAME[=ARG][?key=value...] */
    const char *vocab;            /* NULL: locust */
    const char *spool_dir;        /* NULL: the default; "off": none */
    uint64_t spool_bytes;
    struct str namespace; /* of the vocabulary locust */
    bool exact;
    bool quiet;
    span_ns patience; /* at the end */

    /* What is known now of all masters, at most `max`; gives how many. */
    size_t (*sources)(void *arg, struct locust_source *ret_sources, size_t max);
    void *arg;
};

/* *ret_outputs is NULL when there are none. Returns 0, or a fault with FAULT_EXIT(104). */
MUST_USE int locust_outputs_new(const struct locust_outputs_config *config,
                                struct locust_outputs **ret_outputs);

/* All further calls accept NULL, and do nothing then. */

/* Begins delivering, and serves the one that is asked. Returns 0 or a fault. */
MUST_USE int locust_outputs_open(struct locust_outputs *o);

/* Takes what is known now. Rows have to tell what was added (locust_master_count). */
void locust_outputs_tick(struct locust_outputs *o);

/*
 * On a coroutine: the last tick, and then waits until everything is delivered, the time for that is
 * over, or *hurry. Shows what became of the points. Returns 0, or 115 when an output is incomplete.
 */
int locust_outputs_finish(struct locust_outputs *o, const bool *hurry);

/* Stops serving; before the loop goes. */
void locust_outputs_close(struct locust_outputs *o);

/* After it. */
void locust_outputs_free(struct locust_outputs *o);
