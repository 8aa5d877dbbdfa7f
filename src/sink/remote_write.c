#include "sink/remote_write.h"

#include <math.h>

#include "base/arena.h"
#include "base/table.h"
#include "base/varint.h"
#include "sink/native_hist.h"
#include "sink/protobuf.h"

/* Field numbers of both versions. */
enum {
    V1_TIMESERIES = 1,
    V1_METADATA = 3,
    V1_METADATA_TYPE = 1,
    V1_METADATA_NAME = 2,
    V1_METADATA_HELP = 4,
    V1_METADATA_UNIT = 5,
    V1_LABEL = 1,
    V1_SAMPLE = 2,
    V1_HISTOGRAM = 4,
    V2_SYMBOL = 4,
    V2_TIMESERIES = 5,
    V2_LABEL_REFS = 1,
    V2_SAMPLE = 2,
    V2_HISTOGRAM = 3,
    V2_METADATA = 5,
    V2_METADATA_TYPE = 1,
    V2_METADATA_HELP = 3,
    V2_METADATA_UNIT = 4,
    LABEL_NAME = 1,
    LABEL_VALUE = 2,
    SAMPLE_VALUE = 1,
    SAMPLE_TIMESTAMP = 2,
    SAMPLE_START = 3, /* 2.0 */
    HISTOGRAM_TIMESTAMP = 15,
    HISTOGRAM_START = 17, /* 2.0 */
};

enum metric_kind {
    METRIC_UNKNOWN = 0,
    METRIC_COUNTER = 1,
    METRIC_GAUGE = 2,
    METRIC_HISTOGRAM = 3,
};

/* ---- writing points ---- */

void remote_write_labels(struct buf *out, const struct tag *labels, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t label = pb_open(out, V1_LABEL);

        pb_str(out, LABEL_NAME, labels[i].key);
        pb_str(out, LABEL_VALUE, labels[i].value);
        pb_close(out, label);
    }
}

static enum metric_kind kind_of(const struct point_family *family)
{
    static const enum metric_kind kinds[] = {
        [POINT_COUNTER] = METRIC_COUNTER,
        [POINT_GAUGE] = METRIC_GAUGE,
        [POINT_HISTOGRAM] = METRIC_HISTOGRAM,
    };

    return family ? kinds[family->kind] : METRIC_UNKNOWN;
}

static void put_text(struct buf *out, struct str text)
{
    varint_put(out, text.n);
    buf_putstr(out, text);
}

static void put_sample(struct buf *out, const struct remote_write_point *p)
{
    size_t at = pb_open(out, V1_SAMPLE);

    pb_double(out, SAMPLE_VALUE, p->value);
    pb_int(out, SAMPLE_TIMESTAMP, p->at_ms);
    pb_close(out, at);
}

static void put_histogram(struct buf *out, const struct remote_write_point *p)
{
    size_t at = pb_open(out, V1_HISTOGRAM);

    native_hist_put(out, &native_remote_write, p->hist, p->factor, p->schema);
    pb_int(out, HISTOGRAM_TIMESTAMP, p->at_ms);
    pb_close(out, at);
}

void remote_write_point(struct buf *out, const struct remote_write_point *p)
{
    static const struct point_family unknown;
    const struct point_family *family = p->family ? p->family : &unknown;

    buf_putc(out, (char)kind_of(p->family));
    varint_put(out, (uint64_t)p->start_ms);
    put_text(out, family->name);
    put_text(out, family->help);
    put_text(out, family->unit);
    buf_putstr(out, p->labels);
    if (p->hist) {
        put_histogram(out, p);
    } else {
        put_sample(out, p);
    }
}

/* ---- reading them again ---- */

struct head {
    enum metric_kind kind;
    int64_t start_ms;
    struct str family, help, unit;
    struct str series; /* fields of a TimeSeries */
};

static bool take_varint(struct str *s, uint64_t *ret)
{
    uint64_t n = 0;

    for (size_t i = 0; i < s->n && i < VARINT_MAX_BYTES; i++) {
        n |= (uint64_t)(s->p[i] & 0x7f) << 7 * i;
        if (!(s->p[i] & 0x80)) {
            *s = str_from_index(*s, i + 1);
            *ret = n;
            return true;
        }
    }
    return false;
}

static bool take_text(struct str *s, struct str *ret)
{
    uint64_t n;

    if (!take_varint(s, &n) || n > s->n)
        return false;
    *ret = str_from(s->p, n);
    *s = str_from_index(*s, n);
    return true;
}

static bool take_head(struct str bytes, struct head *ret)
{
    uint64_t start;

    if (!bytes.n || (unsigned char)bytes.p[0] > METRIC_HISTOGRAM)
        return false;
    ret->kind = (enum metric_kind)bytes.p[0];
    bytes = str_from_index(bytes, 1);
    if (!take_varint(&bytes, &start) || !take_text(&bytes, &ret->family) ||
        !take_text(&bytes, &ret->help) || !take_text(&bytes, &ret->unit))
        return false;
    ret->start_ms = (int64_t)start;
    ret->series = bytes;
    return true;
}

/* A field with a length, which is all that a TimeSeries and a label have. */
static bool take_field(struct str *s, unsigned *ret_field, struct str *ret)
{
    uint64_t key;

    if (!take_varint(s, &key) || (key & 7) != PB_BYTES || key >> 3 > 15)
        return false;
    *ret_field = (unsigned)(key >> 3);
    return take_text(s, ret);
}

