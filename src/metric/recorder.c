/*
 * One loop's series. They stand in chunks that never move, found by (metric, tag set id) in a hash
 * map; the HTTP series of a tag set are found by the tag set's id alone, in an array.
 *
 * A value is put on the list of its side when its first sample of the interval comes; whoever
 * merges the interval empties the value, which makes it ready for its next turn.
 */
#include "metric/recorder.h"

#include <assert.h>

#include "base/mem.h"
#include "metric/series_map.h"

enum {
    CHUNK = 64, /* series allocated together */
};

enum http_part {
    HTTP_REQS,
    HTTP_DURATION,
    HTTP_BLOCKED,
    HTTP_CONNECTING,
    HTTP_TLS_HANDSHAKING,
    HTTP_SENDING,
    HTTP_WAITING,
    HTTP_RECEIVING,
    HTTP_FAILED,
    HTTP_N_SHOWN, /* as single samples: k6 has no more */
    HTTP_DATA_SENT = HTTP_N_SHOWN,
    HTTP_DATA_RECEIVED,
    HTTP_N_PARTS,
};

static const uint32_t http_metric[HTTP_N_PARTS] = {
    [HTTP_REQS] = M_HTTP_REQS,
    [HTTP_DURATION] = M_HTTP_REQ_DURATION,
    [HTTP_BLOCKED] = M_HTTP_REQ_BLOCKED,
    [HTTP_CONNECTING] = M_HTTP_REQ_CONNECTING,
    [HTTP_TLS_HANDSHAKING] = M_HTTP_REQ_TLS_HANDSHAKING,
    [HTTP_SENDING] = M_HTTP_REQ_SENDING,
    [HTTP_WAITING] = M_HTTP_REQ_WAITING,
    [HTTP_RECEIVING] = M_HTTP_REQ_RECEIVING,
    [HTTP_FAILED] = M_HTTP_REQ_FAILED,
    [HTTP_DATA_SENT] = M_HTTP_REQ_DATA_SENT,
    [HTTP_DATA_RECEIVED] = M_HTTP_REQ_DATA_RECEIVED,
};

/*
 * What all round trips of an interval have in common is counted here, once for all of its series:
 * how many there were, and how many spans of each kind were zero. Only spans that took time go to
 * their histograms at once. n is 0 while the series are not on the interval's list.
 */
struct http_counts {
    alignas(64) uint32_t n;
    uint32_t judged;
    uint32_t failed;
    uint32_t n_zero[HTTP_FAILED];
    uint64_t sent, received;
};

struct http_series {
    const struct tagset *tags;
    struct series *response; /* NULL until the first one of an open model */
    struct series *part[HTTP_N_PARTS];
    struct http_counts side[2];
};

enum {
    HTTP_QUEUE = 128, /* round trips that wait to be recorded; at 112 bytes each */
};

struct http_queued {
    struct http_series *series;
    mono_ns now;
    struct http_sample sample;
};

struct recorder_priv {
    struct recorder head; /* what callers have; first */
    struct recorder_config config;
    struct hist_slab *slab;
    struct interval intervals[2]; /* by side */
    struct series_map map;
    struct series **chunks; /* CHUNK in each */
    size_t n_chunks, cap_chunks;
    uint32_t n_series;
    uint32_t n_overflow;       /* of them, those that the limit does not count */
    struct http_series **http; /* by tag set id */
    size_t n_http;
    void **http_owned; /* as allocated */
    size_t n_http_owned, cap_http_owned;
    uint32_t n_queued;
    struct http_queued queue[HTTP_QUEUE];
};

static struct recorder_priv *priv(struct recorder *r)
{
    return container_of(r, struct recorder_priv, head);
}

struct recorder *recorder_new(const struct recorder_config *config)
{
    struct recorder_priv *p = xnew(struct recorder_priv);

    p->config = *config;
    if (p->config.max_series == 0)
        p->config.max_series = SERIES_MAX_DEFAULT;
    p->slab = hist_slab_new();
    for (uint32_t side = 0; side < 2; side++) {
        p->intervals[side].source = config->source;
        p->intervals[side].side = side;
    }
    return &p->head;
}

