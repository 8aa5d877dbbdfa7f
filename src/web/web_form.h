#pragma once
/*
 * The body of an HTML form (application/x-www-form-urlencoded): names and values, escapes undone.
 * A pure function over bytes that anybody may have sent.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
    WEB_FIELDS_MAX = 256,
};

/* Strings are in the arena, each followed by a zero byte, without control characters. */
struct web_field {
    struct str name, value;
};

struct web_form {
    struct web_field *fields; /* in the order of the body; a name may come more than once */
    size_t n;
};

/*
 * Reads a body. Returns 0 or -EINVAL with a text for the client: more than WEB_FIELDS_MAX fields,
 * an escape that is none or one of a control character.
 */
MUST_USE int web_form_read(struct arena *arena, struct str body, struct web_form *ret_form);

/* The first field of that name, or NULL. */
const struct web_field *web_form_find(const struct web_form *form, const char *name);
