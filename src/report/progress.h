#pragma once
/*
 * What is shown while a test runs, as text in a buffer: the description before it, the lines that
 * are drawn again and again on a terminal, and single lines for pipes and logs. Pure functions: who
 * calls them reads the clock, asks for the terminal's width and moves the cursor.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "plan/plan.h"

enum progress_state {
    PROGRESS_WAITING,     /* for its start time */
    PROGRESS_RUNNING,     /* iterations start */
    PROGRESS_STOPPING,    /* none start any more, some are still running */
    PROGRESS_DONE,        /* all it had to do was done */
    PROGRESS_INTERRUPTED, /* it ended with something undone */
};

struct progress_scenario {
    const struct plan_scenario *plan;
    enum progress_state state;
    int64_t vus;         /* active now */
    int64_t vus_max;     /* that it has, or may have at this time */
    span_ns elapsed;     /* since its start; while waiting, the time until then */
    uint64_t iterations; /* completed */
    double rate;         /* of the arrival-rate executors: iterations a second now */
};

struct progress_view {
    const char *phase; /* "running", "setup", "teardown" … */
    span_ns elapsed;   /* of the test */
    span_ns total;     /* longest it may take: decides how wide times are printed */
    int64_t vus;
    int64_t vus_max;
    uint64_t complete;
    uint64_t interrupted;
    uint64_t dropped;      /* due, and never started; said only when there are any */
    double requests_per_s; /* lately; negative: no request was made, so nothing is said of them */
    double p95_ms;         /* of response times, lately */
    double failed;         /* share of requests, lately */
    const char *doubt;     /* why the generator doubts its numbers so far; NULL: it does not */
    bool is_invalid;       /* it does more than doubt */
    const struct progress_scenario *scenarios;
    size_t n_scenarios;
};

struct progress_style {
    size_t columns; /* of the terminal; no line gets longer. 0: as long as they come */
    bool color;
    bool redraw; /* lines end with the code that clears the rest of a line */
};

/* Name and version, what is run, where results go, and every scenario in words. */
void progress_banner(const struct plan *plan, const char *script,
                     const struct plan_strings *outputs, const struct progress_style *style,
                     struct buf *out);

/*
 * The lines of a moment, each with its end of line. Returns how many there are, so that the next
 * can be drawn over them.
 */
size_t progress_block(const struct progress_view *v, const struct progress_style *style,
                      struct buf *out);

/* The same moment in one line, for what is no terminal; always plain. */
void progress_line(const struct progress_view *v, struct buf *out);

/*
 * A span with a digit of the second, as wide as `longest` will get: "3.4s", "03.4s", "1m03.4s",
 * "00m03.4s". Used so that nothing moves while time passes.
 */
void progress_time(struct buf *out, span_ns span, span_ns longest);
