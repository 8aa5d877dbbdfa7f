#pragma once
/*
 * A stored run on a terminal: what it was, the summary that was printed at its end, charts over
 * time, the slowest requests, what was captured and what happened.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "report/summary.h"

struct report;
struct report_timeline;

struct report_show_style {
    size_t columns; /* of the terminal; 0: 80 */
    bool plain;     /* charts of ASCII signs */
    bool color;
    enum summary_mode mode;
};

/* What the run was: its name, how it ended, script, time, labels. */
void report_show_header(const struct report *r, const struct report_show_style *style,
                        struct buf *out);

/*
 * The text summary as it was at the end of the run, made again from stored totals: the same bytes,
 * if the run had neither --quiet nor --corrected.
 */
void report_show_summary(const struct report *r, const struct report_show_style *style,
                         struct buf *out);

/* The generator's verdict and the outputs' accounts, as below that summary. */
void report_show_verdict(const struct report *r, const struct report_show_style *style,
                         struct buf *out);
void report_show_outputs(const struct report *r, const struct report_show_style *style,
                         struct buf *out);

void report_show_charts(const struct report_timeline *t, const struct report_show_style *style,
                        struct buf *out);

/* The slowest endpoints, errors, exceptions, captured exchanges and events; each only when there
 * are any. */
void report_show_lists(const struct report *r, const struct report_show_style *style,
                       struct buf *out);
