/*
 * A writer of JSON. Two words of bits say, for each open level, whether it is an array and whether
 * something stands in it already; that is all there is to know for commas and indentation.
 */
#include "base/json_out.h"

#include <assert.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void new_line(struct json_out *j)
{
    if (!j->indent)
        return;
    buf_putc(j->out, '\n');
    for (int i = 0; i < j->depth * j->indent; i++)
        buf_putc(j->out, ' ');
}

/* Before an element of an array, or before a key. */
static void separate(struct json_out *j)
{
    if (j->depth == 0)
        return;
    uint64_t bit = UINT64_C(1) << (j->depth - 1);

    if (j->filled & bit)
        buf_putc(j->out, ',');
    j->filled |= bit;
    new_line(j);
}

/* Before any value. */
static void begin_value(struct json_out *j)
{
    if (j->after_key) {
        j->after_key = false;
        return;
    }
    assert(j->depth == 0 || (j->arrays >> (j->depth - 1) & 1));
    separate(j);
}

static void open_level(struct json_out *j, char bracket, bool is_array)
{
    begin_value(j);
    assert(j->depth < JSON_DEPTH_MAX);
    uint64_t bit = UINT64_C(1) << j->depth++;

    j->filled &= ~bit;
    j->arrays = is_array ? j->arrays | bit : j->arrays & ~bit;
    buf_putc(j->out, bracket);
}

void json_open_object(struct json_out *j)
{
    open_level(j, '{', false);
}

void json_open_array(struct json_out *j)
{
    open_level(j, '[', true);
}

void json_close(struct json_out *j)
{
    assert(j->depth > 0 && !j->after_key);
    uint64_t bit = UINT64_C(1) << --j->depth;

    if (j->filled & bit)
        new_line(j);
    buf_putc(j->out, j->arrays & bit ? ']' : '}');
}

void json_key_str(struct json_out *j, struct str key)
{
    assert(j->depth > 0 && !j->after_key && !(j->arrays >> (j->depth - 1) & 1));
    separate(j);
    json_quote(j->out, key);
    buf_putc(j->out, ':');
    if (j->indent)
        buf_putc(j->out, ' ');
    j->after_key = true;
}

void json_key(struct json_out *j, const char *key)
{
    json_key_str(j, str_of(key));
}

void json_put_raw(struct json_out *j, struct str text)
{
    begin_value(j);
    buf_putstr(j->out, text);
}

void json_put_null(struct json_out *j)
{
    json_put_raw(j, STR("null"));
}

void json_put_bool(struct json_out *j, bool value)
{
    json_put_raw(j, value ? STR("true") : STR("false"));
}

