#pragma once
/*
 * What a run is compared by: the figures of measured.def, each with how sure it is from how it
 * varied over the run (compare/resample.h). Of a stored run, or of a snapshot that came from
 * elsewhere and says nothing of time.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/table.h"
#include "compare/judge.h"
#include "compare/resample.h"
#include "report/doc_entries.h"
#include "store/store.h"

/* A row of measured.def. */
struct measured_kind {
    enum doc_by by;
    const char *metric;
    const char *stat_text;
    struct stat_name stat;
    enum better better;
    double prior_sd;
    bool judged;
};

const struct measured_kind *measured_kinds(size_t *ret_n);

/* One figure of a run. */
struct measured_row {
    const struct measured_kind *kind;
    const struct doc_entry *entry;
    double value;      /* in the metric's unit; a share 0..1 */
    uint64_t samples;  /* it is made of */
    double cut;        /* a percentile: the bucket's bound that its samples are counted up to */
    size_t first_step; /* of its steps in `measured.steps` */
    struct resample within;
    struct figure figure;       /* for relative changes */
    struct share_figure shares; /* for shares */
    double design_effect;
};

enum measured_parts {
    MEASURED_TOTALS, /* values alone: cheap */
    MEASURED_WITHIN, /* and how sure they are; reads every tick */
};

struct measured {
    struct metric_registry *registry; /* NULL: others own the snapshot */
    struct snapshot *snapshot;
    struct doc_entries *entries;
    double seconds; /* of the test */
    double vus_max; /* 0: not known */
    struct measured_row *rows;
    size_t n_rows, cap_rows;
    struct table by_key; /* to rows */
    bool has_within;
};

/*
 * Reads a stored run. `confidence` is of intervals. Returns 0 or a fault, one for a run that is not
 * there.
 */
MUST_USE int measured_load(struct store *store, int64_t key, enum measured_parts parts,
                           double confidence, struct measured **ret_measured);

/* Of a snapshot that outlives it, after a test of so many seconds. */
struct measured *measured_of_snapshot(struct snapshot *snapshot, double seconds, double confidence);

void measured_free(struct measured *m); /* accepts NULL */
void measured_freep(struct measured **m);

/* The same figure of another run, or NULL. */
struct measured_row *measured_find(const struct measured *m, const struct measured_row *like);

/* The variance of the figure's logarithm that comes from what varied within the run. */
double measured_within(const struct measured_row *row);
