#pragma once
/*
 * Sources of k6/secrets as `--secret-source` names them: file=PATH, mock=k=v,... Values become
 * known to the log's redaction before a script can see them. Any thread may read after opening.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct redact;
struct secrets;

/* `specs` as given on the command line. Returns 0 or a fault; *ret_secrets is NULL without specs.
 */
MUST_USE int secrets_open(const char *const *specs, size_t n_specs, struct redact *redact,
                          struct secrets **ret_secrets);
void secrets_free(struct secrets *s); /* accepts NULL */

/* As struct script_host_ops.secret; `arg` is a struct secrets. */
int secrets_get(void *arg, struct str source, struct str key, struct buf *ret_value);
