/* The lexical part of JSON; the words of errors are those that users of k6 know. */
#include "script/js/js_json_scan.h"

#include <stdio.h>

static const char *failed(struct json_fault *f, const char *at, const char *where)
{
    *f = (struct json_fault){.at = at, .where = where};
    return NULL;
}

/* Checks the escape whose backslash is at p[-1]; returns the byte behind it or NULL. */
static const char *scan_escape(const char *p, const char *end, struct json_fault *f)
{
    if (p == end || !*p || !strchr("\"\\/bfnrtu", *p))
        return failed(f, p, "in string escape code");
    if (*p != 'u')
        return p + 1;
    for (int i = 1; i <= 4; i++) {
        if (end - p <= i || ascii_hex(p[i]) < 0)
            return failed(f, end - p <= i ? end : p + i, "in \\u hexadecimal character escape");
    }
    return p + 5;
}

const char *json_scan_string(const char *p, const char *end, struct json_string *ret_string,
                             struct json_fault *ret_fault)
{
    struct json_string s = {.ascii = true};
    const char *start = p;

    for (;;) {
        p = json_scan_plain(p, end);
        if (unlikely(p == end))
            return failed(ret_fault, end, "in string literal");
        if (likely(*p == '"'))
            break;
        if (*p == '\\') {
            s.escaped = true;
            p = scan_escape(p + 1, end, ret_fault);
            if (!p)
                return NULL;
        } else if ((unsigned char)*p >= 0x80) {
            s.ascii = false;
            p++;
        } else {
            return failed(ret_fault, p, "in string literal");
        }
    }
    s.raw = str_from(start, (size_t)(p - start));
    *ret_string = s;
    return p + 1;
}

static unsigned hex4(const char *p)
{
    return (unsigned)(ascii_hex(p[0]) << 12 | ascii_hex(p[1]) << 8 | ascii_hex(p[2]) << 4 |
                      ascii_hex(p[3]));
}

static size_t utf8_of(unsigned c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 63));
        out[2] = (char)(0x80 | (c & 63));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 63));
    out[2] = (char)(0x80 | (c >> 6 & 63));
    out[3] = (char)(0x80 | (c & 63));
    return 4;
}

/* The character of a \u escape whose digits are at p, with the second half of a pair. */
static const char *read_unicode(const char *p, const char *end, unsigned *ret_c)
{
    unsigned high = hex4(p);

    p += 4;
    *ret_c = high;
    if (high < 0xd800 || high > 0xdbff || end - p < 6 || p[0] != '\\' || p[1] != 'u')
        return p;
    unsigned low = hex4(p + 2);

    if (low < 0xdc00 || low > 0xdfff)
        return p;
    *ret_c = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return p + 6;
}

int json_unescape(struct str raw, struct buf *out)
{
    static const char from[] = "bfnrt";
    static const char to[] = "\b\f\n\r\t";
    const char *end = raw.p + raw.n;
    int r = buf_reserve(out, raw.n); /* no escape is shorter than what it stands for */

    if (r)
        return r;
    for (const char *p = raw.p; p < end;) {
        size_t n_plain = str_find(str_from(p, (size_t)(end - p)), '\\');

        memcpy(out->data + out->len, p, n_plain);
        out->len += n_plain;
        p += n_plain;
        if (p == end)
            break;
        p += 2;
        if (p[-1] == 'u') {
            unsigned c;

            p = read_unicode(p, end, &c);
            out->len += utf8_of(c, out->data + out->len);
        } else {
            const char *known = strchr(from, p[-1]);

            const char *plain = known ? &to[known - from] : &p[-1];

            out->data[out->len++] = *plain;
        }
    }
    return 0;
}

/* Digits at p into the mantissa, as many as it holds exactly; counts those it took and left. */
static const char *scan_digits(const char *p, const char *end, struct json_number *n, int *n_taken,
                               int64_t *ret_left)
{
    int64_t left = 0;

    for (; p < end && ascii_digit(*p); p++) {
        if (likely(*n_taken < 19)) {
            n->mantissa = n->mantissa * 10 + (uint64_t)(*p - '0');
            /* Leading zeros are not significant. */
            *n_taken += n->mantissa != 0;
        } else {
            left++;
            n->exact &= *p == '0';
        }
    }
    *ret_left = left;
    return p;
}

