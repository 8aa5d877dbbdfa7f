/*
 * Heads: lines into spans, spans into headers.
 *
 * Input is moved into head->text a step at a time and searched there, so there is one path for
 * whole and for split input. A step may reach past the end of the head; what it took too much is
 * handed back by moving *in, which is sound because everything moved before this call has been
 * searched already. Spans are offsets, since the text may be moved while it grows.
 */
#include "base/mem.h"
#include "proto/http1/http1_encode.h"
#include "proto/http1/http1_facts_priv.h"
#include "proto/http1/http1_scan_priv.h"

enum {
    STEP_BYTES = 1024, /* most heads fit; copying that much body too much costs 20 ns */
};

#define T (HTTP1_CHAR_TOKEN | HTTP1_CHAR_VALUE)
#define V HTTP1_CHAR_VALUE

/* RFC 9110 §5.6.2 and §5.5. */
const unsigned char http1_chars[256] = {
    ['\t'] = V,          [' '] = V,         ['!'] = T,         ['"'] = V,
    ['#' ... '\''] = T,  ['(' ... ')'] = V, ['*' ... '+'] = T, [','] = V,
    ['-' ... '.'] = T,   ['/'] = V,         ['0' ... '9'] = T, [':' ... '@'] = V,
    ['A' ... 'Z'] = T,   ['[' ... ']'] = V, ['^' ... '`'] = T, ['a' ... 'z'] = T,
    ['{'] = V,           ['|'] = T,         ['}'] = V,         ['~'] = T,
    [0x80 ... 0xff] = V,
};

void http1_message_start(struct http1_message *m, struct http_head *head)
{
    memset(m, 0, offsetof(struct http1_message, spans));
    m->head = head;
    m->content_length = -1;
    http_head_reset(head);
}

void http1_message_fini(struct http1_message *m)
{
    free(m->spans);
    *m = (struct http1_message){0};
}

enum http1_event http1_fail(struct http1_message *m, enum http1_error error, struct str culprit)
{
    m->error = error;
    m->culprit = culprit;
    m->state = HTTP1_STATE_FAILED;
    m->keep_alive = false;
    return HTTP1_ERROR;
}

static enum http1_line line_fail(struct http1_message *m, enum http1_error error,
                                 struct str culprit)
{
    http1_fail(m, error, culprit);
    return HTTP1_LINE_FAILED;
}

/*
 * Checks the line that starts at m->at_line and goes on to `end` at least. Both limits are places
 * in the text and the nearer one is named, so the verdict does not depend on how input was split.
 */
static bool within_limits(struct http1_message *m, size_t end)
{
    size_t line_limit = m->at_line + (size_t)HTTP1_MAX_LINE;

    if (likely(end <= line_limit && end <= HTTP1_MAX_HEAD))
        return true;
    http1_fail(m, line_limit < HTTP1_MAX_HEAD ? HTTP1_ERR_LINE_TOO_LONG : HTTP1_ERR_HEAD_TOO_LARGE,
               (struct str){0});
    return false;
}

static void head_step(struct buf *text, struct str *in)
{
    size_t n = in->n < STEP_BYTES ? in->n : STEP_BYTES;

    buf_put(text, in->p, n);
    *in = str_from(in->p + n, in->n - n);
}

enum http1_line http1_head_line(struct http1_message *m, struct str *in, struct str *ret_line)
{
    struct buf *text = &m->head->text;

    for (;;) {
        size_t n_new = text->len - m->at_scan;
        const char *lf = n_new ? memchr(text->data + m->at_scan, '\n', n_new) : NULL;

        if (likely(lf != NULL)) {
            size_t end = (size_t)(lf - text->data);
            size_t start = m->at_line;

            if (!within_limits(m, end))
                return HTTP1_LINE_FAILED;
            m->at_line = m->at_scan = (uint32_t)end + 1;
            if (end > start && text->data[end - 1] == '\r')
                end--;
            *ret_line = str_from(text->data + start, end - start);
            return HTTP1_LINE_DONE;
        }
        m->at_scan = (uint32_t)text->len;
        if (!within_limits(m, text->len))
            return HTTP1_LINE_FAILED;
        if (!in->n)
            return HTTP1_LINE_MORE;
        head_step(text, in);
    }
}

/* The head ends at m->at_line: what was moved past it belongs to the caller. */
static void give_back(struct http1_message *m, struct str *in)
{
    size_t n_over = m->head->text.len - m->at_line;

    *in = str_from(in->p - n_over, in->n + n_over);
    m->head->text.len = m->at_line;
}

/* Whether all bytes may be part of a value. */
static bool value_valid(const char *p, size_t n)
{
    return !n || http1_scan_value(p, p + n) == p + n;
}

static struct str trim_blank(struct str s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) {
        s.p++;
        s.n--;
    }
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

static uint32_t offset_of(const struct http1_message *m, const char *p)
{
    return (uint32_t)(p - m->head->text.data);
}

/* obs-fold (RFC 9112 §5.2): the value before goes on; http1_head_finish joins the lines. */
static bool fold_line(struct http1_message *m, struct str line, bool strict)
{
    if (!m->n_spans || strict) {
        http1_fail(m, HTTP1_ERR_HEADER_FOLD, line);
        return false;
    }
    if (!value_valid(line.p, line.n)) {
        http1_fail(m, HTTP1_ERR_HEADER_LINE, line);
        return false;
    }
    struct http1_span *last = &m->spans[m->n_spans - 1];

    last->n_value = offset_of(m, line.p) + (uint32_t)line.n - last->value;
    m->has_fold = true;
    return true;
}

