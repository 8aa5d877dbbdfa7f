#pragma once
/*
 * HTTP/1.x codecs without I/O: bytes in, events out. The result is the same on any split of the
 * input, no pointer into the caller's input is kept after a call (body spans excepted: they are the
 * input, for the caller to use at once), and everything a peer sizes has a limit.
 *
 * A reader is driven like this:
 *
 *     struct str in = received;
 *     while ((event = http1_response_next(p, &in, &body)) != HTTP1_MORE)
 *         switch (event) ...           // HEAD, INTERIM, BODY (in `body`), END, ERROR
 *
 * At END what is left of `in` belongs to the next message. After END or ERROR the reader must be
 * started anew. When the peer closes, call http1_response_eof() instead of next().
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "proto/http.h"
#include "proto/http_pool.h"

enum {
    HTTP1_MAX_LINE = 100 << 10,      /* bytes of the first line, or of one header */
    HTTP1_MAX_HEADERS = 1000,        /* trailers count too */
    HTTP1_MAX_HEAD = 300 << 10,      /* bytes of one head, or of all trailers */
    HTTP1_MAX_INTERIM = 16,          /* 1xx responses before the final one */
    HTTP1_MAX_CHUNK_LINE = 16 << 10, /* size and extensions of one chunk */
};

enum http1_event {
    HTTP1_MORE,    /* all input is used up; nothing to tell */
    HTTP1_INTERIM, /* a 1xx response other than 101; its head is valid until the next call */
    HTTP1_HEAD,    /* the head is complete */
    HTTP1_BODY,    /* *ret_body is the next piece of the body, inside the caller's input */
    HTTP1_END,     /* the message is over */
    HTTP1_ERROR,   /* `error` says why; the connection is of no more use */
};

/* Rows: enum name and text for http1_error_text; see http1_error.def. */
enum http1_error {
    HTTP1_ERR_NONE,
#define X(name, text) HTTP1_ERR_##name,
#include "proto/http1/http1_error.def"
#undef X
};

/* How the end of a body is found. */
enum http1_framing {
    HTTP1_FRAMING_NONE,   /* there is no body */
    HTTP1_FRAMING_LENGTH, /* Content-Length */
    HTTP1_FRAMING_CHUNKED,
    HTTP1_FRAMING_CLOSE, /* until the peer closes */
};

/* What the request means for the body of its response (RFC 9112 §6.3). */
enum http1_expect {
    HTTP1_EXPECT_BODY,
    HTTP1_EXPECT_NO_BODY, /* the request was HEAD */
    HTTP1_EXPECT_TUNNEL,  /* the request was CONNECT: a 2xx has no body */
};

/* What response and request readers share. Fields are read by callers, written by the reader. */
struct http1_message {
    struct http_head *head; /* the caller's; filled up to HTTP1_HEAD, untouched after it */
    uint64_t n_body;        /* bytes of the body so far, decoded from chunks */
    uint64_t n_wire;        /* bytes of the message so far as they were on the wire */
    int64_t content_length; /* -1: none was given, or it does not count */
    enum http_version version;
    enum http1_framing framing;
    enum http1_error error;
    bool keep_alive; /* valid from HEAD; false also for what must not be trusted with another */
    bool is_upgrade; /* 101, or a successful CONNECT: what follows is another protocol */
    /* Private from here on. */
    bool begun;    /* the head has been reset and is being filled */
    bool has_fold; /* some value goes over several lines */
    bool line_colon;
    uint8_t state;
    uint8_t chunk_state;
    uint8_t n_digits; /* of the chunk size */
    char last;        /* byte before this one, in a trailer */
    uint16_t n_interim;
    uint32_t n_lines;    /* header lines seen, folds and trailers included */
    uint32_t at_first;   /* offset in head->text of the status */
    uint32_t n_first;    /* and its length */
    uint32_t at_line;    /* offset in head->text of the line being read */
    uint32_t at_scan;    /* offset where the search for its end goes on */
    uint32_t n_line;     /* bytes of the chunk line or trailer line so far */
    uint32_t n_trailers; /* bytes of all trailers so far */
    uint64_t n_left;     /* bytes left of the body or chunk */
    size_t n_spans;
    struct str culprit; /* what `error` is about, inside head->text or `scratch` */
    /* From here on nothing is cleared for a new message. */
    struct http1_span *spans;
    size_t cap_spans;
    char scratch[64]; /* the beginning of a trailer line */
};

