#pragma once
/*
 * What can be measured. A metric has a name, a type that says how samples add up, and a kind of
 * content that says how a number is shown. Built-in ones have ids known at compile time (M_*, from
 * metric.def); scripts add their own to the registry of the run. Ids are dense from 0, the same for
 * all loops of the process, and never leave it.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum metric_type {
    METRIC_COUNTER, /* a sum */
    METRIC_GAUGE,   /* the last value, the smallest and the largest */
    METRIC_RATE,    /* how many of the samples were not zero */
    METRIC_TREND,   /* a distribution */
};

enum metric_contains {
    CONTAINS_DEFAULT, /* plain numbers */
    CONTAINS_TIME,    /* milliseconds */
    CONTAINS_DATA,    /* bytes */
};

enum metric_id {
#define METRIC(id, type, contains, name, help) M_##id,
#include "metric/metric.def"
#undef METRIC
    METRIC_N_BUILTIN,
    METRIC_MAX = 65536, /* ids there can be */
};

/* One metric; immutable, lives as long as its registry. */
struct metric {
    const char *name;
    const char *help; /* a phrase without full stop; "" for custom ones */
    uint32_t id;
    enum metric_type type;
    enum metric_contains contains;
};

/* "counter", "gauge", "rate", "trend". */
const char *metric_type_name(enum metric_type type);

/* "default", "time", "data". */
const char *metric_contains_name(enum metric_contains contains);

struct metric_registry;

/* A registry with the built-in metrics. */
struct metric_registry *metric_registry_new(void);
void metric_registry_free(struct metric_registry *reg);

/*
 * The id of a metric of that name, registered now or before; any thread. Returns 0, -EINVAL for a
 * name that is not allowed, -EEXIST when the name is taken with another type or content, or
 * -ENOSPC; the fault's text is what a script is to be told.
 */
MUST_USE int metric_register(struct metric_registry *reg, struct str name, enum metric_type type,
                             enum metric_contains contains, uint32_t *ret_id);

/* The metric of an id given out before; any thread, lock-free. */
const struct metric *metric_get(const struct metric_registry *reg, uint32_t id);

/* The metric of that name, or NULL; any thread. */
const struct metric *metric_find(struct metric_registry *reg, struct str name);

/* How many there are; ids are below it. Any thread. */
uint32_t metric_count(const struct metric_registry *reg);