static bool take_label(struct str label, struct str *ret_name, struct str *ret_value)
{
    unsigned field;

    return take_field(&label, &field, ret_name) && field == LABEL_NAME &&
           take_field(&label, &field, ret_value) && field == LABEL_VALUE && label.n == 0;
}

/* ---- framing ---- */

struct framing {
    enum remote_write_version version;
    bool with_metadata;
    struct table names; /* 1.0: families that metadata is there for; 2.0: symbols, to uint32_t */
    uint32_t n_symbols;
    struct arena arena;
    struct buf head, series; /* what comes first in the request, and behind it */
};

static void put_metadata_1(struct framing *f, const struct head *h)
{
    static char known;

    if (!f->with_metadata || !h->family.n || table_get(&f->names, h->family))
        return;
    table_set(&f->names, h->family, &known);
    size_t at = pb_open(&f->head, V1_METADATA);

    pb_uint(&f->head, V1_METADATA_TYPE, h->kind);
    pb_str(&f->head, V1_METADATA_NAME, h->family);
    pb_str(&f->head, V1_METADATA_HELP, h->help);
    if (h->unit.n)
        pb_str(&f->head, V1_METADATA_UNIT, h->unit);
    pb_close(&f->head, at);
}

static bool frame_1(struct framing *f, const struct head *h)
{
    struct str rest = h->series, content;
    unsigned field;

    while (rest.n) {
        if (!take_field(&rest, &field, &content))
            return false;
    }
    put_metadata_1(f, h);
    pb_str(&f->series, V1_TIMESERIES, h->series);
    return true;
}

static uint32_t symbol(struct framing *f, struct str text)
{
    uint32_t *known = table_get(&f->names, text);

    if (known)
        return *known;
    known = arena_new(&f->arena, uint32_t);
    *known = f->n_symbols++;
    table_set(&f->names, text, known);
    pb_str(&f->head, V2_SYMBOL, text);
    return *known;
}

static bool put_label_refs(struct framing *f, struct str *rest)
{
    size_t list = pb_open(&f->series, V2_LABEL_REFS);
    struct str label, name, value, before = *rest;
    unsigned field;

    while (take_field(rest, &field, &label) && field == V1_LABEL) {
        if (!take_label(label, &name, &value))
            return false;
        varint_put(&f->series, symbol(f, name));
        varint_put(&f->series, symbol(f, value));
        before = *rest;
    }
    *rest = before;
    pb_close(&f->series, list);
    return true;
}

/* The one sample or histogram, with its start where it counts from somewhere. */
static bool put_value_2(struct framing *f, const struct head *h, struct str rest)
{
    struct str content;
    unsigned field;

    if (!take_field(&rest, &field, &content) || rest.n ||
        (field != V1_SAMPLE && field != V1_HISTOGRAM))
        return false;
    bool is_sample = field == V1_SAMPLE;
    size_t at = pb_open(&f->series, is_sample ? V2_SAMPLE : V2_HISTOGRAM);

    buf_putstr(&f->series, content);
    if (h->start_ms > 0 && (h->kind == METRIC_COUNTER || !is_sample))
        pb_int(&f->series, is_sample ? SAMPLE_START : HISTOGRAM_START, h->start_ms);
    pb_close(&f->series, at);
    return true;
}

static void put_metadata_2(struct framing *f, const struct head *h)
{
    if (h->kind == METRIC_UNKNOWN)
        return;
    size_t at = pb_open(&f->series, V2_METADATA);

    pb_uint(&f->series, V2_METADATA_TYPE, h->kind);
    if (h->help.n)
        pb_uint(&f->series, V2_METADATA_HELP, symbol(f, h->help));
    if (h->unit.n)
        pb_uint(&f->series, V2_METADATA_UNIT, symbol(f, h->unit));
    pb_close(&f->series, at);
}

static bool frame_2(struct framing *f, const struct head *h)
{
    struct str rest = h->series;
    size_t series = pb_open(&f->series, V2_TIMESERIES);

    if (!put_label_refs(f, &rest) || !put_value_2(f, h, rest))
        return false;
    put_metadata_2(f, h);
    pb_close(&f->series, series);
    return true;
}

static bool frame_all(struct framing *f, const struct batch_view *points)
{
    struct head h;

    for (size_t i = points->from; i < points->to; i++) {
        if (!take_head(batch_point(points, i), &h))
            return false;
        if (!(f->version == REMOTE_WRITE_1 ? frame_1(f, &h) : frame_2(f, &h)))
            return false;
    }
    return true;
}

int remote_write_frame(enum remote_write_version version, bool with_metadata,
                       const struct batch_view *points, struct buf *out)
{
    struct framing f = {.version = version, .with_metadata = with_metadata};

    if (version == REMOTE_WRITE_2)
        symbol(&f, STR("")); /* the first symbol is the empty string */
    bool good = frame_all(&f, points);

    if (good && version == REMOTE_WRITE_1) { /* series first, as in Prometheus' own requests */
        buf_putstr(out, buf_str(&f.series));
        buf_putstr(out, buf_str(&f.head));
    } else if (good) {
        buf_putstr(out, buf_str(&f.head));
        buf_putstr(out, buf_str(&f.series));
    }
    buf_fini(&f.head);
    buf_fini(&f.series);
    table_fini(&f.names);
    arena_fini(&f.arena);
    return good ? 0 : REMOTE_WRITE_E_BAD;
}