static struct series *series_at(const struct recorder_priv *p, uint32_t index)
{
    return &p->chunks[index / CHUNK][index % CHUNK];
}

void recorder_free(struct recorder *r)
{
    if (!r)
        return;
    struct recorder_priv *p = priv(r);

    for (uint32_t i = 0; i < p->n_series; i++) {
        for (size_t side = 0; side < 2; side++)
            value_fini(&series_at(p, i)->side[side].value, series_at(p, i)->type);
    }
    for (size_t i = 0; i < p->n_chunks; i++)
        free(p->chunks[i]);
    for (size_t i = 0; i < p->n_http_owned; i++)
        free(p->http_owned[i]);
    for (size_t side = 0; side < 2; side++) {
        free(p->intervals[side].series);
        free(p->intervals[side].http);
    }
    free(p->chunks);
    free(p->http_owned);
    free(p->http);
    series_map_fini(&p->map);
    hist_slab_free(p->slab);
    free(p);
}

uint32_t recorder_n_series(const struct recorder *r)
{
    return ((const struct recorder_priv *)r)->n_series; /* head stands first */
}

static void http_flush(struct recorder *r);

void recorder_set_tap(struct recorder *r, recorder_tap_fn *tap, void *arg)
{
    r->tap = tap;
    r->tap_arg = arg;
}

static void add_chunk(struct recorder_priv *p)
{
    vec_push(p->chunks, p->n_chunks, p->cap_chunks) = xcalloc_lines(CHUNK * sizeof(struct series));
}

static struct series *new_series(struct recorder_priv *p, uint32_t metric,
                                 const struct tagset *tags)
{
    if (p->n_series % CHUNK == 0)
        add_chunk(p);
    struct series *s = series_at(p, p->n_series);

    s->index = p->n_series++;
    s->metric = metric;
    s->tags = tags;
    const struct metric *def = metric_get(p->config.registry, metric);

    s->type = def->type;
    for (size_t side = 0; side < 2; side++)
        value_init(&s->side[side].value, def, p->slab);
    series_map_put(&p->map, series_key(metric, tags->id), s);
    return s;
}

static COLD struct series *series_unknown(struct recorder_priv *p, uint32_t metric,
                                          const struct tagset *tags)
{
    const struct tagset *overflow = tagset_overflow(p->config.pool);

    if (tags != overflow && p->n_series - p->n_overflow < p->config.max_series)
        return new_series(p, metric, tags);

    struct series *s = series_map_get(&p->map, series_key(metric, overflow->id));

    if (!s) {
        s = new_series(p, metric, overflow);
        p->n_overflow++;
    }
    return s;
}

struct series *recorder_series(struct recorder *r, uint32_t metric, const struct tagset *tags)
{
    struct recorder_priv *p = priv(r);
    struct series *s = series_map_get(&p->map, series_key(metric, tags->id));

    return likely(s != NULL) ? s : series_unknown(p, metric, tags);
}

void recorder_touch(struct recorder *r, struct series *s, mono_ns now)
{
    struct recorder_priv *p = priv(r);
    struct interval *iv = &p->intervals[r->side];

    vec_push(iv->series, iv->n, iv->cap) = s;
    s->side[r->side].value.touched = true;
    if (s->first_at == 0)
        s->first_at = now ? now : 1;
}

struct interval *recorder_swap(struct recorder *r)
{
    struct recorder_priv *p = priv(r);
    struct interval *full = &p->intervals[r->side];
    struct interval *next = &p->intervals[r->side ^ 1];

    http_flush(r);
    if (atomic_load_explicit(&next->out, memory_order_acquire))
        return NULL;
    atomic_store_explicit(&full->out, true, memory_order_relaxed);
    r->side ^= 1;
    return full;
}

void recorder_add(struct recorder *r, struct series *s, double value, mono_ns now)
{
    if (isnan(value))
        return;
    switch (s->type) {
    case METRIC_COUNTER:
        recorder_count(r, s, value, now);
        break;
    case METRIC_GAUGE:
        recorder_gauge(r, s, value, now);
        break;
    case METRIC_RATE:
        recorder_rate(r, s, value, now);
        break;
    case METRIC_TREND:
        recorder_trend(r, s, value, now);
        break;
    }
}

