#pragma once
/* For commands that load a test and do not run it. */
#include "base/err.h"

struct loadtest;

/*
 * loadtest_load() on a loop of its own, until it has ended. Returns as that does; the fault's words
 * are the caller's, not those of the coroutine, which are gone with it.
 */
MUST_USE int loadtest_load_alone(struct loadtest *test);
