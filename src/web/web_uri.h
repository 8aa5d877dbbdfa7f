#pragma once
/*
 * What a request's target says: path and query taken apart, percent-escapes undone, patterns of
 * routes matched. Pure functions over bytes that anybody may have sent.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
    WEB_PARAMS_MAX = 4, /* {parameters} of one pattern */
};

/* Splits "PATH?QUERY"; the query is without its question mark, empty when there is none. */
void web_uri_split(struct str target, struct str *ret_path, struct str *ret_query);

/*
 * Undoes percent-escapes, and with `plus_is_space` those of forms. The text is in the arena. False
 * for an escape that is none, and for one of a control character.
 */
bool web_uri_decode(struct arena *arena, struct str text, bool plus_is_space, struct str *ret_text);

/*
 * The value of a query's parameter, decoded: the first of that name. False when there is none or
 * it cannot be decoded.
 */
bool web_query_get(struct arena *arena, struct str query, const char *name, struct str *ret_value);

/*
 * A parameter that is a whole number of at most `max`. Returns 0 or -EINVAL with a text for the
 * client; *ret_n keeps its value when the parameter is not there.
 */
MUST_USE int web_query_number(struct arena *arena, struct str query, const char *name, uint64_t max,
                              uint64_t *ret_n);

/*
 * Whether a path fits a pattern such as "/api/runs/{}/exchanges/{}"; {} stands for one segment that
 * is not empty. Its parameters are decoded, in order, into `ret_params`.
 */
bool web_path_fits(struct arena *arena, struct str path, const char *pattern,
                   struct str ret_params[WEB_PARAMS_MAX]);
