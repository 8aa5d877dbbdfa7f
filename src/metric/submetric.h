#pragma once
/*
 * Names of metrics as thresholds write them: `http_req_duration{status:200, name:login}`. Keys and
 * values are trimmed of space and of the quotes around them.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "metric/tagset.h"

enum {
    SUBMETRIC_TAGS_MAX = 64,
};

/* A parsed name; views into the text it was parsed from. Sorted by key, keys unique. */
struct submetric_name {
    struct str metric; /* trimmed */
    bool has_tags;     /* there were braces; `metric{}` is the metric itself */
    size_t n_tags;
    struct tag tags[SUBMETRIC_TAGS_MAX];
};

/* Returns 0 or a fault (-EINVAL) whose text says what is wrong with the name. */
MUST_USE int submetric_parse(struct str text, struct submetric_name *ret_name);
