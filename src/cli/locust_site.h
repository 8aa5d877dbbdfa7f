#pragma once
/* The page that is served beside Locust's web API: three constant files of ui/locust. */
#include <stdbool.h>

#include "base/str.h"

struct web_answer;

/*
 * Answers for a file of it; false when there is none at this path. `path` is below `base`, what all
 * paths of the server begin with ("" or "/x"; plain characters only).
 */
bool locust_site_answer(struct str path, const char *base, struct web_answer *a);
