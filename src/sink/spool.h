#pragma once
/*
 * Batches that could not be delivered yet, on disk. One spool holds what one sink of one run still
 * has to send, in order; it survives the process.
 *
 *   DIR/<run>-<label>/sink.json      what they are and how to send them again; no secrets
 *                     000001.seg     records, appended: magic, length, CRC-32C, id, points, bytes
 *                     done           the id up to which everything was delivered or dropped
 *                     lock           held while a process has it open
 *
 * A record is complete or it is not there: opening cuts off a torn end. A segment is removed when
 * all of it is done. A record that was delivered and whose spool_done() a crash forestalled is
 * there again, with the same bytes. Calls do file I/O; use them on a helper thread (loop_offload).
 * One thread at a time.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sink/batch.h"

struct spool;

enum {
    SPOOL_E_FULL = 1,  /* condition: it would grow beyond its cap; nothing was written */
    SPOOL_E_EMPTY = 2, /* condition: nothing is left to send */
};

struct spool_config {
    const char *dir;    /* of all spools, "~/.local/state/brunt/spool"; made when missing, 0700 */
    const char *run;    /* the run's id: [A-Za-z0-9_-] */
    const char *label;  /* the sink's: "influxdb-2" */
    const char *format; /* how points are encoded, "influx-line": a reader must know it */
    const char *spec;   /* the -o text without secrets: what `brunt spool send` opens again */
    uint64_t max_bytes; /* of all segments */
};

/*
 * Creates the spool or opens what is there; nothing is made on disk before the first append.
 * Returns 0, -EBUSY when another process has it, or another fault with the path.
 */
MUST_USE int spool_open(const struct spool_config *config, struct spool **ret_spool);

/* Opens one that is there, by its folder's name under `dir`. */
MUST_USE int spool_reopen(const char *dir, const char *name, struct spool **ret_spool);

/* Closes it; an empty one is removed from disk. Accepts NULL. */
void spool_close(struct spool *s);

/* Adds a record at the end and has the disk keep it (fdatasync). 0, SPOOL_E_FULL or a fault. */
MUST_USE int spool_append(struct spool *s, const struct batch_view *points);

/*
 * Reads the oldest record that is not done into *ret_batch (emptied first). 0, SPOOL_E_EMPTY or a
 * fault. A record that is damaged is skipped and counted (spool_damaged).
 */
MUST_USE int spool_peek(struct spool *s, struct batch *ret_batch, uint64_t *ret_id);

/* The record of that id, and all before it, need not be kept. 0 or a fault. */
MUST_USE int spool_done(struct spool *s, uint64_t id);

/* What is in it and not done. */
uint64_t spool_points(const struct spool *s);
uint64_t spool_bytes(const struct spool *s);

/* Points of records that were found damaged since it was opened: they are lost. */
uint64_t spool_damaged(const struct spool *s);

/* One spool on disk, as `brunt spool list` shows it. Owned strings. */
struct spool_entry {
    char *name; /* its folder */
    char *run, *label, *format, *spec;
    uint64_t points, bytes;
    int64_t oldest; /* wall_ns of its first point, 0: unknown */
    bool busy;      /* a process has it open */
    char *trouble;  /* why it cannot be read; then `run` to `spec` are NULL. NULL: it can */
};

/* All under `dir`, by name; a missing folder has none. */
MUST_USE int spool_list(const char *dir, struct spool_entry **ret_entries, size_t *ret_n);
void spool_entries_free(struct spool_entry *entries, size_t n);

/* Deletes one. -EBUSY while a process has it open. */
MUST_USE int spool_drop(const char *dir, const char *name);
