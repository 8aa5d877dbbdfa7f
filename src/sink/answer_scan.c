/* Looks for `"key"` followed by a colon; what is in between strings is stepped over as text. */
#include "sink/answer_scan.h"

/* The string literal that begins at *s, without its quotes; *s goes behind it. */
static bool take_literal(struct str *s, struct str *ret_raw)
{
    if (!s->n || s->p[0] != '"')
        return false;
    for (size_t i = 1; i < s->n; i++) {
        if (s->p[i] == '\\') {
            i++;
        } else if (s->p[i] == '"') {
            *ret_raw = str_from(s->p + 1, i - 1);
            *s = str_from_index(*s, i + 1);
            return true;
        }
    }
    return false;
}

static void skip_space(struct str *s)
{
    while (s->n && ascii_space(s->p[0]))
        *s = str_from_index(*s, 1);
}

static bool take_colon(struct str *s)
{
    skip_space(s);
    if (!s->n || s->p[0] != ':')
        return false;
    *s = str_from_index(*s, 1);
    skip_space(s);
    return true;
}

/* What follows `"key":`. */
static bool find_value(struct str body, const char *key, struct str *ret_rest)
{
    while (body.n) {
        struct str raw;

        body = str_from_index(body, str_find(body, '"'));
        if (!take_literal(&body, &raw))
            return false;
        struct str rest = body;

        if (str_eq_nocase(raw, str_of(key)) && take_colon(&rest)) {
            *ret_rest = rest;
            return true;
        }
    }
    return false;
}

static char unescaped(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case 'b':
    case 'f':
        return ' ';
    default:
        return c;
    }
}

/* The four digits of \uXXXX, when all are there. */
static bool hex4(struct str s, unsigned *ret)
{
    *ret = 0;
    for (size_t i = 0; i < 4; i++) {
        if (i >= s.n || ascii_hex(s.p[i]) < 0)
            return false;
        *ret = *ret << 4 | (unsigned)ascii_hex(s.p[i]);
    }
    return true;
}

static void put_unescaped(struct buf *out, struct str raw)
{
    size_t limit = out->len + ANSWER_TEXT_BYTES;

    for (size_t i = 0; i < raw.n && out->len < limit; i++) {
        unsigned code;

        if (raw.p[i] != '\\' || i + 1 == raw.n) {
            buf_putc(out, raw.p[i]);
        } else if (raw.p[i + 1] == 'u' && hex4(str_from_index(raw, i + 2), &code)) {
            buf_putc(out, (char)(code < 0x80 ? code : '?'));
            i += 5;
        } else {
            buf_putc(out, unescaped(raw.p[++i]));
        }
    }
}

bool answer_string(struct str body, const char *key, struct buf *out)
{
    struct str rest, raw;

    if (!find_value(body, key, &rest) || !take_literal(&rest, &raw))
        return false;
    put_unescaped(out, raw);
    return true;
}

static bool take_digits(struct str s, uint64_t *ret_n)
{
    size_t n = 0;

    while (n < s.n && ascii_digit(s.p[n]))
        n++;
    return n && str_u64(str_from(s.p, n), ret_n);
}

bool answer_u64(struct str body, const char *key, uint64_t *ret_n)
{
    struct str rest;

    return find_value(body, key, &rest) && take_digits(rest, ret_n);
}

bool answer_first_key(struct str body, const char *key, struct buf *out)
{
    struct str rest, raw;

    if (!find_value(body, key, &rest) || !rest.n || rest.p[0] != '{')
        return false;
    rest = str_from_index(rest, 1);
    skip_space(&rest);
    if (!take_literal(&rest, &raw))
        return false;
    put_unescaped(out, raw);
    return true;
}

bool answer_number_after(struct str text, struct str word, uint64_t *ret_n)
{
    bool found = false;

    for (;;) {
        size_t at = str_find_str(text, word);

        if (at >= text.n)
            return found;
        text = str_from_index(text, at + word.n);
        found = take_digits(text, ret_n) || found;
    }
}
