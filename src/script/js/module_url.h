#pragma once
/*
 * Names of modules. A module is known by its absolute URL (`file:///abs/path.js`,
 * `https://host/path.js`) or, when built in, by its own name (`k6/http`). Pure functions.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* "k6" and all that begins with "k6/". */
bool module_is_builtin(struct str name);

bool module_is_remote(struct str url);

/*
 * Appends the absolute name of `spec` as imported by `base` (an absolute URL). Returns 0 or a fault
 * -EINVAL: an empty, bare or relic specifier, a scheme that isn't file or https, or a file wanted
 * by a remote module.
 */
MUST_USE int module_resolve(struct str base, struct str spec, struct buf *ret_url);

/* Appends the URL of a path, made absolute against `cwd` and cleaned of "." and "..". */
void module_url_of_path(struct str cwd, struct str path, struct buf *ret_url);

/* The path of a file URL, percent-decoded, as a heap string; NULL when it isn't one. */
char *module_path_of_url(struct str url);

/* The part of a URL up to and without the last slash of its path. */
struct str module_dir(struct str url);
