/*
 * Records of a stream of ticks:
 *
 *   series    1 byte: 0x51
 *     id, type, contains    varints
 *     first_at              zigzag varint, ns
 *     metric                varint length, bytes
 *     tags                  varint count; each key and value as length and bytes
 *
 *   tick      1 byte: 0x71
 *     n                     varint; series follow in ascending order of their ids:
 *     id                    varint: what lies between it and the one before
 *     counter               number sum, varint samples
 *     gauge                 numbers last, min, max, zigzag varint time in ns, varint samples
 *     rate                  varint trues, varint total
 *     trend                 a histogram, as hist_encode() has it
 *
 * A number is a varint: even, twice the zigzag of a whole number; or 1, and 8 bytes of a double
 * follow. Most sums are whole. A tick's values have no type of their own: the definition has it.
 */
#include "metric/tick_codec.h"

#include <math.h>

#include "base/mem.h"
#include "base/wire.h"

enum {
    RECORD_SERIES = 0x51,
    RECORD_TICK = 0x71,
    WHOLE_BITS = 52, /* whole numbers up to this many bits are written as such */
};

/* ---- words ---- */

static void put_number(struct buf *out, double v)
{
    if (fabs(v) < (double)(UINT64_C(1) << WHOLE_BITS) && v == rint(v) && !(v == 0 && signbit(v))) {
        varint_put(out, zigzag((int64_t)v) << 1);
        return;
    }
    varint_put(out, 1);
    f64_put(out, v);
}

static double get_number(struct wire_in *w)
{
    uint64_t n = wire_u64(w);

    if (!(n & 1))
        return (double)unzigzag(n >> 1);
    if (n == 1)
        return wire_f64(w);
    w->bad = true;
    return 0;
}

/* A number below `end`. */
static unsigned get_below(struct wire_in *w, uint64_t end)
{
    uint64_t n = wire_u64(w);

    if (n >= end) {
        w->bad = true;
        return 0;
    }
    return (unsigned)n;
}

/* Times of a stream are some years at most; what is beyond would overflow when an epoch is added.
 */
static span_ns get_span(struct wire_in *w)
{
    int64_t n = wire_i64(w);

    if (n > INT64_MAX / 4 || n < INT64_MIN / 4) {
        w->bad = true;
        return 0;
    }
    return n;
}

static bool get_kind(struct wire_in *w, int kind)
{
    if (w->rest.n == 0 || (unsigned char)w->rest.p[0] != kind)
        return false;
    w->rest = str_from_index(w->rest, 1);
    return true;
}

/* ---- writing ---- */

void tick_put_series(const struct snap_series *series, mono_ns epoch, struct buf *out)
{
    const struct metric *def = series->metric->def;

    buf_putc(out, RECORD_SERIES);
    varint_put(out, series->id);
    varint_put(out, def->type);
    varint_put(out, def->contains);
    wire_put_i64(out, series->first_at - epoch);
    wire_put_str(out, str_of(def->name));
    varint_put(out, series->tags->n);
    for (size_t i = 0; i < series->tags->n; i++) {
        wire_put_str(out, series->tags->tags[i].key);
        wire_put_str(out, series->tags->tags[i].value);
    }
}

static void put_value(const struct value *v, enum metric_type type, mono_ns epoch, struct buf *out)
{
    switch (type) {
    case METRIC_COUNTER:
        put_number(out, v->counter.sum);
        varint_put(out, v->counter.n);
        break;
    case METRIC_GAUGE:
        put_number(out, v->gauge.last);
        put_number(out, v->gauge.min);
        put_number(out, v->gauge.max);
        wire_put_i64(out, v->gauge.at - epoch);
        varint_put(out, v->gauge.n);
        break;
    case METRIC_RATE:
        varint_put(out, v->rate.trues);
        varint_put(out, v->rate.total);
        break;
    case METRIC_TREND:
        hist_encode(&v->trend, out);
        break;
    }
}

