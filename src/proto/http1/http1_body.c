/*
 * Bodies: by length, until the peer closes, and chunked (RFC 9112 §7.1).
 *
 * The chunk decoder is a state machine over single bytes for the lines between chunks, which are a
 * few bytes each, and gives the data of chunks as spans of the input. Trailers are checked and
 * thrown away: nobody up the road has a use for them, and the head no longer grows by then.
 */
#include "proto/http1/http1_priv.h"

enum chunk_state {
    CHUNK_SIZE,     /* hexadecimal digits */
    CHUNK_BLANK,    /* blanks after them */
    CHUNK_EXT,      /* after ';' */
    CHUNK_SIZE_LF,  /* after the line's CR */
    CHUNK_DATA,     /* n_left bytes of data */
    CHUNK_DATA_CR,  /* after the data */
    CHUNK_DATA_LF,  /* after its CR */
    CHUNK_TRAILERS, /* after the last chunk */
};

enum {
    SIZE_DIGITS_MAX = 16,
};

static enum http1_event fail(struct http1_message *m, enum http1_error error)
{
    return http1_fail(m, error, (struct str){0});
}

static void size_line_start(struct http1_message *m)
{
    m->chunk_state = CHUNK_SIZE;
    m->n_left = 0;
    m->n_digits = 0;
    m->n_line = 0;
}

void http1_body_start(struct http1_message *m)
{
    static const uint8_t states[] = {
        [HTTP1_FRAMING_NONE] = HTTP1_STATE_END,
        [HTTP1_FRAMING_LENGTH] = HTTP1_STATE_LENGTH,
        [HTTP1_FRAMING_CHUNKED] = HTTP1_STATE_CHUNKS,
        [HTTP1_FRAMING_CLOSE] = HTTP1_STATE_CLOSE,
    };

    m->state = states[m->framing];
    if (m->framing == HTTP1_FRAMING_LENGTH) {
        m->n_left = (uint64_t)m->content_length;
        if (!m->n_left)
            m->state = HTTP1_STATE_END;
    }
    if (m->framing == HTTP1_FRAMING_CHUNKED)
        size_line_start(m);
}

/* Takes up to n bytes of body off *in. */
static enum http1_event take_body(struct http1_message *m, struct str *in, uint64_t n,
                                  struct str *ret_body)
{
    if (n > in->n)
        n = in->n;
    *ret_body = str_from(in->p, n);
    *in = str_from(in->p + n, in->n - n);
    m->n_body += n;
    return HTTP1_BODY;
}

static enum http1_event length_next(struct http1_message *m, struct str *in, struct str *ret_body)
{
    if (!in->n)
        return HTTP1_MORE;
    enum http1_event e = take_body(m, in, m->n_left, ret_body);

    m->n_left -= ret_body->n;
    if (!m->n_left)
        m->state = HTTP1_STATE_END;
    return e;
}

enum http1_event http1_body_next(struct http1_message *m, struct str *in, struct str *ret_body)
{
    switch (m->state) {
    case HTTP1_STATE_LENGTH:
        return length_next(m, in, ret_body);
    case HTTP1_STATE_CLOSE:
        return in->n ? take_body(m, in, in->n, ret_body) : HTTP1_MORE;
    case HTTP1_STATE_CHUNKS:
        return http1_chunk_next(m, in, ret_body);
    case HTTP1_STATE_END:
        return HTTP1_END;
    default:
        return HTTP1_ERROR;
    }
}

/* One more digit. 2^60 bytes are enough for anybody and leave room to count. */
static enum http1_error size_digit(struct http1_message *m, int digit)
{
    if (m->n_digits++ >= SIZE_DIGITS_MAX || m->n_left >> 56)
        return HTTP1_ERR_CHUNK_TOO_LARGE;
    m->n_left = m->n_left << 4 | (unsigned)digit;
    return HTTP1_ERR_NONE;
}

/* What may follow the digits. */
static enum http1_error size_after(struct http1_message *m, char c)
{
    if (c != '\r' && c != '\n' && c != ';' && c != ' ' && c != '\t')
        return HTTP1_ERR_CHUNK_SIZE;
    if (!m->n_digits)
        return HTTP1_ERR_CHUNK_EMPTY;
    if (c == '\n')
        return HTTP1_ERR_CHUNK_LF;
    if (c == '\r') {
        m->chunk_state = CHUNK_SIZE_LF;
    } else {
        m->chunk_state = c == ';' ? CHUNK_EXT : CHUNK_BLANK;
    }
    return HTTP1_ERR_NONE;
}

