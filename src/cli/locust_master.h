#pragma once
/*
 * One Locust master: it is asked (cli/locust_poll.h), its tests are kept in the history, and what
 * it counted is told to outputs. On the main loop.
 */
#include "cli/locust_history.h"
#include "cli/locust_poll.h"

struct locust_master;

struct locust_master_config {
    struct locust_poll_config poll;        /* `asked` and `arg` are the master's own */
    struct locust_history_options history; /* of its tests */
    bool keeps_history;
    bool quiet; /* no line on standard output for a test that ended */

    /* After each question, when all that follows from it is done. Or NULL. */
    void (*asked)(void *arg);
    void *arg;
};

/* Starts asking; strings outlive the master. Returns 0 or FAULT_EXIT(104): an URL that can't be. */
MUST_USE int locust_master_new(const struct locust_master_config *config,
                               struct locust_master **ret_master);

/* What is known now; borrowed until the loop goes on. */
void locust_master_source(const struct locust_master *m, mono_ns now,
                          struct locust_source *ret_source);

/* Has the rows of the last answer tell what was added since this was called last. */
void locust_master_count(struct locust_master *m);

/* How many questions were asked. */
uint64_t locust_master_asked(const struct locust_master *m);

/* With `once`: suspends until the question has been answered, or not. */
void locust_master_wait(struct locust_master *m);

/* Ends asking, and the test that is under way; on a coroutine. What was told last stays known. */
void locust_master_stop(struct locust_master *m);

/* Stops, and frees. Accepts NULL. */
void locust_master_free(struct locust_master *m);
