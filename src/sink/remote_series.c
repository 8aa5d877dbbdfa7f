#include "sink/remote_series.h"

#include "base/mem.h"
#include "base/table.h"
#include "sink/exposition.h"
#include "sink/prom_labels.h"
#include "sink/remote_write.h"

enum {
    REPEAT_MS = 60000,    /* after so long an unchanged series goes out again */
    FULL_BYTES = 4 << 20, /* a batch is handed on */
};

struct series {
    int64_t last_ms; /* of what was sent last */
    double value;    /* a histogram's: its count */
    uint64_t round;  /* the last that had it */
    bool is_over;    /* it had its marker, and was not seen again: it may come back */
};

struct remote_series {
    struct remote_series_options options;
    struct table table; /* of struct series, by their labels as they are sent */
    struct prom_labels labels;
    struct buf key;
    struct arena arena; /* of names of parts */
    struct batch *batch;
    int64_t round_ms; /* of the round before; 0: there was none */
    uint64_t round;   /* rounds so far */
};

struct remote_series *remote_series_new(const struct remote_series_options *options)
{
    struct remote_series *s = xnew(struct remote_series);

    s->options = *options;
    return s;
}

static void forget(struct remote_series *s)
{
    struct table_entry *e;

    table_each(e, &s->table)
        free(e->value);
    table_fini(&s->table);
    s->table = (struct table){0};
}

void remote_series_free(struct remote_series *s)
{
    if (!s)
        return;
    forget(s);
    prom_labels_fini(&s->labels);
    buf_fini(&s->key);
    arena_fini(&s->arena);
    free(s);
}

void remote_series_begin(struct remote_series *s, struct batch *b)
{
    s->batch = b;
    s->round++;
}

/* The labels with the name among them, into s->key. `le` is NULL but for classic buckets. */
static void make_key(struct remote_series *s, const struct point *p, const char *le)
{
    struct prom_labels *l = &s->labels;

    prom_labels_reset(l);
    for (size_t i = 0; i < p->n_labels; i++) {
        bool is_le = le && str_is(p->labels[i].key, "le");

        prom_labels_add(l, is_le ? STR("exported_le") : p->labels[i].key, p->labels[i].value);
    }
    prom_labels_add(l, STR("le"), str_of(le));
    /* After mending no other label begins with two underscores. */
    prom_labels_add(l, STR("name"), prom_metric_name(&l->arena, p->family->name));
    l->items[l->n - 1].key = STR("__name__");
    prom_labels_end(l);
    buf_reset(&s->key);
    remote_write_labels(&s->key, l->items, l->n);
}

static void put(struct remote_series *s, const struct remote_write_point *p)
{
    struct batch *b = s->batch;
    wall_ns at = p->at_ms * NS_PER_MS;

    remote_write_point(&b->bytes, p);
    batch_end_point(b);
    if (!b->first_at || at < b->first_at)
        b->first_at = at;
    if (b->bytes.len >= FULL_BYTES && s->options.full)
        s->options.full(s->options.arg, b);
}

static struct remote_write_point point_of(const struct remote_series *s, const struct point *p,
                                          int64_t at_ms)
{
    return (struct remote_write_point){
        .family = p->family,
        .labels = buf_str(&s->key),
        .start_ms = p->family->kind == POINT_GAUGE ? 0 : p->start / NS_PER_MS,
        .at_ms = at_ms,
        .value = p->value,
        .hist = p->family->kind == POINT_HISTOGRAM ? p->hist : NULL,
        .factor = p->factor,
        .schema = s->options.schema,
    };
}

/* Since the round before, or the start of the run, it counted 0. */
static void put_zero(struct remote_series *s, const struct point *p, int64_t at_ms)
{
    int64_t zero_ms = s->round_ms ? s->round_ms : p->start / NS_PER_MS;
    struct remote_write_point zero = point_of(s, p, zero_ms);
    struct hist empty = {.scale = p->hist ? p->hist->scale : 1};

    if (s->options.no_zeros || p->family->kind == POINT_GAUGE || zero_ms <= 0 || zero_ms >= at_ms)
        return;
    zero.value = 0;
    zero.hist = zero.hist ? &empty : NULL;
    put(s, &zero);
}

