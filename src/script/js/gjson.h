#pragma once
/*
 * Paths into JSON text, in the language that response.json('path') takes: keys, indexes, `#`,
 * wildcards, queries, modifiers, multipaths and literals. Works on bytes; only what a path
 * constructs (a collection, a modifier's output) is built.
 */
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct gjson_result {
    bool exists;
    struct str json; /* JSON text of the value: within the document or within `scratch` */
};

/*
 * Finds `path` in the JSON document `json`. `scratch` holds what is constructed and keeps ret->json
 * alive; the caller frees it. A document that is not JSON, a path that makes no sense and a value
 * that is not there all give exists = false; so does a result beyond scratch's limit.
 */
void gjson_get(struct str json, struct str path, struct buf *scratch, struct gjson_result *ret);

/* Whether the text is one valid JSON document. */
bool gjson_valid(struct str json);
