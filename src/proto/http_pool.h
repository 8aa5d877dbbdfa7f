#pragma once
/*
 * Storage of responses. One pool per loop, not thread-safe; a response goes back to its pool when
 * its last reference is dropped, buffers and all, so that a steady state allocates nothing.
 *
 * What is retained is bounded: a pool keeps HTTP_POOL_KEEP_RESPONSES free responses and
 * HTTP_POOL_KEEP_BYTES of their buffers; a larger body is given back to the heap at once.
 */
#include <stddef.h>

#include "base/buf.h"
#include "proto/http.h"

enum {
    HTTP_POOL_KEEP_RESPONSES = 4096,
    HTTP_POOL_KEEP_BYTES = 16 << 20,
    HTTP_POOL_BODY_LIMIT = 1 << 30, /* bytes of one body; BUF_E_LIMIT past it */
};

/* The head of a message with its storage. `headers` point into `text`. Zeroed memory is empty. */
struct http_head {
    struct buf text;
    struct http_header *headers;
    size_t n_headers;
    size_t cap_headers;
};

/* A head that several responses have. The one who makes it allocates it in one piece. */
struct http_shared_head {
    uint32_t n_refs;
    const struct http_header *headers; /* in the same piece */
    size_t n_headers;
    struct str reason;
};

/* Drops a reference; the last one frees it. */
void http_shared_head_unref(struct http_shared_head *h);

/* Empties and keeps the storage. */
static inline void http_head_reset(struct http_head *h)
{
    buf_reset(&h->text);
    h->n_headers = 0;
}

void http_head_fini(struct http_head *h);

struct http_response_pool *http_response_pool_new(void);

/*
 * Frees the pool and what it keeps; accepts NULL. Responses that are still referenced stay valid
 * and are freed, with the rest of the pool, when they are dropped.
 */
void http_response_pool_free(struct http_response_pool *pool);

/*
 * An empty response (status 0, no headers, error "", url "") with one reference for the caller.
 * Never NULL.
 */
struct http_response *http_response_new(struct http_response_pool *pool);

/*
 * The storage behind a response: its maker fills it and then sets the views of the response
 * (`headers`, `n_headers`, `reason`, `body`), once the buffers no longer move.
 */
struct http_head *http_response_head(struct http_response *r);
struct buf *http_response_body(struct http_response *r);

/* Makes `h` the head of the response, which takes a reference: sets headers, n_headers, reason. */
void http_response_share(struct http_response *r, struct http_shared_head *h);

/* Copies s into the response's own storage (url, error, request head, request body). */
struct str http_response_keep(struct http_response *r, struct str s);

/*
 * Drops the head and the body received so far, as between redirect hops; fields other than
 * headers, reason, body and has_body are left alone, and so is what http_response_keep gave.
 */
void http_response_rewind(struct http_response *r);

/* Responses that are referenced somewhere, and bytes of buffers kept for reuse. */
size_t http_response_pool_n_live(const struct http_response_pool *pool);
size_t http_response_pool_kept_bytes(const struct http_response_pool *pool);
