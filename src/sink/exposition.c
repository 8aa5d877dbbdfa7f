/*
 * Families and what is unique: the parts that all formats share. The bytes are in
 * exposition_text.c and exposition_protobuf.c.
 *
 * A family's head is written with its first point, so a family of which nothing is left is not
 * there at all.
 */
#include "base/mem.h"
#include "sink/exposition_priv.h"
#include "sink/native_hist.h"

enum {
    MAX_BYTES_DEFAULT = 128 << 20,
};

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
            if (pass == 0) {
                all_new &= table_get(&x->taken, buf_str(&name)) == NULL;
            } else {
                table_set(&x->taken, buf_str(&name), x);
            }
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
    x->bounds = exposition_bounds_of(f->unit, x->options.seconds);
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
