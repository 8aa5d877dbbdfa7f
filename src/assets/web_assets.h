#pragma once
/*
 * The files of the web page, as the build made them of ui/ (tools/build-ui). The page is served
 * from here and reports carry it inline; nothing is ever read from disk. All of it is constant.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct web_asset {
    const char *path; /* where it is served: "/", "/app.js", "/app.css" */
    const char *type; /* its Content-Type */
    const unsigned char *bytes;
    size_t n;
    const unsigned char *gzip; /* the same, compressed; NULL when there is none */
    size_t n_gzip;
    const char *etag;   /* with its quotes; changes when the bytes do */
    const char *sha256; /* of the bytes, base64: what 'sha256-…' in a policy has to be */
};

extern const struct web_asset web_assets[];
extern const size_t n_web_assets;

/* False with -DBRUNT_UI=OFF: then there is only "/", which says so. */
extern const bool web_assets_are_built;

/* The asset at a path, or NULL. */
const struct web_asset *web_asset_find(struct str path);

/* The bytes as text. */
static inline struct str web_asset_text(const struct web_asset *a)
{
    return str_from((const char *)a->bytes, a->n);
}
