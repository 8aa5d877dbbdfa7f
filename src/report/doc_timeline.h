#pragma once
/*
 * A run over time: its steps, and for each entry what each step added. It is made from a source of
 * steps, which plays the run to a snapshot; the store is one, a test another.
 *
 * The run is read twice: its totals first, which tell the busiest entries and how many numbers a
 * step will have; then step by step. Numbers become text as they come, so that a timeline needs
 * about as much memory as the document that it goes to.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json_out.h"
#include "store/store.h"

struct doc_source {
    /* As store_totals() and store_replay(), of one run. A fault may leave what it made. */
    int (*totals)(void *arg, struct metric_registry **ret_registry, struct snapshot **ret_snapshot);
    int (*replay)(void *arg, const struct store_replay *how, struct metric_registry **ret_registry,
                  struct snapshot **ret_snapshot);
    void *arg;
};

struct doc_timeline;

/*
 * Reads a run. There are at most `max_steps` steps, and fewer where their points would be more than
 * RUN_DOC_NUMBERS_MAX numbers, but RUN_DOC_STEPS_LEAST. Returns 0 or a fault of the source.
 */
MUST_USE int doc_timeline_read(const struct doc_source *source, size_t max_steps,
                               struct doc_timeline **ret_timeline);
void doc_timeline_free(struct doc_timeline *t); /* accepts NULL */
void doc_timeline_freep(struct doc_timeline **t);

/* Puts the members "metrics", "timeline", "entries" and "heat" into an open object. */
void doc_timeline_put(const struct doc_timeline *t, struct json_out *j);
