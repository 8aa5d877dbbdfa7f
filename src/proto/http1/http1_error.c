/* The words for what is wrong with a message. */
#include "proto/http1/http1_priv.h"

enum {
    CULPRIT_MAX = 1024, /* bytes of the peer's that are repeated */
};

static const char *const texts[] = {
    [HTTP1_ERR_NONE] = "",
#define X(name, text) [HTTP1_ERR_##name] = (text),
#include "proto/http1/http1_error.def"
#undef X
};

static void put_escaped(struct buf *out, char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char names[] = {['\a'] = 'a', ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n',
                                 ['\v'] = 'v', ['\f'] = 'f', ['\r'] = 'r'};
    unsigned char u = (unsigned char)c;

    if (c == '"' || c == '\\') {
        buf_putc(out, '\\');
        buf_putc(out, c);
    } else if (u < sizeof(names) && names[u]) {
        buf_putc(out, '\\');
        buf_putc(out, names[u]);
    } else if (u >= 0x20 && u < 0x7f) {
        buf_putc(out, c);
    } else {
        buf_puts(out, "\\x");
        buf_putc(out, hex[u >> 4]);
        buf_putc(out, hex[u & 15]);
    }
}

/* As Go's %q, except that bytes beyond ASCII are always spelt as \x. */
static void put_quoted(struct buf *out, struct str s)
{
    size_t n = s.n < CULPRIT_MAX ? s.n : CULPRIT_MAX;

    buf_putc(out, '"');
    for (size_t i = 0; i < n; i++)
        put_escaped(out, s.p[i]);
    buf_putc(out, '"');
}

/* The values of one header, as Go prints a list of strings. */
static void put_values(struct buf *out, const struct http_head *head, struct str name)
{
    const char *before = "[";
    size_t start = out->len;

    for (size_t i = 0; i < head->n_headers && out->len - start < CULPRIT_MAX; i++) {
        if (!str_eq_nocase(head->headers[i].name, name))
            continue;
        buf_puts(out, before);
        put_quoted(out, head->headers[i].value);
        before = " ";
    }
    buf_putc(out, ']');
}

void http1_error_text(const struct http1_message *m, struct buf *out)
{
    bool lengths = m->error == HTTP1_ERR_CONTENT_LENGTHS;

    for (const char *at = texts[m->error]; *at; at++) {
        if (*at != '%') {
            buf_putc(out, *at);
            continue;
        }
        if (*++at == 'q') {
            put_quoted(out, m->culprit);
        } else {
            put_values(out, m->head, lengths ? STR("Content-Length") : STR("Transfer-Encoding"));
        }
    }
}
