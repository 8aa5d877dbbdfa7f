/*
 * Carbon splits lines with Python's str.split(), so white space is whatever Unicode says it is. The
 * pickle is protocol 2 with the seven opcodes that a list of tuples of text and numbers needs.
 */
#include "sink/graphite.h"

#include <math.h>

#include "base/json_out.h"

enum {
    CARBON_VALUE_BYTES = 191,
    CLOUD_VALUE_BYTES = 2048,
    NAME_BYTES = 1024,
    KEY_BYTES = 128,
};

/* ---- characters ---- */

/* The character at the front of s and its length; false: no UTF-8. */
static bool take_char(struct str s, uint32_t *ret_code, size_t *ret_n)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char c = (unsigned char)s.p[0];
    size_t n = c < 0x80                ? 1
               : c >= 0xc2 && c < 0xe0 ? 2
               : c >= 0xe0 && c < 0xf0 ? 3
               : c >= 0xf0 && c < 0xf5 ? 4
                                       : 0;
    uint32_t code = n == 1 ? c : n ? c & (0x7fu >> n) : 0;

    if (!n || n > s.n)
        return false;
    for (size_t i = 1; i < n; i++) {
        if (((unsigned char)s.p[i] & 0xc0) != 0x80)
            return false;
        code = code << 6 | ((unsigned char)s.p[i] & 0x3f);
    }
    *ret_code = code;
    *ret_n = n;
    return code >= least[n] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

/* Beyond ASCII; Python's str.isspace(). */
static bool is_wide_space(uint32_t c)
{
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
           c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

static bool is_allowed(uint32_t c, enum graphite_form form, bool is_first)
{
    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == ';' || (is_first && c == '~'))
        return false;
    return form == GRAPHITE_JSON || (c != ' ' && c != '"' && !is_wide_space(c));
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || ascii_digit(c) || c == '_';
}

/* ---- hygiene ---- */

void graphite_put_name(struct buf *out, struct str name)
{
    size_t start = out->len;

    for (size_t i = 0; i < name.n && out->len - start < NAME_BYTES; i++) {
        char c = name.p[i];

        if (c == '.' && (out->len == start || out->data[out->len - 1] == '.'))
            continue;
        if (c == '~' && out->len == start)
            continue;
        buf_putc(out, (char)(is_word(c) || c == '.' || c == ':' || c == '-' ? c : '_'));
    }
    if (out->len > start && out->data[out->len - 1] == '.')
        out->len--;
}

void graphite_put_key(struct buf *out, struct str key)
{
    size_t start = out->len;

    for (size_t i = 0; i < key.n && i < KEY_BYTES; i++)
        buf_putc(out, (char)(is_word(key.p[i]) ? key.p[i] : '_'));
    struct str put = str_from(out->data + start, out->len - start);

    if (str_is(put, "name")) {
        buf_putc(out, '_');
    } else if (put.n >= 4 && str_starts(put, STR("__")) && str_ends(put, STR("__"))) {
        out->len -= 2;
    }
}

void graphite_put_value(struct buf *out, struct str value, enum graphite_form form)
{
    size_t start = out->len;
    size_t max = form == GRAPHITE_JSON ? CLOUD_VALUE_BYTES : CARBON_VALUE_BYTES;

    while (value.n) {
        uint32_t code = 0;
        size_t n = 1;
        bool is_good = take_char(value, &code, &n) && is_allowed(code, form, out->len == start);

        n = is_good || code ? n : 1;
        if (out->len - start + (is_good ? n : 1) > max)
            return;
        if (is_good) {
            buf_put(out, value.p, n);
        } else {
            buf_putc(out, '_');
        }
        value = str_from_index(value, n);
    }
}

/* ---- one point ---- */

static void put_path_part(struct buf *out, struct str text, enum graphite_form form)
{
    size_t start;

    buf_putc(out, '.');
    start = out->len;
    graphite_put_value(out, text, form);
    for (size_t i = start; i < out->len; i++) {
        char c = out->data[i];

        if (!is_word(c) && c != '-' && !((unsigned char)c & 0x80))
            out->data[i] = '_';
    }
}

/* prefix.name.suffix, and the tags as parts of it if that is how they are to be. */
static void put_path(const struct graphite_style *style, const struct graphite_point *p,
                     struct buf *out)
{
    size_t start = out->len;

    graphite_put_name(out, style->prefix);
    if (out->len > start)
        buf_putc(out, '.');
    size_t before = out->len;

