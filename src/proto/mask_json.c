/* Masks JSON, or what looks like it: strings are found and looked into, the rest is copied. */
#include "base/json_out.h"
#include "base/mem.h"
#include "proto/mask_priv.h"

bool mask_looks_like_json(struct str text)
{
    text = str_trim(text);
    return text.n && (text.p[0] == '{' || text.p[0] == '[');
}

static void put_utf8(struct buf *out, unsigned c)
{
    if (c < 0x80) {
        buf_putc(out, (char)c);
    } else if (c < 0x800) {
        buf_putc(out, (char)(0xc0 | c >> 6));
        buf_putc(out, (char)(0x80 | (c & 0x3f)));
    } else {
        buf_putc(out, (char)(0xe0 | c >> 12));
        buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_putc(out, (char)(0x80 | (c & 0x3f)));
    }
}

/* The four digits at p, or -1. */
static int hex4(struct str s)
{
    int v = 0;

    for (size_t i = 0; i < 4; i++) {
        int digit = i < s.n ? ascii_hex(s.p[i]) : -1;

        if (digit < 0)
            return -1;
        v = v << 4 | digit;
    }
    return v;
}

/*
 * What stands between quotes, unescaped. Pairs of surrogates become what each half is: secrets are
 * compared after the same treatment of nobody else, so this only has to be harmless.
 */
static void json_unescape(struct str in, struct buf *out)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";

    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] != '\\' || i + 1 == in.n) {
            buf_putc(out, in.p[i]);
            continue;
        }
        char c = in.p[++i];
        const char *simple = c ? strchr(from, c) : NULL;
        int code = c == 'u' ? hex4(str_from_index(in, i + 1)) : -1;

        if (code >= 0) {
            put_utf8(out, (unsigned)code);
            i += 4;
        } else {
            if (simple)
                c = to[simple - from];
            buf_putc(out, c);
        }
    }
}

/* One past the string's last byte, its quote not included; `at` is after the first quote. */
static size_t json_string_end(struct str in, size_t at)
{
    while (at < in.n && in.p[at] != '"')
        at += in.p[at] == '\\' && at + 1 < in.n ? 2 : 1;
    return at;
}

static size_t skip_space(struct str in, size_t at)
{
    while (at < in.n && ascii_space(in.p[at]))
        at++;
    return at;
}

/* One past an object or array, whatever is in it. */
static size_t json_nested_end(struct str in, size_t at)
{
    size_t depth = 0;

    for (; at < in.n; at++) {
        char c = in.p[at];

        if (c == '"')
            at = json_string_end(in, at + 1);
        depth += c == '{' || c == '[';
        if ((c == '}' || c == ']') && --depth == 0)
            return at + 1;
    }
    return in.n;
}

/* One past a number or word. */
static size_t json_word_end(struct str in, size_t at)
{
    while (at < in.n && in.p[at] != ',' && in.p[at] != '}' && in.p[at] != ']' &&
           !ascii_space(in.p[at]))
        at++;
    return at;
}

/* null, true and false are nobody's secret. */
static bool is_harmless(struct str word)
{
    return !word.n || str_is(word, "null") || str_is(word, "true") || str_is(word, "false");
}

/* The value at `at` that belongs to a secret's name; gives where it ends. */
static size_t json_mask_value(struct str in, size_t at, struct buf *out)
{
    size_t end;

    if (at >= in.n)
        return at;
    if (in.p[at] == '"') {
        end = json_string_end(in, at + 1);
        end += end < in.n;
    } else if (in.p[at] == '{' || in.p[at] == '[') {
        end = json_nested_end(in, at);
    } else {
        end = json_word_end(in, at);
        if (is_harmless(str_from(in.p + at, end - at))) {
            buf_put(out, in.p + at, end - at);
            return end;
        }
    }
    json_quote(out, mask_mark);
    return end;
}

/* A string that is a value, with its first quote: what it says may be a URL, JSON or a secret,
 * escaped. */
static void json_string_value(struct redact *secrets, struct str raw, int nested, struct buf *out)
{
    struct buf plain = BUF_INIT(MASK_LIMIT), masked = BUF_INIT(MASK_LIMIT);
    struct buf last = BUF_INIT(MASK_LIMIT);

    json_unescape(raw, &plain);
    if (nested < MASK_NESTED_MAX && mask_looks_like_json(buf_str(&plain))) {
        mask_json(secrets, buf_str(&plain), nested + 1, &masked);
    } else {
        mask_by_names(secrets, buf_str(&plain), TEXT_FREE, &masked);
    }
    mask_known(secrets, buf_str(&masked), &last);
    if (str_eq(buf_str(&plain), buf_str(&last))) {
        buf_putc(out, '"');
        buf_putstr(out, raw);
    } else {
        json_quote(out, buf_str(&last));
        out->len--;
    }
    buf_fini(&plain);
    buf_fini(&masked);
    buf_fini(&last);
}

static bool json_name_is_secret(struct str raw)
{
    struct buf plain = BUF_INIT(MASK_LIMIT);

    json_unescape(raw, &plain);
    bool r = mask_is_secret(buf_str(&plain), MASK_ANYWHERE);

    buf_fini(&plain);
    return r;
}

/* The string whose first quote is at `at`; gives where the scan goes on. */
static size_t json_string(struct redact *secrets, struct str in, size_t at, int nested,
                          struct buf *out)
{
    size_t end = json_string_end(in, at + 1);

    end = end < in.n ? end : in.n;
    struct str raw = str_from(in.p + at + 1, end - at - 1);
    size_t colon = skip_space(in, end + 1);

    if (colon >= in.n || in.p[colon] != ':') {
        json_string_value(secrets, raw, nested, out);
        if (end < in.n)
            buf_putc(out, '"');
        return end + 1;
    }
    size_t value = skip_space(in, colon + 1);

    buf_put(out, in.p + at, value - at);
    return json_name_is_secret(raw) ? json_mask_value(in, value, out) : value;
}

/* Any text: what is not within quotes is left as it is. */
void mask_json(struct redact *secrets, struct str text, int nested, struct buf *out)
{
    size_t at = 0;

    while (at < text.n) {
        if (text.p[at] == '"') {
            at = json_string(secrets, text, at, nested, out);
        } else {
            buf_putc(out, text.p[at++]);
        }
    }
}
