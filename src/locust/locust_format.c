#include "locust/locust_format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "locust/locust_view.h"

enum {
    DIGITS_SURE = 15, /* that every double has */
    DIGITS_MAX = 17,  /* that every double needs */
    PLAIN_MIN = -4,   /* exponents of numbers that are written without one */
    PLAIN_MAX = 16,
};

/* Significant digits without the zeros at the end, and the exponent of the first. */
struct decimal {
    char digits[DIGITS_MAX + 1];
    int n;
    int exponent;
};

static struct decimal decimal_of(double value)
{
    struct decimal d = {.n = 1};
    char text[40];

    for (int n = DIGITS_SURE; n <= DIGITS_MAX; n++) {
        snprintf(text, sizeof(text), "%.*e", n - 1, value);
        if (strtod(text, NULL) == value || n == DIGITS_MAX) {
            d.n = n;
            break;
        }
    }
    d.digits[0] = text[0];
    for (int i = 1; i < d.n; i++)
        d.digits[i] = text[i + 1];
    d.exponent = (int)strtol(text + d.n + 2, NULL, 10);
    while (d.n > 1 && d.digits[d.n - 1] == '0')
        d.n--;
    return d;
}

static void put_scientific(struct buf *out, const struct decimal *d)
{
    buf_putc(out, d->digits[0]);
    if (d->n > 1)
        buf_putc(out, '.');
    buf_put(out, d->digits + 1, (size_t)d->n - 1);
    buf_printf(out, "e%c%02d", d->exponent < 0 ? '-' : '+', abs(d->exponent));
}

static void put_plain(struct buf *out, const struct decimal *d)
{
    int point = d->exponent + 1; /* digits before it */

    if (point <= 0) {
        buf_puts(out, "0.");
        for (int i = point; i < 0; i++)
            buf_putc(out, '0');
        buf_put(out, d->digits, (size_t)d->n);
        return;
    }
    for (int i = 0; i < point; i++)
        buf_putc(out, i < d->n ? d->digits[i] : '0');
    buf_putc(out, '.');
    if (point < d->n)
        buf_put(out, d->digits + point, (size_t)(d->n - point));
    else
        buf_putc(out, '0');
}

void locust_put_float(struct buf *out, double value)
{
    if (!isfinite(value)) {
        buf_puts(out, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
        return;
    }
    if (value < 0) {
        buf_putc(out, '-');
        value = -value;
    }
    struct decimal d = decimal_of(value);

    if (d.exponent < PLAIN_MIN || d.exponent >= PLAIN_MAX)
        put_scientific(out, &d);
    else
        put_plain(out, &d);
}

void locust_put_quantile_name(struct buf *out, double q)
{
    double percent = q * 100;

    if (percent == floor(percent))
        buf_printf(out, "%.0f", percent);
    else
        locust_put_float(out, nearbyint(percent * 1e6) / 1e6);
    buf_putc(out, '%');
}

uint64_t locust_whole_ms(double ms)
{
    return ms > 0 && ms < 1e18 ? (uint64_t)nearbyint(ms) : 0;
}

void locust_put_median(struct locust_view *v, const struct locust_row *row, struct buf *out)
{
    double median = (double)locust_whole_ms(locust_median(v, row));

    if (row->times.count && median > locust_max(row))
        locust_put_float(out, locust_max(row));
    else if (row->times.count && median < locust_min(row))
        locust_put_float(out, locust_min(row));
    else
        buf_printf(out, "%.0f", median);
}

void locust_put_utc(struct buf *out, wall_ns when)
{
    time_t seconds = (time_t)(when / NS_PER_S);
    struct tm t;
    char text[40];

    gmtime_r(&seconds, &t);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &t);
    buf_puts(out, text);
}