/* Room for a tag set's place in the array. */
static void http_reach(struct recorder_priv *p, uint32_t id)
{
    if (id < p->n_http)
        return;
    size_t n = p->n_http ? p->n_http : 64;

    while (n <= id)
        n *= 2;
    p->http = xrealloc(p->http, n * sizeof(struct http_series *));
    memset(p->http + p->n_http, 0, (n - p->n_http) * sizeof(struct http_series *));
    p->n_http = n;
}

static struct http_series *http_make(struct recorder_priv *p, const struct tagset *tags)
{
    struct http_series *hs = xnew_lines(struct http_series);

    hs->tags = tags;
    for (size_t i = 0; i < HTTP_N_PARTS; i++)
        hs->part[i] = recorder_series(&p->head, http_metric[i], tags);
    vec_push(p->http_owned, p->n_http_owned, p->cap_http_owned) = hs;
    http_reach(p, tags->id);
    p->http[tags->id] = hs;
    return hs;
}

/*
 * All of them, or none: near the limit they go to the overflow series together, so that the metrics
 * of one round trip still count the same.
 */
static COLD struct http_series *http_unknown(struct recorder_priv *p, const struct tagset *tags)
{
    const struct tagset *overflow = tagset_overflow(p->config.pool);

    if (tags == overflow || p->n_series - p->n_overflow + HTTP_N_PARTS <= p->config.max_series)
        return http_make(p, tags);

    struct http_series *hs = recorder_http_series(&p->head, overflow);

    http_reach(p, tags->id);
    p->http[tags->id] = hs;
    return hs;
}

struct http_series *recorder_http_series(struct recorder *r, const struct tagset *tags)
{
    struct recorder_priv *p = priv(r);

    if (likely(tags->id < p->n_http && p->http[tags->id]))
        return p->http[tags->id];
    return http_unknown(p, tags);
}

static inline double ms_of(span_ns span)
{
    return (double)span / (double)NS_PER_MS;
}

static void fold_bytes(struct series *s, uint32_t side, uint32_t n, uint64_t bytes)
{
    s->side[side].value.counter.sum += (double)bytes;
    s->side[side].value.counter.n += n;
}

/* Puts the counts of one side into its series and starts them from 0. */
static void http_fold(struct http_series *hs, uint32_t side)
{
    struct http_counts *c = &hs->side[side];

    hs->part[HTTP_REQS]->side[side].value.counter.sum += c->n;
    hs->part[HTTP_REQS]->side[side].value.counter.n += c->n;
    fold_bytes(hs->part[HTTP_DATA_SENT], side, c->n, c->sent);
    fold_bytes(hs->part[HTTP_DATA_RECEIVED], side, c->n, c->received);
    hs->part[HTTP_FAILED]->side[side].value.rate.total += c->judged;
    hs->part[HTTP_FAILED]->side[side].value.rate.trues += c->failed;
    for (size_t i = HTTP_DURATION; i < HTTP_FAILED; i++) {
        if (c->n_zero[i])
            hist_add_zeros(&hs->part[i]->side[side].value.trend, c->n_zero[i]);
    }
    *c = (struct http_counts){0};
}

void interval_fold(struct interval *iv)
{
    for (size_t i = 0; i < iv->n_http; i++)
        http_fold(iv->http[i], iv->side);
    iv->n_http = 0;
}

/* The first round trip of an interval, or one past what the counts hold. */
static COLD void http_begin(struct recorder *r, struct http_series *hs, mono_ns now)
{
    struct interval *iv = &priv(r)->intervals[r->side];

    if (hs->side[r->side].n) {
        http_fold(hs, r->side);
        return; /* on the list already; folding it again does no harm */
    }
    vec_push(iv->http, iv->n_http, iv->cap_http) = hs;
    for (size_t i = 0; i < HTTP_N_PARTS; i++) {
        if (i != HTTP_FAILED)
            recorder_value(r, hs->part[i], now);
    }
}

static inline void http_span(struct http_series *hs, uint32_t side, enum http_part part,
                             span_ns span)
{
    /* No connecting and no handshake, on a connection that is open already. */
    if (span == 0) {
        hs->side[side].n_zero[part]++;
    } else {
        hist_add(&hs->part[part]->side[side].value.trend, ms_of(span));
    }
}