static enum http1_error ext_byte(struct http1_message *m, char c)
{
    if (c == '\n')
        return HTTP1_ERR_CHUNK_LF;
    if (c == '\r')
        m->chunk_state = CHUNK_SIZE_LF;
    return HTTP1_ERR_NONE;
}

static enum http1_error size_lf(struct http1_message *m, char c)
{
    if (c != '\n')
        return HTTP1_ERR_CHUNK_SIZE;
    m->chunk_state = m->n_left ? CHUNK_DATA : CHUNK_TRAILERS;
    m->n_line = 0;
    m->last = 0;
    m->line_colon = false;
    return HTTP1_ERR_NONE;
}

static enum http1_error size_byte(struct http1_message *m, char c)
{
    int digit;

    if (++m->n_line > HTTP1_MAX_CHUNK_LINE)
        return HTTP1_ERR_CHUNK_LINE;
    switch (m->chunk_state) {
    case CHUNK_SIZE:
        digit = ascii_hex(c);
        return digit >= 0 ? size_digit(m, digit) : size_after(m, c);
    case CHUNK_BLANK:
        return size_after(m, c);
    case CHUNK_EXT:
        return ext_byte(m, c);
    default:
        return size_lf(m, c);
    }
}

static enum http1_error data_end(struct http1_message *m, char c)
{
    if (c != (m->chunk_state == CHUNK_DATA_CR ? '\r' : '\n'))
        return HTTP1_ERR_CHUNK_END;
    if (m->chunk_state == CHUNK_DATA_CR) {
        m->chunk_state = CHUNK_DATA_LF;
    } else {
        size_line_start(m);
    }
    return HTTP1_ERR_NONE;
}

/* The end of a trailer line; an empty one ends the message. */
static enum http1_error trailer_line(struct http1_message *m)
{
    size_t n = m->n_line - 1 - (m->last == '\r');
    size_t n_kept = n < sizeof(m->scratch) ? n : sizeof(m->scratch);

    if (!n) {
        m->state = HTTP1_STATE_END;
        return HTTP1_ERR_NONE;
    }
    m->culprit = str_from(m->scratch, n_kept);
    if (++m->n_lines > HTTP1_MAX_HEADERS)
        return HTTP1_ERR_TOO_MANY_HEADERS;
    if (!m->line_colon)
        return HTTP1_ERR_HEADER;
    m->n_line = 0;
    m->line_colon = false;
    m->last = 0;
    return HTTP1_ERR_NONE;
}

static enum http1_error trailer_byte(struct http1_message *m, char c)
{
    if (++m->n_trailers > HTTP1_MAX_HEAD)
        return HTTP1_ERR_HEAD_TOO_LARGE;
    if (++m->n_line > HTTP1_MAX_LINE)
        return HTTP1_ERR_LINE_TOO_LONG;
    if (c == '\n')
        return trailer_line(m);
    if (m->n_line <= sizeof(m->scratch))
        m->scratch[m->n_line - 1] = c;
    m->line_colon |= c == ':' && m->n_line > 1;
    m->last = c;
    return HTTP1_ERR_NONE;
}

static enum http1_error chunk_byte(struct http1_message *m, char c)
{
    switch (m->chunk_state) {
    case CHUNK_DATA_CR:
    case CHUNK_DATA_LF:
        return data_end(m, c);
    case CHUNK_TRAILERS:
        return trailer_byte(m, c);
    default:
        return size_byte(m, c);
    }
}

enum http1_event http1_chunk_next(struct http1_message *m, struct str *in, struct str *ret_body)
{
    while (in->n) {
        if (m->chunk_state == CHUNK_DATA) {
            enum http1_event e = take_body(m, in, m->n_left, ret_body);

            m->n_left -= ret_body->n;
            if (!m->n_left)
                m->chunk_state = CHUNK_DATA_CR;
            return e;
        }
        char c = *in->p;

        *in = str_from(in->p + 1, in->n - 1);
        enum http1_error error = chunk_byte(m, c);

        if (unlikely(error))
            return error == HTTP1_ERR_HEADER ? http1_fail(m, error, m->culprit) : fail(m, error);
        if (m->state == HTTP1_STATE_END)
            return HTTP1_END;
    }
    return HTTP1_MORE;
}
