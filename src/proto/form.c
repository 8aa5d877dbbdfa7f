/* Bodies of forms. Each encoder works out its room first, so it either appends all or nothing. */
#include "proto/form.h"

static const char hex_digits[] = "0123456789ABCDEF";

/* RFC 3986 §2.3. */
static bool is_unreserved(char c)
{
    char l = ascii_lower(c);

    return (l >= 'a' && l <= 'z') || ascii_digit(c) || c == '-' || c == '_' || c == '.' || c == '~';
}

/* encodeURIComponent leaves these alone as well. */
static bool is_component_mark(char c)
{
    return c == '!' || c == '*' || c == '\'' || c == '(' || c == ')';
}

static char *put_escape(char *at, char c)
{
    unsigned char u = (unsigned char)c;

    *at++ = '%';
    *at++ = hex_digits[u >> 4];
    *at++ = hex_digits[u & 15];
    return at;
}

/* How bytes may stand in an encoding, besides as %XX. */
enum form_class {
    CLASS_ESCAPED,
    CLASS_PLAIN,
    CLASS_PLUS, /* as '+' */
};

static enum form_class class_in_form(char c)
{
    return is_unreserved(c) ? CLASS_PLAIN : c == ' ' ? CLASS_PLUS : CLASS_ESCAPED;
}

static enum form_class class_in_component(char c)
{
    return is_unreserved(c) || is_component_mark(c) ? CLASS_PLAIN : CLASS_ESCAPED;
}

/* Inline, so that each encoder has its classes compiled in. */
static inline int encode(struct buf *out, struct str s, enum form_class (*class_of)(char c))
{
    if (s.n >= SIZE_MAX / 3)
        return BUF_E_LIMIT;
    /* One byte more, so that there is storage even for nothing. */
    int r = buf_reserve(out, s.n * 3 + 1);

    if (r)
        return r;
    char *at = out->data + out->len;
    char *start = at;

    for (size_t i = 0; i < s.n; i++) {
        enum form_class class = class_of(s.p[i]);

        if (class == CLASS_ESCAPED) {
            at = put_escape(at, s.p[i]);
        } else {
            *at++ = class == CLASS_PLUS ? '+' : s.p[i];
        }
    }
    out->len += (size_t)(at - start);
    return 0;
}

int form_escape(struct buf *out, struct str s)
{
    return encode(out, s, class_in_form);
}

int percent_encode_component(struct buf *out, struct str s)
{
    return encode(out, s, class_in_component);
}

int form_add(struct buf *out, size_t start, struct str name, struct str value)
{
    size_t before = out->len;
    int r = out->len > start ? buf_add(out, "&", 1) : 0;

    if (!r)
        r = form_escape(out, name);
    if (!r)
        r = buf_add(out, "=", 1);
    if (!r)
        r = form_escape(out, value);
    if (r)
        out->len = before;
    return r;
}

/* `plus` is what '+' stands for. */
static int decode(struct buf *out, struct str s, char plus)
{
    int r = buf_reserve(out, s.n);

    if (r)
        return r;
    for (size_t i = 0; i < s.n; i++) {
        int high = i + 2 < s.n ? ascii_hex(s.p[i + 1]) : -1;
        int low = high >= 0 ? ascii_hex(s.p[i + 2]) : -1;

        if (s.p[i] == '%' && low >= 0) {
            out->data[out->len++] = (char)(high << 4 | low);
            i += 2;
        } else {
            out->data[out->len++] = (char)(s.p[i] == '+' ? plus : s.p[i]);
        }
    }
    return 0;
}

int form_unescape(struct buf *out, struct str s)
{
    return decode(out, s, ' ');
}

int percent_decode(struct buf *out, struct str s)
{
    return decode(out, s, '+');
}

/* A parameter of Content-Disposition: what would end it early is escaped. */
static int put_quoted(struct buf *out, const char *before, struct str s)
{
    int r = buf_reserve(out, strlen(before) + s.n * 3 + 1);

    if (r)
        return r;
    buf_puts(out, before);
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];

        if (c == '\r' || c == '\n') {
            buf_puts(out, c == '\r' ? "%0D" : "%0A");
            continue;
        }
        if (c == '"' || c == '\\')
            buf_putc(out, '\\');
        buf_putc(out, c);
    }
    buf_putc(out, '"');
    return 0;
}

/* A header value of the caller's; line ends in it would begin another header. */
static int put_type(struct buf *out, struct str s)
{
    static const char name[] = "\r\nContent-Type: ";
    int r = buf_reserve(out, sizeof(name) + s.n);

    if (r)
        return r;
    buf_put(out, name, sizeof(name) - 1);
    for (size_t i = 0; i < s.n; i++)
        buf_putc(out, (char)(s.p[i] == '\r' || s.p[i] == '\n' ? ' ' : s.p[i]));
    return 0;
}

static int put_boundary(struct multipart *m, const char *before, const char *after)
{
    int r = buf_reserve(m->out, m->boundary.n + 16);

    if (r)
        return r;
    buf_puts(m->out, before);
    buf_putstr(m->out, m->boundary);
    buf_puts(m->out, after);
    return 0;
}

static int put_part(struct multipart *m, struct str name, struct str filename,
                    struct str content_type, struct str data)
{
    int r = put_boundary(m, m->n_parts ? "\r\n--" : "--", "\r\n");

    if (!r)
        r = put_quoted(m->out, "Content-Disposition: form-data; name=\"", name);
    if (!r && filename.p)
        r = put_quoted(m->out, "; filename=\"", filename);
    if (!r && content_type.p)
        r = put_type(m->out, content_type);
    if (!r)
        r = buf_add(m->out, "\r\n\r\n", 4);
    return r ? r : buf_add(m->out, data.p, data.n);
}

int multipart_add(struct multipart *m, struct str name, struct str filename,
                  struct str content_type, struct str data)
{
    size_t before = m->out->len;
    int r = put_part(m, name, filename, content_type, data);

    if (r) {
        m->out->len = before;
    } else {
        m->n_parts++;
    }
    return r;
}

int multipart_end(struct multipart *m)
{
    return put_boundary(m, m->n_parts ? "\r\n--" : "--", "--\r\n");
}

void multipart_content_type(const struct multipart *m, struct buf *out)
{
    buf_puts(out, "multipart/form-data; boundary=");
    buf_putstr(out, m->boundary);
}
