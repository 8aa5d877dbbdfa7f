#pragma once
/* One request outside of any test: for imports of scripts from elsewhere, and for `brunt ctl`. */
#include "base/err.h"

struct buf;
struct http_request;

/*
 * Fetches `url` with redirects, suspending the calling coroutine; proxies and authorities are the
 * environment's. Appends the body to *ret_body, and gives the status, 0 with fault_text() when
 * there was no response. Returns 0, or a fault when it cannot even be tried.
 */
MUST_USE int vu_fetch(const char *url, struct buf *ret_body, int *ret_status);

/* The same for any request. */
MUST_USE int vu_fetch_request(const struct http_request *req, struct buf *ret_body,
                              int *ret_status);
