#pragma once
/* The end of outputs, whoever fed them: what waits is delivered, or goes to disk. */
#include <stdbool.h>

#include "base/clock.h"

struct loop;
struct sinks;

struct sinks_delivery {
    struct loop *loop; /* whose coroutine waits */
    struct sinks *sinks;
    span_ns patience;
    const bool *hurry; /* somebody wants the end: what is left goes to disk */
    bool quiet;        /* nothing is shown on a terminal */
};

/*
 * On a coroutine: waits until everything is delivered, the time for that is over, or somebody is in
 * a hurry; then closes the outputs, and the accounts are final.
 */
void sinks_deliver(const struct sinks_delivery *d);
