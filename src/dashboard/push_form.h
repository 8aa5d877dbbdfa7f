#pragma once
/*
 * A dashboard's file in the form that Grafana's API takes: out of its wrapping, without the number
 * it had on another server, and with what an export for sharing leaves open (${DS_...}) filled in.
 */
#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum {
    PUSH_UID_BYTES = 40, /* Grafana's limit */
    PUSH_DEPTH = 64,     /* of nesting; deeper files are refused */
};

/*
 * Says what an input stands for: `name` as in ${name}, `plugin` the type of data source, empty for
 * a constant. Appends the uid. Returns 0, or a fault that names what to do.
 */
typedef int(push_input_fn)(void *arg, struct str name, struct str plugin, struct buf *ret_uid);

/*
 * Makes it. Returns 0, or -EINVAL: no dashboard, no title, an uid that Grafana refuses; or what
 * `input` returned. The caller owns *ret_dashboard.
 */
MUST_USE int push_form(struct str text, push_input_fn *input, void *arg, json_t **ret_dashboard);