static struct series *http_response_series(struct recorder *r, struct http_series *hs)
{
    if (!hs->response)
        hs->response = recorder_series(r, M_HTTP_REQ_RESPONSE_TIME, hs->tags);
    return hs->response;
}

/* Out of line: closed models have none. */
static __attribute__((noinline)) void http_response(struct recorder *r, struct http_series *hs,
                                                    span_ns response, mono_ns now)
{
    value_trend(recorder_value(r, http_response_series(r, hs), now), ms_of(response));
}

static void http_record(struct recorder *r, struct http_series *hs,
                        const struct http_sample *sample, mono_ns now)
{
    uint32_t side = r->side;
    struct http_counts *c = &hs->side[side];

    if (unlikely(c->n - 1 >= UINT32_MAX - 1)) /* 0 or the largest */
        http_begin(r, hs, now);
    c->n++;
    c->sent += sample->sent;
    c->received += sample->received;
    if (sample->failed != HTTP_FAILED_UNJUDGED) {
        if (unlikely(c->judged == 0))
            recorder_value(r, hs->part[HTTP_FAILED], now);
        c->judged++;
        c->failed += sample->failed == HTTP_FAILED_YES;
    }
    http_span(hs, side, HTTP_DURATION, sample->duration);
    http_span(hs, side, HTTP_BLOCKED, sample->blocked);
    http_span(hs, side, HTTP_CONNECTING, sample->connecting);
    http_span(hs, side, HTTP_TLS_HANDSHAKING, sample->tls_handshaking);
    http_span(hs, side, HTTP_SENDING, sample->sending);
    http_span(hs, side, HTTP_WAITING, sample->waiting);
    http_span(hs, side, HTTP_RECEIVING, sample->receiving);
    if (sample->has_response)
        http_response(r, hs, sample->response, now);
}

/*
 * Between two requests the kernel takes the caches, so one sample at a time pays for the code and
 * the counters of its series anew. Samples wait in a queue instead, and a hundred share that price.
 */
static void http_flush(struct recorder *r)
{
    struct recorder_priv *p = priv(r);

    for (uint32_t i = 0; i < p->n_queued; i++)
        http_record(r, p->queue[i].series, &p->queue[i].sample, p->queue[i].now);
    p->n_queued = 0;
}

static __attribute__((noinline)) void http_show(struct recorder *r, struct http_series *hs,
                                                const struct http_sample *sample, mono_ns now)
{
    const double values[HTTP_N_SHOWN] = {
        [HTTP_REQS] = 1,
        [HTTP_DURATION] = ms_of(sample->duration),
        [HTTP_BLOCKED] = ms_of(sample->blocked),
        [HTTP_CONNECTING] = ms_of(sample->connecting),
        [HTTP_TLS_HANDSHAKING] = ms_of(sample->tls_handshaking),
        [HTTP_SENDING] = ms_of(sample->sending),
        [HTTP_WAITING] = ms_of(sample->waiting),
        [HTTP_RECEIVING] = ms_of(sample->receiving),
        [HTTP_FAILED] = sample->failed == HTTP_FAILED_YES,
    };

    for (size_t i = 0; i < HTTP_N_SHOWN; i++) {
        if (i != HTTP_FAILED || sample->failed != HTTP_FAILED_UNJUDGED)
            r->tap(r->tap_arg, hs->part[i], values[i], now, r->origin);
    }
    if (sample->has_response)
        r->tap(r->tap_arg, http_response_series(r, hs), ms_of(sample->response), now, r->origin);
}

void recorder_http(struct recorder *r, struct http_series *hs, const struct http_sample *sample,
                   mono_ns now)
{
    struct recorder_priv *p = priv(r);

    /* Who looks at every sample wants it when it is taken; recording it can wait all the same. */
    if (unlikely(r->tap != NULL))
        http_show(r, hs, sample, now);
    struct http_queued *q = &p->queue[p->n_queued++];

    q->series = hs;
    q->sample = *sample;
    q->now = now;
    if (unlikely(p->n_queued == HTTP_QUEUE))
        http_flush(r);
}
