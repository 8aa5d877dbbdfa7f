#pragma once
/* From a loaded test to a run of it: what `run` and `find` have in common. */
#include "run/run.h"

struct loadtest;
struct loop;

/*
 * A run of the test's plan on this main loop, as its options say; thresholds are judged and it does
 * not start paused. The caller changes what it wants otherwise.
 */
struct run_config loadtest_run_config(const struct loadtest *t, struct loop *loop);
