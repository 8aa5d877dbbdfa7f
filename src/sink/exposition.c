/*
 * Families and what is unique: the parts that all formats share. The bytes are in
 * exposition_text.c and exposition_protobuf.c.
 *
 * A family's head is written with its first point, so a family of which nothing is left is not
 * there at all.
 */
#include <math.h>

#include "base/mem.h"
#include "sink/exposition_priv.h"
#include "sink/native_hist.h"

enum {
    MAX_BYTES_DEFAULT = 128 << 20,
};

/* The usual ones of the client libraries, and more at both ends. */
const struct exposition_bounds exposition_seconds = {
    .upper = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60},
    .n = 15,
};

static const struct exposition_bounds bounds_of_bytes = {
    .upper = {100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9},
    .n = 8,
};

static const struct exposition_bounds bounds_of_milliseconds = {
    .upper = {1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000},
    .n = 15,
};

static const struct exposition_bounds bounds_of_ratios = {
    .upper = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1},
    .n = 10,
};

static const struct exposition_bounds bounds_of_others = {
    .upper = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 1e4, 1e5, 1e6},
    .n = 15,
};

int exposition_bounds_parse(struct str list, struct exposition_bounds *ret)
{
    struct exposition_bounds bounds = {0};
    struct str part;

    while (str_split(&list, ',', &part)) {
        double bound;

        part = str_trim(part);
        if (!str_f64(part, &bound) || !isfinite(bound))
            return fault(FAULT_EXIT(104), "\"%.*s\" is no bound of a bucket; write 0.1,0.5,1",
                         STR_ARG(part));
        if (bounds.n && bound <= bounds.upper[bounds.n - 1])
            return fault(FAULT_EXIT(104), "bounds of buckets must ascend, %.*s does not",
                         STR_ARG(part));
        if (bounds.n == EXPOSITION_BOUNDS_MAX)
            return fault(FAULT_EXIT(104), "more than %d buckets are too many",
                         EXPOSITION_BOUNDS_MAX);
        bounds.upper[bounds.n++] = bound;
    }
    *ret = bounds;
    return 0;
}

struct exposition *exposition_new(const struct exposition_options *options, struct buf *out)
{
    struct exposition *x = xnew(struct exposition);

    x->options = *options;
    x->options.seconds = options->seconds ? options->seconds : &exposition_seconds;
    x->options.max_bytes = options->max_bytes ? options->max_bytes : MAX_BYTES_DEFAULT;
    x->out = out;
    x->start = out->len;
    return x;
}

void exposition_free(struct exposition *x)
{
    if (!x)
        return;
    buf_fini(&x->raw_name);
    buf_fini(&x->name);
    buf_fini(&x->unit);
    buf_fini(&x->help);
    buf_fini(&x->family_message);
    table_fini(&x->taken);
    free(x->seen.slots);
    prom_labels_fini(&x->labels);
    arena_fini(&x->arena);
    free(x);
}

struct exposition_count exposition_counts(const struct exposition *x)
{
    return x->count;
}

/* ---- label sets of a family ---- */

static void set_reset(struct exposition_set *s)
{
    if (s->n)
        memset(s->slots, 0, s->n_slots * sizeof(*s->slots));
    s->n = 0;
}

/* False when it was in already. */
static bool set_insert(struct exposition_set *s, uint64_t hash)
{
    size_t at = hash & (s->n_slots - 1);

    while (s->slots[at] && s->slots[at] != hash)
        at = (at + 1) & (s->n_slots - 1);
    bool is_new = s->slots[at] == 0;

    s->slots[at] = hash;
    s->n += is_new;
    return is_new;
}

static void set_grow(struct exposition_set *s)
{
    struct exposition_set wider = {.n_slots = s->n_slots ? 2 * s->n_slots : 64};

    wider.slots = xnew_n(uint64_t, wider.n_slots);
    for (size_t i = 0; i < s->n_slots; i++) {
        if (s->slots[i])
            set_insert(&wider, s->slots[i]);
    }
    free(s->slots);
    *s = wider;
}

static bool labels_are_new(struct exposition *x)
{
    uint64_t hash = 0;

    for (size_t i = 0; i < x->labels.n; i++) {
        const struct tag *t = &x->labels.items[i];

        hash = hash_bytes(t->key.p, t->key.n, hash);
        hash = hash_bytes(t->value.p, t->value.n, hash);
    }
    if (2 * x->seen.n >= x->seen.n_slots)
        set_grow(&x->seen);
    return set_insert(&x->seen, hash ? hash : 1);
}

/* ---- families ---- */

/* What follows the family's name in the names of its samples; by kind, for each format. */
static const char *const suffixes[][5] = {
    [EXPOSITION_COUNTER] = {"", "_total", "_created"},
    [EXPOSITION_GAUGE] = {""},
    [EXPOSITION_HISTOGRAM] = {"", "_bucket", "_count", "_sum", "_created"},
    [EXPOSITION_UNKNOWN] = {""},
};

static bool suffix_is_used(const struct exposition *x, const char *suffix)
{
    bool is_open = x->options.format == EXPOSITION_OPENMETRICS;

    return is_open || (strcmp(suffix, "_created") != 0 && strcmp(suffix, "_total") != 0);
}

