#pragma once
/* What a run is called in the store, in outputs and on disk. */
#include "base/arena.h"

struct loadtest;

/* Makes an id; NUL-terminated, in the arena. */
struct str run_id_make(struct arena *arena);

/* Makes an id for a test that was given none: --run-id stands in `own.run_id` afterwards. */
void run_id_choose(struct loadtest *t);
