/*
 * The rules are those of section "Elements of line protocol" of InfluxDB's documentation, narrowed
 * to what the parsers of 1.x, 2.x and VictoriaMetrics agree upon. They differ in how they read
 * several backslashes before a comma, so none is ever written there.
 */
#include "sink/line_protocol.h"

#include <math.h>

#include "base/json_out.h"

enum escapes {
    ESCAPE_MEASUREMENT,
    ESCAPE_KEY,
};

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool is_escaped(char c, enum escapes escapes)
{
    return c == ',' || c == ' ' || is_control(c) || (c == '=' && escapes == ESCAPE_KEY);
}

static void put_name(struct buf *out, struct str s, enum escapes escapes)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool escapes_next = c == '\\' && (i + 1 == s.n || is_escaped(s.p[i + 1], escapes));

        if (is_escaped(c, escapes))
            buf_putc(out, '\\');
        buf_putc(out, (char)(is_control(c) ? ' ' : escapes_next ? '/' : c));
    }
}

/* Cuts between UTF-8 characters. */
static struct str cut(struct str s, size_t max)
{
    size_t n = s.n < max ? s.n : max;

    while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
        n--;
    return str_from(s.p, n);
}

static bool is_reserved(struct str key)
{
    return str_is(key, "time") || str_is(key, "_field") || str_is(key, "_measurement");
}

static void put_key(struct buf *out, struct str key)
{
    put_name(out, key, ESCAPE_KEY);
    if (is_reserved(key))
        buf_putc(out, '_');
}

struct line line_begin(struct buf *out, struct str measurement)
{
    struct line l = {.out = out, .start = out->len};

    put_name(out, cut(measurement, LINE_VALUE_BYTES), ESCAPE_MEASUREMENT);
    if (out->len > l.start && out->data[l.start] == '#')
        out->data[l.start] = '_';
    return l;
}

void line_tag(struct line *l, struct str key, struct str value)
{
    size_t before = l->out->len;

    if (!key.n || !value.n)
        return;
    buf_putc(l->out, ',');
    put_key(l->out, cut(key, LINE_VALUE_BYTES));
    buf_putc(l->out, '=');
    put_name(l->out, cut(value, LINE_VALUE_BYTES), ESCAPE_KEY);
    if (l->out->len - l->start > LINE_SERIES_BYTES)
        l->out->len = before;
}

static void begin_field(struct line *l, struct str key)
{
    buf_putc(l->out, l->n_fields++ ? ',' : ' ');
    put_key(l->out, cut(key, LINE_VALUE_BYTES));
    buf_putc(l->out, '=');
}

void line_f64(struct line *l, struct str key, double value)
{
    char text[JSON_NUMBER_BYTES];

    if (!key.n || !isfinite(value))
        return;
    begin_field(l, key);
    buf_put(l->out, text, json_number(value, text));
}

void line_i64(struct line *l, struct str key, int64_t value)
{
    if (!key.n)
        return;
    begin_field(l, key);
    buf_printf(l->out, "%lldi", (long long)value);
}

void line_bool(struct line *l, struct str key, bool value)
{
    if (!key.n)
        return;
    begin_field(l, key);
    buf_puts(l->out, value ? "true" : "false");
}

void line_string(struct line *l, struct str key, struct str value)
{
    if (!key.n)
        return;
    begin_field(l, key);
    buf_putc(l->out, '"');
    value = cut(value, LINE_SERIES_BYTES);
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];

        if (c == '"' || c == '\\')
            buf_putc(l->out, '\\');
        buf_putc(l->out, (char)(is_control(c) ? ' ' : c));
    }
    buf_putc(l->out, '"');
}

bool line_end(struct line *l, int64_t time)
{
    if (!l->n_fields) {
        l->out->len = l->start;
        return false;
    }
    buf_printf(l->out, " %lld\n", (long long)time);
    return true;
}

/* ---- precision ---- */

static const struct {
    const char *v1, *v2, *more;
    span_ns unit;
} precisions[] = {
    {"n", "ns", "1ns", 1},
    {"u", "us", "1us", NS_PER_US},
    {"ms", "ms", "1ms", NS_PER_MS},
    {"s", "s", "1s", NS_PER_S},
    {"m", NULL, "1m", 60 * NS_PER_S},
    {"h", NULL, "1h", 3600 * NS_PER_S},
};

bool line_precision(struct str word, span_ns *ret_unit)
{
    for (size_t i = 0; i < countof(precisions); i++) {
        if (str_is(word, precisions[i].v1) || str_is(word, precisions[i].more) ||
            (precisions[i].v2 && str_is(word, precisions[i].v2))) {
            *ret_unit = precisions[i].unit;
            return true;
        }
    }
    return false;
}

const char *line_precision_v1(span_ns unit)
{
    for (size_t i = 0; i < countof(precisions); i++) {
        if (precisions[i].unit == unit)
            return precisions[i].v1;
    }
    return NULL;
}

const char *line_precision_v2(span_ns unit)
{
    for (size_t i = 0; i < countof(precisions); i++) {
        if (precisions[i].unit == unit)
            return precisions[i].v2;
    }
    return NULL;
}
