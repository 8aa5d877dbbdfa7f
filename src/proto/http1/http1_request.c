/*
 * Reads requests, for the server's side. Stricter than the reader of responses: whatever two
 * servers could understand differently (RFC 9112 §11.2) is refused.
 */
#include "proto/http1/http1_priv.h"

void http1_request_start(struct http1_request *p, struct http_head *head)
{
    http1_message_start(&p->msg, head);
    p->method = p->target = p->host = (struct str){0};
    p->expect_continue = false;
}

void http1_request_fini(struct http1_request *p)
{
    http1_message_fini(&p->msg);
}

/* No blanks, no control characters; the rest is the application's business. */
static bool target_valid(struct str target)
{
    for (size_t i = 0; i < target.n; i++) {
        if ((unsigned char)target.p[i] <= ' ' || target.p[i] == 0x7f)
            return false;
    }
    return target.n > 0;
}

static bool reject(struct http1_request *p, enum http1_error error, struct str culprit)
{
    http1_fail(&p->msg, error, culprit);
    return false;
}

/* method SP target SP version, with exactly one blank between (RFC 9112 §3). */
static bool request_line(struct http1_request *p, struct str line)
{
    size_t n_method = str_find(line, ' ');
    struct str rest = str_from_index(line, n_method + 1);
    size_t n_target = str_find(rest, ' ');

    p->method = str_from(line.p, n_method);
    p->target = str_from(rest.p, n_target);
    if (n_method == line.n || n_target == rest.n)
        return reject(p, HTTP1_ERR_REQUEST, line);
    if (!p->method.n || p->method.n > 64)
        return reject(p, HTTP1_ERR_METHOD, p->method);
    for (size_t i = 0; i < p->method.n; i++) {
        if (!http1_is(p->method.p[i], HTTP1_CHAR_TOKEN))
            return reject(p, HTTP1_ERR_METHOD, p->method);
    }
    if (!target_valid(p->target))
        return reject(p, HTTP1_ERR_TARGET, p->target);
    struct str version = str_from_index(rest, n_target + 1);

    if (!http1_version(version, &p->msg.version) || p->msg.version == HTTP_2)
        return reject(p, HTTP1_ERR_VERSION, version);
    p->msg.at_first = (uint32_t)(line.p - p->msg.head->text.data);
    return true;
}

static bool host_valid(struct str host)
{
    for (size_t i = 0; i < host.n; i++) {
        if ((unsigned char)host.p[i] <= ' ' || host.p[i] == 0x7f || strchr("/@\\,?#", host.p[i]))
            return false;
    }
    return true;
}

/* The authority of an absolute-form target, which wins over Host (RFC 9112 §3.2.2). */
static struct str absolute_host(struct str target)
{
    size_t at = str_find_str(target, STR("://"));

    if (at == target.n || target.p[0] == '/')
        return (struct str){0};
    struct str rest = str_from_index(target, at + 3);
    size_t n = 0;

    while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?')
        n++;
    return str_from(rest.p, n);
}

static bool check_host(struct http1_request *p, const struct http1_facts *f)
{
    struct str absolute = absolute_host(p->target);

    if (f->n_hosts > 1 || (!f->n_hosts && p->msg.version == HTTP_1_1) || !host_valid(f->host))
        return reject(p, HTTP1_ERR_HOST, f->host);
    p->host = absolute.p ? absolute : f->host;
    return true;
}

