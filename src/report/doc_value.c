/*
 * Numbers are written by integer arithmetic, for a frame of a thousand entries has some seventeen
 * thousand of them: a value is scaled so that all digits that are wanted stand before the point.
 */
#include "report/doc_value.h"

#include <math.h>
#include <stdio.h>

#include "base/json_out.h"

/* Ascending. A point has all but the last. */
static const double quantiles[] = {0.5, 0.9, 0.95, 0.99, 0.999};

size_t doc_point_columns(enum metric_type type)
{
    switch (type) {
    case METRIC_COUNTER:
        return 1;
    case METRIC_GAUGE:
        return 3;
    case METRIC_RATE:
        return 2;
    case METRIC_TREND:
        return 4 + countof(quantiles) - 1;
    }
    return 0;
}

static size_t trend_columns(const struct hist *h, size_t n_quantiles, double *columns)
{
    columns[0] = (double)h->count;
    columns[1] = h->sum;
    columns[2] = h->count ? h->min : 0;
    columns[3] = h->count ? h->max : 0;
    hist_quantiles(h, quantiles, n_quantiles, columns + 4);
    return 4 + n_quantiles;
}

size_t doc_point(const struct value *v, enum metric_type type, double ret_columns[DOC_COLUMNS_MAX])
{
    switch (type) {
    case METRIC_COUNTER:
        ret_columns[0] = v->counter.sum;
        break;
    case METRIC_GAUGE:
        ret_columns[0] = v->gauge.last;
        ret_columns[1] = v->gauge.min;
        ret_columns[2] = v->gauge.max;
        break;
    case METRIC_RATE:
        ret_columns[0] = (double)v->rate.trues;
        ret_columns[1] = (double)v->rate.total;
        break;
    case METRIC_TREND:
        return trend_columns(&v->trend, countof(quantiles) - 1, ret_columns);
    }
    return doc_point_columns(type);
}

size_t doc_total(const struct value *v, enum metric_type type, double ret_columns[DOC_COLUMNS_MAX])
{
    if (type == METRIC_TREND)
        return trend_columns(&v->trend, countof(quantiles), ret_columns);
    size_t n = doc_point(v, type, ret_columns);

    if (type == METRIC_COUNTER || type == METRIC_GAUGE)
        ret_columns[n++] = (double)value_samples(v, type);
    return n;
}

/* ---- numbers ---- */

enum {
    MOST_DIGITS = 15, /* that survive a multiplication by a power of ten */
    MOST_DECIMALS = 22,
};

static const double power[MOST_DECIMALS + 1] = {1,    1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* How many decimals leave `digits` digits of a value that is not 0; more than there may be: many.
 */
static int decimals_of(double value, int digits)
{
    int decimals = 0;

    while (decimals <= MOST_DECIMALS && value * power[decimals] < power[digits - 1])
        decimals++;
    return decimals;
}

/* `all` millionths, or whatever power of ten, without the zeros at the end. */
static void put_decimals(struct buf *out, uint64_t all, int decimals)
{
    char text[32];
    char *end = text + sizeof(text), *at = end;

    while (decimals > 0 && all % 10 == 0) {
        all /= 10;
        decimals--;
    }
    for (int i = 0; i < decimals; i++, all /= 10)
        *--at = (char)('0' + all % 10);
    if (decimals)
        *--at = '.';
    do {
        *--at = (char)('0' + all % 10);
        all /= 10;
    } while (all);
    buf_put(out, at, (size_t)(end - at));
}

static void put_any(struct buf *out, double value)
{
    char text[JSON_NUMBER_BYTES];

    buf_put(out, text, json_number(value, text));
}

/* For numbers that are too small or too large to be scaled. */
static void put_odd(struct buf *out, double value, int digits)
{
    char text[JSON_NUMBER_BYTES];
    double rounded;

    snprintf(text, sizeof(text), "%.*e", digits - 1, value);
    put_any(out, str_f64(str_of(text), &rounded) ? rounded : value);
}

void doc_put_number(struct buf *out, double value, int digits)
{
    double magnitude = fabs(value);

    if (digits > MOST_DIGITS || !isfinite(value)) {
        put_any(out, value);
        return;
    }
    bool whole = magnitude < power[MOST_DIGITS] && magnitude == floor(magnitude);
    int decimals = whole ? 0 : decimals_of(magnitude, digits);

    if (magnitude >= power[MOST_DIGITS] || decimals + digits > MOST_DECIMALS) {
        put_odd(out, value, digits);
        return;
    }
    uint64_t all = (uint64_t)(magnitude * power[decimals] + 0.5);

    if (value < 0 && all)
        buf_putc(out, '-');
    put_decimals(out, all, decimals);
}
