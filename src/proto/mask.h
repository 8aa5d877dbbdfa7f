#pragma once
/*
 * Blacks out what must not be shown of a message: values whose names are those of secrets
 * (mask.def) in headers, URLs, forms, JSON, markup and plain text, credentials in URLs, and
 * whatever is known to be a secret (base/redact.h), also percent-encoded or escaped as JSON. In its
 * place stands REDACT_MARK.
 *
 * The bytes may be anything, and broken off anywhere: what does not parse is taken for text. It is
 * better that too much is masked than too little. Time and output are linear in the input, which
 * callers bound: 8 MiB at most (asserted by the limit of the buffers).
 *
 * `secrets` may be NULL: none is known. Any thread.
 */
#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

struct redact;

enum mask_where {
    MASK_ANYWHERE, /* a header, a field */
    MASK_QUERY,    /* a parameter of a URL */
};

/* Whether a value of that name is to be masked. */
bool mask_is_secret(struct str name, enum mask_where where);

/* Each appends to `out`. */
void mask_url(struct redact *secrets, struct str url, struct buf *out);
void mask_header(struct redact *secrets, struct str name, struct str value, struct buf *out);
void mask_text(struct redact *secrets, struct str text, struct buf *out);

/* By its Content-Type, and by its looks where that says nothing. */
void mask_body(struct redact *secrets, struct str content_type, struct str body, struct buf *out);
