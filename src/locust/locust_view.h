#pragma once
/*
 * A run as Locust's statistics would have it: a row for each name and method, the row of everything
 * ("Aggregated"), and the errors. It is fed once a tick from the run's snapshot and kept apart from
 * it, so that it can be emptied (/stats/reset, --reset-stats) while the run's own numbers go on.
 *
 * Where numbers come from: requests are http_reqs, their times http_req_duration, failures the
 * trues of http_req_failed, bytes http_req_data_received, and data_received of what a script has
 * recorded itself; all by their tags `name` and `method`. Bytes are those of the wire, headers
 * included, where Locust counts those of the decoded body.
 *
 * Seconds are whole ones of the Unix clock, as in Locust. A tick's requests are spread evenly over
 * the seconds that it covers, since a tick does not know more. A request's own times ("last") are
 * true to a tick.
 *
 * Quantiles are the run's own, within 0.14 %. With `exact` they are found Locust's way, over
 * times of which two digits are kept.
 *
 * It belongs to the main loop, as the snapshot does.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/str.h"
#include "metric/hist.h"
#include "metric/snapshot.h"

struct window;

enum locust_state {
    LOCUST_READY, /* nothing has begun */
    LOCUST_SPAWNING,
    LOCUST_RUNNING,
    LOCUST_CLEANUP,  /* users end before others begin */
    LOCUST_STOPPING, /* users end */
    LOCUST_STOPPED,
};

/* "ready", "spawning", ... */
const char *locust_state_name(enum locust_state state);

/* Requests and failures of one whole second. */
struct locust_second {
    int64_t second; /* of the Unix clock */
    uint64_t requests, failures;
};

/* One line of the statistics. Strings and histogram live as long as the view, or till its reset. */
struct locust_row {
    struct str name, method; /* of the row of everything: "Aggregated" and "" */
    uint64_t requests;
    uint64_t failures;
    uint64_t untimed;  /* of the requests: nobody told how long they took */
    double bytes;      /* received */
    wall_ns start;     /* of the statistics: the test's, or the reset */
    wall_ns last;      /* of the last request; 0: there was none */
    struct hist times; /* ms; its sum, min and max are exact */

    /* Ascending, without seconds that had no requests: all of them when the view keeps them, else
     * those that a current rate needs. */
    struct locust_second *seconds;
    size_t n_seconds, cap_seconds;

    struct window *recent; /* times of the last 10 s; NULL where nobody wants them */
};

/* One kind of failure. Strings live as long as the view, or till its reset. */
struct locust_error {
    struct str method, name;
    struct str text; /* as Locust shows it: "HTTPError('404 Client Error: ...')" */
    uint64_t occurrences;
    wall_ns first_seen, last_seen;
};

struct locust_view;

struct locust_view_config {
    struct snapshot *snapshot; /* outlives the view's last tick */
    bool exact;                /* counts and quantiles Locust's way */
    bool keep_seconds;         /* all of them, for Locust's JSON; memory grows with the run */
    bool keep_recent;          /* times of the last 10 s of every row, for the full history */
};

/* What is told with a tick. */
struct locust_tick {
    wall_ns started; /* the test; 0: not yet */
    wall_ns now;
    uint64_t users; /* active */
    enum locust_state state;
};

struct locust_view *locust_view_new(const struct locust_view_config *config);
void locust_view_free(struct locust_view *v); /* accepts NULL; the snapshot may be gone */

/* Takes in what the snapshot's last tick added; after each tick. */
void locust_view_tick(struct locust_view *v, const struct locust_tick *tick);

/* Forgets rows and errors and starts over at the last tick's time. Rows and texts are dead. */
void locust_view_reset(struct locust_view *v);

/* The last tick. `state` and `users` may be set by who knows better, until the next one. */
struct locust_tick *locust_view_now(struct locust_view *v);

/* By name, then by method; without the row of everything. Valid until the next tick or reset. */
struct locust_row *const *locust_view_rows(struct locust_view *v, size_t *ret_n);

/* The row of everything; the same as long as the view. */
const struct locust_row *locust_view_total(const struct locust_view *v);

/* In order of their first occurrence. Valid until the next tick or reset. */
struct locust_error *const *locust_view_errors(struct locust_view *v, size_t *ret_n);

/* ---- numbers of a row, the row of everything included ---- */

/*
 * The mean of whole seconds from 12 to 3 before the last request of all, as Locust has it; 0 at the
 * beginning. Requests, and failures.
 */
double locust_current_rps(const struct locust_view *v, const struct locust_row *row);
double locust_current_fail_per_s(const struct locust_view *v, const struct locust_row *row);

/* Requests by the time from the start to the last request of all. */
double locust_total_rps(const struct locust_view *v, const struct locust_row *row);
double locust_total_fail_per_s(const struct locust_view *v, const struct locust_row *row);

/* Failures by requests, 0..1. */
double locust_fail_ratio(const struct locust_row *row);

/* ms; 0 without requests that have a time. `q` is 0..1. */
double locust_mean(const struct locust_row *row);
double locust_min(const struct locust_row *row);
double locust_max(const struct locust_row *row);
double locust_median(const struct locust_view *v, const struct locust_row *row);
double locust_quantile(const struct locust_view *v, const struct locust_row *row, double q);

/* The same over the last 10 s of everything; false: no request had a time. */
bool locust_current_quantile(const struct locust_view *v, double q, double *ret_ms);

/* And of a row, where the view keeps them; false too where it does not. */
bool locust_recent_quantile(const struct locust_view *v, const struct locust_row *row, double q,
                            double *ret_ms);

/* Bytes a request. */
double locust_mean_bytes(const struct locust_row *row);

/*
 * Visits the counts of times as Locust keeps them, each time rounded to two digits, ascending.
 * Untimed requests are in none.
 */
typedef void(locust_time_fn)(void *arg, uint64_t ms, uint64_t n);
void locust_times(const struct locust_row *row, locust_time_fn *fn, void *arg);

/* The same as fine as they are kept, and cut at the smallest and largest; where the view is exact,
 * rounded. */
typedef void(locust_fine_fn)(void *arg, double ms, uint64_t n);
void locust_fine_times(const struct locust_view *v, const struct locust_row *row,
                       locust_fine_fn *fn, void *arg);
