#pragma once
/* The command line of `brunt find`: the options of a test but those that say how much load there
 * is, and those of the search. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/opt.h"
#include "cli/loadtest.h"
#include "run/search.h"

struct objectives;

struct find_options {
    struct loadtest test; /* first: loadtest_open() is given the whole */
    struct opt_list slo;
    double start_rate, max_rate, precision_percent;
    int64_t confirmations, max_probes;
    int64_t max_vus; /* 0: not given */
    const char *warmup_text, *length_text, *drain_text;
    const char *scenario; /* NULL: the only one */
    const char *json;     /* NULL: none */

    /* read from those by find_options_read() */
    struct buf slo_text;
    struct objectives *objectives;
    struct search_config search;
    span_ns warmup, length, drain;
};

/* Static; made at the first call. */
const struct opt_table *find_options_table(void);

/* Defaults, before the command line is read. */
void find_options_init(struct find_options *o);

/* Judges what was read. Returns 0 or a fault. */
MUST_USE int find_options_read(struct find_options *o);

/* Closes the test as well. */
void find_options_fini(struct find_options *o);
