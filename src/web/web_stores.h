#pragma once
/*
 * Connections to one store, for threads that each need one for a while: as many are opened as are
 * in use at once, and kept.
 */
#include "base/err.h"

struct store;
struct web_stores;

struct web_stores *web_stores_new(const char *path);

/* No connection may be in use. Accepts NULL. */
void web_stores_free(struct web_stores *s);

/* Takes one, opened for writing where that can be. Any thread; returns 0 or a fault. */
MUST_USE int web_stores_take(struct web_stores *s, struct store **ret_store);
void web_stores_give(struct web_stores *s, struct store *store); /* accepts a NULL store */