void json_put_int(struct json_out *j, int64_t value)
{
    begin_value(j);
    if (value < 0)
        buf_putc(j->out, '-');
    buf_put_u64(j->out, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void json_put_u64(struct json_out *j, uint64_t value)
{
    begin_value(j);
    buf_put_u64(j->out, value);
}

void json_put_f64(struct json_out *j, double value)
{
    char text[JSON_NUMBER_BYTES];

    json_put_raw(j, isfinite(value) ? str_from(text, json_number(value, text)) : STR("null"));
}

void json_put_str(struct json_out *j, struct str value)
{
    begin_value(j);
    json_quote(j->out, value);
}

void json_put_cstr(struct json_out *j, const char *value)
{
    if (value) {
        json_put_str(j, str_of(value));
    } else {
        json_put_null(j);
    }
}

/* --- numbers --- */

/* Decimal digits of a positive double, without point or trailing zeros: 0.DIGITS × 10^point. */
struct digits {
    char text[20];
    int n;
    int point;
};

static struct digits shortest_digits(double value)
{
    struct digits d = {0};
    char text[JSON_NUMBER_BYTES];

    /* Fifteen digits always survive; below the normal range fewer may do. */
    for (int precision = value < DBL_MIN ? 1 : 15; precision <= 17; precision++) {
        snprintf(text, sizeof(text), "%.*e", precision - 1, value);
        if (precision == 17 || strtod(text, NULL) == value)
            break;
    }
    const char *at = text;

    for (; *at && *at != 'e'; at++) {
        if (ascii_digit(*at))
            d.text[d.n++] = *at;
    }
    d.point = (int)strtol(at + 1, NULL, 10) + 1;
    while (d.n > 1 && d.text[d.n - 1] == '0')
        d.n--;
    return d;
}

static int put_plain(char *text, size_t size, const struct digits *d)
{
    static const char zeros[] = "00000000000000000000";

    if (d->point <= 0)
        return snprintf(text, size, "0.%.*s%.*s", -d->point, zeros, d->n, d->text);
    if (d->point >= d->n)
        return snprintf(text, size, "%.*s%.*s", d->n, d->text, d->point - d->n, zeros);
    return snprintf(text, size, "%.*s.%.*s", d->point, d->text, d->n - d->point,
                    d->text + d->point);
}

static int put_exponent(char *text, size_t size, const struct digits *d)
{
    return snprintf(text, size, "%c%s%.*se%+d", d->text[0], d->n > 1 ? "." : "", d->n - 1,
                    d->text + 1, d->point - 1);
}

static size_t put_whole(char *text, uint64_t n)
{
    char digits[20];
    size_t i = sizeof(digits);

    do {
        digits[--i] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    memcpy(text, digits + i, sizeof(digits) - i);
    return sizeof(digits) - i;
}

/*
 * Most numbers that are measured are whole millionths: nanoseconds shown in milliseconds, counts.
 * Below 10^9 these have 15 digits at most, and no two decimals of 15 digits are the same double: so
 * this is the shortest. `value` is not negative. Gives 0 when it is none of those.
 */
static size_t put_millionths(char *text, double value)
{
    if (!(value < 1e9))
        return 0;
    uint64_t all = (uint64_t)(value * 1e6 + 0.5), fraction = all % 1000000;

    if ((double)all / 1e6 != value)
        return 0;
    size_t n = put_whole(text, all / 1000000);

    if (!fraction)
        return n;
    text[n] = '.';
    for (size_t i = 6; i > 0; i--) {
        text[n + i] = (char)('0' + fraction % 10);
        fraction /= 10;
    }
    n += 7;
    while (text[n - 1] == '0')
        n--;
    return n;
}

size_t json_number(double value, char text[JSON_NUMBER_BYTES])
{
    char *at = text;

    if (!isfinite(value)) {
        memcpy(text, "null", sizeof("null"));
        return strlen(text);
    }
    if (value < 0)
        *at++ = '-';
    size_t n = put_millionths(at, fabs(value));

    if (n) {
        at[n] = '\0';
        return (size_t)(at - text) + n;
    }
    struct digits d = shortest_digits(fabs(value));
    size_t size = (size_t)(text + JSON_NUMBER_BYTES - at);

    if (d.point > -6 && d.point <= 21) {
        at += put_plain(at, size, &d);
    } else {
        at += put_exponent(at, size, &d);
    }
    return (size_t)(at - text);
}

/* --- strings --- */

static void put_escape(struct buf *out, unsigned char c)
{
    static const char names[32] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};

    if (c == '"' || c == '\\') {
        buf_putc(out, '\\');
        buf_putc(out, (char)c);
    } else if (names[c]) {
        buf_putc(out, '\\');
        buf_putc(out, names[c]);
    } else {
        buf_printf(out, "\\u%04x", c);
    }
}

void json_quote(struct buf *out, struct str value)
{
    const unsigned char *p = (const unsigned char *)value.p;
    size_t done = 0;

    buf_putc(out, '"');
    for (size_t i = 0; i < value.n;) {
        size_t n = utf8_length(p + i, value.n - i);
        bool special = n == 1 && (p[i] < 0x20 || p[i] == '"' || p[i] == '\\');

        if (n && !special) {
            i += n;
            continue;
        }
        buf_put(out, value.p + done, i - done);
        if (n) {
            put_escape(out, p[i]);
        } else {
            buf_puts(out, "\xef\xbf\xbd");
        }
        done = ++i;
    }
    if (value.n > done)
        buf_put(out, value.p + done, value.n - done);
    buf_putc(out, '"');
}
