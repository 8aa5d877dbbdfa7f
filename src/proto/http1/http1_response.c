/*
 * Reads responses: the status line, what the head means for the body (RFC 9112 §6.3), interim
 * responses. Where the standard leaves room, this does what Go's net/http does, because scripts
 * were written against it.
 */
#include "proto/http1/http1_scan_priv.h"

void http1_response_start(struct http1_response *p, struct http_head *head,
                          enum http1_expect expect)
{
    http1_message_start(&p->msg, head);
    p->status = 0;
    p->reason = p->status_text = (struct str){0};
    p->expect = expect;
    p->memo = NULL;
    p->shared = NULL;
}

void http1_response_move(struct http1_response *to, struct http1_response *from)
{
    struct http1_span *spans = to->msg.spans;
    size_t cap_spans = to->msg.cap_spans;

    *to = *from;
    if (to->msg.culprit.p == from->msg.scratch)
        to->msg.culprit.p = to->msg.scratch;
    from->msg.spans = spans;
    from->msg.cap_spans = cap_spans;
}

void http1_response_fini(struct http1_response *p)
{
    http1_message_fini(&p->msg);
}

/* Three digits; Go's words otherwise. */
static bool status_code(struct str s, int *ret_status)
{
    if (s.n != 3 || !ascii_digit(s.p[0]) || !ascii_digit(s.p[1]) || !ascii_digit(s.p[2]))
        return false;
    *ret_status = (s.p[0] - '0') * 100 + (s.p[1] - '0') * 10 + (s.p[2] - '0');
    return true;
}

/* The status line: version, blanks, code, and a reason that may be missing. */
static bool status_line(struct http1_response *p, struct str line)
{
    size_t n_version = str_find(line, ' ');

    if (n_version == line.n) {
        http1_fail(&p->msg, HTTP1_ERR_RESPONSE, line);
        return false;
    }
    struct str rest = str_from_index(line, n_version + 1);

    while (rest.n && rest.p[0] == ' ')
        rest = str_from_index(rest, 1);
    struct str code = str_from(rest.p, str_find(rest, ' '));

    if (!status_code(code, &p->status)) {
        http1_fail(&p->msg, HTTP1_ERR_STATUS, code);
        return false;
    }
    struct str version = str_from(line.p, n_version);

    if (!http1_version(version, &p->msg.version)) {
        http1_fail(&p->msg, HTTP1_ERR_VERSION, version);
        return false;
    }
    p->status_text = rest;
    return true;
}

static bool is_interim(int status)
{
    return status >= 100 && status < 200 && status != 101;
}

static bool has_no_body(const struct http1_response *p)
{
    return p->expect == HTTP1_EXPECT_NO_BODY || (p->status >= 100 && p->status < 200) ||
           p->status == 204 || p->status == 304 || p->msg.is_upgrade;
}

static bool is_chunked(const struct http1_response *p, const struct http1_facts *f)
{
    return f->n_encodings && p->msg.version != HTTP_1_0;
}

/* Finds what is wrong with the headers that frame the body. The order is Go's. */
static enum http1_error framing_error(struct http1_response *p, const struct http1_facts *f,
                                      struct str *ret_culprit)
{
    *ret_culprit = f->encoding;
    if (is_chunked(p, f)) {
        if (f->n_encodings > 1)
            return HTTP1_ERR_TRANSFER_ENCODINGS;
        return str_eq_nocase(f->encoding, STR("chunked")) ? HTTP1_ERR_NONE
                                                          : HTTP1_ERR_TRANSFER_ENCODING;
    }
    *ret_culprit = f->length;
    if (f->lengths_differ)
        return HTTP1_ERR_CONTENT_LENGTHS;
    if (f->n_lengths && !f->length.n)
        return HTTP1_ERR_CONTENT_LENGTH_EMPTY;
    if (f->n_lengths && !http1_content_length(f->length, &p->msg.content_length))
        return HTTP1_ERR_CONTENT_LENGTH;
    return HTTP1_ERR_NONE;
}

static enum http1_framing framing_of(const struct http1_response *p, const struct http1_facts *f)
{
    if (has_no_body(p))
        return HTTP1_FRAMING_NONE;
    if (is_chunked(p, f))
        return HTTP1_FRAMING_CHUNKED;
    return p->msg.content_length >= 0 ? HTTP1_FRAMING_LENGTH : HTTP1_FRAMING_CLOSE;
}

/*
 * A message with both framings may be an attempt at smuggling (RFC 9112 §6.1): it is read as
 * chunked, and its connection is not used again.
 */
static bool keeps_alive(const struct http1_response *p, const struct http1_facts *f)
{
    if (f->close || p->msg.framing == HTTP1_FRAMING_CLOSE || (f->n_encodings && f->n_lengths))
        return false;
    if (p->msg.version == HTTP_1_0)
        return f->keep_alive && !f->n_encodings;
    return true;
}

/*
 * Go takes the headers that it used for framing out of the response, so scripts do not see them.
 */
static void hide_framing(struct http_head *head)
{
    size_t n = 0;

    for (size_t i = 0; i < head->n_headers; i++) {
        struct str name = head->headers[i].name;

        if (str_eq_nocase(name, STR("Transfer-Encoding")) ||
            str_eq_nocase(name, STR("Content-Length")))
            continue;
        head->headers[n++] = head->headers[i];
    }
    head->n_headers = n;
}

/* The views into the text can be made now that it no longer moves. */
static void set_status_text(struct http1_response *p, uint32_t at, uint32_t n)
{
    p->status_text = str_from(p->msg.head->text.data + at, n);
    p->reason = n > 4 ? str_from_index(p->status_text, 4) : (struct str){.p = "", .n = 0};
}

