/*
 * Durations. A text is a sign, then parts of a decimal number and a unit each; the sum is kept in
 * whole nanoseconds, so that "1.5s" is exact and only fractions of a nanosecond are cut off.
 */
#include "base/duration.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define NS_PER_DAY (24 * 3600 * NS_PER_S)

static const struct unit {
    struct str name;
    span_ns ns;
} units[] = {
    /* A longer name comes before its own beginning. */
    {STR("ns"), 1},
    {STR("us"), NS_PER_US},
    {STR("µs"), NS_PER_US}, /* U+00B5, micro sign */
    {STR("μs"), NS_PER_US}, /* U+03BC, Greek letter mu */
    {STR("ms"), NS_PER_MS},
    {STR("s"), NS_PER_S},
    {STR("m"), 60 * NS_PER_S},
    {STR("h"), 3600 * NS_PER_S},
};

static const struct unit *take_unit(struct str *text)
{
    for (size_t i = 0; i < countof(units); i++) {
        if (str_starts(*text, units[i].name)) {
            *text = str_from_index(*text, units[i].name.n);
            return &units[i];
        }
    }
    return NULL;
}

struct decimal {
    int64_t whole;
    double fraction; /* 0 ≤ fraction < 1 */
};

/* Takes "12", "12.5", ".5" or "12." off the text. */
static int take_decimal(struct str *text, struct decimal *ret_decimal)
{
    struct decimal d = {0};
    double scale = 1;
    size_t i = 0;
    size_t n_digits = 0;

    for (; i < text->n && ascii_digit(text->p[i]); i++, n_digits++) {
        if (__builtin_mul_overflow(d.whole, 10, &d.whole) ||
            __builtin_add_overflow(d.whole, text->p[i] - '0', &d.whole))
            return DURATION_E_SYNTAX;
    }
    if (i < text->n && text->p[i] == '.') {
        for (i++; i < text->n && ascii_digit(text->p[i]); i++, n_digits++) {
            d.fraction = d.fraction * 10 + (text->p[i] - '0');
            scale *= 10;
        }
    }
    if (!n_digits || !isfinite(scale))
        return DURATION_E_SYNTAX;
    d.fraction /= scale;
    *text = str_from_index(*text, i);
    *ret_decimal = d;
    return 0;
}

/* sum += decimal × unit, or DURATION_E_SYNTAX when that is too much. */
static int add_part(span_ns *sum, struct decimal d, span_ns unit)
{
    span_ns whole = 0;

    if (__builtin_mul_overflow(d.whole, unit, &whole) || __builtin_add_overflow(*sum, whole, sum) ||
        __builtin_add_overflow(*sum, (span_ns)floor(d.fraction * (double)unit + 1e-6), sum))
        return DURATION_E_SYNTAX;
    return 0;
}

static int parse_units(struct str text, span_ns *ret_span)
{
    span_ns sum = 0;

    while (text.n) {
        struct decimal d;
        const struct unit *unit = NULL;

        if (take_decimal(&text, &d) || !(unit = take_unit(&text)) || add_part(&sum, d, unit->ns))
            return DURATION_E_SYNTAX;
    }
    *ret_span = sum;
    return 0;
}

/* Returns whether there was a minus sign; takes either sign off. */
static bool take_sign(struct str *text)
{
    bool minus = text->n && text->p[0] == '-';

    if (minus || (text->n && text->p[0] == '+'))
        *text = str_from_index(*text, 1);
    return minus;
}

int duration_parse_strict(struct str text, span_ns *ret_span)
{
    bool minus = take_sign(&text);
    span_ns span = 0;

    if (!text.n || (!str_is(text, "0") && parse_units(text, &span)))
        return DURATION_E_SYNTAX;
    *ret_span = minus ? -span : span;
    return 0;
}

/* "1d" or "1d12h30m", without its sign. */
static int parse_days(struct str text, size_t n_days, span_ns *ret_span)
{
    uint64_t days = 0;
    span_ns rest = 0;
    span_ns span = 0;

    if (!str_u64(str_from(text.p, n_days), &days) || days > INT64_MAX ||
        parse_units(str_from_index(text, n_days + 1), &rest) ||
        __builtin_mul_overflow((int64_t)days, NS_PER_DAY, &span) ||
        __builtin_add_overflow(span, rest, &span))
        return DURATION_E_SYNTAX;
    *ret_span = span;
    return 0;
}

int duration_parse(struct str text, span_ns *ret_span)
{
    double ms = 0;

    if (text.n && str_f64(text, &ms))
        return duration_from_ms(ms, ret_span);

    struct str body = text;
    bool minus = take_sign(&body);
    size_t n_days = str_find(body, 'd');
    span_ns span = 0;

    if (n_days == body.n)
        return duration_parse_strict(text, ret_span);
    if (parse_days(body, n_days, &span))
        return DURATION_E_SYNTAX;
    *ret_span = minus ? -span : span;
    return 0;
}

int duration_from_ms(double ms, span_ns *ret_span)
{
    double ns = ms * (double)NS_PER_MS;

    if (!(fabs(ns) < (double)INT64_MAX))
        return DURATION_E_SYNTAX;
    *ret_span = (span_ns)ns;
    return 0;
}

/* Prints `n / unit` with the fraction's trailing zeros cut off; `digits` are those of unit. */
static int format_fraction(char *text, size_t size, uint64_t n, uint64_t unit, int digits)
{
    int len = snprintf(text, size, "%" PRIu64 ".%0*" PRIu64, n / unit, digits, n % unit);

    while (text[len - 1] == '0')
        len--;
    if (text[len - 1] == '.')
        len--;
    return len;
}

/* Less than a second: in the largest unit that gives a whole part. */
static void format_short(char *at, size_t size, uint64_t ns)
{
    if (ns < 1000) {
        snprintf(at, size, "%" PRIu64 "ns", ns);
        return;
    }
    bool micro = ns < 1000000;
    int len = format_fraction(at, size, ns, micro ? 1000 : 1000000, micro ? 3 : 6);

    snprintf(at + len, size - (size_t)len, "%s", micro ? "µs" : "ms");
}

const char *duration_format(span_ns span, char text[DURATION_TEXT_BYTES])
{
    uint64_t ns = span < 0 ? -(uint64_t)span : (uint64_t)span;
    uint64_t minutes = ns / (uint64_t)(60 * NS_PER_S);
    char *at = text;
    char *end = text + DURATION_TEXT_BYTES;

    if (span < 0)
        *at++ = '-';
    if (ns == 0) {
        snprintf(at, (size_t)(end - at), "0s");
        return text;
    }
    if (ns < (uint64_t)NS_PER_S) {
        format_short(at, (size_t)(end - at), ns);
        return text;
    }
    if (minutes >= 60)
        at += snprintf(at, (size_t)(end - at), "%" PRIu64 "h", minutes / 60);
    if (minutes)
        at += snprintf(at, (size_t)(end - at), "%" PRIu64 "m", minutes % 60);
    at += format_fraction(at, (size_t)(end - at), ns % (uint64_t)(60 * NS_PER_S),
                          (uint64_t)NS_PER_S, 9);
    snprintf(at, (size_t)(end - at), "s");
    return text;
}