/* Takes the names of the family's samples; false when another family has one of them. */
static bool take_names(struct exposition *x)
{
    struct buf name = {0};
    bool all_new = true;

    for (int pass = 0; pass < 2 && all_new; pass++) {
        for (size_t i = 0; i < countof(suffixes[0]) && suffixes[x->kind][i]; i++) {
            if (!suffix_is_used(x, suffixes[x->kind][i]))
                continue;
            buf_reset(&name);
            buf_putstr(&name, buf_str(&x->name));
            buf_puts(&name, suffixes[x->kind][i]);
            if (pass == 0)
                all_new &= table_get(&x->taken, buf_str(&name)) == NULL;
            else
                table_set(&x->taken, buf_str(&name), x);
        }
    }
    buf_fini(&name);
    return all_new;
}

static enum exposition_kind kind_of(const struct exposition *x, const struct point_family *f)
{
    switch (f->kind) {
    case POINT_GAUGE:
        return EXPOSITION_GAUGE;
    case POINT_HISTOGRAM:
        return EXPOSITION_HISTOGRAM;
    case POINT_COUNTER:
        break;
    }
    /* A counter's sample must end in _total there; to rename it would break dashboards. */
    return x->options.format == EXPOSITION_OPENMETRICS && !str_ends(f->name, STR("_total"))
               ? EXPOSITION_UNKNOWN
               : EXPOSITION_COUNTER;
}

static const struct exposition_bounds *bounds_of(const struct exposition *x, struct str unit)
{
    if (str_is(unit, "seconds"))
        return x->options.seconds;
    if (str_is(unit, "bytes"))
        return &bounds_of_bytes;
    if (str_is(unit, "milliseconds"))
        return &bounds_of_milliseconds;
    return str_is(unit, "ratio") ? &bounds_of_ratios : &bounds_of_others;
}

static void copy(struct buf *to, struct str text)
{
    buf_reset(to);
    buf_putstr(to, text);
}

static void begin_family(struct exposition *x, const struct point_family *f)
{
    arena_reset(&x->arena);
    struct str name = prom_metric_name(&x->arena, f->name);

    copy(&x->raw_name, f->name);
    x->raw_kind = f->kind;
    x->kind = kind_of(x, f);
    if (x->kind == EXPOSITION_COUNTER && x->options.format == EXPOSITION_OPENMETRICS)
        name.n -= STR("_total").n;
    copy(&x->name, name);
    copy(&x->unit, f->unit);
    copy(&x->help, prom_utf8(&x->arena, f->help));
    set_reset(&x->seen);
    x->bounds = bounds_of(x, f->unit);
    for (size_t i = 0; i < x->bounds->n && x->kind == EXPOSITION_HISTOGRAM; i++)
        exposition_le(x->bounds->upper[i], x->options.format, x->le[i]);
    x->has_family = true;
    x->has_metadata = false;
    x->skip_family = !name.n || !take_names(x);
}

static void end_family(struct exposition *x)
{
    if (x->has_family && x->has_metadata && x->options.format == EXPOSITION_PROTOBUF)
        exposition_protobuf_family(x);
    x->has_family = false;
}

static bool same_family(const struct exposition *x, const struct point_family *f)
{
    return x->has_family && x->raw_kind == f->kind && str_eq(buf_str(&x->raw_name), f->name);
}

/* ---- points ---- */

void exposition_cumulate(const struct exposition *x, const struct point *p,
                         uint64_t counts[EXPOSITION_BOUNDS_MAX])
{
    const struct exposition_bounds *b = x->bounds;
    int32_t cursor = INT32_MIN, index = 0;
    uint64_t n = 0, sum = p->hist->n_zero;
    size_t i = 0;

    if (p->hist->neg.n || b->upper[0] < 0) {
        for (; i < b->n; i++)
            counts[i] = hist_count_upto(p->hist, b->upper[i] / p->factor);
        return;
    }
    bool more = hist_next(p->hist, HIST_POSITIVE, &cursor, &index, &n);

    for (; i < b->n; i++) {
        while (more && hist_upper(p->hist, index) <= b->upper[i] / p->factor) {
            sum += n;
            more = hist_next(p->hist, HIST_POSITIVE, &cursor, &index, &n);
        }
        counts[i] = sum;
    }
}

static void put_point(struct exposition *x, const struct point *p)
{
    if (x->options.format == EXPOSITION_PROTOBUF) {
        exposition_protobuf_point(x, p);
    } else {
        if (!x->has_metadata)
            exposition_text_family(x);
        exposition_text_point(x, p);
    }
    x->has_metadata = true;
    x->count.points++;
}

void exposition_point(void *arg, const struct point *p)
{
    struct exposition *x = arg;

    if (!same_family(x, p->family)) {
        end_family(x);
        begin_family(x, p->family);
    }
    prom_labels_set(&x->labels, p->labels, p->n_labels,
                    x->kind == EXPOSITION_HISTOGRAM ? "le" : NULL);
    if (x->skip_family || !labels_are_new(x)) {
        x->count.clashes++;
        return;
    }
    if (x->out->len - x->start + x->family_message.len > x->options.max_bytes) {
        x->count.too_large++;
        return;
    }
    put_point(x, p);
}

void exposition_end(struct exposition *x)
{
    end_family(x);
    if (x->options.format == EXPOSITION_OPENMETRICS)
        buf_puts(x->out, "# EOF\n");
}
