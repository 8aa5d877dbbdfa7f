#pragma once
/*
 * One destination of measurements. A sink's kind is a file (sink_influxdb.c) that ends in one
 * constant describing it; what a sink was told stands in its parameters, a table from which
 * parsing, help and docs come.
 *
 * Three kinds of input, each optional:
 *
 *   tick      once a tick, on the run's thread, with the merged snapshot: encode and hand over
 *   samples   every single sample, on the sampling thread, for those that want them raw
 *   request   for those that are asked (Prometheus): on the run's thread, between ticks
 *
 * A tick must be quick: it delays the next one, and the end of the run. What takes time
 * (compression, the network, the disk) happens in delivery (sink/push.h).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "metric/snapshot.h"
#include "sink/push.h"
#include "vocab/vocab.h"

struct log;
struct thresholds;
struct sink;
struct sink_setup;
struct sinks;

/* ---- what a sink is told ---- */

enum sink_param_type {
    SINK_STRING, /* const char * */
    SINK_SECRET, /* const char *: may be written env:NAME or file:PATH; never shown */
    SINK_INT,    /* int64_t */
    SINK_BOOL,   /* bool; a bare ?key means true */
    SINK_SPAN,   /* span_ns, "5s" */
    SINK_PAIRS,  /* struct sink_pairs: ?header.NAME=value gives NAME: value to key "header" */
};

struct sink_pairs {
    struct sink_pair {
        const char *name, *value;
    } * items;
    size_t n;
};

struct sink_param {
    const char *key; /* "precision"; in a configuration file the same */
    enum sink_param_type type;
    size_t offset;      /* of the value in the sink's own options */
    const char *env;    /* "K6_INFLUXDB_PRECISION"; NULL: none */
    const char *dflt;   /* as it would be written; NULL: empty, 0 */
    const char *values; /* "all|aggregate": the only ones; NULL: any */
    const char *help;   /* a phrase */
};

struct sink_class {
    const char *name;           /* "influxdb" */
    const char *const *aliases; /* "experimental-prometheus-rw"; NULL-terminated, or NULL */
    const char *summary;        /* a phrase: "line protocol to InfluxDB 1 or 2" */
    const char *arg;            /* what follows the `=`: "URL", "FILE"; NULL: nothing may */
    const char *example;        /* "influxdb=http://127.0.0.1:8086/k6?samples=all" */
    const struct sink_param *params;
    size_t n_params;
    size_t options_size; /* of the struct that params point into */

    /*
     * Makes a sink from what it was told: `options` has been filled in by the table and, like all
     * strings, lives as long as the sink. On the run's thread before the run. Returns 0 or
     * FAULT_EXIT(104) with what is wrong.
     */
    int (*open)(const struct sink_setup *setup, struct sink **ret_sink);
};

struct sink_setup {
    const struct sink_class *class;
    const char *label; /* unique among the sinks of the run */
    const char *arg;   /* what followed the `=`, before the `?`; NULL: nothing */
    void *options;
    struct sinks *sinks;
    struct snapshot *snapshot;           /* of the run */
    const struct thresholds *thresholds; /* of the run, bound to the snapshot; NULL: none */
    uint32_t system_tags;                /* those that are on, metric/systag.h */
    const char *vocab; /* the vocabularies asked for, --vocab or ?vocab=; NULL: the sink's own */
    bool exact;        /* ?compat=exact */
    const struct vocab_run *run;
    struct log *log;

    /* A sentence for the user that begins with the label; any thread. Say each cause once. */
    void (*say)(void *arg, bool is_warning, const char *text);
    void *say_arg;
};

/* ---- what a sink does ---- */

struct sink_tick {
    struct snapshot *snapshot;
    const struct vocab_facts *facts;
    wall_ns at;   /* what the tick is said to be of */
    span_ns span; /* since the tick before */
    bool is_last; /* the run is over */
};

/* One sample. Tags are immutable and live as long as the run. */
struct sink_sample {
    const struct metric *metric;
    const struct tagset *tags;
    double value;
    wall_ns at;
    int64_t vu;                    /* the user whose it is; < 0: not to be told */
    int64_t iter;                  /* its iteration; the same */
    const struct tagset *metadata; /* what the script says of it beside tags; NULL: nothing */
};

/* Every point is in exactly one of these. For sinks that do not push, what was written out. */
struct sink_account {
    uint64_t produced;
    uint64_t acknowledged;
    uint64_t dropped; /* refused by the receiver, or no room anywhere */
    uint64_t queued;  /* in memory */
    uint64_t spooled; /* on disk */
    uint64_t bytes;   /* acknowledged */
    uint64_t retries;
    const char *trouble; /* the latest reason in words; NULL: none */
};

struct sink_ops {
    void (*tick)(struct sink *s, const struct sink_tick *t);

    /* On the sampling thread (sink/sample_pump.h). n is 0 when there was nothing for a moment: an
     * occasion to write what waits. */
    void (*samples)(struct sink *s, const struct sink_sample *samples, size_t n);

    /* Takes a point of a stored run (brunt publish); NULL: that was the last. On the run's thread.
     * A sink without this is given one tick with the run's totals instead. */
    void (*point)(struct sink *s, const struct point *p);

    /* Answers GET on `path` (with its Accept header); false: not its path. */
    bool (*request)(struct sink *s, struct str path, struct str accept, struct buf *ret_body,
                    const char **ret_type);

    /* Only for sinks that do not push; on the run's thread. */
    void (*account)(const struct sink *s, struct sink_account *ret_account);

    /* After the last tick and sample; for sinks that write files: finish them. 0 or a fault. */
    int (*finish)(struct sink *s);

    void (*close)(struct sink *s); /* frees it */
};

/* Embedded first in each kind's own struct. */
struct sink {
    const struct sink_ops *ops;
    const struct sink_class *class;
    const char *label;
    struct push *push;  /* NULL: does not push */
    const char *listen; /* "127.0.0.1:9090": to be served there by `request`; NULL: not */
    bool failed;        /* finish() or an account says that results are incomplete */
};

/*
 * Delivery for a sink; in its open(). Belongs to `sinks`, which also frees it. `config` is copied;
 * its strings must live as long as the sink.
 */
struct push *sinks_push(struct sinks *sinks, const struct push_config *config);

/* A feed of the vocabularies that the setup asks for (`own` when it asks for none), fed each tick
 * before sink_ops.tick. Belongs to `sinks`. Returns 0 or a fault. */
MUST_USE int sinks_feed(const struct sink_setup *setup, const struct vocab_options *options,
                        const char *own, struct vocab_feed **ret_feed);

/* A sentence for the user, behind the sink's label; any thread. Say each cause once. */
void sinks_say(struct sinks *sinks, const char *label, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same for what went well. */
void sinks_note(struct sinks *sinks, const char *label, const char *fmt, ...) PRINTF_LIKE(3, 4);

#define SINK(name) extern const struct sink_class sink_##name##_class;
#include "sink/sink_classes.def"
#undef SINK

/* All kinds there are (sink/sink_classes.def). */
extern const struct sink_class *const sink_classes[];
extern const size_t n_sink_classes;
