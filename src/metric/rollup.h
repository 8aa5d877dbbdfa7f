#pragma once
/*
 * Metrics grouped by some of their tags, kept up from tick to tick: what each tick added is added
 * to its group, so a tick costs what it touched. Where each of its series belongs is found once,
 * when it is new.
 *
 * A group has a family (a number of the caller's, 0 where one is enough), labels, and cells: one
 * value a cell, since the start and of the last tick. A cell with one series reads that series; its
 * own sums come into being with a second one. So a rollup by all tags costs no histograms.
 *
 * There are at most `max_groups` groups a rollup; what would make another goes to a group of its
 * family with the label overflow="true".
 *
 * It belongs to the snapshot's thread. Groups stay where they are as long as the rollup.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metric/label_set.h"
#include "metric/snapshot.h"

enum {
    ROLLUP_CELLS = 6,
    ROLLUP_GROUPS_DEFAULT = 100000,
};

struct rollup_cell {
    const struct snap_series *only; /* while it is the only one */
    const struct metric *metric;    /* NULL: nothing came here yet */
    enum metric_type type;          /* of it; outlives it */
    bool own;                       /* total and delta are kept here */
    uint64_t tick;                  /* the last that added something */
    struct value total;
    struct value delta;
};

struct rollup_group {
    uint32_t family;
    uint32_t index; /* dense in order of arrival */
    const struct tag *labels;
    size_t n_labels;
    struct rollup_cell cells[ROLLUP_CELLS];
};

/* Where a series belongs. Fills in the labels (sorted afterwards) and the rest; false: nowhere. */
typedef bool(rollup_project_fn)(void *arg, const struct snap_series *series,
                                struct label_set *labels, uint32_t *ret_family, uint32_t *ret_cell);

struct rollup_config {
    struct snapshot *snapshot; /* outlives it */
    rollup_project_fn *project;
    void *arg;
    uint32_t max_groups; /* 0: ROLLUP_GROUPS_DEFAULT */
};

struct rollup;

struct rollup *rollup_new(const struct rollup_config *config);
/* Accepts NULL; the snapshot may be gone. */
void rollup_free(struct rollup *r);

/* Takes in what the last tick added; once a tick. */
void rollup_tick(struct rollup *r);

/* All groups by family, then by label values; valid until the next tick. */
struct rollup_group *const *rollup_groups(struct rollup *r, size_t *ret_n);

/* The groups of one family; `ret_n` may be 0. */
struct rollup_group *const *rollup_family(struct rollup *r, uint32_t family, size_t *ret_n);

/* Since the start; an empty value where there is nothing. */
const struct value *rollup_total(const struct rollup_group *g, uint32_t cell);

/* Of the last tick; NULL when it added nothing. */
const struct value *rollup_delta(const struct rollup *r, const struct rollup_group *g,
                                 uint32_t cell);
