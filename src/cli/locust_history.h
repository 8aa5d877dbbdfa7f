#pragma once
/*
 * One test of a Locust master in the history of runs: a row, a tick for each answer, what happened.
 * Counts are Locust's. Of times Locust tells quantiles since the start only, and those are kept, in
 * gauges of Locust's names; the run's note says so, and there is no verdict on a generator that is
 * not ours. On the main loop.
 */
#include "bridge/locust_points.h"
#include "store/store.h"

struct locust_history;
struct log;

struct locust_history_options {
    const char *store;    /* NULL: the default file */
    struct str namespace; /* of gauges */
    struct log *log;
};

/* What is known of a test as it begins. Strings are copied. */
struct locust_begin {
    const char *url;   /* of the master */
    struct str label;  /* of the master; n 0: it is the only one */
    struct str script; /* its locustfile; n 0: not known */
    mono_ns at;        /* of its first answer */
    mono_ns before;    /* of the answer before, when there was no test; 0: nobody knows */
    span_ns interval;  /* between answers */
    const struct locust_stats *stats;
};

/* Returns 0 or a fault: no file. */
MUST_USE int locust_history_new(const struct locust_history_options *options,
                                const struct locust_begin *begin,
                                struct locust_history **ret_history);

/* Takes an answer, the first one too; times ascend. `source` has its stats. */
void locust_history_answer(struct locust_history *h, const struct locust_source *source,
                           struct locust_stats *stats, mono_ns at);

/* Something happened at the time of the last answer; `text` is for people. */
void locust_history_event(struct locust_history *h, const char *kind, const char *text);

/*
 * How it ended; `reason` is for people. Appends a line about the test to `ret_line`. Waits until it
 * is written.
 */
void locust_history_end(struct locust_history *h, enum store_state state, const char *reason,
                        struct buf *ret_line);

void locust_history_free(struct locust_history *h); /* accepts NULL */
