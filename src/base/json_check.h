#pragma once
/* Whether bytes are JSON (RFC 8259), for texts that are put into a document as they are. */
#include <stdbool.h>

#include "base/str.h"

enum {
    JSON_CHECK_DEPTH_MAX = 48, /* leaves room below JSON_DEPTH_MAX and every reader's limit */
};

/*
 * Whether `text` is one value, with nothing but space around it, in UTF-8, and begins with `first`
 * ('{', '[', or 0 for any value). Deeper nesting than JSON_CHECK_DEPTH_MAX is not.
 */
bool json_check(struct str text, char first);
