/*
 * The usual head in one pass: all of it is in the input, its lines end in CR LF and nothing in them
 * is out of the ordinary. Each field is scanned where it was received, its header is written at
 * once, and at the end the bytes are copied and the views moved over to the copy.
 *
 * Whatever else comes (a split head, a bare LF, a folded line, an odd character, more than there is
 * room for) is left to http1_head_fields, which starts at the beginning and has the last word, so
 * nothing is refused here. It also makes the room that the next head finds.
 */
#include "proto/http1/http1_scan_priv.h"

enum {
    ROOM_BYTES = 1024,     /* what a head's storage begins with, as in http1_head_line */
    MOST_BYTES = 16 << 10, /* far below the limits of a line and a head */
    MOST_FIELDS = 256,
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
    if (unlikely((unsigned char)*p <= ' '))
        while (p < end && is_blank(*p))
            p++;
    return p;
}

/* The end of a value that goes from p to stop at most, without blanks; stop[-1] may be looked at.
 */
static const char *trim_end(const char *p, const char *stop)
{
    if (unlikely((unsigned char)stop[-1] <= ' '))
        while (stop > p && is_blank(stop[-1]))
            stop--;
    return stop;
}

/*
 * Reads the field that `from` begins with into *h. Returns where the next line begins, of which two
 * bytes are there, or NULL when the field is not usual.
 */
static const char *field(const char *from, const char *end, struct http_header *h)
{
    const char *p = http1_scan_token(from, end);

    if (unlikely(p == from || end - p < 4 || *p != ':'))
        return NULL;
    h->name = str_from(from, (size_t)(p - from));
    p = skip_blanks(p + 1, end);
    const char *stop = http1_scan_value(p, end);

    if (unlikely(end - stop < 4 || !http1_is_crlf(stop)))
        return NULL;
    h->value = str_from(p, (size_t)(trim_end(p, stop) - p));
    return stop + 2;
}

static void rebase(struct str *s, const char *from, const char *to)
{
    s->p = to + (s->p - from);
}

/* Copies the head to where it stays, and moves the views over. */
static void keep(struct http_head *head, struct str in, struct http1_facts *f)
{
    char *text = head->text.data;

    memcpy(text, in.p, in.n);
    head->text.len = in.n;
    for (size_t i = 0; i < head->n_headers; i++) {
        rebase(&head->headers[i].name, in.p, text);
        rebase(&head->headers[i].value, in.p, text);
    }
    if (f->n_lengths)
        rebase(&f->length, in.p, text);
    if (f->n_encodings)
        rebase(&f->encoding, in.p, text);
    if (f->n_hosts)
        rebase(&f->host, in.p, text);
}

bool http1_quick_fields(struct http1_message *m, struct str in, size_t at, size_t *ret_end,
                        struct http1_facts *ret_facts)
{
    struct http_head *head = m->head;
    struct http_header *h = head->headers;
    struct http_header *most = h + min_size(head->cap_headers, MOST_FIELDS);
    const char *end = in.p + in.n;
    const char *p = in.p + at;

    if (end - p < 2)
        return false;
    *ret_facts = (struct http1_facts){0};
    while (!http1_is_crlf(p)) {
        if (unlikely(h == most))
            return false;
        p = field(p, end, h);
        if (unlikely(!p))
            return false;
        http1_gather(ret_facts, h++);
    }
    p += 2;
    *ret_end = (size_t)(p - in.p);
    head->n_headers = (size_t)(h - head->headers);
    m->n_lines = (uint32_t)head->n_headers;
    m->at_line = m->at_scan = (uint32_t)*ret_end;
    keep(head, str_from(in.p, *ret_end), ret_facts);
    return true;
}
