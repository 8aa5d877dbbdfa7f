#pragma once
/*
 * Just enough reading of JSON for the demo target: members of an object by name, elements of an
 * array, without building anything. Text that is no JSON gives nothing, never a fault.
 */
#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/*
 * The member of that name of the object in `text`: a string is decoded into the arena, anything
 * else is its own text, trimmed ("12", "[1, 2]"). p is NULL when there is none.
 */
struct str json_member(struct arena *a, struct str text, const char *name);

/* Takes the first element off the array in *rest; false at the end, and when it is no array. */
bool json_next_element(struct str *rest, struct str *ret_element);

/* Whether the whole text is one JSON value, nested no deeper than 64. */
bool json_is_valid(struct str text);