struct http1_known_head;

/* The last head of many responses (http1_memo.c). Zeroed memory is one that remembers nothing. */
struct http1_memo {
    struct http1_known_head *known; /* NULL: none */
    bool has_come_again;            /* since it was remembered */
    uint16_t patience;              /* heads to let pass before the next is remembered */
    uint16_t n_passed;
};

void http1_memo_fini(struct http1_memo *memo);

struct http1_response {
    struct http1_message msg;
    int status;
    struct str reason;      /* inside head->text, or that of `shared`; from HEAD on */
    struct str status_text; /* "200 OK", as the server said it; the same */
    enum http1_expect expect;
    struct http1_memo *memo; /* NULL: nothing is remembered; borrowed until HEAD */
    /* From HEAD on: the head is this one of the memo's, and msg.head is empty; NULL: it is in
     * msg.head. Borrowed from the memo until the next response is read with it. */
    struct http_shared_head *shared;
};

/* The headers, from HEAD (or INTERIM) on, wherever they are. */
static inline const struct http_header *http1_response_headers(const struct http1_response *p,
                                                               size_t *ret_n)
{
    *ret_n = p->shared ? p->shared->n_headers : p->msg.head->n_headers;
    return p->shared ? p->shared->headers : p->msg.head->headers;
}

/*
 * Starts reading a response into `head`, which is borrowed until END or ERROR and reset here.
 * Zeroed memory is a valid reader to start; starting again is cheap and allocates nothing. A `memo`
 * may be set after it.
 */
void http1_response_start(struct http1_response *p, struct http_head *head,
                          enum http1_expect expect);

/*
 * Goes on in *to, which holds nothing of a message, with what *from was reading; from is then as
 * good as new. Both keep being used.
 */
void http1_response_move(struct http1_response *to, struct http1_response *from);

/* Frees what the reader holds; accepts one that is only zeroed. */
void http1_response_fini(struct http1_response *p);

/* Takes bytes off *in. *ret_body is written for HTTP1_BODY only. */
enum http1_event http1_response_next(struct http1_response *p, struct str *in,
                                     struct str *ret_body);

/*
 * The short way, for a response that begins here, is whole in *in, and has the head that its memo
 * remembers: takes it off *in and leaves p as it is at HTTP1_END, having told the head; *ret_body
 * is all of the body. False: it is none of these, nothing has changed, and http1_response_next
 * reads it.
 */
bool http1_response_whole(struct http1_response *p, struct str *in, struct str *ret_body);

/*
 * The peer closed. Returns HTTP1_END when that ends the body as it should, else HTTP1_ERROR:
 * HTTP1_ERR_EOF when not one byte of the response came, HTTP1_ERR_UNEXPECTED_EOF later.
 */
enum http1_event http1_response_eof(struct http1_response *p);

/* True while not one byte of the response has come: the request may be tried again. */
static inline bool http1_response_untouched(const struct http1_response *p)
{
    return p->msg.n_wire == 0;
}

/* Appends what is wrong, in the words of Go's net/http. */
void http1_error_text(const struct http1_message *m, struct buf *out);

/* The server's side: the same rules for requests. */
struct http1_request {
    struct http1_message msg;
    struct str method;    /* inside head->text; from HEAD on */
    struct str target;    /* as sent: origin-, absolute-, authority- or asterisk-form */
    struct str host;      /* of the Host header, or of an absolute target */
    bool expect_continue; /* the client waits for 100 before the body */
};

void http1_request_start(struct http1_request *p, struct http_head *head);
void http1_request_fini(struct http1_request *p);

/* INTERIM is never given. A request without a body goes from HEAD to END. */
enum http1_event http1_request_next(struct http1_request *p, struct str *in, struct str *ret_body);

/* Returns HTTP1_ERROR; HTTP1_ERR_EOF when the peer closed between requests, as it may. */
enum http1_event http1_request_eof(struct http1_request *p);

/* The status a server answers an erroneous request with: 400, 414, 431, 501 or 505. */
int http1_request_error_status(const struct http1_request *p);
