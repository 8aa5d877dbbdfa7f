#pragma once
/* Bytes as text: base64 in its four common forms, and hexadecimal. */
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum base64_form {
    BASE64_STD,    /* RFC 4648 section 4, padded */
    BASE64_RAWSTD, /* the same without padding */
    BASE64_URL,    /* RFC 4648 section 5, padded */
    BASE64_RAWURL, /* the same without padding */
};

enum {
    BASE64_E_CORRUPT = 2, /* condition: not base64 of this form */
};

/* Characters that n bytes become; no terminating NUL. */
size_t base64_size(enum base64_form form, size_t n);

/* Writes base64_size() characters to `out` and returns their number. */
size_t base64_write(enum base64_form form, const void *data, size_t n, char *out);

/* Appends the text. Returns 0 or BUF_E_LIMIT. */
MUST_USE int base64_encode(enum base64_form form, struct str data, struct buf *out);

/*
 * Appends the bytes. CR and LF are skipped; padding must be there in padded forms and missing in
 * raw ones; unused low bits of the last character may be anything. Returns 0, BUF_E_LIMIT, or
 * BASE64_E_CORRUPT with the index of the offending character in *ret_at (may be NULL), `out` then
 * holding what was decoded before it.
 */
MUST_USE int base64_decode(enum base64_form form, struct str text, struct buf *out, size_t *ret_at);

/* Writes 2 n lower-case digits to `out`; no terminating NUL. */
void hex_write(const void *data, size_t n, char *out);

/* Appends 2 n lower-case digits. Returns 0 or BUF_E_LIMIT. */
MUST_USE int hex_encode(struct str data, struct buf *out);

/* Appends the bytes of an even number of digits, any case; returns as base64_decode(). */
MUST_USE int hex_decode(struct str text, struct buf *out, size_t *ret_at);
