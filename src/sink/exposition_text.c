/* The text format 0.0.4 and OpenMetrics 1.0: alike, but for what each calls a family. */
#include <inttypes.h>
#include <math.h>

#include "base/json_out.h"
#include "sink/exposition_priv.h"

static bool is_open(const struct exposition *x)
{
    return x->options.format == EXPOSITION_OPENMETRICS;
}

/* Backslash and line end are escaped everywhere, a quote where `quote` says so. */
static void put_escaped(struct buf *out, struct str text, bool quote)
{
    size_t done = 0;

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c != '\\' && c != '\n' && !(c == '"' && quote))
            continue;
        buf_put(out, text.p + done, i - done);
        buf_putc(out, '\\');
        buf_putc(out, (char)(c == '\n' ? 'n' : c));
        done = i + 1;
    }
    if (text.n > done)
        buf_put(out, text.p + done, text.n - done);
}

static void put_comment(struct exposition *x, const char *word)
{
    buf_puts(x->out, "# ");
    buf_puts(x->out, word);
    buf_putc(x->out, ' ');
    buf_putstr(x->out, buf_str(&x->name));
    buf_putc(x->out, ' ');
}

static void put_type(struct exposition *x)
{
    static const char *const names[] = {
        [EXPOSITION_COUNTER] = "counter",
        [EXPOSITION_GAUGE] = "gauge",
        [EXPOSITION_HISTOGRAM] = "histogram",
        [EXPOSITION_UNKNOWN] = "unknown",
    };

    put_comment(x, "TYPE");
    buf_puts(x->out, names[x->kind]);
    buf_putc(x->out, '\n');
}

static void put_help(struct exposition *x)
{
    if (!x->help.len)
        return;
    put_comment(x, "HELP");
    put_escaped(x->out, buf_str(&x->help), is_open(x));
    buf_putc(x->out, '\n');
}

/* A unit is told only where it is the last part of the name, as OpenMetrics demands. */
static void put_unit(struct exposition *x)
{
    struct str name = buf_str(&x->name), unit = buf_str(&x->unit);

    if (!unit.n || name.n <= unit.n || !str_ends(name, unit) || name.p[name.n - unit.n - 1] != '_')
        return;
    put_comment(x, "UNIT");
    buf_putstr(x->out, unit);
    buf_putc(x->out, '\n');
}

void exposition_text_family(struct exposition *x)
{
    if (is_open(x)) {
        put_type(x);
        put_unit(x);
        put_help(x);
    } else {
        put_help(x);
        put_type(x);
    }
}

static void put_label(struct buf *out, bool is_first, struct str name, struct str value)
{
    buf_putc(out, is_first ? '{' : ',');
    buf_putstr(out, name);
    buf_puts(out, "=\"");
    put_escaped(out, value, true);
    buf_putc(out, '"');
}

/* Up to the value. `le` may be NULL. */
static void put_series(struct exposition *x, const char *suffix, const char *le)
{
    buf_putstr(x->out, buf_str(&x->name));
    buf_puts(x->out, suffix);
    for (size_t i = 0; i < x->labels.n; i++)
        put_label(x->out, i == 0, x->labels.items[i].key, x->labels.items[i].value);
    if (le)
        put_label(x->out, x->labels.n == 0, STR("le"), str_of(le));
    buf_puts(x->out, x->labels.n || le ? "} " : " ");
}

static void put_number(struct buf *out, double value)
{
    char text[JSON_NUMBER_BYTES];

    if (isnan(value)) {
        buf_puts(out, "NaN");
    } else if (isinf(value)) {
        buf_puts(out, value < 0 ? "-Inf" : "+Inf");
    } else {
        buf_put(out, text, json_number(value, text));
    }
    buf_putc(out, '\n');
}

static void put_sample(struct exposition *x, const char *suffix, double value)
{
    put_series(x, suffix, NULL);
    put_number(x->out, value);
}

static void put_count(struct exposition *x, const char *suffix, const char *le, uint64_t count)
{
    put_series(x, suffix, le);
    buf_put_u64(x->out, count);
    buf_putc(x->out, '\n');
}

static void put_created(struct exposition *x, wall_ns start)
{
    if (!is_open(x) || start <= 0)
        return;
    put_series(x, "_created", NULL);
    buf_printf(x->out, "%" PRId64 ".%03d\n", start / NS_PER_S, (int)(start % NS_PER_S / NS_PER_MS));
}

static void put_histogram(struct exposition *x, const struct point *p)
{
    uint64_t counts[EXPOSITION_BOUNDS_MAX];

    exposition_cumulate(x->bounds, p->hist, p->factor, counts);
    for (size_t i = 0; i < x->bounds->n; i++)
        put_count(x, "_bucket", x->le[i], counts[i]);
    put_count(x, "_bucket", "+Inf", p->hist->count);
    put_sample(x, "_sum", p->hist->sum * p->factor);
    put_count(x, "_count", NULL, p->hist->count);
    put_created(x, p->start);
}

void exposition_text_point(struct exposition *x, const struct point *p)
{
    switch (x->kind) {
    case EXPOSITION_HISTOGRAM:
        put_histogram(x, p);
        break;
    case EXPOSITION_COUNTER:
        put_sample(x, is_open(x) ? "_total" : "", p->value);
        put_created(x, p->start);
        break;
    case EXPOSITION_GAUGE:
    case EXPOSITION_UNKNOWN:
        put_sample(x, "", p->value);
        break;
    }
}
