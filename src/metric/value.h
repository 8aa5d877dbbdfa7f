#pragma once
/* What the samples of one series, or of many together, add up to. The metric's type says how. */
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "metric/hist.h"
#include "metric/metric.h"

/* Zeroed memory is an empty value, but a trend's, which needs its slab and scale (value_init). */
struct value {
    bool touched; /* has samples */
    union {
        struct {
            double sum;
            uint64_t n; /* samples */
        } counter;
        struct {
            double last, min, max;
            mono_ns at; /* when `last` was */
            uint64_t n;
        } gauge;
        struct {
            uint64_t trues;
            uint64_t total;
        } rate;
        struct hist trend;
    };
};

/* An empty value for that metric; `slab` may be NULL for all but trends. */
void value_init(struct value *v, const struct metric *metric, struct hist_slab *slab);
void value_fini(struct value *v, enum metric_type type);

/* Empties it; a trend keeps its blocks. */
void value_reset(struct value *v, enum metric_type type);

/* Empties it; a trend gives its blocks back. */
void value_clear(struct value *v, enum metric_type type);

/* Adds the samples of `from`; of two gauges the later one is the last. */
void value_merge(struct value *to, const struct value *from, enum metric_type type);

static inline void value_count(struct value *v, double amount)
{
    v->counter.sum += amount;
    v->counter.n++;
}

static inline void value_gauge(struct value *v, double value, mono_ns now)
{
    v->gauge.min = v->gauge.n == 0 || value < v->gauge.min ? value : v->gauge.min;
    v->gauge.max = v->gauge.n == 0 || value > v->gauge.max ? value : v->gauge.max;
    v->gauge.last = value;
    v->gauge.at = now;
    v->gauge.n++;
}

static inline void value_rate(struct value *v, bool hit)
{
    v->rate.trues += hit;
    v->rate.total++;
}

static inline void value_trend(struct value *v, double value)
{
    hist_add(&v->trend, value);
}

/* Samples in it, whatever the type. */
uint64_t value_samples(const struct value *v, enum metric_type type);

/* A number that can be asked of a value: an aggregation of thresholds or a column of a summary. */
enum stat_kind {
    STAT_COUNT, /* counter: its sum; trend: its samples */
    STAT_RATE,  /* counter: sum a second; rate: share of trues */
    STAT_VALUE, /* gauge: the last */
    STAT_AVG,
    STAT_MIN, /* trend and gauge */
    STAT_MED,
    STAT_MAX, /* trend and gauge */
    STAT_P,
};

struct stat_name {
    enum stat_kind kind;
    double p; /* STAT_P: percent, 0..100 */
};

/* Reads "avg", "p(99.9)" and the like; false when it is none. Range of p is not judged. */
bool stat_parse(struct str text, struct stat_name *ret_stat);

/* Whether a metric of that type has such a number. */
bool stat_applies(struct stat_name stat, enum metric_type type);

/*
 * The number; 0 for an empty value and for what does not apply. `seconds` is the time that the
 * value covers, for a counter's rate (0 when it is 0).
 */
double value_stat(const struct value *v, enum metric_type type, struct stat_name stat,
                  double seconds);
