#pragma once
/* One GET outside of any test: for imports of scripts from elsewhere. */
#include "base/err.h"

struct buf;

/*
 * Fetches `url` with redirects, suspending the calling coroutine; proxies and authorities are the
 * environment's. Appends the body to *ret_body, and gives the status, 0 with fault_text() when
 * there was no response. Returns 0, or a fault when it cannot even be tried.
 */
MUST_USE int vu_fetch(const char *url, struct buf *ret_body, int *ret_status);
