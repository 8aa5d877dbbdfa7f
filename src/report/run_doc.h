#pragma once
/*
 * The run document: a run as JSON for the page, the HTML report and programs, the format
 * "brunt-run" (docs/reference/run-document.md). It is made from the store, thinned to so many steps
 * that a run of any length fits; percentiles of a step are of merged histograms, not of averages.
 *
 * What it shows are entries: a metric, whole or by some tags (endpoint, status, scenario, check …),
 * with totals and points. While a test runs, `run_frames` makes of each tick a frame with the same
 * entries, so that the page goes on where the document ended.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "metric/snapshot.h"
#include "store/store.h"

#define RUN_DOC_FORMAT "brunt-run"

enum {
    RUN_DOC_VERSION = 1,
    RUN_DOC_STEPS_DEFAULT = 600,
    RUN_DOC_STEPS_LEAST = 60,     /* that a run of many entries has all the same */
    RUN_DOC_NUMBERS_MAX = 250000, /* in all points together; five bytes each, or about */
    RUN_DOC_BYTES_MAX = 1 << 30,
};

struct run_doc_options {
    size_t max_steps; /* 0: RUN_DOC_STEPS_DEFAULT */
    int indent;       /* spaces; 0: one line */
    bool exchanges;   /* with their HAR entries, as a report needs them */
    bool script;      /* with the script's text */
};

/* Appends the document of a stored run. Returns 0, STORE_E_NONE or a fault. */
MUST_USE int run_doc_put(struct store *store, int64_t key, const struct run_doc_options *options,
                         struct buf *out);

/* Appends the "run" object alone, as lists have it, without script text and options. */
void run_doc_put_run(const struct store_run *run, struct buf *out);

/* ---- live ---- */

/* What only the process that runs a test knows of it. Zeroed memory says nothing. */
struct run_doc_live {
    const char *stage; /* "init", "setup", "scenarios", "teardown", "over"; NULL: not live */
    bool paused;
    bool controllable; /* whoever reads this may change the test */
};

/* The same with what is live of it: the answer of /api/live. */
void run_doc_put_live_run(const struct store_run *run, const struct run_doc_live *live,
                          struct buf *out);

struct run_frames;

/* Entries over the snapshot of a running test, which outlives it. On its thread. */
struct run_frames *run_frames_new(struct snapshot *snapshot, mono_ns epoch);
void run_frames_free(struct run_frames *f); /* accepts NULL */

/* What frames say of the process, from now on; copied. */
void run_frames_live(struct run_frames *f, const struct run_doc_live *live);

/* Has an event told by the frame of the next tick; copied. */
void run_frames_event(struct run_frames *f, const struct store_event *e);

/* After snapshot_tick_end(), each tick: takes in what it added, whether anybody looks or not. */
void run_frames_tick(struct run_frames *f);

/*
 * Appends the frame of the last tick, one line of JSON; as often as is liked. `run` is its "run"
 * member, of which the parts go that change while a test runs: its state, and the texts that are
 * not empty.
 */
void run_frames_put(struct run_frames *f, const struct store_run *run, struct buf *out);

/* Appends what a page needs that has just come: {"seq", "metrics", "add"}, with all entries. */
void run_frames_put_entries(struct run_frames *f, struct buf *out);
