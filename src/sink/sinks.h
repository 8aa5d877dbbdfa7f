#pragma once
/*
 * All sinks of a run: made from what -o and the configuration say, fed at each tick, drained at the
 * end. Deliveries have a thread and a loop of their own, so that a slow receiver never touches the
 * load.
 *
 *   sinks_new, sinks_add...   while options are read: what is wrong with a text is said at once
 *   sinks_open                when there is a snapshot
 *   sinks_tick                after each tick
 *   sinks_drain, sinks_left   after the last tick: wait until nothing is left, or for long enough
 *   sinks_close               what could not be delivered goes to disk; then the accounts are final
 *
 * Belongs to the run's thread, all but sinks_samples().
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "sink/sink.h"

struct sinks;
struct spool;

struct sinks_config {
    const char *vocab;     /* for sinks that were not told; NULL: each its own */
    const char *usual;     /* for those whose own is brunt's; NULL: brunt's */
    const char *spool_dir; /* NULL: no spools */
    uint64_t spool_bytes;  /* cap of each spool; 0: 1 GiB */
    const char *run_id;
    const struct vocab_run *run;
    const struct vocab_given *given; /* a vocabulary that somebody else speaks; NULL: none */

    /* Variables of the environment; NULL: none has a value. */
    const char *(*env)(void *arg, const char *name);

    /* Settings of a configuration file by sink and key; lives as long as the sinks. May be NULL. */
    const char *(*setting)(void *arg, const char *sink, const char *key);

    /* A sentence for the user; any thread. */
    void (*say)(void *arg, bool is_warning, const char *text);
    void *arg;
};

struct sinks *sinks_new(const struct sinks_config *config);
void sinks_free(struct sinks *s); /* after sinks_close, or when never opened; accepts NULL */

/* NAME[=ARG][?key=value&...]. Returns 0 or FAULT_EXIT(104) with what is wrong and what there is. */
MUST_USE int sinks_add(struct sinks *s, const char *spec);

/*
 * Before sinks_open: the run's thresholds, which outlive the sinks, and the system tags that are
 * on, for files in k6's formats. Not called: none, and those that are on by default.
 */
void sinks_describe(struct sinks *s, const struct thresholds *thresholds, uint32_t system_tags);

/* Opens all and starts delivering. Returns 0 or a fault. The snapshot outlives the sinks. */
MUST_USE int sinks_open(struct sinks *s, struct snapshot *snapshot);

size_t sinks_count(const struct sinks *s);

/* Whether any takes single samples: then somebody has to call sinks_samples(). */
bool sinks_want_samples(const struct sinks *s);

/* One thread, which need not be the run's; struct sample_pump_config.deliver. */
void sinks_samples(void *sinks, const struct sink_sample *samples, size_t n);

/* So many samples in all never came to sinks_samples(): sinks that want them account for them. */
void sinks_lose_samples(struct sinks *s, uint64_t n);

void sinks_tick(struct sinks *s, const struct sink_tick *tick);

/* A point of a stored run, for every sink that takes such (sink_ops.point); NULL: that was the
 * last. A tick is then only for the others. */
void sinks_point(struct sinks *s, const struct point *p);

/* No tick and no sample comes any more: files are finished, and what waits is tried at once. */
void sinks_drain(struct sinks *s);

/* Points that may still be delivered. */
uint64_t sinks_left(const struct sinks *s);

/* Ends deliveries. Blocks until what is left is on disk. */
void sinks_close(struct sinks *s);

/* How one sink stands. Strings live as long as the sinks. */
struct sinks_status {
    const char *label;
    const char *kind;   /* of its class */
    const char *listen; /* NULL: nowhere */
    struct sink_account account;
    bool
        incomplete; /* points were dropped or are still on disk, or its file could not be written */
};

void sinks_status(struct sinks *s, size_t index, struct sinks_status *ret_status);

/* Why points of a sink were dropped, and how many for each cause; after sinks_close. */
size_t sinks_causes(const struct sinks *s, size_t index, const char **ret_text,
                    uint64_t *ret_points, size_t max);

/* Asks the sink that listens; false: it knows no such path. */
bool sinks_request(struct sinks *s, size_t index, struct str path, struct str accept,
                   struct buf *ret_body, const char **ret_type);

/*
 * For `brunt spool send`, between sinks_add and sinks_open: what the spool holds is delivered by
 * the first sink, which then owns the spool. Returns 0 or a fault: the formats differ, or it does
 * not push.
 */
MUST_USE int sinks_adopt(struct sinks *s, struct spool *spool, const char *format);

/* ---- sink_params.c ---- */

struct sink_pairs;

/* "a=b&c=d" as pairs, percent-decoded, in `arena`; a bare key has the value "true". 0 or a fault.
 */
MUST_USE int sink_query_parse(struct arena *arena, struct str query, struct sink_pairs *ret_pairs);

/* Where values come from, the last one first. */
struct sink_sources {
    const struct sink_pairs *query;
    const char *(*env)(void *arg, const char *name);
    const char *(*setting)(void *arg, const char *sink, const char *key);
    void *arg;
};

/* Fills `options` by the class's table. Returns 0 or FAULT_EXIT(104). */
MUST_USE int sink_params_read(const struct sink_class *class, const struct sink_sources *from,
                              struct arena *arena, void *options);

/* The row of that key ("header" for "header.X"), or NULL. */
const struct sink_param *sink_param_find(const struct sink_class *class, struct str key);

/* NAME=ARG?query without what is secret: what may be written to disk and shown. In `arena`. */
const char *sink_public_spec(const struct sink_class *class, const char *arg,
                             const struct sink_pairs *query, struct arena *arena);

/* The class of that name or alias, or NULL. */
const struct sink_class *sink_class_find(struct str name);