    graphite_put_name(out, p->name);
    if (out->len == before) {
        out->len = start;
        return;
    }
    for (size_t i = 0; style->tags == GRAPHITE_PATHS && i < p->n_tags; i++) {
        if (!p->tags[i].key.n || !p->tags[i].value.n)
            continue;
        put_path_part(out, p->tags[i].key, GRAPHITE_LINE);
        put_path_part(out, p->tags[i].value, GRAPHITE_LINE);
    }
    if (p->suffix.n)
        buf_printf(out, ".%.*s", STR_ARG(p->suffix));
}

/* "k=v"; false: nothing was put. */
static bool put_tag(const struct tag *tag, enum graphite_form form, struct buf *out)
{
    if (!tag->key.n || !tag->value.n)
        return false;
    graphite_put_key(out, tag->key);
    buf_putc(out, '=');
    graphite_put_value(out, tag->value, form);
    return true;
}

static void put_series(const struct graphite_style *style, const struct graphite_point *p,
                       struct buf *out)
{
    size_t start = out->len;

    put_path(style, p, out);
    if (out->len == start || style->tags == GRAPHITE_PATHS)
        return;
    for (size_t i = 0; i < p->n_tags; i++) {
        buf_putc(out, ';');
        if (!put_tag(&p->tags[i], style->form, out))
            out->len--;
    }
}

static void put_line(const struct graphite_style *style, const struct graphite_point *p,
                     struct buf *out)
{
    char number[JSON_NUMBER_BYTES];

    put_series(style, p, out);
    json_number(p->value, number);
    buf_printf(out, " %s %lld\n", number, (long long)p->time);
}

static void put_big_endian(struct buf *out, uint64_t n, size_t n_bytes)
{
    while (n_bytes--)
        buf_putc(out, (char)(n >> (8 * n_bytes)));
}

static void put_little_endian(struct buf *out, uint32_t n)
{
    for (int i = 0; i < 4; i++)
        buf_putc(out, (char)(n >> (8 * i)));
}

static void put_double(struct buf *out, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    buf_putc(out, 'G'); /* BINFLOAT */
    put_big_endian(out, bits, 8);
}

static void put_pickle(const struct graphite_style *style, const struct graphite_point *p,
                       struct buf *out)
{
    size_t start = out->len;

    buf_putc(out, 'X'); /* BINUNICODE */
    put_little_endian(out, 0);
    put_series(style, p, out);
    for (int i = 0; i < 4; i++)
        out->data[start + 1 + (size_t)i] = (char)((out->len - start - 5) >> (8 * i));
    if (p->time == (int32_t)p->time) {
        buf_putc(out, 'J'); /* BININT */
        put_little_endian(out, (uint32_t)p->time);
    } else {
        put_double(out, (double)p->time);
    }
    put_double(out, p->value);
    buf_puts(out, "\x86\x86"); /* TUPLE2, twice */
}

static void put_json(const struct graphite_style *style, const struct graphite_point *p,
                     struct buf *out)
{
    struct json_out j = JSON_OUT(out, 0);
    struct buf text = {0};

    json_open_object(&j);
    put_path(style, p, &text);
    json_key(&j, "name");
    json_put_str(&j, buf_str(&text));
    json_key(&j, "interval");
    json_put_u64(&j, style->interval);
    json_key(&j, "value");
    json_put_f64(&j, p->value);
    json_key(&j, "time");
    json_put_int(&j, p->time);
    json_key(&j, "tags");
    json_open_array(&j);
    for (size_t i = 0; style->tags == GRAPHITE_TAGS && i < p->n_tags; i++) {
        buf_reset(&text);
        if (put_tag(&p->tags[i], GRAPHITE_JSON, &text))
            json_put_str(&j, buf_str(&text));
    }
    json_close(&j);
    json_close(&j);
    buf_fini(&text);
}

bool graphite_put(const struct graphite_style *style, const struct graphite_point *p,
                  struct buf *out)
{
    static void (*const put[])(const struct graphite_style *, const struct graphite_point *,
                               struct buf *) = {
        [GRAPHITE_LINE] = put_line,
        [GRAPHITE_PICKLE] = put_pickle,
        [GRAPHITE_JSON] = put_json,
    };
    size_t start = out->len;

    put_path(style, p, out);
    bool is_named = out->len > start;

    out->len = start;
    if (!is_named || !isfinite(p->value))
        return false;
    put[style->form](style, p, out);
    return true;
}

void graphite_frame_pickle(struct buf *out, struct str points)
{
    put_big_endian(out, points.n + 6, 4);
    buf_puts(out, "\x80\x02](");
    buf_putstr(out, points);
    buf_puts(out, "e.");
}