static enum http1_event interim(struct http1_response *p)
{
    struct http1_message *m = &p->msg;

    if (++m->n_interim > HTTP1_MAX_INTERIM)
        return http1_fail(m, HTTP1_ERR_TOO_MANY_INTERIM, (struct str){0});
    m->state = HTTP1_STATE_FIRST;
    return HTTP1_INTERIM;
}

static enum http1_event head_done(struct http1_response *p, const struct http1_facts *facts)
{
    struct http1_message *m = &p->msg;
    struct str culprit;

    m->begun = false;
    set_status_text(p, m->at_first, m->n_first);
    m->is_upgrade = p->status == 101 ||
                    (p->expect == HTTP1_EXPECT_TUNNEL && p->status >= 200 && p->status < 300);
    if (is_interim(p->status))
        return interim(p);
    enum http1_error error = framing_error(p, facts, &culprit);

    if (unlikely(error))
        return http1_fail(m, error, culprit);
    m->framing = framing_of(p, facts);
    m->keep_alive = keeps_alive(p, facts);
    if (is_chunked(p, facts))
        hide_framing(m->head);
    http1_body_start(m);
    return HTTP1_HEAD;
}

/* A new head begins; what an interim response left is dropped. */
static void head_begin(struct http1_message *m)
{
    http_head_reset(m->head);
    m->n_spans = 0;
    m->n_lines = 0;
    m->at_line = m->at_scan = 0;
    m->has_fold = false;
    m->begun = true;
}

enum {
    AT_CODE = 9, /* after "HTTP/1.1 " */
    AT_REASON = AT_CODE + 3,
};

/*
 * How long the status line is without its end, when it is `HTTP/1.1 200 …` to the letter with
 * nothing odd after it; 0 for any other, which status_line() reads.
 */
static size_t quick_status_line(struct str in, int *ret_status)
{
    if (in.n < AT_REASON + 2 || memcmp(in.p, "HTTP/1.1 ", AT_CODE) != 0 ||
        (in.p[AT_REASON] != ' ' && in.p[AT_REASON] != '\r') ||
        !status_code(str_from(in.p + AT_CODE, 3), ret_status))
        return 0;
    const char *end = in.p + in.n;
    const char *stop = http1_scan_value(in.p + AT_REASON, end);

    return end - stop >= 2 && http1_is_crlf(stop) ? (size_t)(stop - in.p) : 0;
}

/* Reads a head that is whole in the input and as most are. False: nothing has changed. */
static bool head_quick(struct http1_response *p, struct str *in, struct http1_facts *ret_facts)
{
    struct http1_message *m = &p->msg;
    struct str near = str_from(in->p, http1_quick_reach(m->head, in->n));
    int status = 0;
    size_t n_first = quick_status_line(near, &status);
    size_t n_head;

    if (!n_first || !http1_quick_fields(m, near, n_first + 2, &n_head, ret_facts))
        return false;
    p->status = status;
    m->version = HTTP_1_1;
    m->at_first = AT_CODE;
    m->n_first = (uint32_t)n_first - AT_CODE;
    *in = str_from(in->p + n_head, in->n - n_head);
    return true;
}

/* A memo is for what a request with a body in its answer is told. */
static enum http1_event quick_done(struct http1_response *p, const struct http1_facts *facts)
{
    enum http1_event e = head_done(p, facts);

    if (e == HTTP1_HEAD && p->memo)
        http1_memo_keep(p);
    return e;
}

static enum http1_event head_next(struct http1_response *p, struct str *in)
{
    struct http1_message *m = &p->msg;
    struct http1_facts facts;
    struct str line;
    enum http1_line r;

    if (m->state == HTTP1_STATE_FIRST) {
        if (!m->begun) {
            if (p->memo && http1_memo_find(p, in)) {
                http1_body_start(m);
                return HTTP1_HEAD;
            }
            head_begin(m);
            if (likely(head_quick(p, in, &facts)))
                return quick_done(p, &facts);
        }
        r = http1_head_line(m, in, &line);
        if (r != HTTP1_LINE_DONE)
            return r == HTTP1_LINE_MORE ? HTTP1_MORE : HTTP1_ERROR;
        if (!status_line(p, line))
            return HTTP1_ERROR;
        m->at_first = (uint32_t)(p->status_text.p - m->head->text.data);
        m->n_first = (uint32_t)p->status_text.n;
        m->state = HTTP1_STATE_FIELDS;
    }
    r = http1_head_fields(m, in, false);
    if (r != HTTP1_LINE_DONE)
        return r == HTTP1_LINE_MORE ? HTTP1_MORE : HTTP1_ERROR;
    http1_head_finish(m, &facts);
    return head_done(p, &facts);
}

enum http1_event http1_response_next(struct http1_response *p, struct str *in, struct str *ret_body)
{
    size_t n_before = in->n;
    enum http1_event e = p->msg.state <= HTTP1_STATE_FIELDS
                             ? head_next(p, in)
                             : http1_body_next(&p->msg, in, ret_body);

    p->msg.n_wire += n_before - in->n;
    return e;
}

enum http1_event http1_response_eof(struct http1_response *p)
{
    struct http1_message *m = &p->msg;

    if (m->state == HTTP1_STATE_FAILED)
        return HTTP1_ERROR;
    if (m->state == HTTP1_STATE_CLOSE || m->state == HTTP1_STATE_END) {
        m->state = HTTP1_STATE_END;
        return HTTP1_END;
    }
    return http1_fail(m, m->n_wire ? HTTP1_ERR_UNEXPECTED_EOF : HTTP1_ERR_EOF, (struct str){0});
}
