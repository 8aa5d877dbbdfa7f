#pragma once
/*
 * What of a snapshot the run document and the live page show: entries. An entry is a metric, whole,
 * narrowed by a threshold's tags, or by the tags of a dimension (doc_dimension.def). The same
 * entries come of a stored run that is played to a snapshot and of a running test.
 *
 * Entries are told apart by dense ids in order of arrival and stay where they are. A dimension has
 * only so many sets of tags: those that came first, unless doc_entries_admit() chose others; what
 * belongs to another is added up in one entry with the tag overflow="true", so sums stay exact.
 *
 * A tick costs what it touched. It belongs to the snapshot's thread; it may be freed after it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metric/rollup.h"
#include "metric/snapshot.h"

enum doc_by {
    DOC_METRIC,    /* the whole metric */
    DOC_SUBMETRIC, /* narrowed, as a threshold named it */
#define DIMENSION(id, name, points, most, tags) DOC_##id,
#define MEMBER(dimension, metric)
#include "report/doc_dimension.def"
#undef DIMENSION
#undef MEMBER
    DOC_BY_COUNT
};

/* "" for the whole metric, "submetric", "endpoint" ...; two may have one name. */
const char *doc_by_name(enum doc_by by);

struct doc_entry {
    uint32_t id;
    enum doc_by by;
    bool has_points; /* is shown over time */
    const struct metric *metric;
    const char *name; /* of a sub-metric, as it was written; else NULL */
    const struct tag *tags;
    size_t n_tags;

    /* Where its numbers are: one of the two. */
    const struct snap_metric *whole;
    const struct rollup_group *group;
    uint32_t cell;
};

struct doc_entries;

/* Entries over a snapshot, with what it has so far. */
struct doc_entries *doc_entries_new(struct snapshot *snapshot);
void doc_entries_free(struct doc_entries *e); /* accepts NULL */

/* Has those sets of tags stand for themselves that were busiest in `seen`. Before the first tick.
 */
void doc_entries_admit(struct doc_entries *e, struct doc_entries *seen);

/* Admits all that come, so that the busiest are known afterwards. Before the first tick. */
void doc_entries_unlimited(struct doc_entries *e);

/* After snapshot_tick_end(), each tick. */
void doc_entries_tick(struct doc_entries *e);

/* All by id. Valid until the next tick. */
struct doc_entry *const *doc_entries_all(const struct doc_entries *e, size_t *ret_n);

/* Those that the last tick added something to, by id. Valid until the next tick. */
struct doc_entry *const *doc_entries_fresh(const struct doc_entries *e, size_t *ret_n);

/* Since the start. */
const struct value *doc_entry_total(const struct doc_entry *entry);

/* Of the last tick; NULL when it added nothing. */
const struct value *doc_entry_delta(const struct doc_entries *e, const struct doc_entry *entry);

/* Order of display: by dimension and metric, then the busiest first and the overflow last. */
int doc_entry_cmp(const struct doc_entry *a, const struct doc_entry *b);
