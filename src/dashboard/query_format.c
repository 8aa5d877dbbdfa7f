/*
 * A format is a row: what stands before, between and after values, and what each value's special
 * characters become. Where one value is written otherwise than several, the row says so.
 */
#include "dashboard/query_format.h"

#define REGEX_SPECIAL  "\\^$*+?.()|[]{}/"
#define LUCENE_SPECIAL "+-=&|><!(){}[]^\"~*?:\\/"

struct format {
    const char *name;
    const char *open, *between, *close; /* of several values */
    const char *before, *after;         /* of each */
    const char *special;                /* characters that `escape` goes before */
    const char *escape;
};

/* clang-format off */
static const struct format formats[] = {
    {.name = "glob", .open = "{", .between = ",", .close = "}"},
    {.name = "raw", .between = ","},
    {.name = "text", .between = " + "},
    {.name = "csv", .between = ","},
    {.name = "pipe", .between = "|"},
    {.name = "regex", .open = "(", .between = "|", .close = ")", .special = REGEX_SPECIAL, .escape = "\\"},
    {.name = "lucene", .open = "(\"", .between = "\" OR \"", .close = "\")", .special = LUCENE_SPECIAL, .escape = "\\"},
    {.name = "doublequote", .between = ",", .before = "\"", .after = "\"", .special = "\"", .escape = "\\"},
    {.name = "singlequote", .between = ",", .before = "'", .after = "'", .special = "'", .escape = "\\"},
    {.name = "sqlstring", .between = ",", .before = "'", .after = "'", .special = "'", .escape = "'"},
    {.name = "json", .open = "[", .between = ",", .close = "]", .before = "\"", .after = "\"", .special = "\"\\", .escape = "\\"},
};

static const struct format prometheus_list = {.open = "(", .between = "|", .close = ")", .special = "\\$^*{}[]'+?.()|", .escape = "\\\\"};
static const struct format prometheus_one = {.between = ",", .special = "\\'", .escape = "\\"};
static const struct format influxql_list = {.open = "(", .between = "|", .close = ")", .special = REGEX_SPECIAL, .escape = "\\"};
static const struct format plain = {.between = ","};
/* clang-format on */

static int add(struct buf *out, const char *text)
{
    return text ? buf_add(out, text, strlen(text)) : 0;
}

static int add_value(const struct format *f, struct str value, struct buf *out)
{
    if (add(out, f->before))
        return BUF_E_LIMIT;
    for (size_t i = 0; i < value.n; i++) {
        if (f->special && value.p[i] && strchr(f->special, value.p[i]) && add(out, f->escape))
            return BUF_E_LIMIT;
        if (buf_add(out, value.p + i, 1))
            return BUF_E_LIMIT;
    }
    return add(out, f->after);
}

static int put(const struct format *f, const struct str *values, size_t n, struct buf *out)
{
    bool is_framed = n > 1;

    if (is_framed && add(out, f->open))
        return BUF_E_LIMIT;
    for (size_t i = 0; i < n; i++) {
        if ((i && add(out, f->between)) || add_value(f, values[i], out))
            return BUF_E_LIMIT;
    }
    return is_framed ? add(out, f->close) : 0;
}

/* As in an URL; several are given as "NAME=" by queryparam, which data sources here do not take. */
static int put_percent(const struct str *values, size_t n, struct buf *out)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < n; i++) {
        if (i && buf_add(out, "%2C", 3))
            return BUF_E_LIMIT;
        for (size_t j = 0; j < values[i].n; j++) {
            unsigned char c = (unsigned char)values[i].p[j];
            bool is_plain = ascii_digit((char)c) ||
                            (ascii_lower((char)c) >= 'a' && ascii_lower((char)c) <= 'z') ||
                            (c && strchr("-_.~", c));
            char code[3] = {'%', digits[c >> 4], digits[c & 15]};

            if (is_plain ? buf_add(out, &c, 1) : buf_add(out, code, 3))
                return BUF_E_LIMIT;
        }
    }
    return 0;
}

int query_format(struct str format, const struct str *values, size_t n, struct buf *out)
{
    const struct format *f = &formats[0];

    if (str_is(format, "percentencode"))
        return put_percent(values, n, out);
    for (size_t i = 0; i < countof(formats); i++) {
        if (str_is(format, formats[i].name))
            f = &formats[i];
    }
    return put(f, values, n, out);
}

int query_format_prometheus(bool is_list, const struct str *values, size_t n, struct buf *out)
{
    return put(is_list ? &prometheus_list : &prometheus_one, values, n, out);
}

int query_format_influxql(bool is_list, const struct str *values, size_t n, struct buf *out)
{
    return put(is_list ? &influxql_list : &plain, values, n, out);
}
