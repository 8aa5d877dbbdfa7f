#pragma once
/*
 * The secrets of a run, and the pen that blacks them out. Whatever leaves the program as text (log,
 * summary, error texts) passes redact_add() with the same object. Calls may come from any thread.
 */
#include "base/buf.h"
#include "base/str.h"

struct redact;

#define REDACT_MARK "***SECRET_REDACTED***"

struct redact *redact_new(void);
void redact_free(struct redact *r); /* overwrites the secrets; accepts NULL */

/* Registers a secret, which is copied. An empty one is ignored; knowing one twice does no harm. */
void redact_secret(struct redact *r, struct str secret);

/*
 * Appends `text` to `out` with every registered secret replaced by REDACT_MARK, the longest match
 * first. `r` may be NULL. Returns 0 or BUF_E_LIMIT, and then `out` is as before.
 */
MUST_USE int redact_add(struct redact *r, struct str text, struct buf *out);
