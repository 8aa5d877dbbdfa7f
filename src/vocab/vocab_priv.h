#pragma once
/*
 * What the vocabularies share: the feed they read from, and how they show points. Each is one file
 * vocab_NAME.c, which ends in its table of functions, and its rows, NAME.def.
 */
#include <math.h>

#include "base/arena.h"
#include "metric/label_set.h"
#include "metric/rollup.h"
#include "vocab/vocab.h"

/* Of the numbers that say "lately". */
#define VOCAB_WINDOW ((span_ns)10 * 1000 * 1000 * 1000)

/* Decimals of a fraction of a second in a nanosecond count. */
#define VOCAB_NS_PER_S 1e9

struct vocab_feed {
    struct vocab_options options; /* words are the feed's own, but for `run` */
    struct snapshot *snapshot;
    struct vocab_facts facts; /* of the last tick */
    span_ns tick_span;        /* from the tick before to the last one */
    struct arena arena;
    struct label_set merged; /* of a point and of the options */
    void *selves[VOCAB_COUNT];
    point_fn *fn; /* while points are shown */
    void *fn_arg;
};

/* One vocabulary; open() gives what the others get. */
struct vocab_ops {
    void *(*open)(struct vocab_feed *feed);
    void (*tick)(void *self);
    void (*each)(void *self);
    void (*close)(void *self); /* accepts NULL */
    void (*entries)(vocab_entry_fn *fn, void *arg);
};

extern const struct vocab_ops vocab_brunt_ops, vocab_k6_ops, vocab_loadpilot_ops, vocab_locust_ops,
    vocab_leapwork_ops;

/* A row of a table with fixed names. */
struct vocab_row {
    const char *name; /* behind the prefix */
    enum point_kind kind;
    const char *unit, *labels, *source, *help;
};

/* Makes families of rows; `prefix` stands before each name. For the life of the feed. */
struct point_family *vocab_families(struct vocab_feed *feed, const struct vocab_row *rows, size_t n,
                                    const char *prefix);

/* Shows rows as entries. */
void vocab_rows_show(const struct vocab_row *rows, size_t n, const char *prefix, vocab_entry_fn *fn,
                     void *arg);

/* "counter", "gauge", "histogram". */
const char *vocab_kind_name(enum point_kind kind);

/* ---- showing points; one whose number is not finite, or that has no histogram, is left out ----
 */

struct vocab_labels {
    const struct tag *items; /* sorted by key */
    size_t n;
};

static inline struct vocab_labels vocab_group_labels(const struct rollup_group *g)
{
    return (struct vocab_labels){g->labels, g->n_labels};
}

void vocab_gauge(struct vocab_feed *feed, const struct point_family *family,
                 struct vocab_labels labels, double value, bool fresh);
void vocab_counter(struct vocab_feed *feed, const struct point_family *family,
                   struct vocab_labels labels, double total, double delta, bool fresh);
void vocab_hist(struct vocab_feed *feed, const struct point_family *family,
                struct vocab_labels labels, const struct hist *total, const struct hist *delta,
                double factor);

/* ---- what several of them compute ---- */

/* Seconds that the test has lasted. */
static inline double vocab_seconds(const struct vocab_feed *feed)
{
    return (double)feed->facts.elapsed / VOCAB_NS_PER_S;
}

/* a ÷ b; 0 when b is. */
static inline double vocab_ratio(double a, double b)
{
    return b > 0 ? a / b : 0;
}

/* Requests, their failures, times and bytes: the cells of a rollup of requests. */
enum {
    REQS_COUNT,    /* http_reqs */
    REQS_FAILED,   /* http_req_failed */
    REQS_DURATION, /* http_req_duration */
    REQS_SENT,     /* http_req_data_sent */
    REQS_RECEIVED, /* http_req_data_received */
    REQS_CELLS,
};

/* The cell of a metric of requests; false for other metrics. */
bool vocab_request_cell(const struct metric *metric, uint32_t *ret_cell);

/* The same numbers over all series; `total` or `delta`, which is NULL when not fresh. */
struct vocab_requests {
    double count, failed;
    double sent, received;        /* bytes */
    const struct hist *durations; /* NULL: none */
};

/* A time of such requests: as NaN, which is not shown, where they were counted and nobody told how
 * long they took (a Locust does not). */
static inline double vocab_time(struct vocab_requests r, double value)
{
    bool is_told = r.durations && r.durations->count;

    return r.count > 0 && !is_told ? NAN : value;
}

struct vocab_requests vocab_requests_total(const struct vocab_feed *feed);
struct vocab_requests vocab_requests_delta(const struct vocab_feed *feed);
struct vocab_requests vocab_group_total(const struct rollup_group *g);
struct vocab_requests vocab_group_delta(const struct rollup *r, const struct rollup_group *g);

/* The bucket of the nearest rank, ceil(n·q), by its upper bound and at most max. 0 when empty. */
double vocab_nearest_rank(const struct hist *h, double q);

static inline double vocab_quantile(const struct hist *h, double q)
{
    return h ? hist_quantile(h, q) : 0;
}

static inline double vocab_mean(const struct hist *h)
{
    return h ? hist_mean(h) : 0;
}

static inline double vocab_min(const struct hist *h)
{
    return h && h->count ? h->min : 0;
}

static inline double vocab_max(const struct hist *h)
{
    return h && h->count ? h->max : 0;
}
