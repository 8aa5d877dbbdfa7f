#pragma once
/*
 * The end of a test, as text for people and as JSON for scripts and machines. Made once from the
 * last snapshot; everything given must outlive it. Nothing here reads a clock or writes to a file.
 */
#include <stdbool.h>

#include "base/buf.h"
#include "base/clock.h"
#include "metric/snapshot.h"
#include "metric/threshold.h"
#include "plan/options.h"
#include "report/exception_text.h"

/* Who decides when an iteration starts. */
enum summary_model {
    SUMMARY_MODEL_UNKNOWN, /* says nothing of it */
    SUMMARY_MODEL_CLOSED,  /* users, when they are done with the one before */
    SUMMARY_MODEL_OPEN,    /* a timetable, in one scenario at least */
};

/* What the summary is made of; borrowed. */
struct summary_input {
    const struct snapshot *snapshot;
    const struct thresholds *thresholds; /* NULL: none */
    const struct plan_options *options;  /* trend columns, time unit */
    span_ns duration;                    /* of the test, setup and teardown included */
    bool stdout_is_tty;                  /* state.isStdOutTTY of the data */
    bool stderr_is_tty;
    const char *setup_data; /* JSON text; NULL: setup() gave none */
    struct str script;      /* its source, for the machine-readable form */
    wall_ns generated_at;   /* for the machine-readable form */
    enum summary_model model;
    bool quiet;                 /* no notes that explain */
    bool corrected;             /* show what a closed model may have hidden */
    span_ns corrected_interval; /* between starts, for that; 0: the median of what was measured */
    struct str generator;       /* what it says of itself, as JSON; empty: nothing */
    struct str outputs;         /* their accounts, as JSON; empty: there are none */
    struct exception_list exceptions;
};

enum summary_mode {
    SUMMARY_COMPACT, /* totals */
    SUMMARY_FULL,    /* and groups and scenarios, with more metrics */
};

enum summary_color {
    SUMMARY_PLAIN,
    SUMMARY_COLORED
};

struct summary;

struct summary *summary_new(const struct summary_input *in);
void summary_free(struct summary *s);
void summary_freep(struct summary **s);

/* Appends the text, with the empty lines around it: the default for standard output. */
void summary_text(const struct summary *s, enum summary_mode mode, enum summary_color color,
                  struct buf *out);

/* Appends what handleSummary() takes, on one line. */
void summary_data(const struct summary *s, struct buf *out);

/* Appends the form of --new-machine-readable-summary; `indent` 0 for one line. */
void summary_machine(const struct summary *s, enum summary_mode mode, int indent, struct buf *out);

/* Appends the form of --summary-export, indented by four. */
void summary_export(const struct summary *s, struct buf *out);
