#pragma once
/*
 * Writes heads of HTTP/1.1 messages. A request's head is kept by its encoder up to the part that
 * changes, so that repeating a request (same method, URL and headers) costs one memcpy.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "proto/http.h"

struct url;

enum {
    HTTP1_NO_BODY = -1, /* n_body: no body, and no Content-Length unless the method wants one */
    HTTP1_CHUNKED = -2, /* n_body: Transfer-Encoding: chunked; see http1_put_chunk */
};

enum http1_target {
    HTTP1_TARGET_ORIGIN,    /* "/path?query" */
    HTTP1_TARGET_ABSOLUTE,  /* "http://host/path": to a proxy */
    HTTP1_TARGET_AUTHORITY, /* "host:443": CONNECT */
    HTTP1_TARGET_ASTERISK,  /* "*": OPTIONS */
};

/* What a request's head is made of. All is borrowed for the call only, `url` but see below. */
struct http1_request_spec {
    struct str method; /* empty: GET */
    const struct url *url;
    enum http1_target target;
    /*
     * In order, names written in canonical case. Host replaces the URL's; User-Agent replaces
     * `user_agent`; Content-Length, Transfer-Encoding, Trailer and Cookie are left out, because the
     * encoder writes them from what follows.
     */
    const struct http_header *headers;
    size_t n_headers;
    struct str user_agent;          /* default one; empty: none */
    struct str authorization;       /* used unless headers have one; empty: none */
    struct str proxy_authorization; /* the same */
    struct str cookie;              /* complete value (cookie_header); empty: none */
    struct str referer;             /* used unless headers have one; empty: none */
    int64_t n_body;                 /* bytes, HTTP1_NO_BODY or HTTP1_CHUNKED */
};

/*
 * Keeps the head of the latest request. Zeroed memory is valid and empty; it holds a reference to
 * the URL. Belongs to one loop.
 */
struct http1_encoder {
    struct url *url;
    struct buf prefix; /* head up to Authorization, Cookie, Content-Length */
    struct buf key;    /* what the prefix was made from */
    bool has_referer;  /* the headers that the user gave */
    bool has_authorization;
    bool has_proxy_authorization;
    bool wants_length; /* POST, PUT, PATCH: Content-Length: 0 without a body */
    uint32_t stamp;    /* another one whenever the prefix changes */
};

void http1_encoder_fini(struct http1_encoder *e);

/*
 * Appends the head of a request. Returns 0, or the fault -EINVAL for a method, header name or
 * value that cannot be sent (`net/http: invalid header field name "…"`), in which case nothing
 * was appended; or BUF_E_LIMIT.
 */
MUST_USE int http1_encode_request(struct http1_encoder *e, const struct http1_request_spec *spec,
                                  struct buf *out);

/*
 * After that, a name for what was written: as long as http1_encode_again() knows it, that is the
 * same head, for a request that is the same in all of `spec`. 0: it is not kept as a whole.
 */
uint32_t http1_encode_stamp(const struct http1_encoder *e, const struct http1_request_spec *spec);

/* The head, borrowed until e is used for another; p is NULL when it has been. */
struct str http1_encode_again(const struct http1_encoder *e, uint32_t stamp);

/* Appends `name` in canonical case: "content-type" → "Content-Type"; as it is when not a token. */
MUST_USE int http1_put_canonical(struct buf *out, struct str name);

/* The same in place; for scripts' header objects. */
void http1_canonicalize(char *name, size_t n);

/* Whether a name is a token, and a value free of control characters (RFC 9110 §5.5). */
bool http1_is_token(struct str name);
bool http1_is_value(struct str value);

/* Appends one chunk (nothing for empty data), or the last one. Return 0 or BUF_E_LIMIT. */
MUST_USE int http1_put_chunk(struct buf *out, struct str data);
MUST_USE int http1_put_last_chunk(struct buf *out);

struct http1_response_spec {
    int status;
    struct str reason;         /* empty: the standard one */
    enum http_version version; /* of the request; decides how keep-alive is spelt */
    const struct http_header *headers;
    size_t n_headers;
    int64_t n_body; /* bytes, HTTP1_NO_BODY (for 1xx, 204, 304, answers to HEAD) or HTTP1_CHUNKED */
    bool keep_alive; /* false writes Connection: close */
};

/* Appends the head of a response; its parts are the server's own and valid (asserted). */
MUST_USE int http1_encode_response(const struct http1_response_spec *spec, struct buf *out);
