/*
 * The usual head in one pass: all of it is in the input, its lines end in CR LF and nothing in them
 * is out of the ordinary. Each field is scanned where it was received, its header is written as it
 * will be in the copy, and at the end the bytes are copied.
 *
 * Whatever else comes (a split head, a bare LF, a folded line, an odd character, more than there is
 * room for) is left to http1_head_fields, which starts at the beginning and has the last word, so
 * nothing is refused here. It also makes the room that the next head finds.
 */
#include "proto/http1/http1_facts_priv.h"
#include "proto/http1/http1_scan_priv.h"

enum {
    ROOM_BYTES = 1024,     /* what a head's storage begins with, as in http1_head_line */
    MOST_BYTES = 16 << 10, /* far below the limits of a line and a head */
    MOST_FIELDS = 256,
    LEAST_BYTES = 4, /* at the end of a field: its line end and two bytes of the next line */
};

_Static_assert((int)MOST_BYTES < (int)HTTP1_MAX_LINE, "the limit of a line is not checked");
_Static_assert((int)MOST_FIELDS < (int)HTTP1_MAX_HEADERS, "nor that of headers");

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t http1_quick_reach(struct http_head *head, size_t n_in)
{
    if (unlikely(head->text.cap < ROOM_BYTES))
        ignored(buf_reserve(&head->text, min_size(n_in, ROOM_BYTES)));
    http1_headers_reserve(head, 1);
    return min_size(min_size(n_in, head->text.cap), MOST_BYTES);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Past the blanks at p. The CR that ends a good line is none, so `end` is met by others only. */
static const char *skip_blanks(const char *p, const char *end)
{
    if (likely(*p == ' '))
        p++;
    if (unlikely((unsigned char)*p <= ' ')) {
        while (p < end && is_blank(*p))
            p++;
    }
    return p;
}

/* The end of a value that goes from p to stop at most, without blanks; stop[-1] may be looked at.
 */
static const char *trim_end(const char *p, const char *stop)
{
    if (unlikely((unsigned char)stop[-1] <= ' ')) {
        while (stop > p && is_blank(stop[-1]))
            stop--;
    }
    return stop;
}

/*
 * Reads the field that `from` begins with into *h. Returns where the next line begins, of which two
 * bytes are there, or NULL when the field is not usual.
 */
static inline const char *field(const char *from, const char *end, struct http_header *h)
{
    const char *last = end - LEAST_BYTES;
    const char *p = http1_scan_token(from, end);

    if (unlikely(p == from || p > last || *p != ':'))
        return NULL;
    h->name = str_from(from, (size_t)(p - from));
    p = skip_blanks(p + 1, end);
    const char *stop = http1_scan_value(p, end);

    if (unlikely(stop > last || !http1_is_crlf(stop)))
        return NULL;
    h->value = str_from(p, (size_t)(trim_end(p, stop) - p));
    return stop + 2;
}

/* Where a view of the input is once the head has been copied to `text`. */
static struct str moved(struct str s, const char *in, const char *text)
{
    return str_from(text + (s.p - in), s.n);
}

/* Copies the head to where it stays. */
static void keep(struct http1_message *m, struct str in, struct http1_facts *f)
{
    struct buf *text = &m->head->text;

    memcpy(text->data, in.p, in.n);
    text->len = in.n;
    m->at_line = m->at_scan = (uint32_t)in.n;
    if (likely(f->n_lengths))
        f->length = moved(f->length, in.p, text->data);
    if (unlikely(f->n_encodings))
        f->encoding = moved(f->encoding, in.p, text->data);
    if (unlikely(f->n_hosts))
        f->host = moved(f->host, in.p, text->data);
}

bool http1_quick_fields(struct http1_message *m, struct str in, size_t at, size_t *ret_end,
                        struct http1_facts *ret_facts)
{
    struct http_head *head = m->head;
    struct http_header *h = head->headers;
    struct http_header *most = h + min_size(head->cap_headers, MOST_FIELDS);
    const char *end = in.p + in.n;
    const char *p = in.p + at;
    struct http1_facts facts = {0};

    if (end - p < 2)
        return false;
    for (; !http1_is_crlf(p); h++) {
        struct http_header got;

        if (unlikely(h == most))
            return false;
        p = field(p, end, &got);
        if (unlikely(!p))
            return false;
        http1_gather(&facts, &got);
        h->name = moved(got.name, in.p, head->text.data);
        h->value = moved(got.value, in.p, head->text.data);
    }
    *ret_end = (size_t)(p + 2 - in.p);
    head->n_headers = (size_t)(h - head->headers);
    m->n_lines = (uint32_t)head->n_headers;
    keep(m, str_from(in.p, *ret_end), &facts);
    *ret_facts = facts;
    return true;
}
