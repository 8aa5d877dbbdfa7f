#pragma once
/*
 * The request and response types that scripts, client and codecs share. Pure data: no descriptors,
 * no clock, no loop. HTTP versions differ in their codecs, not here.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/str.h"

struct cookie_jar;
struct status_set;
struct tagset;
struct url;

enum http_version {
    HTTP_VERSION_NONE, /* no response was read */
    HTTP_1_0,
    HTTP_1_1,
    HTTP_2,
};

enum http_auth {
    HTTP_AUTH_NONE, /* credentials in the URL still make a Basic header */
    HTTP_AUTH_DIGEST,
    HTTP_AUTH_NTLM,
};

/* What becomes of the response body. */
enum http_body_mode {
    HTTP_BODY_KEEP,    /* decoded and kept in the response */
    HTTP_BODY_DISCARD, /* read, counted and thrown away */
};

struct http_header {
    struct str name; /* as sent or received; compare with str_eq_nocase */
    struct str value;
};

/* A cookie given with one request (k6 params.cookies). */
struct http_cookie {
    struct str name;
    struct str value;
    bool replace; /* suppresses cookies of the same name from the jar */
};

/*
 * One request as a user asked for it; redirects and authentication legs follow from it. Everything
 * it points to is borrowed until the request is over (until its response was delivered).
 */
struct http_request {
    /*
     * How it is measured. `tags` are the user's tags merged over the virtual user's, without the
     * ones that the client itself adds (url, name, method, status, proto, ...).
     */
    const struct tagset *tags;
    const struct status_set *expected; /* NULL: no expected_response tag, no http_req_failed */
    struct str name;                   /* `name` tag given by the user or http.url; n 0: the URL */

    const struct http_header *headers; /* the user's and the script host's, in order */
    size_t n_headers;
    span_ns timeout; /* of the whole request, redirects and body included; 0: none */
    enum http_body_mode body_mode;
    bool lean;         /* nobody will read url, request_head and request_body */
    bool judged_later; /* an expected status is not yet a success: the script samples its verdict */
    bool blamed_later; /* the same of another status and failure: the script knows its text */
    /* So far what is looked at when the answer comes: one cache line. */
    bool has_body; /* an empty body is still a body: Content-Length: 0 */
    struct str body;
    struct str method;
    const struct url *url;
    enum http_auth auth;
    const struct http_cookie *cookies;
    size_t n_cookies;
    struct cookie_jar *jar; /* NULL: no jar */
    int max_redirects;      /* 0: do not follow */
    bool insecure;          /* over TLS that is not verified, whatever the policy says */
    bool keeps_hops;        /* response.hops is wanted */
};

/* The last round trip's, in ns; what each means is k6's (docs/reference/timings). */
struct http_timings {
    span_ns blocked;
    span_ns connecting;
    span_ns tls_handshaking;
    span_ns sending;
    span_ns waiting;
    span_ns receiving;
    span_ns duration; /* sending + waiting + receiving */
};

/*
 * One response, or the failure that came instead of it (status 0). Counted: the receiver owns a
 * reference and drops it with http_response_unref(), which hands the storage back to the pool of
 * the loop it came from. Belongs to one loop; never crosses threads.
 */
struct http_response {
    int status; /* 0 on a transport error */
    enum http_version version;
    struct str reason; /* "OK"; may be empty */
    const struct http_header *headers;
    size_t n_headers;
    struct str body;          /* decoded; empty when has_body is false */
    bool has_body;            /* false: discarded, no body by status, or a transport error */
    bool redirects_exhausted; /* the limit was reached; this is the last 3xx */
    struct http_timings timings;
    struct str url;  /* final one, credentials included as k6 gives it */
    struct str hops; /* redirects that were followed, with keeps_hops: lines "302 http://..." */
    char remote_ip[46];
    uint16_t remote_port;
    const char *tls_version; /* "tls1.3"; static; "" without TLS */
    const char *tls_cipher;  /* IANA name; static; "" without TLS */
    int error_code;          /* k6's codes (proto/error_code.h); 0: none */
    struct str error;        /* "" unless a transport or decoding error */
    /* The first hop as it was sent: request line and headers, for lazy reading. */
    struct str request_head;
    struct str request_body;
    /* Private to the pool that made it. */
    uint32_t n_refs;
    struct http_response_pool *pool;
};

/* Adds a reference and returns r. */
static inline struct http_response *http_response_ref(struct http_response *r)
{
    r->n_refs++;
    return r;
}

/* Drops one; the last returns the storage to its pool. Accepts NULL. */
void http_response_unref(struct http_response *r);

/* The first header of that name, or an empty view with p == NULL. */
struct str http_header_get(const struct http_header *headers, size_t n, struct str name);

/* "HTTP/1.1" and the like; "" for none. */
const char *http_version_name(enum http_version v);

/* The standard reason phrase ("Not Found"), or "" for an unknown code. */
const char *http_reason(int status);

/* The sets of http.expectedStatuses(): up to 64 ranges, both ends inclusive. */
struct status_set {
    uint32_t n;
    struct {
        int16_t min, max;
    } range[];
};

static inline bool status_set_has(const struct status_set *s, int status)
{
    for (uint32_t i = 0; i < s->n; i++) {
        if (status >= s->range[i].min && status <= s->range[i].max)
            return true;
    }
    return false;
}
