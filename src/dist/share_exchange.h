#pragma once
/* Exchanges that were kept as evidence (metric/exchange.h), from a share to its run. */
#include "base/buf.h"
#include "base/list.h"
#include "metric/exchange.h"

enum {
    SHARE_EXCHANGE_BEFORE_MAX = 64, /* redirects and challenges that led to one */
};

/* Appends one, with those before it. */
void share_put_exchange(struct buf *out, const struct exchange *x);

/*
 * Reads all of a message and links them to `list`, whose owner frees them. Returns 0, or a
 * condition for any other bytes: then some may be in the list.
 */
MUST_USE int share_get_exchanges(struct str bytes, struct list *list);