static double state_of(const struct point *p)
{
    return p->family->kind == POINT_HISTOGRAM ? (double)p->hist->count : p->value;
}

static bool is_due(const struct remote_series *s, const struct series *series,
                   const struct point *p, int64_t at_ms)
{
    if (at_ms <= series->last_ms)
        return state_of(p) != series->value;
    return s->options.all || p->fresh || state_of(p) != series->value ||
           at_ms - series->last_ms >= REPEAT_MS;
}

static void tell(struct remote_series *s, const struct point *p, const char *le)
{
    int64_t at_ms = p->at / NS_PER_MS;

    make_key(s, p, le);
    struct series *series = table_get(&s->table, buf_str(&s->key));
    bool is_new = !series;

    if (is_new) {
        series = xnew(struct series);
        table_set(&s->table, buf_str(&s->key), series);
    }
    series->round = s->round;
    if (is_new) {
        if (state_of(p) != 0)
            put_zero(s, p, at_ms);
    } else if (!series->is_over && !is_due(s, series, p, at_ms)) {
        return;
    } else if (at_ms <= series->last_ms) {
        at_ms = series->last_ms + 1;
    }
    struct remote_write_point point = point_of(s, p, at_ms);

    put(s, &point);
    series->last_ms = at_ms;
    series->value = state_of(p);
    series->is_over = false;
}

/* One series of a classic histogram: a counter. */
static void tell_part(struct remote_series *s, const struct point *p, const char *suffix,
                      const char *le, double value)
{
    struct point_family family = *p->family;
    struct point part = *p;

    family.name = str_of(arena_printf(&s->arena, "%.*s%s", STR_ARG(p->family->name), suffix));
    family.kind = POINT_COUNTER;
    part.family = &family;
    part.value = value;
    tell(s, &part, le);
}

static void tell_classic(struct remote_series *s, const struct point *p)
{
    const struct exposition_bounds *b = exposition_bounds_of(p->family->unit, s->options.classic);
    uint64_t counts[EXPOSITION_BOUNDS_MAX];
    char le[EXPOSITION_LE_BYTES];

    arena_reset(&s->arena);
    exposition_cumulate(b, p->hist, p->factor, counts);
    for (size_t i = 0; i < b->n; i++) {
        exposition_le(b->upper[i], EXPOSITION_TEXT, le);
        tell_part(s, p, "_bucket", le, (double)counts[i]);
    }
    tell_part(s, p, "_bucket", "+Inf", (double)p->hist->count);
    tell_part(s, p, "_count", NULL, (double)p->hist->count);
    tell_part(s, p, "_sum", NULL, p->hist->sum * p->factor);
}

void remote_series_point(void *s, const struct point *p)
{
    const struct remote_series *self = s;

    if (p->family->kind == POINT_HISTOGRAM && self->options.classic) {
        tell_classic(s, p);
    } else {
        tell(s, p, NULL);
    }
}

static void put_stale(struct remote_series *s, struct str labels, int64_t at_ms)
{
    static const uint64_t bits = REMOTE_WRITE_STALE;
    struct remote_write_point point = {.labels = labels, .at_ms = at_ms};

    memcpy(&point.value, &bits, sizeof(bits));
    put(s, &point);
}

/* At the time of the round, or just after its last sample. */
static void end_missing(struct remote_series *s, int64_t at_ms)
{
    struct table_entry *e;

    table_each(e, &s->table) {
        struct series *series = e->value;

        if (series->round == s->round || series->is_over)
            continue;
        series->last_ms = at_ms > series->last_ms ? at_ms : series->last_ms + 1;
        series->is_over = true;
        put_stale(s, e->key, series->last_ms);
    }
}

void remote_series_end(struct remote_series *s, wall_ns at)
{
    s->round_ms = at / NS_PER_MS;
    if (s->options.stale)
        end_missing(s, s->round_ms);
    s->batch = NULL;
}

void remote_series_stale(struct remote_series *s, struct batch *b)
{
    struct table_entry *e;

    s->batch = b;
    table_each(e, &s->table) {
        const struct series *series = e->value;

        if (!series->is_over)
            put_stale(s, e->key, series->last_ms + 1);
    }
    s->batch = NULL;
    forget(s);
}
