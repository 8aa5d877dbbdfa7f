#pragma once
/* Where spools lie: `given`, or ${XDG_STATE_HOME:-~/.local/state}/brunt/spool. */
#include "base/err.h"

/* The caller's string. Returns 0, or a fault when there is no home to put it under. */
MUST_USE int spool_dir(const char *given, char **ret_dir);
