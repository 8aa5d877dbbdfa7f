#pragma once
/*
 * What a measurement is called elsewhere. A vocabulary is a table (vocab/NAME.def): each row maps
 * one of our metrics to one name, kind, unit and set of labels of another world, whose dashboards
 * then read a run of ours. Several may be on at once.
 *
 *   brunt       our own: base units, _seconds, _total, histograms
 *   k6          the names of k6's remote-write output
 *   loadpilot   LoadPilot's coordinator, per task too
 *   locust      the Locust exporters' names
 *   leapwork    Leapwork Performance's Grafana catalogue
 *
 * Some rows narrow or group a metric: they need sums by a few tags instead of all. Those are kept
 * in a `vocab_feed`, which takes in each tick what the tick added; so a look costs what is there,
 * not what there ever was. A feed belongs to the run thread, as the snapshot does.
 *
 *   vocab_feed_tick(feed, facts);      after snapshot_tick_end()
 *   vocab_feed_each(feed, fn, arg);    any number of times until the next tick
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "metric/exception_book.h"
#include "metric/load_steps.h"
#include "metric/metric.h"
#include "metric/snapshot.h"
#include "vocab/point.h"

enum vocab_id {
    VOCAB_BRUNT,
    VOCAB_K6,
    VOCAB_LOADPILOT,
    VOCAB_LOCUST,
    VOCAB_LEAPWORK,
    VOCAB_COUNT,
};

/* "brunt" ... */
const char *vocab_name(enum vocab_id id);

/* The vocabularies of a comma-separated list as bits 1 << enum vocab_id. Returns 0 or
 * FAULT_EXIT(104), whose text names what there is. */
MUST_USE int vocab_parse(struct str list, uint32_t *ret_vocabs);

/* Where the load profile stands. */
enum vocab_phase {
    VOCAB_PHASE_WAITING,
    VOCAB_PHASE_RAMP_UP,
    VOCAB_PHASE_STEADY,
    VOCAB_PHASE_RAMP_DOWN,
    VOCAB_PHASE_DONE,
};

enum {
    VOCAB_PARTS_MAX = 64, /* scenarios that are told apart */
};

/* One scenario. */
struct vocab_part {
    struct str scenario; /* the tag's value */
    uint64_t vus;        /* active */
    bool running;
};

/* What is to be told of a run beside its metrics. Strings are borrowed for the feed's life. */
struct vocab_facts {
    wall_ns started; /* of the test; 0: not yet */
    wall_ns now;     /* the wall time of the tick */
    span_ns elapsed;
    double target_rate; /* iterations a second that are due now, over all scenarios; < 0: no rate */
    uint64_t vus;       /* active */
    uint64_t vus_max;   /* initialised */
    uint64_t in_flight; /* HTTP requests */
    unsigned n_loops;
    enum vocab_phase phase;
    struct vocab_part parts[VOCAB_PARTS_MAX];
    size_t n_parts;
    const struct exception *const *exceptions; /* so far; valid until the next tick */
    size_t n_exceptions;
    struct load_knee knee; /* of a load in steps; n_steps 0: it is none, or is not over */
};

/* Who and what a run is, for the Leapwork catalogue's base tags; empty strings are left out. */
struct vocab_run {
    struct str run_id, run_name;
    struct str run_status; /* may change from tick to tick: "running", then a terminal one */
    struct str company_id, company_name, project_id, project_name;
    struct str timeline_asset_id, timeline_name; /* name: the script's */
    struct str geo_location;
    struct str namespace; /* of metrics: "lp.run_results"; n 0: that */
    struct str scenario;  /* as a file of results calls the test; n 0: run_name */
    struct str target;    /* the same, of where it went; n 0: where most requests went */
    const struct tag *default_tags;
    size_t n_default_tags;
};

/*
 * Points of one vocabulary by somebody who knows them better than our metrics do: a bridge to the
 * tool whose names they are. They come in place of those that the vocabulary would make.
 */
struct vocab_given {
    enum vocab_id vocab;
    /* Shows what is true now; `prefix` and `exact` are those of the options. */
    void (*each)(void *arg, struct str prefix, bool exact, point_fn *fn, void *fn_arg);
    void *arg;
};

struct vocab_options {
    uint32_t vocabs;
    const struct vocab_given *given; /* outlives the feed; NULL: all are made of our metrics */
    bool exact;                      /* the originals' way, where it is wrong too */
    bool native_histograms;          /* k6: histograms named _seconds instead of trend stats */
    struct str trend_stats;          /* k6: "p(99),avg"; n 0: "p(99)" */
    struct str prefix;  /* k6: before names; n 0: "k6_". locust: the namespace; n 0: "locust" */
    bool task_is_group; /* loadpilot's `task`: the group, else the name of the request */
    const struct vocab_run *run;
    const struct tag *labels; /* put on every point beside its own (run tags are there already) */
    size_t n_labels;
};

struct vocab_feed;

/* Returns 0 or FAULT_EXIT(104): trend stats that cannot be read. The snapshot outlives the feed. */
MUST_USE int vocab_feed_new(const struct vocab_options *options, struct snapshot *snapshot,
                            struct vocab_feed **ret_feed);
void vocab_feed_free(struct vocab_feed *feed);

/* Takes in what the last tick added. */
void vocab_feed_tick(struct vocab_feed *feed, const struct vocab_facts *facts);

/* Shows every point as of the last tick: families in the table's order, then by label values. */
void vocab_feed_each(struct vocab_feed *feed, point_fn *fn, void *arg);

/* ---- the tables themselves, for `brunt metrics` and the docs ---- */

/* One row as people read it. */
struct vocab_entry {
    const char *name;   /* "k6_<metric>_total" where a row stands for many */
    const char *type;   /* "counter", "gauge", "histogram" */
    const char *unit;   /* "" for plain numbers */
    const char *labels; /* "method, name"; "all tags" */
    const char *help;   /* what it means */
    const char *source; /* our metric, or what it is computed from */
};

typedef void(vocab_entry_fn)(void *arg, const struct vocab_entry *e);

void vocab_entries(enum vocab_id id, vocab_entry_fn *fn, void *arg);

/* Which counter of a rate. */
enum vocab_counter_of {
    VOCAB_HITS,
    VOCAB_SAMPLES,
};

/*
 * Appends the name of a metric in the vocabulary brunt, "brunt_http_reqs_total"; `part` counts for
 * rates only. Where two metrics of a script come to the same name, a run numbers the second; this
 * gives the name without number.
 */
void vocab_brunt_name(const struct metric *metric, enum vocab_counter_of part, struct buf *out);