static int by_id(const void *a, const void *b)
{
    const struct snap_series *const *x = a, *const *y = b;

    return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

enum part {
    PART_DELTA,
    PART_TOTAL,
};

/* The series in ascending order. */
static void put_values(struct snap_series *const *series, size_t n, enum part part, mono_ns epoch,
                       struct buf *out)
{
    uint32_t next = 0;

    buf_putc(out, RECORD_TICK);
    varint_put(out, n);
    for (size_t i = 0; i < n; i++) {
        const struct snap_series *s = series[i];

        varint_put(out, s->id - next);
        next = s->id + 1;
        put_value(part == PART_DELTA ? &s->delta : &s->total, s->metric->def->type, epoch, out);
    }
}

void tick_put(const struct snapshot *s, mono_ns epoch, struct buf *out)
{
    size_t n;
    struct snap_series *const *touched = snapshot_touched(s, &n);
    scoped(freep) struct snap_series **sorted = xnew_n(struct snap_series *, n + 1);

    for (size_t i = 0; i < n; i++)
        sorted[i] = touched[i];
    qsort(sorted, n, sizeof(sorted[0]), by_id); /* NOLINT(bugprone-sizeof-expression): pointers */
    put_values(sorted, n, PART_DELTA, epoch, out);
}

void tick_put_totals(const struct snapshot *s, mono_ns epoch, struct buf *out)
{
    size_t n;
    struct snap_series *const *series = snapshot_series(s, &n);

    put_values(series, n, PART_TOTAL, epoch, out);
}

/* ---- reading ---- */

int tick_get_series(struct str *bytes, struct arena *arena, struct tick_series *ret_series)
{
    struct wire_in w = {.rest = *bytes};

    if (!get_kind(&w, RECORD_SERIES))
        return TICK_E_BAD;

    struct tick_series s = {.id = get_below(&w, UINT32_MAX)};

    s.type = (enum metric_type)get_below(&w, METRIC_TREND + 1);
    s.contains = (enum metric_contains)get_below(&w, CONTAINS_DATA + 1);
    s.first_at = get_span(&w);
    s.metric = wire_str(&w);
    s.n_tags = get_below(&w, TAGSET_TAGS_MAX + 1);
    if (w.bad || s.n_tags > w.rest.n / 2)
        return TICK_E_BAD;

    struct tag *tags = arena_new_n(arena, struct tag, s.n_tags + 1);

    for (size_t i = 0; i < s.n_tags; i++) {
        tags[i].key = arena_str(arena, wire_str(&w));
        tags[i].value = arena_str(arena, wire_str(&w));
    }
    if (w.bad)
        return TICK_E_BAD;
    s.metric = arena_str(arena, s.metric);
    s.tags = tags;
    *ret_series = s;
    *bytes = w.rest;
    return 0;
}

/* A series that was defined. */
struct known {
    struct snap_series *series; /* NULL: it was not */
    span_ns first_at;
};

struct tick_reader {
    struct snapshot *to;
    struct metric_registry *registry;
    struct known *known; /* by the writer's id */
    size_t n_known;
};

enum {
    IDS_AHEAD_MAX = 1 << 20, /* an id that lies further beyond the others is no series of a run */
};

struct tick_reader *tick_reader_new(struct snapshot *to, struct metric_registry *registry)
{
    struct tick_reader *r = xnew(struct tick_reader);

    r->to = to;
    r->registry = registry;
    return r;
}

void tick_reader_free(struct tick_reader *r)
{
    if (!r)
        return;
    free(r->known);
    free(r);
}

static void make_room(struct tick_reader *r, uint32_t id)
{
    size_t n = r->n_known ? r->n_known : 64;

    if (id < r->n_known)
        return;
    while (n <= id)
        n *= 2;
    r->known = xrealloc(r->known, n * sizeof(*r->known));
    memset(r->known + r->n_known, 0, (n - r->n_known) * sizeof(*r->known));
    r->n_known = n;
}

int tick_reader_series(struct tick_reader *r, const struct tick_series *series)
{
    uint32_t metric;

    if (series->id >= r->n_known && series->id - r->n_known > IDS_AHEAD_MAX)
        return TICK_E_BAD;
    if (!series->metric.n)
        return TICK_E_BAD;
    TRY(metric_register(r->registry, series->metric, series->type, series->contains, &metric));
    make_room(r, series->id);
    r->known[series->id] = (struct known){
        .series = snapshot_series_of(r->to, metric, series->tags, series->n_tags),
        .first_at = series->first_at,
    };
    return 0;
}

static void get_gauge(struct wire_in *w, struct value *to, mono_ns epoch)
{
    struct value v = {.touched = true};

    v.gauge.last = get_number(w);
    v.gauge.min = get_number(w);
    v.gauge.max = get_number(w);
    v.gauge.at = epoch + get_span(w);
    v.gauge.n = wire_u64(w);
    if (!w->bad)
        value_merge(to, &v, METRIC_GAUGE);
}

static void get_trend(struct wire_in *w, struct value *to)
{
    if (hist_decode(&to->trend, &w->rest)) {
        w->bad = true;
        return;
    }
    to->touched = true;
}

static void get_value(struct wire_in *w, struct value *to, enum metric_type type, mono_ns epoch)
{
    struct value v = {.touched = true};

    switch (type) {
    case METRIC_COUNTER:
        v.counter.sum = get_number(w);
        v.counter.n = wire_u64(w);
        break;
    case METRIC_GAUGE:
        get_gauge(w, to, epoch);
        return;
    case METRIC_RATE:
        v.rate.trues = wire_u64(w);
        v.rate.total = wire_u64(w);
        w->bad |= v.rate.trues > v.rate.total;
        break;
    case METRIC_TREND:
        get_trend(w, to);
        return;
    }
    if (!w->bad)
        value_merge(to, &v, type);
}

int tick_reader_apply(struct tick_reader *r, struct str bytes, mono_ns epoch)
{
    struct wire_in w = {.rest = bytes};
    uint64_t next = 0;

    if (!get_kind(&w, RECORD_TICK))
        return TICK_E_BAD;

    uint64_t n = wire_u64(&w);

    for (uint64_t i = 0; i < n && !w.bad; i++) {
        uint64_t id = next + get_below(&w, UINT32_MAX);

        if (w.bad || id >= r->n_known || !r->known[id].series)
            return w.bad ? TICK_E_BAD : TICK_E_UNKNOWN;
        next = id + 1;

        const struct known *k = &r->known[id];
        struct value *delta = snapshot_delta(r->to, k->series, epoch + k->first_at);

        get_value(&w, delta, k->series->metric->def->type, epoch);
    }
    return w.bad || w.rest.n ? TICK_E_BAD : 0;
}