static const char *scan_exponent(const char *p, const char *end, struct json_number *n,
                                 struct json_fault *f)
{
    bool negative = p < end && *p == '-';
    int64_t e = 0;

    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (p == end || !ascii_digit(*p))
        return failed(f, p, "in exponent of numeric literal");
    for (; p < end && ascii_digit(*p); p++) {
        if (e < 1000000)
            e = e * 10 + (*p - '0');
    }
    n->exponent += negative ? -e : e;
    return p;
}

const char *json_scan_number(const char *p, const char *end, struct json_number *ret_number,
                             struct json_fault *ret_fault)
{
    struct json_number n = {.start = p, .negative = *p == '-', .integer = true, .exact = true};
    int n_taken = 0;
    int64_t left;

    p += n.negative;
    if (unlikely(p == end || !ascii_digit(*p)))
        return failed(ret_fault, p, "in numeric literal");
    if (*p == '0') {
        p++;
    } else {
        p = scan_digits(p, end, &n, &n_taken, &left);
        n.exponent = left;
    }
    if (p < end && *p == '.') {
        const char *fraction = ++p;

        n.integer = false;
        if (p == end || !ascii_digit(*p))
            return failed(ret_fault, p, "after decimal point in numeric literal");
        p = scan_digits(p, end, &n, &n_taken, &left);
        n.exponent -= p - fraction - left;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        n.integer = false;
        p = scan_exponent(p + 1, end, &n, ret_fault);
        if (!p)
            return NULL;
    }
    n.end = p;
    *ret_number = n;
    return p;
}

const char *json_scan_word(const char *p, const char *end, const char *word,
                           struct json_fault *ret_fault)
{
    static const char *const wheres[3][4] = {
        {"in literal true (expecting 'r')", "in literal true (expecting 'u')",
         "in literal true (expecting 'e')"},
        {"in literal false (expecting 'a')", "in literal false (expecting 'l')",
         "in literal false (expecting 's')", "in literal false (expecting 'e')"},
        {"in literal null (expecting 'u')", "in literal null (expecting 'l')",
         "in literal null (expecting 'l')"},
    };
    int which = word[0] == 't' ? 0 : word[0] == 'f' ? 1 : 2;

    for (int i = 1; word[i]; i++) {
        if (end - p <= i || p[i] != word[i])
            return failed(ret_fault, end - p <= i ? end : p + i, wheres[which][i - 1]);
    }
    return p + (which == 1 ? 5 : 4);
}

/* A byte as the error shows it; at most 8 characters. */
static void quote_byte(unsigned char c, char *out, size_t n)
{
    static const char from[] = "\a\b\f\n\r\t\v\\'";
    static const char to[] = "abfnrtv\\'";
    const char *known = c ? strchr(from, c) : NULL;

    if (known) {
        snprintf(out, n, "'\\%c'", to[known - from]);
    } else if (c < 0x20 || c == 0x7f) {
        snprintf(out, n, "'\\x%02x'", c);
    } else if (c < 0x80) {
        snprintf(out, n, "'%c'", c);
    } else if (c < 0xa0) {
        snprintf(out, n, "'\\u%04x'", c);
    } else {
        snprintf(out, n, "'%c%c'", 0xc0 | c >> 6, 0x80 | (c & 63));
    }
}

void json_fault_text(const struct json_fault *f, const char *end, char *out, size_t n)
{
    char quoted[16];

    if (!f->where) {
        snprintf(out, n, "%s", f->message);
        return;
    }
    if (f->at == end) {
        snprintf(out, n, "unexpected end of JSON input");
        return;
    }
    quote_byte((unsigned char)*f->at, quoted, sizeof(quoted));
    snprintf(out, n, "invalid character %s %s", quoted, f->where);
}
