/*
 * Rounding follows k6, so that summaries can be compared by eye: times and shares are cut off,
 * other numbers are rounded, and trailing zeros go.
 */
#include "report/humanize.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/json_out.h"

enum time_unit time_unit_of(const char *text)
{
    static const char *const names[] = {
        [TIME_UNIT_AUTO] = "", [TIME_UNIT_S] = "s", [TIME_UNIT_MS] = "ms", [TIME_UNIT_US] = "us"};

    for (enum time_unit u = TIME_UNIT_S; u <= TIME_UNIT_US; u++) {
        if (strcmp(text, names[u]) == 0)
            return u;
    }
    return TIME_UNIT_AUTO;
}

/* Prints with `decimals` places and takes trailing zeros, and a bare point, off again. */
static void put_trimmed(struct buf *out, double value, int decimals)
{
    size_t before = out->len;

    buf_printf(out, "%.*f", decimals, value);
    while (out->len > before + 1 && out->data[out->len - 1] == '0' &&
           memchr(out->data + before, '.', out->len - before))
        out->len--;
    if (out->data[out->len - 1] == '.')
        out->len--;
    /* What rounds to nothing has no sign. */
    if (out->len == before + 2 && memcmp(out->data + before, "-0", 2) == 0) {
        out->data[before] = '0';
        out->len--;
    }
}

static void put_cut(struct buf *out, double value)
{
    put_trimmed(out, trunc(value * 100) / 100, 2);
}

static void put_number(struct buf *out, double value)
{
    char text[JSON_NUMBER_BYTES];

    if (fabs(value) < 1e21) {
        put_trimmed(out, value, 6);
    } else {
        buf_put(out, text, json_number(value, text));
    }
}

static void put_bytes(struct buf *out, double bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"};
    size_t unit = 0;
    double scale = 1;

    if (bytes < 10) {
        put_number(out, bytes);
        buf_puts(out, " B");
        return;
    }
    while (unit + 1 < countof(units) && bytes >= scale * 1000) {
        scale *= 1000;
        unit++;
    }
    double value = floor(bytes / scale * 10 + 0.5) / 10;

    buf_printf(out, "%.*f %s", value < 10 ? 1 : 0, value, units[unit]);
}

/* More than a minute: whole seconds, with minutes and hours before them. */
static void put_long_time(struct buf *out, double ms)
{
    uint64_t seconds = (uint64_t)(ms / 1000);

    if (seconds >= 3600)
        buf_printf(out, "%" PRIu64 "h", seconds / 3600);
    buf_printf(out, "%" PRIu64 "m%" PRIu64 "s", seconds / 60 % 60, seconds % 60);
}

static void put_time(struct buf *out, double ms)
{
    if (ms == 0) {
        buf_puts(out, "0s");
    } else if (ms < 1e-3) {
        put_trimmed(out, trunc(ms * 1e6), 0);
        buf_puts(out, "ns");
    } else if (ms < 1) {
        put_cut(out, ms * 1000);
        buf_puts(out, "µs");
    } else if (ms < 1000) {
        put_cut(out, ms);
        buf_puts(out, "ms");
    } else if (ms < 60000 || ms > 1e18) {
        put_cut(out, ms / 1000);
        buf_puts(out, "s");
    } else {
        put_long_time(out, ms);
    }
}

void humanize(struct buf *out, double value, enum metric_contains contains, enum time_unit unit)
{
    static const struct {
        double factor;
        const char *name;
    } units[] = {
        [TIME_UNIT_S] = {0.001, "s"}, [TIME_UNIT_MS] = {1, "ms"}, [TIME_UNIT_US] = {1000, "µs"}};

    if (!isfinite(value)) {
        buf_puts(out, isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity");
    } else if (contains == CONTAINS_DATA) {
        put_bytes(out, value);
    } else if (contains != CONTAINS_TIME) {
        put_number(out, value);
    } else if (unit == TIME_UNIT_AUTO) {
        put_time(out, value);
    } else {
        buf_printf(out, "%.2f%s", value * units[unit].factor, units[unit].name);
    }
}

void humanize_share(struct buf *out, double share)
{
    buf_printf(out, "%.2f%%", trunc(share * 100 * 100) / 100);
}

size_t text_columns(struct str text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++)
        n += (text.p[i] & 0xc0) != 0x80;
    return n;
}