static bool check_framing(struct http1_request *p, const struct http1_facts *f)
{
    struct http1_message *m = &p->msg;

    if (f->n_encodings && f->n_lengths)
        return reject(p, HTTP1_ERR_LENGTH_AND_CHUNKED, f->length);
    if (f->n_encodings > 1)
        return reject(p, HTTP1_ERR_TRANSFER_ENCODINGS, f->encoding);
    if (f->n_encodings && (m->version == HTTP_1_0 || !str_eq_nocase(f->encoding, STR("chunked"))))
        return reject(p, HTTP1_ERR_TRANSFER_ENCODING, f->encoding);
    if (f->lengths_differ)
        return reject(p, HTTP1_ERR_CONTENT_LENGTHS, f->length);
    if (f->n_lengths && !http1_content_length(f->length, &m->content_length)) {
        return reject(p, f->length.n ? HTTP1_ERR_CONTENT_LENGTH : HTTP1_ERR_CONTENT_LENGTH_EMPTY,
                      f->length);
    }
    if (f->n_encodings) {
        m->framing = HTTP1_FRAMING_CHUNKED;
    } else if (m->content_length > 0) {
        m->framing = HTTP1_FRAMING_LENGTH;
    } else {
        m->framing = HTTP1_FRAMING_NONE;
    }
    return true;
}

static enum http1_event head_done(struct http1_request *p)
{
    struct http1_message *m = &p->msg;
    size_t n_method = p->method.n;
    size_t n_target = p->target.n;
    const char *first = m->head->text.data + m->at_first;
    struct http1_facts facts;

    /* The text no longer moves, so the views can be made. */
    http1_head_finish(m, &facts);
    p->method = str_from(first, n_method);
    p->target = str_from(first + n_method + 1, n_target);
    if (!check_host(p, &facts) || !check_framing(p, &facts))
        return HTTP1_ERROR;
    m->keep_alive = !facts.close && (m->version == HTTP_1_1 || facts.keep_alive);
    p->expect_continue =
        facts.expect_continue && m->version == HTTP_1_1 && m->framing != HTTP1_FRAMING_NONE;
    http1_body_start(m);
    return HTTP1_HEAD;
}

static enum http1_event head_next(struct http1_request *p, struct str *in)
{
    struct http1_message *m = &p->msg;
    struct str line = {0};
    enum http1_line r = HTTP1_LINE_DONE;

    /* Empty lines before a request are skipped (RFC 9112 §2.2), as far as the head's limit. */
    while (m->state == HTTP1_STATE_FIRST && !line.n) {
        r = http1_head_line(m, in, &line);
        if (r != HTTP1_LINE_DONE)
            return r == HTTP1_LINE_MORE ? HTTP1_MORE : HTTP1_ERROR;
        if (line.n && !request_line(p, line))
            return HTTP1_ERROR;
    }
    m->state = HTTP1_STATE_FIELDS;
    r = http1_head_fields(m, in, true);
    if (r != HTTP1_LINE_DONE)
        return r == HTTP1_LINE_MORE ? HTTP1_MORE : HTTP1_ERROR;
    return head_done(p);
}

enum http1_event http1_request_next(struct http1_request *p, struct str *in, struct str *ret_body)
{
    size_t n_before = in->n;
    enum http1_event e = p->msg.state <= HTTP1_STATE_FIELDS
                             ? head_next(p, in)
                             : http1_body_next(&p->msg, in, ret_body);

    p->msg.n_wire += n_before - in->n;
    return e;
}

enum http1_event http1_request_eof(struct http1_request *p)
{
    if (p->msg.state == HTTP1_STATE_END)
        return HTTP1_END;
    if (p->msg.state == HTTP1_STATE_FAILED)
        return HTTP1_ERROR;
    return http1_fail(&p->msg, p->msg.n_wire ? HTTP1_ERR_UNEXPECTED_EOF : HTTP1_ERR_EOF,
                      (struct str){0});
}

int http1_request_error_status(const struct http1_request *p)
{
    switch (p->msg.error) {
    case HTTP1_ERR_VERSION:
        return 505;
    case HTTP1_ERR_TRANSFER_ENCODING:
        return 501;
    case HTTP1_ERR_LINE_TOO_LONG:
        return p->msg.n_spans || p->msg.state == HTTP1_STATE_FIELDS || p->method.n ? 431 : 414;
    case HTTP1_ERR_TOO_MANY_HEADERS:
    case HTTP1_ERR_HEAD_TOO_LARGE:
        return 431;
    default:
        return 400;
    }
}
