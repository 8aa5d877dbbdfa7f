#pragma once
/* Which commit a folder is at. Runs `git`, for two seconds at most: not on a thread that has other
 * work.
 */
#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

struct git_state {
    struct str commit; /* hexadecimal; empty: no repository, no git, or no commit yet */
    struct str branch; /* empty: none, a detached head */
    bool dirty;        /* files that it knows were changed */
};

/* Strings are in the arena. */
void git_state_read(const char *folder, struct arena *arena, struct git_state *ret_state);

/* What `git status --porcelain=v2 --branch` said. */
void git_state_parse(struct str text, struct arena *arena, struct git_state *ret_state);
