#pragma once
/* What a search shows: a line for each probe, the table at the end, the same as JSON. */
#include <stddef.h>

#include "base/buf.h"
#include "cli/find_probe.h"
#include "run/search.h"

/* All that is known of a search, for whoever writes it down. */
struct find_report {
    const char *test; /* script or URL */
    const char *slo;  /* as given */
    const struct objectives *objectives;
    const struct find_probe *probes; /* in order; as many as the search has, with its phases */
    const struct search_probe *steps;
    size_t n;
    struct search_result result;
    struct search_config config;
    span_ns warmup, length;
};

/* The heading of the lines below, with its newline. */
void find_report_head(const struct objectives *set, struct buf *out);

/* One probe: what for, rate, completed, latency, each objective's value, verdict, reason. */
void find_report_line(const struct objectives *set, const struct find_probe *p,
                      enum search_phase phase, struct buf *out);

/* The answer in words, then the rates in rising order, all probes of one together. */
void find_report_text(const struct find_report *r, struct buf *out);

/* One object; fields are described in docs/find.md. */
void find_report_json(const struct find_report *r, struct buf *out);