static struct http1_span *span_add(struct http1_message *m)
{
    if (unlikely(m->n_spans == m->cap_spans)) {
        m->cap_spans = m->cap_spans ? m->cap_spans * 2 : 16;
        m->spans = xrealloc(m->spans, m->cap_spans * sizeof(*m->spans));
    }
    return &m->spans[m->n_spans++];
}

/* Why a line has no name before a colon. */
COLD static bool bad_name(struct http1_message *m, struct str line)
{
    bool has_colon = memchr(line.p, ':', line.n);

    http1_fail(m, has_colon ? HTTP1_ERR_HEADER_LINE : HTTP1_ERR_HEADER, line);
    return false;
}

static bool field_line(struct http1_message *m, struct str line, bool strict)
{
    size_t n_name = 0;

    while (n_name < line.n &&
           (http1_is(line.p[n_name], HTTP1_CHAR_TOKEN) || (line.p[n_name] == ' ' && !strict)))
        n_name++;
    if (unlikely(!n_name || n_name == line.n || line.p[n_name] != ':'))
        return bad_name(m, line);
    struct str value = trim_blank(str_from_index(line, n_name + 1));

    if (unlikely(!value_valid(value.p, value.n))) {
        http1_fail(m, HTTP1_ERR_HEADER_LINE, line);
        return false;
    }
    *span_add(m) = (struct http1_span){
        .name = offset_of(m, line.p),
        .n_name = (uint32_t)n_name,
        .value = offset_of(m, value.p),
        .n_value = (uint32_t)value.n,
    };
    return true;
}

enum http1_line http1_head_fields(struct http1_message *m, struct str *in, bool strict)
{
    struct str line;
    enum http1_line r;

    while ((r = http1_head_line(m, in, &line)) == HTTP1_LINE_DONE) {
        if (!line.n) {
            give_back(m, in);
            return HTTP1_LINE_DONE;
        }
        if (unlikely(++m->n_lines > HTTP1_MAX_HEADERS))
            return line_fail(m, HTTP1_ERR_TOO_MANY_HEADERS, (struct str){0});
        bool ok = line.p[0] == ' ' || line.p[0] == '\t' ? fold_line(m, line, strict)
                                                        : field_line(m, line, strict);
        if (unlikely(!ok))
            return HTTP1_LINE_FAILED;
    }
    return r;
}

/* Joins the lines of a folded value in place, with one space between. Returns its new length. */
static size_t unfold(char *p, size_t n)
{
    size_t out = 0;
    size_t i = 0;

    while (i < n) {
        if (p[i] != '\n') {
            p[out++] = p[i++];
            continue;
        }
        while (out && (p[out - 1] == '\r' || p[out - 1] == ' ' || p[out - 1] == '\t'))
            out--;
        for (i++; i < n && (p[i] == ' ' || p[i] == '\t'); i++)
            ;
        if (out && i < n && p[i] != '\r' && p[i] != '\n')
            p[out++] = ' ';
    }
    return trim_blank(str_from(p, out)).n;
}

void http1_headers_reserve(struct http_head *head, size_t n)
{
    if (likely(n <= head->cap_headers))
        return;
    head->cap_headers = n < 16 ? 16 : n;
    head->headers = xrealloc(head->headers, head->cap_headers * sizeof(*head->headers));
}

void http1_head_finish(struct http1_message *m, struct http1_facts *ret_facts)
{
    char *text = m->head->text.data;
    struct http1_facts facts = {0};

    http1_headers_reserve(m->head, m->n_spans);
    for (size_t i = 0; i < m->n_spans; i++) {
        const struct http1_span *s = &m->spans[i];
        struct http_header *h = &m->head->headers[i];

        h->name = str_from(text + s->name, s->n_name);
        h->value = str_from(text + s->value, s->n_value);
        if (unlikely(m->has_fold))
            h->value.n = unfold(text + s->value, s->n_value);
        http1_gather(&facts, h);
    }
    m->head->n_headers = m->n_spans;
    *ret_facts = facts;
}

bool http1_content_length(struct str value, int64_t *ret_n)
{
    uint64_t n;

    if (!str_u64(value, &n) || n > INT64_MAX)
        return false;
    *ret_n = (int64_t)n;
    return true;
}

bool http1_version(struct str text, enum http_version *ret_version)
{
    if (text.n != 8 || memcmp(text.p, "HTTP/", 5) != 0 || !ascii_digit(text.p[5]) ||
        text.p[6] != '.' || !ascii_digit(text.p[7]))
        return false;
    int major = text.p[5] - '0';

    if (major >= 2) {
        *ret_version = HTTP_2;
    } else {
        *ret_version = major == 1 && text.p[7] != '0' ? HTTP_1_1 : HTTP_1_0;
    }
    return true;
}

bool http1_list_has(struct str list, struct str token)
{
    struct str item;

    while (str_split(&list, ',', &item)) {
        if (str_eq_nocase(trim_blank(item), token))
            return true;
    }
    return false;
}

bool http1_is_value(struct str value)
{
    return value_valid(value.p, value.n);
}

bool http1_is_token(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (!http1_is(name.p[i], HTTP1_CHAR_TOKEN))
            return false;
    }
    return name.n > 0;
}
