#pragma once
/* What the files of mask share. */
#include "base/redact.h"
#include "proto/mask.h"

enum {
    MASK_LIMIT = 1 << 30,
    MASK_NESTED_MAX = 2, /* JSON within strings of JSON, URLs within URLs */
};

static const struct str mask_mark = {REDACT_MARK, sizeof(REDACT_MARK) - 1};

static inline bool mask_is_alnum(char c)
{
    char lower = ascii_lower(c);

    return ascii_digit(c) || (lower >= 'a' && lower <= 'z');
}

/* Where a value ends. */
enum text_form {
    TEXT_FREE, /* white space, quotes and angle brackets end it too */
    TEXT_URL,
    TEXT_FORM,
};

/* The first pen: by names. Text of any kind; JSON, which may be of `nested` strings of JSON. */
void mask_by_names(struct redact *secrets, struct str text, enum text_form form, struct buf *out);
void mask_json(struct redact *secrets, struct str text, int nested, struct buf *out);
bool mask_looks_like_json(struct str text);

/* The second: what is known. */
void mask_known(struct redact *secrets, struct str text, struct buf *out);

/*
 * A value that may be percent-encoded, and was so `nested` times around it: whether a secret is in
 * it, or, where it is a URL or a form itself, a secret's name.
 */
bool mask_holds_encoded(struct redact *secrets, struct str value, int nested);
