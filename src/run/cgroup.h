#pragma once
/*
 * What the control groups of this process allow it: processors and memory, in both versions of the
 * interface (cgroups(7)) and in the mixed form. A limit counts wherever it stands on the way from
 * our group up to the root; a group that cannot be seen from here (in a container) is passed over.
 *
 * `root` stands before every path: "" for the real files, a folder for tests. Any thread.
 */
#include <stdint.h>

#include "base/clock.h"

/* Processors' worth of time that may be used, such as 1.5; 0: no limit. */
double cgroup_processors(const char *root);

/* Bytes that may still be used; UINT64_MAX: no limit. */
uint64_t cgroup_memory_left(const char *root);

/* How long the group was kept from running because its time was used up, since it began. */
span_ns cgroup_throttled(const char *root);
