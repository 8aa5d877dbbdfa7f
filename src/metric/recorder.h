#pragma once
/*
 * What one loop measures. A recorder belongs to its loop; every sample of the loop is added to a
 * series (one metric under one tag set) of it, without lock, allocation or formatting.
 *
 * Look a series up once and keep the pointer: it is valid until the recorder is freed. Each series
 * has two values. One is recorded into; the other was handed over at the last tick and is being
 * merged elsewhere. A tick swaps them for all series at once, whatever their number, and hands over
 * the list of the series that were touched: the others cost nothing.
 *
 *   loop thread    recorder_swap() → interval ─┐
 *   run thread                                 └→ snapshot_merge(), which empties the values
 *   loop thread    next recorder_swap() ...
 *
 * The number of series is limited. Past the limit samples go to one series per metric, tagged
 * overflow="true", so that totals stay exact (metric/snapshot.h says which tag was to blame).
 */
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "metric/metric.h"
#include "metric/tagset.h"
#include "metric/value.h"

enum {
    SERIES_MAX_DEFAULT = 100000,
};

/* One metric under one tag set. Only the recorder's loop writes it, but for the values, see above.
 */
struct series {
    uint32_t index; /* dense in its recorder, from 0 */
    uint32_t metric;
    enum metric_type type;
    const struct tagset *tags; /* of the loop's pool; may be read by the run thread */
    mono_ns first_at;          /* of its first sample; 0: none yet */
    struct {
        alignas(64) struct value value; /* two threads write the two at once */
    } side[2];
};

/* What was recorded between two ticks: the touched series and which of their values it is. */
struct interval {
    uint32_t source; /* the recorder's number */
    uint32_t side;   /* series[i]->side[side].value */
    struct series **series;
    size_t n, cap;
    struct http_series **http; /* whose counts interval_fold() has to pour into their series */
    size_t n_http, cap_http;
    atomic_bool out; /* handed over and not yet merged */
};

/*
 * Whose samples these are: it travels beside the tags and never makes a series of its own. Zeroed
 * memory is nobody, but for vu and iter.
 */
struct sample_origin {
    int64_t vu;                           /* < 0: not to be told */
    int64_t iter;                         /* the same */
    const struct tagset *const *metadata; /* of the recorder's pool; NULL there or here: none */
};

/*
 * Gets every sample, for sinks that want them raw. Runs on the loop, so it must be short. `origin`
 * is borrowed for the call; NULL: nobody's.
 */
typedef void(recorder_tap_fn)(void *arg, const struct series *s, double value, mono_ns now,
                              const struct sample_origin *origin);

/* The head that recording needs inline; the rest is private to recorder.c. */
struct recorder {
    uint32_t side; /* which value is recorded into */
    recorder_tap_fn *tap;
    void *tap_arg;
    const struct sample_origin *origin; /* of what is recorded now, for the tap; NULL: nobody's */
};

struct recorder_config {
    struct metric_registry *registry; /* outlives the recorder */
    struct tag_pool *pool;            /* the loop's; outlives the recorder */
    uint32_t source;                  /* a number for this recorder: 0, 1, ... within the run */
    uint32_t max_series;              /* 0: SERIES_MAX_DEFAULT */
};

struct recorder *recorder_new(const struct recorder_config *config);

/* Frees it with its series; intervals that are still out die with it. Accepts NULL. */
void recorder_free(struct recorder *r);

/*
 * The series of a metric under a tag set of the loop's pool, made when it is new (~10 ns when it is
 * not). Never NULL: past the limit it is the metric's overflow series.
 */
struct series *recorder_series(struct recorder *r, uint32_t metric, const struct tagset *tags);

/* Every series made so far, for tests and memory accounts. */
uint32_t recorder_n_series(const struct recorder *r);

/* Has each sample shown to `tap` as well; NULL ends that. */
void recorder_set_tap(struct recorder *r, recorder_tap_fn *tap, void *arg);

/* Whose the next samples are, until it is called again. NULL: nobody's. The memory stays valid. */
static inline void recorder_set_origin(struct recorder *r, const struct sample_origin *origin)
{
    r->origin = origin;
}

/*
 * Swaps the values and gives what was recorded since the last swap, to be handed to the thread that
 * merges. NULL when the last interval is still out: nothing is lost, it will be in the next.
 */
struct interval *recorder_swap(struct recorder *r);

/*
 * For snapshot_merge, before it reads: round trips are counted once for all of their series; this
 * puts the counts into each. On the thread that has the interval.
 */
void interval_fold(struct interval *iv);

/* For snapshot_merge: the interval's values are emptied and it may be used again. Any one thread.
 */
static inline void interval_done(struct interval *iv)
{
    iv->n = 0;
    atomic_store_explicit(&iv->out, false, memory_order_release);
}

/* Enters a series into the list of touched ones; for the functions below. */
void recorder_touch(struct recorder *r, struct series *s, mono_ns now);

static inline struct value *recorder_value(struct recorder *r, struct series *s, mono_ns now)
{
    struct value *v = &s->side[r->side].value;

    if (unlikely(!v->touched))
        recorder_touch(r, s, now);
    return v;
}

static inline void recorder_show(struct recorder *r, struct series *s, double value, mono_ns now)
{
    if (unlikely(r->tap != NULL))
        r->tap(r->tap_arg, s, value, now, r->origin);
}

/* One sample each; the series' metric must be of that type. `now` is when it was taken. */
static inline void recorder_count(struct recorder *r, struct series *s, double amount, mono_ns now)
{
    value_count(recorder_value(r, s, now), amount);
    recorder_show(r, s, amount, now);
}

static inline void recorder_gauge(struct recorder *r, struct series *s, double value, mono_ns now)
{
    value_gauge(recorder_value(r, s, now), value, now);
    recorder_show(r, s, value, now);
}

static inline void recorder_rate(struct recorder *r, struct series *s, double value, mono_ns now)
{
    value_rate(recorder_value(r, s, now), value != 0);
    recorder_show(r, s, value, now);
}

static inline void recorder_trend(struct recorder *r, struct series *s, double value, mono_ns now)
{
    value_trend(recorder_value(r, s, now), value);
    recorder_show(r, s, value, now);
}

/* One sample of a series of any type; NaN is ignored. */
void recorder_add(struct recorder *r, struct series *s, double value, mono_ns now);

/* The same without a series at hand. */
static inline void recorder_sample(struct recorder *r, uint32_t metric, const struct tagset *tags,
                                   double value, mono_ns now)
{
    recorder_add(r, recorder_series(r, metric, tags), value, now);
}

enum http_failed {
    HTTP_FAILED_NO,
    HTTP_FAILED_YES,
    HTTP_FAILED_UNJUDGED, /* no set of expected statuses: http_req_failed gets no sample */
};

/* One HTTP round trip; spans in ns; meanings as in struct http_timings (proto/http.h). */
struct http_sample {
    span_ns duration;
    span_ns blocked;
    span_ns connecting;
    span_ns tls_handshaking;
    span_ns sending;
    span_ns waiting;
    span_ns receiving;
    enum http_failed failed;
    uint64_t sent, received; /* bytes on its connection, TLS and headers included */
    bool has_response;       /* an open model: what follows is to be recorded */
    span_ns response;        /* from the instant it was due to its end */
};

struct http_series;

/* The HTTP series of one tag set (~2 ns when known). Valid until the recorder is freed. */
struct http_series *recorder_http_series(struct recorder *r, const struct tagset *tags);

/* Records one round trip into them. */
void recorder_http(struct recorder *r, struct http_series *hs, const struct http_sample *sample,
                   mono_ns now);
