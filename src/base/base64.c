/*
 * Base64 and hexadecimal. Decoding walks character by character through one accumulator; it is not
 * on the hot path.
 */
#include "base/base64.h"

#include <stdint.h>

static const char digits_std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char digits_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static bool is_url(enum base64_form form)
{
    return form == BASE64_URL || form == BASE64_RAWURL;
}

static bool is_padded(enum base64_form form)
{
    return form == BASE64_STD || form == BASE64_URL;
}

/* The six bits of a character, or -1. */
static int value_of(enum base64_form form, char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == (is_url(form) ? '-' : '+'))
        return 62;
    return c == (is_url(form) ? '_' : '/') ? 63 : -1;
}

size_t base64_size(enum base64_form form, size_t n)
{
    return is_padded(form) ? (n + 2) / 3 * 4 : n / 3 * 4 + (n % 3 * 8 + 5) / 6;
}

size_t base64_write(enum base64_form form, const void *data, size_t n, char *out)
{
    const char *digits = is_url(form) ? digits_url : digits_std;
    const unsigned char *at = data;
    char *start = out;

    for (; n >= 3; n -= 3, at += 3) {
        uint32_t bits = (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];

        *out++ = digits[bits >> 18];
        *out++ = digits[bits >> 12 & 63];
        *out++ = digits[bits >> 6 & 63];
        *out++ = digits[bits & 63];
    }
    if (n) {
        uint32_t bits = (uint32_t)at[0] << 16 | (n == 2 ? (uint32_t)at[1] << 8 : 0);

        *out++ = digits[bits >> 18];
        *out++ = digits[bits >> 12 & 63];
        if (n == 2)
            *out++ = digits[bits >> 6 & 63];
        for (size_t i = n; i < 3 && is_padded(form); i++)
            *out++ = '=';
    }
    return (size_t)(out - start);
}

int base64_encode(enum base64_form form, struct str data, struct buf *out)
{
    int r = buf_reserve(out, base64_size(form, data.n));

    if (r)
        return r;
    if (data.n)
        out->len += base64_write(form, data.p, data.n, out->data + out->len);
    return 0;
}

/* Decoding in progress. */
struct reader {
    enum base64_form form;
    struct str text;
    size_t at;     /* index of the next character */
    uint32_t bits; /* of the group not yet complete */
    unsigned n;    /* characters in it */
};

static void skip_line_ends(struct reader *r)
{
    while (r->at < r->text.n && (r->text.p[r->at] == '\r' || r->text.p[r->at] == '\n'))
        r->at++;
}

/* After the first '=' or the end: is what follows right, and nothing more? */
static bool ends_well(struct reader *r)
{
    unsigned missing = is_padded(r->form) && r->n ? 4 - r->n : 0;

    if (r->n == 1)
        return false;
    for (unsigned i = 0; i < missing; i++) {
        skip_line_ends(r);
        if (r->at == r->text.n || r->text.p[r->at] != '=')
            return false;
        r->at++;
    }
    skip_line_ends(r);
    return r->at == r->text.n;
}

static void put_group(struct reader *r, char *out, unsigned n_bytes)
{
    uint32_t bits = r->bits << (6 * (4 - r->n));

    for (unsigned i = 0; i < n_bytes; i++)
        out[i] = (char)(bits >> (16 - 8 * i));
    r->bits = 0;
    r->n = 0;
}

int base64_decode(enum base64_form form, struct str text, struct buf *out, size_t *ret_at)
{
    struct reader r = {.form = form, .text = text};
    int status = buf_reserve(out, text.n / 4 * 3 + 3);

    if (status)
        return status;
    for (skip_line_ends(&r); r.at < text.n; skip_line_ends(&r)) {
        int value = value_of(form, text.p[r.at]);

        if (value < 0)
            break;
        r.at++;
        r.bits = r.bits << 6 | (uint32_t)value;
        if (++r.n < 4)
            continue;
        put_group(&r, out->data + out->len, 3);
        out->len += 3;
    }
    if (!ends_well(&r)) {
        if (ret_at)
            *ret_at = r.at;
        return BASE64_E_CORRUPT;
    }
    if (r.n) {
        unsigned n_bytes = r.n - 1;

        put_group(&r, out->data + out->len, n_bytes);
        out->len += n_bytes;
    }
    return 0;
}

void hex_write(const void *data, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *at = data;

    for (size_t i = 0; i < n; i++) {
        *out++ = digits[at[i] >> 4];
        *out++ = digits[at[i] & 15];
    }
}

int hex_encode(struct str data, struct buf *out)
{
    int r = buf_reserve(out, 2 * data.n);

    if (r)
        return r;
    if (data.n)
        hex_write(data.p, data.n, out->data + out->len);
    out->len += 2 * data.n;
    return 0;
}

int hex_decode(struct str text, struct buf *out, size_t *ret_at)
{
    int r = buf_reserve(out, text.n / 2);

    if (r)
        return r;
    for (size_t i = 0; i < text.n; i += 2) {
        int high = ascii_hex(text.p[i]);
        int low = i + 1 < text.n ? ascii_hex(text.p[i + 1]) : -1;

        if (high < 0 || low < 0) {
            if (ret_at)
                *ret_at = high < 0 ? i : i + 1;
            return BASE64_E_CORRUPT;
        }
        out->data[out->len++] = (char)(high << 4 | low);
    }
    return 0;
}
